/*
 * Text: what a request says, as MegaTTS 3 reads it. One text becomes chunks that are spoken one after the
 * other, each of parts that are either tokens for the G2P language model or phones that the text itself
 * gives.
 *
 *     mega_text_open(&files, &text, &err);
 *     mega_script_make(text, &(struct mega_text_request){.text = …, .lang = "en"}, &script, &err);
 *     // each script.chunk: run the G2P on the parts with ids, then
 *     count = mega_chunk_phones(&chunk, generated, written, ids);
 *     // where the G2P reached its limit, two halves instead:
 *     mega_chunk_split(text, &script, &chunk, halves, &err);
 *     mega_script_release(&script);
 *     mega_text_close(&text);
 *
 * Language: a text with a Han character (U+4E00..9FFF) takes the Chinese path, any other the English one; a
 * text without letters takes the one of `lang`. The path chooses normaliser and chunker; the G2P reads both.
 * A text most of whose letters are neither Latin nor Chinese is not spoken.
 *
 * Phones in a text stand in [[ ]]: "[[n i3 h ao3]]", "[[ni3 hao3]]", "[[hh ax l ow]]", as symbols.h tells.
 * They are taken as they are, also those that a lexicon puts there. Each may have its duration in
 * milliseconds: "[[n:60 i3:120]]". text/brackets.h tells where brackets begin and end, and how those are
 * written that are text.
 *
 * Threads: a struct mega_text is read-only after opening.
 * Source: ByteDance's MegaTTS 3, its chunking and prompt.
 */
#ifndef ORA_MODELS_MEGATTS3_TEXT_H
#define ORA_MODELS_MEGATTS3_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "models/megatts3/dims.h"

struct ora_text_rules;
struct mega_text;

struct mega_text_files {
    const char *name;           /* of the voice, for messages */
    const void *vocab, *merges; /* the bytes of vocab.json and merges.txt (tensors bpe.vocab, bpe.merges) */
    size_t vocab_bytes, merges_bytes;
    const struct mega_g2p_dims *dims; /* bot, bos, speech_start */
};

int mega_text_open(const struct mega_text_files *files, struct mega_text **text, struct ora_err *err);
/* One whose vocabulary is the 256 bytes, so that ids are bytes: for what hangs on no vocabulary. */
int mega_text_open_bytes(struct mega_text **text, struct ora_err *err);
void mega_text_close(struct mega_text **text);

struct mega_text_request {
    const char *text;                   /* valid UTF-8 */
    bool text_is_phonemes;              /* text is what stands in [[ ]], a chunk a line */
    bool heading;                       /* text is a heading: "I" alone is a number */
    const struct ora_text_rules *rules; /* lexicon, or NULL */
    const char *lang;                   /* BCP-47 or NULL */
    bool reference; /* `normaliser: reference`: drops 啊, 呃 and 儿 as the reference does, keeps 《》 */
};

/* A piece of a chunk: tokens for the G2P, or phones that were given. */
struct mega_chunk_part {
    uint32_t start, len; /* bytes of script.normalized */
    int32_t *ids;        /* [count] [BOT] text [BOS] [sil], ready for the G2P; NULL when phones are given */
    int32_t *phones;     /* [count] relative ids (models/megatts3/phones.h); NULL when there are ids */
    int count;
    int32_t *frames; /* [count] durations given with the phones, 0: none; NULL: none at all */
};

struct mega_chunk {
    uint32_t start, len; /* bytes of script.normalized: just what is spoken */
    bool is_zh;
    bool is_phones; /* its text is phones without [[ ]]: a line of text_is_phonemes */
    struct mega_chunk_part *part;
    size_t parts; /* ≥ 1; 1 unless phones stand inside a text */
};

/* A Chinese character, or a word of letters and digits. */
struct mega_word {
    uint32_t start, len; /* bytes of script.normalized */
    bool is_han;         /* one syllable */
};

struct mega_script {
    struct ora_str normalized; /* as it is spoken: the chunks, English ones with a space between them */
    bool is_zh;
    char lang[36]; /* BCP-47 of the path taken, or of the phones where there is nothing else: the request's
                      where that is of this language, else "zh" or "en"; "": phones alone that tell none */
    struct mega_chunk *chunk;
    size_t chunks; /* ≥ 1 */
};

/* Whether the phones that a text gives can be read: what stands in its [[ ]], or all of it. Needs no voice,
 * and is what mega_script_make begins with: BAD_INPUT for brackets that are not closed or empty, for a word
 * that is no phone (named), for a duration that cannot be; NO_WORDS where nothing is spoken, as the phones
 * are silence and marks and nothing stands beside them. */
int mega_text_check(const char *text, bool is_phonemes, struct ora_err *err);

/* NO_WORDS when nothing is left to speak; FOREIGN_SCRIPT for more than half of the letters; BAD_INPUT for
 * phones that are none (named), for text that is not UTF-8. */
int mega_script_make(const struct mega_text *text, const struct mega_text_request *request,
                     struct mega_script *script, struct ora_err *err);
void mega_script_release(struct mega_script *script);

/* Cuts a chunk in two at the best place near its middle: behind a sentence's end, else a clause's, else
 * between words, else between characters (never inside one). [[ ]] is cut only where nothing else is spoken,
 * between two phones. The halves are the caller's; the chunk stays as it is. LIMIT when it cannot be cut. */
int mega_chunk_split(const struct mega_text *text, const struct mega_script *script,
                     const struct mega_chunk *chunk, struct mega_chunk halves[2], struct ora_err *err);
void mega_chunk_release(struct mega_chunk *chunk);

/* A chunk's relative ids: sil, then each part's: given phones, or what the G2P wrote for it,
 * generated[part][0..written[part]) whose last (the end) is left out. Returns how many; out has room for 1 +
 * the sum of all; frames as much: the durations that are given, 0 for the others. generated and written are
 * not read for parts with phones. */
size_t mega_chunk_phones(const struct mega_chunk *chunk, const int32_t *const *generated, const int *written,
                         int32_t *out, int32_t *frames);

/* The words of a chunk in order; *words is fresh, the caller frees it. Marks and what stands in [[ ]] are
 * none. */
size_t mega_chunk_words(const struct mega_script *script, const struct mega_chunk *chunk,
                        struct mega_word **words);

/* The tokens of any text with the prompt around it, [BOT] text [BOS] [sil]: for the single words of an
 * alignment. Fresh array in *ids, caller frees. */
int mega_text_ids(const struct mega_text *text, const char *bytes, size_t len, int32_t **ids, int *count,
                  struct ora_err *err);

#endif
