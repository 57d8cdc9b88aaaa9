/*
 * Run: a job being done. One folder: run.sqlite, audio/, views/, logs/, report.json, job.yaml.
 * The only code that opens the database (SQLite: WAL, synchronous=FULL, one writer, foreign keys;
 * schema.sql).
 *
 *     ora_run_create(dir, job, on_progress, ctx, &run, &err);   // ingest: reads the inputs, fixes utterances
 * and batches ora_run_open(dir, ORA_RUN_WRITE, &run, &err);             // later; takes the lock of the run
 *     ora_run_begin(run) … claim/lease/finish/release … ora_run_commit(run)   // one turn of the
 * coordinator's loop ora_run_close(&run);
 *
 * Counters live in one row that moves in the same transaction as the rows they count, so the ledger
 *     utterances = done + rejected + failed + open
 * balances after every commit; the schema checks it. Each function is all or nothing by itself, inside begin
 * … commit or without; begin … commit makes one transaction (one fsync) of many. Errors of the database have
 * class STOP (DISK_FULL, DATABASE, BUSY): after one, ora_run_rollback, and nothing of the turn has happened.
 * Times are wall-clock milliseconds given by the caller. Threads: one a handle; a second thread opens its own
 * read-only handle. A handle does not survive fork.
 */
#ifndef ORA_JOB_RUN_H
#define ORA_JOB_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "job/job.h"

enum ora_run_mode {
    ORA_RUN_READ,  /* any number of them, also while a coordinator is at work */
    ORA_RUN_WRITE, /* takes the lock of the run: the coordinator, retry */
};
enum ora_batch_state { ORA_BATCH_NEW, ORA_BATCH_LEASED, ORA_BATCH_DONE };
enum ora_utt_state { ORA_UTT_NEW, ORA_UTT_DONE, ORA_UTT_REJECTED, ORA_UTT_FAILED };

struct ora_run;

struct ora_progress {
    uint64_t utterances, done, rejected, failed; /* rejected counts those of ingest too */
    uint64_t open;                               /* the rest */
    uint64_t batches, batches_done, batches_leased;
    uint64_t structure_lines;
    double audio_s; /* of done utterances */
    double synth_s; /* core seconds spent on them */
    uint64_t audio_bytes;
    uint64_t chars, chars_done;
};

/* One batch with its utterances, as a worker gets it. Owned by the caller: ora_batch_release. */
struct ora_batch {
    uint32_t number;     /* 0-based: audio/NNNNNN */
    uint32_t attempt;    /* of this lease, from 1 */
    bool alone;          /* an engine died in it: one utterance at a time, so that the next names its own */
    char voice_mark[65]; /* of its voice when the run was made; "": not known */
    struct ora_utterance *utterances; /* those still NEW; strings live in `memory` */
    uint64_t *utt_rowid;              /* parallel */
    size_t count;
    void *memory;
};

struct ora_utt_result {
    uint64_t utt_rowid;
    enum ora_utt_state state;         /* DONE, REJECTED, FAILED */
    const char *reason_code, *reason; /* not DONE */
    uint64_t samples;
    int sample_rate_hz;
    uint64_t audio_offset, audio_bytes, record_offset, record_bytes;
    const char *pcm_sha256;
    double synth_s;
    bool peak_limited; /* the peak ceiling kept it below the loudness asked for */
};

struct ora_batch_result {
    uint32_t batch;
    const char *token;
    const char *file_sha256;
    uint64_t file_bytes;
    const char *worker; /* incarnation id: must be the lease's; NULL: whoever has the token */
    const char *kernel_level;
    const struct ora_utt_result *results;
    size_t count;
};

/* --- making and opening --- */
struct ora_ingest_stats {
    uint64_t lines, utterances, rejected, chars;
};
/* Reads the inputs and makes the run in `dir` (made when missing). run.sqlite appears there when all of it is
 * in: an ingest that was interrupted leaves a folder without one, and the next call starts afresh.
 * on_progress (may be NULL) is called every few thousand rows. Errors: STATE when dir has a run already;
 * BUSY, when another process works on it (named by pid); UNSUPPORTED on a network filesystem (unless the
 * job's allow_network_fs or ORATORIO_ALLOW_NETWORK_FS=1). */
int ora_run_create(const char *dir, const struct ora_job *job,
                   void (*on_progress)(void *ctx, const struct ora_ingest_stats *), void *ctx,
                   struct ora_run **run, struct ora_err *err);
bool ora_run_exists(const char *dir); /* has a whole run.sqlite */
int ora_run_open(const char *dir, enum ora_run_mode mode, struct ora_run **run, struct ora_err *err);
void ora_run_close(struct ora_run **run);
/* Has the job (settings or input files: stat first, hash when changed), a voice, or, where something is left
 * to render, the program changed since the run was made? *what gets one line a difference ("audio.format: was
 * flac, is wav"); returns 1 when changed, 0 when not. What decides no byte of the audio (views, limits, where
 * the job lies) may differ. Stdin, when the job has it, is read to its end. */
int ora_run_changed(struct ora_run *run, const struct ora_job *job, struct ora_str *what,
                    struct ora_err *err);
/* Takes over the fields of an unchanged job that decide no byte: views, limits. Updates job.yaml. */
int ora_run_adopt_job(struct ora_run *run, const struct ora_job *job, struct ora_err *err);
const char *ora_run_dir(const struct ora_run *run);
const char *ora_run_id(const struct ora_run *run); /* random, made at ingest */
const struct ora_job *
ora_run_job(const struct ora_run *run); /* as the database keeps it; job.yaml is a copy for people */

/* --- one turn of the coordinator's loop --- */
int ora_run_begin(struct ora_run *run, struct ora_err *err);
int ora_run_commit(struct ora_run *run, struct ora_err *err); /* on error nothing of the turn has happened */
void ora_run_rollback(struct ora_run *run);
/* Leases the next NEW batch (lowest number first) to a worker that has joined; returns 1 and fills *batch, 0
 * when there is none. The token must be new: 128 random bits in hex. */
int ora_run_lease(struct ora_run *run, const char *worker, const char *token, int64_t now_ms,
                  int64_t deadline_ms, struct ora_batch *batch, struct ora_err *err);
void ora_batch_release(struct ora_batch *batch);
/* Takes a result if `token` is the batch's current lease: rows, counters, lease ended. Returns 1 when taken,
 * 0 when the token is stale (*duplicate: the batch is DONE with the same sha256, so the worker may forget it
 * all the same). FORMAT, and nothing changed, when the results are not exactly the open utterances of the
 * batch. */
int ora_run_finish(struct ora_run *run, const struct ora_batch_result *result, int64_t now_ms,
                   bool *duplicate, struct ora_err *err);
/* LEASED → NEW if token is current: returns 1, else 0. counts: the attempt counts against the job's
 * max_attempts; the one that reaches it makes the open utterances FAILED ("attempts") and the batch DONE
 * without a file. */
int ora_run_give_back(struct ora_run *run, uint32_t batch, const char *token, bool counts, const char *why,
                      int64_t now_ms, struct ora_err *err);
int ora_run_renew(struct ora_run *run, const char *worker, int64_t deadline_ms,
                  struct ora_err *err); /* all leases of a worker */
/* Leases whose deadline has passed are given back, counted. Returns how many. */
int ora_run_expire(struct ora_run *run, int64_t now_ms, struct ora_err *err);
/* A worker is gone: marks it left, gives its leases back, counted. Returns how many. */
int ora_run_lost_worker(struct ora_run *run, const char *worker, int64_t now_ms, struct ora_err *err);
/* An engine died by its own fault. utt_rowid: the utterance in work, 0 when none was. Counted; returns 1 when
 * that made the utterance FAILED ("crash", the second time): the batch goes on without it, under the same
 * lease. 0 otherwise, also when the token is stale (then nothing is counted). */
int ora_run_crashed(struct ora_run *run, uint32_t batch, const char *token, uint64_t utt_rowid, int signal,
                    struct ora_err *err);

/* --- workers --- */
struct ora_worker_info {
    const char *worker, *host;
    int pid;
    uint64_t start_time;
    int cores;
    const char *kernel_level;
    bool local;
};
/* Joining again after a coordinator's restart (same incarnation) is fine. */
int ora_run_worker_join(struct ora_run *run, const struct ora_worker_info *info, int64_t now_ms,
                        struct ora_err *err);
/* It said goodbye: what it still holds is given back, uncounted. Returns how many. */
int ora_run_worker_left(struct ora_run *run, const char *worker, const char *why, int64_t now_ms,
                        struct ora_err *err);
/* Workers that have not left, with pid and start time, for the restart: */
int ora_run_each_worker(struct ora_run *run, int (*fn)(void *ctx, const struct ora_worker_info *), void *ctx,
                        struct ora_err *err);
/* Leases as they stand, for the restart. */
int ora_run_each_lease(struct ora_run *run,
                       int (*fn)(void *ctx, uint32_t batch, const char *worker, const char *token,
                                 int64_t deadline_ms),
                       void *ctx, struct ora_err *err);

/* --- reading --- */
int ora_run_progress(struct ora_run *run, struct ora_progress *p, struct ora_err *err);
/* How many clips the peak ceiling kept below the loudness that the job asks for. Reads all clips. */
int ora_run_peak_limited(struct ora_run *run, uint64_t *clips, struct ora_err *err);
int ora_run_meta_get(struct ora_run *run, const char *key, char **value,
                     struct ora_err *err); /* caller frees; NULL when unset */
int ora_run_meta_set(struct ora_run *run, const char *key, const char *value,
                     struct ora_err *err); /* NULL: unset */

/* One row in reading order, for views, verify and reports. Strings hold until the next step.
 * A record that ingest refused has utt.id NULL, state REJECTED, batch UINT32_MAX, and utt.source_id when it
 * had an id; samples … done_ms are of DONE rows, else 0 and NULL. A handle serves any number of iterations,
 * but begin … commit must not lie across one. */
struct ora_run_row {
    struct ora_utterance utt;
    uint64_t rowid;
    uint32_t batch;
    enum ora_utt_state state;
    const char *reason_code, *reason;
    enum ora_gap gap_after;
    uint32_t pause_after_ms;
    uint32_t chars; /* code points of utt.text */
    uint64_t samples;
    int sample_rate_hz;
    uint64_t audio_offset, audio_bytes, record_offset, record_bytes;
    const char *pcm_sha256, *worker, *host, *kernel_level;
    uint32_t attempt;
    double synth_s;
    int64_t done_ms;
};
struct ora_run_rows;
struct ora_run_filter {
    int state;            /* enum ora_utt_state; -1: any */
    const char *id;       /* or NULL */
    int32_t doc, chapter; /* -1: any */
    bool without_audio;   /* the rejected and failed ones alone, by input and line instead */
    uint32_t sample;      /* so many of them, chosen by sample_seed alone; 0: all */
    uint64_t sample_seed;
};
int ora_run_rows_open(struct ora_run *run, const struct ora_run_filter *filter, struct ora_run_rows **rows,
                      struct ora_err *err);
int ora_run_rows_next(struct ora_run_rows *rows, struct ora_run_row *row,
                      struct ora_err *err); /* 1 row, 0 end */
void ora_run_rows_close(struct ora_run_rows **rows);
int ora_run_each_chapter(struct ora_run *run,
                         int (*fn)(void *ctx, uint32_t doc, const char *doc_id, uint32_t chapter,
                                   const char *title, uint64_t utterances),
                         void *ctx, struct ora_err *err);

/* --- the user's hand --- */
/* Reopens whole DONE batches: those with failed utterances, or that of one id (NOT_FOUND when there is no
 * such id, STATE when its batch is at work). Returns batches reopened. Order: rows, counters and a note of
 * the files in one transaction; then the files are removed; then the note. Dying in between is made good by
 * the next ora_run_open for writing. Not inside begin … commit. */
int ora_run_retry(struct ora_run *run, bool failed, const char *id, int64_t now_ms, struct ora_err *err);

#endif
