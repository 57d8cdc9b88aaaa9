/* Residual units and strided convolutions under reflect padding, two LSTM layers, a projection. */
#include "models/megatts3/vae_encoder.h"

#include "nn/layers/reflect.h"

enum { EDGE_TAPS = 7, UNIT_TAPS = 3 };
static const struct ora_b16 none = {0};

/* ---- bind -----------------------------------------------------------------------------------------------
 */

static void bind_stage(struct ora_binder *b, struct mega_enc_stage *s, int i, int channels, int ratio)
{
    const char *p = "vae.encoder.encoder.model";
    int unit = 3 * i + 1, down = 3 * i + 3, half = channels / 2, total = ratio;
    ora_bind_conv(b, &s->block_1, NULL, channels, half, UNIT_TAPS, 1, ORA_BIAS, "%s.%d.block.1.conv.conv", p,
                  unit);
    ora_bind_conv(b, &s->block_3, NULL, half, channels, 1, 1, ORA_BIAS, "%s.%d.block.3.conv.conv", p, unit);
    ora_bind_conv(b, &s->shortcut, NULL, channels, channels, 1, 1, ORA_BIAS, "%s.%d.shortcut.conv.conv", p,
                  unit);
    ora_bind_strided(b, &s->down, channels, 2 * channels, 2 * ratio, ratio, total - total / 2, ORA_BIAS,
                     "%s.%d.conv.conv", p, down);
}

void mega_vae_encoder_bind(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_encoder *m)
{
    const char *p = "vae.encoder.encoder.model";
    int channels = d->enc_filters;
    m->dims = *d;
    ora_bind_conv(b, &m->first, NULL, 1, channels, EDGE_TAPS, 1, ORA_BIAS, "%s.0.conv.conv", p);
    for (int i = 0; i < MEGA_ENC_STAGES; i++, channels *= 2)
        bind_stage(b, &m->stage[i], i, channels, d->enc_ratios[i]);
    for (int i = 0; i < 2; i++)
        ora_bind_lstm(b, &m->lstm[i], channels, channels, "vae.encoder.encoder.model.16.lstm", i);
    ora_bind_conv(b, &m->last, NULL, channels, d->enc_dim, EDGE_TAPS, 1, ORA_BIAS, "%s.18.conv.conv", p);
    ora_bind_linear(b, &m->to_z, NULL, d->enc_dim, 2 * d->z, ORA_BIAS, "vae.proj_to_z");
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

int mega_vae_latents(int samples)
{
    return ceil_div(samples, MEGA_LATENT_HOP);
}

/* The tensor between two items of the graph. */
struct current {
    struct ora_b16 x; /* [channels] x rows, with a halo for the padding */
    int rows, channels;
};

/* x = shortcut(x) + conv(elu(conv(elu(x)))), in place. */
static int unit(const struct ora_compute *c, const struct mega_enc_stage *s, struct ora_b16 x, int rows,
                int channels, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 e = ora_buffer(c, channels, rows, UNIT_TAPS, &ok);
    struct ora_b16 h = ora_buffer(c, channels / 2, rows, 0, &ok);
    if (!ok)
        return ora_no_room(err, "the wave encoder");
    ora_map(c, e, x, rows, channels, ORA_ACT_ELU);
    ora_reflect_rows(e, channels, rows, 1, 1);
    ora_apply(c, &s->block_1, e, rows, h, none, ORA_ACT_ELU);
    ora_apply(c, &s->shortcut, x, rows, e, none, ORA_ACT_NONE);
    ora_apply(c, &s->block_3, h, rows, x, e, ORA_ACT_NONE);
    ora_arena_reset(c->arena, mark);
    return 0;
}

/* y = strided conv(elu(x)); x is overwritten. Padding: kernel - stride in all, the odd row on the left, and
 * on the right what the last window lacks. */
static int down(const struct ora_compute *c, const struct ora_strided *s, struct ora_b16 x, int rows,
                struct ora_b16 y, int *out_rows, struct ora_err *err)
{
    int total = s->taps - s->stride, right = total / 2, frames = ceil_div(rows, s->stride);
    int extra = frames * s->stride - rows;
    ora_map(c, x, x, rows, s->in, ORA_ACT_ELU);
    ora_reflect_rows(x, s->in, rows, total - right, right + extra);
    *out_rows = frames;
    return ora_strided_forward(c, s, x, right - total, rows + right + extra, y, frames, ORA_ACT_NONE, err);
}

/* Five stages; the result lies in a fresh buffer at the arena's end. */
static int stages(const struct ora_compute *c, const struct mega_vae_encoder *m, struct current *p,
                  struct ora_err *err)
{
    enum { HALO = 16 };
    int rc = 0;
    for (int i = 0; rc == 0 && i < MEGA_ENC_STAGES; i++) {
        bool ok = true;
        struct ora_b16 y =
            ora_buffer(c, 2 * p->channels, ceil_div(p->rows, m->dims.enc_ratios[i]), HALO, &ok);
        if (!ok)
            return ora_no_room(err, "the wave encoder");
        rc = unit(c, &m->stage[i], p->x, p->rows, p->channels, err);
        ora_show(c, p->x, p->rows, p->channels, "model%d", 3 * i + 1);
        if (rc == 0)
            rc = down(c, &m->stage[i].down, p->x, p->rows, y, &p->rows, err);
        p->x = y;
        p->channels *= 2;
        if (rc == 0)
            ora_show(c, p->x, p->rows, p->channels, "model%d", 3 * i + 3);
    }
    return rc;
}

/* x += lstm(lstm(x)); then y = conv(elu(x)) */
static int tail(const struct ora_compute *c, const struct mega_vae_encoder *m, struct current *p,
                struct ora_b16 y, struct ora_err *err)
{
    bool ok = true;
    struct ora_b16 a = ora_buffer(c, p->channels, p->rows, 0, &ok);
    struct ora_b16 b = ora_buffer(c, p->channels, p->rows, 0, &ok);
    int pad = (EDGE_TAPS - 1) / 2, rc;
    if (!ok)
        return ora_no_room(err, "the wave encoder");
    rc = ora_lstm_forward(c, &m->lstm[0], p->x, p->rows, a, err);
    if (rc == 0)
        rc = ora_lstm_forward(c, &m->lstm[1], a, p->rows, b, err);
    ora_sum(c, p->x, p->x, b, p->rows, p->channels);
    ora_show(c, p->x, p->rows, p->channels, "model16");
    ora_map(c, p->x, p->x, p->rows, p->channels, ORA_ACT_ELU);
    ora_reflect_rows(p->x, p->channels, p->rows, pad, pad);
    ora_apply(c, &m->last, p->x, p->rows, y, none, ORA_ACT_NONE);
    ora_show(c, y, p->rows, m->dims.enc_dim, "model18");
    return rc;
}

static void split(const struct ora_compute *c, const struct mega_vae_encoder *m, struct ora_b16 z, int rows,
                  float *mean, float *logvar)
{
    float line[2 * MEGA_LATENT];
    for (int t = 0; t < rows; t++) {
        c->k->to_tc(line, 2 * MEGA_LATENT, ora_b16_at(z, 0, t), 1, 2 * m->dims.z);
        for (int i = 0; i < MEGA_LATENT; i++) {
            float v = line[MEGA_LATENT + i];
            mean[t * MEGA_LATENT + i] = line[i];
            logvar[t * MEGA_LATENT + i] = v < -30 ? -30 : v > 20 ? 20 : v;
        }
    }
}

int mega_vae_encode(const struct ora_compute *c, const struct mega_vae_encoder *m, const float *wave,
                    int samples, float *mean, float *logvar, struct ora_err *err)
{
    enum { HALO = 16 };
    struct current p = {.rows = samples, .channels = m->dims.enc_filters};
    int latents = mega_vae_latents(samples), pad = (EDGE_TAPS - 1) / 2;
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    p.x = ora_buffer(c, p.channels, samples, HALO, &ok);
    struct ora_b16 in = ora_buffer(c, 1, samples, HALO, &ok),
                   z = ora_buffer(c, 2 * m->dims.z, latents, 0, &ok);
    struct ora_b16 y = ora_buffer(c, m->dims.enc_dim, latents, 0, &ok);
    if (!ok)
        return ora_no_room(err, "the wave encoder");
    c->k->from_tc(in, wave, 1, samples, 1);
    ora_reflect_rows(in, 1, samples, pad, pad);
    ora_apply(c, &m->first, in, samples, p.x, none, ORA_ACT_NONE);
    ora_show(c, p.x, samples, p.channels, "model0");
    int rc = stages(c, m, &p, err);
    if (rc == 0)
        rc = tail(c, m, &p, y, err);
    if (rc == 0) {
        ora_apply(c, &m->to_z, y, p.rows, z, none, ORA_ACT_NONE);
        split(c, m, z, p.rows, mean, logvar);
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

void mega_vae_draw(const struct ora_compute *c, const float *mean, const float *logvar, const float *eps,
                   float *latent, size_t n)
{
    c->k->scale(latent, logvar, n, 0.5f);
    c->k->map(latent, latent, n, ORA_ACT_EXP);
    c->k->mul(latent, latent, eps, n);
    c->k->add(latent, latent, mean, n);
}
