/* Loudness: a thin wrap of libebur128; what it adds is an answer for clips shorter than one gating block. */
#include "audio/loudness.h"

#include <ebur128.h>
#include <math.h>

#include "audio/pcm.h"

enum { BLOCK_MS = 400 };

int ora_loudness_lufs(const float *x, size_t n, int sample_rate_hz, double *lufs, struct ora_err *err)
{
    *lufs = -INFINITY;
    if (!n)
        return 0;
    ebur128_state *state = ebur128_init(1, (unsigned long)sample_rate_hz, EBUR128_MODE_I);
    if (!state)
        return ora_err_set(err, ORA_E_NO_MEMORY, "loudness: no meter for %d Hz", sample_rate_hz);
    int rc = 0;
    size_t block = (size_t)sample_rate_hz * BLOCK_MS / 1000 + 1, fed = 0;
    do {
        if (ebur128_add_frames_float(state, x, n) != EBUR128_SUCCESS)
            rc = ora_err_set(err, ORA_E_NO_MEMORY, "loudness: the meter does not take %zu samples", n);
        fed += n;
    } while (rc == 0 && fed < block);
    if (rc == 0 && ebur128_loudness_global(state, lufs) != EBUR128_SUCCESS)
        rc = ora_err_set(err, ORA_E_INTERNAL, "loudness: the meter gives no reading");
    ebur128_destroy(&state);
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
