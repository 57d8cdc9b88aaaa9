/*
 * Noise: standard normal deviates as a pure function of (key, tensor, row, column), so that they do not
 * depend on tiles, batches, layouts or threads. Philox4x32-10 gives the bits, Box-Muller makes four normals
 * of one block: counter = (column / 4, row, tensor, 0); the block's words 0,1 make columns 0 (cos) and 1
 * (sin), words 2,3 the others.
 */
#ifndef ORA_NN_NOISE_H
#define ORA_NN_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

/* tensor: which of a model's draws, numbered by the family. out[j * stride] = column first + j of the row, j
 * = 0..count-1. `first` is a multiple of 4. */
void ora_noise_row(struct ora_rng_key key, uint32_t tensor, uint32_t row, uint32_t first, size_t count,
                   size_t stride, float *out);

#endif
