/*
 * Cleaning for MegaTTS 3: what its G2P was never meant to read is taken out of a text, before and after
 * normalising.
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_SCRIPT_CLEAN_H
#define ORA_MODELS_MEGATTS3_SCRIPT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * Before: literals of the vocabulary's added tokens ("<BOT>", "<Reserved_TTS_5>", "<|endoftext|>") become a
 * space; line ends become the end of a sentence where no mark ends one; title marks 《》 〈〉 and brackets
 * 【】 『』 「」 go or become quotes, since the G2P makes stray sounds of them (keep_marks: they stay). [[ ]]
 * is copied.
 */
void mega_clean_before(const char *text, size_t len, bool is_zh, bool keep_marks, struct ora_str *out);

/* After: emoji and other pictures go, "twenty-five" becomes "twenty five" as the reference's normaliser
 * writes it, runs of spaces become one. [[ ]] is copied. */
void mega_clean_after(const char *text, size_t len, bool is_zh, struct ora_str *out);

/* A letter or digit, or [[ ]]. */
bool mega_has_speech(const char *text, size_t len);

#endif
