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

ORA_TEST(trim_keeps_the_margin)
{
    float x[N] = {0};
    size_t start, count;
    ora_level_trim(x, N, 50, &start, &count); /* silence is kept */
    ORA_CHECK(start == 0 && count == N);
    block(x, 100, 980, 0.5f);
    ora_level_trim(x, N, 50, &start, &count);
    ORA_CHECK_INT(start, 50);
    ORA_CHECK_INT(count, 950);
    ora_level_trim(x, N, 0, &start, &count);
    ORA_CHECK_INT(start, 100);
    ORA_CHECK_INT(count, 880);
    ora_level_trim(x, N, 5000, &start, &count);
    ORA_CHECK(start == 0 && count == N);
}
