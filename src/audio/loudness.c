/* Loudness: a thin wrap of libebur128; what it adds is an answer for clips shorter than one gating block. */
#include "audio/loudness.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/pcm.h"
#include "base/mem.h"

enum { BLOCK_MS = 400 };

struct ora_loudness_meter {
    ebur128_state *state;
    size_t samples, block;
    float *clip; /* one that is shorter than a block, to be said again; else NULL */
    size_t fed;
};

int ora_loudness_begin(struct ora_loudness_meter **out, int sample_rate_hz, size_t samples,
                       struct ora_err *err)
{
    struct ora_loudness_meter *m = ora_xcalloc(1, sizeof *m);
    m->samples = samples;
    m->block = (size_t)sample_rate_hz * BLOCK_MS / 1000 + 1;
    if (samples < m->block)
        m->clip = ora_xmalloc((samples + 1) * sizeof *m->clip);
    *out = m;
    m->state = ebur128_init(1, (unsigned long)sample_rate_hz, EBUR128_MODE_I);
    if (m->state)
        return 0;
    ora_loudness_end(out, NULL, NULL);
    return ora_err_set(err, ORA_E_NO_MEMORY, "loudness: no meter for %d Hz", sample_rate_hz);
}

static int feed(struct ora_loudness_meter *m, const float *x, size_t n, struct ora_err *err)
{
    if (ebur128_add_frames_float(m->state, x, n) != EBUR128_SUCCESS)
        return ora_err_set(err, ORA_E_NO_MEMORY, "loudness: the meter does not take %zu samples", n);
    return 0;
}

int ora_loudness_add(struct ora_loudness_meter *m, const float *x, size_t n, struct ora_err *err)
{
    if (n > m->samples - m->fed)
        return ora_err_set(err, ORA_E_INTERNAL, "loudness: more than the %zu samples that were told",
                           m->samples);
    if (m->clip && n)
        memcpy(m->clip + m->fed, x, n * sizeof *x);
    m->fed += n;
    return n ? feed(m, x, n, err) : 0;
}

int ora_loudness_end(struct ora_loudness_meter **out, double *lufs, struct ora_err *err)
{
    struct ora_loudness_meter *m = *out;
    int rc = 0;
    if (!m)
        return 0;
    if (lufs) {
        *lufs = -INFINITY;
        for (size_t said = m->fed; rc == 0 && said && said < m->block; said += m->fed)
            rc = feed(m, m->clip, m->fed, err);
        if (rc == 0 && m->fed && ebur128_loudness_global(m->state, lufs) != EBUR128_SUCCESS)
            rc = ora_err_set(err, ORA_E_INTERNAL, "loudness: the meter gives no reading");
    }
    if (m->state)
        ebur128_destroy(&m->state);
    free(m->clip);
    free(m);
    *out = NULL;
    return rc;
}

int ora_loudness_lufs(const float *x, size_t n, int sample_rate_hz, double *lufs, struct ora_err *err)
{
    struct ora_loudness_meter *m;
    *lufs = -INFINITY;
    if (!n)
        return 0;
    int rc = ora_loudness_begin(&m, sample_rate_hz, n, err);
    if (rc == 0)
        rc = ora_loudness_add(m, x, n, err);
    if (rc == 0)
        return ora_loudness_end(&m, lufs, err);
    ora_loudness_end(&m, NULL, NULL);
    return rc;
}

double ora_loudness_gain(double lufs, double peak, double target_lufs, double peak_dbfs)
{
    double gain = 1.0;
    if (!isnan(target_lufs) && isfinite(lufs))
        gain = ora_pcm_from_db(target_lufs - lufs);
    if (!isnan(peak_dbfs)) {
        double ceiling = ora_pcm_from_db(peak_dbfs);
        if (peak * gain > ceiling)
            gain = ceiling / peak;
    }
    return gain;
}
