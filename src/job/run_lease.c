/*
 * Leases: the steps of a batch's life, each all or nothing.
 *
 *     NEW ──lease──▶ LEASED ──finish──▶ DONE
 *      ▲               │
 *      └──end_lease────┘  (returned, expired, lost; the attempt that is one too many gives the open
 * utterances up: DONE)
 *
 * A token names one lease. Every function that takes one first asks the database for the batch's current
 * lease under that token, so what comes late finds nothing and changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/run_priv.h"

static const char *const role_words[] = {"sentence", "heading", "line"};

void ora_run_utterance_of(sqlite3_stmt *q, int first, struct ora_utterance *u)
{
    int role = sqlite3_column_int(q, first + 10);
    *u = (struct ora_utterance){
        .id = (const char *)sqlite3_column_text(q, first),
        .source_id = (const char *)sqlite3_column_text(q, first + 1),
        .doc_id = (const char *)sqlite3_column_text(q, first + 2),
        .chapter_title = (const char *)sqlite3_column_text(q, first + 3),
        .doc = (uint32_t)sqlite3_column_int64(q, first + 4),
        .chapter = (uint32_t)sqlite3_column_int64(q, first + 5),
        .paragraph = (uint32_t)sqlite3_column_int64(q, first + 6),
        .index = (uint32_t)sqlite3_column_int64(q, first + 7),
        .split = (uint32_t)sqlite3_column_int64(q, first + 8),
        .split_count = (uint32_t)sqlite3_column_int64(q, first + 9),
        .role = role_words[role >= 0 && role < 3 ? role : 0],
        .path = (const char *)sqlite3_column_text(q, first + 11),
        .line = (uint64_t)sqlite3_column_int64(q, first + 12),
        .text = ora_db_text(q, first + 13),
        .text_is_phonemes = sqlite3_column_int(q, first + 14) != 0,
        .voice = (const char *)sqlite3_column_text(q, first + 15),
        .speaker = (const char *)sqlite3_column_text(q, first + 16),
        .lang = (const char *)sqlite3_column_text(q, first + 17),
        .speed = sqlite3_column_double(q, first + 18),
        .settings_json = (const char *)sqlite3_column_text(q, first + 19),
        .extra_json = (const char *)sqlite3_column_text(q, first + 20),
    };
}

/* ---- a batch in memory: one block, strings first collected as offsets since the block moves while it grows
 * -------- */

enum { STRINGS = 10 };

/* The string members of an utterance; role is a constant and needs no copy. */
static const char **string_of(struct ora_utterance *u, int i)
{
    const char **all[STRINGS] = {&u->id,   &u->source_id, &u->doc_id,  &u->chapter_title, &u->path,
                                 &u->text, &u->voice,     &u->speaker, &u->lang,          &u->settings_json};
    return all[i];
}

struct batch_builder {
    struct ora_str strings;
    struct ora_utterance *utterances;
    uint64_t *utt_rowid;
    size_t count, cap;
};

static void keep_string(struct ora_str *strings, const char **s)
{
    if (!*s)
        return;
    size_t at = strings->len + 1; /* + 1: an offset is never NULL */
    ora_str_addn(strings, *s, strlen(*s) + 1);
    *s = (const char *)(uintptr_t)at;
}

static void add_utterance(struct batch_builder *b, sqlite3_stmt *q)
{
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->utterances = ora_xrealloc(b->utterances, b->cap * sizeof *b->utterances);
        b->utt_rowid = ora_xrealloc(b->utt_rowid, b->cap * sizeof *b->utt_rowid);
    }
    struct ora_utterance *u = &b->utterances[b->count];
    b->utt_rowid[b->count++] = (uint64_t)sqlite3_column_int64(q, 0);
    ora_run_utterance_of(q, 1, u);
    for (int i = 0; i < STRINGS; i++)
        keep_string(&b->strings, string_of(u, i));
    keep_string(&b->strings, &u->extra_json);
}

static void settle_string(const char *base, const char **s)
{
    if (*s)
        *s = base + (uintptr_t)*s - 1;
}

static void settle(struct batch_builder *b, struct ora_batch *batch)
{
    batch->memory = ora_str_detach(&b->strings);
    for (size_t i = 0; i < b->count; i++) {
        for (int k = 0; k < STRINGS; k++)
            settle_string(batch->memory, string_of(&b->utterances[i], k));
        settle_string(batch->memory, &b->utterances[i].extra_json);
    }
    batch->utterances = b->utterances;
    batch->utt_rowid = b->utt_rowid;
    batch->count = b->count;
}

void ora_batch_release(struct ora_batch *batch)
{
    free(batch->memory);
    free(batch->utterances);
    free(batch->utt_rowid);
    *batch = (struct ora_batch){0};
}

static int load_batch(struct ora_run *run, struct ora_batch *batch, struct ora_err *err)
{
    struct batch_builder b = {.strings = ORA_STR_INIT};
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_BATCH_UTTERANCES, err, "u", batch->number);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0)
        add_utterance(&b, q);
    settle(&b, batch);
    if (rc < 0)
        ora_batch_release(batch);
    return rc;
}

/* A run of a single voice, or of hundreds: the batch's own is what counts. */
static int load_voice(struct ora_run *run, struct ora_batch *batch, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_VOICE_OF_BATCH, err, "u", batch->number);
    int rc = q ? ora_db_step(&run->db, q, err) : err ? err->code : ORA_E_DATABASE;
    if (rc > 0)
        snprintf(batch->voice_mark, sizeof batch->voice_mark, "%s", ora_db_text(q, 0));
    if (q)
        ora_db_reset(q);
    return rc < 0 ? rc : 0;
}

/* ---- lease
 * -------------------------------------------------------------------------------------------------- */

static int lease_steps(struct ora_run *run, int64_t worker, const char *token, int64_t now_ms,
                       int64_t deadline_ms, struct ora_batch *batch, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_NEXT_NEW, err, "");
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc <= 0)
        return rc;
    batch->number = (uint32_t)sqlite3_column_int64(q, 0);
    batch->attempt = (uint32_t)sqlite3_column_int64(q, 1) + 1;
    batch->alone = sqlite3_column_int(q, 2) != 0;
    ora_db_reset(q);
    rc = ora_db_run(&run->db, ORA_SQL_SET_LEASED, err, "u", batch->number);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_ADD_LEASE, err, "uituii", batch->number, worker, token,
                        batch->attempt, now_ms, deadline_ms);
    if (rc == 0)
        rc = ora_run_move(run, &(struct ora_run_move){.batches_leased = 1}, err);
    if (rc == 0)
        rc = load_batch(run, batch, err);
    if (rc == 0)
        rc = load_voice(run, batch, err);
    return rc < 0 ? rc : 1;
}

int ora_run_lease(struct ora_run *run, const char *worker, const char *token, int64_t now_ms,
                  int64_t deadline_ms, struct ora_batch *batch, struct ora_err *err)
{
    int64_t row;
    *batch = (struct ora_batch){0};
    int rc = ora_db_int(&run->db, ORA_SQL_WORKER_OF, &row, err, "t", worker);
    if (rc <= 0)
        return rc < 0 ? rc
                      : ora_err_set(err, ORA_E_STATE, "worker %s asks for work but has not joined", worker);
    rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    rc = ora_db_keep(&run->db, lease_steps(run, row, token, now_ms, deadline_ms, batch, err), err);
    if (rc <= 0)
        ora_batch_release(batch);
    return rc;
}

int ora_run_renew(struct ora_run *run, const char *worker, int64_t deadline_ms, struct ora_err *err)
{
    return ora_db_run(&run->db, ORA_SQL_RENEW, err, "ti", worker, deadline_ms);
}

int ora_run_current_lease(struct ora_run *run, uint32_t batch, const char *token, const char *worker_name,
                          struct ora_run_lease_row *row, int64_t *worker, struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_CURRENT_LEASE, err, "ut", batch, token);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc <= 0)
        return rc;
    *row = (struct ora_run_lease_row){sqlite3_column_int64(q, 0), batch, sqlite3_column_int64(q, 3)};
    *worker = sqlite3_column_int64(q, 1);
    rc = !worker_name || strcmp(worker_name, ora_db_text(q, 2)) == 0;
    ora_db_reset(q);
    return rc;
}

/* ---- the ways back
 * ------------------------------------------------------------------------------------------ */

static int give_up(struct ora_run *run, const struct ora_run_lease_row *row, int64_t attempts, int64_t open,
                   const char *why, int64_t now_ms, struct ora_err *err)
{
    char *reason = ora_fmt("given up after %lld attempts; the last: %s", (long long)attempts, why);
    int rc = ora_db_run(&run->db, ORA_SQL_BATCH_GIVE_UP, err, "itt", row->batch, "attempts", reason);
    free(reason);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_SET_DONE, err, "iinnini", row->batch, attempts, (int64_t)0, now_ms);
    if (rc == 0)
        rc = ora_run_move(
            run,
            &(struct ora_run_move){.open = -open, .failed = open, .batches_leased = -1, .batches_done = 1},
            err);
    return rc;
}

int ora_run_end_lease(struct ora_run *run, const struct ora_run_lease_row *row, const char *outcome,
                      bool counts, const char *why, int64_t now_ms, struct ora_err *err)
{
    int64_t open, attempts = row->attempts + (counts ? 1 : 0);
    int rc = ora_db_run(&run->db, ORA_SQL_END_LEASE, err, "iitt", row->lease, now_ms, outcome, why);
    if (rc == 0)
        rc = ora_db_int(&run->db, ORA_SQL_BATCH_OPEN_COUNT, &open, err, "i", row->batch);
    if (rc < 0)
        return rc;
    if (open == 0 || attempts >= (int64_t)run->job->max_attempts)
        return give_up(run, row, attempts, open, why, now_ms, err);
    rc = ora_db_run(&run->db, ORA_SQL_SET_NEW, err, "ii", row->batch, attempts);
    if (rc == 0)
        rc = ora_run_move(run, &(struct ora_run_move){.batches_leased = -1}, err);
    return rc;
}

int ora_run_give_back(struct ora_run *run, uint32_t batch, const char *token, bool counts, const char *why,
                      int64_t now_ms, struct ora_err *err)
{
    struct ora_run_lease_row row;
    int64_t worker;
    int rc = ora_run_current_lease(run, batch, token, NULL, &row, &worker, err);
    if (rc <= 0)
        return rc;
    rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    rc = ora_db_keep(&run->db, ora_run_end_lease(run, &row, "returned", counts, why, now_ms, err), err);
    return rc < 0 ? rc : 1;
}

/* Ends, one by one, the leases that the query (… LIMIT 1) finds: each ending takes its row out of the query.
 */
static int next_lease(struct ora_run *run, sqlite3_stmt *q, struct ora_run_lease_row *row,
                      struct ora_err *err)
{
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc > 0) {
        *row = (struct ora_run_lease_row){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                                          sqlite3_column_int64(q, 2)};
        ora_db_reset(q);
    }
    return rc;
}

int ora_run_end_leases_of_worker(struct ora_run *run, const char *worker, const char *outcome, bool counts,
                                 const char *why, int64_t now_ms, struct ora_err *err)
{
    struct ora_run_lease_row row;
    int rc, ended = 0;
    while ((rc = next_lease(run, ora_db_query(&run->db, ORA_SQL_LEASES_OF, err, "t", worker), &row, err)) >
           0) {
        rc = ora_run_end_lease(run, &row, outcome, counts, why, now_ms, err);
        if (rc < 0)
            break;
        ended++;
    }
    return rc < 0 ? rc : ended;
}

int ora_run_expire(struct ora_run *run, int64_t now_ms, struct ora_err *err)
{
    struct ora_run_lease_row row;
    int ended = 0, rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    while ((rc = next_lease(run, ora_db_query(&run->db, ORA_SQL_LEASES_DUE, err, "i", now_ms), &row, err)) >
           0) {
        rc = ora_run_end_lease(run, &row, "expired", true, "the lease ran out", now_ms, err);
        if (rc < 0)
            break;
        ended++;
    }
    rc = ora_db_keep(&run->db, rc, err);
    return rc < 0 ? rc : ended;
}

/* ---- crash
 * -------------------------------------------------------------------------------------------------- */

static int quarantine(struct ora_run *run, uint64_t utt, int signal, struct ora_err *err)
{
    const char *name = sigabbrev_np(signal);
    char *reason =
        ora_fmt("an engine died in it twice, by signal %d%s%s", signal, name ? " SIG" : "", name ? name : "");
    int rc = ora_db_run(&run->db, ORA_SQL_CLOSE_UTTERANCE, err, "iitt", (int64_t)utt, (int64_t)ORA_UTT_FAILED,
                        "crash", reason);
    free(reason);
    if (rc == 0)
        rc = ora_run_move(run, &(struct ora_run_move){.open = -1, .failed = 1}, err);
    return rc < 0 ? rc : 1;
}

static int crash_steps(struct ora_run *run, uint32_t batch, int64_t worker, uint64_t utt, int signal,
                       struct ora_err *err)
{
    int64_t crashes;
    int rc = ora_db_run(&run->db, ORA_SQL_WORKER_CRASHED, err, "i", worker);
    if (rc < 0 || !utt)
        return rc;
    rc = ora_db_int(&run->db, ORA_SQL_CRASHES_OF, &crashes, err, "iu", (int64_t)utt, batch);
    if (rc <=
        0) /* not an open utterance of this batch: the engine's crash counts, the utterance's does not */
        return rc;
    rc = ora_db_run(&run->db, ORA_SQL_ADD_CRASH, err, "i", (int64_t)utt);
    if (rc < 0 || crashes == 0)
        return rc;
    return quarantine(run, utt, signal, err);
}

int ora_run_crashed(struct ora_run *run, uint32_t batch, const char *token, uint64_t utt_rowid, int signal,
                    struct ora_err *err)
{
    struct ora_run_lease_row row;
    int64_t worker;
    int rc = ora_run_current_lease(run, batch, token, NULL, &row, &worker, err);
    if (rc <= 0)
        return rc;
    rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    return ora_db_keep(&run->db, crash_steps(run, batch, worker, utt_rowid, signal, err), err);
}
