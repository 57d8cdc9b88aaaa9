/* Numbers in English words: cardinals, ordinals, years, decades, digits. Appended to a string, without
 * surrounding spaces. */
#ifndef ORA_TEXT_NORMALISE_NUMBER_H
#define ORA_TEXT_NORMALISE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The largest number spoken as a cardinal; longer ones are read digit by digit. */
#define ORA_EN_MAX_CARDINAL UINT64_C(999999999999999)

/* "two hundred thirty-four"; with_and (British): "two hundred and thirty-four". v ≤ ORA_EN_MAX_CARDINAL. */
void ora_en_cardinal(struct ora_str *out, uint64_t v, bool with_and);
/* "two hundred thirty-fourth" */
void ora_en_ordinal(struct ora_str *out, uint64_t v, bool with_and);
/* "nineteen ninety-nine", "nineteen oh five", "two thousand five", "twenty twenty-four"; 0 ≤ year ≤ 9999. */
void ora_en_year(struct ora_str *out, unsigned year, bool with_and);
/* "nineteen nineties", "eighteen hundreds", "two thousands"; below 100 "nineties". */
void ora_en_decade(struct ora_str *out, unsigned year);
/* "zero zero seven": the decimal digits of s[0..n), others left out. */
void ora_en_digits(struct ora_str *out, const char *s, size_t n);
/* Makes a plural of the last word: "half" → "halves", "fifth" → "fifths", "twenty" → "twenties". */
void ora_en_pluralise(struct ora_str *out);

#endif
