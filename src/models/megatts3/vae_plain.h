/*
 * WaveVAE decoder layer by layer over the whole utterance, both branches of an upsampler on their own: what
 * the fast form (vae_decoder.h) is held against, and it shows its inner tensors.
 *
 *     mega_vae_decoder_bind(&b, &dims, &m);
 *     mega_vae_bind_plain(&b, &dims, &m);
 *     mega_vae_decode_plain(&c, &m, latents, rows, wave, &err);         // wave: [960*rows]
 *
 * Taps: "proj", "latent_up", "model_upJ" (12: before tanh), "mrf3.chain_k11".
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_VAE_PLAIN_H
#define ORA_MODELS_MEGATTS3_VAE_PLAIN_H

#include "models/megatts3/vae_decoder.h"

void mega_vae_bind_plain(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_decoder *m);

/* latents: [rows][32]. */
int mega_vae_decode_plain(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                          int rows, float *wave, struct ora_err *err);

#endif
