/*
 * Codec: one finished utterance to the bytes of a file, and back (libsndfile).
 *
 *     struct ora_encoder e;
 *     ora_encoder_init(&e, dir);                                   // for what is long; NULL: base/spool.h
 *     ora_encode_begin(&e, ORA_CODEC_FLAC, 22050, &err);
 *     ora_encode_s16(&e, s16, n, &err); …                          // or ora_encode_f32
 *     ora_encode_end(&e, &bytes, &err);                            // bytes hold until the next begin
 *     ora_encoder_release(&e);
 *
 * The bytes depend on samples, rate, codec and the library's version only: no date, no peak chunk (which has
 * one), no tags; nor on how the samples are cut into pieces. Threads: one a struct.
 */
#ifndef ORA_AUDIO_CODEC_H
#define ORA_AUDIO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/spool.h"

enum ora_codec { ORA_CODEC_FLAC, ORA_CODEC_WAV, ORA_CODEC_WAV_F32 }; /* FLAC and WAV are 16 bit */

const char *ora_codec_name(enum ora_codec codec);      /* "flac", "wav", "wav-f32" */
const char *ora_codec_extension(enum ora_codec codec); /* "flac", "wav" */

enum { ORA_ENCODED_KEEP_BYTES = 8 << 20 }; /* a longer file lies on disk, as base/spool.h does it */

struct ora_encoder {
    struct ora_spool spool;
    void *sndfile; /* while samples are taken */
    enum ora_codec codec;
    size_t pos, samples;
    struct ora_err io; /* the first error of the spool */
};

void ora_encoder_init(struct ora_encoder *e, const char *dir);
void ora_encoder_release(struct ora_encoder *e);
void ora_encoder_clear(struct ora_encoder *e); /* what an encoding made goes; its memory stays */
/* Drops what an encoding that was not ended has left. Errors: NO_MEMORY, INTERNAL. */
int ora_encode_begin(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, struct ora_err *err);
/* s16 for FLAC and WAV, f32 for WAV_F32. Errors: LIMIT (over 4 GiB of WAV), DISK_FULL and others of the
 * spool. */
int ora_encode_s16(struct ora_encoder *e, const int16_t *x, size_t n, struct ora_err *err);
int ora_encode_f32(struct ora_encoder *e, const float *x, size_t n, struct ora_err *err);
/* BAD_INPUT: no samples (FLAC has no form for it). */
int ora_encode_end(struct ora_encoder *e, struct ora_bytes *out, struct ora_err *err);
/* All of it at once: whichever of s16 and f32 the codec wants. */
int ora_encode(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, const int16_t *s16,
               const float *f32, size_t n, struct ora_bytes *out, struct ora_err *err);

struct ora_decoded {
    int16_t *s16; /* of integer files */
    float *f32;   /* of float files */
    bool is_float;
    size_t samples;
    int sample_rate_hz;
    size_t cap; /* of both, in samples */
};

/* Mono FLAC and WAV of 16 bit or float. A header that promises more than there is allocates nothing: memory
 * follows what was decoded. A FLAC cut short is FORMAT; a WAV cut short decodes to what is there (libsndfile
 * mends its header), so that a caller who knows the count compares it. Errors: FORMAT, LIMIT (over
 * max_samples), NO_MEMORY. */
int ora_decode(struct ora_decoded *d, const void *data, size_t bytes, size_t max_samples,
               struct ora_err *err);
void ora_decoded_release(struct ora_decoded *d);

#endif
