/*
 * Job: what the user wrote (a YAML file in jobs/), read and checked, with every default filled in.
 *
 *     struct ora_job *job = ora_job_read("jobs/quickstart.yaml", &err);   // or ora_job_of_text(path) for a
 * bare text … ora_job_to_yaml(job, &out) …                                     // job.yaml "as it was used"
 *     ora_job_free(&job);
 *
 * Paths in a job file are relative to the job file's folder (or to `base_dir`, when the file names one, as
 * the job.yaml of a run does). jobs/README.md explains every field. Threads: a job is read-only once made.
 */
#ifndef ORA_JOB_JOB_H
#define ORA_JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/yaml.h"
#include "dataset/kinds.h"
#include "render/render.h"
#include "text/reader.h"

#define ORA_JOB_DEFAULT_VOICE "en_US-joe-medium"

enum { ORA_GAP_COUNT = ORA_GAP_DOCUMENT + 1 };

struct ora_job_input {
    char *path;   /* as written, globs expanded: what records and messages name; "-" is stdin */
    char *file;   /* the same from base_dir on: what is opened; "-" is stdin */
    char *doc_id; /* or NULL: from the file's name */
    enum ora_layout layout;
    enum ora_format format;
    char **columns;
    size_t column_count;
    char *voice, *speaker, *lang; /* overrides of the job's; or NULL */
    double speed;                 /* < 0: the job's */
    char *settings_json;          /* compact object, keys sorted; or NULL */
};

/* Text of a batch whose family is quick: beyond it a kill costs more than another batch does. The first of a
 * run hold ORA_BATCH_CHARS_LEAST, the others as much as an ORA_BATCHES_BEFOREth of all text before them. */
enum { ORA_BATCH_CHARS = 3000, ORA_BATCH_CHARS_LEAST = 200, ORA_BATCHES_BEFORE = 64 };

struct ora_job {
    char *path;     /* the job file; NULL when made from a text */
    char *base_dir; /* absolute: where relative paths start */
    char *name;     /* folder of the run: runs/<name>; ^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$ */
    struct ora_job_input *inputs;
    size_t input_count;
    char *voice, *speaker, *lang; /* speaker, lang: or NULL */
    double speed;
    char *settings_json; /* or NULL */
    uint64_t seed;
    uint32_t max_chars;               /* 600 */
    bool text_is_phonemes;            /* the texts are the family's phoneme symbols (layout lines only) */
    char *lexicon;                    /* as written; or NULL. render.lexicon_path is where it lies */
    uint32_t pause_ms[ORA_GAP_COUNT]; /* by enum ora_gap: between utterances in chapters, and (SENTENCE)
                                         inside utterances */
    struct ora_render_spec render; /* codec, rate, loudness, peak, trim, …; its strings belong to this job */
    enum ora_store_kind store;
    uint32_t batch_chars;      /* 0 ("auto"): growing; a minute of a core and ORA_BATCH_CHARS at most */
    uint32_t batch_utterances; /* 256 */
    char **views;              /* names of job/views.def, in the order given */
    size_t view_count;
    char *kernels;   /* "auto" or a level */
    char *precision; /* as written: a word of nn/kernels/precision.h; NULL: not said, which is "exact" */
    const char
        *arithmetic; /* the class that precision and kernels come to on this machine; what a run keeps */
    uint32_t max_attempts; /* 20 */
    uint32_t lease_s;      /* 300 */
    char *database;  /* folder on a local disk for the job table, as written; NULL: the run's own folder */
    bool network_fs; /* the run folder may lie on NFS and the like, at the user's own risk */
};

/* Reads and resolves. Errors: BAD_USAGE with file, line, field and what was expected; NOT_FOUND for an input,
 * glob or lexicon that is not there. */
struct ora_job *ora_job_read(const char *path, struct ora_err *err);
/* A bare text (.txt .md .jsonl .tsv .lst …) or "-": a job with all defaults, named after the file. */
struct ora_job *ora_job_of_text(const char *path, struct ora_err *err);
/* Bytes of a job file, touching no file: globs stay as written. base_dir is used unless the bytes name one.
 */
struct ora_job *ora_job_parse(const char *bytes, size_t len, const char *name, const char *base_dir,
                              struct ora_err *err);
/* Expands globs (sorted; a path that exists is never a glob) and checks that every input and the lexicon can
 * be read. */
int ora_job_resolve(struct ora_job *job, struct ora_err *err);
void ora_job_free(struct ora_job **job);
/* As if the file said this `precision`. BAD_USAGE: no such word, or `kernels` contradicts it. */
int ora_job_set_precision(struct ora_job *job, const char *precision, struct ora_err *err);
/* Appends YAML that ora_job_parse reads back to the same job, `precision` as the class that it came to.
 * BAD_USAGE when a path is not UTF-8. */
int ora_job_to_yaml(const struct ora_job *job, struct ora_str *out, struct ora_err *err);

/* Names of the views a job may ask for, in order; NULL past the last. */
const char *ora_job_view_name(size_t index);

#endif
