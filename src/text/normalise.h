/*
 * Normalising: a text becomes the words that are to be heard.
 *
 * Every language is cleaned (text/normalise_clean.h). English texts then go through a table of rules
 * (text/normalise_en.c): numbers, dates, times, money, units, roman numerals, titles, abbreviations,
 * addresses and symbols are spelled out where espeak-ng would misread them; the result is the transcript of
 * what is spoken. src/text/NORMALISATION.md shows what each rule does. In other languages espeak-ng's own
 * rules read numbers: only cleaning is safe without knowing the grammar.
 *
 * Time is linear in the text's length. Normalising its own output changes nothing.
 */
#ifndef ORA_TEXT_NORMALISE_H
#define ORA_TEXT_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "text/normalise_token.h"

/* Whether English rules are for this language ("en", "en-gb", …). */
bool ora_lang_is_english(const char *lang);
/* "en-gb", "en-au", …: day before month, "one hundred and one", metres. en and en-us are American. */
bool ora_lang_is_british(const char *lang);

/* Appends the normalised text. heading: it is one, so that a lone "I" is a number. text: cleaned UTF-8 of
 * less than 2 GiB; protected_: spans that are copied as they are. */
void ora_normalise(const char *lang, bool heading, const char *text, size_t len,
                   const struct ora_span *protected_, size_t protected_count, struct ora_str *out);

#endif
