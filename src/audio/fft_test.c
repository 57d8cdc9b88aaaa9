#include "audio/fft.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"

/* Against the sum of its definition, for lengths of every kind: one, primes, powers, mixed, a large prime. */
ORA_TEST(is_the_definition)
{
    static const size_t lengths[] = {1, 2, 3, 5, 8, 12, 17, 25, 49, 97, 400, 512};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        size_t n = lengths[l];
        struct ora_fft *f = ora_fft_create(n);
        struct ora_complex *x = ora_xcalloc(n, sizeof *x), *y = ora_xcalloc(n, sizeof *y);
        for (size_t i = 0; i < n; i++)
            x[i] = (struct ora_complex){(double)(i * 37 % 101) / 50 - 1, (double)(i * 53 % 89) / 45 - 1};
        ora_fft_forward(f, x, y);
        for (size_t k = 0; k < n; k++) {
            double re = 0, im = 0;
            for (size_t i = 0; i < n; i++) {
                double t = 2 * M_PI * (double)(k * i % n) / (double)n;
                re += x[i].re * cos(t) + x[i].im * sin(t);
                im += x[i].im * cos(t) - x[i].re * sin(t);
            }
            ORA_CHECK_NEAR(y[k].re, re, 1e-11);
            ORA_CHECK_NEAR(y[k].im, im, 1e-11);
        }
        free(x);
        free(y);
        ora_fft_destroy(&f);
    }
}
