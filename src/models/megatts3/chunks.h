/*
 * Chunks: where MegaTTS 3's reference cuts a normalised text, so that each piece is as long as those it was
 * trained on.
 *
 * English: after a mark that white space follows, packed while a chunk has at most 130 bytes. Chinese: near
 * every 60th Han character, at a sentence's end up to 30 characters ahead, else at the last one behind, else
 * at a clause's, else at a lesser mark's; there every half-width mark becomes a full-width one. What stands
 * in [[ ]] is never cut.
 *
 * Threads: pure. Source: MegaTTS 3's chunk_text_english and chunk_text_chinese.
 */
#ifndef ORA_MODELS_MEGATTS3_CHUNKS_H
#define ORA_MODELS_MEGATTS3_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
    MEGA_EN_CHUNK_BYTES = 130,
    MEGA_ZH_CHUNK_HAN = 60,
    MEGA_ZH_LOOK_AHEAD = 30,
};

/* Called with each chunk's text, in order. */
typedef void mega_chunk_fn(void *ctx, const char *text, size_t len);

/* text: valid UTF-8. Time is linear but for the look-ahead. */
void mega_chunks_en(const char *text, size_t len, mega_chunk_fn *emit, void *ctx);
void mega_chunks_zh(const char *text, size_t len, mega_chunk_fn *emit, void *ctx);

/* Any U+4E00..9FFF outside [[ ]]. */
bool mega_text_is_zh(const char *text, size_t len);
static inline bool mega_is_han(uint32_t cp)
{
    return cp >= 0x4E00 && cp <= 0x9FFF;
}

#endif
