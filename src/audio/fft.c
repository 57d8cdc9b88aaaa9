/*
 * FFT: a length n = p * m is p transforms of every p-th sample, then a butterfly of p legs at each of m
 * places. The recursion ends at length 1. A leg's sum is taken in the order of the samples, so that the same
 * input gives the same bits everywhere.
 */
#include "audio/fft.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FACTORS_MAX = 64, LEGS_KEPT = 16 };

struct ora_fft {
    size_t points, factor_count, factor[FACTORS_MAX];
    struct ora_complex *turn; /* [points]: exp(-2 pi i k / points) */
};

struct ora_fft *ora_fft_create(size_t points)
{
    struct ora_fft *f = ora_xcalloc(1, sizeof *f);
    f->points = points;
    f->turn = ora_xcalloc(points, sizeof *f->turn);
    for (size_t k = 0; k < points; k++) {
        double angle = 2.0 * M_PI * (double)k / (double)points;
        f->turn[k] = (struct ora_complex){cos(angle), -sin(angle)};
    }
    for (size_t n = points, p = 2; n > 1; p++)
        for (; n % p == 0; n /= p)
            f->factor[f->factor_count++] = p;
    return f;
}

void ora_fft_destroy(struct ora_fft **f)
{
    if (*f)
        free((*f)->turn);
    free(*f);
    *f = NULL;
}

static struct ora_complex add_product(struct ora_complex sum, struct ora_complex a, struct ora_complex b)
{
    sum.re += a.re * b.re - a.im * b.im;
    sum.im += a.re * b.im + a.im * b.re;
    return sum;
}

/* y[q + m*r] for r = 0..p-1 from the p parts' y[q + m*leg]; the turn of y's length is `stride` of the plan's.
 */
static void butterfly(const struct ora_fft *f, struct ora_complex *y, size_t q, size_t m, size_t p,
                      size_t stride, struct ora_complex *legs)
{
    for (size_t leg = 0; leg < p; leg++)
        legs[leg] = y[q + m * leg];
    for (size_t r = 0; r < p; r++) {
        size_t k = q + m * r;
        struct ora_complex sum = legs[0];
        for (size_t leg = 1; leg < p; leg++)
            sum = add_product(sum, legs[leg], f->turn[leg * k % (m * p) * stride]);
        y[k] = sum;
    }
}

/* y[0..n) = the transform of x[0], x[stride], x[2*stride] …, n = points / stride. */
static void transform(const struct ora_fft *f, const struct ora_complex *x, struct ora_complex *y, size_t n,
                      size_t stride, size_t level)
{
    struct ora_complex kept[LEGS_KEPT], *legs = kept;
    if (n == 1) {
        y[0] = x[0];
        return;
    }
    size_t p = f->factor[level], m = n / p;
    for (size_t leg = 0; leg < p; leg++)
        transform(f, x + leg * stride, y + leg * m, m, stride * p, level + 1);
    if (p > LEGS_KEPT)
        legs = ora_xcalloc(p, sizeof *legs);
    for (size_t q = 0; q < m; q++)
        butterfly(f, y, q, m, p, stride, legs);
    if (legs != kept)
        free(legs);
}

void ora_fft_forward(const struct ora_fft *f, const struct ora_complex *x, struct ora_complex *y)
{
    transform(f, x, y, f->points, 1, 0);
}
