/* Check: see check.h. */
#include "job/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/manners.h"
#include "job/run_priv.h"
#include "job/voice_mark.h"
#include "text/lexicon.h"

enum { VOICES_MAX = 1024 }; /* a corpus of more is a list in which a column was taken for another */

struct met_voice {
    char *name;
    struct ora_voice *voice; /* NULL: could not be opened */
    struct ora_err why;
};

struct ora_job_check {
    const struct ora_job *job;
    struct met_voice *met;
    size_t count;
    const char *lang;
};

const struct ora_voice *ora_job_check_voice(struct ora_job_check *c, const char *name, struct ora_err *why)
{
    struct met_voice *m = NULL;
    for (size_t i = 0; !m && i < c->count; i++)
        if (strcmp(c->met[i].name, name) == 0)
            m = &c->met[i];
    if (!m && c->count == VOICES_MAX) {
        ora_err_set(why, ORA_E_LIMIT, "more than %d different voices", VOICES_MAX);
        return NULL;
    }
    if (!m) {
        c->met = ora_xrealloc(c->met, (c->count + 1) * sizeof *c->met);
        m = &c->met[c->count++];
        *m = (struct met_voice){.name = ora_xstrdup(name)};
        ora_voice_open(name, &m->voice, &m->why);
    }
    if (!m->voice && why)
        *why = m->why;
    return m->voice;
}

/* The voice's own settings, those of `text` over them. */
static int read_settings(const struct ora_family *f, const struct ora_voice *v, const char *text,
                         struct ora_settings *s, struct ora_err *why)
{
    int rc = ora_settings_init(f, v, s, why);
    if (rc < 0 || !text)
        return rc;
    json_t *object = json_loads(text, 0, NULL);
    rc = ora_settings_from_json(f, object, s, why);
    json_decref(object);
    return rc;
}

static int check_manner(void *ctx, const struct ora_manner *m, const char **code, struct ora_err *why)
{
    struct ora_settings settings;
    int speaker;
    *code = "unknown-voice";
    const struct ora_voice *v = ora_job_check_voice(ctx, m->voice, why);
    if (!v)
        return why->code;
    const struct ora_family *f = ora_family_find(v->family);
    if (!f)
        return ora_err_set(why, ORA_E_VOICE, "voice '%s' is of family '%s', which this build does not have",
                           v->name, v->family);
    bool is_base = f->is_base && f->is_base(v);
    if (f->ready && f->ready(v, why) < 0) /* goes first: no voice that speaks can be added to such a base */
        return is_base ? ora_err_wrap(why, "voice '%s' is a base, nobody's voice, and not ready", v->name)
                       : why->code;
    if (is_base)
        return ora_err_set(
            why, ORA_E_VOICE,
            "voice '%s' is a base: it has the networks of '%s' and nobody's voice; make one with "
            "'oratorio voice add'",
            v->name, v->family);
    *code = "unknown-speaker";
    if (m->speaker && ora_voice_speaker(v, m->speaker, &speaker, why) < 0)
        return why->code;
    *code = "bad-settings";
    return read_settings(f, v, m->settings, &settings, why);
}

void ora_job_check_cost(struct ora_job_check *c, const struct ora_manner *m, struct ora_cost *cost)
{
    const struct ora_voice *v = ora_job_check_voice(c, m->voice, NULL);
    const struct ora_family *f = v ? ora_family_find(v->family) : NULL;
    struct ora_settings settings;
    *cost = (struct ora_cost){0};
    if (f && read_settings(f, v, m->settings, &settings, NULL) == 0)
        ora_family_cost(f, v, &settings, cost);
}

static double minute_chars(void *ctx, const struct ora_manner *m)
{
    struct ora_cost cost;
    ora_job_check_cost(ctx, m, &cost);
    return cost.chars_per_minute * m->speed;
}

static int check_phones(void *ctx, const struct ora_manner *m, const char *text, struct ora_err *why)
{
    struct ora_job_check *c = ctx;
    const struct ora_voice *v = ora_job_check_voice(c, m->voice, why);
    const struct ora_family *f = v ? ora_family_find(v->family) : NULL;
    return f && f->check_phones ? f->check_phones(v, text, c->job->text_is_phonemes, why) : 0;
}

struct ora_ingest_voices ora_job_check_voices(struct ora_job_check *check)
{
    return (struct ora_ingest_voices){
        .ctx = check, .check = check_manner, .check_phones = check_phones, .minute_chars = minute_chars};
}

const char *ora_job_check_lang(const struct ora_job_check *check)
{
    return check->lang;
}

/* ---- lexicon ---- */

struct respellings {
    struct ora_job_check *check;
    struct ora_err *err;
};

/* Phones of a lexicon must be those of a voice that some input speaks with. */
static int check_respelling(void *ctx, const char *said, uint32_t line)
{
    struct respellings *r = ctx;
    const struct ora_job *job = r->check->job;
    struct ora_err why = {0};
    if (!strstr(said, "[["))
        return 0;
    for (size_t i = 0; i < job->input_count; i++) {
        const char *voice = job->inputs[i].voice ? job->inputs[i].voice : job->voice;
        const struct ora_voice *v = ora_job_check_voice(r->check, voice, NULL);
        const struct ora_family *f = v ? ora_family_find(v->family) : NULL;
        char *text = ora_fmt("a %s", said); /* it stands among words, and may be silence itself */
        int rc = f && f->check_phones ? f->check_phones(v, text, false, &why) : 0;
        free(text);
        if (rc == 0)
            return 0;
    }
    return ora_err_set(r->err, ORA_E_FORMAT, "%s:%u: %s", job->render.lexicon_path, line, why.message);
}

static int check_lexicon(struct ora_job_check *c, struct ora_err *err)
{
    struct ora_lexicon *lexicon;
    if (!c->job->render.lexicon_path)
        return 0;
    int rc = ora_lexicon_open(c->job->render.lexicon_path, &lexicon, err);
    if (rc < 0)
        return rc;
    rc = ora_lexicon_each(lexicon, check_respelling, &(struct respellings){c, err});
    ora_lexicon_close(&lexicon);
    return rc;
}

/* The manner of each input as a whole: what its records have when they say nothing. */
static int check_inputs(struct ora_job_check *c, struct ora_err *err)
{
    struct ora_ingest_voices voices = ora_job_check_voices(c);
    const struct ora_job *job = c->job;
    struct ora_manners *manners = ora_manners_new(NULL, job, &voices);
    struct ora_item silent = {.speed = -1};
    const struct ora_manner_row *row;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < job->input_count; i++) {
        rc = ora_manners_input(manners, &job->inputs[i], err);
        if (rc == 0)
            rc = ora_manners_of(manners, &silent, &row, err);
        if (rc == 0 && row->reject_code)
            rc = ora_err_set(err, ORA_E_BAD_USAGE, "%s: input '%s': %s", job->path ? job->path : "job",
                             job->inputs[i].path, row->reject_reason);
    }
    ora_manners_free(&manners);
    return rc;
}

int ora_job_check_create(const struct ora_job *job, struct ora_job_check **check, struct ora_err *err)
{
    struct ora_job_check *c = ora_xcalloc(1, sizeof *c);
    c->job = job;
    int rc = check_inputs(c, err);
    if (rc == 0)
        rc = check_lexicon(c, err);
    if (rc < 0) {
        ora_job_check_free(&c);
    } else {
        const struct ora_voice *v = ora_job_check_voice(c, job->voice, NULL);
        c->lang = job->lang ? job->lang : v ? v->lang : NULL;
    }
    *check = c;
    return rc;
}

void ora_job_check_free(struct ora_job_check **check)
{
    struct ora_job_check *c = *check;
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        ora_voice_close(&c->met[i].voice);
        free(c->met[i].name);
    }
    free(c->met);
    free(c);
    *check = NULL;
}

int ora_job_check_write_voices(const struct ora_job_check *c, struct ora_db *db, struct ora_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->count; i++) {
        const struct ora_voice *v = c->met[i].voice;
        if (!v)
            continue;
        rc = ora_db_run(db, ORA_SQL_ADD_VOICE, err, "ttttti", c->met[i].name, v->family, v->model_sha256,
                        v->lang, v->license, (int64_t)v->sample_rate_hz);
        char mark[65], *key = ora_fmt(ORA_META_VOICE "%s", c->met[i].name);
        ora_voice_mark(v, mark);
        if (rc == 0)
            rc = ora_db_run(db, ORA_SQL_META_SET, err, "tt", key, mark);
        free(key);
    }
    return rc;
}
