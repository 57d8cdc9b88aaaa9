/*
 * Brackets: "[[ … ]]" in a text, inside which phones stand instead of words. This file says where they begin
 * and end, for all that read texts; what stands inside is the voice's family's affair (models/family.h).
 *
 *     struct ora_bracket b;
 *     for (size_t at = 0; ora_bracket_next(text, len, at, &b); at = b.start + b.len)
 *         read(text + b.start + 2, b.len - 4);
 *
 * A "[[" opens, the next "]]" closes; nothing nests. A "[[" that another one or the text's end follows before
 * a "]]" is an error of the text (ora_brackets_check), and for whoever reads on it is text. Brackets that are
 * meant to be text are written "\[["; a "]]" that closes nothing is text as it is ("a[b[1]]"). Only two that
 * stand together in the text as it was given open: entities ("&#91;&#91;"), full-width brackets, and two with
 * a tag or an invisible character between them are text, and whoever takes such things off parts them.
 *
 * Time: linear, also over many calls from left to right. Threads: pure.
 */
#ifndef ORA_TEXT_BRACKETS_H
#define ORA_TEXT_BRACKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct ora_bracket {
    size_t start, len; /* with its brackets */
};

/* The first closed one that begins at or after `from`. */
bool ora_bracket_next(const char *text, size_t len, size_t from, struct ora_bracket *b);
/* The length of the closed one that begins at text[at], or 0. Looks no further than the next "[[". */
size_t ora_bracket_at(const char *text, size_t len, size_t at);
/* BAD_INPUT for a "[[" that is not closed, or that has nothing inside. */
int ora_brackets_check(const char *text, size_t len, struct ora_err *err);
/* Whether there is a "\[[" to take off. */
bool ora_brackets_escaped(const char *text, size_t len);
/* Before text[at..) is appended to `out` behind something that was taken off or decoded: brackets that come
 * to stand together by that were not written so and open nothing. A space parts them. */
void ora_brackets_part(struct ora_str *out, const char *text, size_t len);
/* Appends the text with each "\[[" as one "[": a bracket as such is not spoken, and two would open again. */
void ora_brackets_unescape(const char *text, size_t len, struct ora_str *out);

#endif
