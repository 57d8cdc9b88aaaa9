/*
 * Symbols: how people write MegaTTS 3's phones, with spaces between them.
 *
 * - "n i3 h ao3": Mandarin phones; a tone 1-5 (6: the sixth class, 0: without tone) behind the final, and a
 * bare initial shares its final's. "n3 i3": the same, each with its own.
 * - "ni3 hao3 lv4": pinyin; ü is written v, u: or ü, an r at the end is erhua.
 * - "hh ax l ow": English phones.
 * - "sil 。 ， ?": silence and marks, of full or half width. "#57": a relative id itself.
 * - "i3:120": a phone and its duration in milliseconds, a whole number from 10 to 10000, rounded to frames of
 * 10 ms; what is more than one phone (ni3) takes none.
 *
 * A consonant that both languages have ("n", "b") is Mandarin when a Mandarin phone with a tone follows it at
 * once, English otherwise. mega_symbols_print writes the second form, which is read back as the same ids.
 *
 * Threads: pure. Source: the phone dictionary of MegaTTS 3 (Apache-2.0, ByteDance; NOTICE).
 */
#ifndef ORA_MODELS_MEGATTS3_SYMBOLS_H
#define ORA_MODELS_MEGATTS3_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "text/bpe.h"

/* The name of phone 0..173, NULL beyond. Phones 3..100 are Mandarin, 101..144 English, the rest silence and
 * marks. */
const char *mega_phone_symbol(int32_t phone);
/* Of a relative id: whether it is spoken in this language alone; silence and marks are of neither. */
bool mega_phone_is_mandarin(int32_t id);
bool mega_phone_is_english(int32_t id);

/* Appends the relative ids of text[0..len). BAD_INPUT names the word that is no phone. */
int mega_symbols_read(const char *text, size_t len, struct ora_ids *ids, struct ora_err *err);
/* The same, and to each the frames of 10 ms that its duration makes, 0 where none is given. */
int mega_symbols_read_timed(const char *text, size_t len, struct ora_ids *ids, struct ora_ids *frames,
                            struct ora_err *err);
/* Appends the symbols of ids, with spaces between them. */
void mega_symbols_print(const int32_t *ids, size_t count, struct ora_str *out);
/* Appends one symbol as mega_symbols_print writes it. */
void mega_symbol_add(int32_t id, struct ora_str *out);

#endif
