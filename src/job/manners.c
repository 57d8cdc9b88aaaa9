/* Manners: see manners.h. */
#include "job/manners.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { SLOTS = 4096 };

struct ora_manners {
    struct ora_db *db;
    const struct ora_job *job;
    struct ora_ingest_voices voices;
    const struct ora_job_input *input;
    json_t *settings; /* of the job, with the input's over them; NULL: none */
    struct ora_manner_row
        *plain; /* of this input's records that say nothing; a slot's row, or NULL when it was thrown out */
    struct ora_manner_row slot[SLOTS];
    int64_t rows;
    struct ora_str key;
};

struct ora_manners *ora_manners_new(struct ora_db *db, const struct ora_job *job,
                                    const struct ora_ingest_voices *voices)
{
    struct ora_manners *m = ora_xcalloc(1, sizeof *m);
    m->db = db;
    m->job = job;
    if (voices)
        m->voices = *voices;
    return m;
}

static void row_release(struct ora_manner_row *r)
{
    free(r->text);
    free(r->reject_reason);
    *r = (struct ora_manner_row){0};
}

void ora_manners_free(struct ora_manners **m)
{
    if (!*m)
        return;
    for (int i = 0; i < SLOTS; i++)
        row_release(&(*m)->slot[i]);
    json_decref((*m)->settings);
    ora_str_release(&(*m)->key);
    free(*m);
    *m = NULL;
}

static int lay_over(json_t **settings, const char *text, struct ora_err *err)
{
    if (!text)
        return 0;
    json_t *object = json_loads(text, 0, NULL);
    if (!json_is_object(object))
        return ora_err_set(err, ORA_E_INTERNAL, "settings are not a JSON object: %s", text);
    if (!*settings)
        *settings = object;
    else {
        json_object_update(*settings, object);
        json_decref(object);
    }
    return 0;
}

int ora_manners_input(struct ora_manners *m, const struct ora_job_input *input, struct ora_err *err)
{
    m->input = input;
    m->plain = NULL;
    json_decref(m->settings);
    m->settings = NULL;
    int rc = lay_over(&m->settings, m->job->settings_json, err);
    return rc < 0 ? rc : lay_over(&m->settings, input->settings_json, err);
}

static void add_part(struct ora_str *key, const char *part)
{
    /* a byte tells NULL from "" */
    ora_str_addc(key, part ? 'x' : '-');
    if (part)
        ora_str_add(key, part);
    ora_str_addc(key, '\0');
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

/* The key of an item's manner: its five parts, each with its own end. */
static int make_key(struct ora_manners *m, const struct ora_item *item, struct ora_err *err)
{
    const struct ora_job *job = m->job;
    const struct ora_job_input *in = m->input;
    double speed = item->speed > 0 ? item->speed : in->speed > 0 ? in->speed : job->speed;
    char *settings = NULL;
    if (item->settings) {
        json_t *all = m->settings ? json_copy(m->settings) : json_object();
        json_object_update(all, (json_t *)item->settings);
        settings = json_object_size(all) ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        bool failed = json_object_size(all) && !settings;
        json_decref(all);
        if (failed)
            return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for the settings of a record");
    } else if (m->settings) {
        settings = json_dumps(m->settings, JSON_COMPACT | JSON_SORT_KEYS);
    }
    ora_str_clear(&m->key);
    add_part(&m->key, first_of(item->voice, in->voice, job->voice));
    add_part(&m->key, first_of(item->speaker, in->speaker, job->speaker));
    add_part(&m->key, first_of(item->lang, in->lang, job->lang));
    add_part(&m->key, settings);
    ora_str_addn(&m->key, (const char *)&speed, sizeof speed);
    free(settings);
    return 0;
}

static const char *next_part(const char **p)
{
    const char *part = *p;
    *p += strlen(part) + 1;
    return part[0] == 'x' ? part + 1 : NULL;
}

static void parse_key(struct ora_manner_row *r)
{
    const char *p = r->text;
    r->manner.voice = next_part(&p);
    r->manner.speaker = next_part(&p);
    r->manner.lang = next_part(&p);
    r->manner.settings = next_part(&p);
    memcpy(&r->manner.speed, p, sizeof r->manner.speed);
}

static uint32_t hash_of(const struct ora_str *s)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < s->len; i++)
        h = (h ^ (unsigned char)s->data[i]) * 1099511628211u;
    return (uint32_t)(h ^ h >> 32);
}

static int make_row(struct ora_manners *m, struct ora_manner_row *r, struct ora_err *err)
{
    row_release(r);
    r->text = ora_xmalloc(m->key.len);
    memcpy(r->text, m->key.data, m->key.len);
    r->text_len = m->key.len;
    parse_key(r);
    struct ora_err why = {0};
    const char *code = "bad-voice";
    if (r->manner.lang && !ora_lang_tag_ok(r->manner.lang)) {
        r->reject_code = "bad-value";
        r->reject_reason = ora_fmt("lang '%.40s' is not a language tag such as en-US", r->manner.lang);
        return 0;
    }
    if (!(r->manner.speed >= ORA_SPEED_MIN && r->manner.speed <= ORA_SPEED_MAX)) {
        r->reject_code = "bad-value";
        r->reject_reason =
            ora_fmt("speed %g is not from %g to %g", r->manner.speed, ORA_SPEED_MIN, ORA_SPEED_MAX);
        return 0;
    }
    if (m->voices.check && m->voices.check(m->voices.ctx, &r->manner, &code, &why) < 0) {
        r->reject_code = code;
        r->reject_reason = ora_xstrdup(why.message);
        return 0;
    }
    if (m->voices.minute_chars)
        r->minute_chars = m->voices.minute_chars(m->voices.ctx, &r->manner);
    r->row = ++m->rows;
    if (!m->db)
        return 0;
    return ora_db_run(m->db, ORA_SQL_ADD_MANNER, err, "itttdtu", r->row, r->manner.voice, r->manner.speaker,
                      r->manner.lang, r->manner.speed, r->manner.settings,
                      (uint32_t)m->job->text_is_phonemes);
}

int ora_manners_of(struct ora_manners *m, const struct ora_item *item, const struct ora_manner_row **row,
                   struct ora_err *err)
{
    bool plain = !item->voice && !item->speaker && !item->lang && item->speed <= 0 && !item->settings;
    if (plain && m->plain) {
        *row = m->plain;
        return 0;
    }
    int rc = make_key(m, item, err);
    if (rc < 0)
        return rc;
    struct ora_manner_row *r = &m->slot[hash_of(&m->key) % SLOTS];
    if (!r->text || r->text_len != m->key.len || memcmp(r->text, m->key.data, m->key.len) != 0) {
        rc = make_row(m, r, err);
        if (r == m->plain)
            m->plain = NULL;
    }
    if (plain)
        m->plain = r;
    *row = r;
    return rc;
}
