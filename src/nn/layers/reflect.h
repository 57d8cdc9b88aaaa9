/*
 * Reflect padding of B16 rows: row -i is row i, row n-1+i is row n-1-i. A tensor shorter than the padding is
 * first lengthened by zero rows, as PyTorch models of the EnCodec line do it.
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_REFLECT_H
#define ORA_NN_LAYERS_REFLECT_H

#include "nn/kernels/b16.h"

/* The row that stands at row `i` of a reflected tensor of n rows, whose larger padding is `most`; -1: a zero
 * row. */
static inline int ora_reflected(int i, int n, int most)
{
    int length = n > most ? n : most + 1;
    i = i < 0 ? -i : i;
    i = i >= length ? 2 * (length - 1) - i : i;
    return i < n ? i : -1;
}

/* Fills rows [-left, 0) and [n, n + right). The buffer's halo has room for them. */
void ora_reflect_rows(struct ora_b16 x, int channels, int n, int left, int right);

#endif
