/*
 * A line of plain text: its blanks, the marks that typists put into it, and how it begins and ends. Pure
 * functions.
 */
#ifndef ORA_TEXT_TXT_LINE_H
#define ORA_TEXT_TXT_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

bool ora_txt_is_blank(const char *text, size_t len); /* nothing but spaces and what is never spoken */
size_t ora_txt_indent(const char *text, size_t len); /* in columns; a tab counts as eight */
/* Writes the line without the marks of emphasis (_so_, *so*) and of footnotes ("word.[12]"). */
void ora_txt_take_marks_off(struct ora_str *out, const char *text, size_t len);
/* The length of what marks a list's item at the start of the line, with its space: a bullet, an arrow, a
 * number, the number of a verse, a shell's prompt; else 0. *keep: the mark is part of the text. */
size_t ora_txt_item_mark(const char *text, size_t len, size_t indent, bool *keep);
bool ora_txt_ends_sentence(const char *text, size_t len); /* by its last mark; true for an empty text */

#endif
