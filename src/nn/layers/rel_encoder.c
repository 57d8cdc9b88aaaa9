/* The encoder. chLN's epsilon is 1e-4; only the symbols' embedding is scaled. */
#include "nn/layers/rel_encoder.h"

#include "nn/layers/decode.h"

#include <math.h>

enum { WINDOW = 4, PRE_TAPS = 5, FFN_TAPS = 3 };
static const float EPSILON = 1e-4f;
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_layer(struct ora_binder *b, struct ora_rel_layer *l, const struct ora_rel_encoder_dims *d,
                       const char *p, int i)
{
    int dim = d->dim, head = dim / d->heads;
    struct ora_attention_maps m;
    const char *attn = "encoder.attn_layers";
    ora_attention_maps_init(&m, d->heads, d->heads, head, ORA_ROPE_NONE);
    ora_bind_conv(b, &l->q, &m.q, dim, dim, 1, 1, ORA_BIAS, "%s.%s.%d.conv_q", p, attn, i);
    ora_bind_conv(b, &l->k, &m.k, dim, dim, 1, 1, ORA_BIAS, "%s.%s.%d.conv_k", p, attn, i);
    ora_bind_conv(b, &l->v, &m.v, dim, dim, 1, 1, ORA_BIAS, "%s.%s.%d.conv_v", p, attn, i);
    ora_bind_conv(b, &l->o, &m.o, dim, dim, 1, 1, ORA_BIAS, "%s.%s.%d.conv_o", p, attn, i);
    ora_attention_maps_release(&m);
    struct ora_shape rel = ORA_SHAPE(1, 2 * WINDOW + 1, (size_t)head);
    const float *rel_k = ora_bind_take(b, rel, "%s.%s.%d.emb_rel_k", p, attn, i);
    const float *rel_v = ora_bind_take(b, rel, "%s.%s.%d.emb_rel_v", p, attn, i);
    if (b->rc == 0)
        ora_packer_attention(b->packer, d->heads, head, WINDOW, rel_k, rel_v, &l->attention);
    ora_bind_release(b);
    ora_bind_norm(b, &l->norm_1, dim, ORA_NORM_GAMMA_BETA, "%s.encoder.norm_layers_1.%d", p, i);
    ora_bind_norm(b, &l->norm_2, dim, ORA_NORM_GAMMA_BETA, "%s.encoder.norm_layers_2.%d", p, i);
    ora_bind_conv(b, &l->ffn_1, NULL, dim, d->ffn, FFN_TAPS, 1, ORA_BIAS, "%s.encoder.ffn_layers.%d.conv_1",
                  p, i);
    ora_bind_conv(b, &l->ffn_2, NULL, d->ffn, dim, 1, 1, ORA_BIAS, "%s.encoder.ffn_layers.%d.conv_2", p, i);
}

void ora_rel_encoder_bind(struct ora_binder *b, struct ora_rel_encoder *e,
                          const struct ora_rel_encoder_dims *dims, const char *prefix, const char *tones)
{
    int dim = dims->dim;
    e->dims = *dims;
    ora_bind_table(b, &e->symbols, (size_t)dims->symbols, (size_t)dim, "%s.emb.weight", prefix);
    ora_bind_table(b, &e->tones, (size_t)dims->tones, (size_t)dim, "%s.weight", tones);
    for (int i = 0; i < ORA_REL_PRENET; i++) {
        ora_bind_conv(b, &e->pre[i], NULL, dim, dim, PRE_TAPS, 1, ORA_BIAS, "%s.pre.conv_layers.%d", prefix,
                      i);
        ora_bind_norm(b, &e->pre_norm[i], dim, ORA_NORM_GAMMA_BETA, "%s.pre.norm_layers.%d", prefix, i);
    }
    ora_bind_conv(b, &e->proj, NULL, dim, dim, 1, 1, ORA_BIAS, "%s.pre.proj", prefix);
    for (int i = 0; i < dims->layers; i++)
        bind_layer(b, &e->layer[i], dims, prefix, i);
    ora_bind_norm(b, &e->last, dim, ORA_NORM_GAMMA_BETA, "%s.encoder.last_ln", prefix);
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

void ora_sinusoid(float *out, int d, double position)
{
    int half = d / 2;
    for (int i = 0; i < half; i++) {
        double w = exp(-log(10000.0) * i / (half - 1));
        out[i] = (float)sin(position * w);
        out[half + i] = (float)cos(position * w);
    }
}

struct work {
    struct ora_b16 h;       /* [dim], halo */
    struct ora_b16 q, k, v; /* [heads], padded */
    struct ora_b16 wide;    /* [ffn] */
    float *line;            /* [dim] */
    void *attention;
    struct ora_b16 a, b; /* [dim], halo: the prenet's by turns */
};

static bool allocate(const struct ora_compute *c, const struct ora_rel_encoder *e, int n, struct work *w)
{
    int dim = e->dims.dim, heads = e->dims.heads * ORA_LANES * ora_blocks(dim / e->dims.heads);
    bool ok = true;
    w->h = ora_buffer(c, dim, n, ORA_REL_HALO, &ok);
    w->q = ora_buffer(c, heads, n, 0, &ok);
    w->k = ora_buffer(c, heads, n, 0, &ok);
    w->v = ora_buffer(c, heads, n, 0, &ok);
    w->wide = ora_buffer(c, e->dims.ffn, n, 0, &ok);
    w->line = ora_floats(c, (size_t)dim, &ok);
    w->attention = ora_arena_alloc(c->arena, ora_attention_scratch_bytes(c->k, &e->layer[0].attention, n));
    w->a = ora_buffer(c, dim, n, ORA_REL_HALO, &ok);
    w->b = ora_buffer(c, dim, n, ORA_REL_HALO, &ok);
    return ok && w->attention;
}

size_t ora_rel_encoder_bytes(const struct ora_kernels *k, const struct ora_rel_encoder *e, int n)
{
    struct ora_arena measuring = ora_arena_of_counts();
    struct work w;
    allocate(&(struct ora_compute){.k = k, .arena = &measuring}, e, n, &w);
    return measuring.peak_bytes;
}

static void norm(const struct ora_compute *c, const struct ora_norm *p, struct ora_b16 x, int n, int dim,
                 struct ora_b16 y, enum ora_act fn)
{
    c->k->layer_norm(y, x, n, dim, p->gamma, p->beta, EPSILON, fn, none);
}

static void embed(const struct ora_compute *c, const struct ora_rel_encoder *e, const int32_t *ids,
                  const int32_t *tones, int n, struct ora_b16 x, const struct work *w)
{
    int dim = e->dims.dim;
    c->k->embed(x, ids, n, e->symbols, dim, (float)sqrt((double)dim));
    c->k->embed(w->h, tones, n, e->tones, dim, 1);
    ora_sum(c, x, x, w->h, n, dim);
    for (int t = 0; t < n; t++) {
        ora_sinusoid(w->line, dim, t);
        for (int i = 0; i < dim; i++)
            *ora_b16_element(x, t, i) += w->line[i];
    }
}

static void layer(const struct ora_compute *c, const struct ora_rel_encoder *e, int i, struct ora_b16 x,
                  int n, const struct work *w, const char *name)
{
    const struct ora_rel_layer *l = &e->layer[i];
    int dim = e->dims.dim;
    norm(c, &l->norm_1, x, n, dim, w->h, ORA_ACT_NONE);
    ora_apply(c, &l->q, w->h, n, w->q, none, ORA_ACT_NONE);
    ora_apply(c, &l->k, w->h, n, w->k, none, ORA_ACT_NONE);
    ora_apply(c, &l->v, w->h, n, w->v, none, ORA_ACT_NONE);
    ora_attention_forward(c->k, &l->attention, w->q, w->q, w->k, w->v, n, w->attention);
    ora_count(c, 2.0 * n * n * dim);
    if (i == 0 && c->tap) {
        ora_apply(c, &l->o, w->q, n, w->h, none, ORA_ACT_NONE);
        ora_show(c, w->h, n, dim, "text.attn0.%s", name);
    }
    ora_apply(c, &l->o, w->q, n, x, x, ORA_ACT_NONE);
    norm(c, &l->norm_2, x, n, dim, w->h, ORA_ACT_NONE);
    ora_apply(c, &l->ffn_1, w->h, n, w->wide, none, ORA_ACT_RELU);
    ora_apply(c, &l->ffn_2, w->wide, n, x, x, ORA_ACT_NONE);
}

int ora_rel_encoder_forward(const struct ora_compute *c, const struct ora_rel_encoder *e, const int32_t *ids,
                            const int32_t *tones, int n, struct ora_b16 y, const char *name,
                            struct ora_err *err)
{
    struct work w;
    struct ora_b16 at, other;
    size_t mark = ora_arena_mark(c->arena);
    int dim = e->dims.dim;
    if (!allocate(c, e, n, &w))
        return ora_no_room(err, "the text encoder");
    ora_b16_clear_halo(y, dim, n, ORA_REL_HALO);
    ora_b16_clear_halo(w.a, dim, n, ORA_REL_HALO);
    ora_b16_clear_halo(w.b, dim, n, ORA_REL_HALO);
    ora_b16_clear_halo(w.h, dim, n, ORA_REL_HALO);
    embed(c, e, ids, tones, n, y, &w);
    ora_copy(w.a, y, n, dim);
    at = w.a, other = w.b;
    for (int i = 0; i < ORA_REL_PRENET; i++) {
        ora_apply(c, &e->pre[i], at, n, other, none, ORA_ACT_NONE);
        norm(c, &e->pre_norm[i], other, n, dim, other, ORA_ACT_RELU);
        struct ora_b16 swap = at;
        at = other, other = swap;
    }
    ora_apply(c, &e->proj, at, n, y, y, ORA_ACT_NONE);
    ora_show(c, y, n, dim, "text.prenet.%s", name);
    for (int i = 0; i < e->dims.layers; i++)
        layer(c, e, i, y, n, &w, name);
    norm(c, &e->last, y, n, dim, y, ORA_ACT_NONE);
    ora_show(c, y, n, dim, "text.out.%s", name);
    ora_arena_reset(c->arena, mark);
    return 0;
}
