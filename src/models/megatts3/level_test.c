/* Loudness, the rule of levels, cross-fade; the arithmetic of prompts. */
#include "models/megatts3/level.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/crossfade.h"
#include "models/megatts3/prompt.h"

ORA_TEST(loudness_of_a_tone)
{
    size_t n = 3 * 24000;
    float *x = ora_xcalloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.5 * sin(2 * M_PI * 1000 * (double)i / 24000));
    ORA_CHECK_NEAR(mega_loudness(x, n), -9.077432, 1e-6);
    ORA_CHECK(isnan(mega_loudness(x, MEGA_LOUDNESS_BLOCK - 1)));
    ORA_CHECK(isfinite(mega_loudness(x, MEGA_LOUDNESS_BLOCK)));
    free(x);
}

ORA_TEST(silence_keeps_its_level)
{
    float *x = ora_xcalloc(24000, sizeof *x);
    ORA_CHECK(isinf(mega_loudness(x, 24000)));
    ORA_CHECK_NEAR(mega_level_gain(-20, -INFINITY), 1, 0);
    ORA_CHECK_NEAR(mega_level_gain(NAN, -20), 1, 0);
    ORA_CHECK_NEAR(mega_level_gain(-20, -26), 1.9952623149688795, 1e-12);
    free(x);
}

ORA_TEST(peaks_are_scaled_not_cut)
{
    float x[] = {0.5f, -1.0f, 0.25f}, y[] = {0.5f, -0.99f};
    ORA_CHECK_NEAR((double)mega_level(x, 3, 2), 2, 0);
    ORA_CHECK_NEAR((double)x[0], 0.475, 1e-7);
    ORA_CHECK_NEAR((double)x[1], -0.95, 1e-7);
    mega_level(y, 2, 1);
    ORA_CHECK_NEAR((double)y[1], -0.99, 1e-7);
}

ORA_TEST(fade_window)
{
    float fade[MEGA_FADE];
    double least = 2, most = 0;
    mega_crossfade_window(fade);
    for (int i = 0; i < MEGA_FADE; i++) {
        double sum = (double)fade[i] + (double)fade[MEGA_FADE - 1 - i];
        least = sum < least ? sum : least;
        most = sum > most ? sum : most;
        ORA_CHECK_NEAR((double)fade[i], 0.5 - 0.5 * cos(2 * M_PI * i / 7679), 1e-7);
    }
    ORA_CHECK_NEAR(least, 0.99980, 1e-5);
    ORA_CHECK_NEAR(most, 1, 1e-6);
}

/* A constant stays one but for the window's own sum; short pieces overlap by what they have. */
ORA_TEST(joins)
{
    static const struct {
        size_t a, b, all;
    } cases[] = {{0, 10, 10}, {10, 0, 10}, {10000, 9001, 15161}, {100, 5000, 5000}, {5000, 100, 5000}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        float *out = ora_xcalloc(20000, sizeof *out), *next = ora_xcalloc(20000, sizeof *next);
        for (size_t i = 0; i < 20000; i++)
            out[i] = next[i] = 1;
        ORA_CHECK_INT(mega_crossfade_samples(cases[c].a, cases[c].b), cases[c].all);
        ORA_CHECK_INT(mega_crossfade(out, cases[c].a, next, cases[c].b), cases[c].all);
        for (size_t i = 0; i < cases[c].all; i++)
            ORA_CHECK(out[i] > 0.98f && out[i] < 1.00001f);
        free(out);
        free(next);
    }
}

ORA_TEST(prompt_arithmetic)
{
    static const struct {
        size_t samples, padded;
        int frames;
    } cases[] = {{155178, 167999, 696}, {192001, 205199, 848}, {1199, 13199, 48}, {1200, 14399, 56}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ORA_CHECK_INT(mega_prompt_padded(cases[i].samples, MEGA_WIN_SIZE), cases[i].padded);
        ORA_CHECK_INT(mega_prompt_frames(cases[i].padded), cases[i].frames);
    }
}

ORA_TEST(ids_join_as_they_split)
{
    static const struct {
        int32_t id, phone, tone;
    } known[] = {{201, 3, 4}, {206, 3, 15}, {207, 4, 4}, {788, 100, 15}, {145, 145, 3}, {101, 101, 3}};
    int32_t phone, tone;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        mega_phone_split(known[i].id, &phone, &tone);
        ORA_CHECK_INT(phone, known[i].phone);
        ORA_CHECK_INT(tone, known[i].tone);
    }
    for (int32_t id = 1; id <= 788; id++) {
        if (!mega_phone_valid(id))
            continue;
        mega_phone_split(id, &phone, &tone);
        ORA_CHECK_INT(mega_phone_join(phone, tone), id);
    }
}

ORA_TEST(durations_of_a_chunk)
{
    static const int32_t phones[] = {145, 10, 163, 148}, codes[] = {9, 13, 20, 50}, want[] = {8, 12, 32, 68};
    struct mega_timing how = {true, true, .alpha = 1, .floor_stop = 64, .floor_comma = 32};
    int32_t got[4];
    mega_durations(phones, codes, 4, &how, got);
    for (int i = 0; i < 4; i++)
        ORA_CHECK_INT(got[i], want[i]);
}

/* Given frames stay as they are, whatever alpha, disturbance and floors say; what the sum needs goes to the
 * last phone, else to the first, else to the last that is free. */
ORA_TEST(given_durations_of_a_chunk)
{
    static const int32_t phones[] = {145, 10, 163, 148}, codes[] = {9, 13, 20, 50};
    static const float draws[4] = {0.9f, 0.9f, 0.9f, 0.9f};
    static const struct {
        int32_t given[4], want[4];
        bool first, last;
        double alpha, disturb;
    } cases[] = {
        {{0, 7, 0, 0}, {8, 7, 32, 65}, true, true, 1, 0},
        {{0, 7, 3, 0}, {8, 7, 3, 86}, true, false, 1, 0}, /* 49 + 32 for the cross-fade */
        {{0, 7, 300, 5}, {8, 7, 300, 5}, true, true, 1, 0},
        {{0, 7, 300, 6}, {15, 7, 300, 6}, true, true, 2, 0.1},
        {{30, 0, 0, 5}, {30, 12, 33, 5}, true, true, 1, 0},
        {{30, 7, 1, 5}, {30, 7, 1, 10}, true, true, 1, 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct mega_timing how = {.first_chunk = cases[c].first,
                                  .last_chunk = cases[c].last,
                                  .alpha = cases[c].alpha,
                                  .disturb = cases[c].disturb,
                                  .choice = draws,
                                  .amount = draws,
                                  .floor_stop = 64,
                                  .floor_comma = 32,
                                  .given = cases[c].given};
        int32_t got[4];
        mega_durations(phones, codes, 4, &how, got);
        for (int i = 0; i < 4; i++)
            if (got[i] != cases[c].want[i])
                ORA_FAIL("case %zu, phone %d: %d frames, not %d", c, i, got[i], cases[c].want[i]);
    }
}
