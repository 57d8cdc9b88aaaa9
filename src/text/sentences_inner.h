/* Inside the splitter: what sentences.c (where sentences end) and sentences_pieces.c (where a text that is
 * too long is cut) share. */
#ifndef ORA_TEXT_SENTENCES_INNER_H
#define ORA_TEXT_SENTENCES_INNER_H

#include <stdbool.h>
#include <stdint.h>
#include <unicode/ubrk.h>

#include "text/sentences.h"

enum { ORA_SENTENCES_LANG_BYTES = 32 };

struct ora_offsets {
    size_t *at;
    size_t count, cap;
};

struct ora_sentences {
    char lang[ORA_SENTENCES_LANG_BYTES];
    UBreakIterator *sentence, *grapheme; /* opening one costs far more than a sentence does */
    UChar *wide;
    size_t wide_cap;
    bool cased;                             /* of the text in hand: it has capitals */
    struct ora_offsets ends, pieces, inner; /* inner: ends of the text that pieces are made of */
    struct ora_offsets brackets;            /* of the text in hand: start, end, start, end … of its [[ ]] */
};

void ora_offsets_push(struct ora_offsets *o, size_t at);
/* The text as UTF-16 in s->wide; the number of its units, or an error. */
int ora_sentences_widen(struct ora_sentences *s, const char *text, size_t len, int32_t *units,
                        struct ora_err *err);
/* The ends of a text's sentences; s->brackets are those of this text then. */
int ora_sentences_into(struct ora_sentences *s, const char *text, size_t len, struct ora_offsets *ends,
                       struct ora_err *err);
/* Whether `at` lies inside [[ ]]: then *start and *end are where that begins and ends. */
bool ora_sentences_in_bracket(const struct ora_sentences *s, size_t at, size_t *start, size_t *end);

#endif
