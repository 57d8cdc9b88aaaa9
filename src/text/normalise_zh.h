/*
 * Normalising Chinese: numbers, dates, times, money, units, telephone numbers, ranges, fractions, scores and
 * sums are written as they are said in Mandarin; traditional characters become simplified ones, full-width
 * letters and marks half-width ones (not 、 《 》 … —). Latin words stay: who reads the result reads both.
 *
 * The result is what a Mandarin front end reads that was made for the output of WeTextProcessing: its way of
 * saying things is followed where it is as good as another. src/text/NORMALISATION.md shows what the rules
 * do, and where they differ.
 *
 * Time is linear in the text's length.
 * Threads: pure, but for a table that the first call makes.
 */
#ifndef ORA_TEXT_NORMALISE_ZH_H
#define ORA_TEXT_NORMALISE_ZH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "text/normalise_token.h"

/* Appends the normalised text. text: cleaned UTF-8 (text/normalise_clean.h); protected_ and [[ ]]: copied as
 * they are. drop_particles: 啊 and 呃 are left out, and the 儿 of a retroflex ending, as WeTextProcessing's
 * prebuilt grammars do. */
void ora_normalise_zh(const char *text, size_t len, const struct ora_span *protected_, size_t protected_count,
                      bool drop_particles, struct ora_str *out);

/* The simplified form of a character, itself when it has none. */
uint32_t ora_zh_simplified(uint32_t cp);

/* "两百五十六": a number in words, and its digits one by one ("幺三八" with yao, else "一三八"). */
void ora_zh_cardinal(struct ora_str *out, uint64_t v);
void ora_zh_digits(struct ora_str *out, const char *digits, size_t n, bool yao);

#endif
