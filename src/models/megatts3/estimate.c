/* A usual chunk's multiply-adds by formula, over what one core was measured to do. */
#include "models/megatts3/estimate.h"

#include <math.h>

#include "models/megatts3/base_voice.h"
#include "models/megatts3/phones.h"
#include "models/megatts3/settings.h"
#include "nn/kernels/kernels.h"

/* A usual chunk, and a prompt of which nothing is known. */
enum {
    CHUNK_LATENTS = 250,
    CHUNK_PHONES = 120,
    PROMPT_LATENTS = 250,
    PROMPT_PHONES = 120,
    LATENTS_PER_S = 25
};
/* Ids that the language model takes in and gives for such a chunk, the words that are read alone among them.
 */
enum { CHUNK_IDS = 385 };

static const double AUDIO_S_PER_CHAR = 0.075;
/* One core of a Zen 4 server, AVX-512, f32: what deploy/bench megatts3 shows of the whole chunk. Weights of
 * the language model come from memory for few rows: it runs at a fifth of that. */
static const double MACS_PER_S = 5.4e10;
static const double G2P_SHARE = 0.2;

/* ---- multiply-adds ------------------------------------------------------------------------------------- */

static double text_macs(const struct ora_rel_encoder_dims *t, double n)
{
    double d = t->dim, f = t->ffn;
    return 16 * n * d * d + t->layers * (4 * n * d * d + 2 * n * n * d + 4 * n * d * f);
}

static double transformer_macs(const struct mega_dit_dims *m, const struct mega_chunk_size *s)
{
    bool both = s->p_w != s->t_w; /* text without voice has a weight */
    double branches = (s->t_w != 0) + both + (s->p_w != 1), texts = (s->t_w != 0 || both) + (s->p_w != 1);
    double d = m->dim, f = m->ffn, rows = s->frames / (double)MEGA_LATENT_FRAMES;
    double target = rows - s->prompt_rows, all = branches * rows, made = branches * target;
    double condition = texts * (text_macs(&m->text, s->phones) + 10 * s->phones * d * d);
    double vectors = m->time_freqs * d + d * d + m->layers * 6 * d * d + 2 * d * d;
    double layer = all * (4 * d * d + 2 * d * f) + 2 * all * rows * d;
    double last = all * 2 * d * d + made * (2 * d * d + 2 * d * f) + 2 * made * rows * d;
    double ends = target * MEGA_LATENT * d + made * MEGA_LATENT * d;
    return condition + s->steps * (vectors + ends + (m->layers - 1) * layer + last);
}

/* Channels in blocks of so many. */
static double filled(double channels, double block)
{
    return ceil(channels / block) * block;
}

/* An upsampler is one convolution of about ten taps; each stage's three blocks have 126 taps in all. block:
 * what channels are padded to, in and out; 1: as they are. */
static double decoder_macs(const struct mega_vae_dims *m, double rows, double block)
{
    double channels = 16.0 * m->ngf, up = filled(m->dec_up, block), in = filled(m->dec_in, block);
    double macs = rows * m->z * in + 10 * rows * in * up + 4 * rows * up * filled(channels, block) * 7;
    rows *= 4;
    for (int i = 0; i < MEGA_STAGES; i++) {
        double half = filled(channels / 2, block);
        macs += 10.25 * rows * filled(channels, block) * half;
        rows *= m->dec_ratios[i];
        macs += 126 * rows * half * half;
        channels /= 2;
    }
    return macs + 7 * rows * filled(m->ngf, block);
}

double mega_estimate(const struct mega_dims *dims, const struct mega_chunk_size *s)
{
    double target = s->frames / (double)MEGA_LATENT_FRAMES - s->prompt_rows;
    return transformer_macs(&dims->dit, s) + decoder_macs(&dims->vae, target, 1);
}

/* The same as the kernels do it: the last stages of a small decoder have fewer channels than a block, and
 * cost as much as a whole one. */
static double work(const struct mega_dims *dims, const struct mega_chunk_size *s)
{
    double target = s->frames / (double)MEGA_LATENT_FRAMES - s->prompt_rows;
    return transformer_macs(&dims->dit, s) + decoder_macs(&dims->vae, target, ORA_LANES);
}

static double g2p_macs_per_id(const struct mega_g2p_dims *m)
{
    double width = (double)m->hidden / m->heads * m->kv_heads;
    return m->layers * (2.0 * m->hidden * (m->hidden + width) + 3.0 * m->hidden * m->mlp);
}

/* ---- a voice ------------------------------------------------------------------------------------------- */

static double number_of(const struct ora_yaml_node *map, const char *key, double fallback)
{
    double v = fallback;
    const struct ora_yaml_node *n = ora_yaml_get(map, key);
    return !ora_yaml_is_null(n) && ora_yaml_number(n, 0, 1e4, &v, NULL) == 0 ? v : fallback;
}

void mega_cost(const struct ora_voice *voice, const struct ora_settings *settings, struct ora_cost *cost)
{
    const double *set = settings->value;
    const struct ora_voice *base = voice->base ? voice->base : voice;
    const struct ora_yaml_node *of = voice->family_config;
    struct mega_base_voice b;
    if (mega_base_read_yaml(base->family_config, &b, NULL) < 0)
        b.dims = mega_dims_official; /* whoever opens the voice tells what is wrong with it */
    struct mega_chunk_size s = {
        .phones = CHUNK_PHONES + (int)number_of(of, "prompt_phones", PROMPT_PHONES),
        .prompt_rows =
            (int)(LATENTS_PER_S * number_of(of, "prompt_seconds", PROMPT_LATENTS / (double)LATENTS_PER_S)),
        .steps = (int)set[MEGA_STEPS],
        .p_w = set[MEGA_P_W],
        .t_w = set[MEGA_T_W],
    };
    s.frames = MEGA_LATENT_FRAMES * (s.prompt_rows + CHUNK_LATENTS);
    double macs = work(&b.dims, &s) + CHUNK_IDS * g2p_macs_per_id(&b.dims.g2p) / G2P_SHARE;
    *cost =
        (struct ora_cost){.audio_s_per_char = AUDIO_S_PER_CHAR * set[MEGA_ALPHA],
                          .core_s_per_audio_s = macs / MACS_PER_S * LATENTS_PER_S / (double)CHUNK_LATENTS};
}
