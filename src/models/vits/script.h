/*
 * Script: what the front end makes of one request, before any model runs: the text as it will be spoken, its
 * sentences as tokens, which code points belong to which word. The only part of synth that allocates as it
 * likes.
 */
#ifndef ORA_MODELS_VITS_SCRIPT_H
#define ORA_MODELS_VITS_SCRIPT_H

#include "models/vits/model.h"
#include "text/phonemes.h"

/* When a code point of the phonemes sounded, in samples of the utterance; first > last: it did not. */
struct vits_when {
    uint32_t first, last;
};

struct vits_sentence {
    struct vits_spelling spelling;
    struct ora_word_span *span;
    size_t spans;
    struct vits_when *when; /* [spelling.source_count], filled while speaking */
};

struct vits_script {
    struct ora_str normalized;
    struct vits_sentence *sentence; /* each has at least one token */
    size_t count;
    size_t tokens, ids, spans; /* sums over the sentences */
    uint32_t dropped,
        rewritten; /* phonemes left out; places a rewrite changed: of all sentences, mute ones too */
    struct vits_dropped *dropped_kind;
    size_t dropped_kinds;
};

/* BAD_INPUT when nothing is left to speak; NO_WORDS, FOREIGN_SCRIPT for texts that espeak-ng would only spell
 * out. */
int vits_script_make(const struct ora_model *m, const struct ora_request *request, struct vits_script *s,
                     struct ora_err *err);
void vits_script_release(struct vits_script *s);

#endif
