/*
 * Level "avx2": AVX2 and FMA, tiles of 6 rows x 16 outputs (12 accumulators, 2 weights, 1 broadcast of 16
 * registers).
 */
#include <string.h>

#include "nn/kernels/level.h"
#include "nn/kernels/rows.h"
#include "nn/kernels/vec_avx2.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"

#define PANEL     16
#define TILE_ROWS 6

#define REG         __m256
#define LOAD(p)     _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SET1(f)     _mm256_set1_ps(f)
#define ADD         _mm256_add_ps
#define SUB         _mm256_sub_ps
#define MUL         _mm256_mul_ps
#define MAX         _mm256_max_ps
#define FMA         _mm256_fmadd_ps
#define FNMA        _mm256_fnmadd_ps
#define LOAD_LOW(p) _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_loadu_si256((const void *)(p)), 16))
#define LOAD_HIGH(p)                                                                                         \
    _mm256_castsi256_ps(                                                                                     \
        _mm256_and_si256(_mm256_loadu_si256((const void *)(p)), _mm256_set1_epi32((int)0xffff0000)))
#define VECTOR      8
#define WIDTH       16
#define SECOND(cbs) VECTOR
#define BOTH(...)   __VA_ARGS__
#include "nn/kernels/tile.inl"

#define DEFINE_TILES                                                                                         \
    DEFINE_TILE(1)                                                                                           \
    DEFINE_TILE(2)                                                                                           \
    DEFINE_TILE(3)                                                                                           \
    DEFINE_TILE(4)                                                                                           \
    DEFINE_TILE(5)                                                                                           \
    DEFINE_TILE(6)

#define NAME(n)    tile_##n
#define WEIGHTS(n) FLOAT_WEIGHTS(n)
DEFINE_TILES
#undef NAME
#undef WEIGHTS

#define NAME(n)    half_##n
#define WEIGHTS(n) HALF_WEIGHTS(n)
DEFINE_TILES

static void run_tile(const struct ora_tile *t, int rows, int blocks, bool half)
{
    static void (*const tiles[2][TILE_ROWS])(const struct ora_tile *) = {
        {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6},
        {half_1, half_2, half_3, half_4, half_5, half_6},
    };
    (void)blocks; /* a panel is one block */
    tiles[half][rows - 1](t);
}

#include "nn/kernels/conv.inl"
#include "nn/kernels/wino.inl"

static bool available(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_avx2 = {.name = "avx2",
                                             .arithmetic = "f32-direct",
                                             .needs = "AVX2, FMA",
                                             .available = available,
                                             .detail = detail,
                                             ORA_CONV_TABLE,
                                             ORA_OPS_TABLE};

const struct ora_kernels ora_kernels_avx2_wino = {.name = "avx2-wino",
                                                  .arithmetic = "f32-wino",
                                                  .needs = "AVX2, FMA",
                                                  .by_name = true,
                                                  .available = available,
                                                  .detail = detail,
                                                  ORA_WINO_TABLE,
                                                  ORA_OPS_TABLE};
