/*
 * The sine table. Not libm's sin(): its last bit differs between versions, and the bits of a voice are
 * promised. A Taylor series over an eighth of a turn, the rest by symmetry; error below 1e-15 before rounding
 * to float.
 */
#include "models/tone/tone.h"

static const double half_turn = 3.14159265358979323846;

/* For 0 <= x <= π/4. */
static double sine_series(double x)
{
    double square = x * x, sum = 0;
    for (int k = 17; k >= 3; k -= 2)
        sum = (1 + sum) * -square / (k * (k - 1));
    return x * (1 + sum);
}

static double cosine_series(double x)
{
    double square = x * x, sum = 0;
    for (int k = 18; k >= 2; k -= 2)
        sum = (1 + sum) * -square / (k * (k - 1));
    return 1 + sum;
}

/* sin(2π i/n). The octant is found in integers, so that symmetric points have equal bits. */
static double sine_of_turn(size_t i, size_t n)
{
    if (2 * i > n)
        return -sine_of_turn(n - i, n);
    size_t a = 4 * i > n ? n - 2 * i : 2 * i; /* the angle is π a/n, at most a quarter of a turn */
    if (4 * a > n)
        return cosine_series(half_turn * (double)(n - 2 * a) / (double)(2 * n));
    return sine_series(half_turn * (double)a / (double)n);
}

void ora_tone_sine(float *table, size_t n, double amplitude)
{
    for (size_t i = 0; i < n; i++)
        table[i] = (float)(amplitude * sine_of_turn(i, n));
}
