/*
 * Stage: the memory that one sentence is spoken in, sized by the family's plan for just that sentence. For
 * those who judge a voice; runs have src/render.
 *
 *     struct ora_arena arena = {0};
 *     rc = ora_voice_stage(family, model, request.text, &arena, &err);
 *     ... family->synth(model, &arena, &request, 1, ...) ...
 *     ora_arena_release(&arena);          // also after an error
 */
#ifndef ORA_VOICE_STAGE_H
#define ORA_VOICE_STAGE_H

#include "base/arena.h"
#include "models/family.h"

int ora_voice_stage(const struct ora_family *f, const struct ora_model *model, const char *text,
                    struct ora_arena *arena, struct ora_err *err);

#endif
