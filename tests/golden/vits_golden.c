/*
 * vits-golden VOICE CASES.json [--kernels LEVEL] [--chunk FRAMES] [--only N] [--dump DIR] [--beside DIR]
 *
 * Runs the ids listed in CASES.json through a VITS voice (a Piper .onnx with its .onnx.json, or an imported
 * voice's folder) and compares what comes out with what is listed. The file: {"scales": [noise, length,
 * noise_w], "sentences": [{"text", "phonemes", "ids", "frames", "samples", "sum", "sum_squares", "peak",
 * "values"}]}; only ids are required, what else a sentence lists is compared; it may have "scales", "speaker"
 * and "force" (durations) of its own. Closes with "N passed, N failed"; the exit code is 0 when none failed.
 *
 * --beside compares whole waveforms with those that an earlier run dumped in DIR (another level's): 80 dB at
 * least, and the same lengths.
 *
 * --dump writes, for tests that compare more: N.f32 (samples), N.x.f32, N.mean.f32, N.deviation.f32, N.z.f32
 * ([channels][time]) and result.json (frames and what they were rounded up from). A voice that is not there
 * gives exit code 77: not run.
 *
 * Tolerances (fp32 against another fp32 implementation of a trained voice; a float64 run differs from both by
 * up to 2e-5 here): values and peak 3e-4, sum 1e-3, sum of squares 1e-4 of itself; ids, frames, phonemes
 * equal. Phonemes are those of raw espeak-ng; what the voice's rewrites then change is told, and not judged
 * here.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "models/vits/run.h"
#include "text/phonemes.h"
#include "voice/import.h"
#include "voice/voice.h"

struct options {
    const char *voice, *cases, *kernels, *dump, *beside;
    int chunk, only; /* only: -1 for all */
};

struct bench {
    const struct ora_model *m;
    const json_t *cases;
    const struct options *o;
    struct ora_arena arena;
    json_t *dumped;
    int passed, failed;
};

/* What one sentence became. */
struct outcome {
    struct vits_run run;
    float *pcm;
    size_t samples;
    double sum, squares, peak;
};

static int fail(struct ora_str *why, const char *what, double got, double wanted)
{
    ora_str_addf(why, "%s%s is %.9g, wanted %.9g", why->len ? "; " : "", what, got, wanted);
    return 1;
}

/* ---- running --------------------------------------------------------------------------------- */

static double scale_of(const json_t *sentence, const struct bench *b, size_t i, double fallback)
{
    const json_t *own = json_array_get(json_object_get(sentence, "scales"), i);
    own = own ? own : json_array_get(json_object_get(b->cases, "scales"), i);
    return json_is_number(own) ? json_number_value(own) : fallback;
}

/* A list of whole numbers as fresh int32s; NULL when it is none. */
static int32_t *integers(const json_t *list, int *count)
{
    size_t n = json_array_size(list);
    if (!n || n > VITS_IDS_MAX)
        return NULL;
    int32_t *out = ora_xcalloc(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (int32_t)json_integer_value(json_array_get(list, i));
    *count = (int)n;
    return out;
}

static int run_sentence(struct bench *b, const json_t *sentence, struct outcome *out, struct ora_err *err)
{
    int n = 0, forced = 0;
    int32_t *ids = integers(json_object_get(sentence, "ids"), &n);
    int32_t *force = integers(json_object_get(sentence, "force"), &forced);
    int rc = 0;
    for (int i = 0; ids && i < n; i++)
        if (ids[i] < 0 || ids[i] >= b->m->cfg.symbols)
            rc = ora_err_set(err, ORA_E_BAD_INPUT, "id %d of a voice with %d", ids[i], b->m->cfg.symbols);
    if (!ids || (force && forced != n))
        rc = ora_err_set(err, ORA_E_BAD_INPUT, "ids must be 1 to %d numbers, and as many durations",
                         VITS_IDS_MAX);
    out->run = (struct vits_run){.ids = ids,
                                 .count = n,
                                 .key = ora_rng_key_of(0, "golden", 0),
                                 .noise_scale = (float)scale_of(sentence, b, 0, 0),
                                 .length_scale = (float)scale_of(sentence, b, 1, 1),
                                 .noise_w = (float)scale_of(sentence, b, 2, 0),
                                 .speaker = (int)json_integer_value(json_object_get(sentence, "speaker")),
                                 .forced = (const uint32_t *)force};
    struct ora_fpu_state fpu = ora_fpu_enter();
    if (rc == 0)
        rc = vits_run_durations(b->m, &b->arena, &out->run, err);
    if (rc == 0) {
        out->samples = (size_t)out->run.total * (size_t)b->m->cfg.hop;
        out->pcm = ora_xcalloc(out->samples, sizeof *out->pcm);
        rc = vits_run_samples(b->m, &b->arena, &out->run, out->pcm, err);
    }
    ora_fpu_leave(fpu);
    for (size_t i = 0; rc == 0 && i < out->samples; i++) {
        double v = out->pcm[i];
        out->sum += v;
        out->squares += v * v;
        out->peak = fmax(out->peak, fabs(v));
    }
    free(force);
    free(ids);
    out->run.ids = NULL;
    return rc;
}

/* ---- judging --------------------------------------------------------------------------------- */

static int near(struct ora_str *why, const json_t *sentence, const char *key, double got, double tolerance)
{
    const json_t *want = json_object_get(sentence, key);
    if (!want || fabs(got - json_number_value(want)) <= tolerance)
        return 0;
    return fail(why, key, got, json_number_value(want));
}

static int check_frames(const json_t *sentence, const struct outcome *out, struct ora_str *why)
{
    size_t i;
    json_t *want;
    json_array_foreach(json_object_get(sentence, "frames"), i, want)
    {
        if (i >= (size_t)out->run.count || json_integer_value(want) != out->run.frames[i]) {
            ora_str_addf(why, "%sid %zu", why->len ? "; " : "", i);
            return fail(why, "frames", i < (size_t)out->run.count ? (double)out->run.frames[i] : -1,
                        json_number_value(want));
        }
    }
    return 0;
}

static int check_values(const json_t *sentence, const struct outcome *out, struct ora_str *why, double *worst)
{
    size_t i;
    json_t *pair;
    *worst = 0;
    json_array_foreach(json_object_get(sentence, "values"), i, pair)
    {
        size_t at = (size_t)json_integer_value(json_array_get(pair, 0));
        double want = json_number_value(json_array_get(pair, 1)),
               got = at < out->samples ? out->pcm[at] : NAN;
        if (!(fabs(got - want) <= 3e-4))
            return fail(why, "a value", got, want);
        *worst = fmax(*worst, fabs(got - want));
    }
    return 0;
}

/* Phonemes of raw espeak-ng, and the ids that they give with and without the voice's rewrites. */
static int check_phonemes(const struct bench *b, const json_t *sentence, struct ora_str *why,
                          struct ora_str *note)
{
    const char *text = json_string_value(json_object_get(sentence, "text"));
    const char *want = json_string_value(json_object_get(sentence, "phonemes"));
    struct ora_phoneme_text got = {0};
    struct ora_err err = {0};
    struct ora_str all = ORA_STR_INIT;
    if (!text || !want || b->m->symbols.from_text)
        return 0;
    int bad = ora_phonemes_raw(b->m->symbols.espeak_voice, text, &got, &err) < 0;
    for (size_t i = 0; i < got.count; i++)
        ora_str_addf(&all, "%s%s", i ? "\n" : "", got.sentence[i].phonemes);
    bad = bad || strcmp(ora_str_c(&all), want) != 0;
    if (bad)
        ora_str_addf(why, "%sphonemes are '%s', wanted '%s' %s", why->len ? "; " : "", ora_str_c(&all), want,
                     err.message);
    struct vits_spelling w;
    vits_spell(&b->m->symbols, want, &w);
    if (w.rewritten || w.dropped_count)
        ora_str_addf(note, "; the voice rewrites %u places and drops %zu symbols", w.rewritten,
                     w.dropped_count);
    int32_t ids[VITS_IDS_MAX];
    int n = vits_ids_of(&b->m->symbols, w.token, w.count, ids, VITS_IDS_MAX), differ = 0;
    const json_t *listed = json_object_get(sentence, "ids");
    for (int i = 0; i < n && i < VITS_IDS_MAX; i++)
        differ += ids[i] != json_integer_value(json_array_get(listed, (size_t)i));
    if ((differ || n != (int)json_array_size(listed)) && !w.rewritten && !w.dropped_count)
        bad += fail(why, "number of ids", n, (double)json_array_size(listed));
    vits_spelling_release(&w);
    ora_str_release(&all);
    ora_phoneme_text_release(&got);
    return bad;
}

/* ---- dumping: for tests that compare whole waveforms ----------------------------------------- */

static int dump_floats(const struct bench *b, size_t index, const char *what, const float *x, size_t n,
                       struct ora_err *err)
{
    char *name = ora_fmt("%zu.%sf32", index, what), *path = ora_path_join(b->o->dump, name);
    int rc = ora_file_write_atomic(path, x, n * sizeof *x, 0644, err);
    free(path);
    free(name);
    return rc;
}

/* Channels [0, channels) of x, whose halves begin at blocks of their own where `half` says how many each has.
 */
static int dump_tensor(const struct bench *b, size_t index, const char *what, struct ora_b16 x, int channels,
                       int half, int rows, struct ora_err *err)
{
    float *flat = ora_xcalloc((size_t)channels * (size_t)rows, sizeof *flat);
    size_t ld = (size_t)rows;
    b->m->k->to_ct(flat, ld, x, rows, half ? half : channels);
    if (half)
        b->m->k->to_ct(flat + (size_t)half * ld, ld, ora_b16_at(x, ora_blocks(half), 0), rows,
                       channels - half);
    int rc = dump_floats(b, index, what, flat, (size_t)channels * ld, err);
    free(flat);
    return rc;
}

static int dump(struct bench *b, size_t index, const struct outcome *out, struct ora_err *err)
{
    const struct vits_run *r = &out->run;
    int hidden = b->m->cfg.hidden, inter = b->m->cfg.inter;
    int rc = dump_floats(b, index, "", out->pcm, out->samples, err);
    if (rc == 0)
        rc = dump_tensor(b, index, "x.", r->x, hidden, 0, r->count, err);
    if (rc == 0)
        rc = dump_tensor(b, index, "mean.", r->mean, inter, inter / 2, r->count, err);
    if (rc == 0)
        rc = dump_tensor(b, index, "deviation.", r->deviation, inter, inter / 2, r->count, err);
    if (rc == 0)
        rc = dump_tensor(b, index, "z.", r->z, inter, inter / 2, r->total, err);
    json_t *frames = json_array(), *w = json_array();
    for (int i = 0; i < out->run.count; i++) {
        json_array_append_new(frames, json_integer(out->run.frames[i]));
        json_array_append_new(w, json_real((double)out->run.w[i]));
    }
    json_array_append_new(b->dumped, json_pack("{s:o, s:o}", "frames", frames, "w", w));
    return rc;
}

/* Whole waveform against DIR/N.f32; tells the decibels in note. */
static int check_beside(const struct bench *b, size_t index, const struct outcome *out, struct ora_str *why,
                        struct ora_str *note, struct ora_err *err)
{
    enum { FLOOR_DB = 80 };
    char *name = ora_fmt("%zu.f32", index), *path = ora_path_join(b->o->beside, name);
    char *data = NULL;
    size_t len = 0;
    double error = 0;
    int rc = ora_file_read(path, 1 << 30, &data, &len, err), bad = 0;
    if (rc == 0 && len != out->samples * sizeof(float)) {
        bad = fail(why, "samples beside", (double)out->samples, (double)(len / sizeof(float)));
    } else if (rc == 0) {
        for (size_t i = 0; i < out->samples; i++) {
            float other;
            memcpy(&other, data + i * sizeof other, sizeof other);
            error += ((double)out->pcm[i] - other) * ((double)out->pcm[i] - other);
        }
        double db = 10 * log10(out->squares / (error + 1e-300));
        ora_str_addf(note, "; %.1f dB beside", db);
        bad = db >= FLOOR_DB ? 0 : fail(why, "SNR beside", db, FLOOR_DB);
    }
    free(data);
    free(path);
    free(name);
    return rc < 0 ? rc : bad;
}

/* ---- the program ----------------------------------------------------------------------------- */

static int judge(struct bench *b, const json_t *sentence, size_t index, struct ora_err *err)
{
    struct outcome out = {0};
    struct ora_str why = ORA_STR_INIT, note = ORA_STR_INIT;
    double worst = 0;
    size_t mark = ora_arena_mark(&b->arena);
    int rc = run_sentence(b, sentence, &out, err), bad = 0;
    if (rc == 0) {
        bad += check_frames(sentence, &out, &why);
        bad += near(&why, sentence, "samples", (double)out.samples, 0);
        bad += check_values(sentence, &out, &why, &worst);
        bad += near(&why, sentence, "sum", out.sum, 1e-3);
        bad += near(&why, sentence, "sum_squares", out.squares, 1e-4 * out.squares);
        bad += near(&why, sentence, "peak", out.peak, 3e-4);
        bad += check_phonemes(b, sentence, &why, &note);
        if (b->o->beside) {
            rc = check_beside(b, index, &out, &why, &note, err);
            bad += rc > 0;
            rc = rc > 0 ? 0 : rc;
        }
        if (rc == 0 && b->o->dump)
            rc = dump(b, index, &out, err);
    }
    if (rc == 0) {
        printf("%s %zu: %d ids, %zu samples, worst value %.1e%s%s%s\n", bad ? "FAIL" : "pass", index,
               out.run.count, out.samples, worst, ora_str_c(&note), bad ? ": " : "", ora_str_c(&why));
        b->passed += !bad;
        b->failed += !!bad;
    }
    ora_arena_reset(&b->arena, mark);
    free(out.pcm);
    ora_str_release(&why);
    ora_str_release(&note);
    return rc;
}

static int run_cases(struct bench *b, struct ora_err *err)
{
    size_t i;
    json_t *sentence;
    const json_t *list = json_object_get(b->cases, "sentences");
    int rc = ora_arena_init(&b->arena, vits_run_bytes(b->m), err);
    if (rc == 0 && !json_array_size(list))
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: no 'sentences'", b->o->cases);
    b->dumped = json_array();
    json_array_foreach(list, i, sentence)
    {
        if (rc == 0 && (b->o->only < 0 || (size_t)b->o->only == i))
            rc = judge(b, sentence, i, err);
    }
    if (rc == 0 && b->o->dump) {
        char *path = ora_path_join(b->o->dump, "result.json"), *text = json_dumps(b->dumped, JSON_COMPACT);
        rc = ora_file_write_atomic(path, text, strlen(text), 0644, err);
        free(text);
        free(path);
    }
    json_decref(b->dumped);
    ora_arena_release(&b->arena);
    return rc;
}

static int open_voice(const struct options *o, const char *tmp, struct ora_voice **voice, struct ora_err *err)
{
    char *dir = NULL;
    int rc = 0;
    if (ora_ends_with(o->voice, ".onnx")) {
        struct ora_voice_import_request q = {.path = o->voice, .family = "vits", .out_dir = tmp};
        rc = ora_voice_import(&q, &dir, err);
    }
    if (rc == 0)
        rc = ora_voice_open(dir ? dir : o->voice, voice, err);
    free(dir);
    return rc;
}

static int run(const struct options *o, const char *tmp, struct bench *b, struct ora_err *err)
{
    struct ora_voice *voice = NULL;
    struct ora_model *m = NULL;
    json_error_t why;
    struct ora_open_options options = {
        .kernels = o->kernels, .cache_dir = tmp, .decode_chunk_frames = o->chunk};
    json_t *cases = json_load_file(o->cases, 0, &why);
    int rc = cases ? 0 : ora_err_set(err, ORA_E_FORMAT, "%s:%d: %s", o->cases, why.line, why.text);
    if (rc == 0)
        rc = open_voice(o, tmp, &voice, err);
    if (rc == 0)
        rc = vits_model_open(voice, &options, &m, err);
    if (rc == 0) {
        *b = (struct bench){.m = m, .cases = cases, .o = o};
        printf("voice %s, kernels %s\n", voice->name, m->k->name);
        rc = run_cases(b, err);
    }
    vits_model_close(&m);
    ora_voice_close(&voice);
    json_decref(cases);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"kernels", required_argument, NULL, 'k'},
                                          {"cases", required_argument, NULL, 'c'},
                                          {"chunk", required_argument, NULL, 'n'},
                                          {"dump", required_argument, NULL, 'd'},
                                          {"only", required_argument, NULL, 'o'},
                                          {"beside", required_argument, NULL, 'b'},
                                          {0}};
    struct options o = {.only = -1};
    struct bench b = {0};
    struct ora_err err = {0};
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        switch (c) {
        case 'k':
            o.kernels = optarg;
            break;
        case 'c':
            o.cases = optarg;
            break;
        case 'n':
            o.chunk = atoi(optarg);
            break;
        case 'o':
            o.only = atoi(optarg);
            break;
        case 'd':
            o.dump = optarg;
            break;
        case 'b':
            o.beside = optarg;
            break;
        default:
            return 2;
        }
    o.voice = optind < argc ? argv[optind++] : NULL;
    o.cases = optind < argc ? argv[optind++] : o.cases;
    if (!o.voice || !o.cases || optind < argc) {
        fprintf(stderr, "usage: vits-golden VOICE CASES.json [--kernels LEVEL] [--chunk FRAMES] [--only N] "
                        "[--dump DIR] [--beside DIR]\n");
        return 2;
    }
    char tmp[] = "/tmp/vits-golden-XXXXXX";
    int rc = mkdtemp(tmp) ? run(&o, tmp, &b, &err) : ora_err_errno(&err, errno, "mkdtemp");
    ora_file_remove_tree(tmp, NULL);
    if (rc < 0)
        fprintf(stderr, "vits-golden: %s\n", err.message);
    printf("%d passed, %d failed\n", b.passed, b.failed);
    return rc == ORA_E_NOT_FOUND || rc == ORA_E_UNSUPPORTED ? 77 : rc < 0 ? 2 : b.failed ? 1 : 0;
}
