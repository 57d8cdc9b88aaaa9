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

enum { SCRATCH_BYTES = 4 << 20, MOST_ROWS = 512, HALF_ROWS = 4, HALF_WORDS = ORA_LANES * ORA_LANES / 2 };

/* a[i][k]: the rows that output row t0+i sees, in the order of the packed weights (block, tap, channel). */
static void im2col(float *a, const struct ora_conv *c, const struct ora_conv_run *r, int t0, int n)
{
    for (int i = 0; i < n; i++)
        for (int b = 0; b < c->in_blocks; b++)
            for (int j = 0; j < c->taps; j++, a += ORA_LANES)
                memcpy(a, row_of(r->x, b, t0 + i + c->first + (ptrdiff_t)j * c->dilation),
                       sizeof(float) * ORA_LANES);
}

/* The epilogue of output row t, block b. */
static void finish_block(const struct ora_conv *c, const struct ora_conv_run *r, const float *sums, int b,
                         int t)
{
    const float *bias = r->bias ? r->bias : c->bias;
    ptrdiff_t row = (ptrdiff_t)t * (r->row_step ? r->row_step : 1);
    v16 v = v_add(v_load(sums), v_load(bias + ORA_LANES * b));
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

/* sums[rows][16]: one block of outputs of 1..HALF_ROWS rows by halves; a row's order knows no other row. */
static void half_block(float *sums, const struct ora_conv *c, const struct ora_conv_run *r, int block, int t0,
                       int rows)
{
    const uint32_t *w =
        (const uint32_t *)c->weights + (size_t)block * (size_t)c->in_blocks * (size_t)c->taps * HALF_WORDS;
    v16 acc[HALF_ROWS];
    for (int i = 0; i < HALF_ROWS; i++)
        acc[i] = v_set1(0.0f);
    for (int b = 0; b < c->in_blocks; b++)
        for (int j = 0; j < c->taps; j++) {
            const float *x = row_of(r->x, b, t0 + c->first + (ptrdiff_t)j * c->dilation);
            for (int lane = 0; lane < ORA_LANES; lane += 2, w += ORA_LANES) {
                i16 words = i_load(w);
                v16 low = v_of_bits(words << 16), high = v_of_bits(i_and(words, i_set1((int)0xffff0000)));
                for (int i = 0; i < HALF_ROWS; i++) {
                    const float *xi = x + (ptrdiff_t)ORA_LANES * (i < rows ? i : 0);
                    acc[i] = v_fma(v_set1(xi[lane]), low, acc[i]);
                    acc[i] = v_fma(v_set1(xi[lane + 1]), high, acc[i]);
                }
            }
        }
    for (int i = 0; i < rows; i++)
        v_store(sums + (ptrdiff_t)ORA_LANES * i, acc[i]);
}

/* Weights of half size: loops of our own, since a library's product wants floats; they are for few rows. */
static void conv_half(const struct ora_conv *c, const struct ora_conv_run *r)
{
    float sums[HALF_ROWS * ORA_LANES];
    for (int b = 0; b < c->out_blocks; b++)
        for (int t = 0, n; t < r->rows; t += n) {
            n = r->rows - t < HALF_ROWS ? r->rows - t : HALF_ROWS;
            half_block(sums, c, r, b, t, n);
            for (int i = 0; i < n; i++)
                finish_block(c, r, sums + (ptrdiff_t)ORA_LANES * i, b, t + i);
        }
}

static void op_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    if (c->half) {
        conv_half(c, r);
        return;
    }
    int k = c->in_blocks * c->taps * ORA_LANES, m = c->out_blocks * ORA_LANES;
    int most = (int)(SCRATCH_BYTES / sizeof(float)) / (k + m);
    most = most > MOST_ROWS ? MOST_ROWS : most;
    for (int t0 = 0; t0 < r->rows; t0 += most) {
        int n = r->rows - t0 < most ? r->rows - t0 : most;
        float *a = r->scratch, *sums = a + (size_t)n * (size_t)k;
        im2col(a, c, r, t0, n);
        ora_gemm(sums, a, c->weights, n, m, k);
        for (int i = 0; i < n; i++)
            for (int b = 0; b < c->out_blocks; b++)
                finish_block(c, r, sums + (size_t)i * (size_t)m + ORA_LANES * b, b, t0 + i);
    }
}

static void op_pack(void *dst, const struct ora_conv_spec *spec)
{
    ora_panels_pack(dst, spec, spec->half ? ORA_LANES : 0);
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
                                             .arithmetic = "f32-blas",
                                             .needs = "any processor; one type of it gives one set of bits",
                                             .available = available,
                                             .detail = ora_gemm_core,
                                             .scratch_bytes = SCRATCH_BYTES,
                                             .pack_bytes = ora_panels_bytes,
                                             .pack = op_pack,
                                             .pack_rows = op_pack_rows,
                                             .conv = op_conv,
                                             ORA_OPS_TABLE};
