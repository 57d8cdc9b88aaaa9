/*
 * Finish: a batch's result becomes rows. First the whole result is compared with what is open, then it is
 * written, so that a wrong result changes nothing and the peer that sent it can be told what was wrong.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/run_priv.h"

struct account {
    struct ora_run_move move;
    int64_t done; /* utterances */
};

static int by_rowid(const void *a, const void *b)
{
    const struct ora_utt_result *const *x = a, *const *y = b;
    return ((*x)->utt_rowid > (*y)->utt_rowid) - ((*x)->utt_rowid < (*y)->utt_rowid);
}

static const struct ora_utt_result **sorted(const struct ora_batch_result *r)
{
    const struct ora_utt_result **list = ora_xcalloc(r->count ? r->count : 1, sizeof *list);
    bool in_order = true;
    for (size_t i = 0; i < r->count; i++) {
        list[i] = &r->results[i];
        in_order = in_order && (i == 0 || list[i - 1]->utt_rowid < list[i]->utt_rowid);
    }
    if (!in_order)
        qsort(list, r->count, sizeof *list, by_rowid);
    return list;
}

static bool is_sha256(const char *hex)
{
    return hex && strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

static int check_result(const struct ora_batch_result *r, const struct ora_utt_result *u, struct ora_err *err)
{
    const char *what = NULL;
    if (u->state == ORA_UTT_DONE) {
        if (u->samples == 0 || u->samples > (uint64_t)1 << 40)
            what = "samples";
        else if (u->sample_rate_hz < 1 || u->sample_rate_hz > 1000000)
            what = "sample_rate_hz";
        else if (!is_sha256(u->pcm_sha256))
            what = "pcm_sha256";
        else if ((u->audio_offset | u->audio_bytes | u->record_offset | u->record_bytes) >> 62)
            what = "offsets";
    } else if (u->state != ORA_UTT_REJECTED && u->state != ORA_UTT_FAILED) {
        what = "state";
    } else if (!u->reason_code || !u->reason_code[0] || !u->reason) {
        what = "reason";
    }
    return what ? ora_err_set(err, ORA_E_FORMAT, "result of batch %u: utterance %llu has no sensible %s",
                              r->batch, (unsigned long long)u->utt_rowid, what)
                : 0;
}

/* Exactly the open utterances, each once; adds up what they will move. */
static int check(struct ora_run *run, const struct ora_batch_result *r, const struct ora_utt_result **list,
                 struct account *a, struct ora_err *err)
{
    if (!is_sha256(r->file_sha256) || r->file_bytes >> 62)
        return ora_err_set(err, ORA_E_FORMAT, "result of batch %u: file_sha256 is not 64 hex digits",
                           r->batch);
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_BATCH_OPEN, err, "u", r->batch);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    size_t i = 0;
    int rc;
    while ((rc = ora_db_step(&run->db, q, err)) > 0) {
        uint64_t utt = (uint64_t)sqlite3_column_int64(q, 0);
        if (i == r->count || list[i]->utt_rowid != utt)
            rc = ora_err_set(err, ORA_E_FORMAT, "result of batch %u: utterance %llu is open and %s", r->batch,
                             (unsigned long long)utt,
                             i == r->count || list[i]->utt_rowid > utt ? "missing in it"
                                                                       : "not the next in it");
        else
            rc = check_result(r, list[i], err);
        if (rc < 0) {
            ora_db_reset(q);
            return rc;
        }
        if (list[i]->state == ORA_UTT_DONE) {
            a->done++;
            a->move.chars_done += sqlite3_column_int64(q, 1);
        }
        i++;
    }
    if (rc == 0 && i < r->count)
        rc = ora_err_set(err, ORA_E_FORMAT, "result of batch %u: utterance %llu is not open in that batch",
                         r->batch, (unsigned long long)list[i]->utt_rowid);
    return rc;
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static int write_clip(struct ora_run *run, const struct ora_utt_result *u, struct account *a,
                      struct ora_err *err)
{
    unsigned char sha256[32];
    for (int i = 0; i < 32; i++)
        sha256[i] =
            (unsigned char)(hex_digit(u->pcm_sha256[2 * i]) << 4 | hex_digit(u->pcm_sha256[2 * i + 1]));
    /* Whole microseconds by this formula, here and in BATCH_SUMS: what is added is what a retry takes away.
     */
    int64_t rate = u->sample_rate_hz;
    int64_t audio_us = ((int64_t)u->samples * 1000000 + rate / 2) / rate;
    int64_t synth_us =
        isfinite(u->synth_s) && u->synth_s > 0 && u->synth_s < 1e9 ? llrint(u->synth_s * 1e6) : 0;
    a->move.audio_us += audio_us;
    a->move.synth_us += synth_us;
    return ora_db_run(&run->db, ORA_SQL_ADD_CLIP, err, "iiiiiiibii", (int64_t)u->utt_rowid,
                      (int64_t)u->samples, rate, (int64_t)u->audio_offset, (int64_t)u->audio_bytes,
                      (int64_t)u->record_offset, (int64_t)u->record_bytes, sha256, synth_us,
                      (int64_t)u->peak_limited);
}

static int write_utterances(struct ora_run *run, const struct ora_batch_result *r, struct account *a,
                            struct ora_err *err)
{
    struct ora_run_move *m = &a->move;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->count; i++) {
        const struct ora_utt_result *u = &r->results[i];
        if (u->state == ORA_UTT_DONE) {
            rc = write_clip(run, u, a, err);
            continue;
        }
        rc = ora_db_run(&run->db, ORA_SQL_CLOSE_UTTERANCE, err, "iitt", (int64_t)u->utt_rowid,
                        (int64_t)u->state, u->reason_code, u->reason);
        m->rejected += u->state == ORA_UTT_REJECTED;
        m->failed += u->state == ORA_UTT_FAILED;
    }
    if (rc == 0 && a->done) /* those that are still open are the ones that got a clip */
        rc = ora_db_run(&run->db, ORA_SQL_BATCH_ALL_DONE, err, "u", r->batch);
    m->done = a->done;
    m->open = -(int64_t)r->count;
    return rc;
}

static int finish_steps(struct ora_run *run, const struct ora_batch_result *r,
                        const struct ora_run_lease_row *lease, int64_t worker, int64_t now_ms,
                        struct ora_err *err)
{
    struct account a = {
        .move = {.batches_leased = -1, .batches_done = 1, .audio_bytes = (int64_t)r->file_bytes}};
    const struct ora_utt_result **list = sorted(r);
    int rc = check(run, r, list, &a, err);
    free(list);
    if (rc == 0)
        rc = write_utterances(run, r, &a, err);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_END_LEASE, err, "iitn", lease->lease, now_ms, "done");
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_SET_DONE, err, "iiititi", lease->batch, lease->attempts,
                        lease->lease, r->file_sha256, (int64_t)r->file_bytes, r->kernel_level, now_ms);
    if (rc == 0)
        rc = ora_db_run(&run->db, ORA_SQL_WORKER_DID, err, "iiii", worker, a.done, a.move.audio_us,
                        a.move.synth_us);
    if (rc == 0)
        rc = ora_run_move(run, &a.move, err);
    return rc < 0 ? rc : 1;
}

static int is_duplicate(struct ora_run *run, const struct ora_batch_result *r, bool *duplicate,
                        struct ora_err *err)
{
    sqlite3_stmt *q = ora_db_query(&run->db, ORA_SQL_BATCH_SHA256, err, "u", r->batch);
    if (!q)
        return err ? err->code : ORA_E_DATABASE;
    int rc = ora_db_step(&run->db, q, err);
    if (rc > 0) {
        *duplicate = r->file_sha256 && strcmp(ora_db_text(q, 0), r->file_sha256) == 0;
        ora_db_reset(q);
    }
    return rc < 0 ? rc : 0;
}

int ora_run_finish(struct ora_run *run, const struct ora_batch_result *result, int64_t now_ms,
                   bool *duplicate, struct ora_err *err)
{
    struct ora_run_lease_row lease;
    int64_t worker;
    *duplicate = false;
    int rc = ora_run_current_lease(run, result->batch, result->token, result->worker, &lease, &worker, err);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return is_duplicate(run, result, duplicate, err);
    rc = ora_db_save(&run->db, err);
    if (rc < 0)
        return rc;
    return ora_db_keep(&run->db, finish_steps(run, result, &lease, worker, now_ms, err), err);
}
