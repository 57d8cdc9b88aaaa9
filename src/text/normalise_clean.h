/*
 * Cleaning: what every text goes through, whatever its language: one kind of space, no control or format
 * characters, no compatibility letters that a front end would spell out (full-width, ligatures, mathematical
 * alphabets), one kind of dash.
 */
#ifndef ORA_TEXT_NORMALISE_CLEAN_H
#define ORA_TEXT_NORMALISE_CLEAN_H

#include <stddef.h>

#include "base/str.h"

/* Appends the cleaned text. text must be valid UTF-8. Idempotent: cleaning a cleaned text changes nothing. */
void ora_text_clean(const char *text, size_t len, struct ora_str *out);

#endif
