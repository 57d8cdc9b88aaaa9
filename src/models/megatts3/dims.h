/*
 * Sizes of MegaTTS 3's five models: the official ones, and whatever a JSON object of the same keys says (the
 * mini checkpoints of the tests). Rates and strides are fixed by the design: 24 kHz, 100 mel frames a second,
 * 25 latents a second.
 *
 * Errors: FORMAT for a missing or senseless value, naming it.
 */
#ifndef ORA_MODELS_MEGATTS3_DIMS_H
#define ORA_MODELS_MEGATTS3_DIMS_H

#include <jansson.h>

#include "base/err.h"
#include "base/yaml.h"
#include "nn/layers/rel_encoder.h"

/* The tokenizer in a base voice: the bytes of vocab.json and merges.txt. */
#define MEGA_TENSOR_VOCAB  "bpe.vocab"
#define MEGA_TENSOR_MERGES "bpe.merges"

enum {
    MEGA_SAMPLE_RATE = 24000,
    MEGA_HOP = 240,          /* samples a mel frame */
    MEGA_FRAME_MULTIPLE = 8, /* lengths in mel frames are multiples of it */
    MEGA_LATENT_FRAMES = 4,  /* mel frames a latent */
    MEGA_LATENT_HOP = MEGA_HOP * MEGA_LATENT_FRAMES,
    MEGA_LATENT = 32, /* channels */
    MEGA_STAGES = 4,  /* of the decoder */
    MEGA_ENC_STAGES = 5,
    MEGA_LAYERS_MAX = 48,
};

struct mega_dit_dims {
    int dim, layers, heads, ffn, local_cond, ctx_mask, latent, time_freqs, max_pos;
    struct ora_rel_encoder_dims text;
};
struct mega_dur_dims {
    struct ora_rel_encoder_dims text;
    int dec, layers, heads, ffn, code_size;
};
struct mega_align_dims {
    int state, heads, enc_layers, dec_layers, mlp, vocab, audio_ctx, text_ctx, mels;
};
struct mega_vae_dims {
    int enc_filters, enc_dim, enc_ratios[MEGA_ENC_STAGES], lstm, z, dec_in, dec_up, ngf,
        dec_ratios[MEGA_STAGES];
};
struct mega_g2p_dims {
    int hidden, layers, heads, kv_heads, mlp, vocab, speech_start, bot, bos;
    double rope_theta, eps;
};

struct mega_dims {
    struct mega_dit_dims dit;
    struct mega_dur_dims dur;
    struct mega_align_dims align;
    struct mega_vae_dims vae;
    struct mega_g2p_dims g2p;
};

/* The released models'. */
extern const struct mega_dims mega_dims_official;
/* The tests' checkpoints': every width small, every layer there. */
extern const struct mega_dims mega_dims_mini;

/* {"dit": {"dim": …}, "dur": {…}, "align": {…}, "vae": {…}, "g2p": {…}}; every key is needed. */
int mega_dims_read(const json_t *object, struct mega_dims *d, struct ora_err *err);
/* The same from voice.yaml's `dims`. */
int mega_dims_read_yaml(const struct ora_yaml_node *map, struct mega_dims *d, struct ora_err *err);
/* A file of such an object, alone or under the key "dims"; where that holds several sets, FILE#NAME chooses
 * one. */
int mega_dims_read_file(const char *file, struct mega_dims *d, struct ora_err *err);
/* What --dims says: "full" (the official sizes), "mini", or a file as above. */
int mega_dims_choose(const char *name_or_file, struct mega_dims *d, struct ora_err *err);
json_t *mega_dims_to_json(const struct mega_dims *d); /* fresh; mega_dims_read gives the same again */

#endif
