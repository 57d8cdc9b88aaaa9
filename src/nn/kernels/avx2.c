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
#define MUL         _mm256_mul_ps
#define MAX         _mm256_max_ps
#define FMA         _mm256_fmadd_ps
#define VECTOR      8
#define WIDTH       16
#define SECOND(cbs) VECTOR
#define BOTH(...)   __VA_ARGS__
#define NAME(n)     tile_##n
#include "nn/kernels/tile.inl"

DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)

static void run_tile(const struct ora_tile *t, int rows, int blocks)
{
    static void (*const tiles[])(const struct ora_tile *) = {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};
    (void)blocks; /* a panel is one block */
    tiles[rows - 1](t);
}

#include "nn/kernels/conv.inl"

static bool available(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_avx2 = {
    .name = "avx2", .available = available, .detail = detail, ORA_CONV_TABLE, ORA_OPS_TABLE};
