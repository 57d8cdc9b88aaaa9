/* Reading a run: rows in order, by filter, by sample. */
#include "job/run.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/test.h"
#include "job/run_fixture.h"

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

struct seen {
    uint64_t count, last;
    char ids[2048];
};

static struct seen scan(struct ora_run *run, const struct ora_run_filter *f)
{
    struct ora_err err = {0};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    struct seen s = {0};
    int rc = ora_run_rows_open(run, f, &rows, &err);
    ORA_CHECK_OK(rc, err);
    while (rc >= 0 && (rc = ora_run_rows_next(rows, &row, &err)) > 0) {
        ORA_CHECK(row.rowid > s.last || (f && f->without_audio));
        s.last = row.rowid;
        s.count++;
        size_t n = strlen(s.ids);
        snprintf(s.ids + n, sizeof s.ids - n, "%s ", row.utt.id ? row.utt.id : row.utt.source_id);
    }
    ORA_CHECK_OK(rc, err);
    ora_run_rows_close(&rows);
    return s;
}

ORA_TEST(rows_come_in_reading_order_and_by_filter)
{
    struct ora_run *run =
        make("rows",
             &(struct ora_fixture){
                 .yaml = "batch: {utterances: 4}\n", .utterances = 40, .per_chapter = 10, .reject_every = 8});
    ORA_REQUIRE(run);
    ora_fixture_finish_one(run);
    ora_fixture_finish_one(run);
    struct ora_run_filter f = {.state = -1, .doc = -1, .chapter = -1};
    ORA_CHECK_INT(scan(run, &f).count, 40);
    f.state = ORA_UTT_DONE;
    ORA_CHECK_STR(scan(run, &f).ids, "u000000 u000001 u000002 u000003 u000004 u000005 u000006 u000008 ");
    f.state = ORA_UTT_REJECTED;
    ORA_CHECK_STR(scan(run, &f).ids, "u000007 u000015 u000023 u000031 u000039 ");
    f = (struct ora_run_filter){.state = -1, .doc = -1, .chapter = -1, .without_audio = true};
    ORA_CHECK_STR(scan(run, &f).ids, "u000007 u000015 u000023 u000031 u000039 ");
    f = (struct ora_run_filter){.state = -1, .doc = 0, .chapter = 2};
    ORA_CHECK_INT(scan(run, &f).count, 10);
    f = (struct ora_run_filter){.state = -1, .doc = 0, .chapter = -1};
    ORA_CHECK_INT(scan(run, &f).count, 40);
    f = (struct ora_run_filter){.state = -1, .doc = 1, .chapter = -1};
    ORA_CHECK_INT(scan(run, &f).count, 0);
    f = (struct ora_run_filter){.state = -1, .doc = -1, .chapter = -1, .id = "u000011"};
    ORA_CHECK_STR(scan(run, &f).ids, "u000011 ");
    ora_run_close(&run);
}

ORA_TEST(a_sample_is_the_same_for_the_same_seed)
{
    struct ora_run *run = make("sample", &(struct ora_fixture){.utterances = 500});
    ORA_REQUIRE(run);
    while (ora_fixture_finish_one(run) >= 0)
        ;
    struct ora_run_filter f = {
        .state = ORA_UTT_DONE, .doc = -1, .chapter = -1, .sample = 20, .sample_seed = 1};
    struct seen one = scan(run, &f), again = scan(run, &f);
    ORA_CHECK_INT(one.count, 20);
    ORA_CHECK_STR(one.ids, again.ids);
    f.sample_seed = 2;
    struct seen other = scan(run, &f);
    ORA_CHECK_INT(other.count, 20);
    ORA_CHECK(strcmp(one.ids, other.ids) != 0);
    f.sample = 5000;
    ORA_CHECK_INT(scan(run, &f).count, 500);
    ora_run_close(&run);
}

ORA_TEST(a_done_row_tells_who_made_it)
{
    struct ora_err err = {0};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    struct ora_run *run = make("done-row", &(struct ora_fixture){.utterances = 2});
    ORA_REQUIRE(run);
    ora_fixture_finish_one(run);
    ORA_CHECK_OK(ora_run_rows_open(run, NULL, &rows, &err), err);
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 1);
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 1);
    ORA_CHECK_INT(row.state, ORA_UTT_DONE);
    ORA_CHECK_INT(row.samples, 22051);
    ORA_CHECK_INT(row.sample_rate_hz, 22050);
    ORA_CHECK_INT(row.audio_offset, 512 * 5);
    ORA_CHECK_INT(row.record_bytes, 300);
    ORA_CHECK_STR(row.pcm_sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    ORA_CHECK_STR(row.worker, "w1");
    ORA_CHECK_STR(row.host, "host");
    ORA_CHECK_STR(row.kernel_level, "scalar");
    ORA_CHECK_INT(row.attempt, 1);
    ORA_CHECK_INT(row.done_ms, 20);
    ORA_CHECK_NEAR(row.synth_s, 0.012346, 1e-9);
    ORA_CHECK_INT(row.gap_after, ORA_GAP_SENTENCE);
    ORA_CHECK_INT(row.pause_after_ms, 250);
    ORA_CHECK_INT(row.chars, 40);
    ora_run_rows_close(&rows);
    ora_run_close(&run);
}
