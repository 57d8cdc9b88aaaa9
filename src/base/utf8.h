/* UTF-8: bounded decoding, encoding, validation. No allocation, no locale. */
#ifndef ORA_BASE_UTF8_H
#define ORA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point from s[0..n). Returns its length in bytes (1-4), or 0 when the bytes are not UTF-8
 * (overlong, surrogate, beyond U+10FFFF, cut short). n must be > 0. */
size_t ora_utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Encodes one code point; returns 1-4. Surrogates and values beyond U+10FFFF become U+FFFD. */
size_t ora_utf8_encode(uint32_t cp, char out[4]);
/* The offset of the first byte that is not UTF-8, or n when all of it is. */
size_t ora_utf8_valid_prefix(const char *s, size_t n);
/* Code points in valid UTF-8. */
size_t ora_utf8_length(const char *s, size_t n);

#endif
