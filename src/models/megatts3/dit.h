/*
 * The diffusion transformer: phones with durations and prompt latents -> latents of the speech, by flow
 * matching with multi-condition guidance. Three branches: 0 text and voice, 1 text alone, 2 neither.
 *
 *     mega_dit_bind(&binder, &dims->dit, &dit);
 *     struct mega_dit_input in = {…};
 *     size_t bytes = mega_dit_bytes(&dit, kernels, &in, &how);              // beside compute's own scratch
 *     mega_dit_sample(&c, &dit, &in, &how, x, &err);        // x: [T][32], latents out
 *
 * What is saved against the plain form (dit_plain.h), without changing the result beyond rounding: branches
 * whose weight is zero are not run; text states once for two branches; the two strided convolutions over the
 * spread text act on phones; chains of linear maps are one; AdaLN vectors of many steps come from one product
 * a layer; the prompt's rows are not computed where nobody reads them (in the last layer, and after it).
 *
 * Threads: pure; the model is const after bind. A sequence's bits depend on its own input alone.
 */
#ifndef ORA_MODELS_MEGATTS3_DIT_H
#define ORA_MODELS_MEGATTS3_DIT_H

#include "models/megatts3/dims.h"
#include "nn/layers/attention.h"
#include "nn/layers/resample_conv.h"
#include "nn/layers/rope.h"
#include "nn/layers/spread_conv.h"

enum { MEGA_BRANCHES = 3, MEGA_UNCOND_PHONE = 301, MEGA_UNCOND_TONE = 31 };

struct mega_dit_layer {
    struct ora_conv q, k, v, o, w1, w2;
};

/* Time -> AdaLN vectors: a third of all weights, read once a call. They lie side by side. */
struct mega_dit_modulation {
    struct ora_conv time[2];
    struct ora_conv layer[MEGA_LAYERS_MAX]; /* dim -> 6*dim */
    struct ora_conv last;                   /* dim -> 2*dim */
    const void *from;                       /* where the packed weights lie, for who wants to drop them */
    size_t bytes;
};

/* What only the plain form reads: bound by mega_dit_bind_plain. */
struct mega_dit_plain {
    struct ora_strided ling[2];           /* stride 2 each: mel frames -> latents */
    const float *mask_weight, *mask_bias; /* [ctx_mask] */
    struct ora_conv local_cond, prenet, out_proj, postnet;
};

struct mega_dit {
    struct mega_dit_dims dims;
    struct mega_dit_modulation modulation;
    struct ora_rel_encoder text;
    struct ora_spread ling; /* text states -> latent rows */
    struct ora_conv prompt; /* prenet of local_cond_project, latents' columns: latent -> dim, no bias */
    const float *where[2];  /* the same of the mask's embedding, outside and inside the prompt: [dim] */
    struct ora_conv x_prenet;
    struct mega_dit_layer layer[MEGA_LAYERS_MAX];
    struct ora_attention attention; /* head layout */
    struct ora_conv velocity;       /* postnet of out_proj: dim -> latent */
    struct mega_dit_plain plain;
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

/* AdaLN vectors for `steps` times, row-major [steps][mega_dit_table_floats]: six a layer (enum), then at the
 * end 1+scale, shift; each padded to whole blocks of channels. They depend on the times alone. */
enum {
    MEGA_SHIFT_A, /* before the attention */
    MEGA_SCALE_A, /* 1 is in it already */
    MEGA_GATE_A,
    MEGA_SHIFT_F, /* before the feed-forward layer */
    MEGA_SCALE_F,
    MEGA_GATE_F,
    MEGA_MODULATIONS
};
/* Vector `which` of a row at a layer's first. */
static inline const float *mega_dit_vector(const struct mega_dit *m, const float *layer, int which)
{
    return layer + (size_t)which * (size_t)ORA_LANES * (size_t)ora_blocks(m->dims.dim);
}
static inline size_t mega_dit_layer_floats(const struct mega_dit *m)
{
    return MEGA_MODULATIONS * (size_t)ORA_LANES * (size_t)ora_blocks(m->dims.dim);
}
/* Steps whose vectors are in memory at a time: 39 MB at the official sizes. */
enum { MEGA_TABLE_STEPS = 64 };
size_t mega_dit_table_floats(const struct mega_dit *m);
int mega_dit_table(const struct ora_compute *c, const struct mega_dit *m, const double *times, int steps,
                   float *table, struct ora_err *err);

struct mega_sampling {
    int steps;
    double p_w, t_w; /* intelligibility and similarity weights */
    /* n normal deviates of draw `index`: 0 the start, step + 1 the noise of a step. */
    void (*noise)(void *ctx, int index, float *out, size_t n);
    /* Sees x before each step and the guided velocity in it; may be NULL. Only the target's rows mean
     * something. */
    void (*watch)(void *ctx, int step, const float *x, const float *v);
    void *ctx;
    /* mega_dit_table of the times ora_sway_time(0..steps-1, steps), or NULL: made here, so many steps at a
     * time. */
    const float *table;
    int table_steps; /* 0: MEGA_TABLE_STEPS */
    /* A block of it has been made: whoever wants to may let the modulation's pages go. May be NULL. */
    void (*table_made)(void *ctx);
};
/* x: [T][32]. The prompt's rows of the result are not meaningful: the caller puts the prompt there. */
int mega_dit_sample(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                    const struct mega_sampling *how, float *x, struct ora_err *err);

/* Arena bytes of mega_dit_sample, exactly. Of `in` only the sizes are read, of `how` steps, weights and
 * whether there is a table. */
size_t mega_dit_bytes(const struct mega_dit *m, const struct ora_kernels *k, const struct mega_dit_input *in,
                      const struct mega_sampling *how);

#endif
