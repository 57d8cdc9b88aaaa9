#include "audio/pcm.h"

#include <stdlib.h>

#include "base/test.h"

ORA_TEST(rounds_half_to_even_and_counts_clips)
{
    const float step = 1.0f / 32767.0f;
    const struct {
        float x;
        int want, clipped;
    } cases[] = {
        {0, 0, 0},
        {0.5f * step, 0, 0},
        {1.5f * step, 2, 0},
        {-0.5f * step, 0, 0},
        {-1.5f * step, -2, 0},
        {1, 32767, 0},
        {-1, -32767, 0},
        {1.00001f, 32767, 0},
        {1.001f, 32767, 1},
        {-1.00002f, -32768, 0},
        {-1.001f, -32768, 1},
        {1e30f, 32767, 1},
        {-1e30f, -32768, 1},
        {0.25f, 8192, 0},
        {1e-40f, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int16_t got;
        uint32_t clipped = ora_pcm_to_s16(&cases[i].x, 1, &got);
        if (got != cases[i].want || clipped != (uint32_t)cases[i].clipped)
            ORA_FAIL("%.9g gives %d with %u clipped, wanted %d with %d", (double)cases[i].x, got, clipped,
                     cases[i].want, cases[i].clipped);
    }
}

ORA_TEST(agrees_with_the_library_at_every_length)
{
    enum { N = 1000 };
    float x[N];
    int16_t got[N];
    for (int i = 0; i < N; i++)
        x[i] = (float)((i * 7919) % 2011 - 1005) / 1000.0f;
    for (size_t n = 0; n <= 70; n++) {
        uint32_t clipped = ora_pcm_to_s16(x, n, got), want_clipped = 0;
        for (size_t i = 0; i < n; i++) {
            float v = x[i] * 32767.0f;
            want_clipped += v > 32767.5f || v < -32768.5f;
            ORA_CHECK_INT(got[i], lrintf(v > 32767 ? 32767 : v < -32768 ? -32768 : v));
        }
        ORA_CHECK_INT(clipped, want_clipped);
    }
}

ORA_TEST(s16_survives_the_way_to_float_and_back)
{
    static int16_t in[65536], out[65536];
    static float f[65536];
    for (int i = 0; i < 65536; i++)
        in[i] = (int16_t)(i - 32768);
    ora_pcm_to_float(in, 65536, f);
    ORA_CHECK_INT(ora_pcm_to_s16(f, 65536, out), 0);
    ORA_CHECK(!memcmp(in, out, sizeof in));
}

ORA_TEST(finds_what_is_not_finite)
{
    static float x[5000];
    ORA_CHECK_INT(ora_pcm_first_not_finite(x, 5000), 5000);
    ORA_CHECK_INT(ora_pcm_first_not_finite(x, 0), 0);
    for (size_t at = 0; at < 5000; at += 499)
        for (int kind = 0; kind < 3; kind++) {
            x[at] = kind == 0 ? NAN : kind == 1 ? INFINITY : -INFINITY;
            ORA_CHECK_INT(ora_pcm_first_not_finite(x, 5000), at);
            x[at] = 3e38f;
        }
    ORA_CHECK_INT(ora_pcm_first_not_finite(x, 5000), 5000);
}

ORA_TEST(decibels)
{
    ORA_CHECK(isinf(ora_pcm_dbfs(0)));
    ORA_CHECK_NEAR(ora_pcm_dbfs(1), 0, 1e-12);
    ORA_CHECK_NEAR(ora_pcm_dbfs(0.5), -6.0206, 1e-4);
    ORA_CHECK_NEAR(ora_pcm_from_db(-20), 0.1, 1e-12);
    const float x[] = {0.25f, -0.75f, 0.5f};
    ORA_CHECK_NEAR(ora_pcm_peak(x, 3), 0.75, 0);
    ORA_CHECK_NEAR(ora_pcm_peak(x, 0), 0, 0);
}
