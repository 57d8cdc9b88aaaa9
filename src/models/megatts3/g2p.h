/*
 * Graphemes to phones: a Qwen2 language model that reads a chunk's tokens and writes relative ids of phones.
 * Greedy, over the valid ids only.
 *
 * Chunks go through it side by side, so that the weights (1 GB) stream once for many: `width` of them have a
 * seat; one that has ended gives its seat to the next, whose prompt is read in the same passes in which the
 * others go on. Each row's arithmetic is its own: a chunk's ids are the same alone, in any company and in any
 * order.
 *
 *     struct mega_g2p_chunk chunks[] = {
 *         {.ids = prompt, .count = n, .out = room, .limit = MEGA_G2P_LIMIT}, …};
 *     mega_g2p_run(&c, &m, chunks, count, MEGA_G2P_WIDTH, &err);      // chunk.written, chunk.ended
 *     mega_g2p_phones(out, written, phones, tones);
 *
 * A chunk that did not end within its limit is cut off: split it and try again.
 *
 * Threads: const after bind.
 */
#ifndef ORA_MODELS_MEGATTS3_G2P_H
#define ORA_MODELS_MEGATTS3_G2P_H

#include "models/megatts3/dims.h"
#include "models/megatts3/phones.h"
#include "nn/layers/qwen2.h"

enum {
    MEGA_G2P_LIMIT = 256,
    MEGA_G2P_WIDTH = 16,     /* seats: more cost memory (7 MB each) and gain little */
    MEGA_G2P_WIDTH_MAX = 64, /* what run takes */
    MEGA_G2P_ROWS = 256,     /* of one pass: longer prompts are read in pieces */
};

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
    const int32_t *forced; /* [limit] ids to go on with instead of its own, up to the limit; or NULL */
    float *margins;        /* [limit]: how far each second best was behind, or NULL */
    int written;           /* set by run */
    bool ended;            /* the end came before the limit; without it the text is cut off */
};

/* Errors: INTERNAL for a token outside the vocabulary or an empty chunk, NO_MEMORY. */
int mega_g2p_run(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_chunk *chunks,
                 int count, int width, struct ora_err *err);
/* What run takes from the arena with that many seats (min(count, width) of run) when no chunk has more than
 * `capacity` ids and limit together. */
size_t mega_g2p_arena_bytes(const struct ora_compute *c, const struct mega_g2p *m, int seats, int capacity);

/* 'sil' and the written ids without the last: written phones and tones. */
void mega_g2p_phones(const int32_t *out, int written, int32_t *phones, int32_t *tones);

#endif
