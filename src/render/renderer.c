/*
 * Renderer: opened voices, one arena, and the loop that hands utterances to their family in groups and
 * finished audio on.
 *
 * A group is a run of utterances of one voice, at most plan.max_batch of them. An utterance that cannot even
 * be asked for (no such speaker, a setting out of bounds) ends the group before it, so that results come in
 * the order of the input. Buffers grow with the utterances up to a bound and stay: rendering the
 * ten-thousandth allocates nothing that the first did not.
 */
#include "render/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "nn/kernels/precision.h"
#include "render/finish.h"
#include "render/record.h"
#include "text/rules.h"
#include "voice/voice.h"

enum { GROUP_MAX = 64 };

/* A voice in use, and what the last utterance asked of it: lines of one corpus mostly ask the same. */
struct slot {
    struct slot *next;
    char *name;
    struct ora_voice *voice;
    const struct ora_family *family;
    struct ora_model *model;
    struct ora_plan plan;
    struct ora_text_rules *rules;
    char *settings_json; /* what `settings` was made from; NULL: the voice's own */
    struct ora_settings settings;
};

struct ora_renderer {
    struct ora_render_spec spec; /* its strings are ours */
    char *lexicon_path, *cache_dir, *spool_dir;
    struct slot *slots;
    const char *level;
    bool alone;             /* groups of one */
    struct ora_arena arena; /* fits the voice that needs most */
    struct ora_finish finish;
    struct ora_str record;
};

/* ---- life -------------------------------------------------------------------------------------------- */

/* The level that voices are opened at: the best here of the class asked for. */
static int choose_level(struct ora_render_spec *spec, struct ora_err *err)
{
    struct ora_levels here;
    int rc = ora_levels_here(&here, err);
    if (rc == 0)
        rc = ora_precision_class(spec->arithmetic, spec->kernels, &here, &spec->arithmetic, err);
    if (rc < 0)
        return rc;
    if (spec->kernels && strcmp(spec->kernels, "auto") != 0)
        spec->prefer = NULL;
    spec->kernels = ora_precision_level(spec->arithmetic, spec->kernels, &here, "this processor", err);
    return spec->kernels ? 0 : ORA_E_UNSUPPORTED;
}

int ora_renderer_create(const struct ora_render_spec *spec, struct ora_renderer **out, struct ora_err *err)
{
    *out = NULL;
    if (spec->sample_rate_hz && (spec->sample_rate_hz < 8000 || spec->sample_rate_hz > 192000))
        return ora_err_set(err, ORA_E_BAD_USAGE, "sample rate %d Hz, expected 8000 to 192000",
                           spec->sample_rate_hz);
    if (!spec->max_chars)
        return ora_err_set(err, ORA_E_BAD_USAGE, "max_chars is 0");
    struct ora_render_spec chosen = *spec;
    int rc = choose_level(&chosen, err);
    if (rc < 0)
        return rc;
    struct ora_renderer *r = ora_xcalloc(1, sizeof *r);
    r->spec = chosen;
    r->spec.lexicon_path = r->lexicon_path = ora_xstrdup(spec->lexicon_path);
    r->spec.cache_dir = r->cache_dir = ora_xstrdup(spec->cache_dir);
    r->spec.spool_dir = r->spool_dir = ora_xstrdup(spec->spool_dir);
    r->level = "";
    ora_finish_init(&r->finish, r->spool_dir);
    *out = r;
    return 0;
}

static void slot_free(struct slot *s)
{
    if (s->model)
        s->family->close(&s->model);
    ora_text_rules_close(&s->rules);
    ora_voice_close(&s->voice);
    free(s->settings_json);
    free(s->name);
    free(s);
}

void ora_renderer_destroy(struct ora_renderer **out)
{
    struct ora_renderer *r = *out;
    if (!r)
        return;
    while (r->slots) {
        struct slot *s = r->slots;
        r->slots = s->next;
        slot_free(s);
    }
    ora_arena_release(&r->arena);
    ora_finish_release(&r->finish);
    ora_str_release(&r->record);
    free(r->lexicon_path);
    free(r->cache_dir);
    free(r->spool_dir);
    free(r);
    *out = NULL;
}

/* ---- voices ------------------------------------------------------------------------------------------ */

static int open_model(struct ora_renderer *r, struct slot *s, struct ora_err *err)
{
    const char *preferred = r->spec.prefer ? r->spec.prefer(s->voice, r->spec.arithmetic) : NULL;
    struct ora_open_options options = {.kernels = preferred ? preferred : r->spec.kernels,
                                       .cache_dir = r->cache_dir,
                                       .spool_dir = r->spool_dir,
                                       .pulse = r->spec.pulse};
    struct ora_limits limits = {.max_chars = r->spec.max_chars};
    s->family = ora_family_find(s->voice->family);
    if (!s->family)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s' is of family '%s', which this build has not",
                           s->name, s->voice->family);
    int rc = s->family->open(s->voice, &options, &s->model, err);
    if (rc == 0)
        rc = s->family->plan(s->model, &limits, &s->plan, err);
    if (rc == 0)
        rc = ora_text_rules_open(r->lexicon_path, s->voice->lang, &s->rules, err);
    if (rc == 0)
        rc = ora_settings_init(s->family, s->voice, &s->settings, err);
    if (rc == 0 && s->plan.arena_bytes > r->arena.size_bytes) {
        ora_arena_release(&r->arena);
        rc = ora_arena_init(&r->arena, s->plan.arena_bytes, err);
    }
    return rc;
}

static int use_voice(struct ora_renderer *r, const char *name, struct slot **out, struct ora_err *err)
{
    for (struct slot *s = r->slots; s; s = s->next)
        if (!strcmp(s->name, name)) {
            *out = s;
            r->level = s->family->level(s->model);
            return 0;
        }
    struct slot *s = ora_xcalloc(1, sizeof *s);
    s->name = ora_xstrdup(name);
    int rc = ora_voice_open(name, &s->voice, err);
    if (rc == 0)
        rc = open_model(r, s, err);
    if (rc < 0) {
        slot_free(s);
        return rc;
    }
    s->next = r->slots;
    r->slots = s;
    r->level = s->family->level(s->model);
    *out = s;
    return 0;
}

int ora_renderer_voice(struct ora_renderer *r, const char *name, const struct ora_voice **voice,
                       const struct ora_model **model, struct ora_err *err)
{
    struct slot *s;
    int rc = use_voice(r, name, &s, err);
    if (rc < 0)
        return rc;
    if (voice)
        *voice = s->voice;
    if (model)
        *model = s->model;
    return 0;
}

const char *ora_renderer_level(const struct ora_renderer *r)
{
    return r->level;
}

void ora_renderer_alone(struct ora_renderer *r, bool alone)
{
    r->alone = alone;
}

/* ---- requests ---------------------------------------------------------------------------------------- */

/* The settings of an utterance: the voice's own under those of its json. */
static int use_settings(struct slot *s, const char *json, struct ora_err *why)
{
    if (json && !json[0])
        json = NULL;
    if (json == s->settings_json || (json && s->settings_json && !strcmp(json, s->settings_json)))
        return 0;
    struct ora_settings settings;
    int rc = ora_settings_init(s->family, s->voice, &settings, why);
    if (rc == 0 && json) {
        json_error_t e;
        json_t *object = json_loads(json, 0, &e);
        rc = object ? ora_settings_from_json(s->family, object, &settings, why)
                    : ora_err_set(why, ORA_E_BAD_USAGE, "settings are not JSON: %s", e.text);
        json_decref(object);
    }
    if (rc < 0)
        return rc;
    free(s->settings_json);
    s->settings_json = ora_xstrdup(json);
    s->settings = settings;
    return 0;
}

/* What an utterance asks for that the voice has not is the fault of its line: BAD_INPUT, whatever the code
 * was. */
static int make_request(const struct ora_renderer *r, struct slot *s, const struct ora_utterance *u,
                        struct ora_request *q, const char **reason_code, struct ora_err *why)
{
    *q = (struct ora_request){.id = u->id,
                              .text = u->text,
                              .text_is_phonemes = u->text_is_phonemes,
                              .is_heading = u->role && strcmp(u->role, "heading") == 0,
                              .rules = s->rules,
                              .lang = u->lang,
                              .speaker = s->voice->default_speaker,
                              .speed = u->speed,
                              .seed = r->spec.seed,
                              .sentence_pause_ms = r->spec.sentence_pause_ms};
    *reason_code = "unknown-speaker";
    if (u->speaker && u->speaker[0] && ora_voice_speaker(s->voice, u->speaker, &q->speaker, why) < 0)
        return why->code = ORA_E_BAD_INPUT;
    *reason_code = "bad-settings";
    if (!(u->speed > 0 && isfinite(u->speed)))
        return ora_err_set(why, ORA_E_BAD_INPUT, "speed is %g, expected more than 0", u->speed);
    if (use_settings(s, u->settings_json, why) < 0)
        return why->code = ORA_E_BAD_INPUT;
    q->settings = s->settings;
    return 0;
}

/* ---- one finished utterance -------------------------------------------------------------------------- */

struct pass {
    struct ora_renderer *r;
    struct slot *slot;
    const struct ora_utterance *utterances;
    size_t first, count; /* the group */
    size_t emitted;
    struct ora_request requests[GROUP_MAX];
    void (*before)(void *ctx, size_t index);
    ora_rendered_fn *on_rendered;
    void *ctx;
    double cpu_s;        /* thread time when the last utterance was handed on */
    struct ora_err stop; /* why on_rendered ended the run */
};

static int hand_on(struct pass *p, struct ora_rendered *out)
{
    double now = ora_clock_thread_cpu_s();
    out->synth_s = now - p->cpu_s;
    int rc = p->on_rendered(p->ctx, out, &p->stop);
    if (rc < 0)
        p->stop.code = rc;
    p->cpu_s = ora_clock_thread_cpu_s();
    return rc < 0 ? rc : 0;
}

static int hand_on_failure(struct pass *p, size_t index, const char *reason_code, const struct ora_err *why)
{
    struct ora_rendered out = {.index = index, .rc = why->code, .why = *why, .reason_code = ""};
    if (ora_err_class_of(why->code) == ORA_CLASS_BAD_INPUT)
        out.reason_code = reason_code ? reason_code : "bad-input";
    out.failed = why->code == ORA_E_NOT_FINITE || why->code == ORA_E_RUNAWAY;
    return hand_on(p, &out);
}

static const char *reason_of(int code, bool spoken)
{
    switch (code) {
    case ORA_E_NOT_FINITE:
        return "not-finite";
    case ORA_E_RUNAWAY:
        return "runaway";
    case ORA_E_LIMIT:
        return "too-long";
    case ORA_E_FOREIGN_SCRIPT:
        return "foreign-script";
    case ORA_E_NO_WORDS:
        return "no-words";
    default:
        return spoken ? "no-audio" : "bad-input";
    }
}

static void fill(const struct ora_renderer *r, const struct ora_finished *f, struct ora_rendered *out)
{
    out->audio = f->audio;
    out->extension = ora_codec_extension(r->spec.codec);
    out->record = ora_str_c(&r->record);
    out->record_bytes = r->record.len;
    out->samples = f->samples;
    out->sample_rate_hz = f->sample_rate_hz;
    memcpy(out->pcm_sha256, f->pcm_sha256, sizeof out->pcm_sha256);
    out->checks = f->checks;
}

static int on_spoken(struct pass *p, size_t index, const struct ora_spoken *spoken)
{
    struct ora_renderer *r = p->r;
    const struct ora_request *q = &p->requests[index - p->first];
    struct ora_err why = {0};
    struct ora_finished finished;
    struct ora_record_source source = {.spec = &r->spec,
                                       .utterance = &p->utterances[index],
                                       .voice = p->slot->voice,
                                       .family = p->slot->family,
                                       .settings = &q->settings,
                                       .speaker = q->speaker,
                                       .spoken = spoken,
                                       .finished = &finished};
    struct ora_rendered out = {.index = index, .reason_code = "", .detail = spoken->detail};
    int rc = ora_finish_run(&r->finish, &r->spec, spoken, &finished, &why);
    const char *reason = reason_of(rc, true);
    if (rc == 0) {
        rc = ora_record_write(&source, &r->record, &why);
        reason = reason_of(rc, false);
    }
    if (rc == 0)
        fill(r, &finished, &out);
    rc = rc < 0 ? hand_on_failure(p, index, reason, &why) : hand_on(p, &out);
    ora_finish_clear(&r->finish);
    return rc;
}

/* The family's callback; what it returns ends synth. */
static int on_emit(void *ctx, size_t at, int rc, const struct ora_spoken *spoken, const struct ora_err *why)
{
    struct pass *p = ctx;
    size_t index = p->first + at;
    p->emitted++;
    rc = rc < 0 ? hand_on_failure(p, index, reason_of(rc, false), why) : on_spoken(p, index, spoken);
    if (rc == 0 && p->before && at + 1 < p->count)
        p->before(p->ctx, index + 1);
    return rc;
}

/* ---- the loop ---------------------------------------------------------------------------------------- */

static int run_group(struct pass *p, struct ora_err *err)
{
    if (!p->count)
        return 0;
    p->emitted = 0;
    if (p->before)
        p->before(p->ctx, p->first);
    size_t mark = ora_arena_mark(&p->r->arena);
    int rc = p->slot->family->synth(p->slot->model, &p->r->arena, p->requests, p->count, on_emit, p, err);
    ora_arena_reset(&p->r->arena, mark);
    if (p->stop.code)
        return ora_err_set(err, p->stop.code, "%s", p->stop.message);
    if (rc == 0 && p->emitted != p->count)
        rc = ora_err_set(err, ORA_E_INTERNAL, "family '%s' gave %zu of %zu utterances", p->slot->family->name,
                         p->emitted, p->count);
    return rc;
}

/* Takes utterances into the group until it is full, the voice changes, or one cannot be asked for; *next is
 * where the next group starts. */
static int gather(struct pass *p, size_t total, size_t *next, struct ora_err *err)
{
    size_t most = p->slot->plan.max_batch;
    most = most < 1 || p->r->alone ? 1 : most > GROUP_MAX ? GROUP_MAX : most;
    const char *voice = p->utterances[p->first].voice;
    for (p->count = 0; p->count < most && p->first + p->count < total; p->count++) {
        size_t index = p->first + p->count;
        const struct ora_utterance *u = &p->utterances[index];
        struct ora_err why = {0};
        const char *reason_code;
        if (strcmp(u->voice, voice) != 0)
            break;
        if (make_request(p->r, p->slot, u, &p->requests[p->count], &reason_code, &why) == 0)
            continue;
        int rc = run_group(p, err);
        if (rc == 0 && hand_on_failure(p, index, reason_code, &why) < 0)
            rc = ora_err_set(err, p->stop.code, "%s", p->stop.message);
        *next = index + 1;
        p->count = 0;
        return rc;
    }
    *next = p->first + p->count;
    return run_group(p, err);
}

int ora_renderer_run(struct ora_renderer *r, const struct ora_utterance *utterances, size_t count,
                     void (*before)(void *ctx, size_t index), ora_rendered_fn *on_rendered, void *ctx,
                     struct ora_err *err)
{
    struct pass *p = ora_xcalloc(1, sizeof *p);
    *p = (struct pass){
        .r = r, .utterances = utterances, .before = before, .on_rendered = on_rendered, .ctx = ctx};
    p->cpu_s = ora_clock_thread_cpu_s();
    int rc = 0;
    for (size_t next; rc == 0 && p->first < count; p->first = next) {
        rc = use_voice(r, utterances[p->first].voice, &p->slot, err);
        if (rc == 0)
            rc = gather(p, count, &next, err);
    }
    free(p);
    return rc;
}
