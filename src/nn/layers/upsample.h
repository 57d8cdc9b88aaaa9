/*
 * The polyphase upsampler: a transposed convolution with kernel 2u, stride u, padding u/2 (HiFi-GAN, Kong et
 * al. 2020) as u two-tap convolutions, each writing every u-th row. No zero-stuffing, no scatter.
 */
#ifndef ORA_NN_LAYERS_UPSAMPLE_H
#define ORA_NN_LAYERS_UPSAMPLE_H

#include "nn/kernels/pack.h"

/* Output rows [from, to), counted from the row that x's row 0 gives: output row r lies at row r of y and
 * leaky. Reads the rows of x that ora_upsample_reads names: beyond the true ends they must be zero rows. run:
 * y, leaky, slope, scratch (and res, add if wanted) hold, and the place of x's row 0: row, in output
 * rows, of total; x, rows, row_step are set here. */
void ora_upsample_forward(const struct ora_kernels *k, const struct ora_upsampler *u, struct ora_b16 x,
                          int from, int to, const struct ora_conv_run *run);

/* The input rows that output rows `out` of `total` are made from; the first may be -1, the last that of the
 * zero row behind the input. */
struct ora_rows ora_upsample_reads(const struct ora_upsampler *u, struct ora_rows out, int total);

/* The rows that come with output rows [.., end): up to the end of a group, where rows are made in groups. */
int ora_upsample_group_end(const struct ora_upsampler *u, int end, int total);

#endif
