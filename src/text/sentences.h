/*
 * Sentences: where a paragraph is cut into utterances.
 *
 *     struct ora_sentences *s = ora_sentences_create("en-GB", &err);
 *     const size_t *ends; size_t count;
 *     ora_sentences_split(s, text, len, &ends, &count, &err);    // text[0..ends[0]), text[ends[0]..ends[1])
 * … ora_sentences_destroy(&s);
 *
 * The rules of Unicode's text segmentation (UAX #29, by ICU) say where a sentence may end; what they get
 * wrong in running text is put right: abbreviations, initials, decimals and ordinals (text/abbreviations.h),
 * speech followed by "he said", ellipses, numbers that begin a sentence. Spaces after a sentence belong to
 * it; a piece without words belongs to its neighbour. Threads: one splitter a thread (it keeps an iterator
 * and buffers).
 */
#ifndef ORA_TEXT_SENTENCES_H
#define ORA_TEXT_SENTENCES_H

#include <stddef.h>

#include "base/err.h"

struct ora_sentences;

struct ora_sentences *ora_sentences_create(const char *lang, struct ora_err *err);
void ora_sentences_destroy(struct ora_sentences **s);
/* ends[count - 1] == len when len > 0. The array holds until the next ora_sentences_split. */
int ora_sentences_split(struct ora_sentences *s, const char *text, size_t len, const size_t **ends,
                        size_t *count, struct ora_err *err);
/* Where a text of more than max_chars code points is cut: pieces of at most max_chars, at the best place that
 * keeps them of like length: a sentence's end, then ; : and dashes, commas, other spaces, and between
 * graphemes where there is none. [[ ]] is never cut: a piece that begins with a longer one is longer than the
 * limit. The array holds until the next ora_sentences_pieces. */
int ora_sentences_pieces(struct ora_sentences *s, const char *text, size_t len, size_t max_chars,
                         const size_t **ends, size_t *count, struct ora_err *err);

#endif
