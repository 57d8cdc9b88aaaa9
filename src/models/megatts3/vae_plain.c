/* Two large buffers hold the tensors between layers by turns. */
#include "models/megatts3/vae_plain.h"

#include <stdio.h>

#include "nn/layers/reflect.h"

enum { TRANS_HALF = 5, HALO = 64 };
static const float SLOPE = 0.2f;
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_up(struct ora_binder *b, struct mega_up *u, int in, int out, int rate, const char *prefix)
{
    u->in = in;
    u->out = out;
    u->rate = rate;
    ora_bind_conv(b, &u->conv, NULL, in, out, MEGA_UP_TAPS, 1, ORA_BIAS, "%s.upsample.3", prefix);
    ora_bind_transposed(b, &u->trans, in, out, MEGA_UP_TRANS_TAPS, rate, TRANS_HALF - rate / 2,
                        "%s.trans_upsample.1", prefix);
}

void mega_vae_bind_plain(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_decoder *m)
{
    char prefix[64];
    int channels = d->ngf * 16;
    bind_up(b, &m->plain_latent_up, d->dec_in, d->dec_up, MEGA_LATENT_FRAMES, "vae.latent_upsampler");
    for (int i = 0; i < MEGA_STAGES; i++, channels /= 2) {
        snprintf(prefix, sizeof prefix, "vae.decoder.model_up.%d", 2 * i + 2);
        bind_up(b, &m->plain_up[i], channels, channels / 2, d->dec_ratios[i], prefix);
    }
}

/* ---- upsampler ------------------------------------------------------------------------------------------
 */

/* repeated[o] = u[o / rate] for output rows [-3, rate*rows + 3), reflected at the ends. */
static void repeat(struct ora_b16 repeated, struct ora_b16 u, int channels, int rate, int rows)
{
    for (int o = -MEGA_UP_PAD; o < rate * rows + MEGA_UP_PAD; o++) {
        int row = ora_reflected(o, rate * rows, MEGA_UP_PAD);
        if (row < 0)
            ora_b16_clear_rows(repeated, channels, o, o + 1);
        else
            ora_copy(ora_b16_at(repeated, 0, o), ora_b16_at(u, 0, row / rate), 1, channels);
    }
}

/* y = up(x): rate*rows rows. */
static int upsample(const struct ora_compute *c, const struct mega_up *up, struct ora_b16 x, int rows,
                    struct ora_b16 y, struct ora_err *err)
{
    enum { REACH = 8 };
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 u = ora_buffer(c, up->in, rows, REACH, &ok);
    struct ora_b16 repeated = ora_buffer(c, up->in, up->rate * rows, MEGA_UP_PAD, &ok);
    if (!ok)
        return ora_no_room(err, "an upsampler");
    ora_map(c, u, x, rows, up->in, ORA_ACT_SINE_SUM);
    ora_leaky(c, u, u, rows, up->in, SLOPE);
    ora_b16_clear_halo(u, up->in, rows, REACH);
    repeat(repeated, u, up->in, up->rate, rows);
    ora_apply(c, &up->conv, repeated, up->rate * rows, y, none, ORA_ACT_NONE);
    ora_transposed_forward(c, &up->trans, u, rows, y, y);
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
    int rc = upsample(c, &m->plain_latent_up, y, rows, wide, err);
    ora_show(c, wide, up, d->dec_up, "latent_up");
    ora_reflect_rows(wide, d->dec_up, up, MEGA_UP_PAD, MEGA_UP_PAD);
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
    ora_reflect_rows(x, m->dims.ngf, rows, MEGA_UP_PAD, MEGA_UP_PAD);
    ora_count(c, (double)rows * p->in * p->taps);
    c->k->conv_mono(wave, x, rows, p->in_blocks, p->taps, p->dilation, p->first, p->weights, p->bias,
                    ORA_ACT_NONE);
    if (c->tap) {
        c->k->from_tc(x, wave, 1, rows, 1);
        ora_show(c, x, rows, 1, "model_up12");
    }
    c->k->map(wave, wave, (size_t)rows, ORA_ACT_TANH);
}

/* y = mean of the chains of x; the first block's longest chain on its own, for whoever looks. */
static int residual(const struct ora_compute *c, const struct mega_mrf *m, int stage, struct ora_b16 x,
                    int rows, struct ora_b16 y, struct ora_err *err)
{
    int rc = 0;
    if (c->tap && stage == 0) {
        rc = mega_mrf_chain(c, m, MEGA_MRF_CHAINS - 1, x, rows, y, err);
        ora_show(c, y, rows, m->channels, "mrf3.chain_k11");
    }
    return rc < 0 ? rc : mega_mrf_forward(c, m, x, 0, rows, y, 0, rows, SIZE_MAX, err);
}

int mega_vae_decode_plain(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                          int rows, float *wave, struct ora_err *err)
{
    struct buffers b;
    size_t mark = ora_arena_mark(c->arena);
    int channels = 16 * m->dims.ngf, r = MEGA_LATENT_FRAMES * rows;
    if (!allocate(c, m, rows, &b))
        return ora_no_room(err, "the vocoder");
    int rc = enter(c, m, &b, latents, rows, err);
    for (int i = 0; rc == 0 && i < MEGA_STAGES; i++) {
        struct ora_b16 x = place(&b, 1, r), y = place(&b, 0, m->dims.dec_ratios[i] * r);
        rc = upsample(c, &m->plain_up[i], x, r, y, err);
        r *= m->dims.dec_ratios[i];
        channels /= 2;
        ora_show(c, y, r, channels, "model_up%d", 2 * i + 2);
        if (rc == 0)
            rc = residual(c, &m->mrf[i], i, y, r, place(&b, 1, r), err);
        ora_show(c, place(&b, 1, r), r, channels, "model_up%d", 2 * i + 3);
    }
    if (rc == 0)
        leave(c, m, place(&b, 1, r), r, wave);
    ora_arena_reset(c->arena, mark);
    return rc;
}
