/*
 * Check: files, then one sentence twice through the family, then the judgement. Limits are wide: they come
 * from what any voice of any family does with a plain sentence, and from the family's own figures
 * (audio_s_per_char).
 */
#include "voice/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "voice/classes.h"
#include "voice/probe.h"
#include "voice/stage.h"
#include "voice/voice.h"

static const char *const verdict_names[] = {"PASS", "NOTE", "WARN", "FAIL"};

/* ---- findings ------------------------------------------------------------------------------- */

static void finding(struct ora_voice_report *r, enum ora_verdict verdict, const char *what, double value,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void finding(struct ora_voice_report *r, enum ora_verdict verdict, const char *what, double value,
                    const char *fmt, ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    if (verdict > r->worst)
        r->worst = verdict;
    ora_str_addf(&r->text, "%s %-12s %s\n", verdict_names[verdict], what, ora_str_c(&s));
    json_t *f =
        json_pack("{s:s, s:s, s:s}", "what", what, "verdict", verdict_names[verdict], "text", ora_str_c(&s));
    if (isfinite(value))
        json_object_set_new(f, "value", json_real(value));
    json_array_append_new(json_object_get(r->json, "findings"), f);
    ora_str_release(&s);
}

static enum ora_verdict within(double v, double low, double high)
{
    return v >= low && v <= high ? ORA_VERDICT_PASS : ORA_VERDICT_WARN;
}

/* ---- one rendering -------------------------------------------------------------------------- */

struct take {
    const struct ora_voice *voice;
    int rc;
    struct ora_err why;
    struct ora_signal signal;
    char sha256[65];
    bool keep;  /* its samples, to compare other classes of arithmetic with */
    float *pcm; /* then */
    size_t samples, characters;
    int sample_rate_hz;
    uint32_t dropped;
    size_t phones, words;
    const char *times_fault; /* NULL: phones and words lie in order inside the audio */
    double start_s, cpu_s;   /* of the rendering, without its judgement */
};

static const char *fault_of_times(const struct ora_spoken *s)
{
    uint64_t at = 0;
    for (size_t i = 0; i < s->phone_count; i++) {
        if (s->phones[i].start < at)
            return "phones overlap";
        at = (uint64_t)s->phones[i].start + s->phones[i].count;
    }
    if (at > s->samples)
        return "a phone ends after the audio";
    for (size_t i = 0; i < s->word_count; i++)
        if ((uint64_t)s->words[i].start + s->words[i].count > s->samples)
            return "a word ends after the audio";
    return NULL;
}

static int on_spoken(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct take *t = ctx;
    (void)index;
    t->cpu_s = ora_clock_thread_cpu_s() - t->start_s;
    t->rc = rc;
    if (rc < 0) {
        t->why = *why;
        return 0;
    }
    t->rc = ora_signal_measure(s->pcm, s->samples, s->sample_rate_hz, &t->signal, &t->why);
    if (t->rc < 0)
        return 0;
    ora_sha256_of(s->pcm, s->samples * sizeof *s->pcm, t->sha256);
    if (t->keep) {
        t->pcm = ora_xmalloc(s->samples * sizeof *t->pcm + 1);
        memcpy(t->pcm, s->pcm, s->samples * sizeof *t->pcm);
    }
    t->samples = s->samples;
    t->sample_rate_hz = s->sample_rate_hz;
    t->characters = ora_utf8_length(s->normalized_text, strlen(s->normalized_text));
    t->dropped = s->dropped_phonemes;
    t->phones = s->phone_count;
    t->words = s->word_count;
    t->times_fault = fault_of_times(s);
    return 0;
}

static int render_twice(const struct ora_family *f, const struct ora_model *model,
                        const struct ora_request *q, struct take takes[2], struct ora_err *err)
{
    struct ora_arena arena = {0};
    int rc = ora_voice_stage(f, model, q->text, &arena, err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        takes[i].start_s = ora_clock_thread_cpu_s();
        rc = f->synth(model, &arena, q, 1, on_spoken, &takes[i], err);
        ora_arena_reset(&arena, 0);
    }
    ora_arena_release(&arena);
    return rc;
}

/* ---- the judgement -------------------------------------------------------------------------- */

static void judge_signal(struct ora_voice_report *r, const struct take *t, bool noise_expected)
{
    const struct ora_signal *s = &t->signal;
    double nyquist = t->sample_rate_hz / 2.0;
    finding(r, s->not_finite ? ORA_VERDICT_FAIL : ORA_VERDICT_PASS, "finite", (double)s->not_finite,
            "%zu samples that are not numbers", s->not_finite);
    finding(r, s->beyond_full ? ORA_VERDICT_WARN : ORA_VERDICT_PASS, "clipping", (double)s->beyond_full,
            "%zu samples beyond full scale, peak %.1f dBFS", s->beyond_full, s->peak_dbfs);
    finding(r, s->rms_dbfs < -60 ? ORA_VERDICT_FAIL : within(s->rms_dbfs, -40, -6), "level", s->rms_dbfs,
            "%.1f dBFS RMS (plausible: -40 to -6)", s->rms_dbfs);
    finding(r, within(s->silence_share, 0, 0.5), "silence", s->silence_share,
            "%.0f %% of the time (plausible: up to 50 %%)", 100 * s->silence_share);
    if (noise_expected) {
        finding(r, ORA_VERDICT_NOTE, "spectrum", s->centroid_hz,
                "not judged: the weights are made by a formula");
        return;
    }
    finding(r, within(s->centroid_hz, 150, 4500), "centroid", s->centroid_hz,
            "%.0f Hz (plausible: 150 to 4500)", s->centroid_hz);
    finding(r, within(s->bandwidth_hz, 2500, nyquist), "bandwidth", s->bandwidth_hz,
            "%.0f Hz within 50 dB of the strongest (plausible: 2500 and more)", s->bandwidth_hz);
    finding(r, within(s->flatness, 0, 0.2), "noisiness", s->flatness,
            "spectral flatness %.4f (plausible: up to 0.2; white noise 1)", s->flatness);
}

static void judge_timing(struct ora_voice_report *r, const struct ora_family *f, const struct take *t)
{
    double seconds = (double)t->samples / t->sample_rate_hz;
    double per_char = t->characters ? seconds / (double)t->characters : 0;
    double usual = f->usual.audio_s_per_char > 0 ? f->usual.audio_s_per_char : 0.065;
    finding(r, within(per_char, usual / 2.5, usual * 2.5), "pace", per_char,
            "%.3f s a character, %.2f s in all (plausible: %.3f to %.3f)", per_char, seconds, usual / 2.5,
            usual * 2.5);
    finding(r, t->times_fault || !t->phones ? ORA_VERDICT_FAIL : ORA_VERDICT_PASS, "times", (double)t->phones,
            "%zu phones, %zu words%s%s", t->phones, t->words, t->times_fault ? ": " : "",
            t->times_fault ? t->times_fault : "");
    finding(r, ORA_VERDICT_PASS, "speed", t->cpu_s > 0 ? seconds / t->cpu_s : 0,
            "%.1f s of audio a second of one core", t->cpu_s > 0 ? seconds / t->cpu_s : 0);
}

static void judge(struct ora_voice_report *r, const struct ora_family *f, const struct ora_voice *v,
                  const struct take *t)
{
    if (t[0].rc < 0 || t[1].rc < 0) {
        finding(r, ORA_VERDICT_FAIL, "renders", NAN, "%s", t[0].rc < 0 ? t[0].why.message : t[1].why.message);
        return;
    }
    if (!t->samples) {
        finding(r, ORA_VERDICT_FAIL, "renders", 0, "no samples came out");
        return;
    }
    finding(r, strcmp(t[0].sha256, t[1].sha256) ? ORA_VERDICT_FAIL : ORA_VERDICT_PASS, "repeatable", NAN,
            "two renderings %s", strcmp(t[0].sha256, t[1].sha256) ? "differ" : "are bit for bit the same");
    finding(r, t->sample_rate_hz == v->sample_rate_hz ? ORA_VERDICT_PASS : ORA_VERDICT_FAIL, "sample rate",
            t->sample_rate_hz, "%d Hz, voice.yaml says %d", t->sample_rate_hz, v->sample_rate_hz);
    judge_signal(r, t, v->weights_random);
    judge_timing(r, f, t);
    finding(r, t->dropped ? ORA_VERDICT_NOTE : ORA_VERDICT_PASS, "phonemes", t->dropped,
            "%u left out of the sentence, because the voice does not know them", t->dropped);
}

/* "a b c", or "x→y z→w" of a list of {from, to}. */
static void join(struct ora_str *out, const json_t *list)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        const char *from = json_string_value(json_object_get(v, "from"));
        const char *to = json_string_value(json_object_get(v, "to"));
        ora_str_add(out, out->len ? " " : "");
        if (json_is_string(v))
            ora_str_add(out, json_string_value(v));
        else if (from && to)
            ora_str_addf(out, "%s→%s", from, *to ? to : "(nothing)");
    }
}

/* What the family knows of marks that training never saw, and of phonemes that it writes differently: facts
 * of struct ora_family's describe under the keys "untrained_symbols" (a list of texts) and "rewrites" (of
 * {from, to}). */
static void tell_facts(struct ora_voice_report *r, const json_t *facts)
{
    static const struct {
        const char *key, *what, *text;
    } known[] = {
        {"untrained_symbols", "untrained", "marks that training never saw"},
        {"rewrites", "rewrites", "written as the voice was trained"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const json_t *list = json_object_get(facts, known[i].key);
        struct ora_str s = ORA_STR_INIT;
        if (json_array_size(list)) {
            join(&s, list);
            finding(r, ORA_VERDICT_NOTE, known[i].what, (double)json_array_size(list), "%zu %s: %s",
                    json_array_size(list), known[i].text, ora_str_c(&s));
        }
        ora_str_release(&s);
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* A sentence without numbers, names or abbreviations, long enough to have a pause and all kinds of sounds. */
static const char *sentence_for(const char *lang)
{
    static const struct {
        const char *lang, *text;
    } sentences[] = {
        {"en",
         "The morning was cold and bright, and every boat in the harbour waited quietly for a little wind."},
        {"de", "Der Morgen war kalt und klar, und jedes Boot im Hafen wartete still auf ein wenig Wind."},
        {"fr",
         "Le matin était froid et clair, et chaque bateau du port attendait sans bruit un peu de vent."},
        {"es", "La mañana era fría y clara, y cada barco del puerto esperaba en silencio un poco de viento."},
        {"it",
         "La mattina era fredda e chiara, e ogni barca nel porto aspettava in silenzio un po' di vento."},
    };
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (ora_starts_with(lang, sentences[i].lang))
            return sentences[i].text;
    return sentences[0].text;
}

/* The file itself is hashed: packs that were made of it when it was sound may still speak. */
static void verify(const struct ora_voice *v, const char *what, struct ora_voice_report *r)
{
    struct ora_err why = {0};
    if (ora_voice_verify(v, &why) < 0)
        finding(r, ORA_VERDICT_FAIL, what, NAN, "%s", why.message);
    else
        finding(r, ORA_VERDICT_PASS, what, NAN, "SHA-256 %s", v->model_sha256);
}

static void family_finding(void *ctx, enum ora_verdict verdict, const char *what, const char *text)
{
    finding(ctx, verdict, what, NAN, "%s", text);
}

/* What the family tells of the voice's files. */
static void inspect(const struct ora_voice *v, const struct ora_family *f, struct ora_voice_report *r)
{
    struct ora_err why = {0};
    if (f->inspect && f->inspect(v, family_finding, r, &why) < 0)
        finding(r, ORA_VERDICT_FAIL, "inspection", NAN, "%s", why.message);
}

/* The family's setting at both of its values: what a listener pays for the cheaper one. */
static int probe(const struct ora_voice *v, const struct ora_family *f, const struct ora_model *model,
                 const struct ora_request *q, struct ora_voice_report *r, struct ora_err *err)
{
    struct ora_probe_result p;
    struct ora_str text = ORA_STR_INIT;
    if (!f->probe)
        return 0;
    int rc = ora_voice_probe(v, model, q, &p, err);
    if (rc < 0)
        return rc;
    ora_voice_probe_tell(&p, f->probe, &text);
    finding(r, p.failed ? ORA_VERDICT_FAIL : ORA_VERDICT_NOTE, f->probe->setting, p.spectrum_db, "%s",
            ora_str_c(&text));
    ora_str_release(&text);
    return 0;
}

/* The sentence in the classes of arithmetic that a run may be told to use. */
static int compare_classes(const struct ora_voice *v, const struct take *take, const struct ora_request *q,
                           const char *cache_dir, struct ora_voice_report *r, struct ora_err *err)
{
    struct ora_class_results all;
    const struct ora_class_take was = {take->pcm, take->samples, take->sample_rate_hz, take->cpu_s};
    int rc = ora_voice_classes(v, &was, q, cache_dir, &all, err);
    for (size_t i = 0; rc == 0 && i < all.count; i++) {
        struct ora_str text = ORA_STR_INIT;
        const struct ora_class_result *c = &all.item[i];
        ora_class_result_tell(c, &text);
        finding(r, ora_class_result_verdict(c), c->arithmetic, c->level && c->rc == 0 ? c->snr_db : NAN, "%s",
                ora_str_c(&text));
        ora_str_release(&text);
    }
    return rc;
}

static int render_and_judge(const struct ora_voice *v, const struct ora_family *f,
                            const struct ora_model *model, const struct ora_voice_check_options *o,
                            struct ora_voice_report *r, struct ora_err *err)
{
    struct ora_request q = {
        .id = "voice-check",
        .text = o->text ? o->text : sentence_for(v->lang),
        .speaker = o->speaker < 0 ? v->default_speaker : o->speaker,
        .speed = 1,
        .seed = 1,
    };
    bool any_level =
        !o->kernels || strcmp(o->kernels, "auto") == 0; /* else that level alone is asked about */
    struct take takes[2] = {{.voice = v, .keep = any_level}, {.voice = v}};
    json_t *facts = NULL;
    int rc = ora_settings_init(f, v, &q.settings, err);
    if (rc == 0)
        rc = render_twice(f, model, &q, takes, err);
    if (rc < 0)
        goto out_free;
    judge(r, f, v, takes);
    if (takes[0].rc == 0)
        rc = probe(v, f, model, &q, r, err);
    if (rc == 0 && takes[0].rc == 0 && any_level)
        rc = compare_classes(v, &takes[0], &q, o->cache_dir, r, err);
    if (rc == 0 && f->describe && f->describe(model, &facts, err) == 0) {
        tell_facts(r, facts);
        json_object_set_new(r->json, "facts", facts);
    }
out_free:
    free(takes[0].pcm);
    return rc;
}

int ora_voice_check(const struct ora_voice *v, const struct ora_voice_check_options *o,
                    struct ora_voice_report *r, struct ora_err *err)
{
    struct ora_open_options open_options = {.kernels = o->kernels, .cache_dir = o->cache_dir};
    const struct ora_family *f = ora_family_find(v->family);
    struct ora_model *model = NULL;
    struct ora_err why = {0};
    int rc = 0;
    *r = (struct ora_voice_report){
        .json = json_pack("{s:s, s:s, s:[]}", "voice", v->name, "model_sha256", v->model_sha256, "findings")};
    if (!f)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s': family '%s' is not one of this build", v->name,
                           v->family);
    verify(v, "weights", r);
    if (v->base)
        verify(v->base, "base weights", r);
    inspect(v, f, r);
    bool speaks = !f->is_base || !f->is_base(v); /* of a base the files are all there is to judge */
    if (speaks && f->open(v, &open_options, &model, &why) < 0) {
        finding(r, ORA_VERDICT_FAIL, "opens", NAN, "%s", why.message);
    } else if (speaks) {
        finding(r, ORA_VERDICT_PASS, "opens", NAN, "family %s, kernels %s", f->name, f->level(model));
        rc = render_and_judge(v, f, model, o, r, err);
        f->close(&model);
    }
    json_object_set_new(r->json, "verdict", json_string(verdict_names[r->worst]));
    return rc;
}

void ora_voice_report_release(struct ora_voice_report *r)
{
    ora_str_release(&r->text);
    json_decref(r->json);
    *r = (struct ora_voice_report){0};
}
