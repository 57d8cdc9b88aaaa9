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

#include "nn/kernels/bf16_avx512.h"

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

#endif
