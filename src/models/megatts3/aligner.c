/* Encoder: two convolutions and full attention. Decoder: a cache of its own keys, and the audio's made once.
 */
#include "models/megatts3/aligner.h"

#include <math.h>
#include <stdio.h>

static const float EPSILON = 1e-5f;
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_attention(struct ora_binder *b, const struct mega_align_dims *d,
                           struct ora_self_attention *a, const char *stem)
{
    struct ora_attention_maps m;
    int head = d->state / d->heads;
    *a = (struct ora_self_attention){.heads = d->heads, .kv_heads = d->heads, .d = head};
    ora_attention_maps_init(&m, d->heads, d->heads, head, ORA_ROPE_NONE);
    ora_bind_linear(b, &a->q, &m.q, d->state, d->state, ORA_BIAS, "%s.query", stem);
    ora_bind_linear(b, &a->k, &m.k, d->state, d->state, ORA_NO_BIAS, "%s.key", stem);
    ora_bind_linear(b, &a->v, &m.v, d->state, d->state, ORA_BIAS, "%s.value", stem);
    ora_bind_linear(b, &a->o, &m.o, d->state, d->state, ORA_BIAS, "%s.out", stem);
    ora_attention_maps_release(&m);
}

static void bind_block(struct ora_binder *b, const struct mega_align_dims *d, struct mega_aligner_block *l,
                       const char *side, int i, bool cross)
{
    char stem[96];
    snprintf(stem, sizeof stem, "align.%s.blocks.%d.attn", side, i);
    bind_attention(b, d, &l->attn, stem);
    ora_bind_norm(b, &l->attn_ln, d->state, ORA_NORM_WEIGHT_BIAS, "align.%s.blocks.%d.attn_ln", side, i);
    if (cross) {
        snprintf(stem, sizeof stem, "align.%s.blocks.%d.cross_attn", side, i);
        bind_attention(b, d, &l->cross, stem);
        ora_bind_norm(b, &l->cross_ln, d->state, ORA_NORM_WEIGHT_BIAS, "align.%s.blocks.%d.cross_attn_ln",
                      side, i);
    }
    ora_bind_norm(b, &l->mlp_ln, d->state, ORA_NORM_WEIGHT_BIAS, "align.%s.blocks.%d.mlp_ln", side, i);
    ora_bind_linear(b, &l->mlp_1, NULL, d->state, d->mlp, ORA_BIAS, "align.%s.blocks.%d.mlp.0", side, i);
    ora_bind_linear(b, &l->mlp_2, NULL, d->mlp, d->state, ORA_BIAS, "align.%s.blocks.%d.mlp.2", side, i);
}

void mega_aligner_bind(struct ora_binder *b, const struct mega_align_dims *d, struct mega_aligner *m)
{
    size_t state = (size_t)d->state;
    m->dims = *d;
    b->packer->strict = true;
    ora_bind_conv(b, &m->conv_1, NULL, d->mels, d->state, 3, 1, ORA_BIAS, "align.encoder.conv1");
    ora_bind_strided(b, &m->conv_2, d->state, d->state, 3, 2, 1, ORA_BIAS, "align.encoder.conv2");
    ora_bind_table(b, &m->audio_positions, (size_t)d->audio_ctx, state, "align.encoder.positional_embedding");
    for (int i = 0; i < d->enc_layers; i++)
        bind_block(b, d, &m->enc[i], "encoder", i, false);
    ora_packer_attention(b->packer, d->heads, d->state / d->heads, 0, NULL, NULL, &m->attention);
    ora_bind_norm(b, &m->enc_ln, d->state, ORA_NORM_WEIGHT_BIAS, "align.encoder.ln_post");
    ora_bind_table(b, &m->tokens, (size_t)d->vocab, state, "align.decoder.token_embedding.weight");
    ora_bind_table(b, &m->text_positions, (size_t)d->text_ctx, state, "align.decoder.positional_embedding");
    for (int i = 0; i < d->dec_layers; i++)
        bind_block(b, d, &m->dec[i], "decoder", i, true);
    ora_bind_norm(b, &m->dec_ln, d->state, ORA_NORM_WEIGHT_BIAS, "align.decoder.ln");
    ora_bind_linear(b, &m->out_proj, NULL, d->state, d->vocab, ORA_BIAS, "align.decoder.out_proj");
    b->packer->strict = false;
}

/* ---- shared ---------------------------------------------------------------------------------------------
 */

static void norm(const struct ora_compute *c, const struct ora_norm *p, struct ora_b16 x, int rows,
                 int channels, struct ora_b16 y)
{
    c->k->layer_norm(y, x, rows, channels, p->gamma, p->beta, EPSILON, ORA_ACT_NONE, none);
}

/* x += mlp(LN x) */
static void feed_forward(const struct ora_compute *c, const struct mega_aligner *m,
                         const struct mega_aligner_block *l, struct ora_b16 x, int rows, struct ora_b16 h,
                         struct ora_b16 wide)
{
    norm(c, &l->mlp_ln, x, rows, m->dims.state, h);
    ora_apply(c, &l->mlp_1, h, rows, wide, none, ORA_ACT_GELU);
    ora_apply(c, &l->mlp_2, wide, rows, x, x, ORA_ACT_NONE);
}

static void add_positions(struct ora_b16 x, int rows, int channels, const float *table, int first)
{
    for (int t = 0; t < rows; t++)
        for (int i = 0; i < channels; i++)
            *ora_b16_element(x, t, i) += table[(ptrdiff_t)(first + t) * channels + i];
}

/* ---- encoder --------------------------------------------------------------------------------------------
 */

struct work {
    struct ora_b16 mel, first; /* [mels], [state] x frames, halo 1 */
    struct ora_b16 h, q, k, v, wide;
    void *attention;
};

static bool allocate(const struct ora_compute *c, const struct mega_aligner *m, int frames, struct work *w)
{
    const struct mega_align_dims *d = &m->dims;
    int rows = frames / 2, heads = d->heads * ORA_LANES * ora_blocks(d->state / d->heads);
    bool ok = true;
    w->mel = ora_buffer(c, d->mels, frames, 1, &ok);
    w->first = ora_buffer(c, d->state, frames, 0, &ok);
    w->h = ora_buffer(c, d->state, rows, 0, &ok);
    w->q = ora_buffer(c, heads, rows, 0, &ok);
    w->k = ora_buffer(c, heads, rows, 0, &ok);
    w->v = ora_buffer(c, heads, rows, 0, &ok);
    w->wide = ora_buffer(c, d->mlp, rows, 0, &ok);
    w->attention = ora_arena_alloc(c->arena, ora_attention_scratch_bytes(c->k, &m->attention, rows));
    return ok && w->attention;
}

static void encoder_block(const struct ora_compute *c, const struct mega_aligner *m, int i, struct ora_b16 x,
                          int rows, const struct work *w)
{
    const struct mega_aligner_block *l = &m->enc[i];
    norm(c, &l->attn_ln, x, rows, m->dims.state, w->h);
    ora_apply(c, &l->attn.q, w->h, rows, w->q, none, ORA_ACT_NONE);
    ora_apply(c, &l->attn.k, w->h, rows, w->k, none, ORA_ACT_NONE);
    ora_apply(c, &l->attn.v, w->h, rows, w->v, none, ORA_ACT_NONE);
    ora_attention_forward(c->k, &m->attention, w->q, w->q, w->k, w->v, rows, w->attention);
    ora_count(c, 2.0 * rows * rows * m->dims.state);
    ora_apply(c, &l->attn.o, w->q, rows, x, x, ORA_ACT_NONE);
    feed_forward(c, m, l, x, rows, w->h, w->wide);
    if (i == 0)
        ora_show(c, x, rows, m->dims.state, "enc.block0");
    if (i + 1 == m->dims.enc_layers)
        ora_show(c, x, rows, m->dims.state, "enc.block_last");
}

size_t mega_aligner_encode_bytes(const struct ora_compute *c, const struct mega_aligner *m, int frames)
{
    struct work w;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    dry.arena = &counts;
    bool ok = allocate(&dry, m, frames, &w);
    size_t conv = ora_strided_bytes(&m->conv_2, frames / 2), all;
    return ok && ora_size_add(counts.peak_bytes, conv, &all) ? all : SIZE_MAX;
}

int mega_aligner_encode(const struct ora_compute *c, const struct mega_aligner *m, const float *mel,
                        int frames, struct ora_b16 audio, struct ora_err *err)
{
    struct work w;
    int rows = frames / 2, state = m->dims.state;
    size_t mark = ora_arena_mark(c->arena);
    if (rows > m->dims.audio_ctx)
        return ora_err_set(err, ORA_E_LIMIT, "the prompt has %d mel frames; the aligner takes at most %d",
                           frames, 2 * m->dims.audio_ctx);
    if (!allocate(c, m, frames, &w))
        return ora_no_room(err, "the aligner's encoder");
    ora_b16_clear_halo(w.mel, m->dims.mels, frames, 1);
    c->k->from_ct(w.mel, mel, (size_t)frames, frames, m->dims.mels);
    ora_apply(c, &m->conv_1, w.mel, frames, w.first, none, ORA_ACT_GELU);
    int rc = ora_strided_forward(c, &m->conv_2, w.first, 0, frames, audio, rows, ORA_ACT_NONE, err);
    if (rc == 0) {
        ora_show(c, audio, rows, state, "enc.conv2_pre_gelu");
        ora_map(c, audio, audio, rows, state, ORA_ACT_GELU);
        add_positions(audio, rows, state, m->audio_positions, 0);
        for (int i = 0; i < m->dims.enc_layers; i++)
            encoder_block(c, m, i, audio, rows, &w);
        norm(c, &m->enc_ln, audio, rows, state, audio);
        ora_show(c, audio, rows, state, "enc.out");
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* ---- decoder --------------------------------------------------------------------------------------------
 */

static bool allocate_state(const struct ora_compute *c, const struct mega_aligner *m, int audio_rows,
                           int capacity, float **self, float **cross)
{
    const struct mega_align_dims *d = &m->dims;
    int head = d->state / d->heads;
    bool ok = true;
    *self = ora_floats(c, ora_kv_floats(d->dec_layers, d->heads, head, capacity), &ok);
    *cross = ora_floats(c, ora_kv_floats(d->dec_layers, d->heads, head, audio_rows), &ok);
    return ok;
}

int mega_aligner_begin(const struct ora_compute *c, const struct mega_aligner *m, struct ora_b16 audio,
                       int audio_rows, int capacity, struct mega_aligner_state *s, struct ora_err *err)
{
    const struct mega_align_dims *d = &m->dims;
    int head = d->state / d->heads;
    float *self, *cross;
    if (!allocate_state(c, m, audio_rows, capacity, &self, &cross))
        return ora_no_room(err, "the aligner's state");
    ora_kv_place(&s->self, self, d->dec_layers, d->heads, head, capacity);
    ora_kv_place(&s->cross, cross, d->dec_layers, d->heads, head, audio_rows);
    s->audio_rows = audio_rows;
    for (int i = 0; i < d->dec_layers; i++) {
        ora_apply(c, &m->dec[i].cross.k, audio, audio_rows, ora_kv_keys(&s->cross, i), none, ORA_ACT_NONE);
        ora_apply(c, &m->dec[i].cross.v, audio, audio_rows, ora_kv_values(&s->cross, i), none, ORA_ACT_NONE);
    }
    return 0;
}

struct step {
    struct ora_b16 x, h, wide, out;
    struct ora_decode_row *rows;
};

static bool allocate_step(const struct ora_compute *c, const struct mega_aligner *m, int n, struct step *w)
{
    const struct mega_align_dims *d = &m->dims;
    bool ok = true;
    w->x = ora_buffer(c, d->state, n, 0, &ok);
    w->h = ora_buffer(c, d->state, n, 0, &ok);
    w->wide = ora_buffer(c, d->mlp, n, 0, &ok);
    w->out = ora_buffer(c, d->vocab, n, 0, &ok);
    w->rows = ora_arena_alloc(c->arena, sizeof *w->rows * (size_t)n);
    return ok && w->rows;
}

size_t mega_aligner_align_bytes(const struct ora_compute *c, const struct mega_aligner *m, int audio_rows,
                                int limit)
{
    struct step w;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    float *self, *cross;
    dry.arena = &counts;
    bool ok = true;
    ora_floats(&dry, (size_t)m->dims.vocab, &ok);
    ok = ok && allocate_state(&dry, m, audio_rows, limit, &self, &cross) && allocate_step(&dry, m, 1, &w);
    size_t own = ora_self_attention_bytes(c, &m->dec[0].attn, 1, limit);
    size_t other = ora_cross_attention_bytes(c, &m->dec[0].cross, 1, audio_rows), all;
    return ok && ora_size_add(counts.peak_bytes, own > other ? own : other, &all) ? all : SIZE_MAX;
}

static int decoder_block(const struct ora_compute *c, const struct mega_aligner *m, int i,
                         const struct mega_aligner_state *s, int n, const struct step *w, struct ora_err *err)
{
    const struct mega_aligner_block *l = &m->dec[i];
    struct ora_b16 x = w->x, h = w->h;
    norm(c, &l->attn_ln, x, n, m->dims.state, h);
    int rc = ora_self_attention_forward(c, &l->attn, i, h, x, x, w->rows, n, err);
    if (rc < 0)
        return rc;
    norm(c, &l->cross_ln, x, n, m->dims.state, h);
    rc = ora_cross_attention_forward(c, &l->cross, h, x, x, n, ora_kv_keys(&s->cross, i),
                                     ora_kv_values(&s->cross, i), s->audio_rows, err);
    if (rc < 0)
        return rc;
    feed_forward(c, m, l, x, n, h, w->wide);
    if (i == 0)
        ora_show(c, x, n, m->dims.state, "dec.block0");
    if (i + 1 == m->dims.dec_layers)
        ora_show(c, x, n, m->dims.state, "dec.block_last");
    return 0;
}

int mega_aligner_step(const struct ora_compute *c, const struct mega_aligner *m, struct mega_aligner_state *s,
                      const int32_t *tokens, int n, float *logits, struct ora_err *err)
{
    const struct mega_align_dims *d = &m->dims;
    struct step w;
    size_t mark = ora_arena_mark(c->arena);
    int rc = 0, first = s->self.length;
    if (first + n > d->text_ctx)
        return ora_err_set(err, ORA_E_LIMIT, "an alignment of more than %d tokens", d->text_ctx);
    if (!allocate_step(c, m, n, &w)) {
        rc = ora_no_room(err, "the aligner's decoder");
        goto out_reset;
    }
    for (int i = 0; i < n; i++)
        w.rows[i] = (struct ora_decode_row){&s->self, first + i};
    c->k->embed(w.x, tokens, n, m->tokens, d->state, 1);
    add_positions(w.x, n, d->state, m->text_positions, first);
    for (int i = 0; rc == 0 && i < d->dec_layers; i++)
        rc = decoder_block(c, m, i, s, n, &w, err);
    if (rc == 0) {
        norm(c, &m->dec_ln, w.x, n, d->state, w.x);
        ora_apply(c, &m->out_proj, w.x, n, w.out, none, ORA_ACT_NONE);
        ora_show(c, w.out, n, d->vocab, "dec.logits");
        c->k->to_tc(logits, (size_t)d->vocab, w.out, n, d->vocab);
        s->self.length += n;
    }
out_reset:
    ora_arena_reset(c->arena, mark);
    return rc;
}

/* ---- greedy decoding -------------------------------------------------------------------------------------
 */

static bool allowed(int32_t token, int index, int32_t previous_time)
{
    if (index % 2 == 0)
        return mega_phone_valid(token) || token == MEGA_ALIGN_END;
    return token >= MEGA_ALIGN_TIME + previous_time;
}

int32_t mega_aligner_choose(const float *logits, int vocab, int index, int32_t previous_time, float *margin)
{
    int32_t best = -1;
    float first = -INFINITY, second = -INFINITY;
    for (int32_t t = 0; t < vocab; t++) {
        if (!allowed(t, index, previous_time))
            continue;
        if (best < 0 || logits[t] > first) {
            second = first;
            first = logits[t];
            best = t;
        } else if (logits[t] > second) {
            second = logits[t];
        }
    }
    if (margin)
        *margin = first - second;
    return best;
}

int mega_aligner_align(const struct ora_compute *c, const struct mega_aligner *m, struct ora_b16 audio,
                       int audio_rows, int limit, int32_t *tokens, int *count, float *margins,
                       struct ora_err *err)
{
    struct mega_aligner_state s;
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    int32_t token = MEGA_ALIGN_START, previous_time = 0;
    float *logits = ora_floats(c, (size_t)m->dims.vocab, &ok);
    int rc =
        ok ? mega_aligner_begin(c, m, audio, audio_rows, limit, &s, err) : ora_no_room(err, "an alignment");
    int n = 0;
    while (rc == 0 && n < limit) {
        rc = mega_aligner_step(c, m, &s, &token, 1, logits, err);
        if (rc < 0)
            break;
        token = mega_aligner_choose(logits, m->dims.vocab, n, previous_time, margins ? &margins[n] : NULL);
        if (token == MEGA_ALIGN_END)
            break;
        if (n % 2)
            previous_time = token - MEGA_ALIGN_TIME;
        tokens[n++] = token;
    }
    *count = n & ~1;
    ora_arena_reset(c->arena, mark);
    return rc;
}
