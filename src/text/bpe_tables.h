/* Inside BPE: the tables that the loaders fill and the encoder reads. */
#ifndef ORA_TEXT_BPE_TABLES_H
#define ORA_TEXT_BPE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/bpe.h"

struct ora_bpe_pair {
    uint64_t key;        /* of left and right; 0: empty */
    int32_t order, both; /* how early it was learnt; the id that stands for the two */
};
struct ora_bpe_added {
    char *literal;
    size_t len;
    int32_t id;
};
struct ora_bpe_span {
    uint32_t start, len; /* of bytes; len 0: no such id */
    int32_t order;       /* of the merge that makes it first, 0 for none */
};

struct ora_bpe {
    struct ora_bpe_pair *pair; /* open addressing; slots is a power of two, at most half full */
    size_t slots, pairs;
    int32_t byte_id[256];
    struct ora_bpe_span *token; /* [tokens] */
    size_t tokens;
    struct ora_str bytes; /* of all tokens, one after the other */
    /* bytes -> id, open addressing: ids + 1 */
    uint32_t *by_bytes;
    size_t by_bytes_slots;
    /* added tokens: a table by the literal's hash, and the lengths that occur, the longest first */
    struct ora_bpe_added *added;
    size_t added_count, added_slots, *added_slot;
    uint16_t length[64];
    size_t lengths;
    bool begins[256]; /* first bytes of literals */
};

/* False when the pair is there already. */
bool ora_bpe_pair_add(struct ora_bpe *b, int32_t left, int32_t right, int32_t order, int32_t both);
/* The id of a token of these bytes, -1 when there is none. */
int32_t ora_bpe_id_of(const struct ora_bpe *b, const char *bytes, size_t len);
/* The longest added literal that text begins with, or NULL. */
const struct ora_bpe_added *ora_bpe_added_at(const struct ora_bpe *b, const char *text, size_t len);

#endif
