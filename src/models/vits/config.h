/*
 * The dimensions of one VITS voice, derived from the shapes of its tensors; only what shapes cannot say (the
 * upsampling rates and the dilations of the residual blocks) is read from the file's metadata:
 *     upsample_rates     "8,8,4"
 *     resblock_dilations "1,2;2,6;3,12"      one group a branch
 * Tensor names are those of the public VITS code (and of Piper's exports). Single-speaker voices have no
 * emb_g.
 */
#ifndef ORA_MODELS_VITS_CONFIG_H
#define ORA_MODELS_VITS_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "weights/safetensors.h"

enum {
    VITS_STAGES_MAX = 8,
    VITS_BRANCHES_MAX = 4,
    VITS_DILATIONS_MAX = 4,
    VITS_LAYERS_MAX = 16,
    VITS_COUPLINGS_MAX = 8,
    VITS_WN_LAYERS_MAX = 8,
    VITS_DDS_LAYERS_MAX = 4,
    VITS_SPLINES_MAX = 4,
};

struct vits_config {
    int symbols;       /* rows of the embedding: an id at or above it cannot be spoken */
    int hidden, inter; /* H; I, the latent channels, even */
    int layers, heads, head_dim, window, ffn, ffn_kernel;
    bool stochastic;            /* the duration predictor with splines; else the plain one */
    int dp_width, dp_kernel;    /* of the plain one */
    int dds_layers, dds_kernel; /* dilated depth-separable stacks */
    int splines, bins;          /* coupling splines, modules dp.flows.3, 5, 7, … */
    int couplings;              /* modules flow.flows.0, 2, 4, … */
    int wn_layers, wn_kernel;
    int pre_kernel, post_kernel; /* dec.conv_pre, dec.conv_post */
    int first_channels;          /* C0; stage i has C0 >> (i + 1) */
    int stages, rate[VITS_STAGES_MAX];
    int resblock_type; /* 1: pairs of convs (HiFi-GAN V1), 2: single ones */
    int branches, branch_kernel[VITS_BRANCHES_MAX];
    int dilations, dilation[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX];
    int speakers, speaker_dim; /* 1 and 0 without emb_g */
    int hop;                   /* samples a frame: the product of the rates */
};

/* VOICE with the tensor or metadata entry that is missing or makes no sense. */
int vits_config_read(const struct ora_weights *w, struct vits_config *c, struct ora_err *err);

#endif
