/*
 * Symbols: what a voice calls phonemes, and the way from a string of IPA to its tokens.
 *
 *     vits_symbols_open(&s, voice, table, rows, hidden, &err);   // reads the voice's `vits` map
 *     struct vits_spelling w = {0};
 *     vits_spell(&s, "hɛlˈoʊ.", &w);                             // w.token[0..count)
 *     vits_spelling_release(&w);
 *
 * voice.yaml, under `vits`:
 *     phoneme_type: espeak | text      text: the letters themselves are the symbols
 *     espeak_voice: en-us
 *     quality: medium                  informative
 *     rewrites: [{from: "oːɹ", to: "ɔːɹ"}]   applied to the phonemes of the front end, in order
 *     clusters: ["aɪ"]                 code points that make one symbol, longest first
 *     drop_untrained: true             see below
 *     silences: {",": 0.2}             seconds of silence after a symbol, where the sentence is cut in two
 * runs symbols: {"a": [14], …}          code points (NFD) to ids
 *
 * A row of the embedding that training never saw is a random vector to the encoder. Rows behind the last id
 * of the map were never seen: a row whose norm lies within 4 standard deviations of theirs is untrained too,
 * and its symbol is dropped and counted. Where there are too few such rows to know, only `ʲ` of English
 * voices is (espeak-ng has written it since 1.52; no English voice was trained on it).
 */
#ifndef ORA_MODELS_VITS_SYMBOLS_H
#define ORA_MODELS_VITS_SYMBOLS_H

#include "models/family.h"

enum { VITS_SYMBOL_IDS = 4, VITS_SYMBOL_BYTES = 16 };

struct vits_symbol {
    char text[VITS_SYMBOL_BYTES]; /* UTF-8, NUL-terminated */
    int32_t id[VITS_SYMBOL_IDS];
    int ids;
    bool untrained;
    float silence_s; /* after it */
};

struct vits_rewrite {
    char *from, *to; /* UTF-8; from is not empty */
};

struct vits_symbols {
    struct vits_symbol *symbol; /* sorted by text */
    size_t count;
    int32_t pad, bos, eos;
    struct vits_rewrite *rewrite;
    size_t rewrite_count;
    char **cluster; /* longest first */
    size_t cluster_count;
    bool from_text; /* phoneme_type: text */
    bool drop_untrained;
    bool silences;                /* some symbol has one */
    char *espeak_voice, *quality; /* quality may be NULL */
};

/* table NULL: without the embedding, no symbol is known to be untrained, and ids are not bounded. */
int vits_symbols_open(struct vits_symbols *s, const struct ora_voice *voice, const float *table, int rows,
                      int hidden, struct ora_err *err);
void vits_symbols_close(struct vits_symbols *s);
const struct vits_symbol *vits_symbol_find(const struct vits_symbols *s, const char *text,
                                           size_t len); /* or NULL */

/* One phoneme as the model gets it. */
struct vits_token {
    char text[VITS_SYMBOL_BYTES];
    int32_t id[VITS_SYMBOL_IDS];
    int ids;
    uint32_t source, source_count; /* code points of the string that was spelled */
};

struct vits_dropped {
    char text[VITS_SYMBOL_BYTES];
    uint32_t count;
};

struct vits_spelling {
    struct vits_token *token;
    size_t count, cap;
    uint32_t source_count;        /* code points of the string */
    uint32_t rewritten;           /* places where a rewrite took hold */
    struct vits_dropped *dropped; /* by symbol, in the order met */
    size_t dropped_count;
};

/* phonemes: valid UTF-8, NFD. What is not in the map, or untrained, is dropped and counted. */
void vits_spell(const struct vits_symbols *s, const char *phonemes, struct vits_spelling *out);
void vits_spelling_release(struct vits_spelling *w);
/* What stands in the [[ ]] of a text: BAD_INPUT for brackets that are not closed or without phonemes, and
 * names the first symbol that the voice's map does not have. Untrained ones are dropped like those of
 * espeak-ng. */
int vits_check_phonemes(const struct vits_symbols *s, const char *text, struct ora_err *err);

/* Ids of a run of tokens: BOS PAD (ids PAD)* EOS. Returns how many; writes at most cap of them. */
int vits_ids_of(const struct vits_symbols *s, const struct vits_token *token, size_t count, int32_t *ids,
                int cap);

/* Where a run of tokens is best cut in two: behind the clause mark nearest the middle, else at the space
 * nearest it, else in the middle. 1 <= result < count; count >= 2. */
size_t vits_cut(const struct vits_token *token, size_t count);

#endif
