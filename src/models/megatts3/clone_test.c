/* Recordings of every kind against a base of random weights at the tests' size. */
#include "models/megatts3/clone.h"

#include <stdlib.h>

#include "audio/codec.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/inspect.h"
#include "models/megatts3/make_random.h"
#include "models/megatts3/prompt.h"
#include "models/megatts3/ready.h"

/* A base whose aligner hears a minute, as the released one does. */
struct fixture {
    struct ora_voice voice;
    char *dir;
    struct ora_str notes;
    char *prompt, *latents; /* paths */
};

static void keep_note(void *ctx, const char *text)
{
    struct fixture *f = ctx;
    ora_str_addf(&f->notes, "%s\n", text);
}

static void write_file(const char *path, const void *data, size_t len)
{
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_write_atomic(path, data, len, 0644, &err), err);
}

/* parts: a YAML list that stands for the base's own; NULL: all. */
static void begin_of(struct fixture *f, const char *parts, const char *seed, bool mini)
{
    struct ora_err err = {0};
    struct ora_str yaml = ORA_STR_INIT;
    struct mega_dims d = mega_dims_mini;
    *f = (struct fixture){.dir = ora_path_join(ora_test_tmpdir(), "base")};
    if (!mini) {
        d.align.audio_ctx = 3000;
        d.align.text_ctx = 2048;
    }
    char *dims = ora_path_join(ora_test_tmpdir(), "dims.json");
    json_t *object = mega_dims_to_json(&d);
    json_dump_file(object, dims, 0);
    json_decref(object);
    ORA_CHECK_OK(ora_file_mkdirs(f->dir, 0755, &err), err);
    struct ora_import_options o = {.out_dir = f->dir, .name = "base", .dims = dims};
    ORA_CHECK_OK(mega_make_random(seed, &o, &yaml, &err), err);
    if (parts) {
        char *at = strstr(yaml.data, "parts: ["), *end = strchr(at, ']');
        struct ora_str other = ORA_STR_INIT;
        ora_str_addn(&other, yaml.data, (size_t)(at - yaml.data));
        ora_str_addf(&other, "parts: %s%s", parts, end + 1);
        ora_str_release(&yaml);
        yaml = other;
    }
    f->voice = (struct ora_voice){.name = "base",
                                  .family = "megatts3",
                                  .lang = "en",
                                  .dir = f->dir,
                                  .sample_rate_hz = MEGA_SAMPLE_RATE,
                                  .speaker_count = 1,
                                  .weights_path = ora_path_join(f->dir, "model.safetensors"),
                                  .doc = ora_yaml_parse(yaml.data, yaml.len, "voice.yaml", &err)};
    ORA_CHECK_OK(ora_file_sha256(f->voice.weights_path, f->voice.model_sha256, &err), err);
    if (f->voice.doc)
        f->voice.family_config = ora_yaml_get(f->voice.doc->root, "megatts3");
    f->prompt = ora_path_join(ora_test_tmpdir(), "prompt.wav");
    f->latents = ora_path_join(ora_test_tmpdir(), "prompt.npy");
    free(dims);
    ora_str_release(&yaml);
}

static void begin(struct fixture *f, const char *parts)
{
    begin_of(f, parts, "A", false);
}

static void end(struct fixture *f)
{
    ora_yaml_free(&f->voice.doc);
    free(f->voice.weights_path);
    free(f->dir);
    free(f->prompt);
    free(f->latents);
    ora_str_release(&f->notes);
}

/* A vowel-like hum with a falling pitch in bursts of 0.3 s. */
static void record(const char *path, double seconds, int rate, int channels, double amplitude)
{
    size_t n = (size_t)(seconds * rate), bytes = 2 * n * (size_t)channels;
    unsigned char *w = ora_xcalloc(44 + bytes, 1);
    const uint32_t head[] = {0x46464952,
                             (uint32_t)(36 + bytes),
                             0x45564157,
                             0x20746d66,
                             16,
                             1 | (uint32_t)channels << 16,
                             (uint32_t)rate,
                             (uint32_t)(2 * rate * channels),
                             (uint32_t)(2 * channels) | 16u << 16,
                             0x61746164,
                             (uint32_t)bytes};
    memcpy(w, head, sizeof head);
    double phase = 0;
    for (size_t i = 0; i < n; i++) {
        double t = (double)i / rate, burst = fmod(t, 0.4) < 0.3 ? 1 : 0;
        phase += 2 * M_PI * (140 - 20 * fmod(t, 1)) / rate;
        double v = amplitude * burst * (sin(phase) + 0.5 * sin(2 * phase) + 0.3 * sin(5 * phase));
        v = v > 1 ? 1 : v < -1 ? -1 : v;
        int16_t s = (int16_t)lrint(32767 * v);
        for (int c = 0; c < channels; c++)
            memcpy(w + 44 + 2 * (i * (size_t)channels + (size_t)c), &s, 2);
    }
    write_file(path, w, 44 + bytes);
    free(w);
}

/* Latents of the shape [1, rows, 32]. */
static void write_latents(const char *path, size_t rows, float value)
{
    char header[118];
    size_t n = rows * 32;
    unsigned char *f = ora_xcalloc(128 + 4 * n, 1);
    int len = snprintf(header, sizeof header,
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (1, %zu, 32), }", rows);
    memcpy(f, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(f + 10, ' ', 118);
    memcpy(f + 10, header, (size_t)len);
    f[127] = '\n';
    for (size_t i = 0; i < n; i++) {
        float v = value * (i % 2 ? 1.0f : -1.0f);
        memcpy(f + 128 + 4 * i, &v, 4);
    }
    write_file(path, f, 128 + 4 * n);
    free(f);
}

/* rc of adding; the prompt that was made, and what voice.yaml gets. */
static int add(struct fixture *f, const char *latents, const char *seed, struct mega_prompt *p,
               struct ora_str *yaml, struct ora_err *err)
{
    char *out = ora_path_join(ora_test_tmpdir(), "out"), *file = ora_path_join(out, "model.safetensors");
    struct ora_weights *w = NULL;
    struct ora_add_options o = {.out_dir = out,
                                .base = &f->voice,
                                .prompt = f->prompt,
                                .latents = latents,
                                .encoder_seed = seed,
                                .note = keep_note,
                                .ctx = f};
    *p = (struct mega_prompt){0};
    int rc = ora_file_mkdirs(out, 0755, err);
    ora_str_clear(&f->notes);
    if (rc == 0)
        rc = mega_clone_add(&o, yaml, err);
    if (rc == 0)
        rc = ora_weights_open(file, &w, err);
    if (rc == 0)
        rc = mega_prompt_read(p, w, f->voice.model_sha256, err);
    ora_weights_close(&w);
    free(file);
    free(out);
    return rc;
}

/* The bar's list: 0.3 s, 2 s, 30 s, silence, clipping, 8 kHz, stereo. */
ORA_TEST(recordings_of_every_kind)
{
    static const struct {
        const char *what;
        double seconds;
        int rate, channels;
        double amplitude;
        int rc;
        const char *says; /* in the error, or in the notes */
    } cases[] = {
        {"2 s", 2, 24000, 1, 0.2, 0, "2.0 s: 5 to 20 s of speech make a steadier voice"},
        {"half a second", 0.5, 24000, 1, 0.2, 0, "0.5 s: 5 to 20 s"},
        {"0.3 s", 0.3, 24000, 1, 0.2, ORA_E_BAD_INPUT,
         "the prompt is 0.30 s long: a voice needs 0.5 s at least"},
        {"28 s", 28, 24000, 1, 0.2, 0, ""},
        {"30 s", 30, 24000, 1, 0.2, ORA_E_BAD_INPUT,
         "the prompt is 30.0 s long, at most 28 s can be used: cut it"},
        {"silence", 3, 24000, 1, 0, ORA_E_BAD_INPUT, "the prompt is silent"},
        {"clipping", 3, 24000, 1, 3, 0, "the recording is clipped"},
        {"8 kHz", 3, 8000, 1, 0.2, 0, "8000 Hz: the voice will lack what lies above 4000 Hz"},
        {"stereo", 3, 44100, 2, 0.2, 0, "2 channels: their mean is taken"},
    };
    struct fixture f;
    begin(&f, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_prompt p;
        struct ora_str yaml = ORA_STR_INIT;
        struct ora_err err = {0};
        record(f.prompt, cases[i].seconds, cases[i].rate, cases[i].channels, cases[i].amplitude);
        int rc = add(&f, NULL, NULL, &p, &yaml, &err);
        if (rc != cases[i].rc)
            ORA_FAIL("%s: rc %d: %s", cases[i].what, rc, err.message);
        const char *said = rc < 0 ? err.message : ora_str_c(&f.notes);
        if (!strstr(said, cases[i].says))
            ORA_FAIL("%s: \"%s\" does not say \"%s\"", cases[i].what, said, cases[i].says);
        if (rc == 0) {
            size_t padded = mega_prompt_padded((size_t)(cases[i].seconds * 24000), MEGA_WIN_SIZE);
            ORA_CHECK_INT(4 * p.rows, mega_prompt_frames(padded));
            ORA_CHECK(p.phone_count > 0 && isfinite(p.lufs));
            ORA_CHECK(strstr(ora_str_c(&yaml), f.voice.model_sha256));
        }
        mega_prompt_release(&p);
        ora_str_release(&yaml);
    }
    end(&f);
}

/* An aligner that hears less than 28 s: its own limit is told, of a recording beyond both as well. */
ORA_TEST(the_nearer_limit_is_told)
{
    static const struct {
        double seconds;
        const char *says; /* NULL: the voice is made */
    } cases[] = {
        {3.4, NULL},
        {4, "the prompt is 4.00 s long, this base's aligner takes at most 3.4 s"},
        {30, "the prompt is 30.00 s long, this base's aligner takes at most 3.4 s"},
    };
    struct fixture f;
    begin_of(&f, NULL, "A", true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_prompt p;
        struct ora_str yaml = ORA_STR_INIT;
        struct ora_err err = {0};
        record(f.prompt, cases[i].seconds, 24000, 1, 0.2);
        int rc = add(&f, NULL, NULL, &p, &yaml, &err);
        ORA_CHECK_INT(rc, cases[i].says ? ORA_E_BAD_INPUT : 0);
        if (cases[i].says && !strstr(err.message, cases[i].says))
            ORA_FAIL("%.1f s: \"%s\" does not say \"%s\"", cases[i].seconds, err.message, cases[i].says);
        mega_prompt_release(&p);
        ora_str_release(&yaml);
    }
    end(&f);
}

/* Samples of a float file may be anything. */
ORA_TEST(recordings_beyond_full_scale)
{
    static const struct {
        float amplitude;
        int rc;
        const char *says;
    } cases[] = {{0.9f, 0, NULL},
                 {8, ORA_E_BAD_INPUT, "the prompt is louder than full scale"},
                 {40, ORA_E_BAD_INPUT, "of the prompt is "},
                 {NAN, ORA_E_BAD_INPUT, "sample 0 of the prompt is "}};
    static float mono[MEGA_SAMPLE_RATE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_prompt_input in = {
            .mono = mono, .samples = MEGA_SAMPLE_RATE, .sample_rate_hz = MEGA_SAMPLE_RATE};
        struct mega_prompt_wave w;
        struct ora_err err = {0};
        for (int t = 0; t < MEGA_SAMPLE_RATE; t++)
            mono[t] = cases[i].amplitude * (float)sin(0.1 * t);
        ORA_CHECK_INT(mega_prompt_hear(&in, 0, &w, &err), cases[i].rc);
        if (cases[i].says && !strstr(err.message, cases[i].says))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, cases[i].says);
        mega_prompt_wave_release(&w);
    }
}

/* Means by default; noise by seed, the same for the same seed; ready-made latents as they are. */
/* An aligner of random weights may hear nothing; the voice is made all the same, the same each time, and says
 * how. */
ORA_TEST(random_weights_of_every_seed)
{
    int by_formula = 0;
    for (int seed = 0; seed <= 20; seed++) {
        struct fixture f;
        struct mega_prompt p[2];
        struct ora_str yaml = ORA_STR_INIT;
        struct ora_err err = {0};
        char text[8];
        snprintf(text, sizeof text, "%d", seed);
        begin_of(&f, NULL, text, true);
        free(f.prompt);
        f.prompt = ora_path_join(f.dir, "prompt.wav");
        for (int i = 0; i < 2; i++)
            if (add(&f, NULL, NULL, &p[i], &yaml, &err) < 0)
                ORA_FAIL("seed %d: %s", seed, err.message);
        ORA_REQUIRE(p[0].phone_count > 0 && p[0].phone_count == p[1].phone_count);
        ORA_CHECK(!memcmp(p[0].phones, p[1].phones, sizeof *p[0].phones * (size_t)p[0].phone_count));
        ORA_CHECK(!memcmp(p[0].durations, p[1].durations, sizeof *p[0].phones * (size_t)p[0].phone_count));
        if (strstr(ora_str_c(&yaml), "prompt_alignment: formula\n  prompt_made_up: \"sil ")) {
            by_formula++;
            ORA_CHECK(strstr(ora_str_c(&f.notes), "heard nothing; phones by the formula"));
            ORA_CHECK(p[0].phone_count > 20 && p[0].phone_count < 60); /* of 3.5 s */
        } else {
            ORA_CHECK(strstr(ora_str_c(&yaml), "prompt_alignment: aligner\n  prompt_heard: \""));
        }
        mega_prompt_release(&p[0]);
        mega_prompt_release(&p[1]);
        ora_str_release(&yaml);
        end(&f);
    }
    ORA_CHECK(by_formula > 0 && by_formula < 21);
}

ORA_TEST(latents_by_encoder_seed_or_file)
{
    struct fixture f;
    struct mega_prompt mean, one, again, two, file;
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    begin(&f, NULL);
    record(f.prompt, 1, 24000, 1, 0.2);
    ORA_CHECK_OK(add(&f, NULL, NULL, &mean, &yaml, &err), err);
    ORA_CHECK_OK(add(&f, NULL, "1", &one, &yaml, &err), err);
    ORA_CHECK_OK(add(&f, NULL, "1", &again, &yaml, &err), err);
    ORA_CHECK_OK(add(&f, NULL, "2", &two, &yaml, &err), err);
    ORA_CHECK(strstr(ora_str_c(&yaml), "latents: encoder\n") &&
              strstr(ora_str_c(&yaml), "latents: encoder seed 2\n"));
    size_t n = (size_t)mean.rows * MEGA_LATENT, bytes = n * sizeof(float);
    ORA_REQUIRE(mean.rows > 0 && one.rows == mean.rows && again.rows == mean.rows && two.rows == mean.rows);
    ORA_CHECK(memcmp(mean.latents, one.latents, bytes) != 0);
    ORA_CHECK(memcmp(one.latents, two.latents, bytes) != 0);
    ORA_CHECK(memcmp(one.latents, again.latents, bytes) == 0);
    write_latents(f.latents, (size_t)mean.rows, 0.75f);
    ORA_CHECK_OK(add(&f, f.latents, NULL, &file, &yaml, &err), err);
    for (size_t i = 0; i < n; i++)
        ORA_CHECK_NEAR(fabs((double)file.latents[i]), 0.75, 0);
    mega_prompt_release(&one);
    ORA_CHECK_INT(add(&f, NULL, "x1", &one, &yaml, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_INT(add(&f, f.latents, "1", &one, &yaml, &err), ORA_E_BAD_USAGE);
    mega_prompt_release(&mean);
    mega_prompt_release(&again);
    mega_prompt_release(&two);
    mega_prompt_release(&file);
    ora_str_release(&yaml);
    end(&f);
}

/* Too many are cut; too few, without the silence that is put behind a prompt, cut the alignment. */
ORA_TEST(latents_of_other_lengths)
{
    static const struct {
        int more, rows;
        const char *says;
    } cases[] = {{0, 38, ""},
                 {2, 38, ""},
                 {25, 38, "prompt.npy has 63 latents, the recording makes 38: the first 38 are taken"},
                 {-1, 36, "prompt.npy has 37 latents, 1 fewer than the recording"},
                 {-2, 36,
                  "2 fewer than the recording and its half second of silence make: the silence is "
                  "shorter by 0.08 s"},
                 {-12, 26, "12 fewer"}};
    struct fixture f;
    begin(&f, NULL);
    record(f.prompt, 1, 24000, 1, 0.2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_prompt p;
        struct ora_str yaml = ORA_STR_INIT;
        struct ora_err err = {0};
        write_latents(f.latents, (size_t)(38 + cases[i].more), 1);
        ORA_CHECK_OK(add(&f, f.latents, NULL, &p, &yaml, &err),
                     err); /* which reads it back and checks sums */
        ORA_CHECK_INT(p.rows, cases[i].rows);
        if (!strstr(ora_str_c(&f.notes), cases[i].says) ||
            (!*cases[i].says && strstr(ora_str_c(&f.notes), "prompt.npy")))
            ORA_FAIL("%d more: \"%s\"", cases[i].more, ora_str_c(&f.notes));
        mega_prompt_release(&p);
        ora_str_release(&yaml);
    }
    end(&f);
}

ORA_TEST(latents_of_another_recording)
{
    struct fixture f;
    struct mega_prompt p;
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    begin(&f, NULL);
    record(f.prompt, 1, 24000, 1, 0.2);
    int rows = mega_prompt_frames(mega_prompt_padded(24000, MEGA_WIN_SIZE)) / 4;
    for (int i = 0; i < 2; i++) {
        write_latents(f.latents, (size_t)(i ? rows + 26 : rows - 13), 1);
        ORA_CHECK_INT(add(&f, f.latents, NULL, &p, &yaml, &err), ORA_E_BAD_INPUT);
        ORA_CHECK(strstr(err.message, "latents, wanted 38 for a recording of 1.00 s"));
        ORA_CHECK(strstr(err.message, "; 26 to 63 are taken): they are of another recording"));
    }
    write_latents(f.latents, (size_t)rows, 40);
    ORA_CHECK_OK(add(&f, f.latents, NULL, &p, &yaml, &err), err);
    ORA_CHECK(strstr(ora_str_c(&f.notes), "are these latents?"));
    mega_prompt_release(&p);
    static const struct {
        float value;
        const char *says;
    } wild[] = {{NAN, "prompt.npy: latent 0, channel 0 is "},
                {INFINITY, "channel 0 is -inf, wanted 1000 at most"},
                {1001, "channel 0 is -1001, wanted 1000 at most"},
                {101, "prompt.npy: the latents have an RMS of 101, wanted 100 at most"}};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        write_latents(f.latents, (size_t)rows, wild[i].value);
        ORA_CHECK_INT(add(&f, f.latents, NULL, &p, &yaml, &err), ORA_E_BAD_INPUT);
        if (!strstr(err.message, wild[i].says))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, wild[i].says);
    }
    write_file(f.latents, "\x80\x04cos\nsystem\n", 12);
    ORA_CHECK_INT(add(&f, f.latents, NULL, &p, &yaml, &err), ORA_E_FORMAT);
    ORA_CHECK_STR(err.message,
                  "prompt.npy is no .npy file; latents of this recording are float32, C order, shape "
                  "[1, 38, 32]");
    ora_str_release(&yaml);
    end(&f);
}

ORA_TEST(what_the_base_lacks_is_told)
{
    static const struct {
        const char *parts, *says;
    } cases[] = {
        {"[dit, dur, align, vae, g2p]", "lacks the WaveVAE encoder, which ByteDance's release leaves out"},
        {"[dit, dur, vae, vae_encoder, g2p]", "lacks the aligner"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct mega_prompt p;
        struct ora_str yaml = ORA_STR_INIT;
        struct ora_err err = {0};
        begin(&f, cases[i].parts);
        record(f.prompt, 1, 24000, 1, 0.2);
        ORA_CHECK_INT(add(&f, NULL, NULL, &p, &yaml, &err), ORA_E_VOICE);
        if (!strstr(err.message, cases[i].says))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, cases[i].says);
        ora_str_release(&yaml);
        end(&f);
    }
}

/* A prompt's file that contradicts itself, or is another base's. */
ORA_TEST(bad_prompt_files)
{
    struct fixture f;
    struct mega_prompt p, q;
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "bad.safetensors");
    begin(&f, NULL);
    const struct mega_prompt_made_with with = {.base_sha256 = f.voice.model_sha256};
    record(f.prompt, 1, 24000, 1, 0.2);
    ORA_CHECK_OK(add(&f, NULL, NULL, &p, &yaml, &err), err);
    ORA_REQUIRE(p.phone_count > 0);
    int32_t *const fields[] = {&p.phones[0], &p.phones[0], &p.tones[0], &p.durations[0], &p.durations[0]};
    const int32_t values[] = {0, 174, 5, -1, p.durations[0] + 1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct ora_weights *w = NULL;
        int32_t good = *fields[i];
        *fields[i] = values[i];
        ORA_CHECK_OK(mega_prompt_write(&p, &with, path, NULL, &err), err);
        *fields[i] = good;
        ORA_CHECK_OK(ora_weights_open(path, &w, &err), err);
        ORA_CHECK_INT(mega_prompt_read(&q, w, NULL, &err), ORA_E_VOICE);
        ora_weights_close(&w);
    }
    struct ora_weights *w = NULL;
    for (int i = 0; i < 2; i++) {
        struct mega_prompt wild = p;
        float good = p.latents[0];
        wild.lufs = i ? p.lufs : 40;
        p.latents[0] = i ? 2000 : good;
        ORA_CHECK_OK(mega_prompt_write(&wild, &with, path, NULL, &err), err);
        p.latents[0] = good;
        ORA_CHECK_OK(ora_weights_open(path, &w, &err), err);
        ORA_CHECK_INT(mega_prompt_read(&q, w, NULL, &err), ORA_E_VOICE);
        ORA_CHECK(strstr(err.message, i ? "is 2000, wanted 1000 at most" : "prompt_lufs"));
        ora_weights_close(&w);
    }
    ORA_CHECK_OK(mega_prompt_write(&p, &with, path, NULL, &err), err);
    ORA_CHECK_OK(ora_weights_open(path, &w, &err), err);
    ORA_CHECK_INT(mega_prompt_read(&q, w, "00ff", &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "the base found has 00ff"));
    ora_weights_close(&w);
    ORA_CHECK_OK(ora_weights_open(f.voice.weights_path, &w, &err), err);
    ORA_CHECK_INT(mega_prompt_read(&q, w, NULL, &err), ORA_E_VOICE);
    ora_weights_close(&w);
    mega_prompt_release(&p);
    ora_str_release(&yaml);
    free(path);
    end(&f);
}

/* ---- inspection -----------------------------------------------------------------------------------------
 */

struct findings {
    struct ora_str text;
    int verdicts[ORA_VERDICT_FAIL + 1];
};

static void keep_finding(void *ctx, enum ora_verdict verdict, const char *what, const char *text)
{
    struct findings *f = ctx;
    f->verdicts[verdict]++;
    ora_str_addf(&f->text, "%s: %s\n", what, text);
}

static void expect(const struct findings *f, const char *part)
{
    if (!strstr(ora_str_c(&f->text), part))
        ORA_FAIL("\"%s\" does not say \"%s\"", ora_str_c(&f->text), part);
}

/* Overwrites the first weight of a tensor with a NaN. */
static void poison(const char *path, const char *tensor)
{
    static const unsigned char nan_bytes[] = {0, 0, 0xc0, 0x7f};
    struct ora_err err = {0};
    struct ora_weights *w = NULL;
    char *bytes = NULL;
    size_t len;
    ORA_CHECK_OK(ora_file_read(path, 64 << 20, &bytes, &len, &err), err);
    ORA_CHECK_OK(ora_weights_open(path, &w, &err), err);
    const struct ora_tensor *t = ora_weights_find(w, tensor);
    char *at = t && bytes ? memmem(bytes, len, t->data, 64) : NULL;
    ORA_CHECK(at);
    if (at)
        memcpy(at, nan_bytes, 4);
    ora_weights_close(&w);
    if (bytes)
        write_file(path, bytes, len);
    free(bytes);
}

ORA_TEST(inspection_tells_of_base_and_clone)
{
    struct fixture f;
    struct findings base = {0}, clone = {0};
    struct mega_prompt p;
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    begin(&f, "[dit, dur, align, vae, vae_encoder]");
    ORA_CHECK(mega_is_base(&f.voice));
    ORA_CHECK_OK(mega_inspect(&f.voice, keep_finding, &base, &err), err);
    expect(&base, "parts: lacks g2p (folder g2p): no voice of it can speak");
    expect(&base, "next: base 'base' was imported without g2p (folder g2p): its voices cannot speak");
    ORA_CHECK(!strstr(ora_str_c(&base.text), "RoPE"));
    expect(&base, "use_pos_embed: false");
    expect(&base, "win_size: 1200 samples");
    expect(&base, "all numbers, the largest");
    ORA_CHECK_INT(base.verdicts[ORA_VERDICT_FAIL], 0);
    record(f.prompt, 4, 24000, 1, 0.2);
    ORA_CHECK_OK(add(&f, NULL, NULL, &p, &yaml, &err), err);
    char *weights = ora_path_join(ora_test_tmpdir(), "out/model.safetensors");
    struct ora_voice v = {.name = "clone", .weights_path = weights, .base = &f.voice};
    v.doc = ora_yaml_parse(yaml.data, yaml.len, "voice.yaml", &err);
    ORA_REQUIRE(v.doc);
    v.family_config = ora_yaml_get(v.doc->root, "megatts3");
    ORA_CHECK(!mega_is_base(&v));
    ORA_CHECK_OK(mega_inspect(&v, keep_finding, &clone, &err), err);
    expect(&clone, "prompt: 4.");
    expect(&clone, "alignment: ");
    ora_yaml_free(&v.doc);
    mega_prompt_release(&p);
    ora_str_release(&yaml);
    ora_str_release(&base.text);
    ora_str_release(&clone.text);
    free(weights);
    end(&f);
}

ORA_TEST(a_weight_that_is_no_number_fails)
{
    struct fixture f;
    struct findings found = {0};
    struct ora_err err = {0};
    begin(&f, NULL);
    poison(f.voice.weights_path, "dit.prenet.weight");
    ORA_CHECK_OK(mega_inspect(&f.voice, keep_finding, &found, &err), err);
    ORA_CHECK_INT(found.verdicts[ORA_VERDICT_FAIL], 1);
    expect(&found, "finite: tensor 'dit.prenet.weight', element 0 is no number");
    ora_str_release(&found.text);
    end(&f);
}
