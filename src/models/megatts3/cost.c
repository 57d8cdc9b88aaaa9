/* Two dry runs of the sampler, of one and of two steps: everything else is linear in the steps. */
#include "models/megatts3/cost.h"

#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/dit_plain.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/vae_plain.h"
#include "nn/dry.h"

struct models {
    const struct mega_dims *dims;
    struct mega_dit dit;
    struct mega_vae_decoder vae;
};

/* Shapes only: no tensor is ever made. */
static int with_binder(struct models *m, struct ora_packer *p, struct ora_err *err,
                       void (*bind)(struct ora_binder *b, struct models *m))
{
    struct mega_formula formula = {.seed = "dry"};
    struct ora_tensor_source source = mega_formula_source(&formula);
    struct ora_binder b = {.source = &source, .packer = p, .err = err};
    bind(&b, m);
    mega_formula_release(&formula);
    return b.rc;
}

static void bind_both_dit(struct ora_binder *b, struct models *m)
{
    mega_dit_bind(b, &m->dims->dit, &m->dit);
    mega_dit_bind_plain(b, &m->dims->dit, &m->dit);
}
static void bind_both_vae(struct ora_binder *b, struct models *m)
{
    mega_vae_decoder_bind(b, &m->dims->vae, &m->vae);
    mega_vae_bind_plain(b, &m->dims->vae, &m->vae);
}
static int bind_dit(void *model, struct ora_packer *p, struct ora_err *err)
{
    return with_binder(model, p, err, bind_both_dit);
}
static int bind_vae(void *model, struct ora_packer *p, struct ora_err *err)
{
    return with_binder(model, p, err, bind_both_vae);
}

static void no_noise(void *ctx, int index, float *out, size_t n)
{
    (void)ctx, (void)index;
    memset(out, 0, sizeof *out * n);
}

/* The plain forms keep whole tensors: some more than the fast ones. */
static size_t plain_dit_bytes(const struct mega_dit_dims *d, const struct mega_chunk_size *s)
{
    size_t row = sizeof(float) * (size_t)(10 * d->dim + 2 * d->ffn) * 2;
    return row * (size_t)s->frames + row * (size_t)s->phones + ((size_t)16 << 20) * (size_t)s->steps;
}
/* Of PLAIN_LATENTS in the plain form, or of any number in the fast one. */
enum { PLAIN_LATENTS = 4 };
static size_t vae_bytes(const struct mega_vae_dims *d)
{
    size_t longest = 160 * (size_t)MEGA_LATENT_HOP;
    return sizeof(float) * longest * (size_t)(5 * d->ngf + 96) + ((size_t)64 << 20);
}

static int count_dit(struct models *m, const struct mega_chunk_size *s, enum mega_form form,
                     struct mega_macs *macs, struct ora_err *err)
{
    struct ora_dry d;
    double with[2] = {0};
    size_t rows = (size_t)s->frames / MEGA_LATENT_FRAMES;
    int32_t *ids = ora_xcalloc(2 * (size_t)s->phones, sizeof *ids);
    int32_t *mel2ph = ora_xcalloc((size_t)s->frames, sizeof *mel2ph);
    float *x = ora_xcalloc(2 * rows * MEGA_LATENT, sizeof *x);
    for (int i = 0; i < s->frames; i++)
        mel2ph[i] = 1 + (int)((int64_t)i * s->phones / s->frames);
    struct mega_dit_input in = {.phones = ids,
                                .tones = ids + s->phones,
                                .phone_count = s->phones,
                                .mel2ph = mel2ph,
                                .frames = s->frames,
                                .prompt = x + rows * MEGA_LATENT,
                                .prompt_rows = s->prompt_rows};
    struct mega_sampling how = {.steps = 2, .p_w = s->p_w, .t_w = s->t_w, .noise = no_noise};
    int rc = ora_dry_init(&d, bind_dit, m, plain_dit_bytes(&m->dims->dit, s), err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        d.macs = 0;
        how.steps = i + 1;
        rc = (form == MEGA_FAST ? mega_dit_sample : mega_dit_sample_plain)(&d.c, &m->dit, &in, &how, x, err);
        with[i] = d.macs;
    }
    macs->step = with[1] - with[0];
    macs->steps = s->steps * macs->step;
    macs->condition = with[0] - macs->step;
    ora_dry_release(&d);
    free(ids);
    free(mel2ph);
    free(x);
    return rc;
}

static int count_vae(struct models *m, const struct mega_chunk_size *s, enum mega_form form,
                     struct mega_macs *macs, struct ora_err *err)
{
    struct ora_dry d;
    int all = s->frames / MEGA_LATENT_FRAMES, rows = form == MEGA_FAST ? all : PLAIN_LATENTS;
    float *latents = ora_xcalloc((size_t)rows * MEGA_LATENT, sizeof *latents);
    float *wave = ora_xcalloc((size_t)rows * MEGA_LATENT_HOP, sizeof *wave);
    int rc = ora_dry_init(&d, bind_vae, m, vae_bytes(&m->dims->vae), err);
    if (rc == 0 && form == MEGA_FAST)
        rc = mega_vae_decode_from(&d.c, &m->vae, latents, rows, s->prompt_rows, wave, err);
    else if (rc == 0)
        rc = mega_vae_decode_plain(&d.c, &m->vae, latents, rows, wave, err);
    macs->wave = d.macs * ((double)all / rows); /* the plain form is linear */
    ora_dry_release(&d);
    free(latents);
    free(wave);
    return rc;
}

int mega_count(const struct mega_dims *dims, const struct mega_chunk_size *s, enum mega_form form,
               struct mega_macs *macs, struct ora_err *err)
{
    struct models *m = ora_xcalloc(1, sizeof *m);
    m->dims = dims;
    *macs = (struct mega_macs){0};
    int rc = count_dit(m, s, form, macs, err);
    if (rc == 0)
        rc = count_vae(m, s, form, macs, err);
    macs->total = macs->condition + macs->steps + macs->wave;
    free(m);
    return rc;
}
