/*
 * Resampling by soxr's HQ recipe (linear phase, 20 bit, single precision: its engine, cr32s, is the same on
 * every x86-64).
 *
 *     struct ora_resampler r = {0};
 *     ora_resample(&r, x, n, 22050, 16000, &out, &out_n, &err);   // out is r's own, until the next call
 *     ora_resampler_release(&r);
 *
 * In pieces, the same bits, for signals of any length:
 *
 *     ora_resample_begin(&r, n, 22050, 16000, &out_n, &err);      // n of all pieces together
 *     ora_resample_add(&r, x, some, take, ctx, &err); …            // take gets out_n samples in all
 *     ora_resample_end(&r, take, ctx, &err);
 */
#ifndef ORA_AUDIO_RESAMPLE_H
#define ORA_AUDIO_RESAMPLE_H

#include <stddef.h>

#include "base/err.h"

struct ora_resampler {
    void *soxr; /* kept for the next utterance of the same rates */
    int from_hz, to_hz;
    float *out;
    size_t cap;
    size_t left; /* of the samples that are still to come, in pieces */
};

typedef int ora_resampled_fn(void *ctx, const float *x, size_t n, struct ora_err *err);

/* *out_n = round(n * to / from), exactly. */
int ora_resample(struct ora_resampler *r, const float *x, size_t n, int from_hz, int to_hz, const float **out,
                 size_t *out_n, struct ora_err *err);
int ora_resample_begin(struct ora_resampler *r, size_t n, int from_hz, int to_hz, size_t *out_n,
                       struct ora_err *err);
/* A negative return of take ends it with that code. */
int ora_resample_add(struct ora_resampler *r, const float *x, size_t n, ora_resampled_fn *take, void *ctx,
                     struct ora_err *err);
int ora_resample_end(struct ora_resampler *r, ora_resampled_fn *take, void *ctx, struct ora_err *err);
/* The same with the count of samples given: what is beyond the exact length is zero. Toolkits that round up
 * (librosa, python-soxr) give ceil(n * to / from). */
int ora_resample_to(struct ora_resampler *r, const float *x, size_t n, int from_hz, int to_hz, size_t out_n,
                    const float **out, struct ora_err *err);
/* ceil(n * to / from) into *out_n; LIMIT when it overflows. */
int ora_resample_ceil(size_t n, int from_hz, int to_hz, size_t *out_n, struct ora_err *err);
void ora_resampler_release(struct ora_resampler *r);

#endif
