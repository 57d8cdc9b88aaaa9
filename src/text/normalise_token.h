/*
 * Tokens of a text for the normaliser: runs of letters, runs of ASCII digits, runs of white space, single
 * marks, and spans that nothing may touch (a lexicon's respellings, [[phonemes]]).
 */
#ifndef ORA_TEXT_NORMALISE_TOKEN_H
#define ORA_TEXT_NORMALISE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ora_token_kind {
    ORA_TOKEN_END = 0,
    ORA_TOKEN_WORD = 1,   /* letters, their marks, and apostrophes between letters */
    ORA_TOKEN_NUMBER = 2, /* ASCII digits */
    ORA_TOKEN_SPACE = 4,
    ORA_TOKEN_MARK = 8, /* one code point that is none of the others */
    ORA_TOKEN_PROTECTED = 16,
};

struct ora_token {
    uint32_t kind, start, len; /* bytes of the text */
    uint32_t cp;               /* first code point */
};

struct ora_span {
    size_t start, len;
};

/* *tokens is a fresh array of *count tokens that cover text[0..len) without gaps; caller frees. protected:
 * sorted, disjoint. */
void ora_tokens_of(const char *text, size_t len, const struct ora_span *protected_, size_t protected_count,
                   struct ora_token **tokens, size_t *count);

#endif
