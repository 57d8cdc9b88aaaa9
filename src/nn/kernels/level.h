/*
 * What levels share inside src/nn/kernels: the tables, the panel packer, and the tile that a direct level
 * implements. Not for layers or models.
 */
#ifndef ORA_NN_KERNELS_LEVEL_H
#define ORA_NN_KERNELS_LEVEL_H

#include "nn/kernels/kernels.h"

extern const struct ora_kernels ora_kernels_scalar;
extern const struct ora_kernels ora_kernels_blas;
#if defined(__x86_64__)
extern const struct ora_kernels ora_kernels_avx2;
extern const struct ora_kernels ora_kernels_avx512;
extern const struct ora_kernels ora_kernels_avx2_wino;
extern const struct ora_kernels ora_kernels_avx512_wino;
extern const struct ora_kernels ora_kernels_avx512_bf16;
extern const struct ora_kernels ora_kernels_amx_split;
extern const struct ora_kernels ora_kernels_amx;
#endif

/*
 * Panels: [out/W][in/16][tap][16 in][W out], W outputs side by side. When the number of 16-blocks is odd and
 * W is 32, the last panel is 16 wide. W = 0: all outputs in one panel (a row-major matrix
 * [in/16*taps*16][out]).
 */
size_t ora_panels_bytes(const struct ora_conv_spec *spec);
/* With spec->half two weights lie in a 32-bit word, [out/W][in/16][tap][8 pairs of in][W out]: inputs 2i and
 * 2i+1 of one output are its low and its high half, so that a shift and a mask widen a whole vector. */
void ora_panels_pack(void *dst, const struct ora_conv_spec *spec, int width);
void ora_panels_pack_rows(float *dst, struct ora_b16 x, int rows, int channels, bool transposed, int width);

/* Tiles of bfloat16 (pack_tiles.c); a weight is 1, 2 or 3 of them. */
size_t ora_tiles_bytes(const struct ora_conv_spec *spec, int parts);
void ora_tiles_pack(void *dst, const struct ora_conv_spec *spec, int parts);

/*
 * A tile: 1..max rows times one panel. Sums over `blocks` input blocks and all taps, starting from `bias` (or
 * from `part_in`), and either leaves partial sums in `part_out` or runs the epilogue. NULL pointers take no
 * part.
 */
struct ora_tile {
    const float *x; /* row 0 of the tile, input block 0 of this slice, tap 0 */
    size_t x_cbs;
    int blocks, taps;
    ptrdiff_t tap_step; /* floats from one tap's row to the next: 16*dilation */
    const float *w;     /* the panel at this slice; of half weights its words */
    const float *bias;
    const float *part_in;
    float *part_out;    /* [rows][panel width] */
    ptrdiff_t row_step; /* floats from one output row to the next: 16*row_step */
    float *y;
    size_t y_cbs;
    const float *res;
    size_t res_cbs;
    const float *add;
    size_t add_cbs;
    float *leaky;
    size_t leaky_cbs;
    float slope;
    bool relu;
};

#endif
