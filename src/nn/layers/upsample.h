/*
 * The polyphase upsampler: a transposed convolution with kernel 2u, stride u, padding u/2 (HiFi-GAN, Kong et
 * al. 2020) as u two-tap convolutions, each writing every u-th row. No zero-stuffing, no scatter.
 */
#ifndef ORA_NN_LAYERS_UPSAMPLE_H
#define ORA_NN_LAYERS_UPSAMPLE_H

#include "nn/kernels/pack.h"

/* Output rows [from, to), counted from the row that x's row 0 gives: output row r lies at row r of y and
 * leaky. Reads x rows floor((from - u/2)/u) to floor((to-1 + u/2)/u): beyond the true ends they must be zero
 * rows. run: y, leaky, slope, scratch (and bias, res, add if wanted) hold; x, rows, row_step are set here. */
void ora_upsample_forward(const struct ora_kernels *k, const struct ora_upsampler *u, struct ora_b16 x,
                          int from, int to, const struct ora_conv_run *run);

#endif
