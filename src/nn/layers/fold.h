/*
 * Products and sums of weights, done once when a model is packed: two linear maps in a row become one. In
 * double, rounded to float at the end, in one fixed order: every machine packs the same bits.
 *
 *     double *sum = ora_xcalloc(m * n, sizeof *sum);
 *     ora_fold_add_product(sum, (struct ora_matrix){w2, k, 1}, (struct ora_matrix){w1, n, 1}, m, k, n);
 *     ora_fold_round(w, sum, m * n);                         // w x = w2 (w1 x)
 *
 * Strides are in floats, so that one tap of a convolution [out][in][taps] is a matrix too.
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_FOLD_H
#define ORA_NN_LAYERS_FOLD_H

#include <stddef.h>

/* A matrix inside a tensor: element (i, j) lies at p[i*row + j*column]. */
struct ora_matrix {
    const float *p;
    size_t row, column;
};

/* sum[m][n] += a[m][k] * b[k][n] */
void ora_fold_add_product(double *sum, struct ora_matrix a, struct ora_matrix b, size_t m, size_t k,
                          size_t n);
/* sum[m] += a[m][k] * v[k] */
void ora_fold_add_vector(double *sum, struct ora_matrix a, const float *v, size_t m, size_t k);
/* out = (float)sum */
void ora_fold_round(float *out, const double *sum, size_t n);

#endif
