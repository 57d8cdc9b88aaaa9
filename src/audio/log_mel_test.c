#include "audio/log_mel.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"

static float *tone(size_t n, double hz)
{
    float *x = ora_xcalloc(n + 1, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.5 * sin(2 * M_PI * hz * (double)i / 16000));
    return x;
}

static int loudest(const float *mel, size_t frames, size_t frame)
{
    int best = 0;
    for (int i = 1; i < 80; i++)
        best = mel[(size_t)i * frames + frame] > mel[(size_t)best * frames + frame] ? i : best;
    return best;
}

/* A tone lies in the band whose filter has the most weight at its frequency. */
ORA_TEST(a_tone_lies_in_its_band)
{
    static const int hz[] = {200, 400, 1000, 2400, 5000};
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
    for (size_t t = 0; t < sizeof hz / sizeof *hz; t++) {
        struct ora_err err = {0};
        size_t n = 4000, frames = ora_log_mel_frames(m, n), bin = (size_t)hz[t] / 40;
        float *x = tone(n, hz[t]), *mel = ora_xcalloc(80 * frames, sizeof *mel);
        const float *filters = ora_log_mel_filters(m);
        int want = 0;
        for (int i = 1; i < 80; i++)
            want = filters[(size_t)i * 201 + bin] > filters[(size_t)want * 201 + bin] ? i : want;
        ORA_CHECK_INT(frames, 25);
        ORA_CHECK_OK(ora_log_mel_forward(m, x, n, mel, &err), err);
        ORA_CHECK_INT(loudest(mel, frames, 12), want);
        free(x);
        free(mel);
    }
    ora_log_mel_destroy(&m);
}

/* Silence is one value: the floor. Whisper: (log10(1e-10) + 4) / 4. */
ORA_TEST(silence_is_the_floor)
{
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
    struct ora_err err = {0};
    float *x = ora_xcalloc(1600, sizeof *x), mel[80 * 10];
    ORA_CHECK_OK(ora_log_mel_forward(m, x, 1600, mel, &err), err);
    for (size_t i = 0; i < 800; i++)
        ORA_CHECK_NEAR((double)mel[i], -1.5, 1e-6);
    free(x);
    ora_log_mel_destroy(&m);
}

/* 200 samples cannot be reflected by 200; a spec that keeps the last frame has one more. */
ORA_TEST(lengths)
{
    struct ora_log_mel_spec whole = ora_log_mel_whisper;
    whole.drop_last = false;
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper), *w = ora_log_mel_create(&whole);
    struct ora_err err = {0};
    float *x = tone(201, 440), mel[80 * 2];
    ORA_CHECK_INT(ora_log_mel_frames(m, 201), 1);
    ORA_CHECK_INT(ora_log_mel_frames(w, 201), 2);
    ORA_CHECK_INT(ora_log_mel_forward(m, x, 200, mel, &err), ORA_E_BAD_INPUT);
    ORA_CHECK_OK(ora_log_mel_forward(m, x, 201, mel, &err), err);
    ORA_CHECK_OK(ora_log_mel_forward(w, x, 201, mel, &err), err);
    free(x);
    ora_log_mel_destroy(&m);
    ora_log_mel_destroy(&w);
}
