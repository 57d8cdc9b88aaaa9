/*
 * Raw phonemes: "[[…]]" in a text stands for the IPA inside (Piper's notation).
 *
 * espeak-ng gets a made-up word in their place, so that it gives the words round them their usual forms ("a"
 * stays weak, "the" knows whether a vowel follows) and the clause its mark; the word is then found in its
 * phonemes and replaced.
 */
#ifndef ORA_TEXT_PHONEMES_RAW_H
#define ORA_TEXT_PHONEMES_RAW_H

#include <stddef.h>

#include "base/err.h"
#include "text/phonemes.h"
#include "text/phonemes_mask.h"

/* The bytes of the "[[…]]" with at least one letter inside that starts at text[at], or 0. */
size_t ora_raw_phonemes_at(const char *text, size_t len, size_t at);
/* The made-up word that stands for text[at..at+bytes). */
const char *ora_raw_phonemes_stand_in(const char *text, size_t at, size_t bytes);
/* Puts the phonemes of masked->raw into the sentences. Errors: UNSUPPORTED when a stand-in cannot be found
 * again in this voice. */
int ora_raw_phonemes_set(const char *espeak_voice, const char *text, const struct ora_masked *masked,
                         struct ora_phoneme_text *out, struct ora_err *err);

#endif
