/* One step of a run's life after the other. Random sequences are in run_model_test.c, reading in
 * run_rows_test.c, faults in run_fault_test.c. */
#include "job/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/test.h"
#include "job/run_fixture.h"
#include "job/verify.h"

static char *folder(const char *name)
{
    return ora_path_join(ora_test_tmpdir(), name);
}

static struct ora_run *make(const char *name, const struct ora_fixture *f)
{
    struct ora_err err = {0};
    struct ora_run *run = NULL;
    char *dir = folder(name);
    ORA_CHECK_OK(ora_fixture_create(dir, f, &run, &err), err);
    free(dir);
    if (run)
        ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    return run;
}

static void audit(struct ora_run *run)
{
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
}

static struct ora_progress progress(struct ora_run *run)
{
    struct ora_err err = {0};
    struct ora_progress p = {0};
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    return p;
}

ORA_TEST(a_run_is_made_leased_and_finished)
{
    struct ora_run *run =
        make("simple",
             &(struct ora_fixture){.yaml = "batch: {chars: 3000}\n", .utterances = 1000, .reject_every = 10});
    ORA_REQUIRE(run);
    audit(run);
    int taken = 0;
    while (ora_fixture_finish_one(run) == taken)
        taken++;
    struct ora_progress p = progress(run);
    ORA_CHECK_INT(p.utterances, 1000);
    ORA_CHECK_INT(p.done, 900);
    ORA_CHECK_INT(p.rejected, 100);
    ORA_CHECK_INT(p.open, 0);
    ORA_CHECK_INT(p.batches_done, taken);
    ORA_CHECK_INT(p.batches, 12); /* 75 lines of 40 characters each */
    ORA_CHECK_INT(p.chars_done, 36000);
    audit(run);
    ora_run_close(&run);
}

ORA_TEST(a_batch_carries_all_that_a_worker_needs)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run = make(
        "carries",
        &(struct ora_fixture){
            .yaml =
                "speaker: joe\nspeed: 1.5\nsettings: {noise_scale: 0}\nlang: en-GB\nbatch: {utterances: 3}\n",
            .utterances = 5,
            .per_chapter = 2});
    ORA_REQUIRE(run);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t", 10, 1000, &batch, &err), 1);
    ORA_REQUIRE(batch.count == 3);
    const struct ora_utterance *u = &batch.utterances[2];
    ORA_CHECK_INT(batch.number, 0);
    ORA_CHECK_INT(batch.attempt, 1);
    ORA_CHECK_INT(batch.utt_rowid[2], 3);
    ORA_CHECK_STR(u->id, "u000002");
    ORA_CHECK_STR(u->source_id, NULL);
    ORA_CHECK_STR(u->doc_id, "lines");
    ORA_CHECK_STR(u->chapter_title, "");
    ORA_CHECK_INT(u->chapter, 1);
    ORA_CHECK_INT(u->index, 2);
    ORA_CHECK_STR(u->role, "line");
    ORA_CHECK_STR(u->path, "lines.tsv");
    ORA_CHECK_INT(u->line, 3);
    ORA_CHECK_INT(strlen(u->text), 40);
    ORA_CHECK_STR(u->voice, ORA_JOB_DEFAULT_VOICE);
    ORA_CHECK_STR(u->speaker, "joe");
    ORA_CHECK_STR(u->lang, "en-GB");
    ORA_CHECK_NEAR(u->speed, 1.5, 0);
    ORA_CHECK_STR(u->settings_json, "{\"noise_scale\":0}");
    ORA_CHECK_STR(u->extra_json, NULL);
    ora_batch_release(&batch);
    ora_run_close(&run);
}

ORA_TEST(stale_tokens_change_nothing)
{
    struct ora_err err = {0};
    struct ora_batch first, second;
    bool duplicate;
    struct ora_run *run = make("stale", &(struct ora_fixture){.utterances = 10});
    ORA_REQUIRE(run);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "old", 10, 20, &first, &err), 1);
    ORA_CHECK_INT(ora_run_expire(run, 19, &err), 0);
    ORA_CHECK_INT(ora_run_expire(run, 20, &err), 1);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "new", 30, 40, &second, &err), 1);
    ORA_CHECK_INT(second.number, first.number);
    ORA_CHECK_INT(second.attempt, 2);
    struct ora_batch_result *r = ora_fixture_result(&first, "old");
    struct ora_progress before = progress(run);
    ORA_CHECK_INT(ora_run_finish(run, r, 35, &duplicate, &err), 0);
    ORA_CHECK(!duplicate);
    ORA_CHECK_INT(ora_run_give_back(run, first.number, "old", true, "late", 35, &err), 0);
    ORA_CHECK_INT(ora_run_crashed(run, first.number, "old", first.utt_rowid[0], 11, &err), 0);
    struct ora_progress after = progress(run);
    ORA_CHECK(memcmp(&before, &after, sizeof before) == 0);
    r->token = "new";
    r->worker = "someone else";
    ORA_CHECK_INT(ora_run_finish(run, r, 35, &duplicate, &err), 0);
    r->worker = "w1";
    ORA_CHECK_INT(ora_run_finish(run, r, 35, &duplicate, &err), 1);
    ORA_CHECK_INT(ora_run_finish(run, r, 36, &duplicate, &err), 0);
    ORA_CHECK(duplicate);
    r->token = "old"; /* late, but the same bytes: the worker may forget them */
    ORA_CHECK_INT(ora_run_finish(run, r, 37, &duplicate, &err), 0);
    ORA_CHECK(duplicate);
    audit(run);
    ora_fixture_result_free(&r);
    ora_batch_release(&first);
    ora_batch_release(&second);
    ora_run_close(&run);
}

ORA_TEST(a_token_is_used_once)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run =
        make("token", &(struct ora_fixture){.yaml = "batch: {utterances: 2}\n", .utterances = 4});
    ORA_REQUIRE(run);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "same", 10, 20, &batch, &err), 1);
    ora_batch_release(&batch);
    ORA_CHECK(ora_run_lease(run, "w1", "same", 10, 20, &batch, &err) < 0);
    ORA_CHECK_INT(ora_run_lease(run, "stranger", "t2", 10, 20, &batch, &err), ORA_E_STATE);
    ORA_CHECK_INT(progress(run).batches_leased, 1);
    audit(run);
    ora_run_close(&run);
}

ORA_TEST(a_result_must_be_exactly_what_is_open)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    bool duplicate;
    struct ora_run *run =
        make("exact", &(struct ora_fixture){.yaml = "batch: {chars: 3000}\n", .utterances = 10});
    ORA_REQUIRE(run && ora_run_lease(run, "w1", "t", 10, 20, &batch, &err) == 1);
    struct ora_batch_result *good = ora_fixture_result(&batch, "t");
    struct ora_utt_result *u = (struct ora_utt_result *)(uintptr_t)good->results;
    for (int bad = 0; bad < 9; bad++) {
        struct ora_batch_result *r = ora_fixture_result(&batch, "t");
        struct ora_utt_result *w = (struct ora_utt_result *)(uintptr_t)r->results;
        switch (bad) {
        case 0:
            r->count--;
            break;
        case 1:
            w[3].utt_rowid = w[2].utt_rowid;
            break;
        case 2:
            w[9].utt_rowid = 77;
            break;
        case 3:
            w[0].samples = 0;
            break;
        case 4:
            w[5].pcm_sha256 = "short";
            break;
        case 5:
            w[5].state = ORA_UTT_NEW;
            break;
        case 6:
            w[5].state = ORA_UTT_REJECTED;
            break; /* without a reason */
        case 7:
            r->file_sha256 = "nothex";
            break;
        case 8:
            w[1].sample_rate_hz = 0;
            break;
        }
        ora_err_clear(&err);
        if (ora_run_finish(run, r, 20, &duplicate, &err) != ORA_E_FORMAT)
            ORA_FAIL("case %d was taken (%s)", bad, err.message);
        ORA_CHECK_INT(progress(run).done, 0);
        ora_fixture_result_free(&r);
    }
    /* any order will do, and a worker may reject */
    struct ora_utt_result swap = u[0];
    u[0] = u[9];
    u[9] = swap;
    u[4].state = ORA_UTT_REJECTED;
    u[4].reason_code = "no-phonemes";
    u[4].reason = "nothing in it is spoken";
    ora_err_clear(&err);
    ORA_CHECK_INT(ora_run_finish(run, good, 20, &duplicate, &err), 1);
    ORA_CHECK_STR(err.message, "");
    ORA_CHECK_INT(progress(run).done, 9);
    ORA_CHECK_INT(progress(run).rejected, 1);
    audit(run);
    ora_fixture_result_free(&good);
    ora_batch_release(&batch);
    ora_run_close(&run);
}

ORA_TEST(attempts_are_counted_and_end)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    char token[16];
    struct ora_run *run =
        make("attempts", &(struct ora_fixture){.yaml = "limits: {attempts: 3}\n", .utterances = 5});
    ORA_REQUIRE(run);
    for (int i = 0; i < 5; i++) {
        bool counts = i % 2 == 0; /* three of the five */
        snprintf(token, sizeof token, "t%d", i);
        ORA_CHECK_INT(ora_run_lease(run, "w1", token, 10, 20, &batch, &err), 1);
        ORA_CHECK_INT(batch.attempt, 1 + (i + 1) / 2);
        ORA_CHECK_INT(ora_run_give_back(run, batch.number, token, counts, "out of memory", 15, &err), 1);
        ora_batch_release(&batch);
    }
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t9", 10, 20, &batch, &err), 0);
    struct ora_progress p = progress(run);
    ORA_CHECK_INT(p.failed, 5);
    ORA_CHECK_INT(p.open, 0);
    ORA_CHECK_INT(p.batches_done, 1);
    struct ora_run_rows *rows;
    struct ora_run_row row;
    ORA_CHECK_OK(ora_run_rows_open(run, NULL, &rows, &err), err);
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 1);
    ORA_CHECK_INT(row.state, ORA_UTT_FAILED);
    ORA_CHECK_STR(row.reason_code, "attempts");
    ORA_CHECK(strstr(row.reason, "3 attempts") && strstr(row.reason, "out of memory"));
    ora_run_rows_close(&rows);
    audit(run);
    ora_run_close(&run);
}

ORA_TEST(the_second_crash_quarantines_and_the_batch_goes_on)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    bool duplicate;
    struct ora_run *run = make("crash", &(struct ora_fixture){.utterances = 3});
    ORA_REQUIRE(run && ora_run_lease(run, "w1", "t", 10, 20, &batch, &err) == 1);
    ORA_CHECK(!batch.alone);
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 0, 11, &err), 0); /* nothing was in work */
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 2, 11, &err), 0);
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 3, 6, &err), 0);  /* another one */
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 99, 6, &err), 0); /* not of this batch */
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 2, 11, &err), 1);
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 2, 11, &err), 0); /* closed already */
    ORA_CHECK_INT(progress(run).failed, 1);
    ora_batch_release(&batch);
    ORA_CHECK_INT(ora_run_give_back(run, 0, "t", false, "crash", 15, &err), 1);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t2", 20, 30, &batch, &err), 1);
    ORA_REQUIRE(batch.count == 2);
    ORA_CHECK(batch.alone); /* so that the next crash names its own */
    ORA_CHECK_INT(batch.utt_rowid[1], 3);
    struct ora_batch_result *r = ora_fixture_result(&batch, "t2");
    ORA_CHECK_INT(ora_run_finish(run, r, 25, &duplicate, &err), 1);
    struct ora_run_filter failed = {.state = ORA_UTT_FAILED, .doc = -1, .chapter = -1};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    ORA_CHECK_OK(ora_run_rows_open(run, &failed, &rows, &err), err);
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 1);
    ORA_CHECK_STR(row.reason_code, "crash");
    ORA_CHECK(strstr(row.reason, "SIGSEGV") != NULL);
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 0);
    ora_run_rows_close(&rows);
    audit(run);
    ora_fixture_result_free(&r);
    ora_batch_release(&batch);
    ora_run_close(&run);
}

ORA_TEST(a_batch_with_nothing_left_open_is_done)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run = make("nothing-left", &(struct ora_fixture){.utterances = 1});
    ORA_REQUIRE(run && ora_run_lease(run, "w1", "t", 10, 20, &batch, &err) == 1);
    ora_batch_release(&batch);
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 1, 4, &err), 0);
    ORA_CHECK_INT(ora_run_crashed(run, 0, "t", 1, 4, &err), 1);
    ORA_CHECK_INT(ora_run_lost_worker(run, "w1", 15, &err), 1);
    ORA_CHECK_INT(progress(run).batches_done, 1);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t2", 20, 30, &batch, &err), 0);
    audit(run);
    ora_run_close(&run);
}

static int count_worker(void *ctx, const struct ora_worker_info *w)
{
    if (strcmp(w->worker, "w2") == 0) {
        ORA_CHECK_STR(w->host, "host");
        ORA_CHECK_INT(w->start_time, 1);
        ORA_CHECK(w->local);
    }
    ++*(int *)ctx;
    return 0;
}

static int count_lease(void *ctx, uint32_t batch, const char *worker, const char *token, int64_t deadline_ms)
{
    (void)batch;
    ORA_CHECK_STR(worker, "w2");
    ORA_CHECK(token[0] == 'b');
    ORA_CHECK_INT(deadline_ms, 500);
    ++*(int *)ctx;
    return 0;
}

ORA_TEST(workers_come_and_go_with_what_they_hold)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run =
        make("workers", &(struct ora_fixture){.yaml = "batch: {utterances: 1}\n", .utterances = 6});
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_fixture_join(run, "w2", &err), err);
    static const char *const tokens[] = {"a1", "b1", "b2"};
    for (int i = 0; i < 3; i++) {
        ORA_CHECK_INT(ora_run_lease(run, i ? "w2" : "w1", tokens[i], 10, 100, &batch, &err), 1);
        ora_batch_release(&batch);
    }
    ORA_CHECK_OK(ora_run_renew(run, "w2", 500, &err), err);
    ORA_CHECK_INT(ora_run_expire(run, 200, &err), 1); /* w1's */
    char *dir = ora_path_join(ora_run_dir(run), "");
    ora_run_close(&run);
    /* after a restart of the coordinator all of it stands */
    ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
    ORA_REQUIRE(run);
    int workers = 0, leases = 0;
    ORA_CHECK_OK(ora_run_each_worker(run, count_worker, &workers, &err), err);
    ORA_CHECK_OK(ora_run_each_lease(run, count_lease, &leases, &err), err);
    ORA_CHECK_INT(workers, 2);
    ORA_CHECK_INT(leases, 2);
    ORA_CHECK_OK(ora_fixture_join(run, "w2", &err), err); /* rejoins */
    ORA_CHECK_INT(ora_run_worker_left(run, "w2", "bye", 300, &err), 2);
    workers = leases = 0;
    ORA_CHECK_OK(ora_run_each_worker(run, count_worker, &workers, &err), err);
    ORA_CHECK_OK(ora_run_each_lease(run, count_lease, &leases, &err), err);
    ORA_CHECK_INT(workers, 1);
    ORA_CHECK_INT(leases, 0);
    ORA_CHECK_INT(ora_run_lost_worker(run, "nobody", 300, &err), 0);
    audit(run);
    ora_run_close(&run);
    free(dir);
}

ORA_TEST(a_turn_is_one_transaction)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run = make("turn",
                               &(struct ora_fixture){.yaml = "batch: {utterances: 1}\n", .utterances = 6}),
                   *reader = NULL;
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_run_open(ora_run_dir(run), ORA_RUN_READ, &reader, &err), err);
    ORA_REQUIRE(reader);
    ORA_CHECK_OK(ora_run_begin(run, &err), err);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t1", 1, 9, &batch, &err), 1);
    ora_batch_release(&batch);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t2", 1, 9, &batch, &err), 1);
    ora_batch_release(&batch);
    ORA_CHECK_INT(progress(reader).batches_leased, 0);
    ora_run_rollback(run);
    ORA_CHECK_INT(progress(run).batches_leased, 0);
    ORA_CHECK_OK(ora_run_begin(run, &err), err);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t1", 1, 9, &batch, &err), 1);
    ora_batch_release(&batch);
    /* one bad step inside the turn undoes itself alone */
    ORA_CHECK(ora_run_lease(run, "w1", "t1", 1, 9, &batch, &err) < 0);
    ORA_CHECK_OK(ora_run_commit(run, &err), err);
    ORA_CHECK_INT(progress(reader).batches_leased, 1);
    ORA_CHECK(ora_run_meta_set(reader, "k", "v", &err) < 0); /* a reader cannot write */
    ORA_CHECK_INT(err.code, ORA_E_PERMISSION);
    audit(run);
    ora_run_close(&reader);
    ora_run_close(&run);
}

static void touch_file(struct ora_run *run, const char *name)
{
    struct ora_err err = {0};
    char *path = ora_fmt("%s/audio/%s", ora_run_dir(run), name);
    ORA_CHECK_OK(ora_file_write_atomic(path, "x", 1, 0644, &err), err);
    free(path);
}

static bool has_file(struct ora_run *run, const char *name)
{
    char *path = ora_fmt("%s/audio/%s", ora_run_dir(run), name);
    bool yes = ora_file_exists(path);
    free(path);
    return yes;
}

ORA_TEST(retry_reopens_whole_batches)
{
    struct ora_err err = {0};
    struct ora_batch batch;
    struct ora_run *run =
        make("retry", &(struct ora_fixture){.yaml = "limits: {attempts: 1}\nbatch: {utterances: 2}\n",
                                            .utterances = 10,
                                            .reject_every = 5});
    ORA_REQUIRE(run);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "bad", 1, 9, &batch, &err), 1);
    ora_batch_release(&batch);
    ORA_CHECK_INT(ora_run_give_back(run, 0, "bad", true, "no luck", 5, &err), 1);
    while (ora_fixture_finish_one(run) >= 0)
        ;
    touch_file(run, "000001.tar");
    touch_file(run, "000002.tar");
    struct ora_progress p = progress(run);
    ORA_CHECK_INT(p.failed, 2);
    ORA_CHECK_INT(p.done, 6);
    ORA_CHECK_INT(ora_run_retry(run, false, "nobody", 7, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_INT(ora_run_retry(run, true, "u000005", 7, &err), 2);
    audit(run);
    p = progress(run);
    ORA_CHECK_INT(p.failed, 0);
    ORA_CHECK_INT(p.done, 4);
    ORA_CHECK_INT(p.open, 4);
    ORA_CHECK_INT(p.rejected, 2); /* what ingest refused stays refused */
    ORA_CHECK(has_file(run, "000001.tar"));
    ORA_CHECK(!has_file(run, "000002.tar"));
    ORA_CHECK_INT(ora_run_retry(run, false, "u000005", 7, &err), ORA_E_STATE);
    ORA_CHECK_INT(ora_run_retry(run, true, NULL, 7, &err), 0);
    while (ora_fixture_finish_one(run) >= 0)
        ;
    ORA_CHECK_INT(progress(run).done, 8);
    audit(run);
    ora_run_close(&run);
}

ORA_TEST(two_coordinators_are_one_too_many)
{
    struct ora_err err = {0};
    struct ora_run *run = make("lock", &(struct ora_fixture){.utterances = 2}), *other = NULL;
    ORA_REQUIRE(run);
    char *dir = ora_path_join(ora_run_dir(run), ""), pid[32];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    ORA_CHECK_INT(ora_run_open(dir, ORA_RUN_WRITE, &other, &err), ORA_E_BUSY);
    ORA_CHECK(strstr(err.message, pid) != NULL);
    ORA_CHECK(!other);
    ORA_CHECK_INT(ora_fixture_create(dir, &(struct ora_fixture){.utterances = 2}, &other, &err), ORA_E_BUSY);
    ora_run_close(&run);
    ORA_CHECK_INT(ora_fixture_create(dir, &(struct ora_fixture){.utterances = 2}, &other, &err), ORA_E_STATE);
    ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
    ora_run_close(&run);
    free(dir);
}

struct findings {
    int missing, differs, stray;
};

static int on_bad(void *ctx, const char *path, const char *what)
{
    struct findings *f = ctx;
    (void)path;
    f->missing += strcmp(what, "missing") == 0;
    f->differs += strcmp(what, "sha256 differs") == 0;
    f->stray += strcmp(what, "not in the ledger") == 0;
    return 0;
}

ORA_TEST(verify_compares_the_store_with_the_ledger)
{
    struct ora_err err = {0};
    struct findings found = {0};
    uint64_t files;
    struct ora_run *run =
        make("verify", &(struct ora_fixture){.yaml = "batch: {utterances: 1}\n", .utterances = 4});
    ORA_REQUIRE(run);
    ora_fixture_finish_one(run);
    ora_fixture_finish_one(run);
    touch_file(run, "000001.tar");       /* other bytes than the row's */
    touch_file(run, "000002.tar");       /* not done */
    touch_file(run, "1.tar");            /* not a name of ours */
    touch_file(run, ".000003.tok.part"); /* work in progress */
    ORA_CHECK_OK(ora_run_verify_files(run, on_bad, &found, &files, &err), err);
    ORA_CHECK_INT(files, 2);
    ORA_CHECK_INT(found.missing, 1);
    ORA_CHECK_INT(found.differs, 1);
    ORA_CHECK_INT(found.stray, 2);
    ora_run_close(&run);
}

ORA_TEST(meta_is_kept)
{
    struct ora_err err = {0};
    char *value;
    struct ora_run *run = make("meta", &(struct ora_fixture){.utterances = 1});
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_run_meta_get(run, "port", &value, &err), err);
    ORA_CHECK_STR(value, NULL);
    ORA_CHECK_OK(ora_run_meta_set(run, "port", "1", &err), err);
    ORA_CHECK_OK(ora_run_meta_set(run, "port", "5555", &err), err);
    ORA_CHECK_OK(ora_run_meta_get(run, "port", &value, &err), err);
    ORA_CHECK_STR(value, "5555");
    free(value);
    ORA_CHECK_OK(ora_run_meta_set(run, "port", NULL, &err), err);
    ORA_CHECK_OK(ora_run_meta_get(run, "port", &value, &err), err);
    ORA_CHECK_STR(value, NULL);
    ORA_CHECK_INT(strlen(ora_run_id(run)), 32);
    ora_run_close(&run);
}
