/* From job file and texts to rows, with the real reader and the voice that is built in. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/test.h"
#include "job/plan.h"
#include "job/run.h"
#include "job/run_fixture.h"
#include "job/run_priv.h"

static char *folder(const char *name)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), name);
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    return dir;
}

static void put(const char *dir, const char *name, const char *text)
{
    struct ora_err err = {0};
    char *path = ora_path_join(dir, name);
    ORA_CHECK_OK(ora_file_write_atomic(path, text, strlen(text), 0644, &err), err);
    free(path);
}

static struct ora_job *read_job(const char *dir, const char *yaml, struct ora_err *err)
{
    put(dir, "job.yaml", yaml);
    char *path = ora_path_join(dir, "job.yaml");
    struct ora_job *job = ora_job_read(path, err);
    free(path);
    return job;
}

/* The run of a job file's text, in DIR/<name>. */
static struct ora_run *create(const char *dir, const char *name, const char *yaml, struct ora_err *err)
{
    struct ora_run *run = NULL;
    struct ora_job *job = read_job(dir, yaml, err);
    char *where = ora_path_join(dir, name);
    if (job)
        ora_run_create(where, job, NULL, NULL, &run, err);
    ora_job_free(&job);
    free(where);
    return run;
}

/* "id b0 tone/3 text|…", or "!code line": what the rows say. */
static char *describe(struct ora_run *run)
{
    struct ora_err err = {0};
    struct ora_str out = ORA_STR_INIT;
    struct ora_run_rows *rows;
    struct ora_run_row row;
    int rc = ora_run_rows_open(run, NULL, &rows, &err);
    while (rc >= 0 && (rc = ora_run_rows_next(rows, &row, &err)) > 0) {
        if (row.state == ORA_UTT_REJECTED)
            ora_str_addf(&out, "!%s %llu\n", row.reason_code, (unsigned long long)row.utt.line);
        else
            ora_str_addf(&out, "%s b%u %s%s%s x%g %s%s%s\n", row.utt.id, row.batch, row.utt.voice,
                         row.utt.speaker ? "/" : "", row.utt.speaker ? row.utt.speaker : "", row.utt.speed,
                         row.utt.text, row.utt.extra_json ? " " : "",
                         row.utt.extra_json ? row.utt.extra_json : "");
    }
    ORA_CHECK_OK(rc, err);
    ora_run_rows_close(&rows);
    return ora_str_detach(&out);
}

ORA_TEST(a_list_becomes_rows)
{
    struct ora_err err = {0};
    char *dir = folder("list");
    put(dir, "list.jsonl",
        "{\"id\":\"a\",\"text\":\"Hello.\",\"note\":7}\n"
        "{\"id\":\"b\",\"text\":\"Fast.\",\"speed\":2}\n"
        "{\"id\":\"a\",\"text\":\"Again.\"}\n"
        "{\"id\":\"c\",\"text\":\"Who?\",\"voice\":\"nobody\"}\n"
        "{\"id\":\"d\",\"text\":\"Which?\",\"speaker\":\"77\"}\n"
        "{\"id\":\"e\",\"text\":\"How?\",\"settings\":{\"no_such\":1}}\n"
        "not json\n"
        "{\"id\":\"f\",\"text\":\"Last.\"}\n");
    struct ora_run *run =
        create(dir, "run", "inputs: list.jsonl\nvoice: tone\nbatch: {utterances: 2}\n", &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(run);
    char *rows = describe(run);
    /* the reader holds an utterance back until it knows what follows, so its refusals come one row early */
    ORA_CHECK_STR(rows, "a b0 tone x1 Hello. {\"note\":7}\n"
                        "!duplicate-id 3\n"
                        "b b0 tone x2 Fast.\n"
                        "!unknown-voice 4\n"
                        "!unknown-speaker 5\n"
                        "!bad-json 7\n"
                        "!bad-settings 6\n"
                        "f b1 tone x1 Last.\n");
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    free(rows);
    ora_run_close(&run);
    free(dir);
}

ORA_TEST(the_same_inputs_give_the_same_batches)
{
    struct ora_err err = {0};
    char *dir = folder("same"), *first, *second;
    struct ora_str text = ORA_STR_INIT;
    for (int i = 0; i < 400; i++)
        ora_str_addf(&text, "Sentence number %d of a text that says little%s", i, i % 7 ? ". " : ".\n\n");
    put(dir, "story.txt", text.data);
    ora_str_release(&text);
    static const char yaml[] = "inputs: story.txt\nvoice: tone\nbatch: {chars: 500}\n";
    struct ora_run *run = create(dir, "run1", yaml, &err);
    ORA_REQUIRE(run);
    first = describe(run);
    ora_run_close(&run);
    run = create(dir, "run2", yaml, &err);
    ORA_REQUIRE(run);
    second = describe(run);
    ORA_CHECK_STR(first, second);
    ORA_CHECK(strstr(first, " b30 ") != NULL);
    struct ora_progress p;
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    ORA_CHECK_INT(p.utterances, 400);
    ora_run_close(&run);
    free(first);
    free(second);
    free(dir);
}

ORA_TEST(voices_that_alternate_fill_batches_of_their_own)
{
    struct ora_err err = {0};
    static const char *const voices[] = {"anna", "bob"};
    char *dir = folder("alternate");
    struct ora_run *run = NULL;
    ORA_CHECK_OK(ora_fixture_create(dir,
                                    &(struct ora_fixture){.yaml = "batch: {utterances: 5}\n",
                                                          .utterances = 20,
                                                          .voices = voices,
                                                          .voice_count = 2},
                                    &run, &err),
                 err);
    ORA_REQUIRE(run);
    struct ora_progress p;
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    ORA_CHECK_INT(p.batches, 4);
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ora_run_close(&run);
    free(dir);
}

ORA_TEST(more_voices_than_open_batches_lose_nothing)
{
    struct ora_err err = {0};
    const char *voices[200];
    char names[200][8];
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "v%d", i);
        voices[i] = names[i];
    }
    char *dir = folder("many-voices");
    struct ora_run *run = NULL;
    ORA_CHECK_OK(
        ora_fixture_create(
            dir, &(struct ora_fixture){.yaml = "", .utterances = 1000, .voices = voices, .voice_count = 200},
            &run, &err),
        err);
    ORA_REQUIRE(run);
    struct ora_progress p;
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    ORA_CHECK_INT(p.batches, 1000); /* each voice is thrown out before it comes again */
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ora_run_close(&run);
    free(dir);
}

ORA_TEST(what_the_job_itself_asks_for_must_be_there)
{
    static const struct {
        const char *yaml, *part;
    } cases[] = {
        {"voice: tona\n", "tona"},
        {"voice: tone\nspeaker: 9\n", "speaker"},
        {"voice: tone\nsettings: {no_such: 1}\n", "no_such"},
        {"voice: tone\nkernels: avx3\n", "kernels"},
    };
    char *dir = folder("asks");
    put(dir, "a.txt", "A text.");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        char *yaml = ora_fmt("inputs: a.txt\n%s", cases[i].yaml);
        struct ora_run *run = create(dir, "run", yaml, &err);
        ORA_CHECK(!run);
        if (!strstr(err.message, cases[i].part))
            ORA_FAIL("%s: \"%s\"", cases[i].yaml, err.message);
        ora_run_close(&run);
        free(yaml);
    }
    char *where = ora_path_join(dir, "run");
    ORA_CHECK(!ora_run_exists(where));
    free(where);
    free(dir);
}

ORA_TEST(stdin_is_read_once_and_known_by_its_hash)
{
    struct ora_err err = {0};
    struct ora_str what = ORA_STR_INIT;
    char *dir = folder("stdin"), *text = ora_path_join(dir, "in"), *where = ora_path_join(dir, "run");
    put(dir, "in", "One sentence. Another one.\n");
    struct ora_job *job = ora_job_of_text("-", &err);
    ORA_REQUIRE(job);
    free(job->voice);
    job->voice = strdup("tone");
    struct ora_run *run = NULL;
    int saved = dup(0), fd = open(text, O_RDONLY);
    dup2(fd, 0);
    ORA_CHECK_OK(ora_run_create(where, job, NULL, NULL, &run, &err), err);
    ORA_REQUIRE(run);
    lseek(0, 0, SEEK_SET);
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 0);
    lseek(0, 4, SEEK_SET);
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 1);
    ORA_CHECK(strstr(ora_str_c(&what), "-: the file has changed") != NULL);
    dup2(saved, 0);
    close(saved);
    close(fd);
    char *rows = describe(run);
    ORA_CHECK(strstr(rows, "stdin") == rows && strstr(rows, "Another one.") != NULL);
    free(rows);
    ora_run_close(&run);
    ora_job_free(&job);
    ora_str_release(&what);
    free(where);
    free(text);
    free(dir);
}

ORA_TEST(changes_are_told_field_by_field)
{
    static const struct {
        const char *yaml, *want;
    } cases[] = {
        {"inputs: a.txt\nvoice: tone\n", NULL},
        {"inputs: a.txt\nvoice: tone\nname: other\nviews: [chapters]\nlimits: {attempts: 2}\n", NULL},
        {"inputs: a.txt\nvoice: tone\nseed: 5\n", "seed: was 0, is 5\n"},
        {"inputs: a.txt\nvoice: tone\naudio: {format: wav}\ntext: {pauses_ms: {chapter: 1}}\n",
         "text.pauses_ms.chapter: was 1500, is 1\naudio.format: was flac, is wav\n"},
        {"inputs: a.txt\nvoice: tone\nspeed: 1.5\nlang: en\n",
         "speed: was 1, is 1.5\nlang: was not given, is en\n"},
        {"inputs: [a.txt, b.txt]\nvoice: tone\n", "inputs: were 1, are 2\n"},
        {"inputs: b.txt\nvoice: tone\n", "inputs[0].path: was a.txt, is b.txt\n"},
        {"inputs: a.txt\nvoice: tone\nprecision: exact\n", NULL},
        {"inputs: a.txt\nvoice: tone\nkernels: scalar\n", NULL}, /* of the same class */
        {"inputs: a.txt\nvoice: tone\nprecision: split\n", "precision: was f32-direct, is split\n"},
        {"inputs: a.txt\nvoice: tone\nkernels: blas\n", "precision: was f32-direct, is f32-blas\n"},
    };
    char *dir = folder("changes");
    put(dir, "a.txt", "A text.");
    put(dir, "b.txt", "B text.");
    struct ora_err err = {0};
    struct ora_run *run = create(dir, "run", cases[0].yaml, &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(run);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_str what = ORA_STR_INIT;
        struct ora_job *job = read_job(dir, cases[i].yaml, &err);
        ORA_REQUIRE(job);
        int rc = ora_run_changed(run, job, &what, &err);
        ORA_CHECK_OK(rc, err);
        ORA_CHECK_INT(rc, cases[i].want != NULL);
        ORA_CHECK_STR(ora_str_c(&what), cases[i].want ? cases[i].want : "");
        ora_job_free(&job);
        ora_str_release(&what);
    }
    ora_run_close(&run);
    free(dir);
}

/* "fast" means what it came to when the run was made, wherever the run goes on. */
/* While something is left to render; what is done may be looked at and exported by any version. */
ORA_TEST(another_version_does_not_go_on)
{
    struct ora_err err = {0};
    struct ora_str what = ORA_STR_INIT;
    char *dir = folder("version");
    put(dir, "a.txt", "A text.");
    struct ora_run *run = create(dir, "run", "inputs: a.txt\nvoice: tone\n", &err);
    struct ora_job *job = read_job(dir, "inputs: a.txt\nvoice: tone\n", &err);
    ORA_REQUIRE(run && job);
    ORA_CHECK_OK(ora_run_meta_set(run, ORA_META_MADE_BY, "oratorio 0.0.9", &err), err);
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 1);
    ORA_CHECK_STR(ora_str_c(&what), "it was begun by oratorio 0.0.9, and this is " ORA_MADE_BY "\n");
    ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    ORA_CHECK_INT(ora_fixture_finish_one(run), 0);
    ora_str_clear(&what);
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 0);
    ORA_CHECK_STR(ora_str_c(&what), "");
    ora_run_close(&run);
    ora_job_free(&job);
    ora_str_release(&what);
    free(dir);
}

ORA_TEST(the_class_of_a_run_is_fixed_when_it_is_made)
{
    static const char yaml[] = "inputs: a.txt\nvoice: tone\nprecision: fast\n";
    struct ora_err err = {0};
    struct ora_str what = ORA_STR_INIT;
    char *dir = folder("fixed"), *where = ora_path_join(dir, "run");
    put(dir, "a.txt", "A text.");
    setenv("ORATORIO_KERNELS", "scalar", 1);
    struct ora_run *run = create(dir, "run", yaml, &err);
    unsetenv("ORATORIO_KERNELS");
    ORA_CHECK_STR(err.message, "");
    ora_run_close(&run);
    ORA_CHECK_OK(ora_run_open(where, ORA_RUN_WRITE, &run, &err), err);
    struct ora_job *job = read_job(dir, yaml, &err);
    ORA_REQUIRE(run && job);
    ORA_CHECK_STR(ora_run_job(run)->arithmetic, "f32-direct");
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 0);
    ORA_CHECK_OK(ora_run_adopt_job(run, job, &err), err);
    ORA_CHECK_STR(ora_run_job(run)->arithmetic, "f32-direct");
    ORA_CHECK_OK(ora_job_set_precision(job, "f32-wino", &err), err);
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 1);
    ORA_CHECK_STR(ora_str_c(&what), "precision: was f32-direct, is f32-wino\n");
    ora_job_free(&job);
    ora_run_close(&run);
    ora_str_release(&what);
    free(where);
    free(dir);
}

/* A job table of schema 2 said nothing of precision: it is read as what it was made in. */
ORA_TEST(runs_without_the_field_are_f32_direct)
{
    static const char old_job[] = "name: old\nbase_dir: /\ninputs: a.txt\nvoice: tone\n";
    static const struct {
        const char *more, *class;
    } cases[] = {{"", "f32-direct"}, {"kernels: blas\n", "f32-blas"}};
    char *dir = folder("old");
    put(dir, "a.txt", "A text.");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        char *name = ora_fmt("run%zu", i), *where = ora_path_join(dir, name);
        char *yaml = ora_fmt("%s%s", old_job, cases[i].more);
        struct ora_run *run = create(dir, name, "inputs: a.txt\nvoice: tone\n", &err);
        ORA_REQUIRE(run);
        ORA_CHECK_OK(ora_run_meta_set(run, "precision", NULL, &err), err);
        ORA_CHECK_OK(ora_run_meta_set(run, "arithmetic", NULL, &err), err);
        ORA_CHECK_OK(ora_run_meta_set(run, "job_yaml", yaml, &err), err);
        ora_run_close(&run);
        ORA_CHECK_OK(ora_run_open(where, ORA_RUN_READ, &run, &err), err);
        ORA_REQUIRE(run);
        ORA_CHECK_STR(ora_run_job(run)->arithmetic, cases[i].class);
        ora_run_close(&run);
        free(yaml);
        free(where);
        free(name);
    }
    free(dir);
}

ORA_TEST(inputs_are_compared_by_content_when_their_time_differs)
{
    static const char yaml[] = "inputs: a.txt\nvoice: tone\ntext: {lexicon: lex.tsv}\n";
    struct ora_err err = {0};
    struct ora_str what = ORA_STR_INIT;
    char *dir = folder("content");
    put(dir, "a.txt", "A text.");
    put(dir, "lex.tsv", "a\tb\n");
    struct ora_run *run = create(dir, "run", yaml, &err);
    ORA_CHECK_STR(err.message, "");
    struct ora_job *job = read_job(dir, yaml, &err);
    ORA_REQUIRE(run && job);
    put(dir, "a.txt", "A text."); /* another time, the same bytes */
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 0);
    put(dir, "a.txt", "B text.");
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 1);
    ORA_CHECK(strstr(ora_str_c(&what), "a.txt: the file has changed") != NULL);
    put(dir, "a.txt", "A text.");
    ora_str_clear(&what);
    put(dir, "lex.tsv", "a\tcc\n");
    ORA_CHECK_INT(ora_run_changed(run, job, &what, &err), 1);
    ORA_CHECK(strstr(ora_str_c(&what), "lex.tsv") != NULL);
    ora_str_release(&what);
    ora_job_free(&job);
    ora_run_close(&run);
    free(dir);
}

ORA_TEST(a_run_takes_over_new_views_and_limits)
{
    struct ora_err err = {0};
    char *dir = folder("adopt"), *where = ora_path_join(dir, "run"), *copy = ora_path_join(where, "job.yaml");
    put(dir, "a.txt", "A text.");
    struct ora_run *run = create(dir, "run", "inputs: a.txt\nvoice: tone\n", &err);
    struct ora_job *job =
        read_job(dir, "inputs: a.txt\nvoice: tone\nviews: [ljspeech, jsonl]\nlimits: {lease_s: 77}\n", &err);
    ORA_REQUIRE(run && job);
    ORA_CHECK_OK(ora_run_adopt_job(run, job, &err), err);
    ora_run_close(&run);
    ORA_CHECK_OK(ora_run_open(where, ORA_RUN_READ, &run, &err), err);
    ORA_REQUIRE(run);
    ORA_CHECK_INT(ora_run_job(run)->view_count, 2);
    ORA_CHECK_INT(ora_run_job(run)->lease_s, 77);
    struct ora_job *written = ora_job_read(copy, &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(written);
    ORA_CHECK_STR(written->views[0], "ljspeech");
    ORA_CHECK_STR(written->base_dir, job->base_dir);
    ora_job_free(&written);
    ora_job_free(&job);
    ora_run_close(&run);
    free(copy);
    free(where);
    free(dir);
}

ORA_TEST(a_plan_is_what_ingest_would_do)
{
    static const char yaml[] = "inputs: list.tsv\nvoice: tone\nbatch: {utterances: 2}\n";
    struct ora_err err = {0};
    struct ora_job_plan *plan = NULL;
    char *dir = folder("plan");
    put(dir, "list.tsv", "id\ttext\na\tHello there.\nb\t...\nc\tHello again.\na\tTwice.\nd\tThe end.\n");
    struct ora_job *job = read_job(dir, yaml, &err);
    ORA_REQUIRE(job);
    ORA_CHECK_OK(ora_plan_job(job, 1, &plan, &err), err);
    ORA_REQUIRE(plan);
    struct ora_run *run = create(dir, "run", yaml, &err);
    ORA_REQUIRE(run);
    struct ora_progress p;
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    ORA_CHECK_INT(plan->utterances, p.open);
    ORA_CHECK_INT(plan->rejected, p.rejected);
    ORA_CHECK_INT(plan->batches, p.batches);
    ORA_CHECK_INT(plan->chars, p.chars);
    ORA_CHECK_INT(plan->structure_lines, p.structure_lines);
    ORA_CHECK(plan->audio_s > 0 && plan->core_s > 0 && plan->audio_bytes > 0 && plan->database_bytes > 0);
    ORA_REQUIRE(plan->voice_count == 1);
    ORA_CHECK_STR(plan->voices[0].voice, "tone");
    ORA_CHECK(plan->reason_count >= 1);
    ORA_REQUIRE(plan->example_count == 1);
    ORA_CHECK_STR(plan->examples[0].path, "list.tsv");
    ora_plan_free(&plan);
    ora_run_close(&run);
    ora_job_free(&job);
    free(dir);
}

/* Line 1 is held back for its gap while the reader refuses lines 2 and 3, and its voice is refused then. */
ORA_TEST(rejections_are_told_by_line)
{
    static const char yaml[] = "inputs: [a.jsonl, b.jsonl]\nvoice: tone\n";
    static const uint64_t lines[] = {1, 2, 3, 5, 1, 2};
    enum { LINES = sizeof lines / sizeof *lines };
    struct ora_err err = {0};
    char *dir = folder("by-line");
    put(dir, "a.jsonl", "{\"text\":\"x\",\"voice\":\"nobody\"}\n{}\n[]\n{\"text\":\"Good.\"}\n{}\n");
    put(dir, "b.jsonl", "{\"text\":\"x\",\"voice\":\"nobody\"}\n{}\n");
    struct ora_job *job = read_job(dir, yaml, &err);
    ORA_REQUIRE(job);
    for (size_t most = 0; most <= LINES + 1; most++) {
        struct ora_job_plan *plan = NULL;
        ORA_CHECK_OK(ora_plan_job(job, most, &plan, &err), err);
        ORA_REQUIRE(plan);
        ORA_CHECK_INT(plan->example_count, most < LINES ? most : LINES);
        for (size_t i = 0; i < plan->example_count; i++) {
            ORA_CHECK_INT(plan->examples[i].line, lines[i]);
            ORA_CHECK_STR(plan->examples[i].path, i < 4 ? "a.jsonl" : "b.jsonl");
        }
        ora_plan_free(&plan);
    }
    struct ora_run *run = create(dir, "run", yaml, &err);
    ORA_REQUIRE(run);
    struct ora_run_filter filter = {.state = -1, .doc = -1, .chapter = -1, .without_audio = true};
    struct ora_run_rows *rows;
    struct ora_run_row row;
    ORA_CHECK_OK(ora_run_rows_open(run, &filter, &rows, &err), err);
    for (size_t i = 0; i < LINES; i++) {
        ORA_REQUIRE(ora_run_rows_next(rows, &row, &err) == 1);
        ORA_CHECK_INT(row.utt.line, lines[i]);
    }
    ORA_CHECK_INT(ora_run_rows_next(rows, &row, &err), 0);
    ora_run_rows_close(&rows);
    ora_run_close(&run);
    ora_job_free(&job);
    free(dir);
}

ORA_TEST(what_cannot_be_read_leaves_no_run)
{
    struct ora_err err = {0};
    char *dir = folder("utf16"), *where = ora_path_join(dir, "run");
    put(dir, "a.txt", "\xff\xfeH\x01i\x01");
    struct ora_run *run = create(dir, "run", "inputs: a.txt\nvoice: tone\n", &err);
    ORA_CHECK(!run);
    ORA_CHECK_INT(err.code, ORA_E_FORMAT);
    ORA_CHECK(!ora_run_exists(where));
    put(dir, "a.txt", "Hi.");
    ora_err_clear(&err);
    run = create(dir, "run", "inputs: a.txt\nvoice: tone\n", &err);
    ORA_CHECK_STR(err.message, "");
    ora_run_close(&run);
    free(where);
    free(dir);
}

ORA_TEST(the_job_table_may_lie_elsewhere)
{
    struct ora_err err = {0};
    char *dir = folder("elsewhere"), *where = ora_path_join(dir, "run"),
         *link = ora_path_join(where, "run.sqlite");
    put(dir, "a.txt", "A text.");
    struct ora_run *run = create(dir, "run", "inputs: a.txt\nvoice: tone\ndatabase: local/disk\n", &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(run);
    ora_run_close(&run);
    char *real = realpath(link, NULL);
    ORA_REQUIRE(real);
    ORA_CHECK(strstr(real, "/local/disk/run-") != NULL);
    ORA_CHECK_OK(ora_run_open(where, ORA_RUN_WRITE, &run, &err), err);
    ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    ora_run_close(&run);
    ORA_CHECK_INT(unlink(real), 0);
    ORA_CHECK_INT(ora_run_open(where, ORA_RUN_READ, &run, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, "the host that made the run") != NULL);
    free(real);
    free(link);
    free(where);
    free(dir);
}
