/*
 * The job file's fields, one function a map of the file. Every value goes through a typed getter of
 * base/yaml.h, so that an error names file, line, field and what was expected. Touches no file.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job_priv.h"
#include "nn/kernels/precision.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef const struct ora_yaml_node node_t;

/* ---- small readers: an absent field keeps its default
 * ------------------------------------------------------ */

static int read_text(node_t *map, const char *key, char **out, struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    const char *text;
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_string(n, &text, err);
    if (rc < 0)
        return rc;
    if (!text[0])
        return ora_yaml_error(n, err, "must not be empty");
    free(*out);
    *out = ora_xstrdup(text);
    return 0;
}

static int read_u32(node_t *map, const char *key, uint32_t min, uint32_t max, uint32_t *out,
                    struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    int64_t v;
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_integer(n, min, max, &v, err);
    if (rc == 0)
        *out = (uint32_t)v;
    return rc;
}

static int read_number(node_t *map, const char *key, double min, double max, double *out, struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    return ora_yaml_is_null(n) ? 0 : ora_yaml_number(n, min, max, out, err);
}

static bool is_word(node_t *n, const char *word)
{
    return n && n->kind == ORA_YAML_SCALAR && strcmp(n->text, word) == 0;
}

/* A number, or the word "off" for NAN. */
static int read_number_or_off(node_t *map, const char *key, double min, double max, double *out,
                              struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    if (is_word(n, "off") || is_word(n, "false")) {
        *out = NAN;
        return 0;
    }
    if (ora_yaml_is_null(n))
        return 0;
    struct ora_err inner = {0};
    int rc = ora_yaml_number(n, min, max, out, &inner);
    return rc < 0 ? ora_yaml_error(n, err, "must be off, or a number from %g to %g, not '%s'", min, max,
                                   n->text ? n->text : "a list or map")
                  : 0;
}

static int read_choice(node_t *map, const char *key, const char *const *words, size_t count, int *out,
                       struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    return ora_yaml_is_null(n) ? 0 : ora_yaml_choice(n, words, count, out, err);
}

static int read_bool(node_t *map, const char *key, bool *out, struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, key);
    return ora_yaml_is_null(n) ? 0 : ora_yaml_bool(n, out, err);
}

/* A map of settings becomes a compact JSON object: what a family's settings are read from, and one text for
 * one meaning. */
static int read_settings(node_t *map, char **out, struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, "settings");
    if (ora_yaml_is_null(n))
        return 0;
    if (n->kind != ORA_YAML_MAP)
        return ora_yaml_error(n, err, "must be a map of name: value");
    json_t *object = json_object();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n->count; i++) {
        const char *text;
        rc = ora_yaml_string(n->item[i], &text, err);
        if (rc < 0)
            break;
        char *end = NULL;
        double v = n->item[i]->quoted || !text[0] ? NAN : strtod(text, &end);
        bool number = end && !*end && isfinite(v);
        json_t *value = !number                                        ? json_string(text)
                        : v == rint(v) && fabs(v) < 9007199254740992.0 ? json_integer((json_int_t)v)
                                                                       : json_real(v);
        if (!value || json_object_set_new(object, n->item[i]->key, value) < 0)
            rc = ora_yaml_error(n->item[i], err, "must be a number or a word in UTF-8");
    }
    if (rc == 0 && n->count) {
        free(*out);
        *out = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(object);
    return rc;
}

/* Voice, speaker, lang, speed and settings: fields that a job and each of its inputs share. */
static int read_manner(node_t *map, char **voice, char **speaker, char **lang, double *speed, char **settings,
                       struct ora_err *err)
{
    int rc = read_text(map, "voice", voice, err);
    if (rc == 0)
        rc = read_text(map, "speaker", speaker, err);
    if (rc == 0)
        rc = read_text(map, "lang", lang, err);
    if (rc == 0 && *lang && !ora_lang_tag_ok(*lang))
        rc = ora_yaml_error(ora_yaml_get(map, "lang"), err,
                            "must be a language tag such as en-US, not '%.40s'", *lang);
    if (rc == 0)
        rc = read_number(map, "speed", ORA_SPEED_MIN, ORA_SPEED_MAX, speed, err);
    if (rc == 0)
        rc = read_settings(map, settings, err);
    return rc;
}

/* ---- inputs
 * ------------------------------------------------------------------------------------------------ */

static int read_columns(node_t *map, struct ora_job_input *in, struct ora_err *err)
{
    node_t *n = ora_yaml_get(map, "columns");
    if (ora_yaml_is_null(n))
        return 0;
    if (n->kind != ORA_YAML_LIST || n->count == 0)
        return ora_yaml_error(n, err, "must be a list of column names, such as [id, text]");
    bool text = false;
    for (size_t i = 0; i < n->count; i++) {
        const char *name;
        int rc = ora_yaml_string(n->item[i], &name, err);
        if (rc < 0)
            return rc;
        for (size_t k = 0; k < in->column_count; k++)
            if (strcmp(name, "-") != 0 && strcmp(in->columns[k], name) == 0)
                return ora_yaml_error(n, err, "names column '%s' twice", name);
        text = text || strcmp(name, "text") == 0;
        in->columns = ora_xrealloc(in->columns, (in->column_count + 1) * sizeof *in->columns);
        in->columns[in->column_count++] = ora_xstrdup(name);
    }
    return text ? 0 : ora_yaml_error(n, err, "must have a column 'text'");
}

static int read_input_map(node_t *n, struct ora_job_input *in, struct ora_err *err)
{
    static const char *const keys[] = {"path",  "layout",  "format", "columns", "doc_id",
                                       "voice", "speaker", "lang",   "speed",   "settings"};
    int layout = 0, format = 0;
    int rc = ora_yaml_check_keys(n, keys, COUNT(keys), err);
    if (rc == 0)
        rc = read_text(n, "path", &in->path, err);
    if (rc == 0 && !in->path)
        rc = ora_yaml_error(n, err, "an input must have a field 'path'");
    if (rc == 0)
        rc = read_choice(n, "layout", ora_layout_words, COUNT(ora_layout_words), &layout, err);
    if (rc == 0)
        rc = read_choice(n, "format", ora_format_words, COUNT(ora_format_words), &format, err);
    in->layout = (enum ora_layout)layout;
    in->format = (enum ora_format)format;
    if (rc == 0)
        rc = read_columns(n, in, err);
    if (rc == 0)
        rc = read_text(n, "doc_id", &in->doc_id, err);
    if (rc == 0)
        rc = read_manner(n, &in->voice, &in->speaker, &in->lang, &in->speed, &in->settings_json, err);
    return rc;
}

static int read_input(node_t *n, struct ora_job *job, struct ora_err *err)
{
    struct ora_job_input *in = ora_job_add_input(job);
    in->path = NULL;
    if (n->kind == ORA_YAML_MAP)
        return read_input_map(n, in, err);
    const char *text;
    if (n->kind == ORA_YAML_LIST || ora_yaml_is_null(n) || ora_yaml_string(n, &text, NULL) < 0 || !text[0])
        return ora_yaml_error(n, err, "must be a path, or a map with a field 'path'");
    in->path = ora_xstrdup(text);
    return 0;
}

static int read_inputs(node_t *root, struct ora_job *job, struct ora_err *err)
{
    node_t *n = ora_yaml_get(root, "inputs");
    if (ora_yaml_is_null(n) || (n->kind == ORA_YAML_LIST && n->count == 0))
        return ora_yaml_error(n ? n : root, err, "%s",
                              n ? "must name at least one text"
                                : "field 'inputs' is missing: a path, or a list of paths");
    int rc = 0;
    if (n->kind != ORA_YAML_LIST)
        rc = read_input(n, job, err);
    for (size_t i = 0; rc == 0 && n->kind == ORA_YAML_LIST && i < n->count; i++)
        rc = read_input(n->item[i], job, err);
    int stdins = 0;
    for (size_t i = 0; rc == 0 && i < job->input_count; i++)
        if (strcmp(job->inputs[i].path, "-") == 0 && ++stdins > 1)
            rc = ora_yaml_error(n, err, "names stdin ('-') twice");
    return rc;
}

/* ---- the other maps
 * ---------------------------------------------------------------------------------------- */

static int read_pauses(node_t *text, struct ora_job *job, struct ora_err *err)
{
    node_t *n = ora_yaml_get(text, "pauses_ms");
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_check_keys(n, ora_gap_words, ORA_GAP_COUNT, err);
    for (size_t i = 0; rc == 0 && i < ORA_GAP_COUNT; i++)
        rc = read_u32(n, ora_gap_words[i], 0, 60000, &job->pause_ms[i], err);
    return rc;
}

static int read_text_map(node_t *root, struct ora_job *job, struct ora_err *err)
{
    static const char *const keys[] = {"max_chars", "lexicon", "phonemes", "pauses_ms"};
    node_t *n = ora_yaml_get(root, "text");
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_check_keys(n, keys, COUNT(keys), err);
    if (rc == 0)
        rc = read_u32(n, "max_chars", 20, 20000, &job->max_chars, err);
    if (rc == 0)
        rc = read_text(n, "lexicon", &job->lexicon, err);
    if (rc == 0)
        rc = read_bool(n, "phonemes", &job->text_is_phonemes, err);
    if (rc == 0)
        rc = read_pauses(n, job, err);
    return rc;
}

static int read_audio_map(node_t *root, struct ora_job *job, struct ora_err *err)
{
    static const char *const keys[] = {"format", "sample_rate_hz", "loudness_lufs", "peak_dbfs",
                                       "trim_silence"};
    node_t *n = ora_yaml_get(root, "audio");
    if (ora_yaml_is_null(n))
        return 0;
    struct ora_render_spec *r = &job->render;
    int codec = (int)r->codec;
    uint32_t rate = 0;
    int rc = ora_yaml_check_keys(n, keys, COUNT(keys), err);
    if (rc == 0)
        rc = read_choice(n, "format", ora_codec_words, COUNT(ora_codec_words), &codec, err);
    r->codec = (enum ora_codec)codec;
    if (rc == 0 && !is_word(ora_yaml_get(n, "sample_rate_hz"), "voice"))
        rc = read_u32(n, "sample_rate_hz", 8000, 192000, &rate, err);
    r->sample_rate_hz = (int)rate;
    if (rc == 0)
        rc = read_number_or_off(n, "loudness_lufs", -70, 0, &r->loudness_lufs, err);
    if (rc == 0 && !isnan(r->loudness_lufs))
        r->peak_dbfs = -1; /* a gain without a ceiling clips */
    if (rc == 0)
        rc = read_number_or_off(n, "peak_dbfs", -60, 0, &r->peak_dbfs, err);
    if (rc == 0)
        rc = read_bool(n, "trim_silence", &r->trim_silence, err);
    return rc;
}

static int read_batch_map(node_t *root, struct ora_job *job, struct ora_err *err)
{
    static const char *const keys[] = {"chars", "utterances"};
    node_t *n = ora_yaml_get(root, "batch");
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_check_keys(n, keys, COUNT(keys), err);
    if (rc == 0 && is_word(ora_yaml_get(n, "chars"), "auto"))
        job->batch_chars = 0;
    else if (rc == 0)
        rc = read_u32(n, "chars", 1, 10000000, &job->batch_chars, err);
    if (rc == 0)
        rc = read_u32(n, "utterances", 1, 4096, &job->batch_utterances, err);
    return rc;
}

static int read_limits_map(node_t *root, struct ora_job *job, struct ora_err *err)
{
    static const char *const keys[] = {"attempts", "lease_s"};
    node_t *n = ora_yaml_get(root, "limits");
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_check_keys(n, keys, COUNT(keys), err);
    if (rc == 0)
        rc = read_u32(n, "attempts", 1, 1000, &job->max_attempts, err);
    if (rc == 0)
        rc = read_u32(n, "lease_s", 5, 86400, &job->lease_s, err);
    return rc;
}

static int read_view(node_t *n, struct ora_job *job, struct ora_err *err)
{
    const char *names[16];
    size_t count = 0;
    int which;
    while (count < COUNT(names) && ora_job_view_name(count)) {
        names[count] = ora_job_view_name(count);
        count++;
    }
    int rc = ora_yaml_choice(n, names, count, &which, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < job->view_count; i++)
        if (strcmp(job->views[i], names[which]) == 0)
            return ora_yaml_error(n, err, "view '%s' is named twice", names[which]);
    ora_job_add_view(job, names[which]);
    return 0;
}

static int read_views(node_t *root, struct ora_job *job, struct ora_err *err)
{
    node_t *n = ora_yaml_get(root, "views");
    if (!n)
        ora_job_add_view(job, "jsonl");
    if (ora_yaml_is_null(n))
        return 0;
    if (n->kind == ORA_YAML_SCALAR)
        return read_view(n, job, err);
    if (n->kind != ORA_YAML_LIST)
        return ora_yaml_error(n, err, "must be a list of views, such as [jsonl, chapters]");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n->count; i++)
        rc = read_view(n->item[i], job, err);
    return rc;
}

static int read_name(node_t *root, struct ora_job *job, struct ora_err *err)
{
    int rc = read_text(root, "name", &job->name, err);
    if (rc == 0 && job->name && !ora_job_name_ok(job->name))
        rc = ora_yaml_error(
            ora_yaml_get(root, "name"), err,
            "must be the name of a folder: 1 to 64 of A-Z a-z 0-9 . _ -, not starting with . or -; not '%s'",
            job->name);
    return rc;
}

static int read_seed(node_t *root, struct ora_job *job, struct ora_err *err)
{
    node_t *n = ora_yaml_get(root, "seed");
    int64_t v;
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_integer(n, 0, INT64_MAX, &v, err);
    if (rc == 0)
        job->seed = (uint64_t)v;
    return rc;
}

static int read_base_dir(node_t *root, const char *fallback, struct ora_job *job, struct ora_err *err)
{
    int rc = read_text(root, "base_dir", &job->base_dir, err);
    if (rc < 0)
        return rc;
    if (!job->base_dir)
        job->base_dir = ora_xstrdup(fallback);
    else if (job->base_dir[0] != '/')
        return ora_yaml_error(ora_yaml_get(root, "base_dir"), err, "must be an absolute path, not '%s'",
                              job->base_dir);
    return 0;
}

static int read_precision(node_t *root, struct ora_job *job, struct ora_err *err)
{
    struct ora_err why = {0};
    int rc = read_text(root, "kernels", &job->kernels, err);
    if (rc == 0)
        rc = read_text(root, "precision", &job->precision, err);
    if (rc < 0 || ora_job_choose_arithmetic(job, &why) == 0)
        return rc;
    bool level = job->kernels && strcmp(job->kernels, "auto") != 0 && !ora_arithmetic_of_level(job->kernels);
    node_t *n = ora_yaml_get(root, level || !job->precision ? "kernels" : "precision");
    return n ? ora_yaml_error(n, err, "%s", why.message) : ora_err_set(err, why.code, "%s", why.message);
}

static int read_root(node_t *root, const char *base_dir, struct ora_job *job, struct ora_err *err)
{
    static const char *const keys[] = {
        "name",      "inputs",   "voice",   "speaker", "lang",  "speed",   "settings", "seed",
        "text",      "audio",    "store",   "batch",   "views", "kernels", "limits",   "allow_network_fs",
        "precision", "database", "base_dir"};
    int store = (int)job->store;
    int rc = ora_yaml_check_keys(root, keys, COUNT(keys), err);
    if (rc == 0)
        rc = read_base_dir(root, base_dir, job, err);
    if (rc == 0)
        rc = read_name(root, job, err);
    if (rc == 0)
        rc = read_inputs(root, job, err);
    if (rc == 0)
        rc = read_manner(root, &job->voice, &job->speaker, &job->lang, &job->speed, &job->settings_json, err);
    if (rc == 0)
        rc = read_seed(root, job, err);
    if (rc == 0)
        rc = read_text_map(root, job, err);
    if (rc == 0)
        rc = read_audio_map(root, job, err);
    if (rc == 0)
        rc = read_choice(root, "store", ora_store_words, COUNT(ora_store_words), &store, err);
    job->store = (enum ora_store_kind)store;
    if (rc == 0)
        rc = read_batch_map(root, job, err);
    if (rc == 0)
        rc = read_views(root, job, err);
    if (rc == 0)
        rc = read_precision(root, job, err);
    if (rc == 0)
        rc = read_limits_map(root, job, err);
    if (rc == 0)
        rc = read_bool(root, "allow_network_fs", &job->network_fs, err);
    if (rc == 0)
        rc = read_text(root, "database", &job->database, err);
    return rc;
}

struct ora_job *ora_job_parse(const char *bytes, size_t len, const char *name, const char *base_dir,
                              struct ora_err *err)
{
    struct ora_yaml *doc = ora_yaml_parse(bytes, len, name, err);
    if (!doc)
        return NULL;
    struct ora_job *job = ora_job_new();
    if (read_root(doc->root, base_dir, job, err) < 0)
        ora_job_free(&job);
    else
        ora_job_settle(job);
    ora_yaml_free(&doc);
    return job;
}
