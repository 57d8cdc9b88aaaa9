/* The duration model: a text encoder, then a small causal decoder over codes. */
#include "models/megatts3/duration.h"

#include <math.h>
#include <stdlib.h>

static const float EPSILON = 1e-5f;
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

/* in_proj holds q, k, v stacked: three packed layers with their own rows of it. */
static void bind_attention(struct ora_binder *b, const struct mega_dur_dims *d, struct ora_self_attention *a,
                           int i)
{
    int dec = d->dec, head = dec / d->heads;
    struct ora_attention_maps m;
    struct ora_conv *conv[3] = {&a->q, &a->k, &a->v};
    *a = (struct ora_self_attention){.heads = d->heads, .kv_heads = d->heads, .d = head};
    ora_attention_maps_init(&m, d->heads, d->heads, head, ORA_ROPE_HALF);
    struct ora_conv_spec *spec[3] = {&m.q, &m.k, &m.v};
    const float *w = ora_bind_take(b, ORA_SHAPE(3 * (size_t)dec, (size_t)dec),
                                   "dur.layers.%d.op.self_attn.in_proj_weight", i);
    for (int j = 0; b->rc == 0 && j < 3; j++) {
        spec[j]->weights = ora_binding(b) ? w + (size_t)j * (size_t)dec * (size_t)dec : NULL;
        spec[j]->in = spec[j]->src_in = spec[j]->src_out = dec;
        spec[j]->taps = spec[j]->dilation = 1;
        ora_packer_conv(b->packer, spec[j], conv[j]);
    }
    ora_bind_release(b);
    ora_bind_linear(b, &a->o, &m.o, dec, dec, ORA_NO_BIAS, "dur.layers.%d.op.self_attn.out_proj", i);
    ora_attention_maps_release(&m);
}

static void bind_layer(struct ora_binder *b, const struct mega_dur_dims *d, struct mega_duration_layer *l,
                       int i)
{
    ora_bind_norm(b, &l->norm_1, d->dec, ORA_NORM_WEIGHT_BIAS, "dur.layers.%d.op.layer_norm1", i);
    ora_bind_norm(b, &l->norm_2, d->dec, ORA_NORM_WEIGHT_BIAS, "dur.layers.%d.op.layer_norm2", i);
    bind_attention(b, d, &l->attention, i);
    ora_bind_conv(b, &l->ffn_1, NULL, d->dec, d->ffn, 1, 1, ORA_BIAS, "dur.layers.%d.op.ffn.ffn_1.1", i);
    ora_bind_linear(b, &l->ffn_2, NULL, d->ffn, d->dec, ORA_BIAS, "dur.layers.%d.op.ffn.ffn_2", i);
}

void mega_duration_bind(struct ora_binder *b, const struct mega_dur_dims *d, struct mega_duration *m)
{
    m->dims = *d;
    ora_rel_encoder_bind(b, &m->text, &d->text, "dur.encoder", "dur.ling_label_embed_layers.tone");
    ora_bind_linear(b, &m->enc_proj, NULL, d->text.dim, d->dec, ORA_BIAS, "dur.enc_proj");
    ora_bind_table(b, &m->codes, (size_t)d->code_size + 2, (size_t)d->dec, "dur.code_emb.weight");
    for (int i = 0; i < d->layers; i++)
        bind_layer(b, d, &m->layer[i], i);
    ora_bind_norm(b, &m->last, d->dec, ORA_NORM_WEIGHT_BIAS, "dur.layer_norm");
    ora_bind_linear(b, &m->head, NULL, d->dec, 1, ORA_BIAS, "dur.project_out_dim.0");
}

/* ---- state ----------------------------------------------------------------------------------------------
 */

size_t mega_duration_cache_floats(const struct mega_duration *m, int capacity)
{
    return ora_kv_floats(m->dims.layers, m->dims.heads, m->dims.dec / m->dims.heads, capacity);
}

int mega_duration_begin(const struct ora_compute *c, const struct mega_duration *m,
                        struct mega_duration_state *s, int capacity, struct ora_err *err)
{
    int head = m->dims.dec / m->dims.heads;
    bool ok = true;
    float *memory = ora_floats(c, mega_duration_cache_floats(m, capacity), &ok);
    s->rope = ora_floats(c, ora_rope_floats(head, (size_t)capacity), &ok);
    if (!ok)
        return ora_no_room(err, "the duration model's state");
    ora_kv_place(&s->cache, memory, m->dims.layers, m->dims.heads, head, capacity);
    ora_rope_fill(s->rope, head, 10000, 0, capacity);
    s->last_code = MEGA_CODE_BOS;
    return 0;
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

/* ling = enc_proj(text), [dec] x n rows; with the sinusoid of step n+1 where the model has positions. */
static int encode(const struct ora_compute *c, const struct mega_duration *m, const int32_t *phones,
                  const int32_t *tones, int n, struct ora_b16 ling, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 e = ora_buffer(c, m->dims.text.dim, n, ORA_REL_HALO, &ok);
    float *line = ora_floats(c, (size_t)m->dims.dec, &ok);
    if (!ok)
        return ora_no_room(err, "the duration model's text");
    int rc = ora_rel_encoder_forward(c, &m->text, phones, tones, n, e, "durations", err);
    if (rc == 0) {
        ora_apply(c, &m->enc_proj, e, n, ling, none, ORA_ACT_NONE);
        ora_show(c, ling, n, m->dims.dec, "ling");
        for (int t = 0; m->positions && t < n; t++) {
            ora_sinusoid(line, m->dims.dec, t + 1);
            for (int i = 0; i < m->dims.dec; i++)
                *ora_b16_element(ling, t, i) += line[i];
        }
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* n rows at the cache's next positions: x -> the residual stream (in place) -> d[n]. */
static int decode(const struct ora_compute *c, const struct mega_duration *m, struct mega_duration_state *s,
                  struct ora_b16 x, int n, float *d, struct ora_b16 first, struct ora_err *err)
{
    int dec = m->dims.dec, rc = 0;
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 h = ora_buffer(c, dec, n, 0, &ok), wide = ora_buffer(c, m->dims.ffn, n, 0, &ok);
    struct ora_b16 out = ora_buffer(c, 1, n, 0, &ok);
    struct ora_decode_row *rows = ora_arena_alloc(c->arena, sizeof *rows * (size_t)n);
    if (!ok || !rows)
        return ora_no_room(err, "the duration model");
    for (int i = 0; i < n; i++)
        rows[i] = (struct ora_decode_row){&s->cache, s->cache.length + i};
    for (int i = 0; rc == 0 && i < m->dims.layers; i++) {
        const struct mega_duration_layer *l = &m->layer[i];
        struct ora_self_attention a = l->attention;
        a.rope = s->rope;
        c->k->layer_norm(h, x, n, dec, l->norm_1.gamma, l->norm_1.beta, EPSILON, ORA_ACT_NONE, none);
        rc = ora_self_attention_forward(c, &a, i, h, x, x, rows, n, err);
        c->k->layer_norm(h, x, n, dec, l->norm_2.gamma, l->norm_2.beta, EPSILON, ORA_ACT_NONE, none);
        ora_apply(c, &l->ffn_1, h, n, wide, none, ORA_ACT_GELU);
        ora_apply(c, &l->ffn_2, wide, n, x, x, ORA_ACT_NONE);
        if (i == 0 && first.p)
            ora_copy(first, x, n, dec);
    }
    c->k->layer_norm(h, x, n, dec, m->last.gamma, m->last.beta, EPSILON, ORA_ACT_NONE, none);
    ora_apply(c, &m->head, h, n, out, none, ORA_ACT_NONE);
    c->k->to_tc(d, 1, out, n, 1);
    c->k->map(d, d, (size_t)n, ORA_ACT_SOFTPLUS);
    s->cache.length += n;
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* A tap of n floats in a row. */
static void show_line(const struct ora_compute *c, const float *d, int n, struct ora_b16 room)
{
    if (!c->tap)
        return;
    c->k->from_tc(room, d, 1, n, 1);
    ora_show(c, room, n, 1, "d");
}

struct buffers {
    struct ora_b16 ling, x, first; /* [dec] x n; first only where there is a tap */
    float *d;
};

static bool allocate(const struct ora_compute *c, const struct mega_duration *m, int n, struct buffers *b)
{
    bool ok = true;
    b->ling = ora_buffer(c, m->dims.dec, n, 0, &ok);
    b->x = ora_buffer(c, m->dims.dec, n, 0, &ok);
    b->first = c->tap ? ora_buffer(c, m->dims.dec, n, 0, &ok) : none;
    b->d = ora_floats(c, (size_t)n, &ok);
    return ok;
}

static void show_all(const struct ora_compute *c, const struct mega_duration *m, const struct buffers *b,
                     int n)
{
    if (!c->tap)
        return;
    ora_show(c, b->first, n, m->dims.dec, "h_layer0");
    ora_show(c, b->x, n, m->dims.dec, "h_last_layer");
    show_line(c, b->d, n, b->first);
}

int mega_duration_prompt(const struct ora_compute *c, const struct mega_duration *m,
                         struct mega_duration_state *s, const int32_t *phones, const int32_t *tones,
                         const int32_t *codes, int n, struct ora_err *err)
{
    struct buffers b;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate(c, m, n, &b))
        return ora_no_room(err, "the prompt's durations");
    int rc = encode(c, m, phones, tones, n, b.ling, err);
    if (rc == 0) {
        for (int i = 0; i < n; i++) {
            int32_t code = i ? codes[i - 1] : s->last_code;
            c->k->embed(ora_b16_at(b.x, 0, i), &code, 1, m->codes, m->dims.dec, 1);
        }
        ora_sum(c, b.x, b.x, b.ling, n, m->dims.dec);
        rc = decode(c, m, s, b.x, n, b.d, b.first, err);
        show_all(c, m, &b, n);
        s->last_code = codes[n - 1];
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

int mega_duration_run(const struct ora_compute *c, const struct mega_duration *m,
                      struct mega_duration_state *s, const int32_t *phones, const int32_t *tones,
                      const int32_t *forced, int n, int32_t *out, struct ora_err *err)
{
    struct buffers b;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate(c, m, n, &b))
        return ora_no_room(err, "a chunk's durations");
    int rc = encode(c, m, phones, tones, n, b.ling, err);
    for (int i = 0; rc == 0 && i < n; i++) {
        struct ora_b16 x = ora_b16_at(b.x, 0, i), first = b.first.p ? ora_b16_at(b.first, 0, i) : none;
        c->k->embed(x, &s->last_code, 1, m->codes, m->dims.dec, 1);
        ora_sum(c, x, x, ora_b16_at(b.ling, 0, i), 1, m->dims.dec);
        rc = decode(c, m, s, x, 1, &b.d[i], first, err);
        double code = nearbyint((double)b.d[i]), least = i ? 1 : 0;
        code = code >= least ? code : least; /* a NaN becomes the least */
        out[i] = code > MEGA_CODE_MAX ? MEGA_CODE_MAX : (int32_t)code;
        s->last_code = forced ? forced[i] : out[i];
    }
    if (rc == 0)
        show_all(c, m, &b, n);
    ora_arena_reset(c->arena, mark);
    return rc;
}
