/*
 * Word boundaries by Unicode (UAX #29, default rules WB3-WB13), asked for one position at a time.
 *
 * ICU's break iterator answers the same question, but is a heap object that belongs to one text and one
 * thread; rules and alignment ask about single positions of many short texts. Scripts without spaces (Thai,
 * Chinese) break as the default rules say, character by character, not by dictionary.
 */
#ifndef ORA_TEXT_WORD_BREAK_H
#define ORA_TEXT_WORD_BREAK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a word may start or end at byte `at` (0 and len always). text is valid UTF-8, at the start of a
 * code point. */
bool ora_word_boundary(const char *text, size_t len, size_t at);
/* The end of the segment (word, space run or single mark) that starts at `at` < len. */
size_t ora_word_end(const char *text, size_t len, size_t at);

#endif
