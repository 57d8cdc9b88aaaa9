/* Log-mel: a frame is windowed, transformed, weighed by the filters; the limit of range needs all frames, so
 * it is a second pass. */
#include "audio/log_mel.h"

#include <math.h>
#include <stdlib.h>

#include "audio/fft.h"
#include "base/mem.h"

const struct ora_log_mel_spec ora_log_mel_whisper = {
    .sample_rate_hz = 16000,
    .points = 400,
    .hop = 160,
    .mels = 80,
    .low_hz = 0,
    .high_hz = 8000,
    .drop_last = true,
    .least = 1e-10,
    .range = 8,
    .add = 4,
    .multiply = 0.25,
};

struct ora_log_mel {
    struct ora_log_mel_spec spec;
    size_t bins;
    struct ora_fft *fft;
    float *filters;               /* [mels][bins] */
    double *window, *power;       /* [points], [bins] */
    struct ora_complex *in, *out; /* [points] */
};

/* ---- filters --------------------------------------------------------------------------------------------
 */

/* Slaney's scale (Auditory Toolbox, 1998): linear up to 1 kHz, 15 mel; then 27 mel a factor of 6.4. */
static const double LINEAR_HZ = 200.0 / 3, KNEE_HZ = 1000, KNEE_MEL = 15;

static double mel_of(double hz)
{
    return hz < KNEE_HZ ? hz / LINEAR_HZ : KNEE_MEL + log(hz / KNEE_HZ) * 27 / log(6.4);
}

static double hz_of(double mel)
{
    return mel < KNEE_MEL ? mel * LINEAR_HZ : KNEE_HZ * exp((mel - KNEE_MEL) * log(6.4) / 27);
}

/* Triangles between neighbouring edges, of equal area. */
static void fill_filters(struct ora_log_mel *m)
{
    const struct ora_log_mel_spec *s = &m->spec;
    double low = mel_of(s->low_hz), step = (mel_of(s->high_hz) - low) / (s->mels + 1);
    for (int i = 0; i < s->mels; i++) {
        double left = hz_of(low + step * i), mid = hz_of(low + step * (i + 1));
        double right = hz_of(low + step * (i + 2));
        for (size_t k = 0; k < m->bins; k++) {
            double hz = (double)k * s->sample_rate_hz / s->points;
            double up = (hz - left) / (mid - left), down = (right - hz) / (right - mid);
            double weight = up < down ? up : down;
            m->filters[(size_t)i * m->bins + k] = (float)(weight > 0 ? weight * 2 / (right - left) : 0);
        }
    }
}

/* ---- life -----------------------------------------------------------------------------------------------
 */

struct ora_log_mel *ora_log_mel_create(const struct ora_log_mel_spec *spec)
{
    struct ora_log_mel *m = ora_xcalloc(1, sizeof *m);
    size_t points = (size_t)spec->points;
    m->spec = *spec;
    m->bins = points / 2 + 1;
    m->fft = ora_fft_create(points);
    m->filters = ora_xcalloc((size_t)spec->mels * m->bins, sizeof *m->filters);
    m->window = ora_xcalloc(points, sizeof *m->window);
    m->power = ora_xcalloc(m->bins, sizeof *m->power);
    m->in = ora_xcalloc(points, sizeof *m->in);
    m->out = ora_xcalloc(points, sizeof *m->out);
    for (size_t i = 0; i < points; i++) /* periodic Hann */
        m->window[i] = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)points);
    fill_filters(m);
    return m;
}

void ora_log_mel_destroy(struct ora_log_mel **p)
{
    struct ora_log_mel *m = *p;
    if (!m)
        return;
    ora_fft_destroy(&m->fft);
    free(m->filters);
    free(m->window);
    free(m->power);
    free(m->in);
    free(m->out);
    free(m);
    *p = NULL;
}

const float *ora_log_mel_filters(const struct ora_log_mel *m)
{
    return m->filters;
}

size_t ora_log_mel_frames(const struct ora_log_mel *m, size_t samples)
{
    return samples / (size_t)m->spec.hop + !m->spec.drop_last;
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

/* x[i] with both ends reflected, the end samples themselves not repeated; i > -samples, i < 2*samples - 1. */
static double reflected(const float *x, size_t samples, ptrdiff_t i)
{
    ptrdiff_t last = (ptrdiff_t)samples - 1;
    i = i < 0 ? -i : i;
    return (double)x[i > last ? 2 * last - i : i];
}

static void frame_power(struct ora_log_mel *m, const float *x, size_t samples, size_t frame)
{
    ptrdiff_t points = m->spec.points, start = (ptrdiff_t)frame * m->spec.hop - points / 2;
    for (ptrdiff_t i = 0; i < points; i++)
        m->in[i] = (struct ora_complex){reflected(x, samples, start + i) * m->window[i], 0};
    ora_fft_forward(m->fft, m->in, m->out);
    for (size_t k = 0; k < m->bins; k++)
        m->power[k] = m->out[k].re * m->out[k].re + m->out[k].im * m->out[k].im;
}

static double filtered(const struct ora_log_mel *m, int mel)
{
    const float *weight = m->filters + (size_t)mel * m->bins;
    double sum = 0;
    for (size_t k = 0; k < m->bins; k++)
        sum += (double)weight[k] * m->power[k];
    return sum > m->spec.least ? sum : m->spec.least;
}

int ora_log_mel_forward(struct ora_log_mel *m, const float *x, size_t samples, float *out,
                        struct ora_err *err)
{
    size_t frames = ora_log_mel_frames(m, samples), need = (size_t)m->spec.points / 2 + 1;
    double loudest = -INFINITY;
    if (samples < need)
        return ora_err_set(err, ORA_E_BAD_INPUT, "log-mel: %zu samples are too few, %zu are needed", samples,
                           need);
    for (size_t f = 0; f < frames; f++) {
        frame_power(m, x, samples, f);
        for (int i = 0; i < m->spec.mels; i++) {
            double v = log10(filtered(m, i));
            out[(size_t)i * frames + f] = (float)v;
            loudest = v > loudest ? v : loudest;
        }
    }
    for (size_t i = 0; i < (size_t)m->spec.mels * frames; i++) {
        double v = (double)out[i], floor = m->spec.range > 0 ? loudest - m->spec.range : v;
        out[i] = (float)(((v > floor ? v : floor) + m->spec.add) * m->spec.multiply);
    }
    return 0;
}
