/*
 * megatts3-front DIR [--seed S] [--verbose]
 *
 * Front end and finish of MegaTTS 3 against the reference's libraries: log-mel (Whisper's), resampling
 * (soxr), loudness (pyloudnorm), the rule of levels, the cross-fade. DIR holds front.json and
 * front.safetensors; signals are made by the formula. --seed makes other signals: then everything must fail.
 * Closes with "N passed, N failed"; exit 1 when one failed.
 */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/log_mel.h"
#include "audio/resample.h"
#include "base/mem.h"
#include "models/megatts3/crossfade.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/level.h"
#include "weights/safetensors.h"

struct front {
    const char *seed;
    json_t *cases;
    struct ora_weights *tensors;
    int passed, failed;
    bool verbose;
};

static void check(struct front *f, const char *name, const char *what, double off, double tolerance)
{
    bool good = off <= tolerance;
    if (!good || f->verbose)
        printf("%s %s: %s off by %.3g, tolerance %.3g\n", good ? "ok  " : "FAIL", name, what, off, tolerance);
    *(good ? &f->passed : &f->failed) += 1;
}

static double distance(double a, double b)
{
    double d = a == b ? 0 : fabs(a - b);
    return d >= 0 ? d : INFINITY;
}

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

/* [samples, increment, amplitude, noise] */
static size_t samples_of(const json_t *signal)
{
    return (size_t)json_integer_value(json_array_get(signal, 0));
}

static void make(const struct front *f, const json_t *signal, float *out, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void make(const struct front *f, const json_t *signal, float *out, const char *fmt, ...)
{
    char key[96];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(key, sizeof key, fmt, ap);
    va_end(ap);
    mega_formula_signal(mega_formula_key(f->seed, key),
                        (uint32_t)json_integer_value(json_array_get(signal, 1)),
                        json_number_value(json_array_get(signal, 2)),
                        json_number_value(json_array_get(signal, 3)), out, samples_of(signal));
}

/* Largest distance of n floats from a tensor; infinite when it has another size. */
static double from_tensor(const struct front *f, const char *name, const float *got, size_t n)
{
    const struct ora_tensor *t = ora_weights_find(f->tensors, name);
    double worst = 0;
    if (!t || t->dtype != ORA_F32 || t->count != n)
        return INFINITY;
    float *want = ora_xcalloc(n + 1, sizeof *want);
    ora_tensor_copy_f32(t, want);
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, distance((double)got[i], (double)want[i]));
    free(want);
    return worst;
}

/* ---- cases ----------------------------------------------------------------------------------------------
 */

static void mel(struct front *f, const char *name, const json_t *row)
{
    const json_t *signal = json_object_get(row, "signal"), *zeroed = json_object_get(row, "zeroed");
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
    struct ora_err err = {0};
    size_t n = signal ? samples_of(signal) : (size_t)number(row, "samples");
    size_t frames = ora_log_mel_frames(m, n);
    float *x = ora_xcalloc(n + 1, sizeof *x), *out = ora_xcalloc(80 * (frames + 1), sizeof *out);
    if (signal)
        make(f, signal, x, "in.mel%s", name + strlen("mel/"));
    for (json_int_t i = json_integer_value(json_array_get(zeroed, 0)),
                    end = json_integer_value(json_array_get(zeroed, 1));
         i < end; i++)
        x[i] = 0;
    int rc = ora_log_mel_forward(m, x, n, out, &err);
    if (!signal)
        check(f, name, "the refusal", rc == ORA_E_BAD_INPUT ? 0 : INFINITY, 0);
    else
        check(f, name, "log-mel", rc < 0 ? INFINITY : from_tensor(f, name, out, 80 * frames),
              number(row, "tol"));
    free(x);
    free(out);
    ora_log_mel_destroy(&m);
}

static void resample(struct front *f, const char *name, const json_t *row)
{
    const json_t *signal = json_object_get(row, "signal");
    struct ora_resampler r = {0};
    struct ora_err err = {0};
    size_t n = samples_of(signal), out_n = 0;
    const float *out = NULL;
    float *x = ora_xcalloc(n, sizeof *x);
    make(f, signal, x, "in.resample%s", name + strlen("resample/"));
    int rc = ora_resample_ceil(n, 24000, 16000, &out_n, &err);
    if (rc == 0)
        rc = ora_resample_to(&r, x, n, 24000, 16000, out_n, &out, &err);
    check(f, name, "length", distance((double)out_n, number(row, "out")), 0);
    check(f, name, "samples", rc < 0 ? INFINITY : from_tensor(f, name, out, out_n), number(row, "tol"));
    ora_resampler_release(&r);
    free(x);
}

/* The parts of loudness/NAME one after the other. */
static float *parts(const struct front *f, const char *name, size_t *n)
{
    char full[64];
    snprintf(full, sizeof full, "loudness/%s", name);
    const json_t *row = json_object_get(f->cases, full), *list = json_object_get(row, "parts");
    float *x = ora_xcalloc((size_t)number(row, "samples") + 1, sizeof *x);
    *n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *signal = json_array_get(list, i);
        make(f, signal, x + *n, "in.loud.%s.%zu", name, i);
        *n += samples_of(signal);
    }
    return x;
}

static void loudness(struct front *f, const char *name, const json_t *row)
{
    const json_t *want = json_object_get(row, "lufs");
    size_t n;
    float *x = parts(f, name + strlen("loudness/"), &n);
    double got = mega_loudness(x, n), off;
    if (json_is_string(want))
        off = strcmp(json_string_value(want), "-inf") == 0 ? (isinf(got) && got < 0 ? 0 : INFINITY)
                                                           : (isnan(got) ? 0 : INFINITY);
    else
        off = distance(got, json_number_value(want));
    check(f, name, "LUFS", off, number(row, "tol"));
    free(x);
}

/* "level/steady_to_-30" */
static void level(struct front *f, const char *name, const json_t *row)
{
    enum { FIRST = 100 }; /* first8 are eight samples from here on */
    char signal[32] = "";
    const json_t *first = json_object_get(row, "first8");
    size_t n;
    sscanf(name, "level/%31[a-z]", signal);
    float *x = parts(f, signal, &n);
    double gain = mega_level_gain(number(row, "target"), mega_loudness(x, n)), peak = 0, off = 0;
    double before = (double)mega_level(x, n, gain), tolerance = number(row, "tol");
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i]));
    for (size_t i = 0; i < json_array_size(first); i++)
        off = fmax(off, distance((double)x[FIRST + i], json_number_value(json_array_get(first, i))));
    check(f, name, "gain", distance(gain, number(row, "gain")), tolerance);
    check(f, name, "peak before the rule", distance(before, number(row, "peak_before_rule")), tolerance);
    check(f, name, "peak", distance(peak, number(row, "peak")), tolerance);
    check(f, name, "samples", off, tolerance);
    free(x);
}

static void fade(struct front *f, const char *name, const json_t *row)
{
    const json_t *list = json_object_get(row, "segments");
    const struct ora_tensor *t = ora_weights_find(f->tensors, "fade/pcm");
    size_t have = 0, all = 0;
    double worst = INFINITY;
    for (size_t i = 0; i < json_array_size(list); i++)
        all += samples_of(json_array_get(list, i));
    float *out = ora_xcalloc(all, sizeof *out), *next = ora_xcalloc(all, sizeof *next);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *signal = json_array_get(list, i);
        make(f, signal, next, "in.fade.%zu", i);
        have = mega_crossfade(out, have, next, samples_of(signal));
    }
    check(f, name, "length", distance((double)have, number(row, "samples")), 0);
    if (t && t->dtype == ORA_I16 && t->count == have)
        worst = 0;
    for (size_t i = 0; worst < INFINITY && i < have; i++) {
        int16_t want;
        memcpy(&want, (const char *)t->data + 2 * i, 2);
        worst = fmax(worst, distance(trunc((double)out[i] * 32767), want));
    }
    check(f, name, "pcm", worst, number(row, "tol"));
    free(out);
    free(next);
}

static void filters(struct front *f)
{
    struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
    check(f, "mel/filters", "weights", from_tensor(f, "mel/filters", ora_log_mel_filters(m), 80 * 201), 1e-8);
    ora_log_mel_destroy(&m);
}

/* ---- main -----------------------------------------------------------------------------------------------
 */

static void run(struct front *f)
{
    static const struct {
        const char *prefix;
        void (*run)(struct front *f, const char *name, const json_t *row);
    } kinds[] = {
        {"mel/", mel}, {"resample/", resample}, {"loudness/", loudness}, {"level/", level}, {"fade", fade}};
    const char *name;
    json_t *row;
    filters(f);
    json_object_foreach(f->cases, name, row)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
                kinds[i].run(f, name, row);
                known = true;
            }
        if (!known)
            check(f, name, "no test of this kind", INFINITY, 0);
    }
}

int main(int argc, char **argv)
{
    struct front f = {0};
    struct ora_err err = {0};
    json_error_t why;
    const char *dir = NULL;
    char path[4096];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            f.seed = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0)
            f.verbose = true;
        else
            dir = argv[i];
    }
    if (!dir) {
        fprintf(stderr, "usage: megatts3-front DIR [--seed S] [--verbose]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/front.json", dir);
    json_t *index = json_load_file(path, 0, &why);
    if (!index) {
        fprintf(stderr, "megatts3-front: %s: %s\n", path, why.text);
        return 2;
    }
    snprintf(path, sizeof path, "%s/front.safetensors", dir);
    if (ora_weights_open(path, &f.tensors, &err) < 0) {
        fprintf(stderr, "megatts3-front: %s\n", err.message);
        return 2;
    }
    f.cases = json_object_get(index, "cases");
    f.seed = f.seed ? f.seed : json_string_value(json_object_get(index, "seed"));
    run(&f);
    printf("%d passed, %d failed\n", f.passed, f.failed);
    ora_weights_close(&f.tensors);
    json_decref(index);
    return f.failed || !f.passed;
}
