/*
 * What one clip costs beside its synthesis: 40 characters of family `tone` (0.8 s at 16 kHz) through
 * finishing, checks, record, encoding and the store, for each codec; then the steps alone. Thread CPU time,
 * the best of many rounds.
 *
 *     render_bench [FOLDER]      the tar is written there (default: /tmp)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/level.h"
#include "audio/loudness.h"
#include "audio/pcm.h"
#include "audio/resample.h"
#include "audio/spectrum.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "dataset/store.h"
#include "render/render.h"

enum { BATCH = 75, ROUNDS = 20, STEP_ROUNDS = 50 };

struct bench {
    struct ora_store_writer *w;
    double render_s, store_s;
    size_t count, audio_bytes, record_bytes, samples;
    int rate_hz;
    float *pcm; /* a copy of one clip */
};

static int keep_samples(struct bench *b, const struct ora_rendered *r, struct ora_err *err)
{
    struct ora_decoded d = {0};
    int rc = ora_decode(&d, r->audio.data, r->audio.len, r->samples, err);
    b->samples = d.samples;
    b->rate_hz = d.sample_rate_hz;
    b->pcm = ora_xmalloc((d.samples + 1) * sizeof *b->pcm);
    ora_pcm_to_float(d.s16, d.samples, b->pcm);
    ora_decoded_release(&d);
    return rc;
}

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct bench *b = ctx;
    struct ora_member audio, record;
    char id[32];
    if (r->rc < 0)
        return ora_err_set(err, r->rc, "%s", r->why.message);
    snprintf(id, sizeof id, "clip-%06zu", b->count++);
    b->render_s += r->synth_s;
    double start = ora_clock_thread_cpu_s();
    int rc =
        ora_store_add(b->w, id, r->extension, &r->audio, r->record, r->record_bytes, &audio, &record, err);
    b->store_s += ora_clock_thread_cpu_s() - start;
    b->audio_bytes = r->audio.len;
    b->record_bytes = r->record_bytes;
    return rc == 0 && !b->pcm ? keep_samples(b, r, err) : rc;
}

static int whole(struct bench *b, enum ora_codec codec, double lufs, const char *part, struct ora_err *err)
{
    struct ora_render_spec spec = {.codec = codec, .loudness_lufs = lufs, .peak_dbfs = NAN, .max_chars = 600};
    struct ora_utterance u[BATCH];
    for (int i = 0; i < BATCH; i++)
        u[i] = (struct ora_utterance){.id = "clip",
                                      .doc_id = "bench",
                                      .role = "line",
                                      .path = "bench.txt",
                                      .line = 1,
                                      .text = "The quick brown fox jumps over lazy dogs",
                                      .voice = "tone",
                                      .speed = 1};
    struct ora_renderer *r = NULL;
    int rc = ora_renderer_create(&spec, &r, err);
    double best = INFINITY, render = 0, store = 0, finish = 0;
    for (int round = 0; rc == 0 && round < ROUNDS; round++) {
        char sum[65];
        uint64_t bytes;
        b->render_s = b->store_s = 0;
        b->count = 0;
        double start = ora_clock_thread_cpu_s();
        rc = ora_store_begin(part, ORA_STORE_TAR, &b->w, err);
        if (rc == 0)
            rc = ora_renderer_run(r, u, BATCH, NULL, on_rendered, b, err);
        double rendered = ora_clock_thread_cpu_s();
        if (rc == 0)
            rc = ora_store_finish(&b->w, sum, &bytes, err);
        double end = ora_clock_thread_cpu_s();
        if (rc == 0 && end - start < best) {
            best = end - start;
            render = b->render_s;
            store = b->store_s;
            finish = end - rendered;
        }
    }
    ora_store_abort(&b->w);
    ora_renderer_destroy(&r);
    if (rc == 0)
        printf("%-8s%s  %6.1f us a clip: rendering %.1f, store %.1f, end of the batch %.1f; file %zu bytes, "
               "record %zu\n",
               ora_codec_name(codec), isnan(lufs) ? "          " : " -20 LUFS ", best / BATCH * 1e6,
               render / BATCH * 1e6, store / BATCH * 1e6, finish / BATCH * 1e6, b->audio_bytes,
               b->record_bytes);
    return rc;
}

/* The best time of one step, in microseconds. */
#define STEP(name, call)                                                                                     \
    do {                                                                                                     \
        double best_ = INFINITY;                                                                             \
        for (int i_ = 0; i_ < STEP_ROUNDS; i_++) {                                                           \
            double start_ = ora_clock_thread_cpu_s();                                                        \
            (void)(call);                                                                                    \
            double took_ = ora_clock_thread_cpu_s() - start_;                                                \
            best_ = took_ < best_ ? took_ : best_;                                                           \
        }                                                                                                    \
        printf("  %-34s %6.1f us\n", name, best_ * 1e6);                                                     \
    } while (0)

static void steps(const struct bench *b)
{
    struct ora_err err = {0};
    struct ora_spectrum *spectrum = ora_spectrum_create();
    struct ora_resampler resampler = {0};
    struct ora_encoder encoder;
    struct ora_bytes file;
    ora_encoder_init(&encoder, NULL);
    struct ora_level level;
    int16_t *s16 = ora_xmalloc(b->samples * sizeof *s16);
    char hex[65];
    double lufs;
    const float *out;
    size_t n = b->samples, out_n;
    printf("steps, %zu samples at %d Hz\n", n, b->rate_hz);
    STEP("all finite", ora_pcm_first_not_finite(b->pcm, n));
    STEP("levels and silences", (ora_level_measure(b->pcm, n, &level), 0));
    STEP("bandwidth", ora_spectrum_bandwidth_hz(spectrum, b->pcm, n, b->rate_hz));
    STEP("to 16 bit", ora_pcm_to_s16(b->pcm, n, s16));
    STEP("SHA-256 of the samples", (ora_sha256_of(s16, n * sizeof *s16, hex), 0));
    STEP("FLAC", ora_encode(&encoder, ORA_CODEC_FLAC, b->rate_hz, s16, NULL, n, &file, &err));
    STEP("WAV", ora_encode(&encoder, ORA_CODEC_WAV, b->rate_hz, s16, NULL, n, &file, &err));
    STEP("loudness (when asked for)", ora_loudness_lufs(b->pcm, n, b->rate_hz, &lufs, &err));
    STEP("resampling to 22,050 Hz (ditto)",
         ora_resample(&resampler, b->pcm, n, b->rate_hz, 22050, &out, &out_n, &err));
    ora_resampler_release(&resampler);
    ora_encoder_release(&encoder);
    ora_spectrum_destroy(&spectrum);
    free(s16);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct ora_err err = {0};
    char *part = ora_fmt("%s/render_bench.part", argc > 1 ? argv[1] : "/tmp");
    int rc = whole(&b, ORA_CODEC_FLAC, NAN, part, &err);
    if (rc == 0)
        rc = whole(&b, ORA_CODEC_FLAC, -20, part, &err);
    if (rc == 0)
        rc = whole(&b, ORA_CODEC_WAV, NAN, part, &err);
    if (rc == 0)
        rc = whole(&b, ORA_CODEC_WAV_F32, NAN, part, &err);
    if (rc < 0)
        fprintf(stderr, "render_bench: %s\n", err.message);
    else
        steps(&b);
    remove(part);
    free(part);
    free(b.pcm);
    return rc < 0;
}
