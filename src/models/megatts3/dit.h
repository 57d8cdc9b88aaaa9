/*
 * The diffusion transformer: phones with durations and prompt latents -> latents of the speech, by flow
 * matching with multi-condition guidance. Three branches run beside each other: 0 text and voice, 1 text
 * alone, 2 neither.
 *
 *     mega_dit_bind(&binder, &dims->dit, &dit);
 *     struct mega_dit_input in = {…};
 *     mega_dit_sample(&c, &dit, &in, &how, x, &err);        // x: [T][32], noise in, latents out
 *
 * Taps: text.*, ling.text, ling.uncond, cond, and within a velocity te, mod.0, attn.0, h.L, final_norm, v.
 *
 * Threads: pure; the model is const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_DIT_H
#define ORA_MODELS_MEGATTS3_DIT_H

#include "models/megatts3/dims.h"
#include "nn/layers/attention.h"
#include "nn/layers/resample_conv.h"
#include "nn/layers/rope.h"

enum { MEGA_BRANCHES = 3, MEGA_UNCOND_PHONE = 301, MEGA_UNCOND_TONE = 31 };

struct mega_dit_layer {
    struct ora_conv q, k, v, o, w1, w2;
    struct ora_conv modulation; /* dim -> 6*dim */
};

struct mega_dit {
    struct mega_dit_dims dims;
    struct ora_rel_encoder text;
    struct ora_strided ling[2];           /* stride 2 each: mel frames -> latents */
    const float *mask_weight, *mask_bias; /* [ctx_mask] */
    struct ora_conv local_cond, prenet, x_prenet;
    struct ora_conv time[2];
    struct mega_dit_layer layer[MEGA_LAYERS_MAX];
    struct ora_attention attention; /* head layout */
    struct ora_conv last_modulation, out_proj, postnet;
};

void mega_dit_bind(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m);

struct mega_dit_input {
    const int32_t *phones, *tones; /* prompt, then target */
    int phone_count;
    const int32_t *mel2ph; /* [frames]: 1-based phone of each mel frame, 0 none */
    int frames;            /* a multiple of MEGA_FRAME_MULTIPLE */
    const float *prompt;   /* [prompt_rows][32] */
    int prompt_rows;       /* below frames/4 */
};

static inline int mega_dit_rows(const struct mega_dit_input *in)
{
    return in->frames / MEGA_LATENT_FRAMES;
}

/* What does not change over the steps: c of the three branches, [dim] x 3T rows. */
int mega_dit_condition(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                       struct ora_b16 cond, struct ora_err *err);

/* AdaLN vectors for `steps` times, row-major [steps][mega_dit_table_floats]: per layer shift_a, 1+scale_a,
 * gate_a, shift_f, 1+scale_f, gate_f, then at the end 1+scale, shift. */
size_t mega_dit_table_floats(const struct mega_dit *m);
int mega_dit_table(const struct ora_compute *c, const struct mega_dit *m, const double *times, int steps,
                   float *table, struct ora_err *err);

/* Velocities of the three branches at one time: v is [32] x 3T rows; x [T][32]; table: the row of that time.
 */
int mega_dit_velocity(const struct ora_compute *c, const struct mega_dit *m, struct ora_b16 cond,
                      const float *x, int prompt_rows, int rows, const float *table, struct ora_b16 v,
                      struct ora_err *err);
/* out[T][32] = (1-p) v2 + (p-t) v1 + t v0, as v2 + p(v1-v2) + t(v0-v1). */
void mega_dit_guide(const struct ora_compute *c, struct ora_b16 v, int rows, double p_w, double t_w,
                    float *out);

struct mega_sampling {
    int steps;
    double p_w, t_w; /* intelligibility and similarity weights */
    /* n normal deviates of draw `index`: 0 the start, step + 1 the noise of a step. */
    void (*noise)(void *ctx, int index, float *out, size_t n);
    /* Sees x before each step and v after it; may be NULL. */
    void (*watch)(void *ctx, int step, const float *x, const float *v);
    void *ctx;
};
/* x: [T][32]. The prompt's rows of the result are not meaningful: the caller puts the prompt there. */
int mega_dit_sample(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                    const struct mega_sampling *how, float *x, struct ora_err *err);

#endif
