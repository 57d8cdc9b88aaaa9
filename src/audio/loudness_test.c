#include "audio/loudness.h"

#include <stdlib.h>

#include "audio/pcm.h"
#include "base/mem.h"
#include "base/test.h"

static float *sine(size_t n, double hz, int rate, double amplitude)
{
    float *x = ora_xmalloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(amplitude * sin(2 * M_PI * hz * (double)i / rate));
    return x;
}

/* BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LKFS. */
ORA_TEST(reference_tone)
{
    const int rates[] = {16000, 22050, 24000, 48000};
    for (size_t i = 0; i < 4; i++) {
        struct ora_err err = {0};
        size_t n = (size_t)rates[i] * 3;
        float *x = sine(n, 997, rates[i], 0.1);
        double lufs;
        ORA_CHECK_OK(ora_loudness_lufs(x, n, rates[i], &lufs, &err), err);
        ORA_CHECK_NEAR(lufs, -23.01, 0.15);
        free(x);
    }
}

/* A tone reads the same however short the clip is. */
ORA_TEST(short_clips_read_their_own_level)
{
    const int ms[] = {20, 50, 100, 200, 399, 400, 401, 800};
    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        struct ora_err err = {0};
        size_t n = (size_t)(22050 * ms[i] / 1000);
        float *x = sine(n, 1000, 22050, 0.1);
        double lufs;
        ORA_CHECK_OK(ora_loudness_lufs(x, n, 22050, &lufs, &err), err);
        ORA_CHECK_NEAR(lufs, -23.01, 0.3);
        free(x);
    }
}

/* To the last bit, for clips shorter and longer than a block. */
ORA_TEST(pieces_read_as_the_whole)
{
    const size_t lengths[] = {100, 6400, 6401, 16000 * 4 + 7};
    const size_t pieces[] = {1, 333, 4096, 100000};
    for (size_t l = 0; l < 4; l++) {
        size_t n = lengths[l];
        float *x = sine(n, 300, 16000, 0.2);
        struct ora_err err = {0};
        double whole, got;
        for (size_t i = 0; i < n; i++)
            x[i] *= (float)(1 + i * 7 / n) * 0.1f;
        ORA_CHECK_OK(ora_loudness_lufs(x, n, 16000, &whole, &err), err);
        for (size_t p = 0; p < 4; p++) {
            struct ora_loudness_meter *m;
            ORA_CHECK_OK(ora_loudness_begin(&m, 16000, n, &err), err);
            for (size_t at = 0; at < n; at += pieces[p])
                ORA_CHECK_OK(ora_loudness_add(m, x + at, pieces[p] < n - at ? pieces[p] : n - at, &err), err);
            ORA_CHECK_INT(ora_loudness_add(m, x, 1, &err), ORA_E_INTERNAL);
            ORA_CHECK_OK(ora_loudness_end(&m, &got, &err), err);
            ORA_CHECK(got == whole && !m);
        }
        free(x);
    }
}

ORA_TEST(silence_has_none)
{
    struct ora_err err = {0};
    static float x[22050];
    double lufs;
    ORA_CHECK_OK(ora_loudness_lufs(x, 22050, 22050, &lufs, &err), err);
    ORA_CHECK(isinf(lufs) && lufs < 0);
    ORA_CHECK_OK(ora_loudness_lufs(x, 0, 22050, &lufs, &err), err);
    ORA_CHECK(isinf(lufs) && lufs < 0);
}

ORA_TEST(gain_reaches_the_target_under_the_ceiling)
{
    const struct {
        double lufs, peak, target, ceiling, want_db;
    } cases[] = {
        {-30, 0.1, -20, NAN, 10}, {-30, 0.1, -20, -1, 10},    {-30, 0.5, -20, -3, 3.0206},
        {-10, 0.9, -20, -3, -10}, {-30, 0.5, NAN, -3, 0},     {-10, 1.0, NAN, -3, -3},
        {-30, 0.5, NAN, NAN, 0},  {-INFINITY, 0, -20, -3, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double g = ora_loudness_gain(cases[i].lufs, cases[i].peak, cases[i].target, cases[i].ceiling);
        ORA_CHECK_NEAR(ora_pcm_dbfs(g), cases[i].want_db, 1e-3);
    }
}

ORA_TEST(a_gained_signal_reads_the_target)
{
    struct ora_err err = {0};
    size_t n = 22050 * 2;
    float *x = sine(n, 300, 22050, 0.03);
    double lufs;
    ORA_CHECK_OK(ora_loudness_lufs(x, n, 22050, &lufs, &err), err);
    ora_pcm_gain(x, n, ora_loudness_gain(lufs, ora_pcm_peak(x, n), -19, -1));
    ORA_CHECK_OK(ora_loudness_lufs(x, n, 22050, &lufs, &err), err);
    ORA_CHECK_NEAR(lufs, -19, 0.05);
    free(x);
}
