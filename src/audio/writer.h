/*
 * Writer: a file of any length in a stream, flat in memory (chapters). 16 bit; FLAC, or WAV that becomes RF64
 * beyond 4 GiB.
 *
 *     ora_audio_writer_open("out.flac", ORA_CODEC_FLAC, 22050, &tags, &w, &err);
 *     ora_audio_writer_put(w, s16, n, &err); … ora_audio_writer_silence(w, samples, &err); …
 *     ora_audio_writer_close(&w, &err);            // ends the file and fsyncs it; or _abort(&w): removes it
 */
#ifndef ORA_AUDIO_WRITER_H
#define ORA_AUDIO_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "audio/codec.h"
#include "base/err.h"

struct ora_audio_tags { /* each may be NULL */
    const char *title, *album, *artist, *track, *genre, *comment, *license;
};

struct ora_audio_writer;

/* codec: FLAC or WAV. */
int ora_audio_writer_open(const char *path, enum ora_codec codec, int sample_rate_hz,
                          const struct ora_audio_tags *tags, struct ora_audio_writer **w,
                          struct ora_err *err);
int ora_audio_writer_put(struct ora_audio_writer *w, const int16_t *s16, size_t n, struct ora_err *err);
int ora_audio_writer_silence(struct ora_audio_writer *w, uint64_t samples, struct ora_err *err);
uint64_t ora_audio_writer_samples(const struct ora_audio_writer *w); /* so far */
/* A file without samples is STATE: FLAC has no form for it. */
int ora_audio_writer_close(struct ora_audio_writer **w, struct ora_err *err);
void ora_audio_writer_abort(struct ora_audio_writer **w); /* NULL is fine */

#endif
