/* The decoder, layer by layer, for any rows of any sequences. */
#include "nn/layers/qwen2.h"

#include <math.h>

static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

/* The scale 1/sqrt(head width) that queries are packed with keeps a bfloat16 one only as a power of two. */
static bool power_of_two(float scale)
{
    int exponent;
    return frexpf(scale, &exponent) == 0.5f;
}

static void bind_layer(struct ora_binder *b, const struct ora_qwen2_dims *d, const char *p,
                       struct ora_qwen2_layer *l, int i)
{
    const struct ora_conv_spec plain = {.half = d->half};
    int h = d->hidden, head = h / d->heads, kv = head * d->kv_heads;
    struct ora_self_attention *a = &l->attention;
    struct ora_attention_maps m;
    *a = (struct ora_self_attention){.heads = d->heads, .kv_heads = d->kv_heads, .d = head};
    ora_attention_maps_init(&m, d->heads, d->kv_heads, head, ORA_ROPE_HALF);
    m.q.half = d->half && power_of_two(m.q.weight_scale);
    m.k.half = m.v.half = m.o.half = d->half;
    ora_bind_linear(b, &a->q, &m.q, h, h, ORA_BIAS, "%s.layers.%d.self_attn.q_proj", p, i);
    ora_bind_linear(b, &a->k, &m.k, h, kv, ORA_BIAS, "%s.layers.%d.self_attn.k_proj", p, i);
    ora_bind_linear(b, &a->v, &m.v, h, kv, ORA_BIAS, "%s.layers.%d.self_attn.v_proj", p, i);
    ora_bind_linear(b, &a->o, &m.o, h, h, ORA_NO_BIAS, "%s.layers.%d.self_attn.o_proj", p, i);
    ora_attention_maps_release(&m);
    ora_bind_linear(b, &l->gate, &plain, h, d->mlp, ORA_NO_BIAS, "%s.layers.%d.mlp.gate_proj", p, i);
    ora_bind_linear(b, &l->up, &plain, h, d->mlp, ORA_NO_BIAS, "%s.layers.%d.mlp.up_proj", p, i);
    ora_bind_linear(b, &l->down, &plain, d->mlp, h, ORA_NO_BIAS, "%s.layers.%d.mlp.down_proj", p, i);
    ora_bind_norm(b, &l->norm_1, h, ORA_NORM_WEIGHT, "%s.layers.%d.input_layernorm", p, i);
    ora_bind_norm(b, &l->norm_2, h, ORA_NORM_WEIGHT, "%s.layers.%d.post_attention_layernorm", p, i);
}

/* Upper halves of the floats; anything that is no bfloat16 is refused, so that nothing is lost unseen. */
static void keep_halves(struct ora_binder *b, const float *from, uint16_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float v;
        memcpy(&v, from + i, sizeof v);
        to[i] = ora_half_of(v);
        if (ora_half_value(to[i]) != v) {
            b->rc = ora_err_set(b->err, ORA_E_VOICE, "the embedding's element %zu is no bfloat16", i);
            return;
        }
    }
}

static void bind_embedding(struct ora_binder *b, const char *p, struct ora_qwen2 *m)
{
    const struct ora_qwen2_dims *d = &m->dims;
    size_t vocab = (size_t)d->vocab, hidden = (size_t)d->hidden, n = vocab * hidden;
    const float *view, *e = ora_bind_take(b, ORA_SHAPE(vocab, hidden), "%s.embed_tokens.weight", p);
    float *to = ora_packer_floats(b->packer, (n + 1) / 2, &view);
    m->embedding = (const uint16_t *)(const void *)view;
    if (to && ora_binding(b))
        keep_halves(b, e, (uint16_t *)(void *)to, n);
    struct ora_conv_spec head = {.in = d->hidden,
                                 .out = d->head_count,
                                 .taps = 1,
                                 .dilation = 1,
                                 .half = d->half,
                                 .weights = ora_binding(b) ? e + (size_t)d->head_first * hidden : NULL};
    if (b->rc == 0)
        ora_packer_conv(b->packer, &head, &m->head);
    ora_bind_release(b);
}

void ora_qwen2_bind(struct ora_binder *b, const struct ora_qwen2_dims *d, const char *prefix,
                    struct ora_qwen2 *m)
{
    m->dims = *d;
    b->packer->strict = true;
    bind_embedding(b, prefix, m);
    for (int i = 0; i < d->layers; i++)
        bind_layer(b, d, prefix, &m->layer[i], i);
    ora_bind_norm(b, &m->last, d->hidden, ORA_NORM_WEIGHT, "%s.norm", prefix);
    b->packer->strict = false;
}

/* ---- state ----------------------------------------------------------------------------------------------
 */

size_t ora_qwen2_rope_floats(const struct ora_qwen2 *m, int positions)
{
    return ora_rope_floats(m->dims.hidden / m->dims.heads, (size_t)positions);
}

void ora_qwen2_rope(const struct ora_qwen2 *m, float *table, int positions)
{
    ora_rope_fill(table, m->dims.hidden / m->dims.heads, m->dims.rope_theta, 0, positions);
}

size_t ora_qwen2_cache_floats(const struct ora_qwen2 *m, int capacity)
{
    return ora_kv_floats(m->dims.layers, m->dims.kv_heads, m->dims.hidden / m->dims.heads, capacity);
}

void ora_qwen2_cache_place(const struct ora_qwen2 *m, struct ora_kv_cache *kv, float *memory, int capacity)
{
    ora_kv_place(kv, memory, m->dims.layers, m->dims.kv_heads, m->dims.hidden / m->dims.heads, capacity);
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

static void embed(const struct ora_qwen2 *m, const int32_t *ids, int n, struct ora_b16 x)
{
    for (int t = 0; t < n; t++) {
        const uint16_t *from = m->embedding + (size_t)ids[t] * (size_t)m->dims.hidden;
        ora_b16_clear_rows(x, m->dims.hidden, t, t + 1);
        for (int i = 0; i < m->dims.hidden; i++)
            *ora_b16_element(x, t, i) = ora_half_value(from[i]);
    }
}

struct work {
    struct ora_b16 h, gate, up;
};

static bool allocate(const struct ora_compute *c, const struct ora_qwen2 *m, int n, struct work *w)
{
    bool ok = true;
    w->h = ora_buffer(c, m->dims.hidden, n, 0, &ok);
    w->gate = ora_buffer(c, m->dims.mlp, n, 0, &ok);
    w->up = ora_buffer(c, m->dims.mlp, n, 0, &ok);
    return ok;
}

size_t ora_qwen2_forward_bytes(const struct ora_compute *c, const struct ora_qwen2 *m, int n, int keys)
{
    struct work w;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    dry.arena = &counts;
    if (!allocate(&dry, m, n, &w))
        return SIZE_MAX;
    return counts.peak_bytes + ora_self_attention_bytes(c, &m->layer[0].attention, n, keys);
}

size_t ora_qwen2_logits_bytes(const struct ora_compute *c, const struct ora_qwen2 *m, int n)
{
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    bool ok = true;
    dry.arena = &counts;
    ora_buffer(&dry, m->dims.head_count, n, 0, &ok);
    return ok ? counts.peak_bytes : SIZE_MAX;
}

static int layer(const struct ora_compute *c, const struct ora_qwen2 *m, int i, const float *rope,
                 const struct ora_decode_row *rows, int n, struct ora_b16 x, const struct work *w,
                 struct ora_err *err)
{
    const struct ora_qwen2_layer *l = &m->layer[i];
    struct ora_self_attention a = l->attention;
    float eps = (float)m->dims.eps;
    int hidden = m->dims.hidden;
    a.rope = rope;
    c->k->rms_norm(w->h, x, n, hidden, l->norm_1.gamma, eps);
    int rc = ora_self_attention_forward(c, &a, i, w->h, x, x, rows, n, err);
    if (rc < 0)
        return rc;
    c->k->rms_norm(w->h, x, n, hidden, l->norm_2.gamma, eps);
    ora_apply(c, &l->gate, w->h, n, w->gate, none, ORA_ACT_SILU);
    ora_apply(c, &l->up, w->h, n, w->up, none, ORA_ACT_NONE);
    for (int b = 0; b < ora_blocks(m->dims.mlp); b++) {
        float *g = ora_b16_at(w->gate, b, 0).p;
        c->k->mul(g, g, ora_b16_at(w->up, b, 0).p, ORA_LANES * (size_t)n);
    }
    ora_apply(c, &l->down, w->gate, n, x, x, ORA_ACT_NONE);
    ora_show(c, x, n, hidden, "h.%d", i);
    return 0;
}

int ora_qwen2_forward(const struct ora_compute *c, const struct ora_qwen2 *m, const float *rope,
                      const int32_t *ids, const struct ora_decode_row *rows, int n, struct ora_b16 h,
                      struct ora_err *err)
{
    struct work w;
    size_t mark = ora_arena_mark(c->arena);
    int rc = 0;
    if (!allocate(c, m, n, &w))
        return ora_no_room(err, "the language model");
    embed(m, ids, n, h);
    for (int i = 0; rc == 0 && i < m->dims.layers; i++)
        rc = layer(c, m, i, rope, rows, n, h, &w, err);
    c->k->rms_norm(h, h, n, m->dims.hidden, m->last.gamma, (float)m->dims.eps);
    ora_show(c, h, n, m->dims.hidden, "final_norm");
    ora_arena_reset(c->arena, mark);
    return rc;
}

int ora_qwen2_logits(const struct ora_compute *c, const struct ora_qwen2 *m, struct ora_b16 h, int n,
                     float *logits, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 out = ora_buffer(c, m->dims.head_count, n, 0, &ok);
    if (!ok)
        return ora_no_room(err, "logits");
    ora_apply(c, &m->head, h, n, out, none, ORA_ACT_NONE);
    c->k->to_tc(logits, (size_t)m->dims.head_count, out, n, m->dims.head_count);
    ora_arena_reset(c->arena, mark);
    return 0;
}
