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

/* Lengths whose exact share is rounded down by more than a sample of the input. */
ORA_TEST(every_length_is_taken)
{
    const struct {
        int from, to;
    } rates[] = {{22050, 8000}, {48000, 8000}, {192000, 8000}};
    struct ora_resampler r = {0};
    float *x = sine(5100, 440, 22050);
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 5000; n < 5100; n++) {
            struct ora_err err = {0};
            const float *y;
            size_t m = 0;
            ORA_CHECK_OK(ora_resample(&r, x, n, rates[i].from, rates[i].to, &y, &m, &err), err);
            ORA_CHECK_INT(m, (n * (size_t)rates[i].to + (size_t)rates[i].from / 2) / (size_t)rates[i].from);
        }
    ora_resampler_release(&r);
    free(x);
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

struct taken {
    float *y;
    size_t n, cap;
};

static int take(void *ctx, const float *x, size_t n, struct ora_err *err)
{
    struct taken *t = ctx;
    if (n > t->cap - t->n)
        return ora_err_set(err, ORA_E_INTERNAL, "more than %zu samples", t->cap);
    memcpy(t->y + t->n, x, n * sizeof *x);
    t->n += n;
    return 0;
}

/* To the last bit, up and down, by ratios of all kinds. */
ORA_TEST(pieces_give_the_samples_of_the_whole)
{
    const struct {
        int from, to;
    } rates[] = {{22050, 16000}, {22050, 24000},  {16000, 48000}, {22050, 8000}, {24000, 22050},
                 {16000, 16001}, {22050, 192000}, {192000, 8000}, {22050, 44100}};
    const size_t lengths[] = {1, 777, 100000, 400001}, pieces[] = {37, 4096, 16384, 70001};
    struct ora_resampler r = {0}, in_pieces = {0};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (size_t l = 0; l < 4; l++)
            for (size_t p = l > 1; p < 4; p++) {
                struct ora_err err = {0};
                size_t n = lengths[l], m = 0, want = 0;
                float *x = sine(n, 440, rates[i].from);
                for (size_t k = 0; k < n; k++)
                    x[k] += (float)(k * 2654435761u % 1000) * 1e-4f;
                const float *y;
                ORA_CHECK_OK(ora_resample(&r, x, n, rates[i].from, rates[i].to, &y, &m, &err), err);
                ORA_CHECK_OK(ora_resample_begin(&in_pieces, n, rates[i].from, rates[i].to, &want, &err), err);
                ORA_CHECK_INT(want, m);
                struct taken t = {ora_xcalloc(want + 1, sizeof(float)), 0, want};
                for (size_t at = 0; at < n; at += pieces[p])
                    ORA_CHECK_OK(ora_resample_add(&in_pieces, x + at, pieces[p] < n - at ? pieces[p] : n - at,
                                                  take, &t, &err),
                                 err);
                ORA_CHECK_OK(ora_resample_end(&in_pieces, take, &t, &err), err);
                ORA_CHECK_INT(t.n, m);
                ORA_CHECK(!memcmp(t.y, y, m * sizeof *y));
                free(t.y);
                free(x);
            }
    ora_resampler_release(&in_pieces);
    ora_resampler_release(&r);
}
