/*
 * Cloned voices: family->add. A recording (and, where the base has no WaveVAE encoder, its latents as
 * ByteDance hands them out: a .npy of float32 [1, T, 32]) becomes a voice of the base's networks.
 *
 *     voice.yaml         megatts3: {role: clone, base_sha256, prompt_seconds, prompt_phones, prompt_lufs,
 *                        prompt_alignment: aligner | formula, prompt_heard (of a formula: prompt_made_up),
 *                        latent_rms, encoder_noise_rms,
 *                        latents: encoder | encoder seed N | file}
 *     model.safetensors  the prompt (prompt.h)
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_CLONE_H
#define ORA_MODELS_MEGATTS3_CLONE_H

#include "models/family.h"

/* BAD_INPUT, FORMAT: what is wrong with recording or latents; VOICE: the base lacks what is needed. */
int mega_clone_add(const struct ora_add_options *options, struct ora_str *yaml, struct ora_err *err);

#endif
