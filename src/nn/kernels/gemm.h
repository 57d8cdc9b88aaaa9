/*
 * OpenBLAS, behind one function: the only file that sees cblas.h is gemm.c.
 * Linked statically in its serial flavour: by its soname the alternatives system would choose another at run
 * time.
 */
#ifndef ORA_NN_KERNELS_GEMM_H
#define ORA_NN_KERNELS_GEMM_H

/* c[m][n] = a[m][k] * b[k][n], all row-major and dense. Rounding depends on OpenBLAS's core. */
void ora_gemm(float *c, const float *a, const float *b, int m, int n, int k);
const char *ora_gemm_core(void); /* "Zen", "SkylakeX", … */

#endif
