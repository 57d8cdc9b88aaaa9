/*
 * Phonemes: a text becomes sentences of IPA by espeak-ng 1.51+, in the form that Piper voices were trained on
 * (vits spec 1.2-1.5). The only file that touches espeak-ng is phonemes_espeak.c; one process-wide lock
 * inside.
 *
 * The texts given here are normalised already (text/rules.h). Dots of known abbreviations are masked before
 * the call, so that "Dr. Smith" does not end a sentence, and the texts' byte offsets are those of the
 * caller's text.
 */
#ifndef ORA_TEXT_PHONEMES_H
#define ORA_TEXT_PHONEMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* One sentence as espeak-ng sees it: one model run. */
struct ora_phoneme_sentence {
    char
        *phonemes; /* UTF-8, NFD code points, clause marks included (", " "." …), language switches removed */
    size_t text_start, text_len; /* bytes of the text it came from */
};

struct ora_phoneme_text {
    struct ora_phoneme_sentence *sentence; /* those with no phonemes at all are left out */
    size_t count;
};

/* espeak_voice: "en-us". Errors: UNSUPPORTED (no such espeak voice), BAD_INPUT (not UTF-8), INTERNAL (no
 * espeak data). */
int ora_phonemes_of(const char *espeak_voice, const char *text, struct ora_phoneme_text *out,
                    struct ora_err *err);
/* The same without masking: raw espeak-ng by the spec, for parity tests. */
int ora_phonemes_raw(const char *espeak_voice, const char *text, struct ora_phoneme_text *out,
                     struct ora_err *err);
void ora_phoneme_text_release(struct ora_phoneme_text *t);

/* Word alignment: which phoneme code points of a sentence belong to which word of its text, by aligning the
 * phonemes of single words to the sentence's. */
struct ora_word_span {
    uint32_t text_start, text_len; /* bytes of the text given to ora_phonemes_of */
    uint32_t first, count;         /* code points of sentence->phonemes */
    uint32_t flags;                /* ORA_SPAN_… */
};
enum { ORA_SPAN_MERGED = 1, ORA_SPAN_APPROXIMATE = 2, ORA_SPAN_UNKNOWN = 4 };
/* *spans is a fresh array of *count; caller frees. */
int ora_word_spans(const char *espeak_voice, const char *text, const struct ora_phoneme_sentence *s,
                   struct ora_word_span **spans, size_t *count, struct ora_err *err);

#endif
