/*
 * Where the inputs of a job lie: globs become files, and what cannot be read is told before anything is made.
 * A path that exists is itself, whatever characters it has; only then is it a pattern.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "job/job_priv.h"

static const char *who(const struct ora_job *job)
{
    return job->path ? job->path : "job";
}

static int check_readable(const struct ora_job *job, const char *what, const char *file, struct ora_err *err)
{
    struct stat st;
    if (stat(file, &st) < 0)
        return ora_err_errno(err, errno, "%s: %s %s", who(job), what, file);
    if (S_ISDIR(st.st_mode))
        return ora_err_set(err, ORA_E_BAD_USAGE, "%s: %s %s: is a folder; name its texts, such as %s/*.txt",
                           who(job), what, file, file);
    if (access(file, R_OK) < 0)
        return ora_err_errno(err, errno, "%s: %s %s", who(job), what, file);
    if (ora_utf8_valid_prefix(file, strlen(file)) != strlen(file))
        return ora_err_set(err, ORA_E_BAD_USAGE, "%s: %s: the file's name is not UTF-8; rename it", who(job),
                           what);
    return 0;
}

static char **copy_columns(const struct ora_job_input *in)
{
    char **copy = in->column_count ? ora_xcalloc(in->column_count, sizeof *copy) : NULL;
    for (size_t i = 0; i < in->column_count; i++)
        copy[i] = ora_xstrdup(in->columns[i]);
    return copy;
}

static struct ora_job_input copy_of(const struct ora_job_input *in, const char *path)
{
    struct ora_job_input c = *in;
    c.path = ora_xstrdup(path);
    c.file = NULL;
    c.doc_id = NULL;
    c.columns = copy_columns(in);
    c.voice = ora_xstrdup(in->voice);
    c.speaker = ora_xstrdup(in->speaker);
    c.lang = ora_xstrdup(in->lang);
    c.settings_json = ora_xstrdup(in->settings_json);
    return c;
}

struct input_list {
    struct ora_job_input *item;
    size_t count;
};

static void append(struct input_list *list, struct ora_job_input in)
{
    list->item = ora_xrealloc(list->item, (list->count + 1) * sizeof *list->item);
    list->item[list->count++] = in;
}

/* The pattern from base_dir on; what the folder's own name holds is no pattern. */
static char *pattern_of(const struct ora_job *job, const struct ora_job_input *in)
{
    if (in->path[0] == '/')
        return ora_xstrdup(in->path);
    struct ora_str s = ORA_STR_INIT;
    for (const char *p = job->base_dir; *p; p++)
        ora_str_addf(&s, strchr("*?[]\\", *p) ? "\\%c" : "%c", *p);
    ora_str_addf(&s, ora_ends_with(job->base_dir, "/") ? "%s" : "/%s", in->path);
    return ora_str_detach(&s);
}

static int expand(const struct ora_job *job, const struct ora_job_input *in, struct input_list *list,
                  struct ora_err *err)
{
    glob_t g = {0};
    char *pattern = pattern_of(job, in);
    int rc =
        glob(pattern, GLOB_ERR, NULL, &g); /* the programs keep the C locale, so sorted by bytes everywhere */
    free(pattern);
    if (rc == GLOB_NOMATCH)
        rc = ora_err_set(err, ORA_E_NOT_FOUND, "%s: input '%s' matches no file (looked for %s)", who(job),
                         in->path, in->file);
    else if (rc)
        rc = ora_err_set(err, ORA_E_PERMISSION, "%s: input '%s': a folder on the way cannot be read",
                         who(job), in->path);
    else if (in->doc_id && g.gl_pathc > 1)
        rc = ora_err_set(err, ORA_E_BAD_USAGE,
                         "%s: input '%s' matches %zu files, which cannot share the doc_id '%s'", who(job),
                         in->path, g.gl_pathc, in->doc_id);
    /* Names go on as the user began them: relative patterns give relative names. */
    size_t skip = in->path[0] == '/' ? 0 : strlen(in->file) - strlen(in->path);
    for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++) {
        struct stat st;
        if (stat(g.gl_pathv[i], &st) == 0 && S_ISDIR(st.st_mode))
            continue;
        append(list, copy_of(in, g.gl_pathv[i] + skip));
        if (in->doc_id)
            list->item[list->count - 1].doc_id = ora_xstrdup(in->doc_id);
    }
    globfree(&g);
    return rc;
}

int ora_job_resolve(struct ora_job *job, struct ora_err *err)
{
    struct input_list list = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < job->input_count; i++) {
        struct ora_job_input *in = &job->inputs[i];
        size_t before = list.count;
        if (strcmp(in->file, "-") != 0 && !ora_file_exists(in->file) && strpbrk(in->path, "*?[")) {
            rc = expand(job, in, &list, err);
            if (rc == 0 && list.count == before)
                rc = ora_err_set(err, ORA_E_NOT_FOUND, "%s: input '%s' matches folders only", who(job),
                                 in->path);
        } else {
            append(&list, copy_of(in, in->path));
            list.item[list.count - 1].doc_id = ora_xstrdup(in->doc_id);
        }
    }
    for (size_t i = 0; i < job->input_count; i++)
        ora_job_input_release(&job->inputs[i]);
    free(job->inputs);
    job->inputs = list.item;
    job->input_count = list.count;
    ora_job_settle(job);
    for (size_t i = 0; rc == 0 && i < job->input_count; i++)
        if (strcmp(job->inputs[i].file, "-") != 0)
            rc = check_readable(job, "input", job->inputs[i].file, err);
    if (rc == 0 && job->lexicon)
        rc = check_readable(job, "lexicon", job->render.lexicon_path, err);
    return rc;
}
