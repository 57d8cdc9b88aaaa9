/*
 * Weights as tiles of bfloat16: [out/32][in/32][tap]{outputs 0-15, outputs 16-31}, a tile being [16 pairs of
 * inputs][16 outputs][2], 1 KiB. Split weights have two such pairs of tiles a step: what the halves lack,
 * then the halves.
 */
#include <string.h>

#include "nn/kernels/level.h"
#include "nn/kernels/pack.h"

enum { WIDTH = 2 * ORA_LANES, TILE = ORA_LANES * WIDTH, STEP = 2 * TILE };

static size_t widths(int channels)
{
    return ((size_t)channels + WIDTH - 1) / WIDTH;
}

size_t ora_tiles_bytes(const struct ora_conv_spec *s, bool split)
{
    return widths(s->in) * widths(s->out) * (size_t)s->taps * STEP * sizeof(uint16_t) * (split ? 2 : 1);
}

/* Where weight (o, i, tap), or the half of a split one, lies. */
static size_t tile_index(const struct ora_conv_spec *s, int o, int i, int tap, bool split)
{
    size_t step = ((size_t)(o / WIDTH) * widths(s->in) + (size_t)(i / WIDTH)) * (size_t)s->taps + (size_t)tap;
    size_t tile = (size_t)(o % WIDTH / ORA_LANES), pair = (size_t)(i % WIDTH / 2);
    size_t inside = tile * TILE + pair * WIDTH + 2 * (size_t)(o % ORA_LANES) + (size_t)(i % 2);
    return split ? (2 * step + 1) * STEP + inside : step * STEP + inside;
}

static inline void put(uint16_t *dst, size_t at, float v, bool split)
{
    dst[at] = ora_half_of(v);
    if (split)
        dst[at - STEP] = ora_half_of(v - ora_half_value(dst[at]));
}

void ora_tiles_pack(void *dst, const struct ora_conv_spec *s, bool split)
{
    int src_in = s->src_in ? s->src_in : s->in;
    float scale = s->weight_scale == 0.0f ? 1.0f : s->weight_scale, v;

    memset(dst, 0, ora_tiles_bytes(s, split));
    for (int o = 0; o < s->out; o++) {
        int from_o = s->out_map ? s->out_map[o] : o;
        for (int i = 0; from_o >= 0 && i < s->in; i++) {
            int from_i = s->in_map ? s->in_map[i] : i;
            if (from_i < 0)
                continue;
            const float *w =
                s->weights + ((size_t)from_o * (size_t)src_in + (size_t)from_i) * (size_t)s->taps;
            for (int j = 0; j < s->taps; j++) {
                memcpy(&v, w + j, sizeof v);
                put(dst, tile_index(s, o, i, j, split), v * scale, split);
            }
        }
    }
}
