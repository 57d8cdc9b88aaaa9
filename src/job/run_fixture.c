#include "job/run_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "job/run_priv.h"

struct ora_job *ora_fixture_job(const char *yaml, struct ora_err *err)
{
    char *text = ora_fmt("name: fixture\ninputs: lines.tsv\n%s", yaml ? yaml : "");
    struct ora_job *job = ora_job_parse(text, strlen(text), "fixture.yaml", "/nowhere", err);
    free(text);
    return job;
}

static int feed(void *ctx, struct ora_db *db, struct ora_ingest *in, ora_item_fn *on_item, void *item_ctx,
                struct ora_err *err)
{
    const struct ora_fixture *f = ctx;
    char id[16], text[1024];
    uint32_t chars = f->chars ? f->chars : 40;
    memset(text, 'a', sizeof text);
    text[chars < sizeof text ? chars : sizeof text - 1] = '\0';
    int rc = ora_db_run(db, ORA_SQL_ADD_INPUT, err, "itttiit", (int64_t)0, "text", "lines.tsv",
                        "/nowhere/lines.tsv", (int64_t)0, (int64_t)0, "");
    if (rc == 0)
        rc = ora_ingest_input(in, 0, err);
    for (uint32_t i = 0; rc == 0 && i < f->utterances; i++) {
        bool bad = f->reject_every && i % f->reject_every == f->reject_every - 1;
        snprintf(id, sizeof id, "u%06u", i);
        struct ora_item item = {.kind = bad ? ORA_ITEM_REJECTED : ORA_ITEM_UTTERANCE,
                                .role = ORA_ROLE_LINE,
                                .gap_after = ORA_GAP_SENTENCE,
                                .path = "lines.tsv",
                                .line = i + 1,
                                .last_line = i + 1,
                                .doc_id = "lines",
                                .id = id,
                                .text = text,
                                .text_len = strlen(text),
                                .speed = -1};
        item.chapter = f->per_chapter ? i / f->per_chapter : 0;
        item.voice = f->voices ? f->voices[i % f->voice_count] : NULL;
        item.reason_code = bad ? "no-words" : NULL;
        item.reason = bad ? "nothing in it can be spoken" : NULL;
        rc = on_item(item_ctx, &item, err);
    }
    return rc;
}

int ora_fixture_create(const char *dir, const struct ora_fixture *f, struct ora_run **run,
                       struct ora_err *err)
{
    struct ora_job *job = ora_fixture_job(f->yaml, err);
    if (!job)
        return err->code;
    struct ora_run_source source = {.read = feed, .ctx = (void *)(uintptr_t)f};
    int rc = ora_run_create_from(dir, job, &source, NULL, NULL, run, err);
    ora_job_free(&job);
    return rc;
}

static const char sha256_text[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct ora_batch_result *ora_fixture_result(const struct ora_batch *batch, const char *token)
{
    struct ora_batch_result *r = ora_xcalloc(1, sizeof *r);
    struct ora_utt_result *u = ora_xcalloc(batch->count ? batch->count : 1, sizeof *u);
    for (size_t i = 0; i < batch->count; i++)
        u[i] = (struct ora_utt_result){.utt_rowid = batch->utt_rowid[i],
                                       .state = ORA_UTT_DONE,
                                       .samples = 22050 + i,
                                       .sample_rate_hz = 22050,
                                       .audio_offset = 512 * (4 * i + 1),
                                       .audio_bytes = 400,
                                       .record_offset = 512 * (4 * i + 3),
                                       .record_bytes = 300,
                                       .pcm_sha256 = sha256_text,
                                       .synth_s = 0.0123456};
    *r = (struct ora_batch_result){.batch = batch->number,
                                   .token = token,
                                   .file_sha256 = sha256_text,
                                   .file_bytes = 2048 * batch->count + 1024,
                                   .kernel_level = "scalar",
                                   .results = u,
                                   .count = batch->count};
    return r;
}

void ora_fixture_result_free(struct ora_batch_result **r)
{
    if (!*r)
        return;
    free((void *)(uintptr_t)(*r)->results);
    free(*r);
    *r = NULL;
}

int ora_fixture_join(struct ora_run *run, const char *worker, struct ora_err *err)
{
    return ora_run_worker_join(run, &(struct ora_worker_info){worker, "host", 1, 1, 2, "scalar", true}, 1,
                               err);
}

int ora_fixture_audit(struct ora_run *run, struct ora_err *err)
{
    /* Each pair must be equal; counted from the rows, not from what was moved. */
    static const char sql[] =
        "SELECT 'utterances', utterances, (SELECT count(*) FROM utterances) FROM counters UNION ALL "
        "SELECT 'open', open, (SELECT count(*) FROM utterances WHERE state = 0) FROM counters UNION ALL "
        "SELECT 'done', done, (SELECT count(*) FROM utterances WHERE state = 1) FROM counters UNION ALL "
        "SELECT 'rejected', rejected, (SELECT count(*) FROM utterances WHERE state = 2) FROM counters UNION "
        "ALL "
        "SELECT 'failed', failed, (SELECT count(*) FROM utterances WHERE state = 3) FROM counters UNION ALL "
        "SELECT 'sum', utterances, open + done + rejected + failed FROM counters UNION ALL "
        "SELECT 'batches', batches, (SELECT count(*) FROM batches) FROM counters UNION ALL "
        "SELECT 'batches_leased', batches_leased, (SELECT count(*) FROM batches WHERE state = 1) FROM "
        "counters UNION ALL "
        "SELECT 'batches_done', batches_done, (SELECT count(*) FROM batches WHERE state = 2) FROM counters "
        "UNION ALL "
        "SELECT 'chars', chars, (SELECT coalesce(sum(chars), 0) FROM utterances WHERE batch NOT NULL) FROM "
        "counters UNION ALL "
        "SELECT 'chars_done', chars_done, (SELECT coalesce(sum(chars), 0) FROM utterances WHERE state = 1) "
        "FROM counters UNION ALL "
        "SELECT 'audio_us', audio_us, (SELECT coalesce(sum((samples * 1000000 + sample_rate_hz / 2) / "
        "sample_rate_hz), 0) FROM clips) FROM counters UNION ALL "
        "SELECT 'synth_us', synth_us, (SELECT coalesce(sum(synth_us), 0) FROM clips) FROM counters UNION ALL "
        "SELECT 'audio_bytes', audio_bytes, (SELECT coalesce(sum(file_bytes), 0) FROM batches) FROM counters "
        "UNION ALL "
        "SELECT 'clips', done, (SELECT count(*) FROM clips) FROM counters UNION ALL "
        "SELECT 'current leases', batches_leased, (SELECT count(*) FROM leases l JOIN batches b USING "
        "(batch) WHERE ended_ms IS NULL AND b.state = 1) FROM counters UNION ALL "
        "SELECT 'stray leases', 0, (SELECT count(*) FROM leases l JOIN batches b USING (batch) WHERE "
        "ended_ms IS NULL AND b.state <> 1) UNION ALL "
        "SELECT 'open in done batches', 0, (SELECT count(*) FROM utterances u JOIN batches b USING (batch) "
        "WHERE u.state = 0 AND b.state = 2) UNION ALL "
        "SELECT 'done without file', 0, (SELECT count(*) FROM utterances u JOIN batches b USING (batch) "
        "WHERE u.state = 1 AND b.file_sha256 IS NULL) UNION ALL "
        "SELECT 'batch sizes', (SELECT count(*) FROM batches), (SELECT count(*) FROM batches b WHERE "
        "b.utterances = (SELECT count(*) FROM utterances u WHERE u.batch = b.batch)) UNION ALL "
        "SELECT 'foreign keys', 0, (SELECT count(*) FROM pragma_foreign_key_check)";
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(run->db.handle, sql, -1, &q, NULL) != SQLITE_OK)
        return ora_db_error(&run->db, "audit", err);
    int rc = 0, rows = 0;
    while (rc == 0 && sqlite3_step(q) == SQLITE_ROW) {
        rows++;
        int64_t counter = sqlite3_column_int64(q, 1), count = sqlite3_column_int64(q, 2);
        if (counter != count)
            rc = ora_err_set(err, ORA_E_STATE, "%s: counter says %" PRId64 ", the rows say %" PRId64,
                             ora_db_text(q, 0), counter, count);
    }
    sqlite3_finalize(q);
    return rc == 0 && rows != 21
               ? ora_err_set(err, ORA_E_DATABASE, "the audit ended early: %s", sqlite3_errmsg(run->db.handle))
               : rc;
}

int ora_fixture_finish_one(struct ora_run *run)
{
    static int serial;
    struct ora_err err = {0};
    struct ora_batch batch;
    char token[40];
    bool duplicate;
    snprintf(token, sizeof token, "finish-%d", serial++);
    int rc = ora_run_lease(run, "w1", token, 10, 1000, &batch, &err), number = -1;
    ORA_CHECK_OK(rc, err);
    if (rc == 1) {
        struct ora_batch_result *r = ora_fixture_result(&batch, token);
        ORA_CHECK_INT(ora_run_finish(run, r, 20, &duplicate, &err), 1);
        ORA_CHECK_STR(err.message, "");
        number = (int)batch.number;
        ora_fixture_result_free(&r);
    }
    ora_batch_release(&batch);
    return number;
}
