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
    b->packer->strict = true;
    ora_rel_encoder_bind(b, &m->text, &d->text, "dur.encoder", "dur.ling_label_embed_layers.tone");
    ora_bind_linear(b, &m->enc_proj, NULL, d->text.dim, d->dec, ORA_BIAS, "dur.enc_proj");
    ora_bind_table(b, &m->codes, (size_t)d->code_size + 2, (size_t)d->dec, "dur.code_emb.weight");
    for (int i = 0; i < d->layers; i++)
        bind_layer(b, d, &m->layer[i], i);
    ora_bind_norm(b, &m->last, d->dec, ORA_NORM_WEIGHT_BIAS, "dur.layer_norm");
    ora_bind_linear(b, &m->head, NULL, d->dec, 1, ORA_BIAS, "dur.project_out_dim.0");
    b->packer->strict = false;
}

/* ---- state ----------------------------------------------------------------------------------------------
 */

size_t mega_duration_cache_floats(const struct mega_duration *m, int capacity)
{
    return ora_kv_floats(m->dims.layers, m->dims.heads, m->dims.dec / m->dims.heads, capacity);
}

static bool allocate_state(const struct ora_compute *c, const struct mega_duration *m, int capacity,
                           float **memory, float **rope)
{
    bool ok = true;
    *memory = ora_floats(c, mega_duration_cache_floats(m, capacity), &ok);
    *rope = ora_floats(c, ora_rope_floats(m->dims.dec / m->dims.heads, (size_t)capacity), &ok);
    return ok;
}

int mega_duration_begin(const struct ora_compute *c, const struct mega_duration *m,
                        struct mega_duration_state *s, int capacity, struct ora_err *err)
{
    int head = m->dims.dec / m->dims.heads;
    float *memory;
    if (!allocate_state(c, m, capacity, &memory, &s->rope))
        return ora_no_room(err, "the duration model's state");
    ora_kv_place(&s->cache, memory, m->dims.layers, m->dims.heads, head, capacity);
    ora_rope_fill(s->rope, head, 10000, 0, capacity);
    s->last_code = MEGA_CODE_BOS;
    return 0;
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

static bool allocate_text(const struct ora_compute *c, const struct mega_duration *m, int n,
                          struct ora_b16 *e, float **line)
{
    bool ok = true;
    *e = ora_buffer(c, m->dims.text.dim, n, ORA_REL_HALO, &ok);
    *line = ora_floats(c, (size_t)m->dims.dec, &ok);
    return ok;
}

/* ling = enc_proj(text), [dec] x n rows; with the sinusoid of step n+1 where the model has positions. */
static int encode(const struct ora_compute *c, const struct mega_duration *m, const int32_t *phones,
                  const int32_t *tones, int n, struct ora_b16 ling, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    struct ora_b16 e;
    float *line;
    if (!allocate_text(c, m, n, &e, &line))
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

struct work {
    struct ora_b16 h, wide, out;
};

static bool allocate_work(const struct ora_compute *c, const struct mega_duration *m, int n, struct work *w)
{
    bool ok = true;
    w->h = ora_buffer(c, m->dims.dec, n, 0, &ok);
    w->wide = ora_buffer(c, m->dims.ffn, n, 0, &ok);
    w->out = ora_buffer(c, 1, n, 0, &ok);
    return ok;
}

/* n rows, each at its place of its cache: x -> the residual stream (in place) -> d[n]. first: x after the
 * first layer, where there is a tap. */
static int decode(const struct ora_compute *c, const struct mega_duration *m, const float *rope,
                  const struct ora_decode_row *rows, int n, struct ora_b16 x, float *d, struct ora_b16 first,
                  struct ora_err *err)
{
    int dec = m->dims.dec, rc = 0;
    struct work w;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate_work(c, m, n, &w))
        return ora_no_room(err, "the duration model");
    for (int i = 0; rc == 0 && i < m->dims.layers; i++) {
        const struct mega_duration_layer *l = &m->layer[i];
        struct ora_self_attention a = l->attention;
        a.rope = rope;
        c->k->layer_norm(w.h, x, n, dec, l->norm_1.gamma, l->norm_1.beta, EPSILON, ORA_ACT_NONE, none);
        rc = ora_self_attention_forward(c, &a, i, w.h, x, x, rows, n, err);
        c->k->layer_norm(w.h, x, n, dec, l->norm_2.gamma, l->norm_2.beta, EPSILON, ORA_ACT_NONE, none);
        ora_apply(c, &l->ffn_1, w.h, n, w.wide, none, ORA_ACT_GELU);
        ora_apply(c, &l->ffn_2, w.wide, n, x, x, ORA_ACT_NONE);
        if (i == 0 && first.p)
            ora_copy(first, x, n, dec);
    }
    c->k->layer_norm(w.h, x, n, dec, m->last.gamma, m->last.beta, EPSILON, ORA_ACT_NONE, none);
    ora_apply(c, &m->head, w.h, n, w.out, none, ORA_ACT_NONE);
    c->k->to_tc(d, 1, w.out, n, 1);
    c->k->map(d, d, (size_t)n, ORA_ACT_SOFTPLUS);
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* The input of a step: its phone's text and the code before. */
static void input(const struct ora_compute *c, const struct mega_duration *m, struct ora_b16 x,
                  struct ora_b16 ling, int32_t code)
{
    c->k->embed(x, &code, 1, m->codes, m->dims.dec, 1);
    ora_sum(c, x, x, ling, 1, m->dims.dec);
}

/* The code that d means; only the first step may be silent. */
static int32_t code_of(float d, bool first)
{
    double code = nearbyint((double)d), least = first ? 0 : 1;
    code = code >= least ? code : least; /* a NaN becomes the least */
    return code > MEGA_CODE_MAX ? MEGA_CODE_MAX : (int32_t)code;
}

/* ---- one sequence ---------------------------------------------------------------------------------------
 */

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
    struct ora_decode_row *rows;
};

static bool allocate(const struct ora_compute *c, const struct mega_duration *m, int n, struct buffers *b)
{
    bool ok = true;
    b->ling = ora_buffer(c, m->dims.dec, n, 0, &ok);
    b->x = ora_buffer(c, m->dims.dec, n, 0, &ok);
    b->first = c->tap ? ora_buffer(c, m->dims.dec, n, 0, &ok) : none;
    b->d = ora_floats(c, (size_t)n, &ok);
    b->rows = ora_arena_alloc(c->arena, sizeof *b->rows * (size_t)n);
    return ok && b->rows;
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
    int rc = allocate(c, m, n, &b) ? encode(c, m, phones, tones, n, b.ling, err)
                                   : ora_no_room(err, "the prompt's durations");
    if (rc == 0) {
        for (int i = 0; i < n; i++) {
            input(c, m, ora_b16_at(b.x, 0, i), ora_b16_at(b.ling, 0, i), i ? codes[i - 1] : s->last_code);
            b.rows[i] = (struct ora_decode_row){&s->cache, s->cache.length + i};
        }
        rc = decode(c, m, s->rope, b.rows, n, b.x, b.d, b.first, err);
    }
    if (rc == 0) {
        s->cache.length += n;
        s->last_code = codes[n - 1];
        show_all(c, m, &b, n);
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
    int rc = allocate(c, m, n, &b) ? encode(c, m, phones, tones, n, b.ling, err)
                                   : ora_no_room(err, "a chunk's durations");
    for (int i = 0; rc == 0 && i < n; i++) {
        struct ora_b16 x = ora_b16_at(b.x, 0, i), first = b.first.p ? ora_b16_at(b.first, 0, i) : none;
        struct ora_decode_row row = {&s->cache, s->cache.length++};
        input(c, m, x, ora_b16_at(b.ling, 0, i), s->last_code);
        rc = decode(c, m, s->rope, &row, 1, x, &b.d[i], first, err);
        out[i] = code_of(b.d[i], i == 0);
        s->last_code = forced ? forced[i] : out[i];
    }
    if (rc == 0)
        show_all(c, m, &b, n);
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* ---- many sequences --------------------------------------------------------------------------------------
 */

struct seat {
    const struct mega_duration_chunk *chunk; /* NULL: free */
    struct ora_kv_cache cache;
    struct ora_b16 ling; /* [dec] x longest */
    int step;
    int32_t last_code;
};

struct batch {
    struct seat *seats;
    int count, longest;
    float *caches, *lings, *rope, *d;
    struct ora_b16 x; /* [dec] x seats */
    struct ora_decode_row *rows;
};

static bool allocate_batch(const struct ora_compute *c, const struct mega_duration *m, int seats, int prompt,
                           int longest, struct batch *b)
{
    int capacity = prompt + longest, head = m->dims.dec / m->dims.heads;
    size_t caches, lings;
    bool ok = ora_size_mul(mega_duration_cache_floats(m, capacity), (size_t)seats, &caches);
    ok = ok && ora_size_mul(ora_b16_floats(m->dims.dec, (size_t)longest, 0), (size_t)seats, &lings);
    b->count = seats;
    b->longest = longest;
    b->caches = ok ? ora_floats(c, caches, &ok) : NULL;
    b->lings = ok ? ora_floats(c, lings, &ok) : NULL;
    b->rope = ora_floats(c, ora_rope_floats(head, (size_t)capacity), &ok);
    b->d = ora_floats(c, (size_t)seats, &ok);
    b->x = ora_buffer(c, m->dims.dec, seats, 0, &ok);
    b->rows = ora_arena_alloc(c->arena, sizeof *b->rows * (size_t)seats);
    b->seats = ora_arena_alloc(c->arena, sizeof *b->seats * (size_t)seats);
    return ok && b->rows && b->seats;
}

static void prepare(const struct mega_duration *m, int prompt, struct batch *b)
{
    int capacity = prompt + b->longest, head = m->dims.dec / m->dims.heads;
    size_t cache = mega_duration_cache_floats(m, capacity);
    size_t ling = ora_b16_floats(m->dims.dec, (size_t)b->longest, 0);
    for (int i = 0; i < b->count; i++) {
        struct seat *s = &b->seats[i];
        *s = (struct seat){.ling = ora_b16_place(b->lings + ling * (size_t)i, (size_t)b->longest, 0)};
        ora_kv_place(&s->cache, b->caches + cache * (size_t)i, m->dims.layers, m->dims.heads, head, capacity);
    }
    ora_rope_fill(b->rope, head, 10000, 0, capacity);
}

static int sit(const struct ora_compute *c, const struct mega_duration *m, struct seat *s,
               const struct mega_duration_state *prompt, const struct mega_duration_chunk *chunk,
               struct ora_err *err)
{
    ora_kv_copy(&s->cache, &prompt->cache);
    s->step = 0;
    s->last_code = prompt->last_code;
    s->chunk = chunk->n > 0 ? chunk : NULL;
    return s->chunk ? encode(c, m, chunk->phones, chunk->tones, chunk->n, s->ling, err) : 0;
}

/* One step of everybody who sits; returns how many did, or an error. */
static int step(const struct ora_compute *c, const struct mega_duration *m, struct batch *b,
                struct ora_err *err)
{
    int n = 0, rc;
    for (int i = 0; i < b->count; i++) {
        struct seat *s = &b->seats[i];
        if (!s->chunk)
            continue;
        input(c, m, ora_b16_at(b->x, 0, n), ora_b16_at(s->ling, 0, s->step), s->last_code);
        b->rows[n++] = (struct ora_decode_row){&s->cache, s->cache.length++};
    }
    if (n == 0)
        return 0;
    rc = decode(c, m, b->rope, b->rows, n, b->x, b->d, none, err);
    n = 0;
    for (int i = 0; rc == 0 && i < b->count; i++) {
        struct seat *s = &b->seats[i];
        const struct mega_duration_chunk *k = s->chunk;
        if (!k)
            continue;
        if (k->d)
            k->d[s->step] = b->d[n];
        k->codes[s->step] = code_of(b->d[n++], s->step == 0);
        s->last_code = k->forced && k->forced[s->step] ? k->forced[s->step] : k->codes[s->step];
        if (++s->step == k->n)
            s->chunk = NULL;
    }
    return rc < 0 ? rc : n;
}

int mega_duration_batch(const struct ora_compute *c, const struct mega_duration *m,
                        const struct mega_duration_state *prompt, const struct mega_duration_chunk *chunks,
                        int count, int width, struct ora_err *err)
{
    struct batch b;
    size_t mark = ora_arena_mark(c->arena);
    int longest = 1, next = 0, rc = 0;
    for (int i = 0; i < count; i++)
        longest = chunks[i].n > longest ? chunks[i].n : longest;
    width = width < 1 ? 1 : width;
    if (!allocate_batch(c, m, count < width ? count : width, prompt->cache.length, longest, &b)) {
        rc = ora_no_room(err, "the chunks' durations");
        goto out_reset;
    }
    prepare(m, prompt->cache.length, &b);
    do {
        for (int i = 0; rc >= 0 && i < b.count; i++)
            while (rc >= 0 && !b.seats[i].chunk && next < count)
                rc = sit(c, m, &b.seats[i], prompt, &chunks[next++], err);
        if (rc >= 0)
            rc = step(c, m, &b, err);
    } while (rc > 0);
out_reset:
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* ---- memory ----------------------------------------------------------------------------------------------
 */

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Of decode with n rows, and of encode. */
static size_t pass_bytes(const struct ora_compute *c, const struct mega_duration *m, int n, int keys,
                         int text)
{
    struct work w;
    struct ora_b16 e;
    float *line;
    struct ora_arena counts = ora_arena_of_counts(), texts = counts;
    struct ora_compute dry = *c;
    dry.arena = &counts;
    bool ok = allocate_work(&dry, m, n, &w);
    dry.arena = &texts;
    ok = ok && allocate_text(&dry, m, text, &e, &line);
    return ok ? most(counts.peak_bytes + ora_self_attention_bytes(c, &m->layer[0].attention, n, keys),
                     texts.peak_bytes + ora_rel_encoder_bytes(c->k, &m->text, text))
              : SIZE_MAX;
}

size_t mega_duration_prompt_bytes(const struct ora_compute *c, const struct mega_duration *m, int capacity,
                                  int n)
{
    struct buffers b;
    struct mega_duration_state s;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    float *memory;
    dry.arena = &counts;
    bool ok = allocate_state(&dry, m, capacity, &memory, &s.rope) && allocate(&dry, m, n, &b);
    size_t pass = pass_bytes(c, m, n, n, n), all;
    return ok && ora_size_add(counts.peak_bytes, pass, &all) ? all : SIZE_MAX;
}

size_t mega_duration_batch_bytes(const struct ora_compute *c, const struct mega_duration *m, int seats,
                                 int prompt, int longest)
{
    struct batch b;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    dry.arena = &counts;
    bool ok = allocate_batch(&dry, m, seats, prompt, longest, &b);
    size_t pass = pass_bytes(c, m, seats, prompt + longest, longest), all;
    return ok && ora_size_add(counts.peak_bytes, pass, &all) ? all : SIZE_MAX;
}
