/*
 * Letters that a voice must not be given: those that espeak-ng 1.51 cannot name in a language of another
 * script.
 *
 * Asked for such a letter, espeak-ng goes to the letter's own language for its name, finds none, spells its
 * code in that language, and on the way frees a dictionary that it goes on reading (found with valgrind: all
 * of Devanagari in a French voice, some thirty letters of it in an English one). What would be heard is
 * "symbol nine three four" in Hindi; silence loses nothing.
 */
#ifndef ORA_TEXT_PHONEMES_FOREIGN_H
#define ORA_TEXT_PHONEMES_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* lang: BCP-47 or an espeak-ng voice. */
bool ora_unspeakable(const char *lang, uint32_t cp);
/* Whether the letter must not touch a digit, mark or letter of another script: modern Greek in other
 * languages ("'4'Φ" in Spanish goes the same way as letters without a name; with spaces round it does not).
 */
bool ora_stands_alone(const char *lang, uint32_t cp);
/* Whether two signs in a row ("**", "++") must be parted by a space for this voice: Hindi crashes on them. */
bool ora_parts_signs(const char *lang);

/* Whether most letters of a text (more than half) are of a script that the language is not written in, so
 * that they would be spelled out by the names of their letters, or "Chinese letter": then *script is its name
 * ("Cyrillic") and *foreign of *letters are of one. Latin letters are read in every language, and a Greek
 * letter that stands alone is a sign ("π"). */
bool ora_mostly_foreign(const char *lang, const char *text, const char **script, size_t *foreign,
                        size_t *letters);

#endif
