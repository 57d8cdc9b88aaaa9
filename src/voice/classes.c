/* Classes: one rendering a class, compared sample by sample with f32-direct's. The noise of a voice is keyed
 * by the utterance, so that what differs is rounding, unless a length flips: then there is no SNR to tell. */
#include "voice/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/level.h"
#include "audio/pcm.h"
#include "base/clock.h"
#include "base/mem.h"
#include "nn/kernels/precision.h"
#include "voice/stage.h"

struct take {
    struct ora_class_take take;
    float *pcm; /* the same, owned */
    int rc;
    struct ora_err why;
    double start_s;
};

static int on_spoken(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct take *t = ctx;
    (void)index;
    t->take.cpu_s = ora_clock_thread_cpu_s() - t->start_s;
    t->rc = rc;
    if (rc < 0) {
        t->why = *why;
        return 0;
    }
    t->pcm = ora_trymalloc(s->samples * sizeof *t->pcm + 1);
    if (!t->pcm) {
        t->rc = ora_err_set(&t->why, ORA_E_NO_MEMORY, "%zu samples", s->samples);
        return 0;
    }
    memcpy(t->pcm, s->pcm, s->samples * sizeof *t->pcm);
    t->take.pcm = t->pcm;
    t->take.samples = s->samples;
    t->take.sample_rate_hz = s->sample_rate_hz;
    return 0;
}

static int speak(const struct ora_family *f, const struct ora_model *model, const struct ora_request *q,
                 struct take *t, struct ora_err *err)
{
    struct ora_arena arena = {0};
    int rc = ora_voice_stage(f, model, q->text, &arena, err);
    t->start_s = ora_clock_thread_cpu_s();
    if (rc == 0)
        rc = f->synth(model, &arena, q, 1, on_spoken, t, err);
    ora_arena_release(&arena);
    if (rc == 0 && t->rc < 0)
        rc = ora_err_set(err, t->rc, "%s", t->why.message);
    return rc;
}

static double rms(const struct ora_class_take *t)
{
    struct ora_level level;
    ora_level_measure(t->pcm, t->samples, &level);
    return level.rms;
}

static double rms_of_difference(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return n ? sqrt(sum / (double)n) : 0;
}

static void compare(const struct ora_class_take *was, const struct ora_class_take *is,
                    struct ora_class_result *r)
{
    r->seconds_more = ((double)is->samples - (double)was->samples) / was->sample_rate_hz;
    r->level_more_db = ora_pcm_dbfs(rms(is)) - ora_pcm_dbfs(rms(was));
    r->times_as_fast = is->cpu_s > 0 ? was->cpu_s / is->cpu_s : 0;
    r->snr_db = NAN;
    if (is->samples != was->samples || is->sample_rate_hz != was->sample_rate_hz)
        return;
    double noise = rms_of_difference(was->pcm, is->pcm, is->samples);
    r->snr_db = noise == 0 ? INFINITY : 20 * log10(rms(was) / noise);
}

static void render_class(const struct ora_voice *v, const struct ora_family *f, const struct ora_request *q,
                         const char *cache_dir, const struct ora_class_take *was, struct ora_class_result *r)
{
    struct ora_open_options options = {.kernels = r->level, .cache_dir = cache_dir};
    struct ora_model *model = NULL;
    struct take is = {.pcm = NULL};
    r->rc = f->open(v, &options, &model, &r->why);
    if (r->rc == 0)
        r->rc = speak(f, model, q, &is, &r->why);
    if (r->rc == 0)
        compare(was, &is.take, r);
    if (model)
        f->close(&model);
    free(is.pcm);
}

/* Of float grade are the classes whose operands keep a float's digits. */
static bool is_float_grade(const char *arithmetic)
{
    return strcmp(arithmetic, "f32-wino") == 0 || strcmp(arithmetic, "split") == 0;
}

static bool is_compared(const char *word)
{
    return ora_arithmetic_find(word) && strcmp(word, "f32-direct") != 0 && strcmp(word, "f32-blas") != 0;
}

int ora_voice_classes(const struct ora_voice *v, const struct ora_class_take *was,
                      const struct ora_request *q, const char *cache_dir, struct ora_class_results *out,
                      struct ora_err *err)
{
    const struct ora_family *f = ora_family_find(v->family);
    struct ora_levels here;
    out->count = 0;
    int rc = ora_levels_here(&here, err);
    for (size_t i = 0; rc == 0 && ora_precision_word(i) && out->count < ORA_CLASSES_MAX; i++) {
        if (!is_compared(ora_precision_word(i)))
            continue;
        struct ora_class_result *r = &out->item[out->count++];
        *r = (struct ora_class_result){.arithmetic = ora_precision_word(i)};
        r->float_grade = is_float_grade(r->arithmetic);
        r->level = ora_precision_level(r->arithmetic, NULL, &here, "this processor", &r->why);
        if (r->level)
            render_class(v, f, q, cache_dir, was, r);
    }
    return rc;
}

enum ora_verdict ora_class_result_verdict(const struct ora_class_result *r)
{
    if (!r->level)
        return ORA_VERDICT_NOTE;
    if (r->rc < 0)
        return ORA_VERDICT_FAIL;
    if (!r->float_grade)
        return ORA_VERDICT_NOTE;
    return r->snr_db >= ORA_CLASS_BAR_DB ? ORA_VERDICT_PASS : ORA_VERDICT_WARN;
}

void ora_class_result_tell(const struct ora_class_result *r, struct ora_str *out)
{
    if (!r->level) {
        ora_str_addf(out, "not run: %s", r->why.message);
        return;
    }
    if (r->rc < 0) {
        ora_str_addf(out, "level %s: %s", r->level, r->why.message);
        return;
    }
    if (isinf(r->snr_db) && r->snr_db > 0)
        ora_str_add(out, "the same bits as f32-direct");
    else if (isnan(r->snr_db))
        ora_str_add(out, "no SNR beside f32-direct, other lengths or no numbers");
    else
        ora_str_addf(out, "%.1f dB beside f32-direct", r->snr_db);
    if (r->float_grade)
        ora_str_addf(out, " (wanted: %.0f)", ORA_CLASS_BAR_DB);
    ora_str_addf(out, ", level %s, duration %+.3f s, loudness %+.2f dB", r->level, r->seconds_more,
                 r->level_more_db);
    if (r->times_as_fast > 0)
        ora_str_addf(out, ", %.2f times as fast", r->times_as_fast);
}
