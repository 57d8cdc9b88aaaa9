/*
 * Signal measures for judging a voice: level, silence, and the shape of the mean power spectrum (src/audio).
 * NaN and infinite samples are counted and taken as zero.
 */
#include <math.h>
#include <stdlib.h>

#include "audio/spectrum.h"
#include "base/mem.h"
#include "voice/check.h"

static double decibel(double power)
{
    return power > 0 ? 10 * log10(power) : -INFINITY;
}

static double mean_power(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return n ? sum / (double)n : 0;
}

static void measure_level(const float *x, size_t n, struct ora_signal *s)
{
    double peak = 0;
    for (size_t i = 0; i < n; i++) {
        s->beyond_full += fabsf(x[i]) > 1;
        peak = fmax(peak, fabs((double)x[i]));
    }
    s->peak_dbfs = decibel(peak * peak);
    s->rms_dbfs = decibel(mean_power(x, n));
}

static void measure_silence(const float *x, size_t n, int rate, struct ora_signal *s)
{
    size_t frame = (size_t)rate / 100, frames = 0, silent = 0;
    double loudest = 0;
    for (size_t at = 0; at + frame <= n; at += frame, frames++)
        loudest = fmax(loudest, mean_power(x + at, frame));
    for (size_t at = 0; at + frame <= n; at += frame)
        silent += mean_power(x + at, frame) <= loudest * 1e-5;
    s->silence_share = frames ? (double)silent / (double)frames : 1;
}

static void measure_spectrum(const float *x, size_t n, int rate, struct ora_signal *s)
{
    struct ora_spectrum *spectrum = ora_spectrum_create();
    double power[ORA_SPECTRUM_BINS], total = 0, weighted = 0, logs = 0;
    enum { COUNTED = ORA_SPECTRUM_BINS - 1 }; /* without the mean value at bin 0 */
    ora_spectrum_mean(spectrum, x, n, rate, power);
    for (size_t i = 1; i <= COUNTED; i++) {
        total += power[i];
        weighted += power[i] * (double)i;
        logs += log(power[i] + 1e-30);
    }
    if (total > 0) {
        s->centroid_hz = weighted / total * rate / ORA_SPECTRUM_POINTS;
        s->flatness = exp(logs / COUNTED) / (total / COUNTED);
        s->bandwidth_hz = ora_spectrum_bandwidth_hz(spectrum, x, n, rate);
    }
    ora_spectrum_destroy(&spectrum);
}

int ora_signal_measure(const float *pcm, size_t samples, int sample_rate_hz, struct ora_signal *out,
                       struct ora_err *err)
{
    *out = (struct ora_signal){0};
    float *clean = ora_trymalloc(samples * sizeof *clean);
    if (!clean)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory to judge %zu samples", samples);
    for (size_t i = 0; i < samples; i++) {
        bool finite = isfinite(pcm[i]);
        out->not_finite += !finite;
        clean[i] = finite ? pcm[i] : 0;
    }
    measure_level(clean, samples, out);
    measure_silence(clean, samples, sample_rate_hz, out);
    if (samples)
        measure_spectrum(clean, samples, sample_rate_hz, out);
    free(clean);
    return 0;
}
