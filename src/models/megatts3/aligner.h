/*
 * The aligner: log-mel of a prompt -> its phones and their end times, by an encoder and a decoder of
 * Whisper's build (Radford et al. 2022). Decoding is greedy and cannot leave the grammar "phone, time, phone,
 * time, …, end".
 *
 *     mega_aligner_encode(&c, &m, mel, frames, audio, &err);                // audio: [state] x frames/2
 *     mega_aligner_align(&c, &m, audio, frames / 2, limit, tokens, &count, NULL, &err);
 *
 * Taps: "enc.conv2_pre_gelu", "enc.block0", "enc.block_last", "enc.out", "dec.block0", "dec.block_last",
 * "dec.logits".
 *
 * Threads: the model is const after bind; a state belongs to one thread.
 */
#ifndef ORA_MODELS_MEGATTS3_ALIGNER_H
#define ORA_MODELS_MEGATTS3_ALIGNER_H

#include "models/megatts3/dims.h"
#include "models/megatts3/phones.h"
#include "nn/layers/decode.h"
#include "nn/layers/resample_conv.h"

struct mega_aligner_block {
    struct ora_norm attn_ln, cross_ln, mlp_ln;
    struct ora_self_attention attn, cross; /* cross: decoder only */
    struct ora_conv mlp_1, mlp_2;
};

struct mega_aligner {
    struct mega_align_dims dims;
    struct ora_conv conv_1;
    struct ora_strided conv_2;
    const float *audio_positions, *text_positions, *tokens; /* tables of [state] rows */
    struct ora_attention attention;                         /* the encoder's head layout */
    struct mega_aligner_block enc[MEGA_LAYERS_MAX], dec[MEGA_LAYERS_MAX];
    struct ora_norm enc_ln, dec_ln;
    struct ora_conv out_proj;
};

void mega_aligner_bind(struct ora_binder *b, const struct mega_align_dims *d, struct mega_aligner *m);

/* mel: [mels][frames], frames even. audio: [state] x frames/2 rows; at most audio_ctx rows. */
int mega_aligner_encode(const struct ora_compute *c, const struct mega_aligner *m, const float *mel,
                        int frames, struct ora_b16 audio, struct ora_err *err);

struct mega_aligner_state {
    struct ora_kv_cache self, cross; /* cross: keys and values of the audio, made once */
    int audio_rows;
};
int mega_aligner_begin(const struct ora_compute *c, const struct mega_aligner *m, struct ora_b16 audio,
                       int audio_rows, int capacity, struct mega_aligner_state *s, struct ora_err *err);
/* n tokens after those before; logits: [n][vocab] row-major. */
int mega_aligner_step(const struct ora_compute *c, const struct mega_aligner *m, struct mega_aligner_state *s,
                      const int32_t *tokens, int n, float *logits, struct ora_err *err);

/* The best token allowed at `index` (0 the first after the start): even a phone or the end, odd a time from
 * `previous_time` on. margin: how far the second best is behind; may be NULL. */
int32_t mega_aligner_choose(const float *logits, int vocab, int index, int32_t previous_time, float *margin);

/* Arena bytes of encode, and of align with `limit` tokens. */
size_t mega_aligner_encode_bytes(const struct ora_compute *c, const struct mega_aligner *m, int frames);
size_t mega_aligner_align_bytes(const struct ora_compute *c, const struct mega_aligner *m, int audio_rows,
                                int limit);

enum { MEGA_ALIGN_TOKENS_MAX = 768 };

/* Greedy under that rule, with at most `limit` new tokens. tokens: [limit]; *count of them are the alignment:
 * whole pairs without start and end. margins: [limit] (of every choice, the end's too) or NULL. */
int mega_aligner_align(const struct ora_compute *c, const struct mega_aligner *m, struct ora_b16 audio,
                       int audio_rows, int limit, int32_t *tokens, int *count, float *margins,
                       struct ora_err *err);

#endif
