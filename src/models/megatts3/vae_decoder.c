/*
 * Decoder. Two large buffers hold the tensors between layers by turns; everything else is a tile: its row 0
 * is the tile's first output row, and rows outside the utterance are zeros (or, for the 7-tap convolutions,
 * reflected).
 */
#include "models/megatts3/vae_decoder.h"

#include <stdio.h>

#include "nn/layers/reflect.h"

enum { UP_TAPS = 7, UP_PAD = 3, TRANS_TAPS = 10, TRANS_HALF = 5, HALO = 64, TILE_ROWS = 1024 };
static const float SLOPE = 0.2f;
static const int mrf_taps[MEGA_MRF_CHAINS] = {3, 7, 11}, mrf_dilation[MEGA_MRF_PAIRS] = {1, 3, 5};
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_up(struct ora_binder *b, struct mega_up *u, int in, int out, int rate, const char *prefix)
{
    u->in = in;
    u->out = out;
    u->rate = rate;
    ora_bind_conv(b, &u->conv, NULL, in, out, UP_TAPS, 1, ORA_BIAS, "%s.upsample.3", prefix);
    ora_bind_transposed(b, &u->trans, in, out, TRANS_TAPS, rate, TRANS_HALF - rate / 2, "%s.trans_upsample.1",
                        prefix);
}

static void bind_mrf(struct ora_binder *b, struct mega_mrf *m, int channels, int item)
{
    m->channels = channels;
    for (int j = 0; j < MEGA_MRF_CHAINS; j++)
        for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
            ora_bind_conv(b, &m->first[j][q], NULL, channels, channels, mrf_taps[j], mrf_dilation[q],
                          ORA_BIAS, "vae.decoder.model_up.%d.block%d.convs1.%d", item, j + 1, q);
            ora_bind_conv(b, &m->second[j][q], NULL, channels, channels, mrf_taps[j], 1, ORA_BIAS,
                          "vae.decoder.model_up.%d.block%d.convs2.%d", item, j + 1, q);
        }
}

static void bind_post(struct ora_binder *b, struct mega_vae_decoder *m, int channels)
{
    struct ora_conv_spec post = {
        .in = channels, .out = 1, .taps = UP_TAPS, .dilation = 1, .first = ora_conv_first(UP_TAPS, 1)};
    post.weights =
        ora_bind_take(b, ORA_SHAPE(1, (size_t)channels, UP_TAPS), "vae.decoder.model_up.12.weight");
    post.bias = ora_bind_take(b, ORA_SHAPE(1), "vae.decoder.model_up.12.bias");
    if (b->rc == 0)
        ora_packer_conv_mono(b->packer, &post, &m->post);
    ora_bind_release(b);
}

void mega_vae_decoder_bind(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_decoder *m)
{
    char prefix[64];
    int channels = d->ngf * 16;
    m->dims = *d;
    ora_bind_linear(b, &m->proj, NULL, d->z, d->dec_in, ORA_BIAS, "vae.proj_to_decoder");
    bind_up(b, &m->latent_up, d->dec_in, d->dec_up, MEGA_LATENT_FRAMES, "vae.latent_upsampler");
    ora_bind_conv(b, &m->pre, NULL, d->dec_up, channels, UP_TAPS, 1, ORA_BIAS, "vae.decoder.model_up.1");
    for (int i = 0; i < MEGA_STAGES; i++, channels /= 2) {
        snprintf(prefix, sizeof prefix, "vae.decoder.model_up.%d", 2 * i + 2);
        bind_up(b, &m->up[i], channels, channels / 2, d->dec_ratios[i], prefix);
        bind_mrf(b, &m->mrf[i], channels / 2, 2 * i + 3);
    }
    bind_post(b, m, channels);
}

/* ---- upsampler ------------------------------------------------------------------------------------------
 */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}
static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* repeated[o] = u[o / rate] for output rows [lo - 3, hi + 3), reflected at the true ends; row 0 is lo. u's
 * row 0 is input row `from`. */
static void repeat(struct ora_b16 repeated, struct ora_b16 u, int from, int channels, int rate, int lo,
                   int hi, int rows)
{
    for (int o = lo - UP_PAD; o < hi + UP_PAD; o++) {
        int row = ora_reflected(o, rate * rows, UP_PAD);
        if (row < 0)
            ora_b16_clear_rows(repeated, channels, o - lo, o - lo + 1);
        else
            for (int b = 0; b < ora_blocks(channels); b++)
                memcpy(ora_b16_at(repeated, b, o - lo).p, ora_b16_at(u, b, row / rate - from).p,
                       sizeof(float) * ORA_LANES);
    }
}

/* y = up(x): rate*rows rows. */
static int upsample(const struct ora_compute *c, const struct mega_up *up, struct ora_b16 x, int rows,
                    struct ora_b16 y, int tile, struct ora_err *err)
{
    enum { REACH = 8 };
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    tile = smaller(tile, rows);
    struct ora_b16 u = ora_buffer(c, up->in, tile, REACH, &ok);
    struct ora_b16 repeated = ora_buffer(c, up->in, up->rate * tile, UP_PAD, &ok);
    if (!ok)
        return ora_no_room(err, "an upsampler");
    for (int a = 0; a < rows; a += tile) {
        int n = smaller(tile, rows - a), lo = clip(a - REACH, 0, rows), hi = clip(a + n + REACH, 0, rows);
        struct ora_b16 part = ora_b16_at(u, 0, lo - a), out = ora_b16_at(y, 0, (ptrdiff_t)up->rate * a);
        ora_map(c, part, ora_b16_at(x, 0, lo), hi - lo, up->in, ORA_ACT_SINE_SUM);
        ora_leaky(c, part, part, hi - lo, up->in, SLOPE);
        ora_b16_clear_rows(u, up->in, -REACH, lo - a);
        ora_b16_clear_rows(u, up->in, hi - a, n + REACH);
        repeat(repeated, u, a, up->in, up->rate, up->rate * a, up->rate * (a + n), rows);
        ora_apply(c, &up->conv, repeated, up->rate * n, out, none, ORA_ACT_NONE);
        ora_transposed_forward(c, &up->trans, u, n, out, out);
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}

/* ---- residual blocks -------------------------------------------------------------------------------------
 */

struct tile {
    const struct ora_compute *c;
    int a, n, rows;                    /* output rows [a, a+n) of an utterance of `rows` */
    struct ora_b16 x;                  /* the whole input, row 0 the utterance's */
    struct ora_b16 lx, cur, lcur, mid; /* row 0 is row a; HALO on both sides */
};

/* What the pairs from q on reach to each side. */
static int reach_from(int q, int half)
{
    int reach = 0;
    for (; q < MEGA_MRF_PAIRS; q++)
        reach += half * (1 + mrf_dilation[q]);
    return reach;
}

/* The rows [a-by, a+n+by) that lie in the utterance, tile-relative; those outside become zeros in x. */
static void bounds(const struct tile *t, int by, int *lo, int *hi)
{
    *lo = clip(t->a - by, 0, t->rows) - t->a;
    *hi = clip(t->a + t->n + by, 0, t->rows) - t->a;
}
static void clear_outside(const struct tile *t, struct ora_b16 x, int channels)
{
    ora_b16_clear_rows(x, channels, -HALO, -t->a);
    ora_b16_clear_rows(x, channels, t->rows - t->a, t->n + HALO);
}

/* One chain; its last sum goes to y (row 0: a), plus `add`. */
static void chain(const struct tile *t, const struct mega_mrf *m, int j, struct ora_b16 y, struct ora_b16 add)
{
    const struct ora_compute *c = t->c;
    int half = (mrf_taps[j] - 1) / 2, lo, hi;
    for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
        bool last = q + 1 == MEGA_MRF_PAIRS;
        struct ora_b16 from = q ? t->cur : ora_b16_at(t->x, 0, t->a), active = q ? t->lcur : t->lx;
        bounds(t, reach_from(q + 1, half) + half, &lo, &hi);
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        c->k->conv(&m->first[j][q], &(struct ora_conv_run){.x = ora_b16_at(active, 0, lo),
                                                           .rows = hi - lo,
                                                           .leaky = ora_b16_at(t->mid, 0, lo),
                                                           .slope = SLOPE,
                                                           .scratch = c->scratch});
        clear_outside(t, t->mid, m->channels);
        bounds(t, reach_from(q + 1, half), &lo, &hi);
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        struct ora_conv_run run = {.x = ora_b16_at(t->mid, 0, lo),
                                   .rows = hi - lo,
                                   .res = ora_b16_at(from, 0, lo),
                                   .y = ora_b16_at(last ? y : t->cur, 0, lo),
                                   .slope = SLOPE,
                                   .scratch = c->scratch};
        if (last)
            run.add = add;
        else
            run.leaky = ora_b16_at(t->lcur, 0, lo);
        c->k->conv(&m->second[j][q], &run);
        if (!last)
            clear_outside(t, t->lcur, m->channels);
    }
}

static bool allocate_tile(const struct ora_compute *c, struct tile *t, int channels, int tile)
{
    bool ok = true;
    t->lx = ora_buffer(c, channels, tile, HALO, &ok);
    t->cur = ora_buffer(c, channels, tile, HALO, &ok);
    t->lcur = ora_buffer(c, channels, tile, HALO, &ok);
    t->mid = ora_buffer(c, channels, tile, HALO, &ok);
    return ok;
}

/* The first block's longest chain on its own, for whoever looks. */
static void show_chain(const struct tile *t, const struct mega_mrf *m, struct ora_b16 room, int item)
{
    if (!t->c->tap || item != 3)
        return;
    chain(t, m, MEGA_MRF_CHAINS - 1, room, none);
    ora_show(t->c, room, t->n, m->channels, "mrf3.chain_k11");
}

/* y = mean of the chains of x. */
static int residual(const struct ora_compute *c, const struct mega_mrf *m, int item, struct ora_b16 x,
                    int rows, struct ora_b16 y, int tile, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    struct tile t = {.c = c, .rows = rows, .x = x};
    tile = smaller(tile, rows);
    if (!allocate_tile(c, &t, m->channels, tile))
        return ora_no_room(err, "residual blocks");
    for (t.a = 0; t.a < rows; t.a += tile) {
        int lo, hi;
        struct ora_b16 out = ora_b16_at(y, 0, t.a);
        t.n = smaller(tile, rows - t.a);
        bounds(&t, HALO, &lo, &hi);
        ora_leaky(c, ora_b16_at(t.lx, 0, lo), ora_b16_at(x, 0, t.a + lo), hi - lo, m->channels, SLOPE);
        clear_outside(&t, t.lx, m->channels);
        show_chain(&t, m, out, item);
        for (int j = 0; j < MEGA_MRF_CHAINS; j++)
            chain(&t, m, j, out, j ? out : none);
        for (int b = 0; b < ora_blocks(m->channels); b++) {
            float *p = ora_b16_at(out, b, 0).p;
            c->k->scale(p, p, ORA_LANES * (size_t)t.n, 1.0f / MEGA_MRF_CHAINS);
        }
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}

/* ---- decoder --------------------------------------------------------------------------------------------
 */

struct buffers {
    float *memory[2];
    size_t floats;
};

/* Room for any tensor between two layers. */
static bool allocate(const struct ora_compute *c, const struct mega_vae_decoder *m, int rows,
                     struct buffers *b)
{
    const struct mega_vae_dims *d = &m->dims;
    int channels = 16 * d->ngf, r = MEGA_LATENT_FRAMES * rows;
    bool ok = true;
    size_t most = ora_b16_floats(d->dec_in, (size_t)rows, HALO),
           n = ora_b16_floats(d->dec_up, (size_t)r, HALO);
    most = n > most ? n : most;
    for (int i = 0; i <= MEGA_STAGES; i++) {
        n = ora_b16_floats(channels, (size_t)r, HALO);
        most = n > most ? n : most;
        channels /= 2;
        r *= i < MEGA_STAGES ? d->dec_ratios[i] : 1;
    }
    b->floats = most;
    b->memory[0] = ora_floats(c, most, &ok);
    b->memory[1] = ora_floats(c, most, &ok);
    return ok;
}

static struct ora_b16 place(const struct buffers *b, int which, int rows)
{
    return ora_b16_place(b->memory[which], (size_t)rows, HALO);
}

/* latents -> [2048] x 4*rows in buffer 1 */
static int enter(const struct ora_compute *c, const struct mega_vae_decoder *m, const struct buffers *b,
                 const float *latents, int rows, struct ora_err *err)
{
    const struct mega_vae_dims *d = &m->dims;
    int up = MEGA_LATENT_FRAMES * rows;
    struct ora_b16 z = place(b, 0, rows), y = place(b, 1, rows), wide = place(b, 0, up),
                   out = place(b, 1, up);
    c->k->from_tc(z, latents, (size_t)d->z, rows, d->z);
    ora_apply(c, &m->proj, z, rows, y, none, ORA_ACT_NONE);
    ora_show(c, y, rows, d->dec_in, "proj");
    int rc = upsample(c, &m->latent_up, y, rows, wide, rows, err);
    ora_show(c, wide, up, d->dec_up, "latent_up");
    ora_reflect_rows(wide, d->dec_up, up, UP_PAD, UP_PAD);
    ora_apply(c, &m->pre, wide, up, out, none, ORA_ACT_NONE);
    ora_show(c, out, up, 16 * d->ngf, "model_up1");
    return rc;
}

/* tanh(conv7(lrelu(x))) -> samples */
static void leave(const struct ora_compute *c, const struct mega_vae_decoder *m, struct ora_b16 x, int rows,
                  float *wave)
{
    const struct ora_conv_mono *p = &m->post;
    ora_leaky(c, x, x, rows, m->dims.ngf, SLOPE);
    ora_reflect_rows(x, m->dims.ngf, rows, UP_PAD, UP_PAD);
    ora_count(c, (double)rows * p->in * p->taps);
    c->k->conv_mono(wave, x, rows, p->in_blocks, p->taps, p->dilation, p->first, p->weights, p->bias,
                    ORA_ACT_NONE);
    if (c->tap) {
        c->k->from_tc(x, wave, 1, rows, 1);
        ora_show(c, x, rows, 1, "model_up12");
    }
    c->k->map(wave, wave, (size_t)rows, ORA_ACT_TANH);
}

int mega_vae_decode(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                    int rows, float *wave, struct ora_err *err)
{
    struct buffers b;
    size_t mark = ora_arena_mark(c->arena);
    int channels = 16 * m->dims.ngf, r = MEGA_LATENT_FRAMES * rows;
    if (!allocate(c, m, rows, &b))
        return ora_no_room(err, "the vocoder");
    int rc = enter(c, m, &b, latents, rows, err);
    for (int i = 0; rc == 0 && i < MEGA_STAGES; i++) {
        int tile = c->tap ? m->dims.dec_ratios[i] * r : m->tile_rows ? m->tile_rows : TILE_ROWS;
        struct ora_b16 x = place(&b, 1, r), y = place(&b, 0, m->dims.dec_ratios[i] * r);
        rc = upsample(c, &m->up[i], x, r, y, tile, err);
        r *= m->dims.dec_ratios[i];
        channels /= 2;
        ora_show(c, y, r, channels, "model_up%d", 2 * i + 2);
        if (rc == 0)
            rc = residual(c, &m->mrf[i], 2 * i + 3, y, r, place(&b, 1, r), tile, err);
        ora_show(c, place(&b, 1, r), r, channels, "model_up%d", 2 * i + 3);
    }
    if (rc == 0)
        leave(c, m, place(&b, 1, r), r, wave);
    ora_arena_reset(c->arena, mark);
    return rc;
}
