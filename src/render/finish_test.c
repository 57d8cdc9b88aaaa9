#include "render/finish.h"

#include <stdlib.h>

#include "base/mem.h"
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
