/*
 * WaveVAE decoder: latents, 25 a second -> samples, 960 a latent. A HiFi-GAN-like generator (Kong et al.
 * 2020) whose upsamplers are the sum of two branches: repeat and convolve, and a transposed convolution.
 *
 *     mega_vae_decode(&c, &m, latents, rows, wave, &err);         // wave: [960*rows]
 *
 * Taps: "proj", "latent_up", "model_upJ" (12: before tanh), "mrf3.chain_k11".
 *
 * Stages run layer by layer; inside a stage, tiles of rows keep a tile's tensors in the cache. How rows are
 * cut never changes a bit.
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_VAE_DECODER_H
#define ORA_MODELS_MEGATTS3_VAE_DECODER_H

#include "models/megatts3/dims.h"
#include "nn/layers/resample_conv.h"

enum { MEGA_MRF_CHAINS = 3, MEGA_MRF_PAIRS = 3 };

struct mega_up {
    int in, out, rate;
    struct ora_conv conv; /* 7 taps over repeated rows */
    struct ora_transposed trans;
};

struct mega_mrf {
    int channels;
    struct ora_conv first[MEGA_MRF_CHAINS][MEGA_MRF_PAIRS], second[MEGA_MRF_CHAINS][MEGA_MRF_PAIRS];
};

struct mega_vae_decoder {
    struct mega_vae_dims dims;
    struct ora_conv proj, pre; /* pre: model_up.1 */
    struct mega_up latent_up, up[MEGA_STAGES];
    struct mega_mrf mrf[MEGA_STAGES];
    struct ora_conv_mono post;
    int tile_rows; /* 0: the default */
};

void mega_vae_decoder_bind(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_decoder *m);

/* latents: [rows][32]. */
int mega_vae_decode(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                    int rows, float *wave, struct ora_err *err);

#endif
