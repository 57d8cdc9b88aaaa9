/*
 * B16 buffers: size, placing in given memory, views, and the zero rows round the true ends.
 *
 *     size_t n = ora_b16_floats(192, T, 2);                  // floats for 192 channels, T rows, halo 2
 *     struct ora_b16 x = ora_b16_place(ora_arena_floats(a, n), T, 2);
 *     ora_b16_clear_halo(x, 192, T, 2);                      // after each reuse of the memory
 *
 * Kernels never write outside the rows they are asked for, so the halo of a buffer that keeps its T stays
 * zero. Ownership: a view owns nothing. Errors: sizes that overflow give SIZE_MAX, which no arena grants.
 */
#ifndef ORA_NN_KERNELS_B16_H
#define ORA_NN_KERNELS_B16_H

#include <string.h>

#include "base/mem.h"
#include "nn/kernels/kernels.h"

/* Floats of a buffer of `channels` channels and rows + 2*halo rows; SIZE_MAX on overflow. */
static inline size_t ora_b16_floats(int channels, size_t rows, size_t halo)
{
    size_t n;
    if (!ora_size_mul(halo, 2, &n) || !ora_size_add(n, rows, &n) || !ora_size_mul(n, ORA_LANES, &n) ||
        !ora_size_mul(n, (size_t)ora_blocks(channels), &n))
        return SIZE_MAX;
    return n;
}

/* The view of such a buffer at mem (64-byte aligned); row 0 is the first after the halo. */
static inline struct ora_b16 ora_b16_place(float *mem, size_t rows, size_t halo)
{
    return (struct ora_b16){mem ? mem + ORA_LANES * halo : NULL, ORA_LANES * (rows + 2 * halo)};
}

/* The same tensor seen from row `row` (may be negative) and channel block `block`. */
static inline struct ora_b16 ora_b16_at(struct ora_b16 x, int block, ptrdiff_t row)
{
    return (struct ora_b16){x.p + (size_t)block * x.cbs + ORA_LANES * row, x.cbs};
}

/* Element (row, channel): for tests and small edges. */
static inline float *ora_b16_element(struct ora_b16 x, ptrdiff_t row, int channel)
{
    return x.p + (size_t)(channel / ORA_LANES) * x.cbs + ORA_LANES * row + channel % ORA_LANES;
}

/* Zeroes rows [from, to) of all blocks. */
static inline void ora_b16_clear_rows(struct ora_b16 x, int channels, ptrdiff_t from, ptrdiff_t to)
{
    if (to <= from)
        return;
    for (int b = 0; b < ora_blocks(channels); b++)
        memset(x.p + (size_t)b * x.cbs + ORA_LANES * from, 0,
               sizeof(float) * ORA_LANES * (size_t)(to - from));
}

/* Zeroes the halo rows before row 0 and from row `rows` on. */
static inline void ora_b16_clear_halo(struct ora_b16 x, int channels, ptrdiff_t rows, ptrdiff_t halo)
{
    ora_b16_clear_rows(x, channels, -halo, 0);
    ora_b16_clear_rows(x, channels, rows, rows + halo);
}

#endif
