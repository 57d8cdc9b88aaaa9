/* What the files of the run share. run.sqlite is opened by run.c and run_create.c alone. */
#ifndef ORA_JOB_RUN_PRIV_H
#define ORA_JOB_RUN_PRIV_H

#include "job/db.h"
#include "job/ingest.h"
#include "job/run.h"

struct ora_job_check;

struct ora_run {
    struct ora_db db;
    char *dir;
    char *id;
    struct ora_job *job;
    int lock_fd; /* -1: not held */
};

/* Keys of meta: what the job said, and the class of arithmetic that it came to. Runs of schema 2 have
 * neither. */
#define ORA_META_PRECISION  "precision"
#define ORA_META_ARITHMETIC "arithmetic"
#define ORA_META_VOICE      "voice " /* and its name: ora_voice_mark */
#define ORA_META_MADE_BY    "made_by"
#define ORA_MADE_BY         "oratorio " ORA_VERSION
const char *ora_run_precision_asked(const struct ora_job *job); /* "exact" where the job says nothing */

/* What one step adds to the row of counters. */
struct ora_run_move {
    int64_t open, done, rejected, failed, batches_leased, batches_done, chars_done, audio_us, synth_us,
        audio_bytes;
};
int ora_run_move(struct ora_run *run, const struct ora_run_move *m, struct ora_err *err);

struct ora_run_lease_row {
    int64_t lease, batch, attempts;
};
/* The current lease of batch under token (and, unless NULL, of that worker): 1 and *row, 0 when the token is
 * stale. */
int ora_run_current_lease(struct ora_run *run, uint32_t batch, const char *token, const char *worker_name,
                          struct ora_run_lease_row *row, int64_t *worker, struct ora_err *err);
/* LEASED → NEW, or → DONE when nothing is open or the attempts are used up. In the caller's transaction or
 * savepoint. */
int ora_run_end_lease(struct ora_run *run, const struct ora_run_lease_row *row, const char *outcome,
                      bool counts, const char *why, int64_t now_ms, struct ora_err *err);
/* Returns how many. */
int ora_run_end_leases_of_worker(struct ora_run *run, const char *worker, const char *outcome, bool counts,
                                 const char *why, int64_t now_ms, struct ora_err *err);

/* Copies the utterance columns of ORA_SQL_BATCH_UTTERANCES's order, from column `first` on; pointers are the
 * statement's. */
void ora_run_utterance_of(sqlite3_stmt *q, int first, struct ora_utterance *u);

int ora_run_take_lock(const char *dir, int *fd, struct ora_err *err);
/* UNSUPPORTED when dir lies on a filesystem whose locks and maps are not to be trusted. */
int ora_run_check_filesystem(const char *dir, bool allowed, struct ora_err *err);
/* ora_run_open for writing with the lock already held; the lock is the run's from then on, and closed on
 * failure. */
int ora_run_open_locked(const char *dir, int lock_fd, struct ora_run **run, struct ora_err *err);
int ora_run_finish_removals(struct ora_run *run, struct ora_err *err);

/* Where the items of a new run come from: the job's inputs by way of the reader (run_read.c), or a test's own
 * list. Fills the rows of inputs, tells `in` which input is at hand, and gives every item to on_item. */
struct ora_run_source {
    int (*read)(void *ctx, struct ora_db *db, struct ora_ingest *in, ora_item_fn *on_item, void *item_ctx,
                struct ora_err *err);
    void *ctx;
    struct ora_job_check *check; /* NULL: voices are not looked at */
};
int ora_run_create_from(const char *dir, const struct ora_job *job, const struct ora_run_source *source,
                        void (*on_progress)(void *ctx, const struct ora_ingest_stats *), void *ctx,
                        struct ora_run **run, struct ora_err *err);

#endif
