/* Stage: plan, then an arena of that size. */
#include "voice/stage.h"

#include <string.h>

#include "base/utf8.h"

enum { SPARE_CHARS = 64 }; /* beyond those of the text */

int ora_voice_stage(const struct ora_family *f, const struct ora_model *model, const char *text,
                    struct ora_arena *arena, struct ora_err *err)
{
    struct ora_limits limits = {(uint32_t)ora_utf8_length(text, strlen(text)) + SPARE_CHARS};
    struct ora_plan plan;
    int rc = f->plan(model, &limits, &plan, err);
    return rc < 0 ? rc : ora_arena_init(arena, plan.arena_bytes, err);
}
