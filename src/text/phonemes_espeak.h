/*
 * The door to espeak-ng: a text becomes the clauses that the library reads in it, each with its phonemes and
 * its end.
 *
 * espeak-ng is one state machine a process: this file's .c holds the one lock, starts the library at the
 * first use, sets the voice that a text asks for and always reads a text to its end (a text abandoned
 * half-way would leave its look-ahead character inside the library, to turn up in the next one). What clauses
 * mean is text/phonemes_clause.h's matter.
 *
 * Threads: any; calls wait for each other.
 */
#ifndef ORA_TEXT_PHONEMES_ESPEAK_H
#define ORA_TEXT_PHONEMES_ESPEAK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/*
 * What espeak-ng 1.51 does not survive, so that it is never given it: single letters with dots, "a.a.a…" or
 * "A. B. C. …", in a row, or a few of them before a very long word. It gathers them into a buffer of 160
 * bytes without looking at its end: from there on it may crash, soon it aborts. (Of some fifty other patterns
 * without a space, up to 1,200 bytes long and in eight languages, none broke it.)
 */
enum { ORA_ESPEAK_MAX_DOTTED_LETTERS = 16, ORA_ESPEAK_MAX_DOTTED_BYTES = 140 };

struct ora_clause {
    size_t phonemes, phonemes_len; /* bytes of ora_clauses.phonemes */
    size_t end;                    /* where its text ends (and the next one's starts): bytes of the text */
    bool last;                     /* the library said that the text is over */
};

struct ora_clauses {
    struct ora_str phonemes; /* of all clauses, one after the other, as the library wrote them */
    struct ora_clause *clause;
    size_t count, cap;
};

/* Appends the clauses of text[0..len) to *out (start from zeroes or a cleared one); text must be UTF-8, and
 * text[len] NUL. sounds: "[[h'ast]]" is read as sounds in espeak-ng's own notation. Errors: UNSUPPORTED (no
 * such espeak voice), LIMIT (more dotted letters in a row), INTERNAL (no espeak data). */
int ora_espeak_clauses(const char *voice, const char *text, size_t len, bool sounds, struct ora_clauses *out,
                       struct ora_err *err);
/* The phonemes of several short texts under one lock and one setting of the voice: those of text i are
 * appended to out[i]. For single words (text/word_spans.c), masked, so that "[[…]]" are sounds; clause ends
 * become single spaces. */
int ora_espeak_words(const char *voice, const char *const *texts, size_t count, struct ora_str *out,
                     struct ora_err *err);
void ora_clauses_clear(struct ora_clauses *c); /* keeps the memory */
void ora_clauses_release(struct ora_clauses *c);
/* "1.51", as the library gives it. */
const char *ora_espeak_version(void);

#endif
