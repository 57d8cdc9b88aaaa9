/*
 * Attention of decoders that go token by token: causal self-attention over a cache of keys and values,
 * grouped queries (Ainslie et al. 2023), rotary positions; and attention to the fixed keys of an encoder.
 *
 * The rows of one call may belong to different sequences, each with its own cache and position: a batch of
 * sequences streams the weights once. Each row's arithmetic is the same whatever stands beside it.
 *
 *     ora_kv_place(&cache, memory, layers, a.kv_heads, a.d, capacity);       // memory: ora_kv_floats
 *     struct ora_decode_row rows[] = {{&cache, cache.length}, …};
 *     ora_self_attention_forward(&c, &a, layer, x, y, res, rows, n, &err);    // appends n keys and values
 *     after the last layer: cache.length += …                                 // the caller's
 *
 * Threads: a cache belongs to one sequence and one thread.
 */
#ifndef ORA_NN_LAYERS_DECODE_H
#define ORA_NN_LAYERS_DECODE_H

#include "nn/binder.h"
#include "nn/compute.h"
#include "nn/layers/rope.h"

struct ora_kv_cache {
    int layers, blocks; /* blocks of 16 channels of all key heads */
    int capacity, length;
    float *memory;
};

size_t ora_kv_floats(int layers, int kv_heads, int d, int capacity);
void ora_kv_place(struct ora_kv_cache *kv, float *memory, int layers, int kv_heads, int d, int capacity);
/* The first `from->length` rows of every layer; `to` has at least that capacity and the same layout. */
void ora_kv_copy(struct ora_kv_cache *to, const struct ora_kv_cache *from);
struct ora_b16 ora_kv_keys(const struct ora_kv_cache *kv, int layer);
struct ora_b16 ora_kv_values(const struct ora_kv_cache *kv, int layer);

struct ora_decode_row {
    struct ora_kv_cache *cache;
    int position; /* of this row in its sequence: its key goes there, it sees 0..position */
};

struct ora_self_attention {
    int heads, kv_heads, d;
    struct ora_conv q, k, v, o; /* q scaled by 1/sqrt(d) when packed */
    const float *rope;          /* table (rope.h) or NULL; the model's */
};

/* Sets the head layout and preset maps; the caller binds q, k, v, o with them. map has room for all packed
 * channels of q. */
struct ora_attention_maps {
    struct ora_conv_spec q, k, v, o; /* presets */
    int *map;                        /* memory of all four; free() */
};
void ora_attention_maps_init(struct ora_attention_maps *m, int heads, int kv_heads, int d,
                             enum ora_rope_layout layout);
void ora_attention_maps_release(struct ora_attention_maps *m);

/* What the forward passes take from the arena for n rows that see at most `keys` keys. */
size_t ora_self_attention_bytes(const struct ora_compute *c, const struct ora_self_attention *a, int n,
                                int keys);
size_t ora_cross_attention_bytes(const struct ora_compute *c, const struct ora_self_attention *a, int n,
                                 int keys);

/* y = o(attention(x)) + res for n rows (res.p NULL: none); x is already normed. */
int ora_self_attention_forward(const struct ora_compute *c, const struct ora_self_attention *a, int layer,
                               struct ora_b16 x, struct ora_b16 y, struct ora_b16 res,
                               const struct ora_decode_row *rows, int n, struct ora_err *err);
/* Attention of n rows to all `keys` rows of k and v (an encoder's, projected once). */
int ora_cross_attention_forward(const struct ora_compute *c, const struct ora_self_attention *a,
                                struct ora_b16 x, struct ora_b16 y, struct ora_b16 res, int n,
                                struct ora_b16 k, struct ora_b16 v, int keys, struct ora_err *err);

#endif
