/* Level: two filters in double over the whole signal, then sums of squares of overlapping blocks. */
#include "models/megatts3/level.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

enum { STEP = 2400, RATE = 24000 };

static const double OFFSET = -0.691, ABSOLUTE_GATE = -70, RELATIVE_GATE = -10;

/* b0 b1 b2, a1 a2 (a0 = 1), at 24 kHz. */
struct biquad {
    double b[3], a[2];
};
static const struct biquad high_shelf = {/* 4 dB, Q 1/sqrt(2), 1500 Hz */
                                         {1.488207226243864, -2.248480633310872, 0.906192133611781},
                                         {-1.391770252341895, 0.537688978886668}};
static const struct biquad high_pass = {/* Q 0.5, 38 Hz */
                                        {0.990125280821895, -1.980250561643791, 0.990125280821895},
                                        {-1.980201564387202, 0.980299558900380}};

struct delay {
    double x[2], y[2];
};

static double step(const struct biquad *q, struct delay *d, double x)
{
    double y = q->b[0] * x + q->b[1] * d->x[0] + q->b[2] * d->x[1] - q->a[0] * d->y[0] - q->a[1] * d->y[1];
    d->x[1] = d->x[0];
    d->x[0] = x;
    d->y[1] = d->y[0];
    d->y[0] = y;
    return y;
}

static double lufs_of(double power)
{
    return OFFSET + 10 * log10(power);
}

/* Mean square of each block over 9600 samples, whatever the last one has. energy: sums of STEP samples. */
static double block_power(const double *energy, size_t steps, size_t block)
{
    double sum = 0;
    for (size_t i = block; i < block + MEGA_LOUDNESS_BLOCK / STEP && i < steps; i++)
        sum += energy[i];
    return sum / MEGA_LOUDNESS_BLOCK;
}

/* The mean power of the blocks above the gates; *kept of them. */
static double gated_mean(const double *energy, size_t steps, size_t blocks, double gate, bool strictly,
                         size_t *kept)
{
    double sum = 0;
    *kept = 0;
    for (size_t j = 0; j < blocks; j++) {
        double z = block_power(energy, steps, j), l = lufs_of(z);
        if (l < ABSOLUTE_GATE || (strictly && !(l > gate && l > ABSOLUTE_GATE)))
            continue;
        sum += z;
        ++*kept;
    }
    return *kept ? sum / (double)*kept : 0;
}

double mega_loudness(const float *x, size_t n)
{
    if (n < MEGA_LOUDNESS_BLOCK)
        return NAN;
    size_t steps = (n + STEP - 1) / STEP, kept;
    double *energy = ora_xcalloc(steps, sizeof *energy);
    struct delay shelf = {0}, pass = {0};
    for (size_t i = 0; i < n; i++) {
        double y = step(&high_pass, &pass, step(&high_shelf, &shelf, (double)x[i]));
        energy[i / STEP] += y * y;
    }
    size_t blocks = (size_t)nearbyint(((double)n / RATE - 0.4) / 0.1) + 1;
    double mean = gated_mean(energy, steps, blocks, 0, false, &kept), lufs = -INFINITY;
    if (kept) {
        mean = gated_mean(energy, steps, blocks, lufs_of(mean) + RELATIVE_GATE, true, &kept);
        lufs = kept ? lufs_of(mean) : -INFINITY;
    }
    free(energy);
    return lufs;
}

double mega_level_gain(double want_lufs, double found_lufs)
{
    return isfinite(want_lufs) && isfinite(found_lufs) ? pow(10, (want_lufs - found_lufs) / 20) : 1;
}

float mega_level(float *x, size_t n, double gain)
{
    float peak = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)((double)x[i] * gain);
        float v = fabsf(x[i]);
        peak = v > peak ? v : peak;
    }
    if (peak >= 1) {
        double scale = 0.95 / (double)peak;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)((double)x[i] * scale);
    }
    return peak;
}
