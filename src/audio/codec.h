/*
 * Codec: one finished utterance to the bytes of a file in memory, and back (libsndfile).
 *
 *     struct ora_encoder e = {0};
 *     ora_encode(&e, ORA_CODEC_FLAC, 22050, s16, NULL, n, &err);   // e.data, e.len; the buffer is used again
 *     ora_encoder_release(&e);
 *
 * The bytes depend on samples, rate, codec and the library's version only: no date, no peak chunk (which has
 * one), no tags. Threads: one a struct.
 */
#ifndef ORA_AUDIO_CODEC_H
#define ORA_AUDIO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ora_codec { ORA_CODEC_FLAC, ORA_CODEC_WAV, ORA_CODEC_WAV_F32 }; /* FLAC and WAV are 16 bit */

const char *ora_codec_name(enum ora_codec codec);      /* "flac", "wav", "wav-f32" */
const char *ora_codec_extension(enum ora_codec codec); /* "flac", "wav" */

struct ora_encoder {
    unsigned char *data;
    size_t len, cap, pos;
    bool no_memory;
};

/* s16 for FLAC and WAV, f32 for WAV_F32. Errors: BAD_INPUT (n is 0: FLAC has no form for it), NO_MEMORY,
 * LIMIT (over 4 GiB of WAV), INTERNAL. */
int ora_encode(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, const int16_t *s16,
               const float *f32, size_t n, struct ora_err *err);
void ora_encoder_release(struct ora_encoder *e);

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
