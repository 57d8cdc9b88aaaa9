/*
 * Level "scalar": plain C, fused multiply-adds by fmaf. Not for speed: the reference whose bits avx2 and
 * avx512 must give, runnable on any processor.
 */
#include <math.h>

#include "nn/kernels/level.h"
#include "nn/kernels/vec_portable.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"

#define PANEL     16
#define TILE_ROWS 8

/* PANEL weights of input c: floats, or the halves of words that inputs 2i and 2i+1 share. */
static const float *weights_of(const float *w, int c, bool half, float room[PANEL])
{
    uint32_t word;
    if (!half)
        return w + PANEL * c;
    for (int o = 0; o < PANEL; o++) {
        memcpy(&word, w + PANEL * (c / 2) + o, sizeof word);
        word = c % 2 ? word & 0xffff0000u : word << 16;
        memcpy(&room[o], &word, sizeof word);
    }
    return room;
}

static void run_row(const struct ora_tile *t, int row, bool half)
{
    float acc[ORA_LANES], room[PANEL];
    memcpy(acc, t->part_in ? t->part_in + PANEL * row : t->bias, sizeof acc);
    const float *w = t->w;
    for (int b = 0; b < t->blocks; b++)
        for (int j = 0; j < t->taps; j++) {
            const float *x = t->x + (size_t)b * t->x_cbs + (ptrdiff_t)j * t->tap_step + ORA_LANES * row;
            for (int c = 0; c < ORA_LANES; c++) {
                const float *wc = weights_of(w, c, half, room);
                for (int o = 0; o < PANEL; o++)
                    acc[o] = fmaf(x[c], wc[o], acc[o]);
            }
            w += half ? PANEL * ORA_LANES / 2 : PANEL * ORA_LANES;
        }
    if (t->part_out) {
        memcpy(t->part_out + PANEL * row, acc, sizeof acc);
        return;
    }
    for (int o = 0; o < PANEL; o++) {
        ptrdiff_t at = t->row_step * row + o;
        float v = acc[o];
        if (t->res)
            v += t->res[at];
        if (t->add)
            v += t->add[at];
        if (t->relu)
            v = v > 0.0f ? v : 0.0f;
        if (t->y)
            t->y[at] = v;
        if (t->leaky) {
            float s = v * t->slope;
            t->leaky[at] = v > s ? v : s;
        }
    }
}

static void run_tile(const struct ora_tile *t, int rows, int blocks, bool half)
{
    (void)blocks; /* a panel is one block */
    for (int i = 0; i < rows; i++)
        run_row(t, i, half);
}

#include "nn/kernels/conv.inl"

static bool available(void)
{
    return true;
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_scalar = {.name = "scalar",
                                               .arithmetic = "f32-direct",
                                               .needs = "any processor, slowly",
                                               .available = available,
                                               .detail = detail,
                                               ORA_CONV_TABLE,
                                               ORA_OPS_TABLE};
