/* Binding with the folded maps, and the AdaLN vectors. */
#include "models/megatts3/dit_sampler.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nn/layers/decode.h"
#include "nn/layers/fold.h"

static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_modulation(struct ora_binder *b, const struct mega_dit_dims *d,
                            struct mega_dit_modulation *m)
{
    size_t from = b->packer->bytes;
    int dim = d->dim;
    ora_bind_linear(b, &m->time[0], NULL, d->time_freqs, dim, ORA_BIAS, "dit.f5_time_embed.time_mlp.0");
    ora_bind_linear(b, &m->time[1], NULL, dim, dim, ORA_BIAS, "dit.f5_time_embed.time_mlp.2");
    for (int i = 0; i < d->layers; i++)
        ora_bind_linear(b, &m->layer[i], NULL, dim, 6 * dim, ORA_BIAS,
                        "dit.encoder.layers.%d.attention_norm.linear", i);
    ora_bind_linear(b, &m->last, NULL, dim, 2 * dim, ORA_BIAS, "dit.encoder.norm.linear");
    m->from = b->packer->memory ? b->packer->memory + from : NULL;
    m->bytes = b->packer->bytes - from;
}

static void bind_layer(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit_layer *l, int i)
{
    const char *p = "dit.encoder.layers";
    struct ora_attention_maps m;
    /* tolerant: one bfloat16 an operand leaves velocities 53 dB at the official size */
    struct ora_conv_spec tolerant = {.tolerant = true};
    int dim = d->dim;
    ora_attention_maps_init(&m, d->heads, d->heads, dim / d->heads, ORA_ROPE_INTERLEAVED);
    m.q.tolerant = m.k.tolerant = m.v.tolerant = m.o.tolerant = true;
    ora_bind_linear(b, &l->q, &m.q, dim, dim, ORA_BIAS, "%s.%d.attention.wq", p, i);
    ora_bind_linear(b, &l->k, &m.k, dim, dim, ORA_BIAS, "%s.%d.attention.wk", p, i);
    ora_bind_linear(b, &l->v, &m.v, dim, dim, ORA_BIAS, "%s.%d.attention.wv", p, i);
    ora_bind_linear(b, &l->o, &m.o, dim, dim, ORA_BIAS, "%s.%d.attention.wo", p, i);
    ora_attention_maps_release(&m);
    ora_bind_linear(b, &l->w1, &tolerant, dim, d->ffn, ORA_BIAS, "%s.%d.feed_forward.w1", p, i);
    ora_bind_linear(b, &l->w2, &tolerant, d->ffn, dim, ORA_BIAS, "%s.%d.feed_forward.w2", p, i);
}

/* Weights and bias of a linear layer. */
struct linear {
    const float *w, *b;
    size_t in, out;
};

static struct linear take_linear(struct ora_binder *b, const char *name, int in, int out)
{
    struct linear l = {.in = (size_t)in, .out = (size_t)out};
    l.w = ora_bind_take(b, ORA_SHAPE(l.out, l.in), "%s.weight", name);
    l.b = ora_bind_take(b, ORA_SHAPE(l.out), "%s.bias", name);
    return l;
}

/* The map second(first(x)): weights [second.out][first.in] and bias, in fresh memory. */
static void fold_linear(const struct linear *first, const struct linear *second, float **w, float **bias)
{
    size_t n = second->out * first->in;
    double *sum = ora_xcalloc(n > second->out ? n : second->out, sizeof *sum);
    *w = ora_xmalloc(sizeof **w * n);
    *bias = ora_xmalloc(sizeof **bias * second->out);
    struct ora_matrix a = {second->w, second->in, 1};
    ora_fold_add_product(sum, a, (struct ora_matrix){first->w, first->in, 1}, second->out, second->in,
                         first->in);
    ora_fold_round(*w, sum, n);
    for (size_t i = 0; i < second->out; i++)
        sum[i] = (double)second->b[i];
    ora_fold_add_vector(sum, a, first->b, second->out, second->in);
    ora_fold_round(*bias, sum, second->out);
    free(sum);
}

static void bind_velocity(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m)
{
    struct linear first = take_linear(b, "dit.encoder.out_proj", d->dim, d->dim);
    struct linear second = take_linear(b, "dit.postnet", d->dim, d->latent);
    float *w = NULL, *bias = NULL;
    static const float some;
    if (ora_binding(b))
        fold_linear(&first, &second, &w, &bias);
    struct ora_conv_spec spec = {
        .in = d->dim, .out = d->latent, .taps = 1, .dilation = 1, .weights = w, .bias = bias ? bias : &some};
    if (b->rc == 0)
        ora_packer_conv(b->packer, &spec, &m->velocity);
    free(w);
    free(bias);
    ora_bind_release(b);
}

/* out = bias + w[:, latent..] * (mask ? weight + bias : bias of the mask's embedding) */
static void mask_row(float *out, const float *w, const float *bias, const struct mega_dit_dims *d,
                     const float *mask_weight, const float *mask_bias, bool inside)
{
    size_t columns = (size_t)(d->latent + d->ctx_mask);
    for (size_t o = 0; o < (size_t)d->dim; o++) {
        double sum = (double)bias[o];
        for (int i = 0; i < d->ctx_mask; i++) {
            double e = (double)mask_bias[i] + (inside ? (double)mask_weight[i] : 0);
            sum += (double)w[o * columns + (size_t)(d->latent + i)] * e;
        }
        out[o] = (float)sum;
    }
}

/* prenet(local_cond_project([latents, embedding of the mask])) is a map of the latents and one of two rows.
 */
static void bind_local(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m)
{
    int columns = d->latent + d->ctx_mask;
    struct linear first = take_linear(b, "dit.local_cond_project", columns, d->local_cond);
    struct linear second = take_linear(b, "dit.prenet", d->local_cond, d->dim);
    const float *mask_weight =
        ora_bind_take(b, ORA_SHAPE((size_t)d->ctx_mask, 1), "dit.ctx_mask_proj.weight");
    const float *mask_bias = ora_bind_take(b, ORA_SHAPE((size_t)d->ctx_mask), "dit.ctx_mask_proj.bias");
    float *w = NULL, *bias = NULL, *row = ora_xcalloc((size_t)d->dim, sizeof *row);
    if (ora_binding(b))
        fold_linear(&first, &second, &w, &bias);
    struct ora_conv_spec spec = {
        .in = d->latent, .src_in = columns, .out = d->dim, .taps = 1, .dilation = 1, .weights = w};
    if (b->rc == 0)
        ora_packer_conv(b->packer, &spec, &m->prompt);
    for (int inside = 0; b->rc == 0 && inside < 2; inside++) {
        if (w)
            mask_row(row, w, bias, d, mask_weight, mask_bias, inside);
        ora_packer_vector(b->packer, row, d->dim, 1, &m->where[inside]);
    }
    free(w);
    free(bias);
    free(row);
    ora_bind_release(b);
}

void mega_dit_bind(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m)
{
    m->dims = *d;
    bind_modulation(b, d, &m->modulation);
    ora_rel_encoder_bind(b, &m->text, &d->text, "dit.ph_encoder", "dit.tone_embed");
    ora_bind_spread(b, &m->ling, d->dim, "dit.ling_pre_net");
    bind_local(b, d, m);
    ora_bind_linear(b, &m->x_prenet, NULL, d->latent, d->dim, ORA_BIAS, "dit.x_prenet");
    for (int i = 0; i < d->layers; i++)
        bind_layer(b, d, &m->layer[i], i);
    ora_packer_attention(b->packer, d->heads, d->dim / d->heads, 0, NULL, NULL, &m->attention);
    m->attention.tolerant = true;
    bind_velocity(b, d, m);
}

/* ---- AdaLN vectors ---------------------------------------------------------------------------------------
 */

size_t mega_dit_table_floats(const struct mega_dit *m)
{
    size_t padded = (size_t)ORA_LANES * (size_t)ora_blocks(m->dims.dim);
    return mega_dit_layer_floats(m) * (size_t)m->dims.layers + 2 * padded;
}

struct work {
    struct ora_b16 te, mod;       /* [dim], [6*dim] x steps */
    struct ora_b16 waves, hidden; /* [freqs], [dim] x steps */
    float *line;                  /* [freqs] */
};

static bool allocate(const struct ora_compute *c, const struct mega_dit *m, int steps, struct work *w)
{
    int dim = m->dims.dim, freqs = m->dims.time_freqs;
    bool ok = true;
    w->te = ora_buffer(c, dim, steps, 0, &ok);
    w->mod = ora_buffer(c, 6 * dim, steps, 0, &ok);
    w->waves = ora_buffer(c, freqs, steps, 0, &ok);
    w->hidden = ora_buffer(c, dim, steps, 0, &ok);
    w->line = ora_floats(c, (size_t)freqs, &ok);
    return ok;
}

size_t mega_dit_table_bytes(const struct mega_dit *m, int steps)
{
    struct ora_arena measuring = ora_arena_of_counts();
    struct work w;
    allocate(&(struct ora_compute){.arena = &measuring}, m, steps, &w);
    return measuring.peak_bytes;
}

/* te of each time, its SiLU: [dim] x steps rows. */
static void time_embedding(const struct ora_compute *c, const struct mega_dit *m, const double *times,
                           int steps, const struct work *w)
{
    int freqs = m->dims.time_freqs, dim = m->dims.dim;
    for (int n = 0; n < steps; n++) {
        ora_sinusoid(w->line, freqs, 1000 * times[n]);
        c->k->from_tc(ora_b16_at(w->waves, 0, n), w->line, (size_t)freqs, 1, freqs);
    }
    ora_apply(c, &m->modulation.time[0], w->waves, steps, w->hidden, none, ORA_ACT_SILU);
    ora_apply(c, &m->modulation.time[1], w->hidden, steps, w->te, none, ORA_ACT_NONE);
    ora_show(c, w->te, steps, dim, "te");
    ora_map(c, w->te, w->te, steps, dim, ORA_ACT_SILU);
}

/* The vectors of one layer for one time, from row n of the product; scales count from 1. */
static void spread_row(float *to, struct ora_b16 mod, int n, int dim, int vectors, unsigned scales)
{
    int padded = ORA_LANES * ora_blocks(dim);
    for (int v = 0; v < vectors; v++, to += padded) {
        float one = scales >> v & 1 ? 1.0f : 0.0f;
        for (int i = 0; i < dim; i++)
            to[i] = *ora_b16_element(mod, n, v * dim + i) + one;
        for (int i = dim; i < padded; i++)
            to[i] = 0.0f;
    }
}

int mega_dit_table(const struct ora_compute *c, const struct mega_dit *m, const double *times, int steps,
                   float *table, struct ora_err *err)
{
    enum { SCALES = 1 << MEGA_SCALE_A | 1 << MEGA_SCALE_F, LAST_SCALES = 1 };
    int dim = m->dims.dim, layers = m->dims.layers;
    size_t mark = ora_arena_mark(c->arena), line = mega_dit_table_floats(m);
    struct work w;
    if (!allocate(c, m, steps, &w))
        return ora_no_room(err, "the modulation");
    time_embedding(c, m, times, steps, &w);
    for (int i = 0; i <= layers; i++) {
        const struct ora_conv *map = i == layers ? &m->modulation.last : &m->modulation.layer[i];
        ora_apply(c, map, w.te, steps, w.mod, none, ORA_ACT_NONE);
        if (i == 0)
            ora_show(c, w.mod, steps, 6 * dim, "mod.0");
        for (int n = 0; n < steps; n++)
            spread_row(table + line * (size_t)n + mega_dit_layer_floats(m) * (size_t)i, w.mod, n, dim,
                       map->out / dim, i == layers ? LAST_SCALES : SCALES);
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}
