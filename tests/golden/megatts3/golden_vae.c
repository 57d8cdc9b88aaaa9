/* The WaveVAE: every wave and every run of latents that the case holds. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/vae_encoder.h"
#include "models/megatts3/vae_plain.h"

static void bind_encoder(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_vae_encoder_bind(b, &d->vae, model);
}

static void bind_decoder(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_vae_decoder_bind(b, &d->vae, model);
    mega_vae_bind_plain(b, &d->vae, model);
}

static void encode(struct golden *g, const struct mega_vae_encoder *m, const char *number)
{
    struct ora_err err = {0};
    size_t samples, n;
    char prefix[GOLDEN_NAME];
    float *wave = golden_f32(g, &samples, "vae/in.wave%s", number);
    float *eps = golden_f32(g, &n, "vae/in.eps%s", number);
    size_t count = (size_t)mega_vae_latents((int)samples) * MEGA_LATENT;
    float *mean = ora_xcalloc(3 * count, sizeof *mean), *logvar = mean + count, *latent = logvar + count;
    snprintf(prefix, sizeof prefix, "vae/enc%s.", number);
    g->prefix = prefix;
    golden_must(mega_vae_encode(&g->compute, m, wave, (int)samples, mean, logvar, &err), &err, "encoder");
    golden_check_f32(g, mean, count, "%smean", prefix);
    golden_check_f32(g, logvar, count, "%slogvar", prefix);
    if (n == count)
        mega_vae_draw(&g->compute, mean, logvar, eps, latent, count);
    golden_check_f32(g, latent, n, "%ssample", prefix);
    free(wave);
    free(eps);
    free(mean);
}

static void decode(struct golden *g, const struct mega_vae_decoder *m, const char *number)
{
    struct ora_err err = {0};
    size_t n;
    char prefix[GOLDEN_NAME];
    float *latents = golden_f32(g, &n, "vae/in.latents%s", number);
    size_t rows = n / MEGA_LATENT, samples = rows * MEGA_LATENT_HOP;
    float *wave = ora_xmalloc(sizeof *wave * (samples + 1));
    snprintf(prefix, sizeof prefix, "vae/dec%s.", number);
    g->prefix = prefix;
    golden_must(mega_vae_decode_plain(&g->compute, m, latents, (int)rows, wave, &err), &err, "decoder");
    golden_check_f32(g, wave, samples, "%swave", prefix);
    golden_must(mega_vae_decode(&g->compute, m, latents, (int)rows, wave, &err), &err, "fast decoder");
    golden_again(g, "%swave", prefix);
    golden_check_f32(g, wave, samples, "%swave", prefix);
    free(latents);
    free(wave);
}

/* Runs `run` for the number behind each input of that name. */
#define FOR_EACH(g, stem, run, model)                                                                        \
    do {                                                                                                     \
        const char *name_;                                                                                   \
        json_t *row_;                                                                                        \
        json_object_foreach((g)->expected, name_, row_) if (strncmp(name_, stem, strlen(stem)) == 0)         \
            run(g, model, name_ + strlen(stem));                                                             \
    } while (0)

void golden_run_vae(struct golden *g)
{
    struct mega_vae_encoder *e = ora_xcalloc(1, sizeof *e);
    struct mega_vae_decoder *d = ora_xcalloc(1, sizeof *d);
    struct ora_tap tap = golden_tap(g);
    g->compute.tap = &tap;
    golden_pack(g, bind_encoder, e);
    FOR_EACH(g, "vae/in.wave", encode, e);
    golden_pack(g, bind_decoder, d);
    FOR_EACH(g, "vae/in.latents", decode, d);
    g->compute.tap = NULL;
    free(e);
    free(d);
}
