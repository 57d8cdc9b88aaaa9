/*
 * The AMX levels over a software model of the tile instructions, hundreds of times slower than a processor's.
 * Linked into tests only; not in the list of levels.
 */
#ifndef ORA_NN_KERNELS_AMX_MODEL_H
#define ORA_NN_KERNELS_AMX_MODEL_H

#include "nn/kernels/kernels.h"

extern const struct ora_kernels ora_kernels_amx_split_model;
extern const struct ora_kernels ora_kernels_amx_model;

#endif
