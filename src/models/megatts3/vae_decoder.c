/*
 * Decoder in its fast form. A tile of samples is followed back through the layers to the rows that each must
 * make; then two large buffers hold the tensors between layers by turns.
 */
#include "models/megatts3/vae_decoder.h"

#include <stdio.h>

#include "nn/layers/reflect.h"

enum { TRANS_HALF = 5, HALO = 4, TILE_LATENTS = 126 }; /* the same place in groups of rows for every tile */
static const float SLOPE = 0.2f;
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_up(struct ora_binder *b, struct ora_repeat_up *u, int in, int out, int rate,
                    const char *prefix)
{
    char conv[96], trans[96];
    snprintf(conv, sizeof conv, "%s.upsample.3", prefix);
    snprintf(trans, sizeof trans, "%s.trans_upsample.1", prefix);
    ora_bind_repeat_up(b, u, in, out, rate, MEGA_UP_TAPS, MEGA_UP_TRANS_TAPS, TRANS_HALF - rate / 2, conv,
                       trans);
}

static void bind_post(struct ora_binder *b, struct mega_vae_decoder *m, int channels)
{
    struct ora_conv_spec post = {.in = channels,
                                 .out = 1,
                                 .taps = MEGA_UP_TAPS,
                                 .dilation = 1,
                                 .first = ora_conv_first(MEGA_UP_TAPS, 1)};
    post.weights =
        ora_bind_take(b, ORA_SHAPE(1, (size_t)channels, MEGA_UP_TAPS), "vae.decoder.model_up.12.weight");
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
    ora_bind_conv(b, &m->pre, NULL, d->dec_up, channels, MEGA_UP_TAPS, 1, ORA_BIAS, "vae.decoder.model_up.1");
    for (int i = 0; i < MEGA_STAGES; i++, channels /= 2) {
        snprintf(prefix, sizeof prefix, "vae.decoder.model_up.%d", 2 * i + 2);
        bind_up(b, &m->up[i], channels, channels / 2, d->dec_ratios[i], prefix);
        mega_mrf_bind(b, &m->mrf[i], channels / 2, 2 * i + 3);
    }
    bind_post(b, m, channels);
}

/* ---- plan: which rows of each layer a tile needs
 * -----------------------------------------------------------
 */

struct plan {
    int rows[MEGA_STAGES + 1]; /* of the utterance: at 100 Hz, after each stage */
    struct ora_rows z;         /* latents */
    struct ora_rows frames;    /* latent_up's output */
    struct ora_rows in[MEGA_STAGES], up[MEGA_STAGES], out[MEGA_STAGES];
    struct ora_rows wave; /* samples */
};

static struct ora_rows widen(struct ora_rows s, int by, int rows)
{
    s.lo = s.lo - by > 0 ? s.lo - by : 0;
    s.hi = s.hi + by < rows ? s.hi + by : rows;
    return s;
}
static struct ora_rows needed(const struct ora_repeat_up *u, int rows, struct ora_rows s)
{
    struct ora_rows from;
    ora_repeat_up_needs(u, rows, s.lo, s.hi, &from.lo, &from.hi);
    return from;
}

static struct plan plan_tile(const struct mega_vae_decoder *m, int latents, struct ora_rows tile)
{
    struct plan p = {.rows[0] = MEGA_LATENT_FRAMES * latents,
                     .wave = {tile.lo * MEGA_LATENT_HOP, tile.hi * MEGA_LATENT_HOP}};
    for (int i = 0; i < MEGA_STAGES; i++)
        p.rows[i + 1] = p.rows[i] * m->dims.dec_ratios[i];
    struct ora_rows want = widen(p.wave, MEGA_UP_PAD, p.rows[MEGA_STAGES]);
    for (int i = MEGA_STAGES - 1; i >= 0; i--) {
        p.out[i] = want;
        p.up[i] = mega_mrf_needs(&m->mrf[i], &p.out[i], p.rows[i + 1]);
        p.in[i] = want = needed(&m->up[i], p.rows[i], p.up[i]);
    }
    p.frames = widen(want, MEGA_UP_PAD, p.rows[0]);
    p.z = needed(&m->latent_up, latents, p.frames);
    return p;
}

/* ---- memory ----------------------------------------------------------------------------------------------
 */

struct buffers {
    float *memory[2];
    size_t floats[2];
};

static void grow(size_t *floats, int channels, struct ora_rows s)
{
    size_t n = ora_b16_floats(channels, (size_t)(s.hi - s.lo), HALO);
    *floats = n > *floats ? n : *floats;
}

/* Raises the sizes to what a tile needs; *scratch: of the layers' own. */
static void size_up(const struct mega_vae_decoder *m, const struct plan *p, struct buffers *b,
                    size_t *scratch)
{
    const struct mega_vae_dims *d = &m->dims;
    int channels = 16 * d->ngf;
    size_t bytes = ora_repeat_up_bytes(&m->latent_up);
    *scratch = bytes > *scratch ? bytes : *scratch;
    grow(&b->floats[0], d->z, p->z);
    grow(&b->floats[1], d->dec_in, p->z);
    grow(&b->floats[0], d->dec_up, p->frames);
    grow(&b->floats[1], channels, p->in[0]);
    for (int i = 0; i < MEGA_STAGES; i++) {
        channels /= 2;
        grow(&b->floats[0], channels, p->up[i]);
        grow(&b->floats[1], channels, p->out[i]);
        bytes = ora_repeat_up_bytes(&m->up[i]);
        *scratch = bytes > *scratch ? bytes : *scratch;
        bytes = mega_mrf_bytes(&m->mrf[i], p->out[i].hi - p->out[i].lo, m->tile_bytes);
        *scratch = bytes > *scratch ? bytes : *scratch;
    }
}

/* Of n latents: not evened out, so that a shorter utterance never needs more memory than a longer one. */
static int tile_latents(const struct mega_vae_decoder *m, int n)
{
    int most = m->tile_latents ? m->tile_latents : TILE_LATENTS;
    return n < most ? n : most;
}

/* Sizes over all tiles; returns the scratch. */
static size_t sizes(const struct mega_vae_decoder *m, int rows, int first, struct buffers *b)
{
    size_t scratch = 0;
    int tile = tile_latents(m, rows - first);
    *b = (struct buffers){.floats = {0}};
    for (int a = first; a < rows; a += tile) {
        struct plan p = plan_tile(m, rows, (struct ora_rows){a, a + tile < rows ? a + tile : rows});
        size_up(m, &p, b, &scratch);
    }
    return scratch;
}

static bool allocate(const struct ora_compute *c, struct buffers *b)
{
    bool ok = true;
    for (int i = 0; i < 2; i++)
        b->memory[i] = ora_floats(c, b->floats[i], &ok);
    return ok;
}

size_t mega_vae_bytes(const struct mega_vae_decoder *m, int rows, int first)
{
    struct ora_arena counts = ora_arena_of_counts();
    struct buffers b;
    size_t scratch = sizes(m, rows, first, &b);
    allocate(&(struct ora_compute){.arena = &counts}, &b);
    ora_arena_alloc(&counts, scratch);
    return counts.peak_bytes;
}

/* A tensor of rows s in buffer `which`; row 0 is row s.lo. */
static struct ora_b16 place(const struct buffers *b, int which, struct ora_rows s)
{
    return ora_b16_place(b->memory[which], (size_t)(s.hi - s.lo), HALO);
}

/* ---- layers ----------------------------------------------------------------------------------------------
 */

/* Rows of x round span s that lie outside the utterance: reflected ones. x's row 0 is s.lo. */
static void reflect_ends(struct ora_b16 x, int channels, struct ora_rows s, int rows)
{
    for (int i = 1; i <= MEGA_UP_PAD; i++) {
        int outside[2] = {s.lo == 0 ? -i : 0, s.hi == rows ? rows - 1 + i : 0};
        for (int e = 0; e < 2; e++) {
            int from = ora_reflected(outside[e], rows, MEGA_UP_PAD);
            if (outside[e] == 0)
                continue;
            if (from < 0)
                ora_b16_clear_rows(x, channels, outside[e] - s.lo, outside[e] - s.lo + 1);
            else
                ora_copy(ora_b16_at(x, 0, outside[e] - s.lo), ora_b16_at(x, 0, from - s.lo), 1, channels);
        }
    }
}

/* y = up(leaky(sin x + x)), rows `to` from rows `from` of `rows`; x is overwritten. */
static int upsample(const struct ora_compute *c, const struct ora_repeat_up *up, struct ora_b16 x,
                    struct ora_rows from, int rows, struct ora_b16 y, struct ora_rows to, struct ora_err *err)
{
    int n = from.hi - from.lo;
    ora_map(c, x, x, n, up->in, ORA_ACT_SINE_SUM);
    ora_leaky(c, x, x, n, up->in, SLOPE);
    if (from.lo == 0)
        ora_b16_clear_rows(x, up->in, -HALO, 0);
    if (from.hi == rows)
        ora_b16_clear_rows(x, up->in, n, n + HALO);
    return ora_repeat_up_forward(c, up, x, from.lo, rows, y, to.lo, to.hi, err);
}

/* latents -> the first stage's input, in buffer 1 */
static int enter(const struct ora_compute *c, const struct mega_vae_decoder *m, const struct buffers *b,
                 const struct plan *p, const float *latents, int rows, struct ora_err *err)
{
    const struct mega_vae_dims *d = &m->dims;
    struct ora_b16 z = place(b, 0, p->z), y = place(b, 1, p->z), wide = place(b, 0, p->frames);
    int n = p->z.hi - p->z.lo;
    c->k->from_tc(z, latents + (size_t)p->z.lo * (size_t)d->z, (size_t)d->z, n, d->z);
    ora_apply(c, &m->proj, z, n, y, none, ORA_ACT_NONE);
    int rc = upsample(c, &m->latent_up, y, p->z, rows, wide, p->frames, err);
    reflect_ends(wide, d->dec_up, p->frames, p->rows[0]);
    ora_apply(c, &m->pre, ora_b16_at(wide, 0, p->in[0].lo - p->frames.lo), p->in[0].hi - p->in[0].lo,
              place(b, 1, p->in[0]), none, ORA_ACT_NONE);
    return rc;
}

/* tanh(conv7(leaky(x))) -> samples */
static void leave(const struct ora_compute *c, const struct mega_vae_decoder *m, struct ora_b16 x,
                  const struct plan *p, float *wave)
{
    const struct ora_conv_mono *post = &m->post;
    struct ora_rows have = p->out[MEGA_STAGES - 1];
    int n = p->wave.hi - p->wave.lo;
    ora_leaky(c, x, x, have.hi - have.lo, m->dims.ngf, SLOPE);
    reflect_ends(x, m->dims.ngf, have, p->rows[MEGA_STAGES]);
    ora_count(c, (double)n * post->in * post->taps);
    c->k->conv_mono(wave, ora_b16_at(x, 0, p->wave.lo - have.lo), n, post->in_blocks, post->taps,
                    post->dilation, post->first, post->weights, post->bias, ORA_ACT_TANH);
}

static int decode_tile(const struct ora_compute *c, const struct mega_vae_decoder *m, const struct buffers *b,
                       const float *latents, int rows, struct ora_rows tile, float *wave, struct ora_err *err)
{
    struct plan p = plan_tile(m, rows, tile);
    int rc = enter(c, m, b, &p, latents, rows, err);
    for (int i = 0; rc == 0 && i < MEGA_STAGES; i++) {
        struct ora_b16 x = place(b, 0, p.up[i]);
        struct ora_rows had = i == 0 ? p.in[0] : p.out[i - 1]; /* whole groups: may be more than p.in */
        struct ora_b16 in = ora_b16_at(place(b, 1, had), 0, p.in[i].lo - had.lo);
        rc = upsample(c, &m->up[i], in, p.in[i], p.rows[i], x, p.up[i], err);
        if (rc == 0)
            rc = mega_mrf_forward(c, &m->mrf[i], x, p.up[i].lo, p.rows[i + 1], place(b, 1, p.out[i]),
                                  p.out[i].lo, p.out[i].hi, m->tile_bytes, err);
    }
    if (rc == 0)
        leave(c, m, place(b, 1, p.out[MEGA_STAGES - 1]), &p, wave);
    return rc;
}

int mega_vae_decode_from(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                         int rows, int first, float *wave, struct ora_err *err)
{
    struct buffers b;
    size_t mark = ora_arena_mark(c->arena);
    int tile = tile_latents(m, rows - first), rc = 0;
    sizes(m, rows, first, &b);
    if (!allocate(c, &b))
        return ora_no_room(err, "the vocoder");
    for (int a = first; rc == 0 && a < rows; a += tile) {
        struct ora_rows s = {a, a + tile < rows ? a + tile : rows};
        rc = decode_tile(c, m, &b, latents, rows, s, wave + (size_t)(a - first) * MEGA_LATENT_HOP, err);
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

int mega_vae_decode(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                    int rows, float *wave, struct ora_err *err)
{
    return mega_vae_decode_from(c, m, latents, rows, 0, wave, err);
}
