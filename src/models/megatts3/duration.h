/*
 * The duration model: phones and tones -> one duration code a phone (frames + 1), autoregressively. A prompt
 * is run through it once, teacher-forced, as one causal batch; chunks continue that state, many side by side,
 * so that the weights stream once a step for all. A chunk's codes are the same in any company.
 *
 *     mega_duration_begin(&c, &m, &state, prompt, &err);                    // memory of the arena
 *     mega_duration_prompt(&c, &m, &state, phones, tones, ctx, n, &err);
 *     struct mega_duration_chunk chunks[] = {{phones, tones, n, .codes = codes}, …};
 *     mega_duration_batch(&c, &m, &state, chunks, count, MEGA_DURATION_WIDTH, &err);
 *
 * mega_duration_run does one chunk in the state itself and shows the taps.
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
/* A chunk, step by step, in the state; forced: codes to feed back instead of its own (NULL: its own). out:
 * [n] codes. */
int mega_duration_run(const struct ora_compute *c, const struct mega_duration *m,
                      struct mega_duration_state *s, const int32_t *phones, const int32_t *tones,
                      const int32_t *forced, int n, int32_t *out, struct ora_err *err);

enum { MEGA_DURATION_WIDTH = 16 };

struct mega_duration_chunk {
    const int32_t *phones, *tones; /* [n] */
    int n;
    const int32_t *forced; /* [n] codes to feed back, 0: its own; NULL: all its own */
    int32_t *codes;        /* [n], set by batch */
    float *d;              /* [n] what they were rounded from, or NULL */
};
/* Continues the prompt's state, which stays as it is, with each chunk; at most `width` side by side, each on
 * its own copy of the prompt's keys and values. */
int mega_duration_batch(const struct ora_compute *c, const struct mega_duration *m,
                        const struct mega_duration_state *prompt, const struct mega_duration_chunk *chunks,
                        int count, int width, struct ora_err *err);

/* Arena bytes of begin(capacity) and prompt(n) together, and of a batch with that many seats (min(count,
 * width)) after a prompt of `prompt` phones, chunks of at most `longest`. */
size_t mega_duration_prompt_bytes(const struct ora_compute *c, const struct mega_duration *m, int capacity,
                                  int n);
size_t mega_duration_batch_bytes(const struct ora_compute *c, const struct mega_duration *m, int seats,
                                 int prompt, int longest);

#endif
