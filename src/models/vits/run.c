/* One run of the model: the parts in the order of the paper, and the arithmetic between them. */
#include "models/vits/run.h"

#include <math.h>

#include "nn/dmath.h"
#include "nn/noise.h"

enum { PRIOR_TILE = 256 };

static int no_room(struct ora_err *err, const char *what)
{
    return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for %s", what);
}

static int latent_channels(const struct vits_config *c)
{
    return 2 * ORA_LANES * ora_blocks(c->inter / 2);
}

/* ---- a speaker is a set of biases ------------------------------------------------------------ */

static size_t padded(int channels)
{
    return ORA_LANES * (size_t)ora_blocks(channels);
}

static bool allocate_speaker(const struct vits_config *c, struct ora_arena *arena, struct vits_run *r,
                             struct ora_b16 *g)
{
    bool ok = true;
    r->duration_bias = ora_arena_floats(arena, padded(c->hidden));
    r->flow_bias = ora_arena_floats(arena, vits_flow_bias_floats(c));
    r->decoder_bias = ora_arena_floats(arena, padded(c->first_channels));
    *g = vits_buffer(arena, c->speaker_dim, 1, 0, &ok);
    return ok && r->duration_bias && r->flow_bias && r->decoder_bias;
}

static int speak_as(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r,
                    struct ora_err *err)
{
    const struct vits_config *c = &m->cfg;
    struct ora_b16 g;
    r->duration_bias = r->flow_bias = r->decoder_bias = NULL;
    if (!c->speaker_dim)
        return 0;
    if (!allocate_speaker(c, arena, r, &g))
        return no_room(err, "a speaker");
    size_t dim = (size_t)c->speaker_dim;
    m->k->from_tc(g, m->speakers + dim * (size_t)r->speaker, dim, 1, c->speaker_dim);
    struct ora_conv_run run = {.x = g, .rows = 1, .scratch = r->scratch};
    run.y = (struct ora_b16){r->duration_bias, ORA_LANES};
    m->k->conv(&m->duration.cond, &run);
    run.y = (struct ora_b16){r->decoder_bias, ORA_LANES};
    m->k->conv(&m->decoder.cond, &run);
    vits_flow_speaker(&m->flow, c, m->k, g, r->flow_bias, r->scratch);
    return 0;
}

/* ---- durations ------------------------------------------------------------------------------- */

struct texts {
    double *noise; /* [2][count] */
    double *logw;  /* [count] */
};

static bool allocate_texts(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r,
                           struct texts *t)
{
    bool ok = true;
    int wide = latent_channels(&m->cfg), halo = (m->cfg.ffn_kernel - 1) / 2;
    size_t n = (size_t)r->count;
    if (!m->cfg.stochastic && (m->cfg.dp_kernel - 1) / 2 > halo)
        halo = (m->cfg.dp_kernel - 1) / 2;
    r->scratch = ora_arena_alloc(arena, m->k->scratch_bytes);
    r->frames = ora_arena_alloc(arena, n * sizeof *r->frames);
    r->w = ora_arena_floats(arena, n);
    r->mean = vits_buffer(arena, wide, r->count, 0, &ok);
    r->deviation = vits_buffer(arena, wide, r->count, 0, &ok);
    r->x = vits_buffer(arena, m->cfg.hidden, r->count, halo, &ok);
    t->noise = ora_arena_alloc(arena, 2 * n * sizeof *t->noise);
    t->logw = ora_arena_alloc(arena, n * sizeof *t->logw);
    if (ok && r->x.p && arena->base != vits_measuring_arena().base)
        ora_b16_clear_halo(r->x, m->cfg.hidden, r->count, halo);
    return ok && (r->scratch || !m->k->scratch_bytes) && r->frames && r->w && t->noise && t->logw;
}

static void draw_duration_noise(const struct vits_run *r, double *noise)
{
    float four[4];
    for (uint32_t row = 0; row < 2; row++)
        for (int t = 0; t < r->count; t += 4) {
            int n = r->count - t < 4 ? r->count - t : 4;
            ora_noise_row(r->key, VITS_NOISE_DURATION, row, (uint32_t)t, (size_t)n, 1, four);
            for (int i = 0; i < n; i++)
                noise[row * (uint32_t)r->count + (uint32_t)(t + i)] = (double)(four[i] * r->noise_w);
        }
}

/* frames = ceil(exp(logw) * length_scale), the product in single precision as in the training code. */
static int round_up(struct vits_run *r, const double *logw, struct ora_err *err)
{
    int64_t total = 0;
    for (int i = 0; i < r->count; i++) {
        float w = (float)ora_dexp(logw[i]) * r->length_scale;
        r->w[i] = w;
        w = w >= 0 ? w : 0; /* a NaN cannot be a length */
        r->frames[i] = r->forced ? r->forced[i] : w > 1e6f ? 1000000u : (uint32_t)ceilf(w);
        total += r->frames[i];
    }
    r->total = total > INT32_MAX ? INT32_MAX : total ? (int)total : 1;
    if (r->total > VITS_FRAMES_MAX)
        return ora_err_set(err, ORA_E_LIMIT, "%d ids would last %d frames; one run has at most %d", r->count,
                           r->total, VITS_FRAMES_MAX);
    return 0;
}

int vits_run_durations(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r,
                       struct ora_err *err)
{
    struct texts t;
    ora_pulse_beat(m->pulse);
    if (!allocate_texts(m, arena, r, &t))
        return no_room(err, "the text");
    int rc = speak_as(m, arena, r, err);
    if (rc == 0)
        rc = vits_encoder_forward(&m->encoder, &m->cfg, m->k, arena, r->ids, r->count, r->x, r->mean,
                                  r->deviation, r->scratch, err);
    draw_duration_noise(r, t.noise);
    if (rc == 0)
        rc = vits_duration_forward(&m->duration, &m->cfg, m->k, arena, r->x, r->count, r->duration_bias,
                                   t.noise, t.logw, r->scratch, err);
    return rc < 0 ? rc : round_up(r, t.logw, err);
}

/* ---- samples --------------------------------------------------------------------------------- */

struct prior {
    int32_t *index;            /* [total]: the id of each frame */
    struct ora_b16 wide, draw; /* [latent][PRIOR_TILE]: deviations; normal deviates */
};

static bool allocate_prior(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r,
                           struct prior *p)
{
    bool ok = true;
    int wide = latent_channels(&m->cfg);
    r->z = vits_buffer(arena, wide, r->total, (m->cfg.pre_kernel - 1) / 2, &ok);
    p->index = ora_arena_alloc(arena, (size_t)r->total * sizeof *p->index);
    p->wide = vits_buffer(arena, wide, PRIOR_TILE, 0, &ok);
    p->draw = vits_buffer(arena, wide, PRIOR_TILE, 0, &ok);
    return ok && p->index;
}

/* z[t] += normal * deviation * noise_scale, for frames [a, a + rows) */
static void add_noise(const struct ora_model *m, const struct vits_run *r, const struct prior *p, int a,
                      int rows)
{
    int half = m->cfg.inter / 2, blocks = ora_blocks(half);
    ora_b16_clear_rows(p->draw, latent_channels(&m->cfg), 0, rows);
    for (int c = 0; c < m->cfg.inter; c++) {
        float *to = ora_b16_element(p->draw, 0, c < half ? c : ORA_LANES * blocks + c - half);
        ora_noise_row(r->key, VITS_NOISE_PRIOR, (uint32_t)c, (uint32_t)a, (size_t)rows, ORA_LANES, to);
    }
    for (int b = 0; b < 2 * blocks; b++)
        m->k->madd(ora_b16_at(r->z, b, a).p, ora_b16_at(p->draw, b, 0).p, ora_b16_at(p->wide, b, 0).p,
                   ORA_LANES * (size_t)rows, r->noise_scale);
}

/* z = mean[id of t] + noise * deviation[id of t] * noise_scale. A text of no frames at all is one frame of
 * mean 0. */
static void draw_prior(const struct ora_model *m, struct vits_run *r, const struct prior *p)
{
    int wide = latent_channels(&m->cfg), blocks = wide / ORA_LANES, at = 0;
    for (int i = 0; i < r->count; i++)
        for (uint32_t j = 0; j < r->frames[i]; j++)
            p->index[at++] = i;
    ora_b16_clear_halo(r->z, wide, r->total, (m->cfg.pre_kernel - 1) / 2);
    if (at)
        m->k->gather(r->z, r->mean, p->index, r->total, blocks);
    else
        ora_b16_clear_rows(r->z, wide, 0, 1);
    for (int a = 0; a < r->total && r->noise_scale > 0; a += PRIOR_TILE) {
        int rows = r->total - a < PRIOR_TILE ? r->total - a : PRIOR_TILE;
        if (at)
            m->k->gather(p->wide, r->deviation, p->index + a, rows, blocks);
        for (int c = 0; !at && c < wide; c++)
            *ora_b16_element(p->wide, 0, c) = 1;
        add_noise(m, r, p, a, rows);
    }
}

int vits_run_samples(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r, float *pcm,
                     struct ora_err *err)
{
    struct prior p;
    if (!allocate_prior(m, arena, r, &p))
        return no_room(err, "the latents");
    draw_prior(m, r, &p);
    int rc =
        vits_flow_forward(&m->flow, &m->cfg, m->k, arena, r->z, r->total, r->flow_bias, 0, r->scratch, err);
    if (rc < 0)
        return rc;
    return vits_decoder_forward(&m->decoder, &m->cfg, m->k, arena, r->z, r->total, r->decoder_bias,
                                m->chunk_frames, pcm, r->scratch, err);
}

/* ---- size ------------------------------------------------------------------------------------ */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t vits_run_bytes(const struct ora_model *m)
{
    struct ora_arena probe = vits_measuring_arena();
    struct vits_run r = {.count = VITS_IDS_MAX, .total = VITS_FRAMES_MAX};
    struct texts t;
    struct prior p;
    struct ora_b16 g;
    allocate_texts(m, &probe, &r, &t);
    if (m->cfg.speaker_dim)
        allocate_speaker(&m->cfg, &probe, &r, &g);
    size_t text = larger(vits_encoder_bytes(&m->encoder, &m->cfg, m->k, r.count),
                         vits_duration_bytes(&m->cfg, r.count));
    size_t begun = probe.used_bytes;
    allocate_prior(m, &probe, &r, &p);
    size_t sound = larger(vits_flow_bytes(&m->flow, &m->cfg, r.total),
                          vits_decoder_bytes(&m->decoder, &m->cfg, m->chunk_frames));
    return larger(begun + text, probe.used_bytes + sound);
}
