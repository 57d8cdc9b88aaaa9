/*
 * The diffusion transformer as the paper's code computes it: three branches, every row, every layer, no map
 * folded. The fast form (dit.h) is held against it, and it shows its inner tensors.
 *
 *     mega_dit_bind(&binder, &dims->dit, &dit);
 *     mega_dit_bind_plain(&binder, &dims->dit, &dit);
 *     mega_dit_sample_plain(&c, &dit, &in, &how, x, &err);
 *
 * Taps: text.*, ling.text, ling.uncond, cond, and within a velocity te, mod.0, attn.0, h.L, final_norm, v.
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_DIT_PLAIN_H
#define ORA_MODELS_MEGATTS3_DIT_PLAIN_H

#include "models/megatts3/dit.h"

void mega_dit_bind_plain(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m);

/* What does not change over the steps: c of the three branches, [dim] x 3T rows. */
int mega_dit_condition(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                       struct ora_b16 cond, struct ora_err *err);

/* Velocities of the three branches at one time: v is [32] x 3T rows; x [T][32]; table: the row of that time.
 */
int mega_dit_velocity(const struct ora_compute *c, const struct mega_dit *m, struct ora_b16 cond,
                      const float *x, int prompt_rows, int rows, const float *table, struct ora_b16 v,
                      struct ora_err *err);
/* out[T][32] = (1-p) v2 + (p-t) v1 + t v0, as v2 + p(v1-v2) + t(v0-v1). */
void mega_dit_guide(const struct ora_compute *c, struct ora_b16 v, int rows, double p_w, double t_w,
                    float *out);

/* As mega_dit_sample; x has all rows, the prompt's too. */
int mega_dit_sample_plain(const struct ora_compute *c, const struct mega_dit *m,
                          const struct mega_dit_input *in, const struct mega_sampling *how, float *x,
                          struct ora_err *err);

#endif
