/*
 * Binding the parts of a voice: one walk over all layers, run by the pack cache in its three modes
 * (nn/kernels/pack.h). The first error stays; a part's bind function goes on to its end and the caller looks
 * at `rc` once.
 */
#ifndef ORA_MODELS_VITS_BIND_H
#define ORA_MODELS_VITS_BIND_H

#include "base/arena.h"
#include "models/vits/config.h"
#include "nn/kernels/b16.h"
#include "nn/kernels/pack.h"
#include "weights/safetensors.h"

struct vits_binder {
    const struct vits_config *cfg;
    const struct ora_weights *weights;
    struct ora_packer *packer;
    struct ora_err *err;
    int rc;
    bool strict; /* of the layers to come: struct ora_conv_spec.strict */
};

/* The tensor's values, or NULL after an error. */
const float *vits_take(struct vits_binder *b, struct ora_shape shape, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The layer `<name>.weight` [out][in][taps] and `<name>.bias` [out] as a "same" convolution. The spec's
 * source tensors are filled in; its maps and scales are the caller's and may be preset in *spec (or spec
 * NULL). */
void vits_bind_conv(struct vits_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                    int out, int taps, int dilation, const char *fmt, ...)
    __attribute__((format(printf, 8, 9)));

/* Layer norm parameters, padded: <name>.gamma, <name>.beta. */
struct vits_norm {
    const float *gamma, *beta;
};
void vits_bind_norm(struct vits_binder *b, struct vits_norm *norm, int channels, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A permutation that lays `groups` runs of `size` channels out so that each begins a block of 16; the gaps
 * are -1. map has groups * 16 * ora_blocks(size) entries; returns that number. */
int vits_map_groups(int *map, int groups, int size);

/* A B16 buffer of the arena; *ok becomes false when there is no room. Its rows are not cleared. */
static inline struct ora_b16 vits_buffer(struct ora_arena *a, int channels, int rows, int halo, bool *ok)
{
    float *mem = ora_arena_floats(a, ora_b16_floats(channels, (size_t)rows, (size_t)halo));
    *ok = *ok && mem;
    return ora_b16_place(mem, (size_t)rows, (size_t)halo);
}

/* An arena that only counts: a part's own allocation routine run on it tells what the part needs
 * (peak_bytes). Its memory does not exist: nothing it gives may be touched. */
static inline struct ora_arena vits_measuring_arena(void)
{
    return (struct ora_arena){.base = (unsigned char *)64, .size_bytes = (size_t)1 << 46};
}

enum { VITS_MAP_MAX = 8192 };

#endif
