/*
 * Level "avx512-bf16": the avx512-wino level, but for tolerant layers of one tap, which are products of
 * bfloat16 (vdpbf16ps: two multiply-adds a lane). Convolutions stay in floats because Winograd is as quick
 * there and 60 dB better. Some processors run vdpbf16ps at half the rate of FMA (Granite Rapids), others at
 * twice the rate (Zen 4): a probe of a millisecond decides whether the level is available. Taken by name
 * only, because it gives up accuracy (some 56 dB a layer).
 *
 * Tiles of 14 rows x 32 outputs, as in avx512: 28 accumulators, two vectors of weights, one pair of inputs
 * broadcast. Weights lie as tiles of bfloat16 (pack_tiles.c).
 */
#include <cpuid.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "nn/kernels/level.h"
#include "nn/kernels/rows.h"
#include "nn/kernels/vec_avx512.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"
#include "nn/kernels/bf16_avx512.h"

enum { BLOCK_ROWS = 14, EVEN_TAILS = 1 };
#include "nn/kernels/bf16_conv.inl"

/* ---- the product
 * -------------------------------------------------------------------------------------------- */

#define DECLARE(i)   __m512 a##i, b##i;
#define FROM_ZERO(i) a##i = b##i = _mm512_setzero_ps();
#define FROM_SUMS(i)                                                                                         \
    a##i = _mm512_loadu_ps(p->from + WIDTH * (i));                                                           \
    b##i = _mm512_loadu_ps(p->from + WIDTH * (i) + ORA_LANES);
#define STEP(i)                                                                                              \
    {                                                                                                        \
        __m512bh v = (__m512bh)_mm512_set1_epi32(x[ORA_LANES * (i)]);                                        \
        a##i = _mm512_dpbf16_ps(a##i, w0, v);                                                                \
        b##i = _mm512_dpbf16_ps(b##i, w1, v);                                                                \
    }
#define TO_SUMS(i)                                                                                           \
    _mm512_storeu_ps(p->to + WIDTH * (i), a##i);                                                             \
    _mm512_storeu_ps(p->to + WIDTH * (i) + ORA_LANES, b##i);

#define FETCH(i) __builtin_prefetch(next + WIDTH * (i));

/* a pair of inputs as one word */
typedef int32_t pair __attribute__((may_alias));

#define DEFINE_PRODUCT(n)                                                                                    \
    static void product_##n(const struct product *p)                                                         \
    {                                                                                                        \
        const uint16_t *w = p->w;                                                                            \
        ROWS_##n(DECLARE);                                                                                   \
        if (p->from) {                                                                                       \
            ROWS_##n(FROM_SUMS);                                                                             \
        } else {                                                                                             \
            ROWS_##n(FROM_ZERO);                                                                             \
        }                                                                                                    \
        for (int block = 0; block < p->blocks; block++) {                                                    \
            const uint16_t *row = p->hi + (size_t)block * p->cbs;                                            \
            const uint16_t *next = row + p->cbs;                                                             \
            ROWS_##n(FETCH);                                                                                 \
            for (int tap = 0; tap < p->taps; tap++, row += p->tap_step, w += TILE_WEIGHTS) {                 \
                const pair *x = (const pair *)row;                                                           \
                for (int i = 0; i < ORA_LANES; i++, x++, w += WIDTH) {                                       \
                    __m512bh w0 = (__m512bh)_mm512_loadu_si512(w);                                           \
                    __m512bh w1 = (__m512bh)_mm512_loadu_si512(w + TILE_WEIGHTS);                            \
                    ROWS_##n(STEP);                                                                          \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
        ROWS_##n(TO_SUMS);                                                                                   \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)
DEFINE_PRODUCT(5)
DEFINE_PRODUCT(6)
DEFINE_PRODUCT(7)
DEFINE_PRODUCT(8)
DEFINE_PRODUCT(9)
DEFINE_PRODUCT(10)
DEFINE_PRODUCT(11)
DEFINE_PRODUCT(12)
DEFINE_PRODUCT(13)
DEFINE_PRODUCT(14)

static void multiply(const struct product *p, enum arithmetic a, struct outcome *o, unsigned mode)
{
    static void (*const products[BLOCK_ROWS])(const struct product *) = {
        product_1, product_2, product_3,  product_4,  product_5,  product_6,  product_7,
        product_8, product_9, product_10, product_11, product_12, product_13, product_14};
    (void)a, (void)o, (void)mode; /* plain; the registers are full, the block before is finished afterwards */
    products[p->rows - 1](p);
}

/* ---- the level
 * ---------------------------------------------------------------------------------------------- */

#define FLOATS ora_kernels_avx512_wino

static bool by_halves(bool tolerant, int taps)
{
    return tolerant && taps == 1;
}
static size_t pack_bytes(const struct ora_conv_spec *s)
{
    return by_halves(s->tolerant, s->taps) ? ora_tiles_bytes(s, 1) : FLOATS.pack_bytes(s);
}
static void pack(void *dst, const struct ora_conv_spec *s)
{
    if (by_halves(s->tolerant, s->taps))
        ora_tiles_pack(dst, s, 1);
    else
        FLOATS.pack(dst, s);
}
static int grid(const struct ora_conv_spec *s)
{
    return by_halves(s->tolerant, s->taps) ? 0 : FLOATS.grid(s);
}
static enum ora_operands takes(const struct ora_conv_spec *s)
{
    return by_halves(s->tolerant, s->taps) ? ORA_OPERANDS_HI : ORA_OPERANDS_NONE;
}
static void pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    FLOATS.pack_rows(dst, x, rows, channels, transposed);
}
static void conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    if (by_halves(c->tolerant, c->taps))
        bf16_conv(c, r, PLAIN, run_plain);
    else
        FLOATS.conv(c, r);
}

/* ---- does it pay here?
 * -------------------------------------------------------------------------------------- */

enum { CHAINS = 12, PROBE_STEPS = 2000, PROBE_ROUNDS = 8 };
#define WORTH 1.3 /* times the rate of FMA: what conversion and lost accuracy ask for */

#define PROBE(name, step)                                                                                    \
    static double name(void)                                                                                 \
    {                                                                                                        \
        __m512 c[CHAINS], v = _mm512_set1_ps(0x1p-20f);                                                      \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = v;                                  \
        double t0 = ora_clock_thread_cpu_s();                                                                \
        for (int s = 0; s < PROBE_STEPS; s++) {                                                              \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++)                                        \
            {                                                                                                \
                c[i] = step;                                                                                 \
                __asm__ volatile("" : "+v"(c[i]));                                                           \
            }                                                                                                \
        }                                                                                                    \
        return ora_clock_thread_cpu_s() - t0;                                                                \
    }
PROBE(probe_fma, _mm512_fmadd_ps(v, v, c[i]))
PROBE(probe_bf16, _mm512_dpbf16_ps(c[i], (__m512bh)_mm512_castps_si512(v), (__m512bh)_mm512_castps_si512(v)))

/* The quickest of some rounds each, so that a neighbour's load does not decide. */
static bool pays(void)
{
    double fma = 1e9, bf16 = 1e9;
    for (int i = 0; i < PROBE_ROUNDS; i++) {
        double a = probe_fma(), b = probe_bf16();
        fma = a < fma ? a : fma;
        bf16 = b < bf16 ? b : bf16;
    }
    return 2 * fma > WORTH * bf16;
}

static bool available(void)
{
    static _Atomic int known; /* 0: not asked yet, 1: no, 2: yes */
    unsigned a, b, c, d;
    int answer = atomic_load(&known);
    if (answer == 0) {
        bool has = ora_kernels_avx512.available() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
        answer = has && pays() ? 2 : 1;
        atomic_store(&known, answer);
    }
    return answer == 2;
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_avx512_bf16 = {
    .name = "avx512-bf16",
    .arithmetic = "plain-dp",
    .needs = "AVX-512 F, BW, VL, DQ and BF16 that is faster than FMA",
    .by_name = true,
    .available = available,
    .detail = detail,
    .scratch_bytes = BF16_SCRATCH_BYTES,
    .operands = ORA_OPERANDS_HI,
    .operand = bf16_operand,
    .takes = takes,
    .grid = grid,
    .pack_bytes = pack_bytes,
    .pack = pack,
    .pack_rows = pack_rows,
    .pack_rows_tolerant = bf16_pack_rows,
    .conv = conv,
    ORA_OPS_TABLE};
