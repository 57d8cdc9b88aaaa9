#include "render/finish.h"

#include <stdlib.h>

#include "audio/level.h"
#include "audio/pcm.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/test.h"

enum { RATE = 16000, N = 8000 };

static struct ora_render_spec plain_spec(void)
{
    return (struct ora_render_spec){
        .codec = ORA_CODEC_FLAC, .loudness_lufs = NAN, .peak_dbfs = NAN, .max_chars = 100};
}

static struct ora_spoken spoken_of(const float *pcm, size_t n)
{
    return (struct ora_spoken){
        .pcm = pcm, .samples = n, .sample_rate_hz = RATE, .normalized_text = "Hi, \xC3\xA9you!"};
}

static float *sine(double amplitude)
{
    float *x = ora_xmalloc(N * sizeof *x);
    for (int i = 0; i < N; i++)
        x[i] = (float)(amplitude * sin(0.2 * i));
    return x;
}

static struct ora_decoded decoded(const struct ora_finished *f)
{
    struct ora_decoded d = {0};
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_decode(&d, f->audio.data, f->audio.len, f->samples, &err), err);
    return d;
}

ORA_TEST(what_is_not_a_number_is_named)
{
    struct ora_finish f;
    ora_finish_init(&f, ora_test_tmpdir());
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        struct ora_render_spec spec = plain_spec();
        float *x = sine(0.5);
        x[4321] = bad[i];
        struct ora_spoken s = spoken_of(x, N);
        struct ora_finished out;
        struct ora_err err = {0};
        ORA_CHECK_INT(ora_finish_run(&f, &spec, &s, &out, &err), ORA_E_NOT_FINITE);
        ORA_CHECK(strstr(err.message, "sample 4321 of 8000"));
        free(x);
    }
    ora_finish_release(&f);
}

ORA_TEST(no_samples_are_no_audio)
{
    struct ora_finish f;
    ora_finish_init(&f, ora_test_tmpdir());
    struct ora_render_spec spec = plain_spec();
    struct ora_spoken s = spoken_of(NULL, 0);
    struct ora_finished out;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_finish_run(&f, &spec, &s, &out, &err), ORA_E_BAD_INPUT);
    ora_finish_release(&f);
}

/* What a record says of a signal that is known. */
ORA_TEST(checks_of_a_known_signal)
{
    struct ora_finish f;
    ora_finish_init(&f, ora_test_tmpdir());
    struct ora_render_spec spec = plain_spec();
    float *x = sine(1.25);
    for (int i = 0; i < 1600; i++)
        x[i] = 0;
    struct ora_spoken s = spoken_of(x, N);
    struct ora_finished out;
    struct ora_err err = {0};
    s.phone_count = 5;
    ORA_CHECK_OK(ora_finish_run(&f, &spec, &s, &out, &err), err);
    ORA_CHECK_NEAR(out.checks.peak_dbfs, 1.938, 0.01);
    ORA_CHECK_NEAR(out.checks.rms_dbfs, 1.938 - 3.01 - 0.969, 0.05);
    ORA_CHECK_NEAR(out.checks.lead_silence_s, 0.1, 1e-3);
    ORA_CHECK_NEAR(out.checks.s_per_phone, 0.1, 1e-9);
    ORA_CHECK_NEAR(out.checks.chars_per_s, 6 / 0.5, 1e-9); /* H i é y o u */
    ORA_CHECK(out.checks.bandwidth_hz > 500 &&
              out.checks.bandwidth_hz < 1500); /* 509 Hz, and the click where it begins */
    ORA_CHECK_NEAR(out.checks.clip_count, 6400 * (2 * acos(1 / 1.25) / M_PI), 40);
    ORA_CHECK(isnan(out.checks.lufs));
    struct ora_decoded d = decoded(&out);
    ORA_CHECK_INT(d.samples, N);
    ORA_CHECK_INT(d.s16[1], 0);
    ORA_CHECK_INT(d.s16[1600], lrintf(x[1600] * 32767));
    ora_decoded_release(&d);
    free(x);
    ora_finish_release(&f);
}

ORA_TEST(a_ceiling_that_keeps_the_loudness_from_its_target_is_told)
{
    static const struct {
        double target, ceiling;
        bool limited;
    } cases[] = {{-20, -1, false}, {-20, -30, true}, {-20, NAN, false}, {NAN, -30, false}};
    struct ora_finish f;
    ora_finish_init(&f, ora_test_tmpdir());
    float *x = sine(0.5);
    struct ora_spoken s = spoken_of(x, N);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_render_spec spec = plain_spec();
        struct ora_finished out;
        struct ora_err err = {0};
        spec.loudness_lufs = cases[i].target;
        spec.peak_dbfs = cases[i].ceiling;
        ORA_CHECK_OK(ora_finish_run(&f, &spec, &s, &out, &err), err);
        ORA_CHECK_INT(out.checks.peak_limited, cases[i].limited);
    }
    free(x);
    ora_finish_release(&f);
}

ORA_TEST(silence_stays_silence)
{
    struct ora_finish f;
    ora_finish_init(&f, ora_test_tmpdir());
    struct ora_render_spec spec = plain_spec();
    spec.loudness_lufs = -20;
    spec.peak_dbfs = -1;
    spec.trim_silence = true;
    spec.sample_rate_hz = 8000;
    float *x = sine(0);
    struct ora_spoken s = spoken_of(x, N);
    struct ora_finished out;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_finish_run(&f, &spec, &s, &out, &err), err);
    ORA_CHECK_INT(out.samples, N / 2);
    ORA_CHECK(isinf(out.checks.rms_dbfs) && isinf(out.checks.lufs));
    ORA_CHECK_NEAR(out.checks.lead_silence_s, 0.5, 1e-9);
    ORA_CHECK_NEAR(out.checks.bandwidth_hz, 0, 0);
    struct ora_decoded d = decoded(&out);
    ORA_CHECK_INT(d.samples, out.samples);
    for (size_t i = 0; i < d.samples; i++)
        ORA_CHECK_INT(d.s16[i], 0);
    ora_decoded_release(&d);
    free(x);
    ora_finish_release(&f);
}

/* What all of a test's finishings made. */
static void finish(const struct ora_render_spec *spec, const struct ora_spoken *spoken,
                   struct ora_finished *out, char audio_sha[65])
{
    struct ora_finish f;
    struct ora_err err = {0};
    ora_finish_init(&f, ora_test_tmpdir());
    ORA_CHECK_OK(ora_finish_run(&f, spec, spoken, out, &err), err);
    ora_sha256_of(out->audio.data, out->audio.len, audio_sha);
    ora_finish_release(&f);
}

/* From a file of 3 minutes as from memory; and the figures of the whole signal, whatever the blocks. */
ORA_TEST(a_long_sound_is_finished_from_a_file_as_from_memory)
{
    enum { LONG = 3 * 60 * RATE + 77 };
    struct ora_err err = {0};
    struct ora_spool spool;
    struct ora_bytes bytes;
    struct ora_level level;
    float *x = ora_xmalloc(LONG * sizeof *x);
    for (size_t i = 0; i < LONG; i++)
        x[i] = (float)(0.4 * sin(0.2 * (double)i) * (i / 40000 % 3 > 0)) +
               (float)(i * 2654435761u >> 20 & 1023) * 1e-5f;
    ora_spool_init(&spool, ora_test_tmpdir(), 0);
    ORA_CHECK_OK(ora_spool_put(&spool, 0, x, LONG * sizeof *x, &err), err);
    ORA_CHECK_OK(ora_spool_read(&spool, &bytes, &err), err);
    struct ora_spoken memory = spoken_of(x, LONG),
                      file = spoken_of((const float *)(const void *)bytes.data, LONG);
    file.map = bytes.map;
    const enum ora_codec codecs[] = {ORA_CODEC_FLAC, ORA_CODEC_WAV, ORA_CODEC_WAV_F32};
    for (size_t c = 0; c < 3; c++)
        for (int full = 0; full < 2; full++) {
            struct ora_render_spec spec = plain_spec();
            struct ora_finished a, b;
            char sha_a[65], sha_b[65];
            spec.codec = codecs[c];
            if (full) {
                spec.sample_rate_hz = 22050;
                spec.loudness_lufs = -20;
                spec.peak_dbfs = -3;
                spec.trim_silence = true;
            }
            finish(&spec, &memory, &a, sha_a);
            finish(&spec, &file, &b, sha_b);
            ORA_CHECK_STR(sha_b, sha_a);
            ORA_CHECK_STR(b.pcm_sha256, a.pcm_sha256);
            ORA_CHECK(!memcmp(&a.checks, &b.checks, sizeof a.checks));
            if (full) {
                ORA_CHECK_NEAR(a.checks.lufs, -20, 0.05);
                continue;
            }
            ora_level_measure(x, LONG, &level);
            ORA_CHECK(a.checks.rms_dbfs == ora_pcm_dbfs(level.rms));
            ORA_CHECK(a.checks.max_silence_s == (double)level.max_silence / RATE);
            if (codecs[c] == ORA_CODEC_WAV_F32) {
                ora_sha256_of(x, LONG * sizeof *x, sha_a);
                ORA_CHECK_STR(a.pcm_sha256, sha_a);
            }
        }
    ora_spool_release(&spool);
    free(x);
}

static size_t own_kb(void)
{
    size_t kb = ora_process_memory_bytes("VmHWM") / 1024;
    ORA_CHECK(kb > 0);
    return kb;
}

/*
 * 100 MB of samples, resampled to as many again, encoded to as many again. What may be resident: twice what a
 * spool keeps (resampled, encoded), once more where it grows, and blocks.
 */
ORA_TEST(finishing_is_flat_in_memory)
{
    enum { PIECE = 1 << 16, PIECES = 400, MOST_KB = 5 * 8 * 1024 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    ORA_SKIP("the sanitizer's shadow is counted too");
#endif
    struct ora_err err = {0};
    struct ora_spool spool;
    struct ora_bytes bytes;
    struct ora_finished out;
    static float piece[PIECE];
    for (size_t i = 0; i < PIECE; i++)
        piece[i] = (float)(0.5 * sin(0.3 * (double)i));
    ora_spool_init(&spool, ora_test_tmpdir(), 0);
    for (size_t i = 0; i < PIECES; i++)
        ORA_CHECK_OK(ora_spool_put(&spool, i * sizeof piece, piece, sizeof piece, &err), err);
    ORA_CHECK_OK(ora_spool_read(&spool, &bytes, &err), err);
    struct ora_spoken s = spoken_of((const float *)(const void *)bytes.data, (size_t)PIECE * PIECES);
    s.map = bytes.map;
    struct ora_render_spec spec = plain_spec();
    spec.codec = ORA_CODEC_WAV_F32;
    spec.sample_rate_hz = 16001;
    spec.loudness_lufs = -20;
    spec.trim_silence = true;
    struct ora_finish f;
    size_t before = own_kb();
    ora_finish_init(&f, ora_test_tmpdir());
    ORA_CHECK_OK(ora_finish_run(&f, &spec, &s, &out, &err), err);
    ORA_CHECK(own_kb() < before + MOST_KB);
    ORA_CHECK(out.audio.map && out.audio.len > 100u << 20);
    ora_finish_release(&f);
    ora_spool_release(&spool);
}
