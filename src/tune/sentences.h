/*
 * Sentences: what is spoken to measure a voice: a few a language, of the lengths that books and corpora have
 * (about 35 to 140 characters), without numbers, names or abbreviations.
 *
 *     const char *const *s = ora_tune_sentences(voice->lang);     // ends with NULL; English where there is
 * no other
 */
#ifndef ORA_TUNE_SENTENCES_H
#define ORA_TUNE_SENTENCES_H

const char *const *ora_tune_sentences(const char *lang);

#endif
