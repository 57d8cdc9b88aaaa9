/* The whole path with the built-in family `tone`: text in, file and record out. */
#include "render/render.h"

#include <malloc.h>
#include <stdlib.h>

#include "audio/codec.h"
#include "audio/pcm.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "voice/voice.h"

static struct ora_render_spec plain_spec(void)
{
    return (struct ora_render_spec){
        .codec = ORA_CODEC_FLAC, .loudness_lufs = NAN, .peak_dbfs = NAN, .max_chars = 600, .seed = 7};
}

static struct ora_utterance utterance(const char *id, const char *text)
{
    return (struct ora_utterance){.id = id,
                                  .doc_id = "story",
                                  .chapter_title = "One",
                                  .chapter = 1,
                                  .index = 12,
                                  .role = "sentence",
                                  .path = "/home/someone/texts/story.txt",
                                  .line = 33,
                                  .text = text,
                                  .voice = "tone",
                                  .speed = 1};
}

/* What one run handed on, kept. */
enum { KEPT_MAX = 8 };
struct kept {
    size_t count, before_calls, before_last;
    int rc[KEPT_MAX];
    bool failed[KEPT_MAX];
    char reason[KEPT_MAX][32], message[KEPT_MAX][200];
    char audio_sha[KEPT_MAX][65], record_sha[KEPT_MAX][65], pcm_sha[KEPT_MAX][65];
    json_t *record[KEPT_MAX];
    struct ora_checks checks[KEPT_MAX];
    uint64_t samples[KEPT_MAX];
    int rate[KEPT_MAX];
    int stop_at; /* answers a negative number to this one; -1: none */
};

static void note_before(void *ctx, size_t index)
{
    struct kept *k = ctx;
    ORA_CHECK_INT(index, k->count); /* the one before has been handed on */
    k->before_calls++;
    k->before_last = index;
}

static int keep(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct kept *k = ctx;
    size_t i = r->index;
    ORA_CHECK_INT(i, k->count);
    k->count++;
    if (i >= KEPT_MAX)
        return 0;
    k->rc[i] = r->rc;
    k->failed[i] = r->failed;
    snprintf(k->reason[i], sizeof k->reason[i], "%s", r->reason_code);
    if (r->rc < 0) {
        snprintf(k->message[i], sizeof k->message[i], "%.199s", r->why.message);
    } else {
        ora_sha256_of(r->audio.data, r->audio.len, k->audio_sha[i]);
        ora_sha256_of(r->record, r->record_bytes, k->record_sha[i]);
        memcpy(k->pcm_sha[i], r->pcm_sha256, 65);
        k->record[i] = json_loadb(r->record, r->record_bytes, 0, NULL);
        k->checks[i] = r->checks;
        k->samples[i] = r->samples;
        k->rate[i] = r->sample_rate_hz;
        ORA_CHECK_INT(r->record[r->record_bytes - 1], '\n');
        ORA_CHECK(!memchr(r->record, '\n', r->record_bytes - 1));
        struct ora_decoded d = {0};
        ORA_CHECK_INT(ora_decode(&d, r->audio.data, r->audio.len, 1 << 24, NULL), 0);
        ORA_CHECK_INT(d.samples, r->samples);
        ORA_CHECK_INT(d.sample_rate_hz, r->sample_rate_hz);
        ora_decoded_release(&d);
    }
    if (k->stop_at == (int)i)
        return ora_err_set(err, ORA_E_DISK_FULL, "stop here");
    return 0;
}

static struct kept *render(const struct ora_render_spec *spec, const struct ora_utterance *u, size_t n)
{
    struct kept *k = ora_xcalloc(1, sizeof *k);
    struct ora_renderer *r;
    struct ora_err err = {0};
    k->stop_at = -1;
    ORA_CHECK_OK(ora_renderer_create(spec, &r, &err), err);
    ORA_CHECK_OK(ora_renderer_run(r, u, n, note_before, keep, k, &err), err);
    ORA_CHECK_INT(k->count, n);
    ORA_CHECK_INT(k->before_last, n - 1);
    ORA_CHECK_STR(ora_renderer_level(r), "scalar");
    ora_renderer_destroy(&r);
    ORA_CHECK(!r);
    return k;
}

static void kept_free(struct kept *k)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        json_decref(k->record[i]);
    free(k);
}

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static double number_of(const json_t *record, const char *key)
{
    return json_number_value(json_object_get(record, key));
}

ORA_TEST(a_record_tells_what_there_is)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u = utterance("story-000012", "Hello, \"world\"!");
    u.extra_json = "{\"genre\": \"tale\",\n \"n\": [1, 2.5]}";
    struct kept *k = render(&spec, &u, 1);
    const json_t *r = k->record[0];
    ORA_REQUIRE(r);
    ORA_CHECK_STR(text_of(r, "id"), "story-000012");
    ORA_CHECK_STR(text_of(r, "source_id"), "story-000012");
    ORA_CHECK_STR(text_of(r, "source_file"), "story.txt");
    ORA_CHECK_STR(text_of(r, "text"), "Hello, \"world\"!");
    ORA_CHECK_STR(text_of(r, "normalized_text"), "Hello, \"world\"!");
    ORA_CHECK_STR(text_of(r, "voice"), "tone");
    ORA_CHECK_STR(text_of(r, "model"), "tone");
    ORA_CHECK_STR(text_of(r, "codec"), "flac");
    ORA_CHECK_STR(text_of(r, "arithmetic"), "f32-direct");
    ORA_CHECK_STR(text_of(r, "pcm_sha256"), k->pcm_sha[0]);
    ORA_CHECK_INT(number_of(r, "num_samples"), k->samples[0]);
    ORA_CHECK_NEAR(number_of(r, "duration"), (double)k->samples[0] / k->rate[0], 1e-6);
    ORA_CHECK_NEAR(number_of(r, "duration"), 0.020 * 15, 1e-4);
    ORA_CHECK(json_is_true(json_object_get(r, "ai_generated")));
    ORA_CHECK(json_is_null(json_object_get(r, "lufs")));
    ORA_CHECK_NEAR(number_of(r, "chars_per_sec"), 10 / 0.3, 0.1);
    ORA_CHECK(json_is_integer(json_object_get(r, "forced_cuts"))); /* always there: loaders infer columns */
    ORA_CHECK_STR(text_of(json_object_get(r, "extra"), "genre"), "tale");
    const json_t *words = json_object_get(r, "word_alignment"),
                 *phones = json_object_get(r, "phone_alignment");
    ORA_CHECK_INT(json_array_size(words), 2);
    ORA_CHECK_STR(text_of(json_array_get(words, 1), "word"), "\"world\"!");
    ORA_CHECK_NEAR(number_of(json_array_get(words, 1), "start"), 0.14, 1e-4);
    ORA_CHECK_NEAR(number_of(json_array_get(words, 1), "duration"), 0.16, 1e-4);
    ORA_CHECK_INT(json_array_size(phones), 14);
    const char *const never[] = {"worker",       "host",          "attempt",
                                 "kernel_level", "synth_seconds", "generated_at"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        ORA_CHECK(!json_object_get(r, never[i]));
    kept_free(k);
}

static void write_voice(const char *name, const char *more)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), name), *file = ora_path_join(dir, "voice.yaml");
    char *text =
        ora_fmt("format: 1\nname: %s\nfamily: tone\nlang: en-US\nsample_rate_hz: 16000\n%s", name, more);
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(file, text, strlen(text), 0644, &err), err);
    free(text);
    free(file);
    free(dir);
}

/* A cloned voice's record says whose it is, and on which networks it rests. */
ORA_TEST(a_record_carries_consent)
{
    struct ora_err err = {0};
    struct ora_voice *base = NULL;
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u = utterance("a", "Hello.");
    char *clone = ora_path_join(ora_test_tmpdir(), "ann"),
         *rests_on = ora_path_join(ora_test_tmpdir(), "machine");
    write_voice("machine", "license: CC0-1.0\n");
    ORA_CHECK_OK(ora_voice_open(rests_on, &base, &err), err);
    ORA_REQUIRE(base);
    char *more = ora_fmt("license: ours\nbase: machine\nconsent: Ann agreed\ntone: {base_sha256: %s}\n",
                         base->model_sha256);
    write_voice("ann", more);
    u.voice = clone;
    struct kept *k = render(&spec, &u, 1);
    const json_t *r = k->record[0];
    ORA_CHECK_STR(text_of(r, "voice"), "ann");
    ORA_CHECK_STR(text_of(r, "voice_license"), "ours");
    ORA_CHECK_STR(text_of(r, "consent"), "Ann agreed");
    ORA_CHECK_STR(text_of(r, "base"), "machine");
    ORA_CHECK_STR(text_of(r, "base_license"), "CC0-1.0");
    ORA_CHECK_STR(text_of(r, "base_sha256"), base->model_sha256);
    kept_free(k);
    ora_voice_close(&base);
    free(more);
    free(rests_on);
    free(clone);
}

/* Alone, among others, in another order, in another renderer: the same bytes. */
ORA_TEST(bytes_depend_on_the_utterance_alone)
{
    const enum ora_codec codecs[] = {ORA_CODEC_FLAC, ORA_CODEC_WAV, ORA_CODEC_WAV_F32};
    struct ora_utterance u[3] = {utterance("a", "First one, rather long, so that buffers have grown."),
                                 utterance("b", "Second."), utterance("c", "Third, of middling length.")};
    for (size_t c = 0; c < 3; c++)
        for (int full = 0; full < 2; full++) {
            struct ora_render_spec spec = plain_spec();
            spec.codec = codecs[c];
            if (full) {
                spec.sample_rate_hz = 16000;
                spec.loudness_lufs = -20;
                spec.peak_dbfs = -3;
                spec.trim_silence = true;
            }
            struct kept *all = render(&spec, u, 3), *one = render(&spec, &u[1], 1);
            ORA_CHECK_STR(one->audio_sha[0], all->audio_sha[1]);
            ORA_CHECK_STR(one->record_sha[0], all->record_sha[1]);
            ORA_CHECK_STR(one->pcm_sha[0], all->pcm_sha[1]);
            ORA_CHECK(strcmp(all->audio_sha[0], all->audio_sha[1]) != 0);
            kept_free(all);
            kept_free(one);
        }
}

ORA_TEST(finishing_does_what_was_asked)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u = utterance("a", "     loud words and a long tail of blanks            ");
    struct kept *k = render(&spec, &u, 1);
    double natural = (double)k->samples[0] / k->rate[0];
    ORA_CHECK_NEAR(k->checks[0].lead_silence_s, 0.1, 0.02);
    ORA_CHECK_NEAR(k->checks[0].trail_silence_s, 0.24, 0.02);
    ORA_CHECK(isnan(k->checks[0].lufs));
    kept_free(k);

    spec.trim_silence = true;
    spec.sample_rate_hz = 8000;
    k = render(&spec, &u, 1);
    ORA_CHECK_INT(k->rate[0], 8000);
    ORA_CHECK_NEAR((double)k->samples[0] / 8000, natural - 0.05 - 0.19, 0.02);
    ORA_CHECK_NEAR(k->checks[0].lead_silence_s, 0.05, 0.01);
    const json_t *word = json_array_get(json_object_get(k->record[0], "word_alignment"), 0);
    ORA_CHECK_NEAR(number_of(word, "start"), 0.05, 0.002);
    kept_free(k);

    spec = plain_spec();
    spec.loudness_lufs = -23;
    k = render(&spec, &u, 1);
    ORA_CHECK_NEAR(k->checks[0].lufs, -23, 0.01);
    ORA_CHECK_NEAR(number_of(k->record[0], "lufs"), -23, 0.01);
    kept_free(k);

    spec.loudness_lufs = 0;
    spec.peak_dbfs = -6;
    k = render(&spec, &u, 1);
    ORA_CHECK_NEAR(k->checks[0].peak_dbfs, -6, 0.01);
    ORA_CHECK(k->checks[0].lufs < -6);
    kept_free(k);
}

ORA_TEST(a_bad_line_ends_alone_and_in_order)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u[7];
    for (size_t i = 0; i < 7; i++)
        u[i] = utterance("x", "fine");
    u[1].speaker = "nobody";
    u[2].settings_json = "{\"phone_mss\": 20}";
    u[3].settings_json = "{\"fail_on\": 101}"; /* 'e' */
    u[4].extra_json = "[1]";
    u[5].speed = 0;
    struct kept *k = render(&spec, u, 7);
    const struct {
        int rc;
        const char *reason, *message;
    } want[7] = {{0, "", ""},
                 {ORA_E_BAD_INPUT, "unknown-speaker", "nobody"},
                 {ORA_E_BAD_INPUT, "bad-settings", "phone_ms"},
                 {ORA_E_BAD_INPUT, "bad-input", "fail_on"},
                 {ORA_E_BAD_INPUT, "bad-input", "not a JSON object"},
                 {ORA_E_BAD_INPUT, "bad-settings", "speed"},
                 {0, "", ""}};
    for (size_t i = 0; i < 7; i++) {
        ORA_CHECK_INT(k->rc[i], want[i].rc);
        ORA_CHECK_STR(k->reason[i], want[i].reason);
        ORA_CHECK(strstr(k->message[i], want[i].message));
        ORA_CHECK(!k->failed[i]);
    }
    ORA_CHECK_STR(k->audio_sha[0], k->audio_sha[6]);
    kept_free(k);
}

ORA_TEST(a_text_over_the_plan_is_too_long)
{
    struct ora_render_spec spec = plain_spec();
    char text[40000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct ora_utterance u = utterance("x", text);
    struct kept *k = render(&spec, &u, 1);
    ORA_CHECK_INT(k->rc[0], ORA_E_LIMIT);
    ORA_CHECK_STR(k->reason[0], "too-long");
    kept_free(k);
}

ORA_TEST(the_caller_can_stop)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u[3] = {utterance("a", "one"), utterance("b", "two"), utterance("c", "three")};
    for (int at = 0; at < 3; at++) {
        struct kept *k = ora_xcalloc(1, sizeof *k);
        struct ora_renderer *r;
        struct ora_err err = {0};
        k->stop_at = at;
        u[1].speaker = at == 1 ? "nobody" : NULL;
        ORA_CHECK_OK(ora_renderer_create(&spec, &r, &err), err);
        ORA_CHECK_INT(ora_renderer_run(r, u, 3, NULL, keep, k, &err), ORA_E_DISK_FULL);
        ORA_CHECK_STR(err.message, "stop here");
        ORA_CHECK_INT(k->count, at + 1);
        ora_renderer_destroy(&r);
        kept_free(k);
    }
}

ORA_TEST(an_unknown_voice_is_named)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u = utterance("a", "one");
    struct ora_renderer *r;
    struct ora_err err = {0};
    u.voice = "no-such-voice";
    ORA_CHECK_OK(ora_renderer_create(&spec, &r, &err), err);
    ORA_CHECK(ora_renderer_run(r, &u, 1, NULL, keep, NULL, &err) < 0);
    ORA_CHECK(strstr(err.message, "no-such-voice"));
    const struct ora_voice *voice = NULL;
    ORA_CHECK_OK(ora_renderer_voice(r, "tone", &voice, NULL, &err), err);
    ORA_CHECK_STR(voice->name, "tone");
    ora_renderer_destroy(&r);
    spec.max_chars = 0;
    ORA_CHECK_INT(ora_renderer_create(&spec, &r, &err), ORA_E_BAD_USAGE);
    ora_renderer_destroy(&r);
}

static int ignore(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    (void)r, (void)err;
    ++*(size_t *)ctx;
    return 0;
}

ORA_TEST(memory_is_flat)
{
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u[2] = {utterance("a", "A line of forty characters, more or less"),
                                 utterance("b", "Short")};
    u[0].extra_json = "{\"k\": 1}";
    u[0].settings_json = "{\"phone_ms\": 10}";
    struct ora_renderer *r;
    struct ora_err err = {0};
    size_t count = 0;
    ORA_CHECK_OK(ora_renderer_create(&spec, &r, &err), err);
    for (int i = 0; i < 50; i++)
        ORA_CHECK_OK(ora_renderer_run(r, u, 2, NULL, ignore, &count, &err), err);
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 500; i++)
        ORA_CHECK_OK(ora_renderer_run(r, u, 2, NULL, ignore, &count, &err), err);
    struct mallinfo2 after = mallinfo2();
    ORA_CHECK(after.uordblks <= before.uordblks);
    ORA_CHECK_INT(count, 1100);
    ora_renderer_destroy(&r);
}

/* The class is told; a level that this processor lacks, or a class of it, ends before any voice is opened. */
ORA_TEST(arithmetic_is_told_or_refused)
{
    struct ora_err err = {0};
    struct ora_renderer *r = NULL;
    struct ora_render_spec spec = plain_spec();
    struct ora_utterance u = utterance("a", "Hello.");
    spec.kernels = "blas";
    struct kept *k = render(&spec, &u, 1);
    ORA_CHECK_STR(text_of(k->record[0], "arithmetic"), "f32-blas");
    kept_free(k);
    spec.arithmetic = "f32-direct";
    ORA_CHECK_INT(ora_renderer_create(&spec, &r, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "contradict"));
    spec.kernels = NULL;
    spec.arithmetic = "f32-wino";
    setenv("ORATORIO_KERNELS", "scalar", 1);
    ORA_CHECK_INT(ora_renderer_create(&spec, &r, &err), ORA_E_UNSUPPORTED);
    unsetenv("ORATORIO_KERNELS");
    ORA_CHECK(strstr(err.message, "this processor has scalar"));
    ORA_CHECK(!r);
}
