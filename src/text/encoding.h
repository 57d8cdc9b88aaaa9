/*
 * Encoding: telling bytes that are not UTF-8 by name.
 */
#ifndef ORA_TEXT_ENCODING_H
#define ORA_TEXT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Judges the first bytes of an input: FORMAT with a message that names what they are when they are UTF-16,
 * UTF-32, an archive or a document; else 0. */
int ora_encoding_check_kind(const char *path, const char *bytes, size_t len, struct ora_err *err);
/* For prose: FORMAT when an 8-bit encoding is used throughout: bytes that are not UTF-8, and no more UTF-8
 * beyond ASCII beside them. Fewer bad bytes are left to the paragraphs. */
int ora_encoding_check_prose(const char *path, const char *bytes, size_t len, struct ora_err *err);

/* Whether the bytes are UTF-8 without NUL; otherwise *code is "bad-utf8" or "nul-byte" and *reason says what
 * stands where, and which encoding the bytes look like. `offset` is that of text[0] in the file. */
bool ora_encoding_line_ok(const char *text, size_t len, uint64_t offset, const char **code,
                          struct ora_str *reason);

#endif
