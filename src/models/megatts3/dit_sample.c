/*
 * The transformer in its fast form. The rows of all branches that have a weight lie one after the other and
 * go through each linear map together, in tiles of rows that stay in the cache from the norm to the residual;
 * attention is per branch. The plain form does the same operations in the same order but for the folded maps,
 * so that what is not folded has the same bits.
 */
#include "models/megatts3/dit_sampler.h"
#include "nn/layers/decode.h"

enum { TILE_ROWS = 224 };
static const float EPSILON = 1e-6f;
static const struct ora_b16 none = {0};
static const struct ora_operand no_operand = {0};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* ---- branches --------------------------------------------------------------------------------------------
 */

/* Those with a weight in v = (1-p) v2 + (p-t) v1 + t v0. */
struct guidance {
    int count;
    int branch[MEGA_BRANCHES];
    double weight[MEGA_BRANCHES];
};

static struct guidance guidance_of(double p_w, double t_w)
{
    const double weight[MEGA_BRANCHES] = {t_w, p_w - t_w, 1 - p_w};
    struct guidance g = {0};
    for (int b = 0; b < MEGA_BRANCHES; b++)
        if (weight[b] != 0) {
            g.branch[g.count] = b;
            g.weight[g.count++] = weight[b];
        }
    return g;
}

static bool has_text(int branch)
{
    return branch < 2;
}

/* What goes from one layer to the next: in the form that the next one takes, which may be an operand. */
struct between {
    struct ora_b16 floats;
    struct ora_operand operand;
};

struct form {
    const struct ora_compute *c;
    const struct mega_dit *m;
    const struct mega_dit_input *in;
    struct guidance guidance;
    int rows, all, first; /* T; rows of all branches; the prompt's rows */
    struct ora_b16 cond;  /* [dim] x all: all that h is made of but x's part */
    /* for velocities */
    struct ora_b16 h;        /* [dim] x all */
    struct ora_b16 q, k, v;  /* heads, padded, x all */
    struct between n;        /* [dim] x tile */
    struct ora_b16 y;        /* [dim] x tile */
    struct between wide;     /* [ffn] x tile */
    struct ora_b16 x, guess; /* [latent] x target rows: of one branch, of all */
    float *rope;
    int *position; /* of each of all rows in its branch */
    void *attention;
};

static int head_channels(const struct mega_dit *m)
{
    return m->dims.dim / m->dims.heads;
}

static void form_init(struct form *f, const struct ora_compute *c, const struct mega_dit *m,
                      const struct mega_dit_input *in, double p_w, double t_w)
{
    *f = (struct form){.c = c, .m = m, .in = in, .guidance = guidance_of(p_w, t_w)};
    f->rows = mega_dit_rows(in);
    f->all = f->guidance.count * f->rows;
    f->first = in->prompt_rows;
}

/* ---- what is constant over the steps ---------------------------------------------------------------------
 */

struct text_work {
    struct ora_b16 e, ling, latents;
    int32_t *ids, *index;
};

static bool allocate_text(const struct form *f, struct text_work *w)
{
    const struct ora_compute *c = f->c;
    int dim = f->m->dims.dim;
    bool ok = true;
    w->e = ora_buffer(c, dim, f->in->phone_count, ORA_REL_HALO, &ok);
    w->ling = ora_buffer(c, dim, f->rows, 0, &ok);
    w->latents = ora_buffer(c, f->m->dims.latent, f->first, 0, &ok);
    w->ids = ora_arena_alloc(c->arena, 2 * (size_t)f->in->phone_count * sizeof *w->ids);
    w->index = ora_arena_alloc(c->arena, (size_t)f->in->frames * sizeof *w->index);
    return ok && w->ids && w->index;
}

/* w->ling of the text, or of none. */
static int encode(const struct form *f, bool text, const struct text_work *w, struct ora_err *err)
{
    const struct mega_dit_input *in = f->in;
    int n = in->phone_count;
    for (int i = 0; i < n; i++) {
        w->ids[i] = text ? in->phones[i] : MEGA_UNCOND_PHONE;
        w->ids[n + i] = text ? in->tones[i] : MEGA_UNCOND_TONE;
    }
    for (int i = 0; i < in->frames; i++)
        w->index[i] = in->mel2ph[i] - 1;
    int rc = ora_rel_encoder_forward(f->c, &f->m->text, w->ids, w->ids + n, n, w->e, text ? "text" : "uncond",
                                     err);
    if (rc == 0)
        rc = ora_spread_forward(f->c, &f->m->ling, w->e, n, w->index, in->frames, w->ling, err);
    return rc;
}

/* y = x + row, for rows [from, to) */
static void add_row(struct ora_b16 y, struct ora_b16 x, const float *row, int from, int to, int channels)
{
    for (int b = 0; b < ora_blocks(channels); b++) {
        const float *add = row + (ptrdiff_t)ORA_LANES * b;
        for (int t = from; t < to; t++) {
            const float *a = ora_b16_at(x, b, t).p;
            float *to_row = ora_b16_at(y, b, t).p;
            for (int i = 0; i < ORA_LANES; i++)
                to_row[i] = a[i] + add[i];
        }
    }
}

/* cond of one branch: ling + local condition; in the prompt's rows, where x counts as 0, x_prenet's bias too.
 */
static void fill_condition(const struct form *f, int slot, const struct text_work *w)
{
    const struct mega_dit *m = f->m;
    struct ora_b16 cond = ora_b16_at(f->cond, 0, (ptrdiff_t)slot * f->rows);
    int dim = m->dims.dim, latent = m->dims.latent;
    add_row(cond, w->ling, m->where[0], f->first, f->rows, dim);
    if (f->first == 0)
        return;
    add_row(cond, w->ling, m->where[1], 0, f->first, dim);
    if (f->guidance.branch[slot] == 0) {
        f->c->k->from_tc(w->latents, f->in->prompt, (size_t)latent, f->first, latent);
        ora_apply(f->c, &m->prompt, w->latents, f->first, cond, cond, ORA_ACT_NONE);
    }
    add_row(cond, cond, m->x_prenet.bias, 0, f->first, dim);
}

static int make_condition(const struct form *f, struct ora_err *err)
{
    struct text_work w;
    size_t mark = ora_arena_mark(f->c->arena);
    int rc = 0;
    if (!allocate_text(f, &w))
        return ora_no_room(err, "the text");
    for (int s = 0; rc == 0 && s < f->guidance.count; s++) {
        bool text = has_text(f->guidance.branch[s]);
        if (s == 0 || text != has_text(f->guidance.branch[s - 1]))
            rc = encode(f, text, &w, err);
        if (rc == 0)
            fill_condition(f, s, &w);
    }
    ora_arena_reset(f->c->arena, mark);
    return rc;
}

/* ---- velocity --------------------------------------------------------------------------------------------
 */

/* Of a buffer: rows of different blocks must not meet in one set of a cache. */
static int odd(int rows)
{
    return rows | 1;
}

static bool wide_is_operand(const struct mega_dit_layer *l)
{
    return l->w1.operands != ORA_OPERANDS_NONE && l->w2.operands != ORA_OPERANDS_NONE;
}

static bool allocate_velocity(struct form *f)
{
    const struct ora_compute *c = f->c;
    const struct mega_dit_dims *d = &f->m->dims;
    int head = head_channels(f->m), heads = d->heads * ORA_LANES * ora_blocks(head);
    int tile = odd(smaller(TILE_ROWS, f->all)), all = odd(f->all);
    const struct mega_dit_layer *l = f->m->layer; /* all have the same form */
    bool ok = true;
    f->h = ora_buffer(c, d->dim, all, 0, &ok);
    f->q = ora_buffer(c, heads, all, 0, &ok);
    f->k = ora_buffer(c, heads, all, 0, &ok);
    f->v = ora_buffer(c, heads, all, 0, &ok);
    f->n.floats = ora_buffer(c, d->dim, tile, 0, &ok);
    f->n.operand = ora_operand_buffer(c, d->dim, tile, l->q.operands, &ok);
    f->y = ora_buffer(c, d->dim, tile, 0, &ok);
    if (wide_is_operand(l))
        f->wide.operand = ora_operand_buffer(c, d->ffn, tile, l->w2.operands, &ok);
    else
        f->wide.floats = ora_buffer(c, d->ffn, tile, 0, &ok);
    f->x = ora_buffer(c, d->latent, f->rows - f->first, 0, &ok);
    f->guess = ora_buffer(c, d->latent, f->guidance.count * (f->rows - f->first), 0, &ok);
    f->rope = ora_floats(c, ora_rope_floats(head, (size_t)f->rows), &ok);
    f->position = ora_arena_alloc(c->arena, sizeof *f->position * (size_t)f->all);
    f->attention = ora_arena_alloc(c->arena, ora_attention_scratch_bytes(c->k, &f->m->attention, f->rows));
    return ok && f->position && f->attention;
}

/* Rows that are wanted, as stretches of all rows: everything, or each branch from `first` on. */
struct stretch {
    int at, rows;
};
static int stretches(const struct form *f, int first, struct stretch s[MEGA_BRANCHES])
{
    if (first == 0) {
        s[0] = (struct stretch){0, f->all};
        return 1;
    }
    for (int b = 0; b < f->guidance.count; b++)
        s[b] = (struct stretch){b * f->rows + first, f->rows - first};
    return f->guidance.count;
}

/* The next tile of stretches: *at, *rows move on; false at the end. Begin with *which = -1. */
static bool next_tile(const struct stretch *s, int count, int *which, int *at, int *rows)
{
    if (*which >= 0 && *at + *rows < s[*which].at + s[*which].rows)
        *at += *rows;
    else if (++*which < count)
        *at = s[*which].at;
    else
        return false;
    *rows = smaller(TILE_ROWS, s[*which].at + s[*which].rows - *at);
    return true;
}
#define FOR_TILES(s, count, at, rows)                                                                        \
    for (int which_ = -1, at = 0, rows = 0; next_tile(s, count, &which_, &at, &rows);)

static const float *vector(const struct form *f, const float *mod, int which)
{
    return mega_dit_vector(f->m, mod, which);
}

static void normalise(const struct form *f, const float *gain, const float *shift, int at, int rows)
{
    int dim = f->m->dims.dim;
    f->c->k->layer_norm(f->n.floats, ora_b16_at(f->h, 0, at), rows, dim, gain, shift, EPSILON, ORA_ACT_NONE,
                        none);
    if (f->n.operand.hi)
        f->c->k->operand(f->n.operand, f->n.floats, rows, dim);
}

/* y = fn(map(x)) */
static void apply(const struct form *f, const struct ora_conv *map, struct between x, int rows,
                  struct between y, enum ora_act fn)
{
    ora_apply_run(f->c, map,
                  (struct ora_conv_run){.x = x.floats,
                                        .x_operand = x.operand,
                                        .rows = rows,
                                        .y = y.floats,
                                        .y_operand = y.operand,
                                        .fn = fn});
}

/* Queries and keys turn by their position. */
static void project(const struct form *f, const struct ora_conv *map, struct ora_b16 to, int at, int rows,
                    bool turn)
{
    struct ora_b16 y = ora_b16_at(to, 0, at);
    apply(f, map, f->n, rows, (struct between){y, no_operand}, ORA_ACT_NONE);
    if (turn)
        ora_rope_turn(y, rows, f->m->dims.heads, head_channels(f->m), f->rope, f->position + at);
}

/* q of each branch from row `first` on, k and v of all rows. */
static void project_all(const struct form *f, const struct mega_dit_layer *l, const float *mod, int first)
{
    struct stretch s[MEGA_BRANCHES];
    int count = stretches(f, 0, s);
    FOR_TILES(s, count, at, rows)
    {
        normalise(f, vector(f, mod, MEGA_SCALE_A), vector(f, mod, MEGA_SHIFT_A), at, rows);
        project(f, &l->k, f->k, at, rows, true);
        project(f, &l->v, f->v, at, rows, false);
        if (first == 0)
            project(f, &l->q, f->q, at, rows, true);
    }
    if (first == 0)
        return;
    count = stretches(f, first, s);
    FOR_TILES(s, count, at, rows)
    {
        normalise(f, vector(f, mod, MEGA_SCALE_A), vector(f, mod, MEGA_SHIFT_A), at, rows);
        project(f, &l->q, f->q, at, rows, true);
    }
}

static void attend(const struct form *f, int first)
{
    for (int b = 0; b < f->guidance.count; b++) {
        int row = b * f->rows, n = f->rows - first;
        struct ora_b16 q = ora_b16_at(f->q, 0, row + first);
        ora_attention_query(f->c->k, &f->m->attention, q, q, first, n, ora_b16_at(f->k, 0, row),
                            ora_b16_at(f->v, 0, row), f->rows, f->attention);
        ora_count(f->c, 2.0 * n * f->rows * f->m->dims.dim);
    }
}

/* h += gate * o(attention); h += gate * w2(silu(w1(norm(h)))) */
static void finish(const struct form *f, const struct mega_dit_layer *l, const float *mod, int first)
{
    const struct ora_compute *c = f->c;
    struct stretch s[MEGA_BRANCHES];
    int blocks = ora_blocks(f->m->dims.dim), count = stretches(f, first, s);
    FOR_TILES(s, count, at, rows)
    {
        struct ora_b16 h = ora_b16_at(f->h, 0, at);
        ora_apply(c, &l->o, ora_b16_at(f->q, 0, at), rows, f->y, none, ORA_ACT_NONE);
        c->k->add_scaled(h, f->y, vector(f, mod, MEGA_GATE_A), rows, blocks);
        normalise(f, vector(f, mod, MEGA_SCALE_F), vector(f, mod, MEGA_SHIFT_F), at, rows);
        apply(f, &l->w1, f->n, rows, f->wide, ORA_ACT_SILU);
        apply(f, &l->w2, f->wide, rows, (struct between){f->y, no_operand}, ORA_ACT_NONE);
        c->k->add_scaled(h, f->y, vector(f, mod, MEGA_GATE_F), rows, blocks);
    }
}

/* h = x_prenet(x) + cond: one product for all branches, none in the prompt. */
static void enter(const struct form *f, const float *x)
{
    const struct mega_dit_dims *d = &f->m->dims;
    int n = f->rows - f->first;
    f->c->k->from_tc(f->x, x + (size_t)f->first * MEGA_LATENT, MEGA_LATENT, n, d->latent);
    struct ora_b16 part = f->q; /* as wide, and free here */
    ora_apply(f->c, &f->m->x_prenet, f->x, n, part, none, ORA_ACT_NONE);
    for (int b = 0; b < f->guidance.count; b++) {
        struct ora_b16 h = ora_b16_at(f->h, 0, (ptrdiff_t)b * f->rows);
        struct ora_b16 cond = ora_b16_at(f->cond, 0, (ptrdiff_t)b * f->rows);
        ora_copy(h, cond, f->first, d->dim);
        ora_sum(f->c, ora_b16_at(h, 0, f->first), part, ora_b16_at(cond, 0, f->first), n, d->dim);
    }
}

/* v of the target's rows: the weighted sum over branches, in double. */
static void guide(const struct form *f, float *v)
{
    float line[MEGA_LATENT];
    int n = f->rows - f->first;
    v += (size_t)f->first * MEGA_LATENT;
    for (int t = 0; t < n; t++, v += MEGA_LATENT) {
        double sum[MEGA_LATENT] = {0};
        for (int b = 0; b < f->guidance.count; b++) {
            f->c->k->to_tc(line, MEGA_LATENT, ora_b16_at(f->guess, 0, (ptrdiff_t)b * n + t), 1, MEGA_LATENT);
            for (int i = 0; i < MEGA_LATENT; i++)
                sum[i] += f->guidance.weight[b] * (double)line[i];
        }
        for (int i = 0; i < MEGA_LATENT; i++)
            v[i] = (float)sum[i];
    }
}

static int velocity(void *form, const float *x, const float *mod, float *v, struct ora_err *err)
{
    const struct form *f = form;
    const struct mega_dit *m = f->m;
    struct stretch s[MEGA_BRANCHES];
    int count, done = 0;
    (void)err;
    enter(f, x);
    for (int i = 0; i < m->dims.layers; i++, mod += mega_dit_layer_floats(m)) {
        int first = i + 1 == m->dims.layers ? f->first : 0;
        project_all(f, &m->layer[i], mod, first);
        attend(f, first);
        finish(f, &m->layer[i], mod, first);
    }
    count = stretches(f, f->first, s);
    FOR_TILES(s, count, at, rows)
    {
        normalise(f, vector(f, mod, 0), vector(f, mod, 1), at, rows);
        ora_apply(f->c, &m->velocity, f->n.floats, rows, ora_b16_at(f->guess, 0, done), none, ORA_ACT_NONE);
        done += rows;
    }
    guide(f, v);
    return 0;
}

/* ---- the whole -------------------------------------------------------------------------------------------
 */

static bool allocate_condition(struct form *f)
{
    bool ok = true;
    f->cond = ora_buffer(f->c, f->m->dims.dim, f->all, 0, &ok);
    return ok;
}

int mega_dit_sample(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_input *in,
                    const struct mega_sampling *how, float *x, struct ora_err *err)
{
    struct form f;
    form_init(&f, c, m, in, how->p_w, how->t_w);
    struct mega_dit_run run = {
        .how = how, .rows = f.rows, .first = f.first, .velocity = velocity, .form = &f};
    size_t mark = ora_arena_mark(c->arena);
    if (!mega_dit_steps_allocate(c, m, &run) || !allocate_condition(&f))
        return ora_no_room(err, "the sampler");
    int rc = make_condition(&f, err);
    if (rc == 0 && !allocate_velocity(&f))
        rc = ora_no_room(err, "the diffusion transformer");
    if (rc == 0) {
        ora_rope_fill(f.rope, head_channels(m), 10000, 0, f.rows);
        for (int i = 0; i < f.all; i++)
            f.position[i] = i % f.rows;
        rc = mega_dit_steps(c, m, &run, x, err);
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

size_t mega_dit_bytes(const struct mega_dit *m, const struct ora_kernels *k, const struct mega_dit_input *in,
                      const struct mega_sampling *how)
{
    struct ora_arena measuring = ora_arena_of_counts();
    struct ora_compute c = {.k = k, .arena = &measuring};
    struct form f;
    struct text_work w;
    form_init(&f, &c, m, in, how->p_w, how->t_w);
    struct mega_dit_run run = {.how = how, .rows = f.rows, .form = &f};
    mega_dit_steps_allocate(&c, m, &run);
    allocate_condition(&f);
    size_t mark = ora_arena_mark(&measuring);
    allocate_text(&f, &w);
    size_t text = ora_rel_encoder_bytes(k, &m->text, in->phone_count);
    size_t spread = ora_spread_bytes(&m->ling, in->phone_count);
    ora_arena_alloc(&measuring, text > spread ? text : spread);
    ora_arena_reset(&measuring, mark);
    allocate_velocity(&f);
    if (!how->table)
        ora_arena_alloc(&measuring, mega_dit_table_bytes(m, mega_dit_block(how)));
    return measuring.peak_bytes;
}
