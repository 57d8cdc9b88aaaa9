/*
 * Record: one JSON object that tells all of an utterance that is the same whoever renders it, on one line.
 *
 * The fields stand in a fixed order and are always there (only "weights" and "extra" come when there is
 * something to say); a text that is not known is "", never null: loaders that infer columns from the first
 * rows (Arrow) then read every row. For the same reason alignments are lists of objects and not of mixed
 * triples.
 */
#ifndef ORA_RENDER_RECORD_H
#define ORA_RENDER_RECORD_H

#include "base/err.h"
#include "base/str.h"
#include "render/finish.h"
#include "render/render.h"

struct ora_record_source {
    const struct ora_render_spec *spec;
    const struct ora_utterance *utterance;
    const struct ora_voice *voice;
    const struct ora_family *family;
    const struct ora_settings *settings;
    int speaker;
    const struct ora_spoken *spoken;
    const struct ora_finished *finished;
};

/* Clears *out and writes the object and a newline. BAD_INPUT: extra_json is not a JSON object. */
int ora_record_write(const struct ora_record_source *r, struct ora_str *out, struct ora_err *err);

#endif
