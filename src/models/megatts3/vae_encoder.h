/*
 * WaveVAE encoder: 24 kHz samples -> means and log variances of latents, 25 a second. Needed to make a voice
 * from a recording alone; ByteDance's release leaves its weights out.
 *
 * Taps: "modelJ" for the graph's items, "mean", "logvar".
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_VAE_ENCODER_H
#define ORA_MODELS_MEGATTS3_VAE_ENCODER_H

#include "models/megatts3/dims.h"
#include "nn/compute.h"
#include "nn/layers/lstm.h"
#include "nn/layers/resample_conv.h"

struct mega_enc_stage {
    struct ora_conv shortcut, block_1, block_3;
    struct ora_strided down;
};

struct mega_vae_encoder {
    struct mega_vae_dims dims;
    struct ora_conv first;
    struct mega_enc_stage stage[MEGA_ENC_STAGES];
    struct ora_lstm lstm[2];
    struct ora_conv last, to_z;
};

void mega_vae_encoder_bind(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_encoder *m);

/* Latents that n samples give: ceil(n/960). */
int mega_vae_latents(int samples);
/* mean, logvar: [rows][32] row-major, rows = mega_vae_latents(samples); logvar is clamped to -30..20. */
int mega_vae_encode(const struct ora_compute *c, const struct mega_vae_encoder *m, const float *wave,
                    int samples, float *mean, float *logvar, struct ora_err *err);
/* latent = mean + exp(logvar/2)*eps over n values. */
void mega_vae_draw(const struct ora_compute *c, const float *mean, const float *logvar, const float *eps,
                   float *latent, size_t n);

#endif
