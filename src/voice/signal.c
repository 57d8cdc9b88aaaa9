/*
 * Signal measures for judging a voice: level, silence, and the mean power spectrum by Hann windows of 1024
 * samples. Everything in double; NaN and infinite samples are counted and taken as zero.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "voice/check.h"

enum { WINDOW = 1024, HOP = 512, BINS = WINDOW / 2 };

struct complex_pair {
    double re, im;
};

/* In-place radix-2 transform of WINDOW points. */
static void fft(struct complex_pair *x)
{
    for (unsigned i = 1, j = 0; i < WINDOW; i++) {
        unsigned bit = WINDOW >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            struct complex_pair t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
    for (unsigned len = 2; len <= WINDOW; len *= 2) {
        for (unsigned k = 0; k < len / 2; k++) {
            double angle = -2 * M_PI * k / len, wr = cos(angle), wi = sin(angle);
            for (unsigned i = k; i < WINDOW; i += len) {
                struct complex_pair a = x[i], b = x[i + len / 2];
                struct complex_pair t = {b.re * wr - b.im * wi, b.re * wi + b.im * wr};
                x[i] = (struct complex_pair){a.re + t.re, a.im + t.im};
                x[i + len / 2] = (struct complex_pair){a.re - t.re, a.im - t.im};
            }
        }
    }
}

static double usable(float v)
{
    return isfinite(v) ? v : 0;
}

static double decibel(double power)
{
    return power > 0 ? 10 * log10(power) : -INFINITY;
}

static double frame_power(const float *pcm, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += usable(pcm[i]) * usable(pcm[i]);
    return n ? sum / (double)n : 0;
}

static void measure_level(const float *pcm, size_t samples, struct ora_signal *s)
{
    double peak = 0;
    for (size_t i = 0; i < samples; i++) {
        double v = fabs(usable(pcm[i]));
        s->not_finite += !isfinite(pcm[i]);
        s->beyond_full += v > 1;
        peak = fmax(peak, v);
    }
    s->peak_dbfs = decibel(peak * peak);
    s->rms_dbfs = decibel(frame_power(pcm, samples));
}

static void measure_silence(const float *pcm, size_t samples, int rate, struct ora_signal *s)
{
    size_t frame = (size_t)rate / 100, frames = 0, silent = 0;
    double loudest = 0;
    for (size_t at = 0; at + frame <= samples; at += frame, frames++)
        loudest = fmax(loudest, frame_power(pcm + at, frame));
    for (size_t at = 0; at + frame <= samples; at += frame)
        silent += frame_power(pcm + at, frame) <= loudest * 1e-5;
    s->silence_share = frames ? (double)silent / (double)frames : 1;
}

/* Adds the window's power to mean[]; returns its flatness, or -1 for one that is silent beside `floor`. */
static double add_window(const float *pcm, double floor, double *mean)
{
    static const double tiny = 1e-30;
    struct complex_pair x[WINDOW];
    double logs = 0, sum = 0;
    if (frame_power(pcm, WINDOW) <= floor)
        return -1;
    for (size_t i = 0; i < WINDOW; i++)
        x[i] = (struct complex_pair){usable(pcm[i]) * (0.5 - 0.5 * cos(2 * M_PI * (double)i / WINDOW)), 0};
    fft(x);
    for (size_t i = 1; i < BINS; i++) {
        double power = x[i].re * x[i].re + x[i].im * x[i].im;
        mean[i] += power;
        logs += log(power + tiny);
        sum += power;
    }
    return exp(logs / (BINS - 1)) / (sum / (BINS - 1) + tiny);
}

static void measure_spectrum(const float *pcm, size_t samples, int rate, struct ora_signal *s)
{
    double mean[BINS] = {0}, total = 0, weighted = 0, below = 0, flat = 0;
    double floor = frame_power(pcm, samples) * 1e-3;
    size_t windows = 0, bin = 1;
    for (size_t at = 0; at + WINDOW <= samples; at += HOP) {
        double f = add_window(pcm + at, floor, mean);
        if (f >= 0) {
            flat += f;
            windows++;
        }
    }
    for (size_t i = 1; i < BINS; i++) {
        total += mean[i];
        weighted += mean[i] * (double)i;
    }
    if (!windows || total <= 0)
        return;
    while (bin < BINS - 1 && (below += mean[bin]) < 0.95 * total)
        bin++;
    s->centroid_hz = weighted / total * rate / WINDOW;
    s->rolloff_hz = (double)bin * rate / WINDOW;
    s->flatness = flat / (double)windows;
}

void ora_signal_measure(const float *pcm, size_t samples, int sample_rate_hz, struct ora_signal *out)
{
    *out = (struct ora_signal){0};
    measure_level(pcm, samples, out);
    measure_silence(pcm, samples, sample_rate_hz, out);
    measure_spectrum(pcm, samples, sample_rate_hz, out);
}
