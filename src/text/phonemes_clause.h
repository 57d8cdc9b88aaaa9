/*
 * Clauses to sentences: pure logic over what espeak-ng gave, in the form that Piper voices were trained on.
 *
 * espeak-ng hands out clauses without their punctuation. Here it is found again in the text, as
 * espeak-ng 1.52's own terminators would tell it; the clause's mark is appended (", " "." …), language
 * switches "(fr)…(en-us)" lose their brackets, the phonemes become NFD, and clauses are joined into
 * sentences. Source: the behaviour of Piper (rhasspy/piper-phonemize, OHF piper1-gpl) as observed.
 */
#ifndef ORA_TEXT_PHONEMES_CLAUSE_H
#define ORA_TEXT_PHONEMES_CLAUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "text/phonemes.h"
#include "text/phonemes_espeak.h"

struct ora_terminator {
    const char *mark; /* appended to the phonemes: "." "?" "!" ", " ": " "; " or "" */
    bool ends_sentence;
    bool glued; /* nothing was appended although words follow: the next clause's phonemes touch this one's */
};

/* The punctuation of the clause text[start..end); spoken: espeak-ng gave phonemes for it; last: it gave no
 * further clause. */
struct ora_terminator ora_terminator_of(const char *text, size_t start, size_t end, bool spoken, bool last);

/* Appends IPA as Piper's phonemes: NFD, "(xx)" removed. */
void ora_phonemes_append(struct ora_str *out, const char *ipa, size_t len);

/* Appends phonemes given by the user: NFD and nothing else. */
void ora_phonemes_append_raw(struct ora_str *out, const char *ipa, size_t len);

/* Joins the clauses of a text into sentences and appends those that have phonemes. spaced: a space where
 * Piper would glue the words of two clauses together (after an ellipsis, or where espeak-ng cut an overlong
 * clause). */
void ora_clauses_join(const char *text, const struct ora_clauses *clauses, bool spaced,
                      struct ora_phoneme_text *out);

#endif
