/*
 * Result: what an utterance that was spoken tells of itself: phones and words with their times, its phonemes
 * as text that can be given again (text_is_phonemes), and the family's detail.
 *
 *     mega_read_words(&batch, &err);                  // once durations are there
 *     mega_result_make(&u, &r);                       // r.phone, r.word, r.phonemes
 *     mega_result_release(&r);
 *
 * Times: a phone lasts as long as its frames. Segments lap over each other by the cross-fade; there the
 * earlier one's last phone ends where the later one's first begins. An added pause is the phone "_". So the
 * phones fill the utterance without gaps.
 */
#ifndef ORA_MODELS_MEGATTS3_RESULT_H
#define ORA_MODELS_MEGATTS3_RESULT_H

#include "models/megatts3/speak.h"
#include "models/megatts3/words.h"

/* The words of every segment, and what the language model reads for each that must be told from its
 * neighbours. */
int mega_read_words(struct mega_batch *b, struct ora_err *err);

struct mega_result {
    struct ora_phone *phone;
    struct ora_word *word;
    size_t phones, words;
    uint32_t frames; /* latents of all segments */
    struct ora_str phonemes;
    json_t *detail; /* {"segments": [{"start", "ids", "frames"}]} */
};
void mega_result_make(const struct mega_utterance *u, struct mega_result *r);
void mega_result_release(struct mega_result *r);

#endif
