/*
 * Text encoder of the Glow-TTS line: a prenet of three convolutions, then pre-norm transformer layers with
 * windowed relative positions (Shaw et al. 2018; Kim et al. 2020) and convolutional feed-forward layers.
 * MegaTTS 3 has two of them.
 *
 *     x = emb[id]*sqrt(d) + tone[tone] + sinusoid(position);  x += proj(prenet(x))
 *     x += attention(LN(x));  x += conv_1x1(relu(conv_3(LN(x))));   …;   LN(x)
 *
 * Taps, each with the caller's suffix: "text.prenet", "text.attn0" (before its residual), "text.out".
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_REL_ENCODER_H
#define ORA_NN_LAYERS_REL_ENCODER_H

#include "nn/binder.h"
#include "nn/compute.h"
#include "nn/layers/attention.h"

enum { ORA_REL_LAYERS_MAX = 12, ORA_REL_PRENET = 3 };

struct ora_rel_encoder_dims {
    int symbols, tones; /* rows of the two tables */
    int dim, heads, layers, ffn;
};

struct ora_rel_layer {
    struct ora_norm norm_1, norm_2;
    struct ora_conv q, k, v, o;
    struct ora_attention attention;
    struct ora_conv ffn_1, ffn_2;
};

struct ora_rel_encoder {
    struct ora_rel_encoder_dims dims;
    const float *symbols, *tones; /* [symbols][dim], [tones][dim] */
    struct ora_conv pre[ORA_REL_PRENET], proj;
    struct ora_norm pre_norm[ORA_REL_PRENET], last;
    struct ora_rel_layer layer[ORA_REL_LAYERS_MAX];
};

/* `prefix`: of the encoder's tensors, "dit.ph_encoder"; `tones`: the full name of the tone table. */
void ora_rel_encoder_bind(struct ora_binder *b, struct ora_rel_encoder *e,
                          const struct ora_rel_encoder_dims *dims, const char *prefix, const char *tones);

enum { ORA_REL_HALO = 2 };
/* y: [dim] x n rows with a halo of ORA_REL_HALO. ids are below the tables' rows. `name`: suffix of the taps.
 */
int ora_rel_encoder_forward(const struct ora_compute *c, const struct ora_rel_encoder *e, const int32_t *ids,
                            const int32_t *tones, int n, struct ora_b16 y, const char *name,
                            struct ora_err *err);

/* Arena bytes of a forward. */
size_t ora_rel_encoder_bytes(const struct ora_kernels *k, const struct ora_rel_encoder *e, int n);

/* out[i] = sin(p w_i), out[d/2+i] = cos(p w_i), w_i = 10000^(-i/(d/2-1)): Transformer positions in halves. */
void ora_sinusoid(float *out, int d, double position);

#endif
