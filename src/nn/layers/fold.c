/* The product runs four rows of b at a time over a stretch of a row of the sum, which the compiler turns into
 * vectors; the order of the additions does not depend on the stretch. */
#include "nn/layers/fold.h"

#include <stdlib.h>

#include "base/mem.h"

enum { STRETCH = 512, AT_ONCE = 4 };

static void add_four(double *restrict sum, const double *restrict b, size_t ld, const double a[AT_ONCE],
                     size_t n)
{
    for (size_t j = 0; j < n; j++)
        sum[j] += (a[0] * b[j] + a[1] * b[ld + j]) + (a[2] * b[2 * ld + j] + a[3] * b[3 * ld + j]);
}

static void add_one(double *restrict sum, const double *restrict b, double a, size_t n)
{
    for (size_t j = 0; j < n; j++)
        sum[j] += a * b[j];
}

static double element(struct ora_matrix a, size_t i, size_t j)
{
    return (double)a.p[i * a.row + j * a.column];
}

void ora_fold_add_product(double *sum, struct ora_matrix a, struct ora_matrix b, size_t m, size_t k, size_t n)
{
    double *dense = ora_xmalloc(sizeof *dense * k * n);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < n; j++)
            dense[i * n + j] = element(b, i, j);
    for (size_t j0 = 0; j0 < n; j0 += STRETCH) {
        size_t w = n - j0 < STRETCH ? n - j0 : STRETCH;
        for (size_t i = 0; i < m; i++) {
            double *to = sum + i * n + j0;
            size_t l = 0;
            for (; l + AT_ONCE <= k; l += AT_ONCE) {
                double four[AT_ONCE] = {element(a, i, l), element(a, i, l + 1), element(a, i, l + 2),
                                        element(a, i, l + 3)};
                add_four(to, dense + l * n + j0, n, four, w);
            }
            for (; l < k; l++)
                add_one(to, dense + l * n + j0, element(a, i, l), w);
        }
    }
    free(dense);
}

void ora_fold_add_vector(double *sum, struct ora_matrix a, const float *v, size_t m, size_t k)
{
    for (size_t i = 0; i < m; i++)
        for (size_t l = 0; l < k; l++)
            sum[i] += element(a, i, l) * (double)v[l];
}

void ora_fold_round(float *out, const double *sum, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)sum[i];
}
