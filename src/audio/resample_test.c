#include "audio/resample.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/test.h"

static float *sine(size_t n, double hz, int rate)
{
    float *x = ora_xmalloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.5 * sin(2 * M_PI * hz * (double)i / rate));
    return x;
}

ORA_TEST(a_tone_stays_a_tone_of_the_exact_length)
{
    const struct {
        int from, to;
    } rates[] = {{22050, 16000}, {22050, 24000}, {16000, 48000},
                 {22050, 8000},  {24000, 22050}, {16000, 16001}};
    struct ora_resampler r = {0};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (size_t n = 20000; n < 20003; n++) {
            struct ora_err err = {0};
            float *x = sine(n, 440, rates[i].from);
            const float *y;
            size_t m = 0;
            ORA_CHECK_OK(ora_resample(&r, x, n, rates[i].from, rates[i].to, &y, &m, &err), err);
            ORA_CHECK_INT(m, llrint((double)n * rates[i].to / rates[i].from));
            double worst = 0;
            for (size_t k = m / 4; k < 3 * m / 4; k++)
                worst = fmax(worst, fabs((double)y[k] - 0.5 * sin(2 * M_PI * 440 * (double)k / rates[i].to)));
            ORA_CHECK_NEAR(worst, 0, 1e-4);
            free(x);
        }
    ora_resampler_release(&r);
}

ORA_TEST(earlier_utterances_leave_no_trace)
{
    struct ora_resampler r = {0};
    struct ora_err err = {0};
    float *x = sine(22050, 300, 22050);
    char first[65], again[65], fresh[65];
    const float *y;
    size_t m;
    ORA_CHECK_OK(ora_resample(&r, x, 22050, 22050, 16000, &y, &m, &err), err);
    ora_sha256_of(y, m * sizeof *y, first);
    for (size_t n = 0; n < 3000; n += 999) {
        ORA_CHECK_OK(ora_resample(&r, x + n, n, 22050, 16000, &y, &m, &err), err);
        ORA_CHECK_INT(m, llrint((double)n * 16000 / 22050));
    }
    ORA_CHECK_OK(ora_resample(&r, x, 22050, 22050, 16000, &y, &m, &err), err);
    ora_sha256_of(y, m * sizeof *y, again);
    ORA_CHECK_STR(first, again);
    ora_resampler_release(&r);
    ORA_CHECK_OK(ora_resample(&r, x, 22050, 22050, 16000, &y, &m, &err), err);
    ora_sha256_of(y, m * sizeof *y, fresh);
    ORA_CHECK_STR(first, fresh);
    ora_resampler_release(&r);
    free(x);
}
