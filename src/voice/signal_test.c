#include <math.h>
#include <stdlib.h>

#include "base/test.h"
#include "voice/check.h"

enum { RATE = 16000, N = RATE };
static float pcm[N];

ORA_TEST(a_sine)
{
    struct ora_signal s;
    struct ora_err err = {0};
    for (size_t i = 0; i < N; i++)
        pcm[i] = 0.5f * (float)sin(2 * M_PI * 1000 * (double)i / RATE);
    ORA_CHECK_OK(ora_signal_measure(pcm, N, RATE, &s, &err), err);
    ORA_CHECK_NEAR(s.rms_dbfs, 10 * log10(0.125), 0.01);
    ORA_CHECK_NEAR(s.peak_dbfs, 20 * log10(0.5), 0.01);
    ORA_CHECK_NEAR(s.centroid_hz, 1000, 16);
    ORA_CHECK_NEAR(s.bandwidth_hz, 1000, 100);
    ORA_CHECK(s.flatness < 0.01);
    ORA_CHECK_NEAR(s.silence_share, 0, 0.001);
    ORA_CHECK_INT(s.not_finite + s.beyond_full, 0);
}

ORA_TEST(noise_is_flat)
{
    struct ora_signal s;
    struct ora_err err = {0};
    uint32_t x = 1;
    for (size_t i = 0; i < N; i++) {
        x = x * 1664525u + 1013904223u;
        pcm[i] = (float)x / 4294967296.0f - 0.5f;
    }
    ORA_CHECK_OK(ora_signal_measure(pcm, N, RATE, &s, &err), err);
    ORA_CHECK_NEAR(s.centroid_hz, RATE / 4.0, 150);
    ORA_CHECK(s.flatness > 0.9);
    ORA_CHECK(s.bandwidth_hz > 0.95 * RATE / 2);
}

ORA_TEST(silence_and_faults)
{
    struct ora_signal s;
    struct ora_err err = {0};
    memset(pcm, 0, sizeof pcm);
    ORA_CHECK_OK(ora_signal_measure(pcm, N, RATE, &s, &err), err);
    ORA_CHECK(isinf(s.rms_dbfs) && s.rms_dbfs < 0);
    ORA_CHECK_NEAR(s.silence_share, 1, 0);
    for (size_t i = 0; i < N / 2; i++)
        pcm[i] = i % 2 ? 0.25f : -0.25f;
    pcm[1] = NAN;
    pcm[3] = INFINITY;
    pcm[5] = 1.5f;
    ORA_CHECK_OK(ora_signal_measure(pcm, N, RATE, &s, &err), err);
    ORA_CHECK_INT(s.not_finite, 2);
    ORA_CHECK_INT(s.beyond_full, 1);
    ORA_CHECK_NEAR(s.silence_share, 0.5, 0.01);
    ORA_CHECK_OK(ora_signal_measure(pcm, 0, RATE, &s, &err), err);
    ORA_CHECK_NEAR(s.silence_share, 1, 0);
}
