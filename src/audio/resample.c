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

int ora_resample(struct ora_resampler *r, const float *x, size_t n, int from_hz, int to_hz, const float **out,
                 size_t *out_n, struct ora_err *err)
{
    int rc = use_rates(r, from_hz, to_hz, err);
    if (rc < 0)
        return rc;
    size_t want;
    if (!ora_size_mul(n, (size_t)to_hz, &want) || !ora_size_add(want, (size_t)from_hz / 2, &want))
        return ora_err_set(err, ORA_E_LIMIT, "resampling: %zu samples are too many", n);
    want /= (size_t)from_hz;
    if (want + 1 > r->cap) {
        size_t cap = want + want / 4 + 1024;
        float *grown = realloc(r->out, cap * sizeof *grown);
        if (!grown)
            return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu resampled samples", want);
        r->out = grown;
        r->cap = cap;
    }
    size_t used = 0, got = 0, tail = 0;
    soxr_error_t e = soxr_process(r->soxr, x, n, &used, r->out, want, &got);
    if (!e && got < want)
        e = soxr_process(r->soxr, NULL, 0, NULL, r->out + got, want - got, &tail);
    if (e)
        return ora_err_set(err, ORA_E_INTERNAL, "resampling from %d to %d Hz: %s", from_hz, to_hz, e);
    if (used != n && got < want)
        return ora_err_set(err, ORA_E_INTERNAL, "resampling took %zu of %zu samples", used, n);
    got += tail;
    memset(r->out + got, 0, (want - got) * sizeof *r->out);
    *out = r->out;
    *out_n = want;
    return 0;
}

void ora_resampler_release(struct ora_resampler *r)
{
    soxr_delete(r->soxr);
    free(r->out);
    *r = (struct ora_resampler){0};
}
