/*
 * Weights as tiles of bfloat16: [out/32][in/32][tap]{outputs 0-15, outputs 16-31}, a tile being [16 pairs of
 * inputs][16 outputs][2], 1 KiB. A weight of two or three parts has so many such pairs of tiles a step: each
 * part is what the greater ones lack, the least comes first.
 */
#include <string.h>

#include "nn/kernels/level.h"
#include "nn/kernels/pack.h"

enum { WIDTH = 2 * ORA_LANES, TILE = ORA_LANES * WIDTH, STEP = 2 * TILE };

static size_t widths(int channels)
{
    return ((size_t)channels + WIDTH - 1) / WIDTH;
}

size_t ora_tiles_bytes(const struct ora_conv_spec *s, int parts)
{
    return widths(s->in) * widths(s->out) * (size_t)s->taps * STEP * sizeof(uint16_t) * (size_t)parts;
}

/* Where the greatest part of weight (o, i, tap) lies. */
static size_t tile_index(const struct ora_conv_spec *s, int o, int i, int tap, int parts)
{
    size_t step = ((size_t)(o / WIDTH) * widths(s->in) + (size_t)(i / WIDTH)) * (size_t)s->taps + (size_t)tap;
    size_t tile = (size_t)(o % WIDTH / ORA_LANES), pair = (size_t)(i % WIDTH / 2);
    size_t inside = tile * TILE + pair * WIDTH + 2 * (size_t)(o % ORA_LANES) + (size_t)(i % 2);
    return ((size_t)parts * (step + 1) - 1) * STEP + inside;
}

static inline void put(uint16_t *dst, size_t at, float v, int parts)
{
    for (; parts > 0; parts--, at -= STEP) {
        dst[at] = ora_half_of(v);
        v -= ora_half_value(dst[at]);
    }
}

void ora_tiles_pack(void *dst, const struct ora_conv_spec *s, int parts)
{
    int src_in = s->src_in ? s->src_in : s->in;
    float scale = s->weight_scale == 0.0f ? 1.0f : s->weight_scale, v;

    memset(dst, 0, ora_tiles_bytes(s, parts));
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
                put(dst, tile_index(s, o, i, j, parts), v * scale, parts);
            }
        }
    }
}
