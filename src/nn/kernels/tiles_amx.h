/*
 * The tile instructions of AMX. Tiles are named by literals 0 … 7.
 *
 * GCC's macros do not say which memory an instruction reads, so TILES_FENCE stands between ordinary stores
 * and tile loads, and between tile stores and ordinary loads. Private to the level's .c file.
 */
#ifndef ORA_NN_KERNELS_TILES_AMX_H
#define ORA_NN_KERNELS_TILES_AMX_H

#include <immintrin.h>
#include <stdint.h>

#define TILES_FENCE              __asm__ volatile("" ::: "memory")
#define TILE_ZERO(t)             _tile_zero(t)
#define TILE_LOAD(t, p, stride)  _tile_loadd(t, p, stride)
#define TILE_STORE(t, p, stride) _tile_stored(t, p, stride)
#define TILE_DPBF16(c, a, b)     _tile_dpbf16ps(c, a, b)

/* The operand of ldtilecfg. */
struct tiles_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static inline void tiles_begin(const struct tiles_config *c)
{
    TILES_FENCE;
    _tile_loadconfig(c);
}
static inline void tiles_end(void)
{
    _tile_release();
}

/* 32 floats to the nearest bfloat16, to even; lo, where given, takes what is left. */
static inline void bf16_row(uint16_t *hi, uint16_t *lo, v16 a, v16 b)
{
    __m512i h = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    _mm512_storeu_si512(hi, h);
    if (!lo)
        return;
    __m512i low = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(h)), 16);
    __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(h, 1)), 16);
    __m512 left_a = _mm512_sub_ps(a, _mm512_castsi512_ps(low));
    __m512 left_b = _mm512_sub_ps(b, _mm512_castsi512_ps(high));
    _mm512_storeu_si512(lo, (__m512i)_mm512_cvtne2ps_pbh(left_b, left_a));
}

#endif
