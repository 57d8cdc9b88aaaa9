/*
 * Multi-head self-attention with windowed relative keys and values (Shaw et al., "Self-Attention with
 * Relative Position Representations", 2018; the VITS text encoder), on the kernel table: scores, values and
 * both relative terms are convolutions of one tap whose weights are packed from the activations.
 *
 *   S[a][b] = q_a . k_b + (|b-a| <= w ? q_a . Ek[b-a+w] : 0);  P = softmax over b
 *   O_a     = sum_b P[a][b] v_b + sum_{|b-a| <= w} P[a][b] Ev[b-a+w]
 *
 * q comes already scaled by 1/sqrt(d) (fold it into the projection). Head h of q, k, v and o begins at
 * channel block h*blocks(d): where d is no multiple of 16, pack the projections with out_map (and the
 * output's with in_map).
 *
 *     ora_packer_attention(p, 2, 96, 4, rel_k, rel_v, &a);           // in the model's bind
 *     size_t n = ora_attention_scratch_bytes(kernels, &a, T);
 *     ora_attention_forward(kernels, &a, o, q, k, v, T, scratch);
 *
 * Memory: of the scratch only packed keys and values of one head grow with the rows. Bits depend on the level
 * and the sequence, never on which queries are asked for together.
 *
 * Threads: pure; one scratch a thread, 64-byte aligned.
 */
#ifndef ORA_NN_LAYERS_ATTENTION_H
#define ORA_NN_LAYERS_ATTENTION_H

#include "nn/kernels/pack.h"

enum { ORA_ATTENTION_KEYS = 768 }; /* a tile of keys: up to so many rows softmax is of whole rows */

struct ora_attention {
    int heads, head_channels; /* d */
    int window;               /* w; 0 with no relative terms: rel_k.weights is not used */
    bool tolerant; /* scores and values bear what tolerant layers do; false as packed, the model's to set */
    struct ora_conv rel_k; /* d -> 2w+1 */
    struct ora_conv rel_v; /* 2w+1 -> d */
};

/* rel_k, rel_v: [2w+1][d], shared by the heads; not read when window is 0. */
void ora_packer_attention(struct ora_packer *p, int heads, int head_channels, int window, const float *rel_k,
                          const float *rel_v, struct ora_attention *a);
size_t ora_attention_scratch_bytes(const struct ora_kernels *k, const struct ora_attention *a, int rows);
/* q, k, v, o: [heads*blocks(d)] blocks of `rows` rows. o may be q. */
void ora_attention_forward(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                           struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int rows, void *scratch);
/* The same for queries [first, first + count) alone; row 0 of q and o is query `first`. */
void ora_attention_query(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                         struct ora_b16 q, int first, int count, struct ora_b16 k, struct ora_b16 v, int rows,
                         void *scratch);

#endif
