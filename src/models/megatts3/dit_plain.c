/* The transformer in its plain form: three branches, every row, every layer. */
#include "models/megatts3/dit_plain.h"

#include "models/megatts3/dit_sampler.h"
#include "nn/layers/decode.h"
#include "nn/solver.h"

static const float EPSILON = 1e-6f;
static const struct ora_b16 none = {0};

void mega_dit_bind_plain(struct ora_binder *b, const struct mega_dit_dims *d, struct mega_dit *m)
{
    struct mega_dit_plain *p = &m->plain;
    int dim = d->dim;
    for (int i = 0; i < 2; i++)
        ora_bind_strided(b, &p->ling[i], dim, dim, 4, 2, 1, ORA_BIAS, "dit.ling_pre_net.%d", i);
    ora_bind_table(b, &p->mask_weight, (size_t)d->ctx_mask, 1, "dit.ctx_mask_proj.weight");
    ora_bind_vector(b, &p->mask_bias, d->ctx_mask, "dit.ctx_mask_proj.bias");
    ora_bind_linear(b, &p->local_cond, NULL, d->latent + d->ctx_mask, d->local_cond, ORA_BIAS,
                    "dit.local_cond_project");
    ora_bind_linear(b, &p->prenet, NULL, d->local_cond, dim, ORA_BIAS, "dit.prenet");
    ora_bind_linear(b, &p->out_proj, NULL, dim, dim, ORA_BIAS, "dit.encoder.out_proj");
    ora_bind_linear(b, &p->postnet, NULL, dim, d->latent, ORA_BIAS, "dit.postnet");
}

/* ---- what is constant over the steps ---------------------------------------------------------------------
 */

/* ling = two strided convolutions over the text's states, spread over mel frames: [dim] x T rows. */
static int spread_text(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                       struct ora_b16 e, struct ora_b16 ling, struct ora_err *err)
{
    int dim = m->dims.dim, half = in->frames / 2;
    bool ok = true;
    size_t mark = ora_arena_mark(c->arena);
    struct ora_b16 wide = ora_buffer(c, dim, in->frames, 0, &ok), middle = ora_buffer(c, dim, half, 0, &ok);
    int32_t *index = ora_arena_alloc(c->arena, sizeof *index * (size_t)in->frames);
    if (!ok || !index)
        return ora_no_room(err, "the text's states");
    for (int i = 0; i < in->frames; i++)
        index[i] = in->mel2ph[i] - 1; /* -1: e's zero halo */
    c->k->gather(wide, e, index, in->frames, ora_blocks(dim));
    int rc = ora_strided_forward(c, &m->plain.ling[0], wide, 0, in->frames, middle, half, ORA_ACT_NONE, err);
    if (rc == 0)
        rc = ora_strided_forward(c, &m->plain.ling[1], middle, 0, half, ling, half / 2, ORA_ACT_NONE, err);
    ora_arena_reset(c->arena, mark);
    return rc;
}

static int encode_text(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                       bool with_text, struct ora_b16 ling, struct ora_err *err)
{
    const char *name = with_text ? "text" : "uncond";
    size_t mark = ora_arena_mark(c->arena), n = (size_t)in->phone_count;
    bool ok = true;
    struct ora_b16 e = ora_buffer(c, m->dims.dim, in->phone_count, ORA_REL_HALO, &ok);
    int32_t *ids = ora_arena_alloc(c->arena, 2 * n * sizeof *ids);
    if (!ok || !ids)
        return ora_no_room(err, "the text");
    for (size_t i = 0; i < n; i++) {
        ids[i] = with_text ? in->phones[i] : MEGA_UNCOND_PHONE;
        ids[n + i] = with_text ? in->tones[i] : MEGA_UNCOND_TONE;
    }
    int rc = ora_rel_encoder_forward(c, &m->text, ids, ids + n, in->phone_count, e, name, err);
    if (rc == 0)
        rc = spread_text(c, m, in, e, ling, err);
    if (rc == 0)
        ora_show(c, ling, mega_dit_rows(in), m->dims.dim, "ling.%s", name);
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* y = prenet(local_cond_project([latents of the prompt or zeros, mask embedding])): [dim] x T rows. */
static int local_condition(const struct ora_compute *c, const struct mega_dit *m,
                           const struct mega_dit_input *in, bool with_voice, struct ora_b16 y,
                           struct ora_err *err)
{
    int width = m->dims.latent + m->dims.ctx_mask, rows = mega_dit_rows(in);
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 a = ora_buffer(c, width, rows, 0, &ok),
                   b = ora_buffer(c, m->dims.local_cond, rows, 0, &ok);
    float *line = ora_floats(c, (size_t)width, &ok);
    if (!ok)
        return ora_no_room(err, "the local condition");
    for (int t = 0; t < rows; t++) {
        bool prompt = t < in->prompt_rows;
        memset(line, 0, sizeof *line * (size_t)width);
        if (prompt && with_voice)
            memcpy(line, in->prompt + (ptrdiff_t)t * m->dims.latent, sizeof *line * (size_t)m->dims.latent);
        for (int i = 0; i < m->dims.ctx_mask; i++)
            line[m->dims.latent + i] = (prompt ? m->plain.mask_weight[i] : 0) + m->plain.mask_bias[i];
        c->k->from_tc(ora_b16_at(a, 0, t), line, (size_t)width, 1, width);
    }
    ora_apply(c, &m->plain.local_cond, a, rows, b, none, ORA_ACT_NONE);
    ora_apply(c, &m->plain.prenet, b, rows, y, none, ORA_ACT_NONE);
    ora_arena_reset(c->arena, mark);
    return 0;
}

int mega_dit_condition(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                       struct ora_b16 cond, struct ora_err *err)
{
    int rows = mega_dit_rows(in), dim = m->dims.dim, rc = 0;
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 ling = ora_buffer(c, dim, rows, 0, &ok);
    if (!ok)
        return ora_no_room(err, "the condition");
    for (int branch = 0; rc == 0 && branch < MEGA_BRANCHES; branch++) {
        struct ora_b16 part = ora_b16_at(cond, 0, (ptrdiff_t)branch * rows);
        rc = encode_text(c, m, in, branch < 2, ling, err);
        if (rc == 0)
            rc = local_condition(c, m, in, branch == 0, part, err);
        if (rc == 0)
            ora_sum(c, part, part, ling, rows, dim);
    }
    if (rc == 0)
        ora_show(c, cond, MEGA_BRANCHES * rows, dim, "cond");
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* ---- velocity --------------------------------------------------------------------------------------------
 */

struct work {
    struct ora_b16 h, n, y; /* [dim] x all rows */
    struct ora_b16 q, k, v; /* heads, padded */
    struct ora_b16 wide;    /* [ffn] */
    struct ora_b16 x;       /* [latent] x T */
    float *rope;
    void *attention;
};

static bool allocate(const struct ora_compute *c, const struct mega_dit *m, int rows, struct work *w)
{
    const struct mega_dit_dims *d = &m->dims;
    int all = MEGA_BRANCHES * rows, head = d->dim / d->heads, heads = d->heads * ORA_LANES * ora_blocks(head);
    bool ok = true;
    w->h = ora_buffer(c, d->dim, all, 0, &ok);
    w->n = ora_buffer(c, d->dim, all, 0, &ok);
    w->y = ora_buffer(c, d->dim, all, 0, &ok);
    w->q = ora_buffer(c, heads, all, 0, &ok);
    w->k = ora_buffer(c, heads, all, 0, &ok);
    w->v = ora_buffer(c, heads, all, 0, &ok);
    w->wide = ora_buffer(c, d->ffn, all, 0, &ok);
    w->x = ora_buffer(c, d->latent, rows, 0, &ok);
    w->rope = ora_floats(c, ora_rope_floats(head, (size_t)rows), &ok);
    w->attention = ora_arena_alloc(c->arena, ora_attention_scratch_bytes(c->k, &m->attention, rows));
    return ok && w->attention;
}

static void layer(const struct ora_compute *c, const struct mega_dit *m, int i, int rows, const float *mod,
                  const struct work *w)
{
    const struct mega_dit_layer *l = &m->layer[i];
    int dim = m->dims.dim, all = MEGA_BRANCHES * rows, blocks = ora_blocks(dim), head = dim / m->dims.heads;
    c->k->layer_norm(w->n, w->h, all, dim, mega_dit_vector(m, mod, MEGA_SCALE_A),
                     mega_dit_vector(m, mod, MEGA_SHIFT_A), EPSILON, ORA_ACT_NONE, none);
    ora_apply(c, &l->q, w->n, all, w->q, none, ORA_ACT_NONE);
    ora_apply(c, &l->k, w->n, all, w->k, none, ORA_ACT_NONE);
    ora_apply(c, &l->v, w->n, all, w->v, none, ORA_ACT_NONE);
    for (int b = 0; b < MEGA_BRANCHES; b++) {
        struct ora_b16 q = ora_b16_at(w->q, 0, b * rows), k = ora_b16_at(w->k, 0, b * rows);
        ora_rope_turn(q, rows, m->dims.heads, head, w->rope, NULL);
        ora_rope_turn(k, rows, m->dims.heads, head, w->rope, NULL);
        ora_attention_forward(c->k, &m->attention, q, q, k, ora_b16_at(w->v, 0, b * rows), rows,
                              w->attention);
        ora_count(c, 2.0 * rows * rows * dim);
    }
    ora_apply(c, &l->o, w->q, all, w->y, none, ORA_ACT_NONE);
    if (i == 0)
        ora_show(c, w->y, all, dim, "attn.0");
    c->k->add_scaled(w->h, w->y, mega_dit_vector(m, mod, MEGA_GATE_A), all, blocks);
    c->k->layer_norm(w->n, w->h, all, dim, mega_dit_vector(m, mod, MEGA_SCALE_F),
                     mega_dit_vector(m, mod, MEGA_SHIFT_F), EPSILON, ORA_ACT_NONE, none);
    ora_apply(c, &l->w1, w->n, all, w->wide, none, ORA_ACT_SILU);
    ora_apply(c, &l->w2, w->wide, all, w->y, none, ORA_ACT_NONE);
    c->k->add_scaled(w->h, w->y, mega_dit_vector(m, mod, MEGA_GATE_F), all, blocks);
    ora_show(c, w->h, all, dim, "h.%d", i);
}

/* h = x_prenet(x without the prompt's rows) + c, for each branch. */
static void enter(const struct ora_compute *c, const struct mega_dit *m, struct ora_b16 cond, const float *x,
                  int prompt_rows, int rows, const struct work *w)
{
    c->k->from_tc(w->x, x, (size_t)m->dims.latent, rows, m->dims.latent);
    ora_b16_clear_rows(w->x, m->dims.latent, 0, prompt_rows);
    for (int b = 0; b < MEGA_BRANCHES; b++)
        ora_apply(c, &m->x_prenet, w->x, rows, ora_b16_at(w->h, 0, b * rows), ora_b16_at(cond, 0, b * rows),
                  ORA_ACT_NONE);
}

int mega_dit_velocity(const struct ora_compute *c, const struct mega_dit *m, struct ora_b16 cond,
                      const float *x, int prompt_rows, int rows, const float *table, struct ora_b16 v,
                      struct ora_err *err)
{
    struct work w;
    int dim = m->dims.dim, all = MEGA_BRANCHES * rows, head = dim / m->dims.heads;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate(c, m, rows, &w))
        return ora_no_room(err, "the diffusion transformer");
    ora_rope_fill(w.rope, head, 10000, 0, rows);
    enter(c, m, cond, x, prompt_rows, rows, &w);
    for (int i = 0; i < m->dims.layers; i++, table += mega_dit_layer_floats(m))
        layer(c, m, i, rows, table, &w);
    c->k->layer_norm(w.n, w.h, all, dim, table, mega_dit_vector(m, table, 1), EPSILON, ORA_ACT_NONE, none);
    ora_show(c, w.n, all, dim, "final_norm");
    ora_apply(c, &m->plain.out_proj, w.n, all, w.y, none, ORA_ACT_NONE);
    ora_apply(c, &m->plain.postnet, w.y, all, v, none, ORA_ACT_NONE);
    ora_show(c, v, all, m->dims.latent, "v");
    ora_arena_reset(c->arena, mark);
    return 0;
}

void mega_dit_guide(const struct ora_compute *c, struct ora_b16 v, int rows, double p_w, double t_w,
                    float *out)
{
    float line[MEGA_BRANCHES][MEGA_LATENT];
    for (int t = 0; t < rows; t++, out += MEGA_LATENT) {
        for (int b = 0; b < MEGA_BRANCHES; b++)
            c->k->to_tc(line[b], MEGA_LATENT, ora_b16_at(v, 0, b * rows + t), 1, MEGA_LATENT);
        for (int i = 0; i < MEGA_LATENT; i++) {
            double v0 = line[0][i], v1 = line[1][i], v2 = line[2][i];
            out[i] = (float)(v2 + p_w * (v1 - v2) + t_w * (v0 - v1));
        }
    }
}

/* ---- sampler ---------------------------------------------------------------------------------------------
 */

struct form {
    const struct ora_compute *c;
    const struct mega_dit *m;
    const struct mega_dit_input *in;
    const struct mega_sampling *how;
    struct ora_b16 cond, v;
};

static int velocity(void *form, const float *x, const float *modulation, float *v, struct ora_err *err)
{
    struct form *f = form;
    int rows = mega_dit_rows(f->in);
    int rc = mega_dit_velocity(f->c, f->m, f->cond, x, f->in->prompt_rows, rows, modulation, f->v, err);
    if (rc == 0)
        mega_dit_guide(f->c, f->v, rows, f->how->p_w, f->how->t_w, v);
    return rc;
}

int mega_dit_sample_plain(const struct ora_compute *c, const struct mega_dit *m,
                          const struct mega_dit_input *in, const struct mega_sampling *how, float *x,
                          struct ora_err *err)
{
    struct form f = {.c = c, .m = m, .in = in, .how = how};
    struct mega_dit_run run = {.how = how, .rows = mega_dit_rows(in), .velocity = velocity, .form = &f};
    size_t mark = ora_arena_mark(c->arena);
    bool ok = mega_dit_steps_allocate(c, m, &run);
    f.cond = ora_buffer(c, m->dims.dim, MEGA_BRANCHES * run.rows, 0, &ok);
    f.v = ora_buffer(c, m->dims.latent, MEGA_BRANCHES * run.rows, 0, &ok);
    if (!ok)
        return ora_no_room(err, "the sampler");
    int rc = mega_dit_condition(c, m, in, f.cond, err);
    if (rc == 0)
        rc = mega_dit_steps(c, m, &run, x, err);
    ora_arena_reset(c->arena, mark);
    return rc;
}
