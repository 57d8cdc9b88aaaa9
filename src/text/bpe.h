/*
 * Byte-level BPE (Sennrich et al. 2016; the byte alphabet and the scheme of GPT-2, the pieces of Qwen 2): a
 * text becomes the ids that a language model reads.
 *
 *     ora_bpe_open(&(struct ora_bpe_files){.vocab = …, .merges = …}, &bpe, &err);
 *     struct ora_ids ids = {0};
 *     ora_bpe_encode(bpe, text, len, &ids, &err);        // appends; NFC first
 *     ora_ids_release(&ids);
 *     ora_bpe_close(&bpe);
 *
 * Encoding: NFC; cut into pieces (words with the mark or space before them, single digits, runs of marks,
 * runs of white space; letters, numbers and white space are ICU's); in each piece the pair of neighbours that
 * was learnt first is merged, again and again. Tokens that were added to a vocabulary later ("<|endoftext|>")
 * are never found in a text unless it is read by ora_bpe_encode_added: what a user writes is always plain
 * text.
 *
 * Time: n log n in the longest piece. Threads: read-only after opening.
 */
#ifndef ORA_TEXT_BPE_H
#define ORA_TEXT_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct ora_bpe;

/* A growing row of token ids. */
struct ora_ids {
    int32_t *id;
    size_t count, cap;
};
void ora_ids_add(struct ora_ids *ids, int32_t id);
void ora_ids_release(struct ora_ids *ids);

enum {
    ORA_BPE_MAX_BYTES = 64 << 20, /* of a vocabulary or its merges */
    ORA_BPE_MAX_TOKENS = 1 << 20, /* ids of a vocabulary are below it */
    ORA_BPE_MAX_TOKEN = 1024,     /* bytes of one token */
};

/* A vocabulary as two files, byte for byte. */
struct ora_bpe_files {
    const char *name;  /* for messages: "voice zh: bpe" */
    const void *vocab; /* vocab.json: {"token in the byte alphabet": id, …} */
    size_t vocab_bytes;
    const void *merges; /* merges.txt: "left right" a line, the first learnt first, after "#version…" */
    size_t merges_bytes;
};

/* FORMAT, with the line of the merges or the token that is wrong: not JSON, an id that is no integer from 0
 * to ORA_BPE_MAX_TOKENS - 1 or stands twice, a merge of tokens that are not in the vocabulary, one of the 256
 * bytes missing. LIMIT for files that are too large. */
int ora_bpe_open(const struct ora_bpe_files *files, struct ora_bpe **bpe, struct ora_err *err);
/* The same from the form of tiktoken: "base64 of the token's bytes, space, rank" a line, the rank being the
 * id: two neighbours may be merged when together they are a token, the lowest rank first. */
int ora_bpe_open_ranks(const char *name, const void *ranks, size_t bytes, struct ora_bpe **bpe,
                       struct ora_err *err);
void ora_bpe_close(struct ora_bpe **bpe);
/* Appends a vocab.json of the 256 bytes alone, without merges: for voices of random weights, and tests. */
void ora_bpe_byte_vocabulary(struct ora_str *vocab);

/* A token that stands for a literal text. BAD_INPUT for an empty or overlong literal or a bad id. */
int ora_bpe_add(struct ora_bpe *bpe, const char *literal, int32_t id, struct ora_err *err);

size_t ora_bpe_tokens(const struct ora_bpe *bpe); /* the largest id + 1, without the added */
size_t ora_bpe_pairs(const struct ora_bpe *bpe);
/* Appends the bytes of a token, false for an id that is none. */
bool ora_bpe_token(const struct ora_bpe *bpe, int32_t id, struct ora_str *bytes);

/* The two tokens that id was merged from: what its bytes become when only merges before its own are made.
 * False for a single byte, or a token that no merge makes. */
bool ora_bpe_halves(const struct ora_bpe *bpe, int32_t id, int32_t halves[2]);

/* Appends the ids of text. BAD_INPUT for what is not UTF-8. */
int ora_bpe_encode(const struct ora_bpe *bpe, const char *text, size_t len, struct ora_ids *ids,
                   struct ora_err *err);
/* The same, but the literals of added tokens are cut out first, the longest where several fit. */
int ora_bpe_encode_added(const struct ora_bpe *bpe, const char *text, size_t len, struct ora_ids *ids,
                         struct ora_err *err);

#endif
