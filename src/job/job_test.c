#include "job/job.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

static struct ora_job *parse(const char *yaml, struct ora_err *err)
{
    return ora_job_parse(yaml, strlen(yaml), "j.yaml", "/base", err);
}

static void put(const char *dir, const char *name, const char *text)
{
    struct ora_err err = {0};
    char *path = ora_path_join(dir, name);
    ORA_CHECK_OK(ora_file_write_atomic(path, text, strlen(text), 0644, &err), err);
    free(path);
}

static char *folder(const char *name)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), name);
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    return dir;
}

ORA_TEST(defaults_are_filled_in)
{
    struct ora_err err = {0};
    struct ora_job *job = parse("inputs: a.txt\n", &err);
    ORA_REQUIRE(job);
    ORA_CHECK_INT(job->input_count, 1);
    ORA_CHECK_STR(job->inputs[0].path, "a.txt");
    ORA_CHECK_STR(job->inputs[0].file, "/base/a.txt");
    ORA_CHECK_STR(job->voice, ORA_JOB_DEFAULT_VOICE);
    ORA_CHECK_NEAR(job->speed, 1, 0);
    ORA_CHECK_INT(job->max_chars, 600);
    ORA_CHECK_INT(job->batch_chars, 0);
    ORA_CHECK_INT(job->batch_utterances, 256);
    ORA_CHECK_INT(job->max_attempts, 20);
    ORA_CHECK_INT(job->lease_s, 300);
    ORA_CHECK_INT(job->render.codec, ORA_CODEC_FLAC);
    ORA_CHECK_INT(job->render.max_chars, 600);
    ORA_CHECK_INT(job->render.sentence_pause_ms, job->pause_ms[ORA_GAP_SENTENCE]);
    ORA_CHECK(isnan(job->render.loudness_lufs));
    ORA_CHECK(isnan(job->render.peak_dbfs));
    ORA_CHECK_INT(job->store, ORA_STORE_TAR);
    ORA_CHECK_STR(job->kernels, "auto");
    ORA_CHECK(!job->precision);
    ORA_CHECK_STR(job->arithmetic, "f32-direct");
    ORA_REQUIRE(job->view_count == 1);
    ORA_CHECK_STR(job->views[0], "jsonl");
    ora_job_free(&job);
}

static const char everything[] =
    "name: every-field\n"
    "inputs:\n"
    "  - plain.txt\n"
    "  - path: \"odd: name #1.tsv\"\n"
    "    layout: lines\n"
    "    format: tsv\n"
    "    columns: [id, \"-\", text, note]\n"
    "    doc_id: odd\n"
    "    voice: tone\n"
    "    speaker: \"3\"\n"
    "    lang: de-DE\n"
    "    speed: 1.25\n"
    "    settings: {noise_scale: 0, mode: \"12\"}\n"
    "  - \"-\"\n"
    "voice: en_US-joe-medium\n"
    "speaker: joe\n"
    "lang: en-US\n"
    "speed: 0.9\n"
    "settings: {noise_scale: 0.333, length: slow}\n"
    "seed: 9007199254740993\n"
    "text:\n"
    "  max_chars: 300\n"
    "  lexicon: names.tsv\n"
    "  phonemes: true\n"
    "  pauses_ms: {sentence: 111, paragraph: 222, heading: 333, chapter: 444, document: 555, split: 66}\n"
    "audio: {format: wav-f32, sample_rate_hz: 16000, loudness_lufs: -23, peak_dbfs: -1.5, trim_silence: "
    "true}\n"
    "store: files\n"
    "batch: {chars: 70, utterances: 7}\n"
    "views: [ljspeech, jsonl]\n"
    "kernels: scalar\n"
    "precision: f32-direct\n"
    "limits: {attempts: 3, lease_s: 60}\n"
    "allow_network_fs: true\n"
    "database: /var/lib/oratorio\n";

ORA_TEST(every_field_is_read)
{
    struct ora_err err = {0};
    struct ora_job *job = parse(everything, &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(job);
    ORA_CHECK_STR(job->name, "every-field");
    ORA_REQUIRE(job->input_count == 3);
    const struct ora_job_input *in = &job->inputs[1];
    ORA_CHECK_STR(in->path, "odd: name #1.tsv");
    ORA_CHECK_INT(in->layout, ORA_LAYOUT_LINES);
    ORA_CHECK_INT(in->format, ORA_FORMAT_TSV);
    ORA_CHECK_INT(in->column_count, 4);
    ORA_CHECK_STR(in->columns[1], "-");
    ORA_CHECK_STR(in->doc_id, "odd");
    ORA_CHECK_STR(in->voice, "tone");
    ORA_CHECK_STR(in->speaker, "3");
    ORA_CHECK_STR(in->lang, "de-DE");
    ORA_CHECK_NEAR(in->speed, 1.25, 0);
    ORA_CHECK_STR(in->settings_json, "{\"mode\":\"12\",\"noise_scale\":0}");
    ORA_CHECK_STR(job->inputs[2].file, "-");
    ORA_CHECK_STR(job->settings_json, "{\"length\":\"slow\",\"noise_scale\":0.33300000000000002}");
    ORA_CHECK(job->seed == 9007199254740993u);
    ORA_CHECK_INT(job->max_chars, 300);
    ORA_CHECK_STR(job->render.lexicon_path, "/base/names.tsv");
    ORA_CHECK(job->text_is_phonemes);
    ORA_CHECK_INT(job->pause_ms[ORA_GAP_SPLIT], 66);
    ORA_CHECK_INT(job->pause_ms[ORA_GAP_DOCUMENT], 555);
    ORA_CHECK_INT(job->render.codec, ORA_CODEC_WAV_F32);
    ORA_CHECK_INT(job->render.sample_rate_hz, 16000);
    ORA_CHECK_NEAR(job->render.loudness_lufs, -23, 0);
    ORA_CHECK_NEAR(job->render.peak_dbfs, -1.5, 0);
    ORA_CHECK(job->render.trim_silence);
    ORA_CHECK_INT(job->store, ORA_STORE_FILES);
    ORA_CHECK_INT(job->batch_chars, 70);
    ORA_CHECK_INT(job->batch_utterances, 7);
    ORA_CHECK_INT(job->view_count, 2);
    ORA_CHECK_STR(job->kernels, "scalar");
    ORA_CHECK_STR(job->render.kernels, "scalar");
    ORA_CHECK_STR(job->precision, "f32-direct");
    ORA_CHECK_STR(job->render.arithmetic, "f32-direct");
    ORA_CHECK_INT(job->max_attempts, 3);
    ORA_CHECK_INT(job->lease_s, 60);
    ORA_CHECK(job->network_fs);
    ORA_CHECK_STR(job->database, "/var/lib/oratorio");
    ora_job_free(&job);
}

ORA_TEST(yaml_written_reads_back_to_the_same)
{
    static const char *const jobs[] = {
        everything,
        "inputs: a.txt\n",
        "inputs: [\"a\\u0007b\\\"c\\\\d \\u2028.txt\", \" x \", \"007\", \"yes\", \"naïve 空.txt\"]\nspeed: "
        "0.1\n",
        "inputs: a\nviews: []\naudio: {loudness_lufs: -18}\n",
        "inputs: a\nsettings: {a: \"1\", b: \"true\", c: 1e-7, d: -3, e: \"\"}\nvoice: ../v\n",
    };
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        struct ora_err err = {0};
        struct ora_str first = ORA_STR_INIT, second = ORA_STR_INIT;
        struct ora_job *job = parse(jobs[i], &err);
        ORA_CHECK_STR(err.message, "");
        ORA_REQUIRE(job);
        ORA_CHECK_OK(ora_job_to_yaml(job, &first, &err), err);
        struct ora_job *again = ora_job_parse(first.data, first.len, "again.yaml", "/elsewhere", &err);
        ORA_CHECK_STR(err.message, "");
        ORA_REQUIRE(again);
        ORA_CHECK_OK(ora_job_to_yaml(again, &second, &err), err);
        ORA_CHECK_STR(second.data, first.data);
        ORA_CHECK_INT(again->input_count, job->input_count);
        for (size_t k = 0; k < job->input_count && k < again->input_count; k++)
            ORA_CHECK_STR(again->inputs[k].path, job->inputs[k].path);
        ORA_CHECK_STR(again->base_dir, "/base");
        ORA_CHECK(again->seed == job->seed);
        if (job->settings_json)
            ORA_CHECK_STR(again->settings_json, job->settings_json);
        ora_job_free(&job);
        ora_job_free(&again);
        ora_str_release(&first);
        ora_str_release(&second);
    }
}

ORA_TEST(errors_name_file_line_field_and_what_was_expected)
{
    static const struct {
        const char *yaml;
        const char *parts[4];
    } cases[] = {
        {"", {"j.yaml", "empty"}},
        {"- a\n", {"j.yaml:1", "map"}},
        {"voice: x\n", {"j.yaml:1", "inputs", "missing"}},
        {"inputs: []\n", {"j.yaml:1", "inputs", "at least one"}},
        {"inputs: a\nvoise: x\n", {"j.yaml:2", "voise", "did you mean 'voice'"}},
        {"inputs: a\nspeed: fast\n", {"j.yaml:2", "speed", "number from 0.1 to 10", "fast"}},
        {"inputs: a\nspeed: 0\n", {"j.yaml:2", "speed"}},
        {"inputs: a\n\nstore: tra\n", {"j.yaml:3", "store", "tar, files", "did you mean 'tar'"}},
        {"inputs: a\naudio:\n  format: mp3\n", {"j.yaml:3", "format", "flac, wav, wav-f32"}},
        {"inputs: a\naudio:\n  loudness_lufs: loud\n", {"j.yaml:3", "loudness_lufs", "off, or a number"}},
        {"inputs: a\naudio: {sample_rate_hz: 100}\n", {"j.yaml:2", "sample_rate_hz", "8000"}},
        {"inputs: a\ntext: {max_char: 5}\n", {"j.yaml:2", "max_char", "did you mean 'max_chars'"}},
        {"inputs: a\ntext: {pauses_ms: {sentense: 5}}\n", {"j.yaml:2", "did you mean 'sentence'"}},
        {"inputs: a\nviews: [jsonl, chapter]\n",
         {"j.yaml:2", "jsonl, ljspeech, chapters", "did you mean 'chapters'"}},
        {"inputs: a\nviews: [jsonl, jsonl]\n", {"j.yaml:2", "twice"}},
        {"inputs:\n  - path: a\n    layuot: lines\n", {"j.yaml:3", "layuot", "did you mean 'layout'"}},
        {"inputs:\n  - layout: lines\n", {"j.yaml:2", "path"}},
        {"inputs:\n  - path: a\n    columns: [id, speaker]\n", {"j.yaml:3", "columns", "'text'"}},
        {"inputs:\n  - path: a\n    columns: [text, text]\n", {"j.yaml:3", "twice"}},
        {"inputs:\n  - [a]\n", {"j.yaml:2", "a path, or a map"}},
        {"inputs: [\"-\", \"-\"]\n", {"j.yaml:1", "stdin", "twice"}},
        {"inputs: a\nname: a/b\n", {"j.yaml:2", "name", "folder"}},
        {"inputs: a\nname: .hidden\n", {"j.yaml:2", "name"}},
        {"inputs: a\nsettings: [1]\n", {"j.yaml:2", "settings", "map"}},
        {"inputs: a\nsettings: {x: [1]}\n", {"j.yaml:2", "'x'", "text"}},
        {"inputs: a\nseed: -1\n", {"j.yaml:2", "seed", "whole number"}},
        {"inputs: a\nbatch: {utterances: 0}\n", {"j.yaml:2", "utterances"}},
        {"inputs: a\nlimits: {attempts: none}\n", {"j.yaml:2", "attempts", "1 to 1000"}},
        {"inputs: a\nbase_dir: here\n", {"j.yaml:2", "base_dir", "absolute"}},
        {"inputs: a\n  b: [\n", {"j.yaml:", "broken YAML"}},
        {"inputs: a\ninputs: b\n", {"j.yaml:2", "twice"}},
        {"inputs: \"\"\n", {"j.yaml:1", "inputs"}},
        {"inputs: a\nkernels: avx3\n", {"j.yaml:2", "field 'kernels'", "avx3", "scalar"}},
        {"inputs: a\nprecision: quick\n", {"j.yaml:2", "field 'precision'", "quick", "exact, fast"}},
        {"inputs: a\nkernels: avx3\nprecision: fast\n", {"j.yaml:2", "field 'kernels'", "avx3"}},
        {"inputs: a\nkernels: blas\nprecision: fast\n",
         {"j.yaml:3", "'kernels' and 'precision' contradict", "f32-blas", "not fast"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        struct ora_job *job = parse(cases[i].yaml, &err);
        if (job)
            ORA_FAIL("accepted: %s", cases[i].yaml);
        for (int k = 0; k < 4 && cases[i].parts[k]; k++)
            if (!strstr(err.message, cases[i].parts[k]))
                ORA_FAIL("\"%s\" says \"%s\", without \"%s\"", cases[i].yaml, err.message, cases[i].parts[k]);
        ora_job_free(&job);
    }
}

/* A job file may leave the class to the machine; what is written of it does not. */
ORA_TEST(precision_comes_to_a_class)
{
    struct ora_err err = {0};
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_job *job = parse("inputs: a\nkernels: blas\n", &err);
    ORA_REQUIRE(job);
    ORA_CHECK_STR(job->arithmetic, "f32-blas");
    ORA_CHECK_OK(ora_job_to_yaml(job, &yaml, &err), err);
    ORA_CHECK(strstr(ora_str_c(&yaml), "\nprecision: f32-blas\n"));
    ORA_CHECK_INT(ora_job_set_precision(job, "exact", &err), ORA_E_BAD_USAGE);
    ora_job_free(&job);

    setenv("ORATORIO_KERNELS", "scalar", 1);
    job = parse("inputs: a\nprecision: fast\n", &err);
    unsetenv("ORATORIO_KERNELS");
    ORA_REQUIRE(job);
    ORA_CHECK_STR(job->precision, "fast");
    ORA_CHECK_STR(job->arithmetic, "f32-direct");
    ORA_CHECK_OK(ora_job_set_precision(job, "split", &err), err);
    ORA_CHECK_STR(job->render.arithmetic, "split");
    ora_job_free(&job);
    ora_str_release(&yaml);
}

ORA_TEST(a_loudness_target_brings_a_ceiling)
{
    struct ora_err err = {0};
    struct ora_job *job = parse("inputs: a\naudio: {loudness_lufs: -20}\n", &err);
    ORA_REQUIRE(job);
    ORA_CHECK_NEAR(job->render.peak_dbfs, -1, 0);
    ora_job_free(&job);
    job = parse("inputs: a\naudio: {loudness_lufs: -20, peak_dbfs: off}\n", &err);
    ORA_REQUIRE(job);
    ORA_CHECK(isnan(job->render.peak_dbfs));
    ora_job_free(&job);
}

ORA_TEST(globs_are_expanded_in_order)
{
    struct ora_err err = {0};
    char *dir = folder("glob [x]");
    put(dir, "b.txt", "B.");
    put(dir, "a.txt", "A.");
    put(dir, "c.md", "C.");
    put(dir, "lit[1].txt", "L.");
    put(dir, "job.yaml", "inputs: [c.md, {path: '?.txt', voice: tone}, 'lit[1].txt']\n");
    char *path = ora_path_join(dir, "job.yaml");
    struct ora_job *job = ora_job_read(path, &err);
    ORA_CHECK_STR(err.message, "");
    ORA_REQUIRE(job && job->input_count == 4);
    static const char *const want[] = {"c.md", "a.txt", "b.txt", "lit[1].txt"};
    for (int i = 0; i < 4; i++) {
        ORA_CHECK_STR(job->inputs[i].path, want[i]);
        ORA_CHECK(ora_file_exists(job->inputs[i].file));
    }
    ORA_CHECK_STR(job->inputs[2].voice, "tone");
    ORA_CHECK_STR(job->name, "job");
    ora_job_free(&job);
    free(path);
    free(dir);
}

ORA_TEST(inputs_that_cannot_be_read_are_told)
{
    static const struct {
        const char *inputs;
        int code;
        const char *part;
    } cases[] = {
        {"gone.txt", ORA_E_NOT_FOUND, "gone.txt"},
        {"'*.nothing'", ORA_E_NOT_FOUND, "matches no file"},
        {".", ORA_E_BAD_USAGE, "folder"},
        {"{path: '*.txt', doc_id: one}", ORA_E_BAD_USAGE, "doc_id"},
        {"a.txt\ntext: {lexicon: gone.tsv}", ORA_E_NOT_FOUND, "lexicon"},
    };
    char *dir = folder("missing"), *path = ora_path_join(dir, "job.yaml");
    put(dir, "a.txt", "A.");
    put(dir, "b.txt", "B.");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        char *text = ora_fmt("inputs: %s\n", cases[i].inputs);
        put(dir, "job.yaml", text);
        struct ora_job *job = ora_job_read(path, &err);
        ORA_CHECK(!job);
        ORA_CHECK_INT(err.code, cases[i].code);
        if (!strstr(err.message, cases[i].part))
            ORA_FAIL("%s: \"%s\"", cases[i].inputs, err.message);
        ora_job_free(&job);
        free(text);
    }
    free(path);
    free(dir);
}

/* In a process that is not root: 0 when the error is the one for a file that may not be read. */
static int read_as_nobody(const char *path)
{
    struct ora_err err = {0};
    if (geteuid() == 0 && setuid(65534) < 0)
        return 2;
    struct ora_job *job = ora_job_of_text(path, &err);
    return !job && err.code == ORA_E_PERMISSION && strstr(err.message, "a.txt") ? 0 : 1;
}

ORA_TEST(an_unreadable_input_is_told)
{
    char *dir = folder("unreadable"), *path = ora_path_join(dir, "a.txt");
    int status = -1;
    put(dir, "a.txt", "A.");
    ORA_CHECK_INT(chmod(path, 0), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read_as_nobody(path));
    ORA_CHECK_INT(waitpid(child, &status, 0), child);
    ORA_CHECK_INT(status, 0);
    free(path);
    free(dir);
}

ORA_TEST(a_bare_text_is_a_job)
{
    static const struct {
        const char *file, *name;
        size_t views;
    } cases[] = {{"My story.md", "My-story", 2},
                 {"list.jsonl", "list", 1},
                 {".hidden", "_hidden", 1},
                 {"a.b.txt", "a.b", 2}};
    char *dir = folder("bare");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        put(dir, cases[i].file, "Text.");
        char *path = ora_path_join(dir, cases[i].file);
        struct ora_job *job = ora_job_of_text(path, &err);
        ORA_CHECK_STR(err.message, "");
        ORA_REQUIRE(job);
        ORA_CHECK_STR(job->name, cases[i].name);
        ORA_CHECK_STR(job->inputs[0].path, cases[i].file);
        ORA_CHECK_INT(job->view_count, cases[i].views);
        ORA_CHECK_INT(job->base_dir[0], '/');
        ora_job_free(&job);
        free(path);
    }
    struct ora_err err = {0};
    struct ora_job *job = ora_job_of_text("-", &err);
    ORA_REQUIRE(job);
    ORA_CHECK_STR(job->name, "stdin");
    ORA_CHECK_STR(job->inputs[0].file, "-");
    ora_job_free(&job);
    free(dir);
}

ORA_TEST(a_path_that_is_not_utf8_is_refused)
{
    struct ora_err err = {0};
    char *dir = folder("bytes");
    put(dir, "a\xff.txt", "A.");
    put(dir, "job.yaml", "inputs: '*.txt'\n");
    char *path = ora_path_join(dir, "job.yaml");
    struct ora_job *job = ora_job_read(path, &err);
    ORA_CHECK(!job);
    ORA_CHECK(strstr(err.message, "UTF-8") != NULL);
    ora_job_free(&job);
    free(path);
    free(dir);
}
