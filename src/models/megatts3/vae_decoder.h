/*
 * WaveVAE decoder: latents, 25 a second -> samples, 960 a latent. A HiFi-GAN-like generator (Kong et al.
 * 2020) whose upsamplers are the sum of two branches: repeat and convolve, and a transposed convolution.
 *
 *     mega_vae_decode(&c, &m, latents, rows, wave, &err);                  // wave: [960*rows]
 *     mega_vae_decode_from(&c, &m, latents, rows, first, wave, &err);      // wave: [960*(rows - first)]
 *
 * Runs in tiles of time with memory that does not grow with the utterance. Every layer computes exactly the
 * rows that the wanted samples depend on (six latents to each side reach them), so that decoding a tail gives
 * the bits of decoding all, and no cut changes a bit. An upsampler is one polyphase convolution
 * (nn/layers/repeat_up.h). The plain form with taps: vae_plain.h.
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_VAE_DECODER_H
#define ORA_MODELS_MEGATTS3_VAE_DECODER_H

#include "models/megatts3/dims.h"
#include "models/megatts3/vae_mrf.h"
#include "nn/layers/repeat_up.h"

enum { MEGA_UP_TAPS = 7, MEGA_UP_PAD = 3, MEGA_UP_TRANS_TAPS = 10 };

/* An upsampler's two branches, for the plain form. */
struct mega_up {
    int in, out, rate;
    struct ora_conv conv; /* 7 taps over repeated rows */
    struct ora_transposed trans;
};

struct mega_vae_decoder {
    struct mega_vae_dims dims;
    struct ora_conv proj, pre; /* pre: model_up.1 */
    struct ora_repeat_up latent_up, up[MEGA_STAGES];
    struct mega_mrf mrf[MEGA_STAGES];
    struct ora_conv_mono post;
    int tile_latents;  /* 0: the default */
    size_t tile_bytes; /* of a residual block's inner tensor; 0: the default */
    struct mega_up plain_latent_up, plain_up[MEGA_STAGES]; /* bound by mega_vae_bind_plain */
};

void mega_vae_decoder_bind(struct ora_binder *b, const struct mega_vae_dims *d, struct mega_vae_decoder *m);

/* latents: [rows][32]. */
int mega_vae_decode(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                    int rows, float *wave, struct ora_err *err);
/* The samples of latents [first, rows) alone. */
int mega_vae_decode_from(const struct ora_compute *c, const struct mega_vae_decoder *m, const float *latents,
                         int rows, int first, float *wave, struct ora_err *err);

/* Arena bytes of either, exactly; more latents never need less, and from some 400 on it stays the same. */
size_t mega_vae_bytes(const struct mega_vae_decoder *m, int rows, int first);

#endif
