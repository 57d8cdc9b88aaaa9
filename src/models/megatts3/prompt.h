/*
 * Prompt: a recording of a voice, turned once into what MegaTTS 3 needs of it to speak like it: phones with
 * durations (by the aligner), latents (by the WaveVAE encoder, or ready-made), loudness. A cloned voice's
 * model.safetensors holds that and the SHA-256 of its base; the duration model's keys and values follow from
 * it (mega_prompt_prime: one causal batch, a thousandth of a chunk's work) and depend on the kernel level, so
 * they are made where they are used.
 *
 *     struct mega_prompt_base base = {&dims, kernels, &tensors, .has_encoder = true, .win_size = 1200};
 *     struct mega_prompt_input in = {.mono = x, .samples = n, .sample_rate_hz = 44100};
 *     struct mega_prompt p;
 *     mega_prompt_make(&base, &in, &p, &err);
 *     mega_prompt_write(&p, &made_with, path, sha256, &err);
 *     …
 *     mega_prompt_read(&p, weights, base_sha256, &err);
 *     mega_prompt_prime(&c, &duration, &p, &state, p.phone_count + chunk_phones, &err);
 *     mega_prompt_release(&p);
 *
 * Threads: pure; a struct may be shared once made. mega_prompt_make sets the thread's float modes itself.
 */
#ifndef ORA_MODELS_MEGATTS3_PROMPT_H
#define ORA_MODELS_MEGATTS3_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "models/megatts3/aligner.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/dims.h"
#include "models/megatts3/duration.h"
#include "weights/safetensors.h"

/* What a prompt may be: the released models' web page cuts at 28 s. A base whose aligner hears less
 * (audio_ctx: 50 rows a second) takes less. */
enum { MEGA_PROMPT_SECONDS_MAX = 28, MEGA_PROMPT_MS_MIN = 500 };

/* How many of a recording's latents a file may lack or have too many. Too many are cut, as the reference does
 * without a limit; beyond a second they are another recording's. What is missing may be the half second of
 * silence that is put behind a prompt, since who made the file may not have done that; the alignment is then
 * cut as well. (The reference would let the model speak the rest, and put it before every chunk.) */
enum { MEGA_LATENTS_SHORT = 12, MEGA_LATENTS_OVER = 25 };

/* Floats may be anything; beyond these bounds they are no speech, and what follows would be noise. A
 * recording at full scale throughout has about 0 LUFS; latents have an RMS of about 1. */
enum {
    MEGA_PROMPT_LUFS_MIN = -60,
    MEGA_PROMPT_LUFS_MAX = 3,
    MEGA_PROMPT_SAMPLE_MAX = 32,
    MEGA_LATENT_RMS_MAX = 100,
    MEGA_LATENT_MAX = 1000,
};

struct mega_prompt {
    int phone_count;
    int32_t *phones, *tones; /* [phone_count]; as the duration model and the DiT take them */
    int32_t *durations;      /* [phone_count] mel frames, at least 0; their sum is 4*rows */
    bool by_formula;         /* phones and durations are made up: no aligner heard them (not kept on disk) */
    int rows;                /* latents, even */
    float *latents;          /* [rows][32] */
    double lufs;      /* of the padded recording: what chunks are levelled to; NAN: nothing to measure */
    int rows_missing; /* that ready-made latents lacked at the end, and the alignment was cut by (not kept on
                         disk) */
    double noise_rms; /* of the noise that the encoder's variances stand for, drawn or not; NAN: no encoder
                         was run (it is not kept on disk) */
};

void mega_prompt_release(struct mega_prompt *p);

/* ---- making one -----------------------------------------------------------------------------------------
 */

/* The base voice; networks are packed when their turn comes and let go behind it. */
struct mega_prompt_base {
    const struct mega_dims *dims;
    const struct ora_kernels *kernels;
    const struct ora_tensor_source *tensors;
    bool has_encoder;         /* the WaveVAE encoder's weights are there */
    int win_size;             /* of the diffusion transformer's config; 0: MEGA_WIN_SIZE */
    const char *formula_seed; /* of random weights: their ear is chance, and where it hears nothing an
                                 alignment is made by the formula; NULL: trained weights */
};

struct mega_prompt_input {
    const float *mono; /* full scale is 1 */
    size_t samples;
    int sample_rate_hz;
    const float *latents; /* ready-made ones, [latent_rows][32], or NULL: by the encoder */
    size_t latent_rows; /* mega_prompt_latents of them, MEGA_LATENTS_SHORT fewer to MEGA_LATENTS_OVER more */
    /* n normal deviates in the encoder's order, [32][rows]; NULL: its means (eps = 0). */
    void (*noise)(void *ctx, float *out, size_t n);
    void *noise_ctx;
    void (*progress)(void *ctx, const char *what, double share); /* may be NULL */
    void *progress_ctx;
};

/* BAD_INPUT: too short, too long, silent, too loud to be a recording, no phones found, latents of another
 * length; VOICE: no encoder and no latents; NO_MEMORY. */
int mega_prompt_make(const struct mega_prompt_base *base, const struct mega_prompt_input *in,
                     struct mega_prompt *p, struct ora_err *err);

/* Its first two steps, for those who look inside. */
struct mega_prompt_wave {
    float *wave; /* 24 kHz, padded */
    size_t samples;
    double seconds; /* of the recording as it was given */
    double lufs;
    float *mel; /* [80][frames] of the 16 kHz signal */
    int frames; /* a multiple of 8 */
};
int mega_prompt_hear(const struct mega_prompt_input *in, int win_size, struct mega_prompt_wave *w,
                     struct ora_err *err);
void mega_prompt_wave_release(struct mega_prompt_wave *w);
/* tokens: [MEGA_ALIGN_TOKENS_MAX]; whole pairs of phone and end time. */
int mega_prompt_align(const struct mega_prompt_base *base, const struct mega_prompt_wave *w, int32_t *tokens,
                      int *count, struct ora_err *err);

/* Samples at 24 kHz after the padding: to one less than a multiple of win_size, and half a second of zeros.
 */
size_t mega_prompt_padded(size_t samples, int win_size);
/* Latents that a recording makes: 25 a second of it and of the padding, rounded down to an even number. With
 * n samples at 24 kHz and the usual win_size of 1200 that is 2 * floor((ceil((n + 1) / 1200) + 10) / 1.6). */
int mega_prompt_latents(const struct mega_prompt_input *in, int win_size);
/* Mel frames that padded samples make, through 16 kHz; cut to a multiple of 8. */
int mega_prompt_frames(size_t padded_samples);

/* ---- using one ------------------------------------------------------------------------------------------
 */

/* [rows][32]: within the bounds above, and numbers? *rms may be NULL. BAD_INPUT: which is not. */
int mega_latents_check(const float *latents, size_t rows, double *rms, struct ora_err *err);

/* A duration state that has heard the prompt, with room for `capacity` phones in all. */
int mega_prompt_prime(const struct ora_compute *c, const struct mega_duration *m, const struct mega_prompt *p,
                      struct mega_duration_state *s, int capacity, struct ora_err *err);

/* ---- on disk --------------------------------------------------------------------------------------------
 */

/* What a prompt was made with: another base gives other speech, so both stand in the file, whose hash is the
 * voice's. */
struct mega_prompt_made_with {
    const char *base_sha256;        /* of its weights */
    const char *base_config_sha256; /* mega_base_config_sha256; may be NULL */
};

/* Tensors prompt.phones, prompt.tones, prompt.durations (I32) and prompt.latents (F32 [rows][32]); metadata
 * family, role "clone", base_sha256, base_config_sha256, prompt_lufs. file_sha256 may be NULL. */
int mega_prompt_write(const struct mega_prompt *p, const struct mega_prompt_made_with *with, const char *path,
                      char file_sha256[65], struct ora_err *err);
/* VOICE when something is missing, contradicts itself, or base_sha256 (NULL: any) is another one's. */
int mega_prompt_read(struct mega_prompt *p, const struct ora_weights *w, const char *base_sha256,
                     struct ora_err *err);

#endif
