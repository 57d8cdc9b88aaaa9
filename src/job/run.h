/*
 * Run: a job being done. One folder: run.sqlite, audio/, views/, logs/, report.json, job.yaml.
 * The only code that opens the database (SQLite: WAL, synchronous=FULL, one writer, foreign keys; schema.sql).
 *
 *     ora_run_create(dir, job, on_progress, ctx, &run, &err);   // ingest: reads the inputs, fixes utterances and batches
 *     ora_run_open(dir, ORA_RUN_WRITE, &run, &err);             // later; takes the lock of the run
 *     ora_run_begin(run) … claim/lease/finish/release … ora_run_commit(run)   // one turn of the coordinator's loop
 *     ora_run_close(&run);
 *
 * Counters live in one row that moves in the same transaction as the rows they count, so the ledger
 *     utterances = done + rejected + failed + open
 * balances after every commit. Times are wall-clock milliseconds given by the caller. Threads: one a handle; a second
 * thread opens its own read-only handle.
 */
#ifndef ORA_JOB_RUN_H
#define ORA_JOB_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "job/job.h"

enum ora_run_mode { ORA_RUN_READ, ORA_RUN_WRITE };
enum ora_batch_state { ORA_BATCH_NEW, ORA_BATCH_LEASED, ORA_BATCH_DONE };
enum ora_utt_state { ORA_UTT_NEW, ORA_UTT_DONE, ORA_UTT_REJECTED, ORA_UTT_FAILED };

struct ora_run;

struct ora_progress {
    uint64_t utterances, done, rejected, failed; /* rejected counts those of ingest too */
    uint64_t batches, batches_done, batches_leased;
    uint64_t structure_lines;
    double audio_s;            /* of done utterances */
    double synth_s;            /* core seconds spent on them */
    uint64_t audio_bytes;
    uint64_t chars, chars_done;
    bool cancelled;
};

/* One batch with its utterances, as a worker gets it. Owned by the caller: ora_batch_release. */
struct ora_batch {
    uint32_t number;           /* 0-based: audio/NNNNNN */
    uint32_t attempt;          /* of this lease, from 1 */
    struct ora_utterance *utterances; /* those still NEW; strings live in `memory` */
    uint64_t *utt_rowid;       /* parallel */
    size_t count;
    void *memory;
};

struct ora_utt_result {
    uint64_t utt_rowid;
    enum ora_utt_state state;  /* DONE, REJECTED, FAILED */
    const char *reason_code, *reason; /* not DONE */
    uint64_t samples;
    int sample_rate_hz;
    uint64_t audio_offset, audio_bytes, record_offset, record_bytes;
    const char *pcm_sha256;
    double synth_s;
};

struct ora_batch_result {
    uint32_t batch;
    const char *token;
    const char *file_sha256;
    uint64_t file_bytes;
    const char *worker;        /* incarnation id, a row of workers */
    const char *kernel_level;
    const struct ora_utt_result *results;
    size_t count;
};

/* --- making and opening --- */
struct ora_ingest_stats { uint64_t lines, utterances, rejected, chars; };
int ora_run_create(const char *dir, const struct ora_job *job,
                   void (*on_progress)(void *ctx, const struct ora_ingest_stats *), void *ctx, struct ora_run **run,
                   struct ora_err *err);
int ora_run_open(const char *dir, enum ora_run_mode mode, struct ora_run **run, struct ora_err *err);
void ora_run_close(struct ora_run **run);
/* Has the job (settings or input files: stat first, hash when changed) changed since the run was made?
 * *what gets one line a difference; returns 1 when changed, 0 when not. */
int ora_run_changed(struct ora_run *run, const struct ora_job *job, struct ora_str *what, struct ora_err *err);
const char *ora_run_dir(const struct ora_run *run);
const char *ora_run_id(const struct ora_run *run);          /* random, made at ingest */
const struct ora_job *ora_run_job(const struct ora_run *run); /* read from the folder's job.yaml */

/* --- one turn of the coordinator's loop --- */
int ora_run_begin(struct ora_run *run, struct ora_err *err);
int ora_run_commit(struct ora_run *run, struct ora_err *err);
void ora_run_rollback(struct ora_run *run);
/* Leases the next NEW batch (lowest number first); returns 1 and fills *batch, 0 when there is none. */
int ora_run_lease(struct ora_run *run, const char *worker, const char *token, int64_t now_ms, int64_t deadline_ms,
                  struct ora_batch *batch, struct ora_err *err);
void ora_batch_release(struct ora_batch *batch);
/* Takes a result if `token` is the batch's current lease: rows, counters, lease cleared. Returns 1 when taken, 0 when
 * the token is stale (or the batch is DONE with the same sha256: then *duplicate is set). */
int ora_run_finish(struct ora_run *run, const struct ora_batch_result *result, int64_t now_ms, bool *duplicate,
                   struct ora_err *err);
/* LEASED → NEW if token is current. counts: the attempt counts against max_attempts (a batch over it is FAILED). */
int ora_run_give_back(struct ora_run *run, uint32_t batch, const char *token, bool counts, const char *why, int64_t now_ms,
                      struct ora_err *err);
int ora_run_renew(struct ora_run *run, const char *worker, int64_t deadline_ms, struct ora_err *err); /* all leases of a worker */
/* Leases whose deadline has passed, or of a worker that is gone; each is given back. Returns how many. */
int ora_run_expire(struct ora_run *run, int64_t now_ms, struct ora_err *err);
int ora_run_lost_worker(struct ora_run *run, const char *worker, int64_t now_ms, struct ora_err *err);
/* An engine died by its own fault while this utterance was in work: counted; returns 1 when that made it FAILED (second time). */
int ora_run_crashed(struct ora_run *run, uint64_t utt_rowid, int signal, const char *worker, int64_t now_ms, struct ora_err *err);

/* --- workers --- */
struct ora_worker_info { const char *worker, *host; int pid; uint64_t start_time; int cores; const char *kernel_level; bool local; };
int ora_run_worker_join(struct ora_run *run, const struct ora_worker_info *info, int64_t now_ms, struct ora_err *err);
int ora_run_worker_left(struct ora_run *run, const char *worker, const char *why, int64_t now_ms, struct ora_err *err);
/* Workers that have not left, with pid and start time, for the restart: */
int ora_run_each_worker(struct ora_run *run, int (*fn)(void *ctx, const struct ora_worker_info *), void *ctx, struct ora_err *err);
/* Leases as they stand, for the restart. */
int ora_run_each_lease(struct ora_run *run, int (*fn)(void *ctx, uint32_t batch, const char *worker, const char *token, int64_t deadline_ms),
                       void *ctx, struct ora_err *err);

/* --- reading --- */
int ora_run_progress(struct ora_run *run, struct ora_progress *p, struct ora_err *err);
int ora_run_meta_get(struct ora_run *run, const char *key, char **value, struct ora_err *err); /* caller frees; NULL when unset */
int ora_run_meta_set(struct ora_run *run, const char *key, const char *value, struct ora_err *err);

/* One row in reading order, for views, verify and reports. Strings hold until the next step. */
struct ora_run_row {
    struct ora_utterance utt;
    uint64_t rowid;
    uint32_t batch;
    enum ora_utt_state state;
    const char *reason_code, *reason;
    enum ora_gap gap_after;
    uint32_t pause_after_ms;
    uint64_t samples;
    int sample_rate_hz;
    uint64_t audio_offset, audio_bytes, record_offset, record_bytes;
    const char *pcm_sha256, *worker, *host, *kernel_level;
    uint32_t attempt;
    double synth_s;
    int64_t done_ms;
};
struct ora_run_rows;
struct ora_run_filter { int state; /* -1: any */ const char *id; int32_t doc, chapter; /* -1: any */ uint32_t sample; uint64_t sample_seed; };
int ora_run_rows_open(struct ora_run *run, const struct ora_run_filter *filter, struct ora_run_rows **rows, struct ora_err *err);
int ora_run_rows_next(struct ora_run_rows *rows, struct ora_run_row *row, struct ora_err *err); /* 1 row, 0 end */
void ora_run_rows_close(struct ora_run_rows **rows);
int ora_run_each_chapter(struct ora_run *run, int (*fn)(void *ctx, uint32_t doc, const char *doc_id, uint32_t chapter, const char *title, uint64_t utterances),
                         void *ctx, struct ora_err *err);

/* --- the user's hand --- */
int ora_run_cancel(struct ora_run *run, int64_t now_ms, struct ora_err *err);
/* Reopens whole batches: those with failed utterances, or that of one id. Their files are removed. Returns batches reopened. */
int ora_run_retry(struct ora_run *run, bool failed, const char *id, int64_t now_ms, struct ora_err *err);

#endif
