/*
 * Has a job, or what renders it, changed since its run was made? Settings: both jobs are written as YAML and
 * the two trees are compared, so that no field can be forgotten here. Inputs: size and time first, the hash
 * only when those differ.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/inputs.h"
#include "job/run_priv.h"
#include "job/voice_mark.h"
#include "voice/voice.h"

/* Fields that decide no byte of the audio, and the inputs' places, whose contents are compared by hash. */
static bool is_free(const char *path)
{
    static const char *const fields[] = {"name",     "base_dir", "views", "limits", "allow_network_fs",
                                         "database", "kernels"}; /* levels of one class give the same bytes */
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t n = strlen(fields[i]);
        if (strncmp(path, fields[i], n) == 0 && (path[n] == '\0' || path[n] == '.'))
            return true;
    }
    return false;
}

static const char *value_of(const struct ora_yaml_node *n)
{
    if (!n)
        return "not given";
    return n->kind == ORA_YAML_SCALAR ? n->text : n->kind == ORA_YAML_LIST ? "a list" : "given";
}

static int compare(const char *path, const struct ora_yaml_node *was, const struct ora_yaml_node *is,
                   struct ora_str *what);

static int compare_child(const char *path, const char *key, const struct ora_yaml_node *was,
                         const struct ora_yaml_node *is, struct ora_str *what)
{
    char *child = ora_fmt("%s%s%s", path, path[0] ? "." : "", key);
    int changed = is_free(child) ? 0 : compare(child, was, is, what);
    free(child);
    return changed;
}

static int compare_maps(const char *path, const struct ora_yaml_node *was, const struct ora_yaml_node *is,
                        struct ora_str *what)
{
    int changed = 0;
    for (size_t i = 0; i < was->count; i++)
        changed |=
            compare_child(path, was->item[i]->key, was->item[i], ora_yaml_get(is, was->item[i]->key), what);
    for (size_t i = 0; i < is->count; i++)
        if (!ora_yaml_get(was, is->item[i]->key))
            changed |= compare_child(path, is->item[i]->key, NULL, is->item[i], what);
    return changed;
}

static int compare_lists(const char *path, const struct ora_yaml_node *was, const struct ora_yaml_node *is,
                         struct ora_str *what)
{
    int changed = 0;
    if (was->count != is->count) {
        ora_str_addf(what, "%s: were %zu, are %zu\n", path, was->count, is->count);
        return 1;
    }
    for (size_t i = 0; i < was->count; i++) {
        char *child = ora_fmt("%s[%zu]", path, i);
        changed |= compare(child, was->item[i], is->item[i], what);
        free(child);
    }
    return changed;
}

static int compare(const char *path, const struct ora_yaml_node *was, const struct ora_yaml_node *is,
                   struct ora_str *what)
{
    if (was && is && was->kind == is->kind) {
        if (was->kind == ORA_YAML_MAP)
            return compare_maps(path, was, is, what);
        if (was->kind == ORA_YAML_LIST)
            return compare_lists(path, was, is, what);
        if (strcmp(was->text, is->text) == 0)
            return 0;
    }
    ora_str_addf(what, "%s: was %s, is %s\n", path, value_of(was), value_of(is));
    return 1;
}

static struct ora_yaml *tree_of(const struct ora_job *job, struct ora_err *err)
{
    struct ora_str text = ORA_STR_INIT;
    struct ora_yaml *doc = NULL;
    if (ora_job_to_yaml(job, &text, err) == 0)
        doc = ora_yaml_parse(text.data, text.len, "job", err);
    ora_str_release(&text);
    return doc;
}

static int settings_changed(struct ora_run *run, const struct ora_job *job, struct ora_str *what,
                            struct ora_err *err)
{
    struct ora_job now = *job; /* borrows */
    char *asked = NULL;
    int got = ora_run_meta_get(run, ORA_META_PRECISION, &asked, err);
    if (got < 0)
        return got;
    /* "fast" is what it came to when the run was made, also where this machine would choose another class. */
    if (asked && strcmp(asked, ora_run_precision_asked(job)) == 0 && strcmp(job->kernels, "auto") == 0)
        now.arithmetic = run->job->arithmetic;
    free(asked);
    struct ora_yaml *was = tree_of(run->job, err), *is = was ? tree_of(&now, err) : NULL;
    int rc = is ? compare("", was->root, is->root, what) : err ? err->code : ORA_E_BAD_USAGE;
    ora_yaml_free(&was);
    ora_yaml_free(&is);
    return rc;
}

/* The file that a row of inputs is about, in the job as it is now; NULL when the job names it no more. */
static const char *file_of(const struct ora_job *job, const char *role, const char *path)
{
    if (strcmp(role, "lexicon") == 0)
        return job->render.lexicon_path;
    for (size_t i = 0; i < job->input_count; i++)
        if (strcmp(job->inputs[i].path, path) == 0)
            return job->inputs[i].file;
    return NULL;
}

static int input_changed(const struct ora_job *job, sqlite3_stmt *q, struct ora_str *what,
                         struct ora_err *err)
{
    const char *path = ora_db_text(q, 1), *file = file_of(job, ora_db_text(q, 0), path);
    struct ora_input_facts f;
    if (!file) /* told as a changed field already */
        return 0;
    int rc = strcmp(file, "-") == 0 ? ora_input_copy_stdin(NULL, &f, err) : ora_input_stat(file, &f, err);
    if (rc < 0)
        return rc;
    bool same_size = f.bytes == (uint64_t)sqlite3_column_int64(q, 2);
    if (same_size && !f.sha256[0] && f.mtime_ns == sqlite3_column_int64(q, 3))
        return 0;
    if (same_size && !f.sha256[0])
        rc = ora_input_facts(file, &f, err);
    if (rc < 0 || (same_size && strcmp(f.sha256, ora_db_text(q, 4)) == 0))
        return rc;
    ora_str_addf(what, "%s: the file has changed (was %llu bytes, is %llu)\n", path,
                 (unsigned long long)sqlite3_column_int64(q, 2), (unsigned long long)f.bytes);
    return 1;
}

static int voice_changed(struct ora_run *run, sqlite3_stmt *q, struct ora_str *what, struct ora_err *err)
{
    const char *name = ora_db_text(q, 0);
    struct ora_voice *voice = NULL;
    char *key = ora_fmt(ORA_META_VOICE "%s", name), *was = NULL, is[65];
    size_t before = what->len;
    int changed = 0, rc = ora_voice_open(name, &voice, err);
    if (rc == 0)
        rc = ora_run_meta_get(run, key, &was, err);
    if (rc < 0)
        goto out_close;
    ora_voice_mark(voice, is);
    if (strcmp(voice->model_sha256, ora_db_text(q, 1)) != 0)
        ora_str_addf(what, "voice %s: its model has changed (was %.12s, is %.12s)\n", name, ora_db_text(q, 1),
                     voice->model_sha256);
    else if (was && strcmp(was, is) != 0)
        ora_str_addf(what, "voice %s: its voice.yaml%s has changed\n", name,
                     voice->base ? " or its base's" : "");
    changed = what->len > before;
out_close:
    ora_voice_close(&voice);
    free(was);
    free(key);
    return rc < 0 ? rc : changed;
}

static int voices_changed(struct ora_run *run, struct ora_str *what, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_VOICE, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc, changed = 0;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        rc = voice_changed(run, q, what, err);
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
        changed |= rc;
    }
    return rc < 0 ? rc : changed;
}

static int inputs_changed(struct ora_run *run, const struct ora_job *job, struct ora_str *what,
                          struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_INPUT, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc, changed = 0;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        rc = input_changed(job, q, what, err);
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
        changed |= rc;
    }
    return rc < 0 ? rc : changed;
}

/* Where something is left to render, it must be as what is there. */
static int version_changed(struct ora_run *run, struct ora_str *what, struct ora_err *err)
{
    struct ora_progress p;
    char *was = NULL;
    int rc = ora_run_progress(run, &p, err);
    if (rc == 0)
        rc = ora_run_meta_get(run, ORA_META_MADE_BY, &was, err);
    bool changed = rc >= 0 && p.open && was && strcmp(was, ORA_MADE_BY) != 0;
    if (changed)
        ora_str_addf(what, "it was begun by %s, and this is " ORA_MADE_BY "\n", was);
    free(was);
    return rc < 0 ? rc : changed;
}

int ora_run_changed(struct ora_run *run, const struct ora_job *job, struct ora_str *what, struct ora_err *err)
{
    int settings = settings_changed(run, job, what, err);
    if (settings < 0)
        return settings;
    int inputs = inputs_changed(run, job, what, err);
    if (inputs < 0)
        return inputs;
    int voices = voices_changed(run, what, err);
    if (voices < 0)
        return voices;
    int version = version_changed(run, what, err);
    return version < 0 ? version : settings | inputs | voices | version;
}

/* A copy of the run's job with what the new one may change. */
static struct ora_job *merged(struct ora_run *run, const struct ora_job *job, struct ora_err *err)
{
    struct ora_str text = ORA_STR_INIT;
    struct ora_job *copy = NULL;
    struct ora_job both = *run->job; /* borrows; written and read back at once */
    both.views = job->views;
    both.view_count = job->view_count;
    both.max_attempts = job->max_attempts;
    both.lease_s = job->lease_s;
    both.network_fs = job->network_fs;
    both.database = job->database;
    both.kernels = job->kernels;
    if (ora_job_to_yaml(&both, &text, err) == 0)
        copy = ora_job_parse(ora_str_c(&text), text.len, "job.yaml of the run", run->dir, err);
    ora_str_release(&text);
    return copy;
}

int ora_run_adopt_job(struct ora_run *run, const struct ora_job *job, struct ora_err *err)
{
    struct ora_str text = ORA_STR_INIT;
    struct ora_job *copy = merged(run, job, err);
    char *path = ora_path_join(run->dir, "job.yaml");
    char *kept = NULL;
    int rc = copy ? ora_job_to_yaml(copy, &text, err) : err ? err->code : ORA_E_BAD_USAGE;
    if (rc == 0)
        rc = ora_run_meta_get(run, "job_yaml", &kept, err);
    if (rc == 0 && kept && strcmp(kept, ora_str_c(&text)) == 0)
        goto out_free;
    if (rc == 0)
        rc = ora_run_meta_set(run, "job_yaml", ora_str_c(&text), err);
    if (rc == 0)
        rc = ora_file_write_atomic(path, ora_str_c(&text), text.len, 0644, err);
    if (rc == 0) {
        ora_job_free(&run->job);
        run->job = copy;
        copy = NULL;
    }
out_free:
    ora_job_free(&copy);
    ora_str_release(&text);
    free(kept);
    free(path);
    return rc;
}
