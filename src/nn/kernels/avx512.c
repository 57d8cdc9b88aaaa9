/*
 * Level "avx512": AVX-512 F, BW, VL, DQ, tiles of 14 rows x 32 outputs (28 accumulators, 2 weights, 1
 * broadcast of 32 registers); an odd last panel runs 14 x 16.
 */
#include <string.h>

#include "nn/kernels/level.h"
#include "nn/kernels/rows.h"
#include "nn/kernels/vec_avx512.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"

#define PANEL     32
#define TILE_ROWS 14

#define REG         __m512
#define LOAD(p)     _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SET1(f)     _mm512_set1_ps(f)
#define ADD         _mm512_add_ps
#define SUB         _mm512_sub_ps
#define MUL         _mm512_mul_ps
#define MAX         _mm512_max_ps
#define FMA         _mm512_fmadd_ps
#define FNMA        _mm512_fnmadd_ps
#define LOAD_LOW(p) _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16))
#define LOAD_HIGH(p)                                                                                         \
    _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32((int)0xffff0000)))
#define VECTOR      16
#define SECOND(cbs) (cbs)

#define DEFINE_TILES                                                                                         \
    DEFINE_TILE(1)                                                                                           \
    DEFINE_TILE(2)                                                                                           \
    DEFINE_TILE(3)                                                                                           \
    DEFINE_TILE(4)                                                                                           \
    DEFINE_TILE(5)                                                                                           \
    DEFINE_TILE(6)                                                                                           \
    DEFINE_TILE(7)                                                                                           \
    DEFINE_TILE(8)                                                                                           \
    DEFINE_TILE(9)                                                                                           \
    DEFINE_TILE(10)                                                                                          \
    DEFINE_TILE(11)                                                                                          \
    DEFINE_TILE(12)                                                                                          \
    DEFINE_TILE(13)                                                                                          \
    DEFINE_TILE(14)

#include "nn/kernels/tile.inl"

#define WIDTH      32
#define BOTH(...)  __VA_ARGS__
#define NAME(n)    wide_##n
#define WEIGHTS(n) FLOAT_WEIGHTS(n)
DEFINE_TILES
#undef NAME
#undef WEIGHTS
#define NAME(n)    half_wide_##n
#define WEIGHTS(n) HALF_WEIGHTS(n)
DEFINE_TILES
#undef WIDTH
#undef BOTH
#undef NAME
#undef WEIGHTS

#define WIDTH 16
#define BOTH(...)
#define NAME(n)    narrow_##n
#define WEIGHTS(n) FLOAT_WEIGHTS(n)
DEFINE_TILES
#undef NAME
#undef WEIGHTS
#define NAME(n)    half_narrow_##n
#define WEIGHTS(n) HALF_WEIGHTS(n)
DEFINE_TILES

#define FAMILY(f)                                                                                            \
    {                                                                                                        \
        f##_1, f##_2, f##_3, f##_4, f##_5, f##_6, f##_7, f##_8, f##_9, f##_10, f##_11, f##_12, f##_13,       \
            f##_14                                                                                           \
    }

static void run_tile(const struct ora_tile *t, int rows, int blocks, bool half)
{
    static void (*const tiles[2][2][TILE_ROWS])(const struct ora_tile *) = {
        {FAMILY(narrow), FAMILY(wide)},
        {FAMILY(half_narrow), FAMILY(half_wide)},
    };
    tiles[half][blocks - 1][rows - 1](t);
}

#include "nn/kernels/conv.inl"
#include "nn/kernels/wino.inl"

static bool available(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_avx512 = {.name = "avx512",
                                               .arithmetic = "f32-direct",
                                               .needs = "AVX-512 F, BW, VL, DQ",
                                               .available = available,
                                               .detail = detail,
                                               ORA_CONV_TABLE,
                                               ORA_OPS_TABLE};

const struct ora_kernels ora_kernels_avx512_wino = {.name = "avx512-wino",
                                                    .arithmetic = "f32-wino",
                                                    .needs = "AVX-512 F, BW, VL, DQ",
                                                    .by_name = true,
                                                    .available = available,
                                                    .detail = detail,
                                                    ORA_WINO_TABLE,
                                                    ORA_OPS_TABLE};
