/* Job: defaults, life and death. What a job file may say is in job_parse.c, where its inputs lie in
 * job_resolve.c. */
#include "job/job.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/job_priv.h"
#include "nn/kernels/precision.h"

const char *const ora_layout_words[3] = {"auto", "prose", "lines"};
const char *const ora_format_words[6] = {"auto", "txt", "md", "jsonl", "tsv", "list"};
const char *const ora_codec_words[3] = {"flac", "wav", "wav-f32"};
const char *const ora_store_words[2] = {"tar", "files"};
const char *const ora_gap_words[ORA_GAP_COUNT] = {"split",   "sentence", "paragraph",
                                                  "heading", "chapter",  "document"};

static const char *const view_names[] = {
#define ORA_VIEW(name) #name,
#include "job/views.def"
#undef ORA_VIEW
};

const char *ora_job_view_name(size_t index)
{
    return index < sizeof view_names / sizeof view_names[0] ? view_names[index] : NULL;
}

struct ora_job *ora_job_new(void)
{
    struct ora_job *job = ora_xcalloc(1, sizeof *job);
    job->speed = 1;
    job->max_chars = 600;
    /* A split is a breath inside a sentence; the rest follows what readers of audiobooks leave. */
    static const uint32_t pauses[ORA_GAP_COUNT] = {100, 250, 600, 900, 1500, 2000};
    memcpy(job->pause_ms, pauses, sizeof pauses);
    job->render.codec = ORA_CODEC_FLAC;
    job->render.loudness_lufs = NAN;
    job->render.peak_dbfs = NAN;
    job->store = ORA_STORE_TAR;
    job->batch_utterances = 256;
    job->max_attempts = 20;
    job->lease_s = 300;
    return job;
}

struct ora_job_input *ora_job_add_input(struct ora_job *job)
{
    job->inputs = ora_xrealloc(job->inputs, (job->input_count + 1) * sizeof *job->inputs);
    struct ora_job_input *in = &job->inputs[job->input_count++];
    *in = (struct ora_job_input){.speed = -1};
    return in;
}

void ora_job_add_view(struct ora_job *job, const char *name)
{
    job->views = ora_xrealloc(job->views, (job->view_count + 1) * sizeof *job->views);
    job->views[job->view_count++] = ora_xstrdup(name);
}

void ora_job_input_release(struct ora_job_input *in)
{
    free(in->path);
    free(in->file);
    free(in->doc_id);
    for (size_t i = 0; i < in->column_count; i++)
        free(in->columns[i]);
    free(in->columns);
    free(in->voice);
    free(in->speaker);
    free(in->lang);
    free(in->settings_json);
}

void ora_job_free(struct ora_job **job)
{
    struct ora_job *j = *job;
    if (!j)
        return;
    for (size_t i = 0; i < j->input_count; i++)
        ora_job_input_release(&j->inputs[i]);
    free(j->inputs);
    for (size_t i = 0; i < j->view_count; i++)
        free(j->views[i]);
    free(j->views);
    free((char *)j->render.lexicon_path);
    free(j->path);
    free(j->base_dir);
    free(j->name);
    free(j->voice);
    free(j->speaker);
    free(j->lang);
    free(j->settings_json);
    free(j->lexicon);
    free(j->kernels);
    free(j->precision);
    free(j->database);
    free(j);
    *job = NULL;
}

static char *from_base(const struct ora_job *job, const char *path)
{
    return ora_path_join(job->base_dir, path);
}

/* A voice with a slash is a folder, not a name. */
static void settle_voice(const struct ora_job *job, char **voice)
{
    if (!*voice || !strchr(*voice, '/') || (*voice)[0] == '/')
        return;
    char *path = from_base(job, *voice);
    free(*voice);
    *voice = path;
}

void ora_job_settle(struct ora_job *job)
{
    if (!job->voice)
        job->voice = ora_xstrdup(ORA_JOB_DEFAULT_VOICE);
    settle_voice(job, &job->voice);
    if (!job->kernels)
        job->kernels = ora_xstrdup("auto");
    for (size_t i = 0; i < job->input_count; i++) {
        struct ora_job_input *in = &job->inputs[i];
        settle_voice(job, &in->voice);
        free(in->file);
        in->file = strcmp(in->path, "-") == 0 ? ora_xstrdup("-") : from_base(job, in->path);
    }
    free((char *)job->render.lexicon_path);
    job->render.lexicon_path = job->lexicon ? from_base(job, job->lexicon) : NULL;
    job->render.sentence_pause_ms = job->pause_ms[ORA_GAP_SENTENCE];
    job->render.max_chars = job->max_chars;
    job->render.seed = job->seed;
    job->render.kernels = job->kernels;
    job->render.arithmetic = job->arithmetic;
}

int ora_job_choose_arithmetic(struct ora_job *job, struct ora_err *err)
{
    struct ora_levels here = {0};
    bool by_name = (job->precision && ora_arithmetic_find(job->precision)) ||
                   (job->kernels && strcmp(job->kernels, "auto") != 0);
    /* What a run was made in is known wherever it is looked at. */
    int rc = by_name ? 0 : ora_levels_here(&here, err);
    if (rc == 0)
        rc = ora_precision_class(job->precision, job->kernels, &here, &job->arithmetic, err);
    job->render.arithmetic = job->arithmetic;
    return rc;
}

int ora_job_set_precision(struct ora_job *job, const char *precision, struct ora_err *err)
{
    free(job->precision);
    job->precision = ora_xstrdup(precision);
    return ora_job_choose_arithmetic(job, err);
}

bool ora_job_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (n < 1 || n > 64 || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    return true;
}

char *ora_job_name_of(const char *path)
{
    const char *base = ora_path_base(path), *dot = strrchr(base, '.');
    size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    char *name = ora_xstrndup(base, n < 64 ? n : 64);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
            *p = '-';
    if (name[0] == '.' || name[0] == '-')
        name[0] = '_';
    if (!name[0]) {
        free(name);
        name = ora_xstrdup("job");
    }
    return name;
}

/* The absolute folder that `path` lies in, without asking whether path exists. */
static char *absolute_dir_of(const char *path)
{
    char *dir = ora_path_dir(path);
    char *real = realpath(dir, NULL);
    if (real) {
        free(dir);
        return real;
    }
    char cwd[PATH_MAX];
    char *full = getcwd(cwd, sizeof cwd) ? ora_path_join(cwd, dir) : ora_xstrdup(dir);
    free(dir);
    return full;
}

struct ora_job *ora_job_read(const char *path, struct ora_err *err)
{
    struct ora_levels here; /* a wrong environment is no fault of a field */
    char *bytes, *base_dir;
    size_t len;
    if (ora_levels_here(&here, err) < 0 || ora_file_read(path, 1 << 20, &bytes, &len, err) < 0)
        return NULL;
    base_dir = absolute_dir_of(path);
    struct ora_job *job = ora_job_parse(bytes, len, path, base_dir, err);
    free(base_dir);
    free(bytes);
    if (!job)
        return NULL;
    job->path = ora_xstrdup(path);
    if (!job->name)
        job->name = ora_job_name_of(path);
    if (ora_job_resolve(job, err) < 0)
        ora_job_free(&job);
    return job;
}

struct ora_job *ora_job_of_text(const char *path, struct ora_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct ora_job *job = ora_job_new();
    job->base_dir = absolute_dir_of(is_stdin ? "." : path);
    job->name = is_stdin ? ora_xstrdup("stdin") : ora_job_name_of(path);
    ora_job_add_input(job)->path = ora_xstrdup(is_stdin ? "-" : ora_path_base(path));
    ora_job_add_view(job, "jsonl");
    /* Prose is to be listened to at once; a list of a million lines is not one chapter. */
    if (is_stdin || ora_ends_with(path, ".txt") || ora_ends_with(path, ".md"))
        ora_job_add_view(job, "chapters");
    ora_job_settle(job);
    if (ora_job_choose_arithmetic(job, err) < 0 || ora_job_resolve(job, err) < 0)
        ora_job_free(&job);
    return job;
}
