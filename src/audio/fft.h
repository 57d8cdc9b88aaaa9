/*
 * FFT of any length whose prime factors are small (400 = 2^4 5^2), complex, in double precision: for front
 * ends, where a few thousand short transforms make a voice and exactness matters more than speed.
 *
 *     struct ora_fft *f = ora_fft_create(400);
 *     ora_fft_forward(f, x, y);                    // y[k] = sum x[n] exp(-2 pi i k n / 400); y is not x
 *     ora_fft_destroy(&f);
 *
 * Mixed radix, decimation in time (Cooley & Tukey 1965). A length with a large prime factor works, but costs
 * length times that factor.
 *
 * Threads: a plan is read-only after create and may be shared.
 */
#ifndef ORA_AUDIO_FFT_H
#define ORA_AUDIO_FFT_H

#include <stddef.h>

struct ora_complex {
    double re, im;
};

struct ora_fft;

struct ora_fft *ora_fft_create(size_t points); /* points >= 1 */
void ora_fft_destroy(struct ora_fft **f);
void ora_fft_forward(const struct ora_fft *f, const struct ora_complex *x, struct ora_complex *y);

#endif
