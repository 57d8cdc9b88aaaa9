/*
 * Masking: what espeak-ng is given instead of a text, and the way back from its offsets to the text's.
 *
 * - dots of abbreviations, initials and ordinals become spaces where espeak-ng would end a sentence at them;
 * - line ends become spaces (a blank line would swallow the mark before it), control and format characters
 * vanish;
 * - brackets round words become commas: "came (late) and left" pauses as "came, late, and left" does;
 * - raw phonemes "[[…]]" become made-up words (text/phonemes_raw.h);
 * - English words that it would misread become their sounds (text/pronounced.h);
 * - letters of foreign scripts that it cannot name become spaces (text/phonemes_foreign.h);
 * - runs without a space longer than any word are parted, since espeak-ng's buffers are made for words.
 */
#ifndef ORA_TEXT_PHONEMES_MASK_H
#define ORA_TEXT_PHONEMES_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct ora_mask_edit {
    size_t masked, source; /* from here on, offsets of the masked text and of the source run in step */
};

struct ora_mask_raw {
    size_t source, bytes; /* "[[…]]" in the source */
};

struct ora_masked {
    struct ora_str text;
    bool sounds; /* holds "[[…]]" in espeak-ng's own notation */
    struct ora_mask_raw *raw;
    size_t raw_count;
    struct ora_mask_edit *edit;
    size_t count, cap;
};

/* Masks a valid UTF-8 text into *m (zeroed). lang is BCP-47 or an espeak-ng voice. */
void ora_mask(const char *lang, const char *text, size_t len, struct ora_masked *m);
/* The offset in the source of an offset in the masked text. */
size_t ora_mask_source(const struct ora_masked *m, size_t masked);
void ora_masked_release(struct ora_masked *m);

#endif
