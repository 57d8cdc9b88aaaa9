/* What is told of a class: tables of results, and the built-in voice, which has no kernels, in every class.
 */
#include "voice/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "voice/stage.h"
#include "voice/voice.h"

ORA_TEST(verdicts_and_words)
{
    static const struct {
        struct ora_class_result r;
        enum ora_verdict verdict;
        const char *parts[3];
    } cases[] = {
        {{.arithmetic = "f32-wino",
          .level = "avx2-wino",
          .float_grade = true,
          .snr_db = 101.4,
          .times_as_fast = 1.37},
         ORA_VERDICT_PASS,
         {"101.4 dB beside f32-direct (wanted: 80)", "level avx2-wino", "1.37 times as fast"}},
        {{.arithmetic = "split", .level = "amx-split", .float_grade = true, .snr_db = 79.9},
         ORA_VERDICT_WARN,
         {"79.9 dB", "duration +0.000 s", "loudness +0.00 dB"}},
        {{.arithmetic = "plain", .level = "amx", .snr_db = 44.5, .seconds_more = -0.25, .level_more_db = 0.5},
         ORA_VERDICT_NOTE,
         {"44.5 dB", "duration -0.250 s", "loudness +0.50 dB"}},
        {{.arithmetic = "split", .level = "amx-split", .float_grade = true, .snr_db = NAN},
         ORA_VERDICT_WARN,
         {"no SNR", "wanted: 80"}},
        {{.arithmetic = "f32-wino", .level = "avx2-wino", .float_grade = true, .snr_db = INFINITY},
         ORA_VERDICT_PASS,
         {"the same bits"}},
        {{.arithmetic = "plain", .why = {.message = "arithmetic plain needs amx"}},
         ORA_VERDICT_NOTE,
         {"not run: arithmetic plain needs amx"}},
        {{.arithmetic = "plain", .level = "amx", .rc = -1, .why = {.message = "out of tune"}},
         ORA_VERDICT_FAIL,
         {"level amx", "out of tune"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str text = ORA_STR_INIT;
        ora_class_result_tell(&cases[i].r, &text);
        ORA_CHECK_INT(ora_class_result_verdict(&cases[i].r), cases[i].verdict);
        for (int k = 0; k < 3 && cases[i].parts[k]; k++)
            if (!strstr(ora_str_c(&text), cases[i].parts[k]))
                ORA_FAIL("\"%s\" is without \"%s\"", ora_str_c(&text), cases[i].parts[k]);
        ora_str_release(&text);
    }
}

static int keep(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct ora_class_take *t = ctx;
    (void)index, (void)why;
    ORA_CHECK_INT(rc, 0);
    float *pcm = malloc(s->samples * sizeof *pcm);
    memcpy(pcm, s->pcm, s->samples * sizeof *pcm);
    *t = (struct ora_class_take){pcm, s->samples, s->sample_rate_hz, 0.001};
    return 0;
}

ORA_TEST(every_class_of_this_processor_is_compared)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    struct ora_model *model = NULL;
    struct ora_class_results all;
    ORA_CHECK_OK(ora_voice_open("tone", &v, &err), err);
    ORA_REQUIRE(v);
    const struct ora_family *f = ora_family_find(v->family);
    struct ora_request q = {.id = "x", .text = "One sentence.", .speed = 1};
    ORA_CHECK_OK(ora_settings_init(f, v, &q.settings, &err), err);
    ORA_CHECK_OK(f->open(v, &(struct ora_open_options){0}, &model, &err), err);
    struct ora_class_take was = {0};
    struct ora_arena arena = {0};
    ORA_CHECK_OK(ora_voice_stage(f, model, q.text, &arena, &err), err);
    ORA_CHECK_OK(f->synth(model, &arena, &q, 1, keep, &was, &err), err);
    ora_arena_release(&arena);
    setenv("ORATORIO_KERNELS", "scalar", 1);
    ORA_CHECK_OK(ora_voice_classes(v, &was, &q, NULL, &all, &err), err);
    unsetenv("ORATORIO_KERNELS");
    ORA_CHECK_INT(all.count, 4); /* f32-wino, split, plain, plain-dp */
    for (size_t i = 0; i < all.count; i++)
        ORA_CHECK(!all.item[i].level && strstr(all.item[i].why.message, "has scalar"));
    ORA_CHECK_OK(ora_voice_classes(v, &was, &q, NULL, &all, &err), err);
    for (size_t i = 0; i < all.count; i++)
        if (all.item[i].level) {
            ORA_CHECK_INT(all.item[i].rc, 0);
            ORA_CHECK(isinf(all.item[i].snr_db) && all.item[i].seconds_more == 0);
        }
    free((float *)was.pcm);
    f->close(&model);
    ora_voice_close(&v);
}
