/*
 * Import with a family of the test's own: this file defines the registry, so that the one of src/models is
 * not linked.
 */
#include "voice/import.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "voice/voice.h"
#include "weights/safetensors.h"

static const struct ora_setting_def no_settings[] = {{0}};
static const char *fragment; /* what the family writes to voice.yaml */
static bool fail;            /* the family fails after it has written its weights */

static int fake_import(const char *path, const struct ora_import_options *o, struct ora_str *yaml,
                       struct ora_err *err)
{
    struct ora_weights_writer *wr = NULL;
    char *out = ora_path_join(o->out_dir, "model.safetensors");
    const float w[2] = {1, 2};
    ORA_CHECK_OK(ora_weights_writer_create(out, &wr, err), *err);
    ORA_CHECK_OK(ora_weights_writer_declare(wr, "w", ORA_F32, ORA_SHAPE(2), err), *err);
    ORA_CHECK_OK(ora_weights_writer_put(wr, w, sizeof w, err), *err);
    ORA_CHECK_OK(ora_weights_writer_commit(wr, NULL, err), *err);
    ora_weights_writer_destroy(&wr);
    free(out);
    ora_str_add(yaml, fragment);
    return fail ? ora_err_set(err, ORA_E_FORMAT, "%s: no such graph", path) : 0;
}

static bool fake_knows(const char *path, struct ora_str *what)
{
    if (ora_ends_with(path, ".onnx"))
        ora_str_add(what, "a fake");
    return ora_ends_with(path, ".onnx");
}

/* Knows folders that hold "five", and one file that the other knows too. */
static bool folder_knows(const char *path, struct ora_str *what)
{
    char *five = ora_path_join(path, "five");
    bool known = ora_file_exists(five) || ora_ends_with(path, "both.onnx");
    free(five);
    if (known)
        ora_str_add(what, "a folder of five");
    return known;
}

static const struct ora_family fake = {.name = "vits",
                                       .settings = no_settings,
                                       .import = fake_import,
                                       .import_reads = "an .onnx",
                                       .import_knows = fake_knows};
static const struct ora_family folders = {.name = "folders",
                                          .settings = no_settings,
                                          .import = fake_import,
                                          .import_reads = "a folder with five",
                                          .import_knows = folder_knows};
static const struct ora_known_file files[] = {
    {4, "0123456789abcdef", "one release"}, {7, "0123456789abcdee", "another release"}, {0}};
static const struct ora_family other = {.name = "tone", .settings = no_settings, .known_files = files};

const struct ora_family *ora_family_at(size_t i)
{
    return i == 0 ? &fake : i == 1 ? &other : i == 2 ? &folders : NULL;
}

const struct ora_family *ora_family_find(const char *name)
{
    const struct ora_family *f;
    for (size_t i = 0; (f = ora_family_at(i)); i++)
        if (strcmp(name, f->name) == 0)
            return f;
    return NULL;
}

static const char good[] = "lang: en-US\nsample_rate_hz: 22050\nvits: {}\n";

/* A folder with a model, its JSON and a card; the model's path is the caller's to free. */
static char *make_model(const char *folder)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), folder),
         *model = ora_path_join(dir, "en_US-joe-medium.onnx");
    char *json = ora_fmt("%s.json", model), *card = ora_path_join(dir, "MODEL_CARD");
    static const char text[] =
        "# Model card\n\n* License: CC0\n\n## Training\n\nFinetuned from a \"base\" voice.\n";
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(model, "abc", 3, 0644, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(json, "{}", 2, 0644, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(card, text, strlen(text), 0644, &err), err);
    free(dir), free(json), free(card);
    fragment = good;
    fail = false;
    return model;
}

static size_t entries_of(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return n;
}

ORA_TEST(makes_a_voice_with_licence_and_provenance)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *model = make_model("a"), *out = ora_path_join(ora_test_tmpdir(), "a/out"), *dir = NULL;
    struct ora_voice_import_request q = {.path = model, .out_dir = out, .source = "somewhere"};
    struct ora_str text = ORA_STR_INIT;
    ORA_CHECK_OK(ora_voice_import(&q, &dir, &err), err);
    ORA_REQUIRE(dir);
    ORA_CHECK(ora_ends_with(dir, "/out/en_US-joe-medium"));
    ORA_CHECK_INT(entries_of(out), 1);
    ORA_CHECK_INT(entries_of(dir), 3);
    ORA_CHECK_OK(ora_voice_open(dir, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_STR(v->name, "en_US-joe-medium");
    ORA_CHECK_STR(v->license, "CC0 (data set)");
    ORA_CHECK_STR(v->license_note,
                  "Finetuned from a \"base\" voice: the terms of that voice's data may apply too");
    ORA_CHECK_STR(v->source, "somewhere");
    ORA_CHECK_OK(ora_voice_verify(v, &err), err);
    ORA_CHECK_OK(ora_voice_describe(v, NULL, NULL, &text, NULL, &err), err);
    ORA_CHECK(strstr(ora_str_c(&text),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")); /* abc */
    ORA_CHECK(strstr(ora_str_c(&text), "en_US-joe-medium.onnx.json"));
    ora_str_release(&text);
    ora_voice_close(&v);
    free(model), free(out), free(dir);
}

ORA_TEST(an_existing_voice_is_replaced_only_when_asked)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *model = make_model("b"), *out = ora_path_join(ora_test_tmpdir(), "b/out");
    char *final = ora_path_join(out, "en_US-joe-medium");
    struct ora_voice_import_request q = {.path = model, .out_dir = out};
    ORA_CHECK_OK(ora_voice_import(&q, NULL, &err), err);
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_BUSY);
    q.replace = true;
    q.license = "mine";
    ORA_CHECK_OK(ora_voice_import(&q, NULL, &err), err);
    ORA_CHECK_INT(entries_of(out), 1);
    ORA_CHECK_OK(ora_voice_open(final, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_STR(v->license, "mine");
    ora_voice_close(&v);
    free(model), free(out), free(final);
}

ORA_TEST(failure_leaves_nothing)
{
    static const struct {
        const char *fragment;
        bool fail;
        int code;
    } cases[] = {
        {good, true, ORA_E_FORMAT},
        {"lang: en-US\n", false, ORA_E_BAD_USAGE},                    /* no rate: found on reading back */
        {"lang: en-US\nsample_rate_hz: 1\n", false, ORA_E_BAD_USAGE}, /* out of range */
        {"lang: en-US\nsample_rate_hz: 22050\nfamily: x\n", false, ORA_E_BAD_USAGE}, /* given twice */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        char *model = make_model("c"), *out = ora_path_join(ora_test_tmpdir(), "c/out"), *dir = NULL;
        struct ora_voice_import_request q = {.path = model, .out_dir = out};
        fragment = cases[i].fragment;
        fail = cases[i].fail;
        ORA_CHECK_INT(ora_voice_import(&q, &dir, &err), cases[i].code);
        ORA_CHECK(dir == NULL && err.message[0]);
        ORA_CHECK_INT(entries_of(out), 0);
        free(model), free(out);
    }
}

/* A failed replacement keeps the voice that was there. */
ORA_TEST(a_failed_replacement_keeps_the_old_voice)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *model = make_model("d"), *out = ora_path_join(ora_test_tmpdir(), "d/out");
    char *final = ora_path_join(out, "en_US-joe-medium");
    struct ora_voice_import_request q = {.path = model, .out_dir = out, .replace = true};
    ORA_CHECK_OK(ora_voice_import(&q, NULL, &err), err);
    fail = true;
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_FORMAT);
    ORA_CHECK_OK(ora_voice_open(final, &v, &err), err);
    ora_voice_close(&v);
    ORA_CHECK_INT(entries_of(out), 1);
    free(model), free(out), free(final);
}

ORA_TEST(what_to_import_is_found_or_told)
{
    struct ora_err err = {0};
    char *model = make_model("e"), *json = ora_fmt("%s.json", model), *folder = ora_path_dir(model);
    char *out = ora_path_join(ora_test_tmpdir(), "e-out"),
         *missing = ora_path_join(ora_test_tmpdir(), "none.onnx");
    const struct {
        struct ora_voice_import_request q;
        int code;
        const char *message;
    } cases[] = {
        {{.path = json, .out_dir = out, .name = "from-json"}, 0, ""},
        {{.path = folder, .out_dir = out, .name = "from-folder"}, 0, ""},
        {{.path = missing}, ORA_E_NOT_FOUND, "none.onnx: there is no such model file or folder"},
        {{.path = "/usr/bin"},
         ORA_E_BAD_USAGE,
         "/usr/bin: nothing that can be imported lies there: vits wants an .onnx; folders wants a folder "
         "with "
         "five"},
        {{.path = model, .family = "tone"},
         ORA_E_BAD_USAGE,
         "family 'tone' has no import: say one of vits, folders"},
        {{.path = model, .family = "vist"},
         ORA_E_BAD_USAGE,
         "family 'vist' is not one of this build: say one of vits"},
        {{.path = model, .name = "a/b"}, ORA_E_BAD_USAGE, "'a/b' cannot be a voice's name"},
        {{.path = model, .name = "tone"}, ORA_E_BAD_USAGE, "'tone' is the built-in voice's name"},
        {{.path = model, .out_dir = "/proc/nowhere"}, ORA_E_NOT_FOUND, "/proc/nowhere"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = NULL;
        err = (struct ora_err){0};
        ORA_CHECK_INT(ora_voice_import(&cases[i].q, &dir, &err), cases[i].code);
        if (!strstr(err.message, cases[i].message))
            ORA_FAIL("case %zu: message \"%s\", wanted \"%s\"", i, err.message, cases[i].message);
        free(dir);
    }
    free(model), free(json), free(folder), free(out), free(missing);
}

static void keep_note(void *ctx, const char *text)
{
    struct ora_str *notes = ctx;
    ora_str_addf(notes, "%s\n", text);
}

/* Without a family what lies at the path tells it, and a note says so. */
ORA_TEST(the_family_is_told_by_what_lies_there)
{
    struct ora_err err = {0};
    struct ora_str notes = ORA_STR_INIT;
    char *top = ora_path_join(ora_test_tmpdir(), "f"), *release = ora_path_join(top, "release"),
         *below = ora_path_join(release, "below"), *five = ora_path_join(release, "five"),
         *both = ora_path_join(top, "both.onnx"), *out = ora_path_join(ora_test_tmpdir(), "f-out");
    ORA_CHECK_OK(ora_file_mkdirs(below, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(five, "5", 1, 0644, &err), err);
    fragment = "lang: en-US\nsample_rate_hz: 22050\nfolders: {}\n";
    fail = false;
    struct ora_voice_import_request q = {
        .path = release, .out_dir = out, .note = keep_note, .progress_ctx = &notes};
    ORA_CHECK_OK(ora_voice_import(&q, NULL, &err), err);
    ORA_CHECK(strstr(ora_str_c(&notes), "release is taken for a folder of five (family folders)"));

    q.path = top;
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_BAD_USAGE);
    if (!strstr(err.message, "/f: nothing that can be imported lies there; but ") ||
        !strstr(err.message, "/f/release is a folder of five: vits wants an .onnx; folders wants"))
        ORA_FAIL("\"%s\"", err.message);
    char *yaml = ora_path_join(below, "voice.yaml");
    q.path = below;
    ORA_CHECK_OK(ora_file_write_atomic(yaml, "x", 1, 0644, &err), err);
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "/below: it is a voice already"));
    ORA_CHECK_INT(unlink(yaml), 0);
    free(yaml);
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "/f/release is a folder of five"));
    ORA_CHECK_OK(ora_file_write_atomic(both, "5", 1, 0644, &err), err);
    q.path = both;
    ORA_CHECK_INT(ora_voice_import(&q, NULL, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "both.onnx: may be a fake; or a folder of five: say which family"));
    ora_str_release(&notes);
    free(top), free(release), free(below), free(five), free(both), free(out);
}

ORA_TEST(files_of_a_release_are_known_by_their_hash)
{
    static const char first[] = "0123456789abcdef000000000000000000000000000000000000000000000000",
                      third[] = "0123456789abcdee000000000000000000000000000000000000000000000000";
    ORA_CHECK_STR(ora_voice_import_origin(&other, 4, first), "one release");
    ORA_CHECK_STR(ora_voice_import_origin(&other, 5, first), "unknown");
    ORA_CHECK_STR(ora_voice_import_origin(&other, 4, third), "unknown");
    ORA_CHECK_STR(ora_voice_import_origin(&other, 7, third), "another release");
    ORA_CHECK(!ora_voice_import_origin(&fake, 4, first));
}
