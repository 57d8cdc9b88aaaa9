/*
 * Job: what the user wrote (a YAML file in jobs/), read and checked, with every default filled in.
 *
 *     struct ora_job *job = ora_job_read("jobs/quickstart.yaml", &err);   // or ora_job_of_text(path) for a bare text
 *     … ora_job_to_yaml(job, &out) …                                     // job.yaml "as it was used"
 *     ora_job_free(&job);
 *
 * Paths in a job file are relative to the job file's folder. jobs/README.md explains every field.
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

struct ora_job_input {
    char *path;                /* as written (may be a glob, "-" is stdin) */
    char *doc_id;              /* or NULL */
    enum ora_layout layout;
    enum ora_format format;
    char **columns;
    size_t column_count;
    char *voice, *speaker, *lang; /* overrides of the job's; or NULL */
    double speed;              /* < 0: the job's */
    char *settings_json;       /* or NULL */
};

struct ora_job {
    char *path;                /* the job file; NULL when made from a text */
    char *base_dir;            /* folder that relative paths start from */
    char *name;                /* folder of the run: runs/<name> */
    struct ora_job_input *inputs;
    size_t input_count;
    char *voice, *speaker, *lang; /* speaker, lang: or NULL */
    double speed;
    char *settings_json;       /* or NULL */
    uint64_t seed;
    uint32_t max_chars;        /* 600 */
    char *lexicon;             /* or NULL */
    uint32_t pause_ms[6];      /* by enum ora_gap: between utterances in chapters, and (SENTENCE) inside utterances */
    struct ora_render_spec render; /* codec, rate, loudness, peak, trim; borrowed strings point into this job */
    enum ora_store_kind store;
    uint32_t batch_chars;      /* 3000; 0: the family's */
    uint32_t batch_utterances; /* 256 */
    char **views;              /* "jsonl", "ljspeech", "chapters" */
    size_t view_count;
    char *kernels;             /* "auto" or a level */
    uint32_t max_attempts;     /* 20 */
    uint32_t lease_s;          /* 300 */
};

struct ora_job *ora_job_read(const char *path, struct ora_err *err);
/* A bare text (.txt .md .jsonl .tsv .lst …) or "-": a job with all defaults, named after the file. */
struct ora_job *ora_job_of_text(const char *path, struct ora_err *err);
void ora_job_free(struct ora_job **job);
int ora_job_to_yaml(const struct ora_job *job, struct ora_str *out); /* reads back to the same job */

#endif
