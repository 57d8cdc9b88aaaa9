/* The views of real small runs: a text, a job with family `tone`, one worker that is this test. */
#include "views/views.h"

#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audio/codec.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "dataset/store.h"
#include "render/render.h"

static const char book[] =
    "# The Well\n\nFirst sentence here. Second one.\n\n\"A quoted start,\" she said.\n\n"
    "# A | B: \xE2\x80\x9CThe End\xE2\x80\x9D\n\nLast words x.\n";

static char *path_in(const char *dir, const char *name)
{
    return ora_path_join(dir, name);
}

static void write_text(const char *dir, const char *name, const char *text)
{
    char *p = path_in(dir, name);
    ora_file_write_atomic(p, text, strlen(text), 0644, NULL);
    free(p);
}

static char *read_text(const char *dir, const char *name)
{
    char *p = path_in(dir, name), *data = NULL;
    size_t n;
    struct ora_err err = {0};
    if (ora_file_read(p, 1 << 26, &data, &n, &err) < 0) {
        ORA_FAIL("%s", err.message);
        data = ora_xstrdup("");
    }
    free(p);
    return data;
}

/* ---- a worker in a few lines ------------------------------------------------------------------------- */

struct batch_work {
    struct ora_store_writer *w;
    struct ora_utt_result *results;
    const struct ora_batch *batch;
    char (*sha)[65];
};

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct batch_work *b = ctx;
    struct ora_utt_result *u = &b->results[r->index];
    u->utt_rowid = b->batch->utt_rowid[r->index];
    if (r->rc < 0) {
        *u = (struct ora_utt_result){
            .utt_rowid = u->utt_rowid, .state = ORA_UTT_REJECTED, .reason_code = "test", .reason = "refused"};
        return 0;
    }
    struct ora_member audio, record;
    int rc = ora_store_add(b->w, b->batch->utterances[r->index].id, r->extension, &r->audio, r->record,
                           r->record_bytes, &audio, &record, err);
    memcpy(b->sha[r->index], r->pcm_sha256, 65);
    u->state = ORA_UTT_DONE;
    u->samples = r->samples;
    u->sample_rate_hz = r->sample_rate_hz;
    u->audio_offset = audio.offset;
    u->audio_bytes = audio.bytes;
    u->record_offset = record.offset;
    u->record_bytes = record.bytes;
    u->pcm_sha256 = b->sha[r->index];
    return rc;
}

static int work_one(struct ora_run *run, struct ora_renderer *renderer, const struct ora_batch *batch,
                    struct ora_err *err)
{
    char *audio = path_in(ora_run_dir(run), "audio"), sum[65];
    enum ora_store_kind kind = ora_run_job(run)->store;
    char *part = ora_store_part_path(audio, batch->number, "token"),
         *final = ora_store_final_path(audio, batch->number, kind);
    struct batch_work b = {.batch = batch,
                           .results = ora_xcalloc(batch->count, sizeof *b.results),
                           .sha = ora_xcalloc(batch->count, 65)};
    uint64_t bytes = 0;
    char token[32];
    snprintf(token, sizeof token, "token-%u", batch->number);
    int rc = ora_store_begin(part, kind, &b.w, err);
    if (rc == 0)
        rc = ora_renderer_run(renderer, batch->utterances, batch->count, NULL, on_rendered, &b, err);
    if (rc == 0)
        rc = ora_store_finish(&b.w, sum, &bytes, err);
    if (rc == 0)
        rc = ora_store_commit(part, final, sum, kind, err);
    struct ora_batch_result result = {.batch = batch->number,
                                      .token = token,
                                      .file_sha256 = sum,
                                      .file_bytes = bytes,
                                      .worker = "w1",
                                      .kernel_level = "scalar",
                                      .results = b.results,
                                      .count = batch->count};
    bool duplicate;
    if (rc == 0)
        rc = ora_run_finish(run, &result, 1000, &duplicate, err);
    free(b.results), free(b.sha), free(part), free(final), free(audio);
    return rc < 0 ? rc : 0;
}

/* Leases and renders at most `most` batches. */
static void work(struct ora_run *run, int most)
{
    struct ora_err err = {0};
    struct ora_renderer *renderer = NULL;
    ORA_CHECK_OK(ora_renderer_create(&ora_run_job(run)->render, &renderer, &err), err);
    ORA_CHECK_OK(ora_run_begin(run, &err), err);
    struct ora_worker_info info = {"w1", "host1", 1, 1, 1, "scalar", true};
    ORA_CHECK_OK(ora_run_worker_join(run, &info, 1, &err), err);
    for (int i = 0; i < most; i++) {
        char token[32];
        struct ora_batch batch;
        struct ora_progress p;
        ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
        snprintf(token, sizeof token, "token-%u", (unsigned)p.batches_done);
        int rc = ora_run_lease(run, "w1", token, 1, 1 << 30, &batch, &err);
        ORA_CHECK_OK(rc, err);
        if (rc <= 0)
            break;
        ORA_CHECK_OK(work_one(run, renderer, &batch, &err), err);
        ora_batch_release(&batch);
    }
    ORA_CHECK_OK(ora_run_commit(run, &err), err);
    ora_renderer_destroy(&renderer);
}

/* A run of `text` with the job's further lines; rendered up to `most` batches. NULL when something failed. */
static struct ora_run *make_run(const char *name, const char *file, const char *text, const char *yaml,
                                int most)
{
    struct ora_err err = {0};
    char *base = path_in(ora_test_tmpdir(), name), *dir = path_in(base, "run");
    ora_file_remove_tree(base, NULL);
    ora_file_mkdirs(base, 0755, NULL);
    write_text(base, file, text);
    char *job_text = ora_fmt("inputs: %s\nvoice: tone\n%s", file, yaml);
    struct ora_job *job = ora_job_parse(job_text, strlen(job_text), "job.yaml", base, &err);
    struct ora_run *run = NULL;
    int rc = job ? 0 : err.code;
    if (rc == 0)
        rc = ora_run_create(dir, job, NULL, NULL, &run, &err);
    ORA_CHECK_OK(rc, err);
    if (run)
        work(run, most);
    ora_job_free(&job);
    free(job_text), free(dir), free(base);
    return run;
}

static char *view_dir(struct ora_run *run, const char *name)
{
    return ora_fmt("%s/views/%s", ora_run_dir(run), name);
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static json_t *line_of(const char *text, size_t index)
{
    while (index-- && (text = strchr(text, '\n')))
        text++;
    return text ? json_loadb(text, strcspn(text, "\n"), 0, NULL) : NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static int64_t int_of(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* ---- cases ------------------------------------------------------------------------------------------- */

ORA_TEST(jsonl_joins_record_and_ledger)
{
    struct ora_err err = {0};
    struct ora_run *run =
        make_run("jsonl", "book.md", book, "batch: {utterances: 2}\nsettings: {fail_on: 120}\n", 99);
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_view_make(run, "jsonl", NULL, &err), err);
    char *dir = view_dir(run, "jsonl"), *manifest = read_text(dir, "manifest.jsonl");
    char *rejected = read_text(dir, "rejected.jsonl"), *sums = read_text(dir, "SHA256SUMS");
    ORA_CHECK_INT(count_lines(manifest), 5);
    ORA_CHECK_INT(count_lines(rejected), 1); /* "Last words x." */
    json_t *second = line_of(manifest, 1), *bad = line_of(rejected, 0);
    ORA_REQUIRE(second && bad);
    ORA_CHECK_STR(text_of(second, "text"), "First sentence here.");
    ORA_CHECK_STR(text_of(second, "worker"), "w1");
    ORA_CHECK_STR(text_of(second, "host"), "host1");
    ORA_CHECK_STR(text_of(second, "kernel_level"), "scalar");
    ORA_CHECK_STR(text_of(second, "shard"), "audio/000000.tar");
    ORA_CHECK_STR(text_of(second, "generated_at"), "1970-01-01T00:00:01.000Z");
    ORA_CHECK_INT(int_of(second, "shard_id"), 0);
    ORA_CHECK_INT(int_of(second, "attempt"), 1);
    ORA_CHECK_STR(text_of(bad, "reason"), "refused");
    ORA_CHECK_STR(text_of(bad, "state"), "rejected");
    ORA_CHECK_STR(text_of(bad, "text"), "Last words x.");
    ORA_CHECK_STR(text_of(bad, "id"), "book-000006");
    /* the member lies where the manifest says */
    char *tar = path_in(ora_run_dir(run), text_of(second, "shard")), *bytes = NULL;
    size_t n;
    ORA_CHECK_OK(ora_file_read(tar, 1 << 24, &bytes, &n, &err), err);
    struct ora_decoded d = {0};
    ORA_CHECK_OK(ora_decode(&d, bytes + int_of(second, "member_offset"),
                            (size_t)int_of(second, "member_bytes"), 1 << 24, &err),
                 err);
    ORA_CHECK_INT(d.samples, int_of(second, "num_samples"));
    char sum[65], *want;
    ora_sha256_of(bytes, n, sum);
    want = ora_fmt("%s  audio/000000.tar\n", sum);
    ORA_CHECK(ora_starts_with(sums, want));
    ORA_CHECK_INT(count_lines(sums), 3);
    ora_decoded_release(&d);
    json_decref(second), json_decref(bad);
    free(tar), free(bytes), free(want), free(manifest), free(rejected), free(sums), free(dir);
    ora_run_close(&run);
}

ORA_TEST(jsonl_of_a_store_of_files)
{
    struct ora_err err = {0};
    struct ora_run *run = make_run("files", "list.tsv", "id\ttext\na\tone\nb\ttwo\n", "store: files\n", 99);
    ORA_REQUIRE(run);
    char *elsewhere = path_in(ora_test_tmpdir(), "exported");
    ORA_CHECK_OK(ora_view_make(run, "jsonl", NULL, &err), err);
    ORA_CHECK_OK(ora_view_make(run, "jsonl", elsewhere, &err), err);
    char *dir = view_dir(run, "jsonl"), *here = read_text(dir, "manifest.jsonl"),
         *there = read_text(elsewhere, "manifest.jsonl");
    json_t *a = line_of(here, 0), *b = line_of(there, 0);
    char *path = path_in(dir, text_of(a, "audio_filepath"));
    ORA_CHECK(ora_file_exists(path));
    ORA_CHECK(text_of(b, "audio_filepath")[0] == '/' && ora_file_exists(text_of(b, "audio_filepath")));
    char *sums = read_text(dir, "SHA256SUMS");
    ORA_CHECK_INT(count_lines(sums), 4);
    json_decref(a), json_decref(b);
    free(path), free(sums), free(here), free(there), free(dir), free(elsewhere);
    ora_run_close(&run);
}

ORA_TEST(ljspeech_gives_the_raw_column_back)
{
    struct ora_err err = {0};
    struct ora_run *run =
        make_run("raw", "metadata.txt",
                 "LJ001-0001|Dr. No had 5.|Doctor No had five.\nLJ001-0002|Same.|Same.\n", "", 99);
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_view_make(run, "ljspeech", NULL, &err), err);
    char *dir = view_dir(run, "ljspeech"), *csv = read_text(dir, "metadata.csv");
    ORA_CHECK_STR(csv, "LJ001-0001|Dr. No had 5.|Doctor No had five.\nLJ001-0002|Same.|Same.\n");
    free(csv), free(dir);
    ora_run_close(&run);
}

ORA_TEST(ljspeech_is_what_loaders_split)
{
    const char *const formats[] = {"flac", "wav", "wav-f32"};
    char *first = NULL;
    for (size_t f = 0; f < 3; f++) {
        struct ora_err err = {0};
        char *yaml = ora_fmt("audio: {format: %s}\n", formats[f]);
        struct ora_run *run = make_run("lj", "book.md", book, yaml, 99);
        ORA_REQUIRE(run);
        ORA_CHECK_OK(ora_view_make(run, "ljspeech", NULL, &err), err);
        char *dir = view_dir(run, "ljspeech"), *csv = read_text(dir, "metadata.csv");
        ORA_CHECK_INT(count_lines(csv), 6);
        size_t bars = 0;
        for (const char *p = csv; *p; p++)
            bars += *p == '|';
        ORA_CHECK_INT(bars, 12);
        ORA_CHECK(strstr(csv, "|\xE2\x80\x9C"
                              "A quoted start,\xE2\x80\x9D she said.|"));
        char *name = ora_fmt("wavs/%.*s.wav", (int)strcspn(csv, "|"), csv), *path = path_in(dir, name),
             *bytes = NULL;
        size_t n = 0;
        struct ora_decoded d = {0};
        ORA_CHECK_OK(ora_file_read(path, 1 << 24, &bytes, &n, &err), err);
        ORA_CHECK_OK(ora_decode(&d, bytes, n, 1 << 24, &err), err);
        ORA_CHECK(!d.is_float && d.samples > 0);
        char sum[65];
        ora_sha256_of(d.s16, d.samples * 2, sum);
        if (first)
            ORA_CHECK_STR(sum, first); /* the same samples whatever the store's format is */
        else
            first = ora_xstrdup(sum);
        ora_decoded_release(&d);
        free(bytes), free(name), free(path), free(csv), free(dir), free(yaml);
        ora_run_close(&run);
    }
    free(first);
}

ORA_TEST(chapters_are_in_order_with_pauses)
{
    struct ora_err err = {0};
    struct ora_run *run =
        make_run("chapters", "book.md", book,
                 "batch: {utterances: 2}\ntext: {pauses_ms: {sentence: 100, paragraph: 200, heading: 400, "
                 "chapter: 800, document: 1600}}\n",
                 99);
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_view_make(run, "chapters", NULL, &err), err);
    char *dir = view_dir(run, "chapters"), *index = read_text(dir, "chapters.json");
    json_t *root = json_loads(index, 0, NULL);
    ORA_REQUIRE(root);
    const json_t *list = json_object_get(root, "chapters");
    ORA_CHECK_INT(json_array_size(list), 2);
    const char *const names[] = {"book-01-the-well.flac", "book-02-a-b-the-end.flac"};
    for (size_t c = 0; c < 2; c++) {
        const json_t *chapter = json_array_get(list, c), *u = json_object_get(chapter, "utterances");
        ORA_CHECK_STR(text_of(chapter, "file"), names[c]);
        ORA_CHECK(json_is_true(json_object_get(chapter, "complete")));
        char *path = path_in(dir, names[c]), *bytes = NULL;
        size_t n = 0;
        struct ora_decoded d = {0};
        ORA_CHECK_OK(ora_file_read(path, 1 << 24, &bytes, &n, &err), err);
        ORA_CHECK_OK(ora_decode(&d, bytes, n, 1 << 24, &err), err);
        ORA_CHECK_INT(d.samples, int_of(chapter, "num_samples"));
        double at = 0;
        for (size_t i = 0; i < json_array_size(u); i++) {
            const json_t *x = json_array_get(u, i);
            double start = json_number_value(json_object_get(x, "start")), gap = start - at;
            const double want[2][4] = {{0, 0.4, 0.1, 0.2}, {0, 0.4}};
            ORA_CHECK_NEAR(gap, want[c][i], 0.001);
            at = start + json_number_value(json_object_get(x, "duration"));
            ORA_CHECK(d.samples > (size_t)(start * d.sample_rate_hz) + 20);
            /* it sounds where it begins, and is silent before it */
            size_t s = (size_t)lround(start * d.sample_rate_hz);
            ORA_CHECK(abs(d.s16[s + 17]) + abs(d.s16[s + 18]) + abs(d.s16[s + 19]) + abs(d.s16[s + 20]) > 0);
            ORA_CHECK(s == 0 || d.s16[s - 2] == 0);
        }
        ORA_CHECK_NEAR(json_number_value(json_object_get(chapter, "duration")) - at, c == 0 ? 0.8 : 1.6,
                       0.001);
        ORA_CHECK(memmem(bytes, n, "ai_generated=true", 17));
        ora_decoded_release(&d);
        free(bytes), free(path);
    }
    json_decref(root);
    free(index), free(dir);
    ora_run_close(&run);
}

ORA_TEST(an_unfinished_run_gives_what_is_done)
{
    struct ora_err err = {0};
    struct ora_run *run = make_run("partly", "book.md", book, "batch: {utterances: 2}\n", 1);
    ORA_REQUIRE(run);
    for (size_t i = 0; ora_view_at(i); i++)
        ORA_CHECK_OK(ora_view_make(run, ora_view_at(i)->name, NULL, &err), err);
    char *dir = view_dir(run, "jsonl"), *manifest = read_text(dir, "manifest.jsonl");
    ORA_CHECK_INT(count_lines(manifest), 2);
    char *chapters = view_dir(run, "chapters"), *index = read_text(chapters, "chapters.json");
    json_t *root = json_loads(index, 0, NULL);
    const json_t *list = json_object_get(root, "chapters");
    ORA_CHECK_INT(json_array_size(list), 1);
    ORA_CHECK(json_is_false(json_object_get(json_array_get(list, 0), "complete")));
    json_decref(root);
    free(index), free(chapters), free(manifest);
    /* made again when the run is finished */
    work(run, 99);
    ORA_CHECK_OK(ora_view_make(run, "jsonl", NULL, &err), err);
    manifest = read_text(dir, "manifest.jsonl");
    ORA_CHECK_INT(count_lines(manifest), 6);
    free(manifest), free(dir);
    ora_run_close(&run);
}

ORA_TEST(a_folder_of_others_is_not_replaced)
{
    struct ora_err err = {0};
    struct ora_run *run = make_run("others", "book.md", book, "", 99);
    ORA_REQUIRE(run);
    char *dir = path_in(ora_test_tmpdir(), "photographs"), *precious = path_in(dir, "1.jpg");
    ora_file_mkdirs(dir, 0755, NULL);
    write_text(dir, "1.jpg", "x");
    ORA_CHECK_INT(ora_view_make(run, "jsonl", dir, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, dir));
    ORA_CHECK(ora_file_exists(precious));
    unlink(precious);
    ORA_CHECK_OK(ora_view_make(run, "jsonl", dir, &err), err);    /* empty */
    ORA_CHECK_OK(ora_view_make(run, "ljspeech", dir, &err), err); /* a view */
    char *csv = path_in(dir, "metadata.csv"), *manifest = path_in(dir, "manifest.jsonl");
    ORA_CHECK(ora_file_exists(csv) && !ora_file_exists(manifest));
    ORA_CHECK_INT(ora_view_make(run, "jsonl", "/", &err), ORA_E_BAD_USAGE);
    ORA_CHECK_INT(ora_view_make(run, "ljspech", NULL, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "did you mean 'ljspeech'"));
    free(csv), free(manifest), free(precious), free(dir);
    ora_run_close(&run);
}

ORA_TEST(a_damaged_store_makes_no_view)
{
    struct ora_err err = {0};
    struct ora_run *run = make_run("damaged", "book.md", book, "", 99);
    ORA_REQUIRE(run);
    char *tar = path_in(ora_run_dir(run), "audio/000000.tar");
    ORA_CHECK_INT(truncate(tar, 3000), 0);
    for (size_t i = 0; ora_view_at(i); i++) {
        ORA_CHECK(ora_view_make(run, ora_view_at(i)->name, NULL, &err) < 0);
        char *dir = view_dir(run, ora_view_at(i)->name);
        ORA_CHECK(!ora_file_exists(dir));
        free(dir);
    }
    printf("%s\n", err.message);
    free(tar);
    ora_run_close(&run);
}

/* In a child: the run's views lie on a file system that holds 64 KiB. */
static int make_on_full_disk(const char *dir)
{
    struct ora_err err = {0};
    struct ora_run *run = NULL;
    char *views = path_in(dir, "views");
    ora_file_mkdirs(views, 0755, NULL);
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", views, "tmpfs", 0, "size=64k") < 0)
        return 77;
    if (ora_run_open(dir, ORA_RUN_READ, &run, &err) < 0)
        return 1;
    const char *const names[] = {"ljspeech", "chapters"};
    for (size_t i = 0; i < 2; i++) {
        if (ora_view_make(run, names[i], NULL, &err) != ORA_E_DISK_FULL)
            return 2;
        printf("%s\n", err.message);
        uint64_t left = 0;
        ora_file_free_bytes(views, &left, NULL);
        if (left < 60 * 1024)
            return 3;
    }
    fflush(stdout);
    return 0;
}

ORA_TEST(a_full_disk_leaves_no_view)
{
    struct ora_run *run = make_run("full", "book.md", book, "audio: {format: wav}\n", 99);
    ORA_REQUIRE(run);
    char *dir = ora_xstrdup(ora_run_dir(run));
    ora_run_close(&run);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(make_on_full_disk(dir));
    int status = 0;
    waitpid(pid, &status, 0);
    free(dir);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        ORA_SKIP("no right to mount a small file system");
    ORA_CHECK(WIFEXITED(status));
    ORA_CHECK_INT(WEXITSTATUS(status), 0);
}
