/* What kind of sign an IPA code point is, as espeak-ng and Piper voices use them. */
#ifndef ORA_TEXT_IPA_H
#define ORA_TEXT_IPA_H

#include <stdbool.h>
#include <stdint.h>

bool ora_ipa_is_vowel(uint32_t cp);
bool ora_ipa_is_clause_mark(uint32_t cp); /* . , : ; ? ! */
/* A vowel or consonant: no space, clause mark, stress, length or combining mark. */
bool ora_ipa_is_letter(uint32_t cp);

#endif
