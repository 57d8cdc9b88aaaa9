/*
 * How often a check renders, with a registry of the test's own, so that the one of src/models is not linked:
 * the built-in voice's family, counted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "voice/check.h"
#include "voice/voice.h"

extern const struct ora_family ora_family_tone;

static struct ora_family counted;
static int renderings;

static int count_and_speak(const struct ora_model *model, struct ora_arena *arena,
                           const struct ora_request *q, size_t count, ora_emit_fn *emit, void *ctx,
                           struct ora_err *err)
{
    renderings += (int)count;
    return ora_family_tone.synth(model, arena, q, count, emit, ctx, err);
}

const struct ora_family *ora_family_at(size_t i)
{
    return i == 0 ? &counted : NULL;
}

const struct ora_family *ora_family_find(const char *name)
{
    counted = ora_family_tone;
    counted.synth = count_and_speak;
    return strcmp(name, counted.name) == 0 ? &counted : NULL;
}

/* At a level that has no other class of arithmetic: twice, to see whether it repeats. */
ORA_TEST(the_sentence_is_not_rendered_again_to_be_compared)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    struct ora_voice_check_options o = {.speaker = -1};
    struct ora_voice_report r = {0};
    setenv("ORATORIO_KERNELS", "scalar", 1);
    ORA_CHECK_OK(ora_voice_open("tone", &v, &err), err);
    ORA_CHECK_OK(ora_voice_check(v, &o, &r, &err), err);
    ORA_CHECK_INT(renderings, 2);
    ORA_CHECK(strstr(ora_str_c(&r.text), "NOTE f32-wino"));
    ora_voice_report_release(&r);
    ora_voice_close(&v);
}
