/*
 * Words that espeak-ng misreads: forms of the older language ("hast", "goest", "liveth"), the commonest names
 * of the Bible, and the letter A where it is no article ("vitamin A"). They are told to it by sound when it
 * is asked for phonemes; the text keeps them as written. A user's lexicon comes first, since it has then
 * written another word.
 */
#ifndef ORA_TEXT_PRONOUNCED_H
#define ORA_TEXT_PRONOUNCED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* The bytes of a word at text[at] that has sounds of its own ("Boaz", "Boaz's"), or 0. Only where a word
 * starts; the sounds ("b'oUaz", espeak-ng's notation) are appended to *sounds. */
size_t ora_pronounced_at(const char *text, size_t len, size_t at, struct ora_str *sounds);

#endif
