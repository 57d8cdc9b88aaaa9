/*
 * The duration model: phones and tones -> one duration code a phone (frames + 1), autoregressively. A prompt
 * is run through it once, teacher-forced; a chunk continues that state.
 *
 *     mega_duration_begin(&c, &m, &state, room, &err);                      // memory of the arena
 *     mega_duration_prompt(&c, &m, &state, phones, tones, ctx, n, &err);
 *     mega_duration_run(&c, &m, &state, phones, tones, NULL, n, codes, &err);
 *
 * Taps: "ling", "d", "h_layer0", "h_last_layer" (a row a step).
 *
 * Threads: the model is const after bind; a state belongs to one thread.
 */
#ifndef ORA_MODELS_MEGATTS3_DURATION_H
#define ORA_MODELS_MEGATTS3_DURATION_H

#include "models/megatts3/dims.h"
#include "models/megatts3/phones.h"
#include "nn/layers/decode.h"

struct mega_duration_layer {
    struct ora_norm norm_1, norm_2;
    struct ora_self_attention attention;
    struct ora_conv ffn_1, ffn_2;
};

struct mega_duration {
    struct mega_dur_dims dims;
    bool positions; /* add a sinusoid to each input (the checkpoint holds embed_positions) */
    struct ora_rel_encoder text;
    struct ora_conv enc_proj, head; /* head: dec -> 1 */
    const float *codes;             /* [130][dec] */
    struct mega_duration_layer layer[MEGA_LAYERS_MAX];
    struct ora_norm last;
};

void mega_duration_bind(struct ora_binder *b, const struct mega_dur_dims *d, struct mega_duration *m);

struct mega_duration_state {
    struct ora_kv_cache cache;
    float *rope;       /* for all positions of the cache */
    int32_t last_code; /* the next run's first input */
};

size_t mega_duration_cache_floats(const struct mega_duration *m, int capacity);
/* A fresh state for at most `capacity` phones of prompt and chunk. */
int mega_duration_begin(const struct ora_compute *c, const struct mega_duration *m,
                        struct mega_duration_state *s, int capacity, struct ora_err *err);
/* The prompt as one causal batch; codes are its own (mega_prompt_codes). */
int mega_duration_prompt(const struct ora_compute *c, const struct mega_duration *m,
                         struct mega_duration_state *s, const int32_t *phones, const int32_t *tones,
                         const int32_t *codes, int n, struct ora_err *err);
/* A chunk, step by step; forced: codes to feed back instead of its own (NULL: its own). out: [n] codes. */
int mega_duration_run(const struct ora_compute *c, const struct mega_duration *m,
                      struct mega_duration_state *s, const int32_t *phones, const int32_t *tones,
                      const int32_t *forced, int n, int32_t *out, struct ora_err *err);

#endif
