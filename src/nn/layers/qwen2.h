/*
 * Qwen2 decoder (Qwen team, "Qwen2 Technical Report", 2024): pre-norm, root-mean-square norms, grouped-query
 * attention with rotary positions of the half layout, gated SiLU feed-forward, tied output matrix.
 *
 * The embedding is kept as bfloat16, and so are the matrices where `half` says so, which is exact for
 * checkpoints of that type (others are refused). The output matrix is packed for a run of ids only: where a
 * model can emit few of its ids, the others' logits are never computed.
 *
 *     ora_qwen2_bind(&b, &dims, "g2p.model", &m);
 *     ora_qwen2_rope(&m, table, capacity);
 *     ora_qwen2_forward(&c, &m, table, ids, rows, n, h, &err);  // h: [hidden] x n, after the last norm
 *     ora_qwen2_logits(&c, &m, h, n, logits, &err);             // [n][head_count]
 *
 * Rows of one call may belong to different sequences (layers/decode.h); the caller advances their caches.
 *
 * Taps: "h.L" after layer L, "final_norm".
 *
 * Threads: const after bind.
 */
#ifndef ORA_NN_LAYERS_QWEN2_H
#define ORA_NN_LAYERS_QWEN2_H

#include "nn/layers/decode.h"

enum { ORA_QWEN2_LAYERS_MAX = 48 };

struct ora_qwen2_dims {
    int hidden, layers, heads, kv_heads, mlp, vocab;
    int head_first, head_count; /* ids whose logits are wanted */
    double rope_theta, eps;
    bool half; /* the matrices are bfloat16 and stay so */
};

struct ora_qwen2_layer {
    struct ora_norm norm_1, norm_2;
    struct ora_self_attention attention;
    struct ora_conv gate, up, down;
};

struct ora_qwen2 {
    struct ora_qwen2_dims dims;
    const uint16_t *embedding; /* [vocab][hidden], bfloat16 */
    struct ora_qwen2_layer layer[ORA_QWEN2_LAYERS_MAX];
    struct ora_norm last;
    struct ora_conv head; /* hidden -> head_count */
};

/* Layers are strict: what is chosen by such logits is integers. */
void ora_qwen2_bind(struct ora_binder *b, const struct ora_qwen2_dims *d, const char *prefix,
                    struct ora_qwen2 *m);

size_t ora_qwen2_rope_floats(const struct ora_qwen2 *m, int positions);
void ora_qwen2_rope(const struct ora_qwen2 *m, float *table, int positions);
size_t ora_qwen2_cache_floats(const struct ora_qwen2 *m, int capacity);
void ora_qwen2_cache_place(const struct ora_qwen2 *m, struct ora_kv_cache *kv, float *memory, int capacity);

/* What forward takes from the arena for n rows that see at most `keys` keys; what logits takes. */
size_t ora_qwen2_forward_bytes(const struct ora_compute *c, const struct ora_qwen2 *m, int n, int keys);
size_t ora_qwen2_logits_bytes(const struct ora_compute *c, const struct ora_qwen2 *m, int n);

/* ids: [n], below vocab. Keys and values of the rows go into their caches. */
int ora_qwen2_forward(const struct ora_compute *c, const struct ora_qwen2 *m, const float *rope,
                      const int32_t *ids, const struct ora_decode_row *rows, int n, struct ora_b16 h,
                      struct ora_err *err);
int ora_qwen2_logits(const struct ora_compute *c, const struct ora_qwen2 *m, struct ora_b16 h, int n,
                     float *logits, struct ora_err *err);

#endif
