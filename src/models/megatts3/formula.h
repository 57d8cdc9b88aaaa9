/*
 * Weights by a formula, so that the whole family runs without anybody's checkpoint: the goldens of the tests
 * were computed with them, and `voice make-random` writes a voice of them. Every element is a hash of seed,
 * tensor name and index, scaled so that signals keep their size through the networks. Such a voice speaks
 * noise.
 *
 *     struct mega_formula f = {.seed = "A"};
 *     struct ora_tensor_source s = mega_formula_source(&f);
 *     … ora_bind_… …                                         // names "dit.…", "vae.….weight" (norm folded),
 * … mega_formula_release(&f);
 *
 * Exact: 24-bit integers, products exact in double, one rounding to float; so every machine makes the same
 * bits.
 */
#ifndef ORA_MODELS_MEGATTS3_FORMULA_H
#define ORA_MODELS_MEGATTS3_FORMULA_H

#include "nn/binder.h"

/* The word of element i of a key "SEED/NAME". */
uint64_t mega_formula_key(const char *seed, const char *name);
uint64_t mega_formula_word(uint64_t key, uint64_t index);

/* n elements of the named tensor, in the state dict's own form (weight_g and weight_v apart; g2p rounded to
 * bfloat16). */
void mega_formula_weights(const char *seed, const char *name, const struct ora_shape *shape, float *out,
                          size_t n);
/* Rows `first` to first + rows - 1 of a tensor as an engine binds it: a normed ".weight" is folded. False: no
 * memory. A tensor of one dimension has one row. */
bool mega_formula_rows(const char *seed, const char *name, const struct ora_shape *shape, size_t first,
                       size_t rows, float *out);
/* Inputs: near-normal deviates; uniforms in [0, 1); a triangle wave with noise. */
void mega_formula_normals(uint64_t key, float *out, size_t n);
void mega_formula_signal(uint64_t key, uint32_t increment, double amplitude, double noise, float *out,
                         size_t n);
/* What an aligner might hear in so many frames: pairs of English phone and end time, silence at both ends, 60
 * to 130 ms each. tokens: [room]; returns how many are set. */
int mega_formula_alignment(uint64_t key, int frames, int32_t *tokens, int room);

struct mega_formula {
    const char *seed;
    float **taken; /* until release */
    size_t count;
};
struct ora_tensor_source mega_formula_source(struct mega_formula *f);
void mega_formula_release(struct mega_formula *f);

/* Does the released checkpoint hold this weight as weight_g and weight_v? `name` ends in ".weight". */
bool mega_weight_normed(const char *name);
/* w[o][..] = g[o] * v[o][..] / |v[o][..]|, in double; rows of `row` elements. w may be v. */
void mega_fold_weight_norm(float *w, const float *g, const float *v, size_t rows, size_t row);

#endif
