#include "audio/spectrum.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"

enum { RATE = 16000 };

static float *tones(size_t n, double hz1, double a1, double hz2, double a2)
{
    float *x = ora_xcalloc(n + 1, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(a1 * sin(2 * M_PI * hz1 * (double)i / RATE) +
                       a2 * sin(2 * M_PI * hz2 * (double)i / RATE));
    return x;
}

/* The plain definition: a sum over every sample of every frame. */
static void naive_mean(const float *x, size_t n, double power[ORA_SPECTRUM_BINS])
{
    size_t hop = RATE / 100, frames = n > 512 ? (n - 512) / hop + 1 : 1;
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++) {
        power[k] = 0;
        for (size_t f = 0; f < frames; f++) {
            double re = 0, im = 0;
            for (size_t i = 0; i < 512 && f * hop + i < n; i++) {
                double t = 2 * M_PI * (double)i / 512;
                double w = 0.35875 - 0.48829 * cos(t) + 0.14128 * cos(2 * t) - 0.01168 * cos(3 * t);
                re += w * (double)x[f * hop + i] * cos(t * k);
                im -= w * (double)x[f * hop + i] * sin(t * k);
            }
            power[k] += (re * re + im * im) / (double)frames;
        }
    }
}

ORA_TEST(mean_power_is_that_of_the_plain_sum)
{
    struct ora_spectrum *s = ora_spectrum_create();
    const size_t lengths[] = {1, 100, 512, 513, 672, 1800, 2000, 4001};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        float *x = tones(lengths[l], 440, 0.3, 3333, 0.05);
        double got[ORA_SPECTRUM_BINS], want[ORA_SPECTRUM_BINS], peak = 0;
        ora_spectrum_mean(s, x, lengths[l], RATE, got);
        naive_mean(x, lengths[l], want);
        for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
            peak = want[k] > peak ? want[k] : peak;
        for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
            ORA_CHECK_NEAR(got[k] / (peak + 1e-30), want[k] / (peak + 1e-30), 1e-6);
        free(x);
    }
    ora_spectrum_destroy(&s);
}

/* To the last bit, at rates whose hop is shorter and longer than a frame, around whole groups of frames. */
ORA_TEST(pieces_measure_as_the_whole)
{
    struct ora_spectrum *s = ora_spectrum_create();
    const int rates[] = {8000, 22050, 192000};
    for (size_t r = 0; r < 3; r++)
        for (size_t frames = 7; frames <= 25; frames++) {
            size_t hop = (size_t)rates[r] / 100, n = (frames - 1) * hop + 512 + frames % 3;
            float *x = tones(n, 440, 0.3, 3333, 0.05);
            double whole[ORA_SPECTRUM_BINS], got[ORA_SPECTRUM_BINS];
            ora_spectrum_mean(s, x, n, rates[r], whole);
            for (size_t piece = 100; piece < n; piece *= 3) {
                ora_spectrum_begin(s, rates[r]);
                for (size_t at = 0; at < n; at += piece)
                    ora_spectrum_add(s, x + at, piece < n - at ? piece : n - at);
                ora_spectrum_end(s, got);
                ORA_CHECK(!memcmp(got, whole, sizeof got));
            }
            free(x);
        }
    ora_spectrum_destroy(&s);
}

ORA_TEST(bandwidth_is_the_highest_bin_within_50_db)
{
    struct ora_spectrum *s = ora_spectrum_create();
    const struct {
        double hz, db, want;
    } cases[] = {{4000, -40, 4000}, {6000, -45, 6000}, {6000, -60, 500}, {7000, 0, 7000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float *x = tones(16000, 500, 0.5, cases[i].hz, 0.5 * pow(10, cases[i].db / 20));
        ORA_CHECK_NEAR(ora_spectrum_bandwidth_hz(s, x, 16000, RATE), cases[i].want, 4.0 * RATE / 512);
        free(x);
    }
    float zero[600] = {0};
    ORA_CHECK_NEAR(ora_spectrum_bandwidth_hz(s, zero, 600, RATE), 0, 0);
    ORA_CHECK_NEAR(ora_spectrum_bandwidth_hz(s, zero, 0, RATE), 0, 0);
    ora_spectrum_destroy(&s);
}
