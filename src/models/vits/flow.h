/*
 * Coupling flow, reversed: prior latents -> decoder latents, in place. Mean-only affine couplings over
 * WaveNet-like stacks (VITS 2.2.1; Prenger et al. 2019).
 *
 * Latent layout: the lower I/2 channels begin at block 0, the upper I/2 at block ora_blocks(I/2), so each
 * half is a view of its own. The channel reversals between couplings are never done: every second coupling
 * reads and writes the halves the other way round, its weights permuted when packed.
 *
 * It runs in tiles of frames: a coupling reads one half and changes the other, so tiles do not meet.
 */
#ifndef ORA_MODELS_VITS_FLOW_H
#define ORA_MODELS_VITS_FLOW_H

#include "base/arena.h"
#include "models/vits/bind.h"
#include "nn/kernels/b16.h"

struct vits_coupling {
    bool upper;                             /* reads the upper half, changes the lower */
    struct ora_conv pre, post;              /* post is negated: z1 += post(out) */
    struct ora_conv in[VITS_WN_LAYERS_MAX]; /* -> [2 * padded H]: tanh rows, sigmoid rows */
    struct ora_conv
        res_skip[VITS_WN_LAYERS_MAX];         /* -> [2 * padded H]: residual, skip; the last: skip alone */
    struct ora_conv cond[VITS_WN_LAYERS_MAX]; /* speaker -> in's outputs, in's bias folded in */
};

struct vits_flow {
    int couplings;
    struct vits_coupling coupling[VITS_COUPLINGS_MAX]; /* [i] is flow.flows.(2i) */
};

void vits_flow_bind(struct vits_binder *b, struct vits_flow *f);

/* Floats of a speaker's biases for the whole flow; vits_flow_speaker fills them from the speaker's row g. */
size_t vits_flow_bias_floats(const struct vits_config *cfg);
void vits_flow_speaker(const struct vits_flow *f, const struct vits_config *cfg, const struct ora_kernels *k,
                       struct ora_b16 g, float *bias, void *scratch);

/* What forward takes from the arena. */
size_t vits_flow_bytes(const struct vits_flow *f, const struct vits_config *cfg, int rows);

/* z: latent layout, `rows` frames. bias: the speaker's, or NULL. tile_rows: 0 for the usual; the bits do not
 * change. */
int vits_flow_forward(const struct vits_flow *f, const struct vits_config *cfg, const struct ora_kernels *k,
                      struct ora_arena *arena, struct ora_b16 z, int rows, const float *bias, int tile_rows,
                      void *scratch, struct ora_err *err);

#endif
