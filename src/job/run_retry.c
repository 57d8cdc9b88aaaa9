/*
 * Retry: the user's hand reopens whole batches.
 *
 * The order keeps every moment safe: (1) one transaction makes rows NEW, moves counters and notes the batch
 * in `removals`; (2) the batches' files are removed; (3) the notes go. Dying after (1) leaves a file that no
 * row claims, and a note by which the next opening for writing removes it, before any worker can have made it
 * anew. Dying after (2): the same, with nothing left to remove.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "dataset/store.h"
#include "job/run_priv.h"

static int reopen(struct ora_run *run, int64_t batch, int64_t file_bytes, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_BATCH_SUMS, err, "i", batch);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc <= 0)
        return rc;
    int64_t v[7];
    for (int i = 0; i < 7; i++)
        v[i] = sqlite3_column_int64(q, i);
    ora_db_reset(q);
    struct ora_run_move m = {.open = v[1] + v[2] + v[3],
                             .done = -v[1],
                             .rejected = -v[2],
                             .failed = -v[3],
                             .batches_done = -1,
                             .chars_done = -v[4],
                             .synth_us = -v[5],
                             .audio_us = -v[6],
                             .audio_bytes = -file_bytes};
    rc = ora_db_run(&run->db, ORA_SQL_DROP_CLIPS, err, "i", batch);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_REOPEN_UTTERANCES, err, "i", batch);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_REOPEN_BATCH, err, "i", batch);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_ADD_REMOVAL, err, "i", batch);
    if (rc == 0)
        rc = ora_run_move(run, &m, err);
    return rc;
}

/* 1 when it was DONE and is reopened, 0 when it is new or at work. */
static int reopen_if_done(struct ora_run *run, int64_t batch, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_BATCH_STATE, err, "i", batch);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc <= 0)
        return rc;
    bool done = sqlite3_column_int(q, 0) == ORA_BATCH_DONE;
    int64_t bytes = sqlite3_column_int64(q, 1);
    ora_db_reset(q);
    if (!done)
        return 0;
    rc = reopen(run, batch, bytes, err);
    return rc < 0 ? rc : 1;
}

static int reopen_failed(struct ora_run *run, struct ora_err *err)
{
    int64_t batch, after = -1;
    int rc, reopened = 0;
    while ((rc = ora_db_int(&run->db, ORA_SQL_BATCHES_FAILED, &batch, err, "i", after)) > 0) {
        rc = reopen_if_done(run, batch, err);
        if (rc < 0)
            return rc;
        reopened += rc;
        after = batch;
    }
    return rc < 0 ? rc : reopened;
}

static int reopen_id(struct ora_run *run, const char *id, struct ora_err *err)
{
    int64_t batch;
    int rc = ora_db_int(&run->db, ORA_SQL_BATCH_OF_ID, &batch, err, "t", id);
    if (rc <= 0)
        return rc < 0 ? rc
                      : ora_err_set(err, ORA_E_NOT_FOUND, "%s: no utterance has the id '%s'", run->dir, id);
    rc = reopen_if_done(run, batch, err);
    if (rc == 0)
        rc = ora_err_set(err, ORA_E_STATE,
                         "%s: utterance '%s' is not closed yet: its batch %lld is still to do", run->dir, id,
                         (long long)batch);
    return rc;
}

int ora_run_finish_removals(struct ora_run *run, struct ora_err *err)
{
    char *audio = ora_path_join(run->dir, "audio");
    int removed = 0, rc;
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_EACH_REMOVAL, err, "");
    if (!q) {
        free(audio);
        return err ? err->code : ORA_E_DATABASE;
    }
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        char *path = ora_store_final_path(audio, (uint32_t)sqlite3_column_int64(q, 0), run->job->store);
        rc = ora_file_remove_tree(path, err);
        free(path);
        if (rc < 0) {
            ora_db_reset(q);
            break;
        }
        removed++;
    }
    if (rc == 0 && removed)
        rc = ora_file_fsync_dir(audio, err);
    if (rc == 0 && removed)
        rc = ora_db_run(&run->db, ORA_SQL_DROP_REMOVALS, err, "");
    free(audio);
    return rc;
}

int ora_run_retry(struct ora_run *run, bool failed, const char *id, int64_t now_ms, struct ora_err *err)
{
    int reopened = 0, rc = ora_run_begin(run, err);
    if (rc < 0)
        return rc;
    if (failed)
        rc = reopened = reopen_failed(run, err);
    if (rc >= 0 && id)
        rc = reopen_id(run, id, err);
    if (rc < 0) {
        ora_run_rollback(run);
        return rc;
    }
    reopened += id ? rc : 0;
    char when[24];
    snprintf(when, sizeof when, "%lld", (long long)now_ms);
    rc = ora_run_meta_set(run, "retried_ms", when, err);
    if (rc < 0)
        ora_run_rollback(run);
    else
        rc = ora_run_commit(run, err);
    if (rc == 0)
        rc = ora_run_finish_removals(run, err);
    return rc < 0 ? rc : reopened;
}
