/*
 * Resampling: one soxr handle, cleared between utterances. soxr cuts its filter's delay off at both ends by
 * itself; the count of samples it gives may differ from the exact one by a sample, which is then dropped or
 * filled with zero, so that a duration depends on nothing but the count that went in.
 */
#include "audio/resample.h"

#include <math.h>
#include <soxr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int use_rates(struct ora_resampler *r, int from_hz, int to_hz, struct ora_err *err)
{
    soxr_error_t e = NULL;
    if (r->soxr && r->from_hz == from_hz && r->to_hz == to_hz) {
        e = soxr_clear(r->soxr);
    } else {
        soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
        soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
        soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
        soxr_delete(r->soxr);
        r->soxr = soxr_create(from_hz, to_hz, 1, &e, &io, &quality, &runtime);
        r->from_hz = from_hz;
        r->to_hz = to_hz;
    }
    if (!e)
        return 0;
    soxr_delete(r->soxr);
    r->soxr = NULL;
    return ora_err_set(err, ORA_E_INTERNAL, "resampling from %d to %d Hz: %s", from_hz, to_hz, e);
}

static int make_room(struct ora_resampler *r, size_t want, struct ora_err *err)
{
    size_t cap, bytes;
    if (want < r->cap)
        return 0;
    if (!ora_size_add(want, want / 4 + 1024, &cap) || !ora_size_mul(cap, sizeof *r->out, &bytes))
        return ora_err_set(err, ORA_E_LIMIT, "resampling: %zu samples are too many", want);
    float *grown = realloc(r->out, bytes);
    if (!grown)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu resampled samples", want);
    r->out = grown;
    r->cap = cap;
    return 0;
}

int ora_resample_to(struct ora_resampler *r, const float *x, size_t n, int from_hz, int to_hz, size_t want,
                    const float **out, struct ora_err *err)
{
    int rc = use_rates(r, from_hz, to_hz, err);
    if (rc == 0)
        rc = make_room(r, want, err);
    if (rc < 0)
        return rc;
    /* soxr takes no more than the room for its output wants: there is more room than `want` */
    size_t used = 0, got = 0, tail = 0;
    soxr_error_t e = soxr_process(r->soxr, x, n, &used, r->out, r->cap, &got);
    got = got < want ? got : want;
    if (!e && got < want)
        e = soxr_process(r->soxr, NULL, 0, NULL, r->out + got, want - got, &tail);
    if (e)
        return ora_err_set(err, ORA_E_INTERNAL, "resampling from %d to %d Hz: %s", from_hz, to_hz, e);
    if (used != n)
        return ora_err_set(err, ORA_E_INTERNAL, "resampling took %zu of %zu samples", used, n);
    got += tail;
    memset(r->out + got, 0, (want - got) * sizeof *r->out);
    *out = r->out;
    return 0;
}

/* (n * to + before) / from */
static int scaled(size_t n, int from_hz, int to_hz, size_t before, size_t *out_n, struct ora_err *err)
{
    size_t v;
    if (!ora_size_mul(n, (size_t)to_hz, &v) || !ora_size_add(v, before, &v))
        return ora_err_set(err, ORA_E_LIMIT, "resampling: %zu samples are too many", n);
    *out_n = v / (size_t)from_hz;
    return 0;
}

int ora_resample_ceil(size_t n, int from_hz, int to_hz, size_t *out_n, struct ora_err *err)
{
    return scaled(n, from_hz, to_hz, (size_t)from_hz - 1, out_n, err);
}

int ora_resample(struct ora_resampler *r, const float *x, size_t n, int from_hz, int to_hz, const float **out,
                 size_t *out_n, struct ora_err *err)
{
    int rc = scaled(n, from_hz, to_hz, (size_t)from_hz / 2, out_n, err);
    return rc < 0 ? rc : ora_resample_to(r, x, n, from_hz, to_hz, *out_n, out, err);
}

/* ---- in pieces --------------------------------------------------------------------------------------- */

enum { PIECE = 1 << 14 };

int ora_resample_begin(struct ora_resampler *r, size_t n, int from_hz, int to_hz, size_t *out_n,
                       struct ora_err *err)
{
    int rc = scaled(n, from_hz, to_hz, (size_t)from_hz / 2, out_n, err);
    if (rc == 0)
        rc = use_rates(r, from_hz, to_hz, err);
    if (rc == 0)
        rc = make_room(r, PIECE, err);
    r->left = *out_n;
    return rc;
}

/* Hands on what soxr made, but no more than there is to be. */
static int hand_on(struct ora_resampler *r, size_t got, ora_resampled_fn *take, void *ctx,
                   struct ora_err *err)
{
    size_t n = got < r->left ? got : r->left;
    r->left -= n;
    return n ? take(ctx, r->out, n, err) : 0;
}

/* x NULL: what is left inside. */
static int run_piece(struct ora_resampler *r, const float *x, size_t n, ora_resampled_fn *take, void *ctx,
                     struct ora_err *err)
{
    size_t used = 0, got = 0;
    int rc = 0;
    do {
        soxr_error_t e = soxr_process(r->soxr, x, n, x ? &used : NULL, r->out, PIECE, &got);
        if (e)
            return ora_err_set(err, ORA_E_INTERNAL, "resampling from %d to %d Hz: %s", r->from_hz, r->to_hz,
                               e);
        if (x) {
            x += used;
            n -= used;
        }
        rc = hand_on(r, got, take, ctx, err);
    } while (rc == 0 && (n ? used || got : !x && got));
    if (rc == 0 && n)
        return ora_err_set(err, ORA_E_INTERNAL, "resampling left %zu samples", n);
    return rc;
}

int ora_resample_add(struct ora_resampler *r, const float *x, size_t n, ora_resampled_fn *take, void *ctx,
                     struct ora_err *err)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < n; at += PIECE)
        rc = run_piece(r, x + at, PIECE < n - at ? PIECE : n - at, take, ctx, err);
    return rc;
}

int ora_resample_end(struct ora_resampler *r, ora_resampled_fn *take, void *ctx, struct ora_err *err)
{
    int rc = run_piece(r, NULL, 0, take, ctx, err);
    while (rc == 0 && r->left) {
        size_t n = r->left < PIECE ? r->left : PIECE;
        memset(r->out, 0, n * sizeof *r->out);
        rc = hand_on(r, n, take, ctx, err);
    }
    return rc;
}

void ora_resampler_release(struct ora_resampler *r)
{
    soxr_delete(r->soxr);
    free(r->out);
    *r = (struct ora_resampler){0};
}
