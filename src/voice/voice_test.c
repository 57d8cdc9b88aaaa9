#include "voice/voice.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "weights/safetensors.h"

static const char minimal[] =
    "format: 1\nname: small\nfamily: tone\nlang: en-US\nsample_rate_hz: 16000\nlicense: CC0-1.0\n";

static int parse(const char *text, struct ora_voice **v, struct ora_err *err)
{
    return ora_voice_parse(text, strlen(text), "d", v, err);
}

/* A voice folder in the tests' own place; the path is the caller's to free. */
static char *make_voice(const char *folder, const char *yaml, const char *weights)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), folder), *file = ora_path_join(dir, "voice.yaml");
    char *model = ora_path_join(dir, "model.bin");
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(file, yaml, strlen(yaml), 0644, &err), err);
    if (weights)
        ORA_CHECK_OK(ora_file_write_atomic(model, weights, strlen(weights), 0644, &err), err);
    free(model);
    free(file);
    return dir;
}

/* Only the tests' own places are searched. */
static void search_only(const char *place)
{
    char *dir = ora_path_join(ora_test_tmpdir(), place);
    setenv("ORATORIO_VOICES", dir, 1);
    setenv("XDG_DATA_HOME", "/nonexistent", 1);
    free(dir);
    ORA_CHECK_INT(chdir(ora_test_tmpdir()), 0);
}

ORA_TEST(reads_every_field)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *text = ora_fmt(
        "%slicense_note: \"look: here\"\nsource: nowhere\nspeakers: [ann, bob]\ndefault_speaker: 1\n"
        "settings: {phone_ms: 10}\nweights:\n  file: m.bin\n  bytes: 12\n  sha256: %064d\n  random: true\n"
        "provenance:\n  imported_by: x\n  source_files:\n    - name: a\n      bytes: 3\ntone: {}\n",
        minimal, 7);
    ORA_CHECK_OK(parse(text, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_STR(v->name, "small");
    ORA_CHECK_STR(v->family, "tone");
    ORA_CHECK_STR(v->license_note, "look: here");
    ORA_CHECK_INT(v->speaker_count, 2);
    ORA_CHECK_STR(v->speaker_names[1], "bob");
    ORA_CHECK_INT(v->default_speaker, 1);
    ORA_CHECK_STR(v->weights_path, "d/m.bin");
    ORA_CHECK_INT(strlen(v->model_sha256), 64);
    ORA_CHECK(v->weights_random && v->family_config && v->default_settings);
    int speaker = -1;
    ORA_CHECK_OK(ora_voice_speaker(v, "bob", &speaker, &err), err);
    ORA_CHECK_INT(speaker, 1);
    ORA_CHECK_OK(ora_voice_speaker(v, "0", &speaker, &err), err);
    ORA_CHECK_INT(speaker, 0);
    ORA_CHECK_INT(ora_voice_speaker(v, "bop", &speaker, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_STR(err.message,
                  "voice 'small' has no speaker 'bop', did you mean 'bob'?; it has 2, numbered from 0");
    ORA_CHECK_INT(ora_voice_speaker(v, "2", &speaker, &err), ORA_E_BAD_USAGE);
    ora_voice_close(&v);
    free(text);
}

ORA_TEST(errors_name_file_line_and_field)
{
    static const char sha[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char *bad_path = ora_fmt("%sweights: {file: ../x, bytes: 3, sha256: %s}\n", minimal, sha);
    char *no_bytes = ora_fmt("%sweights: {file: x, sha256: %s}\n", minimal, sha);
    const struct {
        const char *text;
        int code;
        const char *message;
    } cases[] = {
        {"", ORA_E_BAD_USAGE, "d/voice.yaml"},
        {"- a\n", ORA_E_BAD_USAGE, "d/voice.yaml: not a map of fields"},
        {"format: 1\n", ORA_E_BAD_USAGE, "d/voice.yaml:1: field 'family' is missing"},
        {"format: 2\nname: x\nfamily: tone\n", ORA_E_BAD_USAGE, "d/voice.yaml:1: field 'format'"},
        {"format: 1\nname: x\nfamily: tome\nlang: en\nsample_rate_hz: 16000\nlicense: x\n", ORA_E_VOICE,
         "d/voice.yaml:3: family 'tome' is not one of this build ("},
        {"format: 1\nname: ../x\nfamily: tone\n", ORA_E_BAD_USAGE,
         "d/voice.yaml:2: field 'name': '../x' cannot be"},
        {"format: 1\nname: x\nfamily: tone\nlicence: x\n", ORA_E_BAD_USAGE,
         "d/voice.yaml:4: unknown field 'licence', did you mean 'license'?"},
        {"format: 1\nname: x\nfamily: tone\nsample_rate_hz: fast\n", ORA_E_BAD_USAGE,
         "d/voice.yaml:4: field 'sample_rate_hz'"},
        {"format: 1\nname: x\nfamily: tone\nsample_rate_hz: 16000\nlang: en\nlicense: x\nspeaker_count: 2\n"
         "default_speaker: 2\n",
         ORA_E_BAD_USAGE, "d/voice.yaml:8: field 'default_speaker'"},
        {"format: 1\nname: x\nfamily: tone\nsample_rate_hz: 16000\nlang: en\nlicense: x\nsettings:\n  "
         "phone_mss: 3\n",
         ORA_E_BAD_USAGE, "d/voice.yaml:8: field 'phone_mss'"},
        {"format: 1\nname: x\nfamily: tone\nsample_rate_hz: 16000\nlang: en\nlicense: x\nweights: 3\n",
         ORA_E_BAD_USAGE, "d/voice.yaml:7: field 'weights': wanted a map"},
        {"format: 1\nname: x\nfamily: tone\nsample_rate_hz: 16000\nlang: en\nlicense: x\n"
         "weights: {file: a, bytes: 3, sha256: ABC}\n",
         ORA_E_BAD_USAGE, "d/voice.yaml:7: field 'sha256': wanted 64 hex digits"},
        {bad_path, ORA_E_BAD_USAGE,
         "d/voice.yaml:7: field 'file': '../x' is not the name of a file beside voice.yaml"},
        {no_bytes, ORA_E_BAD_USAGE, "d/voice.yaml:7: field 'bytes' is missing"},
        {"format: 1\nname: x\nfamily: [\n", ORA_E_BAD_USAGE, "d/voice.yaml:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        struct ora_voice *v = NULL;
        ORA_CHECK_INT(parse(cases[i].text, &v, &err), cases[i].code);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            ORA_FAIL("case %zu: message \"%s\", wanted \"%s…\"", i, err.message, cases[i].message);
        ORA_CHECK(v == NULL);
    }
    free(bad_path);
    free(no_bytes);
}

ORA_TEST(tone_is_built_in)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    ORA_CHECK_OK(ora_voice_open("tone", &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_STR(v->family, "tone");
    ORA_CHECK_INT(v->sample_rate_hz, 16000);
    ORA_CHECK(v->weights_path == NULL);
    ORA_CHECK_INT(strlen(v->model_sha256), 64);
    ORA_CHECK_OK(ora_voice_verify(v, &err), err);
    ora_voice_close(&v);
}

ORA_TEST(found_by_name_and_by_path)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *dir = make_voice("place/small", minimal, NULL), *file = ora_path_join(dir, "voice.yaml");
    search_only("place");
    const char *const ways[] = {"small", dir, file, "place/small", "./place/small/"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        ORA_CHECK_OK(ora_voice_open(ways[i], &v, &err), err);
        ORA_REQUIRE(v);
        ORA_CHECK(v->dir[0] == '/' && ora_ends_with(v->dir, "/place/small"));
        ora_voice_close(&v);
    }
    free(file);
    free(dir);
}

ORA_TEST(what_is_not_found_is_told)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *dir = make_voice("place2/small", minimal, NULL);
    search_only("place2");
    ORA_CHECK_INT(ora_voice_open("smal", &v, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, "no voice 'smal', did you mean 'small'?; searched "));
    ORA_CHECK(strstr(err.message, "place2, voices, /nonexistent/oratorio/voices, /usr/local/share"));
    char *long_name = make_voice("place2/en_US-joe-medium", minimal, NULL);
    ORA_CHECK_INT(ora_voice_open("joe", &v, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, "no voice 'joe', did you mean 'en_US-joe-medium'?"));
    free(long_name);
    ORA_CHECK_INT(ora_voice_open("./nothing", &v, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_STR(err.message, "./nothing: there is no such voice folder");
    ORA_CHECK_INT(ora_voice_open("/usr", &v, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_STR(err.message, "/usr: a folder without voice.yaml is not a voice");
    ORA_CHECK_INT(ora_voice_open("a b", &v, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_INT(ora_voice_open("", &v, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_INT(ora_voice_open("/etc/passwd", &v, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "oratorio voice import"));
    ORA_CHECK(v == NULL);
    free(dir);
}

ORA_TEST(a_folder_of_another_name_is_refused)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *dir = make_voice("place3/other", minimal, NULL);
    search_only("place3");
    ORA_CHECK_INT(ora_voice_open("other", &v, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "its name is 'small', its folder's is 'other'"));
    free(dir);
}

/* "abc" has the SHA-256 ba7816bf…; the size is looked at on opening, the hash on verify. */
ORA_TEST(damaged_weights_are_told)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    char *yaml = ora_fmt("%sweights:\n  file: model.bin\n  bytes: 3\n  sha256: "
                         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
                         minimal);
    char *good = make_voice("w/good", yaml, "abc"), *cut = make_voice("w/cut", yaml, "ab");
    char *changed = make_voice("w/changed", yaml, "abd"), *gone = make_voice("w/gone", yaml, NULL);
    ORA_CHECK_OK(ora_voice_open(good, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_OK(ora_voice_verify(v, &err), err);
    ora_voice_close(&v);
    ORA_CHECK_INT(ora_voice_open(cut, &v, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "has 2 bytes, voice.yaml says 3: it is damaged, import the voice again"));
    ORA_CHECK_INT(ora_voice_open(gone, &v, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "voice 'small': its weights: "));
    ORA_CHECK_OK(ora_voice_open(changed, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_INT(ora_voice_verify(v, &err), ORA_E_VOICE);
    ORA_CHECK(
        strstr(err.message, "has SHA-256 a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"));
    ora_voice_close(&v);
    free(good), free(cut), free(changed), free(gone), free(yaml);
}

/* The header is looked at on opening: weights of another architecture do not wait for a worker to be found.
 */
ORA_TEST(weights_of_another_family_are_told)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    struct ora_weights_writer *wr = NULL;
    char sha[65] = "";
    uint64_t bytes = 0;
    char *dir = make_voice("f/small", minimal, NULL), *model = ora_path_join(dir, "model.safetensors");
    ORA_CHECK_OK(ora_weights_writer_create(model, &wr, &err), err);
    ORA_CHECK_OK(ora_weights_writer_meta(wr, "family", "vits", &err), err);
    ORA_CHECK_OK(ora_weights_writer_commit(wr, sha, &err), err);
    ora_weights_writer_destroy(&wr);
    ORA_CHECK_OK(ora_file_size(model, &bytes, &err), err);
    char *yaml =
        ora_fmt("%sweights: {file: model.safetensors, bytes: %d, sha256: %s}\n", minimal, (int)bytes, sha);
    free(make_voice("f/small", yaml, NULL));
    ORA_CHECK_INT(ora_voice_open(dir, &v, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "holds weights of family 'vits', voice.yaml says 'tone'"));
    ORA_CHECK(v == NULL);
    free(yaml), free(model), free(dir);
}

struct listed {
    char text[1024];
};

static int on_listed(void *ctx, const struct ora_voice *v, const char *dir, const struct ora_err *why)
{
    struct listed *l = ctx;
    size_t at = strlen(l->text);
    snprintf(l->text + at, sizeof l->text - at, "%s%s ", v ? v->name : ora_path_base(dir), why ? "!" : "");
    return 0;
}

ORA_TEST(list_tells_bad_ones_and_hides_later_ones)
{
    struct ora_err err = {0};
    struct listed l = {""};
    char *a = make_voice("l1/small", minimal, NULL), *b = make_voice("l1/broken", "format: [", NULL);
    char *c = make_voice("l2/small", minimal, NULL), *d = make_voice("l2/tone", minimal, NULL);
    char *e = make_voice("l2/.hidden", minimal, NULL);
    char *both = ora_fmt("%s/l1:%s/l2:/nonexistent", ora_test_tmpdir(), ora_test_tmpdir());
    search_only("l1");
    setenv("ORATORIO_VOICES", both, 1);
    ORA_CHECK_OK(ora_voice_list(on_listed, &l, &err), err);
    ORA_CHECK_STR(l.text, "broken! small tone ");
    free(a), free(b), free(c), free(d), free(e), free(both);
}

ORA_TEST(describes_in_text_and_json)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    struct ora_str text = ORA_STR_INIT;
    json_t *json = NULL;
    char *yaml = ora_fmt(
        "%sprovenance:\n  imported_by: x\n  source_files:\n    - name: a.onnx\n      bytes: 3\n", minimal);
    ORA_CHECK_OK(parse(yaml, &v, &err), err);
    ORA_REQUIRE(v);
    ORA_CHECK_OK(ora_voice_describe(v, NULL, NULL, &text, &json, &err), err);
    ORA_CHECK(strstr(ora_str_c(&text), "\nlicense          CC0-1.0\n"));
    ORA_CHECK(strstr(ora_str_c(&text), "\nsettings\n  phone_ms       20.0\n"));
    ORA_CHECK(strstr(ora_str_c(&text), "    -\n      name       a.onnx\n      bytes      3\n"));
    ORA_CHECK_STR(json_string_value(json_object_get(json, "family")), "tone");
    ORA_CHECK_INT(json_integer_value(json_object_get(json, "sample_rate_hz")), 16000);
    json_decref(json);
    ora_str_release(&text);
    ora_voice_close(&v);
    free(yaml);
}

/* ---- cloned voices -------------------------------------------------------------------------- */

static char *clone_yaml(const char *name, const char *base, const char *sha256, const char *consent)
{
    return ora_fmt("format: 1\nname: %s\nfamily: tone\nlang: en-US\nsample_rate_hz: 16000\nlicense: CC0-1.0\n"
                   "base: %s\nconsent: \"%s\"\ntone:\n  base_sha256: %s\n",
                   name, base, consent, sha256);
}

/* Opens places/NAME with this base and hash; the message is the caller's to free. */
static char *open_clone(const char *name, const char *base, const char *sha256, struct ora_voice **v)
{
    struct ora_err err = {0};
    char *folder = ora_fmt("cloned/%s", name), *yaml = clone_yaml(name, base, sha256, "Ann Example agreed");
    free(make_voice(folder, yaml, NULL));
    (void)ora_voice_open(name, v, &err);
    free(folder);
    free(yaml);
    return ora_xstrdup(err.message);
}

ORA_TEST(a_clone_has_its_base)
{
    struct ora_voice *v = NULL;
    json_t *json = NULL;
    struct ora_err err = {0};
    search_only("cloned");
    free(make_voice("cloned/small", minimal, NULL));
    ORA_CHECK_OK(ora_voice_open("small", &v, &err), err);
    ORA_REQUIRE(v);
    char *sha = ora_xstrdup(v->model_sha256);
    ora_voice_close(&v);
    char *message = open_clone("ann", "small", sha, &v);
    ORA_REQUIRE(v);
    ORA_CHECK_STR(v->base->name, "small");
    ORA_CHECK_STR(v->consent, "Ann Example agreed");
    ORA_CHECK_OK(ora_voice_describe(v, NULL, NULL, NULL, &json, &err), err);
    ORA_CHECK_STR(json_string_value(json_object_get(json, "consent")), "Ann Example agreed");
    ORA_CHECK_STR(json_string_value(json_object_get(json, "base_sha256")), sha);
    json_decref(json);
    ora_voice_close(&v);
    free(message);
    /* beside it, wherever it lies, when no place has it */
    search_only("nowhere");
    char *path = ora_path_join(ora_test_tmpdir(), "cloned/ann");
    ORA_CHECK_OK(ora_voice_open(path, &v, &err), err);
    ora_voice_close(&v);
    free(path);
    free(sha);
}

ORA_TEST(a_clone_without_the_right_base_is_refused)
{
    struct ora_voice *v = NULL;
    search_only("cloned");
    free(make_voice("cloned/small", minimal, NULL));
    const struct {
        const char *name, *base, *part;
    } cases[] = {
        {"bob", "gone", "voice 'bob': its base 'gone' is neither beside it nor where voices are looked for"},
        {"cy", "small", "voice 'cy' was made with a base 'small' of SHA-256 0000000000000000…"},
        {"dan", "bob2", "voice 'dan': its base 'bob2' is itself a cloned voice"},
        {"eve", "eve", "field 'base': 'eve' is not the name of another voice"},
    };
    char sha[65];
    snprintf(sha, sizeof sha, "%064d", 0);
    free(open_clone("bob2", "small", sha, &v));
    ora_voice_close(&v);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *message = open_clone(cases[i].name, cases[i].base, sha, &v);
        ORA_CHECK(!v);
        if (!strstr(message, cases[i].part))
            ORA_FAIL("\"%s\" does not say \"%s\"", message, cases[i].part);
        ora_voice_close(&v);
        free(message);
    }
}

static int keep_clone(void *ctx, const struct ora_voice *v, const char *dir, const struct ora_err *why)
{
    struct ora_str *s = ctx;
    (void)dir;
    if (v && v->base_name)
        ora_str_addf(s, "%s: %s, %s, %s", v->name, v->license, v->base ? "base" : "no base",
                     why ? why->message : "fine");
    return 0;
}

/* Its licence binds also while it cannot speak. */
ORA_TEST(a_clone_whose_base_is_gone_is_listed_with_its_licence)
{
    struct ora_voice *v = NULL;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    char sha[65];
    search_only("cloned");
    snprintf(sha, sizeof sha, "%064d", 0);
    free(open_clone("fay", "gone", sha, &v));
    ORA_CHECK(!v);
    ORA_CHECK_OK(ora_voice_list(keep_clone, &s, &err), err);
    ORA_CHECK(
        ora_starts_with(ora_str_c(&s), "fay: CC0-1.0, no base, voice 'fay': its base 'gone' is neither"));
    ora_str_release(&s);
}

ORA_TEST(a_clone_needs_consent)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    static const char *const blanks[] = {" ", "\u00a0", "\u3000\u200b \u2003", "\ufeff"};
    char *none = ora_fmt("%sbase: other\n", minimal);
    ORA_CHECK_INT(parse(none, &v, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_STR(err.message, "d/voice.yaml:1: field 'consent' is missing");
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        char *blank = ora_fmt("%sbase: other\nconsent: \"%s\"\n", minimal, blanks[i]);
        ORA_CHECK_INT(parse(blank, &v, &err), ORA_E_BAD_USAGE);
        ORA_CHECK(strstr(err.message, "is blank: say whose voice this is"));
        free(blank);
    }
    free(none);
}

ORA_TEST(a_language_is_a_tag)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    ORA_CHECK_INT(parse("format: 1\nname: small\nfamily: tone\nlang: en US\nsample_rate_hz: 16000\n"
                        "license: CC0-1.0\n",
                        &v, &err),
                  ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "d/voice.yaml:4") &&
              strstr(err.message, "'en US' is not a language tag such as en-US"));
}
