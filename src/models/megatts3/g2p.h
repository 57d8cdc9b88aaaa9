/*
 * Graphemes to phones: a Qwen2 language model that reads a chunk's tokens and writes relative ids of phones.
 * Greedy, over the valid ids only; many chunks go through it side by side, so that the weights stream once
 * for all, and each chunk's result is the same whatever stands beside it.
 *
 *     struct mega_g2p_chunk chunks[] = {{.ids = prompt, .count = n, .out = room, .limit = MEGA_G2P_LIMIT},
 * …}; mega_g2p_run(&c, &m, chunks, count, &err);                  // chunk.written, chunk.ended
 *     mega_g2p_phones(out, written, phones, tones);
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_G2P_H
#define ORA_MODELS_MEGATTS3_G2P_H

#include "models/megatts3/dims.h"
#include "models/megatts3/phones.h"
#include "nn/layers/qwen2.h"

enum { MEGA_G2P_LIMIT = 256 };

struct mega_g2p {
    struct mega_g2p_dims dims;
    struct ora_qwen2 lm; /* its head: the 802 ids of speech */
};

/* The language model's sizes; whole_head: logits of the whole vocabulary (to compare with other engines). */
struct ora_qwen2_dims mega_g2p_lm_dims(const struct mega_g2p_dims *d, bool whole_head);
void mega_g2p_bind(struct ora_binder *b, const struct mega_g2p_dims *d, struct mega_g2p *m);

struct mega_g2p_chunk {
    const int32_t *ids; /* [BOT] text [BOS] [sil]: vocabulary ids */
    int count;
    int32_t *out; /* [limit] relative ids, the end among them */
    int limit;
    float *margins; /* [limit]: how far each second best was behind, or NULL */
    int written;    /* set by run */
    bool ended;     /* the end came before the limit; without it the text is cut off */
};

int mega_g2p_run(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_chunk *chunks,
                 int count, struct ora_err *err);

/* 'sil' and the written ids without the last: written phones and tones. */
void mega_g2p_phones(const int32_t *out, int written, int32_t *phones, int32_t *tones);

#endif
