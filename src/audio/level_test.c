#include "audio/level.h"

#include "base/test.h"

enum { N = 1000 };

/* Silence but for ones in [from, to). */
static void block(float *x, size_t from, size_t to, float value)
{
    for (size_t i = from; i < to; i++)
        x[i] = i % 2 ? -value : value;
}

ORA_TEST(silences_are_found)
{
    float x[N] = {0};
    struct ora_level l;
    block(x, 100, 300, 0.5f);
    block(x, 550, 600, 0.02f);
    block(x, 610, 620, 0.0099f); /* below the threshold */
    block(x, 700, 950, 0.25f);
    ora_level_measure(x, N, &l);
    ORA_CHECK_INT(l.lead, 100);
    ORA_CHECK_INT(l.trail, 50);
    ORA_CHECK_INT(l.max_silence, 250);
    ORA_CHECK_NEAR(l.peak, 0.5, 0);
    ORA_CHECK_NEAR(l.rms, sqrt((200 * 0.25 + 50 * 0.0004 + 10 * 0.0099 * 0.0099 + 250 * 0.0625) / N), 1e-8);
}

ORA_TEST(nothing_and_silence)
{
    float x[N] = {0};
    struct ora_level l;
    ora_level_measure(x, 0, &l);
    ORA_CHECK(l.rms == 0 && l.peak == 0 && l.lead == 0 && l.trail == 0 && l.max_silence == 0);
    ora_level_measure(x, N, &l);
    ORA_CHECK_INT(l.lead, N);
    ORA_CHECK_INT(l.trail, N);
    ORA_CHECK_INT(l.max_silence, N);
    x[500] = 1;
    ora_level_measure(x, N, &l);
    ORA_CHECK_INT(l.lead, 500);
    ORA_CHECK_INT(l.trail, 499);
    ORA_CHECK_INT(l.max_silence, 0);
}

static void trim(const float *x, size_t margin, size_t *start, size_t *count)
{
    struct ora_level level;
    ora_level_measure(x, N, &level);
    ora_level_trim(&level, N, margin, start, count);
}

ORA_TEST(trim_keeps_the_margin)
{
    float x[N] = {0};
    size_t start, count;
    trim(x, 50, &start, &count); /* silence is kept */
    ORA_CHECK(start == 0 && count == N);
    block(x, 100, 980, 0.5f);
    trim(x, 50, &start, &count);
    ORA_CHECK_INT(start, 50);
    ORA_CHECK_INT(count, 950);
    trim(x, 0, &start, &count);
    ORA_CHECK_INT(start, 100);
    ORA_CHECK_INT(count, 880);
    trim(x, 5000, &start, &count);
    ORA_CHECK(start == 0 && count == N);
}

/* However it is cut, to the last bit; and the sums are those of the plain definition. */
ORA_TEST(pieces_measure_as_the_whole)
{
    float x[N] = {0};
    for (size_t i = 0; i < N; i++)
        x[i] = i / 90 % 3 ? (float)sin((double)(i * i)) * 0.8f : 0.001f * (float)(i % 7);
    for (size_t n = N - 5; n <= N; n++) {
        struct ora_level whole;
        ora_level_measure(x, n, &whole);
        double s[4] = {0};
        for (size_t i = 0; i < n; i++)
            s[i < n / 4 * 4 ? i % 4 : 0] += (double)x[i] * (double)x[i];
        ORA_CHECK(whole.rms == sqrt(((s[0] + s[1]) + (s[2] + s[3])) / (double)n));
        ORA_CHECK(whole.max_silence >= 89 && whole.lead >= 89);
        for (size_t piece = 1; piece < 200; piece = piece * 2 + 1) {
            struct ora_level_meter m = {0};
            struct ora_level got;
            for (size_t at = 0; at < n; at += piece)
                ora_level_add(&m, x + at, piece < n - at ? piece : n - at);
            ora_level_read(&m, &got);
            ORA_CHECK(!memcmp(&got, &whole, sizeof got));
        }
    }
}
