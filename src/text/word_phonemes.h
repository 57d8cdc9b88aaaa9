/*
 * Phonemes of single words, remembered: what a word sounds like on its own, for aligning words to a sentence.
 *
 * A cache a process of at most some thousand words, behind a lock; what it gives does not depend on what it
 * holds.
 */
#ifndef ORA_TEXT_WORD_PHONEMES_H
#define ORA_TEXT_WORD_PHONEMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct ora_text_word {
    uint32_t start, len; /* bytes of the text */
};

/* Appends to out[i] the IPA (NFD) of word i of the text, for count words. "[[…]]" gives what is inside. */
int ora_word_phonemes(const char *espeak_voice, const char *text, const struct ora_text_word *words,
                      size_t count, struct ora_str *out, struct ora_err *err);

#endif
