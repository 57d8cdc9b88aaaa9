/*
 * Level "blas": the portable level, for processors without AVX2. A convolution is im2col and one OpenBLAS
 * product for a chunk of rows, then a pass for the epilogue; everything else is plain C that the compiler
 * vectorises. Products and sums are rounded apart, and OpenBLAS chooses its order by processor and by size,
 * so bits are its own (detail() tells the core) and may depend on how rows are cut into calls.
 */
#include <string.h>

#define VEC_UNFUSED
#include "nn/kernels/gemm.h"
#include "nn/kernels/level.h"
#include "nn/kernels/vec_portable.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"

enum { SCRATCH_BYTES = 4 << 20, MOST_ROWS = 512 };

/* a[i][k]: the rows that output row t0+i sees, in the order of the packed weights (block, tap, channel). */
static void im2col(float *a, const struct ora_conv *c, const struct ora_conv_run *r, int t0, int n)
{
    for (int i = 0; i < n; i++)
        for (int b = 0; b < c->in_blocks; b++)
            for (int j = 0; j < c->taps; j++, a += ORA_LANES)
                memcpy(a, row_of(r->x, b, t0 + i + c->first + (ptrdiff_t)j * c->dilation),
                       sizeof(float) * ORA_LANES);
}

static void finish_row(const struct ora_conv *c, const struct ora_conv_run *r, const float *sums, int t)
{
    const float *bias = r->bias ? r->bias : c->bias;
    ptrdiff_t row = (ptrdiff_t)t * (r->row_step ? r->row_step : 1);
    for (int b = 0; b < c->out_blocks; b++) {
        v16 v = v_add(v_load(sums + ORA_LANES * b), v_load(bias + ORA_LANES * b));
        if (r->res.p)
            v = v_add(v, v_load(row_of(r->res, b, row)));
        if (r->add.p)
            v = v_add(v, v_load(row_of(r->add, b, row)));
        v = v_act(v, r->fn);
        if (r->y.p)
            v_store(row_at(r->y, b, row), v);
        if (r->leaky.p)
            v_store(row_at(r->leaky, b, row), v_leaky(v, v_set1(r->slope)));
    }
}

static void op_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    int k = c->in_blocks * c->taps * ORA_LANES, m = c->out_blocks * ORA_LANES;
    int most = (int)(SCRATCH_BYTES / sizeof(float)) / (k + m);
    most = most > MOST_ROWS ? MOST_ROWS : most;
    for (int t0 = 0; t0 < r->rows; t0 += most) {
        int n = r->rows - t0 < most ? r->rows - t0 : most;
        float *a = r->scratch, *sums = a + (size_t)n * (size_t)k;
        im2col(a, c, r, t0, n);
        ora_gemm(sums, a, c->weights, n, m, k);
        for (int i = 0; i < n; i++)
            finish_row(c, r, sums + (size_t)i * (size_t)m, t0 + i);
    }
}

static size_t op_pack_bytes(int in, int out, int taps)
{
    return ora_panels_bytes(in, out, taps);
}
static void op_pack(void *dst, const struct ora_conv_spec *spec)
{
    ora_panels_pack(dst, spec, 0);
}
static void op_pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    ora_panels_pack_rows(dst, x, rows, channels, transposed, 0);
}

static bool available(void)
{
    return true;
}

const struct ora_kernels ora_kernels_blas = {.name = "blas",
                                             .available = available,
                                             .detail = ora_gemm_core,
                                             .scratch_bytes = SCRATCH_BYTES,
                                             .pack_bytes = op_pack_bytes,
                                             .pack = op_pack,
                                             .pack_rows = op_pack_rows,
                                             .conv = op_conv,
                                             ORA_OPS_TABLE};
