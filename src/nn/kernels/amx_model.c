/* Levels "amx-split" and "amx" over the model of the tile instructions: for tests, on any processor. */
#include "nn/kernels/amx_model.h"

#include <string.h>

#include "nn/kernels/level.h"
#include "nn/kernels/vec_portable.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"
#include "nn/kernels/tiles_model.h"

/* What runs strict layers: any level of floats, all have the same bits. */
static const struct ora_kernels *direct(void)
{
    const struct ora_kernels *k = ora_kernels_find("auto", NULL);
    return k ? k : &ora_kernels_scalar;
}
#define DIRECT (*direct())
#include "nn/kernels/amx.inl"

static bool available(void)
{
    return true;
}
static const char *detail(void)
{
    return "model";
}

const struct ora_kernels ora_kernels_amx_split_model = {.name = "amx-split",
                                                        .arithmetic = "split",
                                                        .needs = AMX_NEEDS,
                                                        .available = available,
                                                        .detail = detail,
                                                        SPLIT_LEVEL};
const struct ora_kernels ora_kernels_amx_model = {.name = "amx",
                                                  .arithmetic = "plain",
                                                  .needs = AMX_NEEDS,
                                                  .available = available,
                                                  .detail = detail,
                                                  AMX_LEVEL};
