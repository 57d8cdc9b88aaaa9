/* How fast a voice speaks, by a family of the test's own that takes as long as it is told. */
#include "voice/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

static const struct ora_setting_def no_settings[] = {{0}};
static int opened, spoken;
static double core_s = 0.02; /* a sentence */

static int slow_open(const struct ora_voice *v, const struct ora_open_options *o, struct ora_model **m,
                     struct ora_err *err)
{
    (void)v, (void)o, (void)err;
    opened++;
    *m = (struct ora_model *)&opened;
    return 0;
}

static void slow_close(struct ora_model **m)
{
    opened--;
    *m = NULL;
}

static int slow_plan(const struct ora_model *m, const struct ora_limits *l, struct ora_plan *p,
                     struct ora_err *err)
{
    (void)m, (void)l, (void)err;
    *p = (struct ora_plan){.arena_bytes = 64, .max_batch = 1};
    return 0;
}

/* A tenth of a second of audio a character. */
static int slow_synth(const struct ora_model *m, struct ora_arena *a, const struct ora_request *q,
                      size_t count, ora_emit_fn *emit, void *ctx, struct ora_err *err)
{
    (void)m, (void)a, (void)count, (void)err;
    double end = ora_clock_thread_cpu_s() + core_s;
    while (ora_clock_thread_cpu_s() < end)
        ;
    spoken++;
    struct ora_spoken s = {
        .samples = 800 * strlen(q->text), .sample_rate_hz = 8000, .normalized_text = q->text};
    struct ora_err why = {.code = ORA_E_BAD_INPUT, .message = "hoarse"};
    return q->text[0] == '!' ? emit(ctx, 0, ORA_E_BAD_INPUT, NULL, &why) : emit(ctx, 0, 0, &s, NULL);
}

static struct ora_family slow = {.name = "tone",
                                 .settings = no_settings,
                                 .usual = {.audio_s_per_char = 0.05, .core_s_per_audio_s = 0.01},
                                 .open = slow_open,
                                 .close = slow_close,
                                 .plan = slow_plan,
                                 .synth = slow_synth};

const struct ora_family *ora_family_at(size_t i)
{
    return i == 0 ? &slow : NULL;
}

const struct ora_family *ora_family_find(const char *name)
{
    return strcmp(name, slow.name) == 0 ? &slow : NULL;
}

void ora_family_cost(const struct ora_family *f, const struct ora_voice *v, const struct ora_settings *s,
                     struct ora_cost *cost)
{
    (void)v, (void)s;
    *cost = f->usual;
}

static const char *const two[] = {"aaaaaaaaaa", "bbbbbbbbbb", NULL}; /* a second of audio each */

ORA_TEST(sentences_tell_the_pace)
{
    struct ora_voice v = {.name = "v", .family = "tone", .lang = "en"};
    struct ora_voice_pace p;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_voice_pace(&v, "scalar", two, &p, &err), err);
    ORA_CHECK_INT(p.sentences, 2);
    ORA_CHECK_NEAR(p.longer, 2, 1e-9);
    ORA_CHECK(p.dearer >= 2 && p.dearer < 4); /* 0.02 s a second of audio, foretold 0.01 */
    ORA_CHECK_INT(opened, 0);
}

ORA_TEST(after_a_second_it_is_enough)
{
    struct ora_voice v = {.name = "v", .family = "tone", .lang = "en"};
    struct ora_voice_pace p;
    struct ora_err err = {0};
    spoken = 0;
    core_s = 1.01;
    ORA_CHECK_OK(ora_voice_pace(&v, "scalar", two, &p, &err), err);
    ORA_CHECK_INT(spoken, 1);
    core_s = 0.02;
}

/* Foretold 5 s: nothing is opened, and only the processor is asked. */
ORA_TEST(a_slow_voice_is_not_spoken_with)
{
    struct ora_voice v = {.name = "v", .family = "tone", .lang = "en"};
    struct ora_voice_pace p;
    struct ora_err err = {0};
    spoken = 0;
    slow.usual.core_s_per_audio_s = 10;
    ORA_CHECK_OK(ora_voice_pace(&v, "scalar", two, &p, &err), err);
    ORA_CHECK_INT(spoken + p.sentences, 0);
    ORA_CHECK_NEAR(p.longer, 1, 0);
    ORA_CHECK(p.dearer > 0.5 && p.dearer < 1e4); /* by the portable level: some twenty times */
    slow.usual.core_s_per_audio_s = 0.01;
}

ORA_TEST(what_cannot_be_spoken_is_told)
{
    struct ora_voice v = {.name = "v", .family = "tone", .lang = "en"};
    struct ora_voice_pace p;
    struct ora_err err = {0};
    ORA_CHECK(ora_voice_pace(&v, "scalar", (const char *const[]){"!", NULL}, &p, &err) < 0);
    ORA_CHECK_STR(err.message, "hoarse");
    ORA_CHECK_INT(opened, 0);
}
