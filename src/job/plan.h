/*
 * Plan: what a job would become, without rendering and without a run folder: the same reader, the same
 * batches, the same rejections as ingest, and an estimate of time and disk from what families say of
 * themselves.
 *
 *     rc = ora_plan_job(job, 20, &plan, &err);      // reads all inputs to their end, stdin too
 *     … plan->utterances, plan->reasons, plan->examples …
 *     ora_plan_free(&plan);
 */
#ifndef ORA_JOB_PLAN_H
#define ORA_JOB_PLAN_H

#include "job/job.h"

struct ora_plan_voice {
    char *voice;
    uint64_t utterances, chars;
    double audio_s, core_s; /* expected */
};

struct ora_plan_batch {
    size_t voice; /* index into voices */
    double audio_s, core_s;
};

struct ora_plan_reason {
    char *code; /* "no-words" */
    uint64_t count;
};

struct ora_plan_example { /* one of the first rejections, by input and line */
    char *path;           /* as the job names it */
    uint64_t line;
    char *id; /* or NULL */
    char *code, *reason;
    char *text; /* its beginning */
};

struct ora_job_plan {
    uint64_t utterances; /* that would be spoken */
    uint64_t rejected;   /* the ledger would count utterances + rejected */
    uint64_t structure_lines, lines;
    uint64_t chars; /* code points to be spoken */
    uint64_t cuts;  /* places where a text longer than max_chars was cut */
    uint64_t batches;
    double audio_s, core_s; /* expected: ± 30 %, before anything was measured */
    uint64_t audio_bytes, database_bytes;
    uint64_t clip_bytes;           /* of audio_bytes: what grows with audio_s */
    struct ora_plan_voice *voices; /* in the order they are met */
    size_t voice_count;
    struct ora_plan_batch *batch;    /* `batches` of them, in their order */
    struct ora_plan_reason *reasons; /* most frequent first */
    size_t reason_count;
    struct ora_plan_example *examples;
    size_t example_count;
};

int ora_plan_job(const struct ora_job *job, size_t max_examples, struct ora_job_plan **plan,
                 struct ora_err *err);
void ora_plan_free(struct ora_job_plan **plan);

#endif
