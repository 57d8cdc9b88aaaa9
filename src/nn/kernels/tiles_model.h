/*
 * The tile instructions of AMX as plain C, after their documented operation (Intel SDM, TDPBF16PS and the
 * tile chapter), so that packing, data movement and epilogues are tested on any processor. What a processor
 * leaves undefined or faults on (a tile that is not configured, too many bytes a row) traps.
 *
 * TDPBF16PS sums the even and the odd members of the pairs apart, each a chain of fused multiply-adds from
 * zero in the order of pairs, adds the two, then adds that to the destination; every step rounds to nearest,
 * takes denormals as zero and flushes them, whatever MXCSR says.
 */
#ifndef ORA_NN_KERNELS_TILES_MODEL_H
#define ORA_NN_KERNELS_TILES_MODEL_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TILES = 8, TILE_ROWS = 16, TILE_ROW_BYTES = 64, TILE_LANES = TILE_ROW_BYTES / 4 };

struct tiles_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static _Thread_local struct {
    struct tiles_config config; /* palette 0: none */
    unsigned char tile[TILES][TILE_ROWS][TILE_ROW_BYTES];
} tiles;

#define TILES_FENCE              ((void)0)
#define TILE_ZERO(t)             tile_zero(t)
#define TILE_LOAD(t, p, stride)  tile_load(t, p, stride)
#define TILE_STORE(t, p, stride) tile_store(t, p, stride)
#define TILE_DPBF16(c, a, b)     tile_dpbf16(c, a, b)

static inline void tiles_begin(const struct tiles_config *c)
{
    memset(&tiles, 0, sizeof tiles);
    tiles.config = *c;
    if (c->palette != 1 || c->start_row != 0)
        __builtin_trap();
    for (int t = 0; t < 16; t++)
        if (c->row_bytes[t] > TILE_ROW_BYTES || c->rows[t] > TILE_ROWS || !c->row_bytes[t] != !c->rows[t] ||
            (t >= TILES && c->rows[t]))
            __builtin_trap();
}
static inline void tiles_end(void)
{
    memset(&tiles, 0, sizeof tiles);
}

static inline void tile_configured(int t)
{
    if (tiles.config.palette != 1 || tiles.config.rows[t] == 0)
        __builtin_trap();
}
static inline void tile_zero(int t)
{
    tile_configured(t);
    memset(tiles.tile[t], 0, sizeof tiles.tile[t]);
}
static inline void tile_load(int t, const void *p, ptrdiff_t stride)
{
    tile_zero(t);
    for (int i = 0; i < tiles.config.rows[t]; i++)
        memcpy(tiles.tile[t][i], (const char *)p + stride * i, tiles.config.row_bytes[t]);
}
static inline void tile_store(int t, void *p, ptrdiff_t stride)
{
    tile_configured(t);
    for (int i = 0; i < tiles.config.rows[t]; i++)
        memcpy((char *)p + stride * i, tiles.tile[t][i], tiles.config.row_bytes[t]);
}

static inline float tile_flushed(float v)
{
    return fabsf(v) < FLT_MIN ? copysignf(0.0f, v) : v;
}
static inline float tile_bf16(const unsigned char *row, int i)
{
    uint16_t half;
    float v;
    memcpy(&half, row + sizeof half * (size_t)i, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&v, &bits, sizeof v);
    return tile_flushed(v);
}

/* Do products of such values neither overflow nor underflow? Then they are exact in float, and a product and
 * a sum, which any compiler makes fast, round as the fused operation does. */
static inline bool tile_moderate(const float *v, int n)
{
    int bad = 0;
    for (int i = 0; i < n; i++) {
        float size = fabsf(v[i]);
        bad |= (size != 0) & !((size > 0x1p-60f) & (size < 0x1p60f));
    }
    return !bad;
}

/* A row of pairs times the members of all columns. */
static inline __attribute__((always_inline)) void
tile_chains(float *restrict even, float *restrict odd, const float *x, const float even_b[][TILE_LANES],
            const float odd_b[][TILE_LANES], int pairs, bool moderate)
{
    for (int k = 0; k < pairs; k++)
        for (int n = 0; n < TILE_LANES; n++) {
            float a = x[2 * k], b = x[2 * k + 1];
            float e = moderate ? a * even_b[k][n] + even[n] : __builtin_fmaf(a, even_b[k][n], even[n]);
            float o = moderate ? b * odd_b[k][n] + odd[n] : __builtin_fmaf(b, odd_b[k][n], odd[n]);
            even[n] = tile_flushed(e);
            odd[n] = tile_flushed(o);
        }
}

static inline __attribute__((always_inline)) void tile_dpbf16_with(int c, int a, int b)
{
    float even_b[TILE_ROWS][TILE_LANES], odd_b[TILE_ROWS][TILE_LANES];
    int pairs = tiles.config.row_bytes[a] / 4, lanes = tiles.config.row_bytes[c] / 4;
    tile_configured(a), tile_configured(b), tile_configured(c);
    if (tiles.config.rows[a] != tiles.config.rows[c] || tiles.config.rows[b] != pairs ||
        tiles.config.row_bytes[b] != tiles.config.row_bytes[c])
        __builtin_trap();
    for (int k = 0; k < pairs; k++)
        for (int n = 0; n < TILE_LANES; n++) {
            even_b[k][n] = tile_bf16(tiles.tile[b][k], 2 * n);
            odd_b[k][n] = tile_bf16(tiles.tile[b][k], 2 * n + 1);
        }
    bool moderate =
        tile_moderate(even_b[0], pairs * TILE_LANES) && tile_moderate(odd_b[0], pairs * TILE_LANES);
    for (int m = 0; m < tiles.config.rows[c]; m++) {
        float even[TILE_LANES] = {0}, odd[TILE_LANES] = {0}, sum[TILE_LANES], x[2 * TILE_LANES];
        for (int i = 0; i < 2 * pairs; i++)
            x[i] = tile_bf16(tiles.tile[a][m], i);
        if (moderate && tile_moderate(x, 2 * pairs))
            tile_chains(even, odd, x, even_b, odd_b, pairs, true);
        else
            tile_chains(even, odd, x, even_b, odd_b, pairs, false);
        memcpy(sum, tiles.tile[c][m], sizeof sum);
        for (int n = 0; n < lanes; n++)
            sum[n] = tile_flushed(tile_flushed(sum[n]) + tile_flushed(even[n] + odd[n]));
        memcpy(tiles.tile[c][m], sum, sizeof sum);
    }
}

/* The same operations in wider vectors where the processor has them: whole networks run over the model. */
#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,fma"))) static inline void tile_dpbf16_wide(int c, int a, int b)
{
    tile_dpbf16_with(c, a, b);
}
static inline bool tile_wide(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}
#else
#define tile_dpbf16_wide tile_dpbf16_with
static inline bool tile_wide(void)
{
    return false;
}
#endif

static inline void tile_dpbf16(int c, int a, int b)
{
    if (tile_wide())
        tile_dpbf16_wide(c, a, b);
    else
        tile_dpbf16_with(c, a, b);
}

/* VCVTNE2PS2BF16: to nearest, to even; denormals are zero. */
static inline uint16_t bf16_of(float v)
{
    uint32_t u;
    v = tile_flushed(v);
    memcpy(&u, &v, sizeof u);
    if (v != v)
        return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

static inline void bf16_half_row(uint16_t *hi, uint16_t *lo, const float *x)
{
    for (int i = 0; i < TILE_LANES; i++) {
        uint16_t half = bf16_of(x[i]);
        uint32_t bits = (uint32_t)half << 16;
        float rounded;
        memcpy(&rounded, &bits, sizeof rounded);
        hi[i] = half;
        if (lo)
            lo[i] = bf16_of(x[i] - rounded);
    }
}

static inline void bf16_row(uint16_t *hi, uint16_t *lo, v16 a, v16 b)
{
    float x[2 * TILE_LANES];
    v_store(x, a);
    v_store(x + TILE_LANES, b);
    bf16_half_row(hi, lo, x);
    bf16_half_row(hi + TILE_LANES, lo ? lo + TILE_LANES : NULL, x + TILE_LANES);
}

static inline v16 bf16_widen(const uint16_t *halves)
{
    float x[TILE_LANES];
    for (int i = 0; i < TILE_LANES; i++) {
        uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(&x[i], &bits, sizeof bits);
    }
    return v_load(x);
}

#endif
