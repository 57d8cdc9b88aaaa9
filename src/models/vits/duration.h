/*
 * Duration predictor: hidden states x [H][L] -> ln of frames an id, logw [L].
 * Stochastic (VITS 2.2.2, inverse direction; the first coupling is left out as the public code does) or, when
 * the file has dp.conv_1, the deterministic one (two convolutions, ReLU before the norm).
 */
#ifndef ORA_MODELS_VITS_DURATION_H
#define ORA_MODELS_VITS_DURATION_H

#include "base/arena.h"
#include "models/vits/bind.h"
#include "nn/kernels/b16.h"

/* A stack of dilated depth-separable convolutions. */
struct vits_dds {
    int layers;
    struct ora_depthwise separate[VITS_DDS_LAYERS_MAX];
    struct ora_conv point[VITS_DDS_LAYERS_MAX];
    struct vits_norm norm_1[VITS_DDS_LAYERS_MAX], norm_2[VITS_DDS_LAYERS_MAX];
};

struct vits_duration {
    struct ora_conv cond; /* speaker -> hidden; stochastic: with dp.pre's bias folded in */
    /* stochastic */
    struct ora_conv pre, proj;
    struct vits_dds dds;
    struct {
        struct ora_conv pre, proj;
        struct vits_dds dds;
    } spline[VITS_SPLINES_MAX]; /* [i] is dp.flows.(3 + 2i) */
    const float *affine;        /* { m0, m1, factor0, factor1 } of dp.flows.0; factor = exp(-logs) */
    /* deterministic */
    struct ora_conv conv_1, conv_2;
    struct vits_norm norm_1, norm_2;
    struct ora_conv_mono last;
};

void vits_duration_bind(struct vits_binder *b, struct vits_duration *d);

size_t vits_duration_bytes(const struct vits_config *cfg, int n); /* what forward takes from the arena */

/* x has a halo of (dp_kernel-1)/2 zero rows where the predictor is deterministic. cond: what `cond` gave for
 * the speaker ([hidden], padded), NULL without speakers. noise: [2][n], already scaled (unused when
 * deterministic). */
int vits_duration_forward(const struct vits_duration *d, const struct vits_config *cfg,
                          const struct ora_kernels *k, struct ora_arena *arena, struct ora_b16 x, int n,
                          const float *cond, const double *noise, double *logw, void *scratch,
                          struct ora_err *err);

#endif
