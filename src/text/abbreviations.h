/*
 * Abbreviations: which dots of a text do not end a sentence.
 *
 * One question, asked by the sentence splitter (text/reader.h), which must not cut "Dr. Smith" in two, and by
 * the phonemes (text/phonemes.h), which hide such dots from espeak-ng. The answer comes from a table a
 * language, and from the shape of what stands before and after the dot; nothing is learnt and nothing is
 * remembered, so the same text always gets the same answer.
 *
 *     switch (ora_dot_at("en", text, len, offset_of_the_dot)) { case ORA_DOT_END: … }
 *
 * Cost: looks at most some 300 bytes to either side. Threads: pure. Text must be valid UTF-8.
 */
#ifndef ORA_TEXT_ABBREVIATIONS_H
#define ORA_TEXT_ABBREVIATIONS_H

#include <stddef.h>

enum ora_dot {
    ORA_DOT_END,   /* ends a sentence, or nothing tells that it does not */
    ORA_DOT_INNER, /* inside a token: 3.14, example.com, the first dot of "e.g.", all but the last of "..." */
    ORA_DOT_ABBREVIATION, /* "Dr. Smith", "No. 5", "e.g.", "etc." before a small letter */
    ORA_DOT_INITIAL,      /* "J. R. R. Tolkien" */
    ORA_DOT_ORDINAL,      /* German "3. Mai"; a list's label "1." at the start of the text */
    ORA_DOT_CONTINUED,    /* the sentence goes on after it with a small letter: "wait... what" */
};

/* text[offset] is '.'; lang is BCP-47 ("en", "en-US", "de"), NULL is "en". Chinese, Japanese, Korean and Thai
 * texts have dots in Latin words, for which English's table counts; in another language without a table only
 * shapes do. */
enum ora_dot ora_dot_at(const char *lang, const char *text, size_t len, size_t offset);

#endif
