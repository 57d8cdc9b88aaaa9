/*
 * Text encoder: ids -> hidden states x [H][L], prior means [I][L] and standard deviations [I][L].
 * A post-norm transformer with windowed relative positions (Shaw et al. 2018) and convolutional feed-forward
 * layers (VITS, Kim et al. 2021). Folded when packed: 1/sqrt(d) into q, exp into the deviations' epilogue.
 */
#ifndef ORA_MODELS_VITS_ENCODER_H
#define ORA_MODELS_VITS_ENCODER_H

#include "base/arena.h"
#include "models/vits/bind.h"
#include "nn/kernels/b16.h"
#include "nn/layers/attention.h"

struct vits_encoder_layer {
    struct ora_conv q, k, v, o; /* heads begin at a block of 16 channels */
    struct ora_attention attention;
    struct vits_norm norm_1, norm_2;
    struct ora_conv ffn_1, ffn_2;
};

struct vits_encoder {
    const float *table; /* [symbols][hidden] */
    float table_scale;  /* sqrt(hidden) */
    int layers;
    struct vits_encoder_layer layer[VITS_LAYERS_MAX];
    struct ora_conv mean, deviation; /* latent layout (flow.h); the deviation's epilogue is exp */
};

void vits_encoder_bind(struct vits_binder *b, struct vits_encoder *e);

/* What forward takes from the arena. */
size_t vits_encoder_bytes(const struct vits_encoder *e, const struct vits_config *cfg,
                          const struct ora_kernels *k, int n);

/* x: [hidden] with a halo of (ffn_kernel-1)/2 rows, mean and deviation: latent layout, all of n rows;
 * deviation's epilogue has turned logs into exp(logs). NO_MEMORY when the arena is too small. ids are below
 * cfg->symbols. */
int vits_encoder_forward(const struct vits_encoder *e, const struct vits_config *cfg,
                         const struct ora_kernels *k, struct ora_arena *arena, const int32_t *ids, int n,
                         struct ora_b16 x, struct ora_b16 mean, struct ora_b16 deviation, void *scratch,
                         struct ora_err *err);

#endif
