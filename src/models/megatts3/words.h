/*
 * Words: when each was spoken. The phones of a segment have times; this finds which are whose.
 *
 * Text and phones are both cut at marks into clauses; where both sides have as many, each clause is aligned
 * for itself, else the segment as one. Inside a clause the words are runs of Chinese characters and of other
 * words, the phones runs of Mandarin and of English ones; where the runs agree in kind and number,
 *   - characters: a Mandarin final is a syllable and a syllable a character: exact. A final with a retroflex
 * ending that stands for two characters (…儿) makes them merged;
 *   - other words: the language model is asked for each word alone, all words' phones in a row are aligned to
 * the run's by edit distance, and each phone goes to the word of its partner: approximate. What does not come
 * out even is unknown.
 *
 * Pure but for the readings, which the caller brings.
 */
#ifndef ORA_MODELS_MEGATTS3_WORDS_H
#define ORA_MODELS_MEGATTS3_WORDS_H

#include "models/family.h"
#include "models/megatts3/reading.h"
#include "models/megatts3/text.h"

struct mega_spoken_word {
    struct mega_word word;
    const struct mega_reading *reading; /* of the word alone; NULL for a character, or where there is none */
    int first, count;                   /* phones of the segment; set by align */
    uint32_t flags;                     /* enum of family.h; set by align */
};

/* ids: [n] relative ids of the segment's phones. text: the utterance's normalised text. */
void mega_words_align(const char *text, struct mega_spoken_word *words, size_t count, const int32_t *ids,
                      int n);

#endif
