/*
 * Decoder: latents z -> samples in (-1, 1). HiFi-GAN (Kong et al. 2020): upsamplers, each followed by
 * residual blocks of several kernel widths whose mean is taken; all sizes of Piper's voices (types 1 and 2).
 *
 * It runs as a stream: a chunk of frames goes through all stages, inside it each stage runs in tiles of rows,
 * and what the next tile or chunk will read again is kept, so that no row is made twice. Memory is the same
 * for a second and for an hour, and how the work is cut never changes a bit. The mean's 1/n is folded into
 * the next layer's weights (a leaky ReLU is positively homogeneous).
 */
#ifndef ORA_MODELS_VITS_DECODER_H
#define ORA_MODELS_VITS_DECODER_H

#include "base/arena.h"
#include "models/vits/bind.h"
#include "nn/kernels/b16.h"
#include "nn/layers/upsample.h"

struct vits_stage {
    struct ora_upsampler up;
    /* [branch][step]: type 2 uses `first` alone */
    struct ora_conv first[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX],
        second[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX];
};

struct vits_decoder {
    struct ora_conv pre, cond; /* cond: speaker -> pre's outputs, pre's bias folded in */
    struct vits_stage stage[VITS_STAGES_MAX];
    struct ora_conv_mono post;
};

/* The first row after 0 where groups of a and of b rows begin together; a, b > 0. */
static inline int vits_common_multiple(int a, int b)
{
    int x = a, y = b;
    while (y) {
        int rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

void vits_decoder_bind(struct vits_binder *b, struct vits_decoder *d);

enum { VITS_CHUNK_FRAMES = 128 };

/* What forward takes from the arena, for any number of frames. */
size_t vits_decoder_bytes(const struct vits_decoder *d, const struct vits_config *cfg, int chunk_frames);

/* z: latent layout, `rows` frames and a halo of (pre_kernel-1)/2 zero rows. pcm gets rows * cfg->hop samples.
 * bias: conv_pre's for the speaker ([C0]), or NULL. chunk_frames: 0 for VITS_CHUNK_FRAMES. */
int vits_decoder_forward(const struct vits_decoder *d, const struct vits_config *cfg,
                         const struct ora_kernels *k, struct ora_arena *arena, struct ora_b16 z, int rows,
                         const float *bias, int chunk_frames, float *pcm, void *scratch, struct ora_err *err);

#endif
