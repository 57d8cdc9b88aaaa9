/* OpenBLAS. See gemm.h. */
#include "nn/kernels/gemm.h"

#include <cblas.h>

void ora_gemm(float *c, const float *a, const float *b, int m, int n, int k)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, k, b, n, 0.0f, c, n);
}

const char *ora_gemm_core(void)
{
    return openblas_get_corename();
}
