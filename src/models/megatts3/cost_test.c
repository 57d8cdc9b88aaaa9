/* Counts of dry runs against formulas written by hand, at small size, and against the figures of the full
 * one. */
#include "base/test.h"
#include "models/megatts3/cost.h"
#include "models/megatts3/tiny_rig.h"

static struct mega_dims dims_of(void)
{
    return (struct mega_dims){.dit = tiny_dit, .vae = tiny_vae};
}

static const struct mega_chunk_size size = {
    .phones = 19, .frames = 88, .prompt_rows = 9, .steps = 5, .p_w = 1.6, .t_w = 2.5};

static double text_macs(const struct ora_rel_encoder_dims *t, double n)
{
    double d = t->dim, f = t->ffn;
    double prenet = 3 * 5 * n * d * d + n * d * d;
    double layer = 4 * n * d * d + 2 * n * n * d + 3 * n * d * f + n * f * d;
    return prenet + t->layers * layer;
}

/* AdaLN vectors of one time. */
static double time_macs(void)
{
    double d = tiny_dit.dim;
    return tiny_dit.time_freqs * d + d * d + tiny_dit.layers * 6 * d * d + 2 * d * d;
}

ORA_TEST(plain_transformer_by_hand)
{
    struct mega_dims dims = dims_of();
    struct mega_macs m;
    struct ora_err err = {0};
    double d = tiny_dit.dim, f = tiny_dit.ffn, t = size.frames / 4.0, all = 3 * t;
    ORA_CHECK_INT(mega_count(&dims, &size, MEGA_PLAIN, &m, &err), 0);
    double ling = 2 * t * 4 * d * d + t * 4 * d * d;
    double local = t * (48 * tiny_dit.local_cond + tiny_dit.local_cond * d);
    ORA_CHECK_INT(m.condition, 3 * (text_macs(&tiny_dit.text, size.phones) + ling + local));
    double layer = all * (4 * d * d + 2 * d * f) + 3 * 2 * t * t * d;
    double ends = all * 32 * d + all * (d * d + 32 * d);
    ORA_CHECK_INT(m.step, time_macs() + ends + tiny_dit.layers * layer);
    ORA_CHECK_INT(m.steps, 5 * m.step);
}

ORA_TEST(fast_transformer_by_hand)
{
    struct mega_dims dims = dims_of();
    struct mega_macs m;
    struct ora_err err = {0};
    double d = tiny_dit.dim, f = tiny_dit.ffn, t = size.frames / 4.0, target = t - size.prompt_rows,
           all = 3 * t;
    ORA_CHECK_INT(mega_count(&dims, &size, MEGA_FAST, &m, &err), 0);
    /* Two encodings, each through 10 taps and two ends; the prompt's latents once. */
    ORA_CHECK_INT(m.condition,
                  2 * (text_macs(&tiny_dit.text, size.phones) + 10 * size.phones * d * d + 2 * d * d) +
                      size.prompt_rows * 32 * d);
    double layer = all * (4 * d * d + 2 * d * f) + 3 * 2 * t * t * d;
    double last = all * 2 * d * d + 3 * target * (2 * d * d + 2 * d * f) + 3 * 2 * target * t * d;
    double ends = target * 32 * d + 3 * target * 32 * d;
    ORA_CHECK_INT(m.step, time_macs() + ends + (tiny_dit.layers - 1) * layer + last);
}

/* One tile from a true end to the other: no row twice. */
ORA_TEST(decoder_by_hand)
{
    static const int taps_by_rate[] = {[3] = 10, [4] = 10, [5] = 11};
    struct mega_dims dims = dims_of();
    struct mega_chunk_size whole = size;
    struct mega_macs m;
    struct ora_err err = {0};
    double rows = size.frames / 4.0, in = tiny_vae.dec_in, up = tiny_vae.dec_up, channels = 16 * tiny_vae.ngf;
    double fast = rows * 32 * in + (10 * rows + 12) * in * up, plain = rows * 32 * in + rows * in * up * 38;
    fast += 4 * rows * up * channels * 7;
    plain += 4 * rows * up * channels * 7;
    rows *= 4;
    for (int i = 0; i < MEGA_STAGES; i++, channels /= 2) {
        int r = tiny_vae.dec_ratios[i], half = (int)channels / 2;
        fast += (taps_by_rate[r] * rows + 12) * channels * half;
        plain += (7 * r + 10) * rows * channels * half;
        rows *= r;
        fast += rows * 126 * half * half;
        plain += rows * 126 * half * half;
    }
    fast += rows * 7 * tiny_vae.ngf;
    plain += rows * 7 * tiny_vae.ngf;
    whole.prompt_rows = 0;
    ORA_CHECK_INT(mega_count(&dims, &whole, MEGA_FAST, &m, &err), 0);
    ORA_CHECK_INT(m.wave, fast);
    ORA_CHECK_INT(mega_count(&dims, &whole, MEGA_PLAIN, &m, &err), 0);
    ORA_CHECK_INT(m.wave, plain);
}

/* The released model, 120 + 120 phones, 262 + 250 latents, 8 steps. */
ORA_TEST(bar_at_full_size)
{
    struct mega_chunk_size s = {
        .phones = 240, .frames = 2048, .prompt_rows = 262, .steps = 8, .p_w = 1.6, .t_w = 2.5};
    struct mega_macs m;
    struct ora_err err = {0};
    ORA_CHECK_INT(mega_count(&mega_dims_official, &s, MEGA_PLAIN, &m, &err), 0);
    ORA_CHECK(fabs(m.total - 8.73e12) < 0.01e12);
    ORA_CHECK_INT(mega_count(&mega_dims_official, &s, MEGA_FAST, &m, &err), 0);
    ORA_CHECK(m.total <= 5.45e12);
}
