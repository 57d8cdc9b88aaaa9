/*
 * Spectrum by a Stockham FFT that runs eight frames at once: two real frames make one complex signal, and
 * four of those lie in the lanes of a vector, so that each butterfly is one straight sequence of SIMD
 * instructions whatever the compiler finds. Two frames never need to be told apart: |A|^2 + |B|^2 at bin k is
 * (|Z_k|^2 + |Z_{N-k}|^2) / 2, and only the mean is asked for.
 */
#include "audio/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { N = ORA_SPECTRUM_POINTS, LANES = 4, GROUP = 2 * LANES };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

struct complex_lanes {
    lanes re, im;
};

struct ora_spectrum {
    struct complex_lanes a[N], b[N]; /* the FFT goes to and fro between them */
    float window[N];
    float cos_[N / 2], sin_[N / 2];
    /* of the signal that is being added */
    int sample_rate_hz;
    size_t hop, samples, frames;
    float *held; /* what frames to come still want: at most one group and its hop */
    size_t held_count, held_cap;
    double power[ORA_SPECTRUM_BINS]; /* summed */
};

struct ora_spectrum *ora_spectrum_create(void)
{
    struct ora_spectrum *s = ora_xcalloc(1, sizeof *s);
    for (int i = 0; i < N; i++) {
        double t = 2.0 * M_PI * i / N; /* periodic four-term Blackman-Harris (Harris 1978) */
        s->window[i] = (float)(0.35875 - 0.48829 * cos(t) + 0.14128 * cos(2 * t) - 0.01168 * cos(3 * t));
    }
    for (int i = 0; i < N / 2; i++) {
        s->cos_[i] = (float)cos(2.0 * M_PI * i / N);
        s->sin_[i] = (float)sin(2.0 * M_PI * i / N);
    }
    return s;
}

void ora_spectrum_destroy(struct ora_spectrum **s)
{
    if (*s)
        free((*s)->held);
    free(*s);
    *s = NULL;
}

/* One pass of the decimation-in-frequency Stockham FFT: `span` butterflies a group, groups `stride` apart. */
static void fft_pass(const struct ora_spectrum *s, const struct complex_lanes *in, struct complex_lanes *out,
                     int span, int stride)
{
    for (int p = 0; p < span; p++) {
        float c = s->cos_[p * stride], d = -s->sin_[p * stride];
        for (int q = 0; q < stride; q++) {
            struct complex_lanes u = in[q + stride * p], v = in[q + stride * (p + span)];
            struct complex_lanes *sum = &out[q + stride * 2 * p], *turned = sum + stride;
            lanes re = u.re - v.re, im = u.im - v.im;
            sum->re = u.re + v.re;
            sum->im = u.im + v.im;
            turned->re = re * c - im * d;
            turned->im = re * d + im * c;
        }
    }
}

/* Nine passes over a; the result lies in b. */
static void fft(struct ora_spectrum *s)
{
    struct complex_lanes *in = s->a, *out = s->b;
    for (int span = N / 2, stride = 1; span; span /= 2, stride *= 2) {
        fft_pass(s, in, out, span, stride);
        struct complex_lanes *swap = in;
        in = out;
        out = swap;
    }
    _Static_assert(N == 512, "an odd number of passes ends in b");
}

/* Frames first … first + GROUP - 1 into a; those past `frames` are zero. */
static void load_frames(struct ora_spectrum *s, const float *x, size_t n, size_t hop, size_t first,
                        size_t frames)
{
    if (first + GROUP > frames)
        memset(s->a, 0, sizeof s->a);
    for (size_t f = 0; f < GROUP && first + f < frames; f++) {
        size_t start = (first + f) * hop, have = n - start < N ? n - start : N;
        const float *from = x + start;
        size_t lane = f % LANES;
        if (f < LANES)
            for (size_t i = 0; i < have; i++)
                s->a[i].re[lane] = from[i] * s->window[i];
        else
            for (size_t i = 0; i < have; i++)
                s->a[i].im[lane] = from[i] * s->window[i];
    }
}

static double power_of(const struct complex_lanes *z)
{
    lanes p = z->re * z->re + z->im * z->im;
    return ((double)p[0] + (double)p[1]) + ((double)p[2] + (double)p[3]);
}

/* The first `frames` frames of what is held, at most a group. */
static void add_group(struct ora_spectrum *s, size_t frames)
{
    load_frames(s, s->held, s->held_count, s->hop, 0, frames);
    fft(s);
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
        s->power[k] += 0.5 * (power_of(&s->b[k]) + power_of(&s->b[(N - k) % N]));
    s->frames += frames;
}

void ora_spectrum_begin(struct ora_spectrum *s, int sample_rate_hz)
{
    size_t hop = (size_t)sample_rate_hz / 100;
    s->sample_rate_hz = sample_rate_hz;
    s->hop = hop ? hop : 1;
    s->samples = s->frames = s->held_count = 0;
    memset(s->power, 0, sizeof s->power);
    size_t want = GROUP * s->hop + N;
    if (want > s->held_cap) {
        s->held = ora_xrealloc(s->held, want * sizeof *s->held);
        s->held_cap = want;
    }
}

/* A group is done when its last frame and the first sample of the next group's are there; so what is left at
 * the end is one group at most. */
void ora_spectrum_add(struct ora_spectrum *s, const float *x, size_t n)
{
    const size_t want = GROUP * s->hop + N, step = GROUP * s->hop;
    s->samples += n;
    while (n) {
        size_t room = want - s->held_count, take = n < room ? n : room;
        memcpy(s->held + s->held_count, x, take * sizeof *x);
        s->held_count += take;
        x += take;
        n -= take;
        if (s->held_count < want)
            break;
        add_group(s, GROUP);
        s->held_count = want - step;
        memmove(s->held, s->held + step, s->held_count * sizeof *s->held);
    }
}

void ora_spectrum_end(struct ora_spectrum *s, double power[ORA_SPECTRUM_BINS])
{
    size_t frames = s->samples > N ? (s->samples - N) / s->hop + 1 : s->samples > 0;
    if (frames > s->frames)
        add_group(s, frames - s->frames);
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
        power[k] = frames ? s->power[k] / (double)frames : 0;
}

void ora_spectrum_mean(struct ora_spectrum *s, const float *x, size_t n, int sample_rate_hz,
                       double power[ORA_SPECTRUM_BINS])
{
    ora_spectrum_begin(s, sample_rate_hz);
    ora_spectrum_add(s, x, n);
    ora_spectrum_end(s, power);
}

double ora_spectrum_end_bandwidth_hz(struct ora_spectrum *s)
{
    double power[ORA_SPECTRUM_BINS], peak = 0;
    ora_spectrum_end(s, power);
    for (int k = 0; k < ORA_SPECTRUM_BINS; k++)
        peak = power[k] > peak ? power[k] : peak;
    if (peak <= 0)
        return 0;
    int top = ORA_SPECTRUM_BINS - 1;
    while (power[top] < peak * 1e-5)
        top--;
    return (double)top * s->sample_rate_hz / N;
}

double ora_spectrum_bandwidth_hz(struct ora_spectrum *s, const float *x, size_t n, int sample_rate_hz)
{
    ora_spectrum_begin(s, sample_rate_hz);
    ora_spectrum_add(s, x, n);
    return ora_spectrum_end_bandwidth_hz(s);
}
