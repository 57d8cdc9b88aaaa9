/* Keys and values are B16 rows of the cache: projections write there, one attend a row and head reads there.
 */
#include "nn/layers/decode.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* ---- cache ----------------------------------------------------------------------------------------------
 */

size_t ora_kv_floats(int layers, int kv_heads, int d, int capacity)
{
    size_t n = ora_b16_floats(ORA_LANES * ora_blocks(d) * kv_heads, (size_t)capacity, 0);
    return n != SIZE_MAX && ora_size_mul(n, 2 * (size_t)layers, &n) ? n : SIZE_MAX;
}

void ora_kv_place(struct ora_kv_cache *kv, float *memory, int layers, int kv_heads, int d, int capacity)
{
    *kv = (struct ora_kv_cache){layers, ora_blocks(d) * kv_heads, capacity, 0, memory};
}

static struct ora_b16 half(const struct ora_kv_cache *kv, int index)
{
    size_t cbs = ORA_LANES * (size_t)kv->capacity;
    return (struct ora_b16){kv->memory + cbs * (size_t)kv->blocks * (size_t)index, cbs};
}
struct ora_b16 ora_kv_keys(const struct ora_kv_cache *kv, int layer)
{
    return half(kv, 2 * layer);
}
struct ora_b16 ora_kv_values(const struct ora_kv_cache *kv, int layer)
{
    return half(kv, 2 * layer + 1);
}

void ora_kv_copy(struct ora_kv_cache *to, const struct ora_kv_cache *from)
{
    for (int i = 0; i < 2 * from->layers; i++)
        ora_copy(half(to, i), half(from, i), from->length, ORA_LANES * from->blocks);
    to->length = from->length;
}

/* ---- packing --------------------------------------------------------------------------------------------
 */

void ora_attention_maps_init(struct ora_attention_maps *m, int heads, int kv_heads, int d,
                             enum ora_rope_layout layout)
{
    int padded = ORA_LANES * ora_blocks(d);
    int *q = ora_xcalloc(4 * (size_t)(heads * padded), sizeof *q), *k = q + heads * padded;
    int *v = k + heads * padded, *o = v + heads * padded;
    float root = (float)(1 / sqrt((double)d));
    m->map = q;
    m->q = (struct ora_conv_spec){
        .out = ora_head_map(q, heads, d, layout, 0), .out_map = q, .weight_scale = root, .bias_scale = root};
    m->k = (struct ora_conv_spec){.out = ora_head_map(k, kv_heads, d, layout, 0), .out_map = k};
    m->v = (struct ora_conv_spec){.out = ora_head_map(v, kv_heads, d, ORA_ROPE_NONE, 0), .out_map = v};
    m->o = (struct ora_conv_spec){.in = ora_head_map(o, heads, d, ORA_ROPE_NONE, 0), .in_map = o};
}

void ora_attention_maps_release(struct ora_attention_maps *m)
{
    free(m->map);
    m->map = NULL;
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

static const struct ora_b16 none = {0};

/* One row's heads against its keys. */
static void attend(const struct ora_compute *c, const struct ora_self_attention *a, struct ora_b16 o,
                   struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int keys, float *scores)
{
    int blocks = ora_blocks(a->d), group = a->heads / a->kv_heads;
    ora_count(c, 2.0 * keys * a->d * a->heads);
    for (int h = 0; h < a->heads; h++) {
        int from = h / group * blocks;
        c->k->attend(ora_b16_at(o, h * blocks, 0), ora_b16_at(q, h * blocks, 0), ora_b16_at(k, from, 0),
                     ora_b16_at(v, from, 0), keys, a->d, scores);
    }
}

struct work {
    struct ora_b16 q, k, v;
    float *scores;
};

static bool allocate(const struct ora_compute *c, const struct ora_self_attention *a, int n, int keys,
                     struct work *w)
{
    int padded = ORA_LANES * ora_blocks(a->d);
    bool ok = true;
    w->q = ora_buffer(c, a->heads * padded, n, 0, &ok);
    w->k = ora_buffer(c, a->kv_heads * padded, n, 0, &ok);
    w->v = ora_buffer(c, a->kv_heads * padded, n, 0, &ok);
    w->scores = ora_floats(c, (size_t)keys, &ok);
    return ok;
}

size_t ora_self_attention_bytes(const struct ora_compute *c, const struct ora_self_attention *a, int n,
                                int keys)
{
    struct work w;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    dry.arena = &counts;
    return allocate(&dry, a, n, keys, &w) ? counts.peak_bytes : SIZE_MAX;
}

static void turn(const struct ora_self_attention *a, struct ora_b16 x, int heads,
                 const struct ora_decode_row *rows, int n)
{
    for (int i = 0; a->rope && i < n; i++)
        ora_rope_turn(ora_b16_at(x, 0, i), 1, heads, a->d, a->rope, &rows[i].position);
}

int ora_self_attention_forward(const struct ora_compute *c, const struct ora_self_attention *a, int layer,
                               struct ora_b16 x, struct ora_b16 y, struct ora_b16 res,
                               const struct ora_decode_row *rows, int n, struct ora_err *err)
{
    struct work w;
    size_t mark = ora_arena_mark(c->arena);
    int longest = 0, wide = ORA_LANES * ora_blocks(a->d) * a->kv_heads;
    for (int i = 0; i < n; i++) {
        longest = rows[i].position >= longest ? rows[i].position + 1 : longest;
        if (rows[i].position >= rows[i].cache->capacity)
            return ora_err_set(err, ORA_E_INTERNAL, "position %d is beyond a cache of %d", rows[i].position,
                               rows[i].cache->capacity);
    }
    if (!allocate(c, a, n, longest, &w))
        return ora_no_room(err, "attention");
    ora_apply(c, &a->q, x, n, w.q, none, ORA_ACT_NONE);
    ora_apply(c, &a->k, x, n, w.k, none, ORA_ACT_NONE);
    ora_apply(c, &a->v, x, n, w.v, none, ORA_ACT_NONE);
    turn(a, w.q, a->heads, rows, n);
    turn(a, w.k, a->kv_heads, rows, n);
    for (int i = 0; i < n; i++) {
        ora_copy(ora_b16_at(ora_kv_keys(rows[i].cache, layer), 0, rows[i].position), ora_b16_at(w.k, 0, i), 1,
                 wide);
        ora_copy(ora_b16_at(ora_kv_values(rows[i].cache, layer), 0, rows[i].position), ora_b16_at(w.v, 0, i),
                 1, wide);
    }
    for (int i = 0; i < n; i++)
        attend(c, a, ora_b16_at(w.q, 0, i), ora_b16_at(w.q, 0, i), ora_kv_keys(rows[i].cache, layer),
               ora_kv_values(rows[i].cache, layer), rows[i].position + 1, w.scores);
    ora_apply(c, &a->o, w.q, n, y, res, ORA_ACT_NONE);
    ora_arena_reset(c->arena, mark);
    return 0;
}

static bool allocate_cross(const struct ora_compute *c, const struct ora_self_attention *a, int n, int keys,
                           struct work *w)
{
    bool ok = true;
    w->q = ora_buffer(c, ORA_LANES * ora_blocks(a->d) * a->heads, n, 0, &ok);
    w->scores = ora_floats(c, (size_t)keys, &ok);
    return ok;
}

size_t ora_cross_attention_bytes(const struct ora_compute *c, const struct ora_self_attention *a, int n,
                                 int keys)
{
    struct work w;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    dry.arena = &counts;
    return allocate_cross(&dry, a, n, keys, &w) ? counts.peak_bytes : SIZE_MAX;
}

int ora_cross_attention_forward(const struct ora_compute *c, const struct ora_self_attention *a,
                                struct ora_b16 x, struct ora_b16 y, struct ora_b16 res, int n,
                                struct ora_b16 k, struct ora_b16 v, int keys, struct ora_err *err)
{
    struct work w;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate_cross(c, a, n, keys, &w))
        return ora_no_room(err, "attention to an encoder");
    ora_apply(c, &a->q, x, n, w.q, none, ORA_ACT_NONE);
    for (int i = 0; i < n; i++)
        attend(c, a, ora_b16_at(w.q, 0, i), ora_b16_at(w.q, 0, i), k, v, keys, w.scores);
    ora_apply(c, &a->o, w.q, n, y, res, ORA_ACT_NONE);
    ora_arena_reset(c->arena, mark);
    return 0;
}
