/*
 * Characters: what the reader asks of a code point, and the cleaning that every text goes through.
 *
 * Threads: pure. Texts are valid UTF-8 unless a function says otherwise.
 */
#ifndef ORA_TEXT_CHARS_H
#define ORA_TEXT_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The code point at text[at], and *end, where the next one begins. at < len. */
uint32_t ora_cp_at(const char *text, size_t len, size_t at, size_t *end);
/* The code point that ends at text[at], and *start, where it begins. at > 0. */
uint32_t ora_cp_before(const char *text, size_t at, size_t *start);

bool ora_cp_is_space(uint32_t cp); /* any Unicode space, tab, line or page break */
/* Controls, zero-width spaces, byte-order marks, direction marks: never spoken. U+200C and U+200D stay: they
 * decide letters' shapes and join emoji. */
bool ora_cp_is_dropped(uint32_t cp);
bool ora_cp_is_closer(uint32_t cp); /* quotes and brackets that may follow a sentence's stop */
bool ora_cp_is_opener(uint32_t cp); /* quotes and brackets that may precede a sentence's first letter */
bool ora_cp_is_cjk(uint32_t cp);    /* written without spaces: Han, kana, bopomofo and their punctuation */

bool ora_has_words(const char *text, size_t len); /* a letter or a digit of any script, outside tags */
/* No word, and nothing but punctuation and the strokes that lines are drawn with: "* * *", "-----", "~~~",
 * "§", "…". An emoji is no ornament. True for an empty text. */
bool ora_is_ornament(const char *text, size_t len);

/* Appends the text with dropped characters left out and every run of spaces made one; none at the start when
 * *space, and *space tells whether the last thing written was a space (kept from call to call). A last space
 * stays. */
void ora_clean(struct ora_str *out, const char *text, size_t len, bool *space);
void ora_trim_end(struct ora_str *s); /* of blanks */

/* Canonical composition (NFC). Returns `text` itself when it is composed already (the common case, found by a
 * quick check), else scratch's data. *len is updated. */
const char *ora_nfc(const char *text, size_t *len, struct ora_str *scratch);

#endif
