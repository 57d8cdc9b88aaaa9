/*
 * The autoregressive stages of MegaTTS 3 at the official sizes, with weights made by formula: what they take
 * is decided by how fast weights stream and how many sequences share them.
 *
 *     megatts3_g2p_bench --weights DIR [--kernels LEVEL] [--chunks 16] [--alone 4] [--only PART] [--json
 * FILE]
 *
 * PART is g2p, batch (of g2p the equal chunks alone), duration, aligner or rows.
 *
 * G2P: equal chunks of 40 tokens with 121 forced ids each, one by one and as a batch; the ids chosen and
 * their margins must have the same bits. The bar: the batch's rate is 5 times that of one by one, or the
 * batch takes at most 1/0.7 of what the bandwidth and the peak allow that are measured in the same run. Then
 * a real batch, ragged: chunks of various lengths, as seats come free. Durations: a prompt and chunks of 120
 * phones, alone and 16 side by side. Aligner: 241 tokens of a prompt of 8.5 s. Rows: one matrix after the
 * other out of memory, 1 to 256 rows, with weights of half size and as floats.
 *
 * DIR keeps the packed weights (1 GB) between runs; delete it when done. Times are CPU time of one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "models/megatts3/aligner.h"
#include "models/megatts3/duration.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/g2p.h"
#include "nn/pack_cache.h"
#include "probe.h"
#include "rows.h"
#include "stats.h"

enum {
    PROMPT = 40,
    FORCED = 121,
    CHUNKS_MAX = 64,
    RAGGED = 24,
    PHONES = 120,
    ALIGN_TOKENS = 241,
    MEL_FRAMES = 848
};

struct options {
    const char *weights, *level, *only, *json;
    int chunks, alone;
};

struct bench {
    struct options o;
    const struct ora_kernels *k;
    struct ora_pack_cache cache;
    struct ora_arena arena;
    struct ora_compute c;
    double peak, bandwidth; /* of the newest probes */
    bool failed;
};

static void must(int rc, const struct ora_err *err, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "megatts3_g2p_bench: %s: %s\n", what, err->message);
    exit(2);
}

/* ---- models ---------------------------------------------------------------------------------------------
 */

struct packing {
    void (*bind)(struct ora_binder *b, void *model);
    void *model;
};

static int bind(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct mega_formula formula = {.seed = "A"};
    struct ora_tensor_source source = mega_formula_source(&formula);
    struct ora_binder b = {.source = &source, .packer = p, .err = err};
    k->bind(&b, k->model);
    mega_formula_release(&formula);
    return b.rc;
}

static void bind_g2p(struct ora_binder *b, void *model)
{
    mega_g2p_bind(b, &mega_dims_official.g2p, model);
}
static void bind_duration(struct ora_binder *b, void *model)
{
    mega_duration_bind(b, &mega_dims_official.dur, model);
}
static void bind_aligner(struct ora_binder *b, void *model)
{
    mega_aligner_bind(b, &mega_dims_official.align, model);
}

static void open_model(struct bench *g, const char *name, struct packing *k)
{
    struct ora_err err = {0};
    double t0 = ora_clock_mono_s();
    struct ora_pack_id id = {.voice_sha256 = "formula A", .family = name};
    must(ora_pack_cache_open(&g->cache, g->o.weights, &id, g->k, bind, k, &err), &err, name);
    printf("%s: %.0f MB of packed weights%s, %.1f s to open\n", name, 1e-6 * (double)g->cache.bytes,
           g->cache.made ? " (made now)" : "", ora_clock_mono_s() - t0);
}

static void close_model(struct bench *g)
{
    ora_arena_release(&g->arena);
    ora_pack_cache_release(&g->cache);
}

static void open_arena(struct bench *g, size_t bytes)
{
    struct ora_err err = {0};
    must(ora_arena_init(&g->arena, bytes + g->k->scratch_bytes + 4096, &err), &err, "arena");
    must(ora_compute_init(&g->c, g->k, &g->arena, &err), &err, "arena");
}

/* Bandwidth of the very file that the model reads, and the peak: medians of 5. */
static void probe(struct bench *g)
{
    double peak[5], read[5];
    for (int i = 0; i < 5; i++) {
        size_t n = g->cache.bytes / 64 * 64;
        const unsigned char *p = g->cache.private_memory ? g->cache.private_memory : g->cache.map.data;
        peak[i] = probe_peak_gflops(g->k->name);
        read[i] = probe_read_gbps(p, n < (size_t)400 << 20 ? n : (size_t)400 << 20, 1);
    }
    g->peak = stats_median(peak, 5);
    g->bandwidth = stats_median(read, 5);
    printf("  probes: %.1f GFLOP/s of FMA in registers, %.1f GB/s of reading\n", g->peak, g->bandwidth);
}

/* ---- G2P ------------------------------------------------------------------------------------------------
 */

struct texts {
    int32_t *ids, *forced, *out;
    float *margins;
    struct mega_g2p_chunk chunk[CHUNKS_MAX];
};

/* Chunks of `count[i]` ids and `length[i]` forced ones. */
static void make_texts(struct texts *t, int chunks, const int *count, const int *length)
{
    enum { ROOM = 512 };
    uint64_t key = mega_formula_key("A", "in.bench");
    t->ids = ora_xcalloc((size_t)chunks * ROOM, 3 * sizeof *t->ids);
    t->forced = t->ids + chunks * ROOM;
    t->out = t->forced + chunks * ROOM;
    t->margins = ora_xcalloc((size_t)chunks * ROOM, sizeof *t->margins);
    for (int i = 0; i < chunks * ROOM; i++) {
        t->ids[i] = (int32_t)(mega_formula_word(key, (uint64_t)i) >> 33) % 151643;
        t->forced[i] = 1 + (int32_t)(mega_formula_word(key, (uint64_t)i + (1 << 30)) >> 33) % 173;
    }
    for (int i = 0; i < chunks; i++) {
        int at = i * ROOM;
        t->chunk[i] = (struct mega_g2p_chunk){.ids = t->ids + at,
                                              .count = count[i],
                                              .out = t->out + at,
                                              .limit = length[i],
                                              .forced = t->forced + at,
                                              .margins = t->margins + at};
    }
}

static void free_texts(struct texts *t)
{
    free(t->ids);
    free(t->margins);
}

static double run_g2p(struct bench *g, const struct mega_g2p *m, struct mega_g2p_chunk *chunks, int count,
                      int width)
{
    struct ora_err err = {0};
    double t0 = ora_clock_thread_cpu_s();
    must(mega_g2p_run(&g->c, m, chunks, count, width, &err), &err, "g2p");
    return ora_clock_thread_cpu_s() - t0;
}

/* Weights a row meets: all matrices but the embedding. */
static double matrices(const struct mega_g2p_dims *d)
{
    double kv = (double)d->hidden / d->heads * d->kv_heads;
    return d->layers * (double)d->hidden * (2.0 * d->hidden + 2 * kv + 3.0 * d->mlp);
}

/* Seconds that the probes allow for `rows` rows in passes of `width`: the slower of streaming and arithmetic.
 */
static double allowed(const struct bench *g, double weights, double rows, double width)
{
    double stream = 1e-9 * 2 * weights / g->bandwidth, work = 1e-9 * 2 * weights * width / g->peak;
    return rows / width * (stream > work || !(g->peak > 0) ? stream : work);
}

static void equal_chunks(struct bench *g, const struct mega_g2p *m)
{
    struct texts alone, batch;
    int n = g->o.chunks, count[CHUNKS_MAX], length[CHUNKS_MAX];
    double one[CHUNKS_MAX], w = matrices(&m->dims);
    for (int i = 0; i < n; i++) {
        count[i] = PROMPT;
        length[i] = FORCED;
    }
    make_texts(&alone, n, count, length);
    make_texts(&batch, n, count, length);
    int tried = g->o.alone < n ? g->o.alone : n;
    for (int i = 0; i < tried; i++)
        one[i] = run_g2p(g, m, &alone.chunk[i], 1, 1);
    double all = run_g2p(g, m, batch.chunk, n, n), each = stats_median(one, tried);
    for (int i = 0; i < tried; i++)
        if (memcmp(alone.chunk[i].out, batch.chunk[i].out, FORCED * sizeof(int32_t)) != 0 ||
            memcmp(alone.chunk[i].margins, batch.chunk[i].margins, FORCED * sizeof(float)) != 0) {
            printf("  FAIL: chunk %d chose other ids in the batch\n", i);
            g->failed = true;
        }
    probe(g);
    double ratio = n * each / all;
    double best =
        allowed(g, w, (double)n * PROMPT, (double)n * PROMPT) + allowed(g, w, (double)n * FORCED, n);
    double best_one = allowed(g, w, PROMPT, PROMPT) + allowed(g, w, FORCED, 1);
    printf("  one by one: %.2f s a chunk (%d measured), %.1f ms an id, %.0f %% of what the probes allow\n",
           each, tried, 1e3 * each / FORCED, 100 * best_one / each);
    printf("  batch of %d: %.2f s, %.1f ms an id, %.0f %% of what the probes allow; %.2f times the rate of "
           "one by one "
           "(the probes allow %.2f)\n",
           n, all, 1e3 * all / (n * FORCED), 100 * best / all, ratio, n * best_one / best);
    printf("  same ids and margins, bit by bit, in the %d chunks that ran alone: %s\n", tried,
           g->failed ? "no" : "yes");
    rows_add(json_pack("{s:s, s:s, s:s, s:f, s:s, s:f, s:f, s:i, s:i}", "group", "stage", "what",
                       "MegaTTS 3 G2P", "level", g->k->name, "value", all / n, "unit", "s a chunk", "share",
                       best / all, "beside", each, "batch", n, "ids", FORCED));
    bool good = ratio >= 5 || best / all >= 0.7;
    printf("  bar (5 times, or 70 %% of what is allowed): %s\n", good ? "reached" : "MISSED");
    g->failed = g->failed || !good;
    free_texts(&alone);
    free_texts(&batch);
}

/* Sentences of 12 to 60 tokens that become two to four times as many phones. */
static void ragged_chunks(struct bench *g, const struct mega_g2p *m)
{
    struct texts t;
    int count[RAGGED], length[RAGGED], rows = 0, ids = 0;
    uint64_t key = mega_formula_key("A", "in.bench.ragged");
    for (int i = 0; i < RAGGED; i++) {
        count[i] = 12 + (int)(mega_formula_word(key, (uint64_t)i) >> 33) % 49;
        length[i] = count[i] * (200 + (int)(mega_formula_word(key, (uint64_t)i + 1000) >> 33) % 201) / 100;
        length[i] = length[i] > MEGA_G2P_LIMIT ? MEGA_G2P_LIMIT : length[i];
        rows += count[i];
        ids += length[i];
    }
    make_texts(&t, RAGGED, count, length);
    for (int width = 4; width <= 16; width *= 2) {
        double s = run_g2p(g, m, t.chunk, RAGGED, width);
        double best =
            allowed(g, matrices(&m->dims), rows, MEGA_G2P_ROWS) + allowed(g, matrices(&m->dims), ids, width);
        printf("  ragged: %d chunks of 12-60 tokens (%d) to 24-%d ids (%d), %2d seats: %.2f s, %.1f ms an "
               "id, %.0f %% of "
               "what the probes allow full seats\n",
               RAGGED, rows, MEGA_G2P_LIMIT, ids, width, s, 1e3 * s / ids, 100 * best / s);
    }
    free_texts(&t);
}

static void bench_g2p(struct bench *g)
{
    struct mega_g2p *m = ora_xcalloc(1, sizeof *m);
    struct packing k = {bind_g2p, m};
    struct ora_compute sizes = {.k = g->k};
    open_model(g, "megatts3-g2p", &k);
    int seats = g->o.chunks > 16 ? g->o.chunks : 16;
    size_t bytes = mega_g2p_arena_bytes(&sizes, m, seats, 60 + MEGA_G2P_LIMIT);
    printf("  arena for %d seats of %d positions: %.0f MB\n", seats, 60 + MEGA_G2P_LIMIT,
           1e-6 * (double)bytes);
    open_arena(g, bytes);
    probe(g);
    equal_chunks(g, m);
    if (!g->o.only || strcmp(g->o.only, "batch") != 0)
        ragged_chunks(g, m);
    close_model(g);
    free(m);
}

/* ---- durations and aligner ------------------------------------------------------------------------------
 */

static void bench_duration(struct bench *g)
{
    enum { WIDTHS = 3 };
    static const int widths[WIDTHS] = {1, 4, 16};
    struct ora_err err = {0};
    struct mega_duration *m = ora_xcalloc(1, sizeof *m);
    struct packing k = {bind_duration, m};
    struct ora_compute sizes = {.k = g->k};
    struct mega_duration_state prompt;
    struct mega_duration_chunk chunk[16];
    int32_t phones[PHONES], tones[PHONES], codes[16][PHONES];
    uint64_t key = mega_formula_key("A", "in.bench.phones");
    open_model(g, "megatts3-dur", &k);
    open_arena(g, mega_duration_prompt_bytes(&sizes, m, PHONES, PHONES) +
                      mega_duration_batch_bytes(&sizes, m, 16, PHONES, PHONES));
    probe(g);
    for (int i = 0; i < PHONES; i++) {
        phones[i] = 1 + (int32_t)(mega_formula_word(key, (uint64_t)i) >> 33) % 173;
        tones[i] = 3;
    }
    double t0 = ora_clock_thread_cpu_s();
    must(mega_duration_begin(&g->c, m, &prompt, PHONES, &err), &err, "durations");
    must(mega_duration_prompt(&g->c, m, &prompt, phones, tones, phones, PHONES, &err), &err, "durations");
    printf("  prompt of %d phones, one batch: %.0f ms\n", PHONES, 1e3 * (ora_clock_thread_cpu_s() - t0));
    for (int w = 0; w < WIDTHS; w++) {
        for (int i = 0; i < widths[w]; i++)
            chunk[i] = (struct mega_duration_chunk){
                .phones = phones, .tones = tones, .n = PHONES, .codes = codes[i]};
        t0 = ora_clock_thread_cpu_s();
        must(mega_duration_batch(&g->c, m, &prompt, chunk, widths[w], widths[w], &err), &err, "durations");
        double s = ora_clock_thread_cpu_s() - t0;
        printf("  %2d chunk%s of %d phones (text encoder too): %.0f ms, %.2f ms a step, %.2f ms a phone\n",
               widths[w], widths[w] > 1 ? "s" : "", PHONES, 1e3 * s, 1e3 * s / PHONES,
               1e3 * s / PHONES / widths[w]);
        for (int i = 1; i < widths[w]; i++)
            g->failed = g->failed || memcmp(codes[i], codes[0], sizeof codes[0]) != 0;
    }
    close_model(g);
    free(m);
}

static void bench_aligner(struct bench *g)
{
    struct ora_err err = {0};
    struct mega_aligner *m = ora_xcalloc(1, sizeof *m);
    struct packing k = {bind_aligner, m};
    struct mega_aligner_state s;
    bool ok = true;
    size_t n = (size_t)mega_dims_official.align.mels * MEL_FRAMES;
    float *mel = ora_xcalloc(n, sizeof *mel);
    open_model(g, "megatts3-align", &k);
    open_arena(g, (size_t)256 << 20);
    probe(g);
    mega_formula_normals(mega_formula_key("A", "in.bench.mel"), mel, n);
    struct ora_b16 audio = ora_buffer(&g->c, m->dims.state, MEL_FRAMES / 2, 0, &ok);
    float *logits = ora_floats(&g->c, (size_t)m->dims.vocab, &ok);
    must(ok ? 0 : ora_no_room(&err, "the aligner"), &err, "aligner");
    double t0 = ora_clock_thread_cpu_s();
    must(mega_aligner_encode(&g->c, m, mel, MEL_FRAMES, audio, &err), &err, "aligner");
    double t1 = ora_clock_thread_cpu_s();
    must(mega_aligner_begin(&g->c, m, audio, MEL_FRAMES / 2, ALIGN_TOKENS, &s, &err), &err, "aligner");
    double t2 = ora_clock_thread_cpu_s();
    for (int32_t i = 0; i < ALIGN_TOKENS; i++) {
        int32_t token = i ? i : MEGA_ALIGN_START;
        must(mega_aligner_step(&g->c, m, &s, &token, 1, logits, &err), &err, "aligner");
    }
    double t3 = ora_clock_thread_cpu_s();
    printf("  %d mel frames: encoder %.0f ms, keys and values of the audio %.0f ms, %d steps of %.2f ms\n",
           MEL_FRAMES, 1e3 * (t1 - t0), 1e3 * (t2 - t1), ALIGN_TOKENS, 1e3 * (t3 - t2) / ALIGN_TOKENS);
    close_model(g);
    free(mel);
    free(m);
}

/* ---- rows ------------------------------------------------------------------------------------------------
 */

/* Seconds of one product of `rows` rows with each of `copies` matrices in turn: more than any cache holds. */
static double rows_seconds(struct bench *g, struct ora_conv conv, size_t bytes, int copies, int rows,
                           struct ora_b16 x, struct ora_b16 y)
{
    enum { ROUNDS = 3 };
    double s[ROUNDS];
    const unsigned char *weights = conv.weights;
    for (int round = 0; round < ROUNDS; round++) {
        double t0 = ora_clock_thread_cpu_s();
        for (int i = 0; i < copies; i++) {
            conv.weights = weights + bytes * (size_t)i;
            ora_apply(&g->c, &conv, x, rows, y, (struct ora_b16){0}, ORA_ACT_NONE);
        }
        s[round] = (ora_clock_thread_cpu_s() - t0) / copies;
    }
    return stats_median(s, ROUNDS);
}

static void bench_matrix(struct bench *g, int in, int out, bool half)
{
    static const int rows[] = {1, 2, 4, 8, 16, 40, 256};
    enum { COUNTS = sizeof rows / sizeof *rows, MOST = 256, MEMORY = 320 << 20 };
    size_t bytes = g->k->pack_bytes(&(struct ora_conv_spec){.in = in, .out = out, .taps = 1, .half = half});
    size_t mark = ora_arena_mark(&g->arena);
    int copies = (int)(MEMORY / bytes);
    void *weights = ora_tryaligned(64, bytes * (size_t)copies);
    bool ok = weights != NULL;
    struct ora_b16 x = ora_buffer(&g->c, in, MOST, 0, &ok), y = ora_buffer(&g->c, out, MOST, 0, &ok);
    float *bias = ora_floats(&g->c, (size_t)out, &ok);
    must(ok ? 0 : -1, &(struct ora_err){.message = "no memory"}, "rows");
    memset(weights, 0, bytes * (size_t)copies);
    struct ora_conv conv = {.in = in,
                            .out = out,
                            .in_blocks = ora_blocks(in),
                            .out_blocks = ora_blocks(out),
                            .taps = 1,
                            .dilation = 1,
                            .half = half,
                            .weights = weights,
                            .bias = bias};
    printf("  %4d -> %4d, %s:", in, out, half ? "halves" : "floats");
    for (int r = 0; r < COUNTS; r++) {
        double t = rows_seconds(g, conv, bytes, rows[r] > 40 ? copies / 8 : copies, rows[r], x, y);
        printf("  %d: %.0f GFLOP/s, %.1f GB/s", rows[r], 2e-9 * in * out * rows[r] / t,
               1e-9 * (double)bytes / t);
    }
    printf("\n");
    ora_arena_reset(&g->arena, mark);
    free(weights);
}

static void bench_rows(struct bench *g)
{
    printf("rows: peak %.1f GFLOP/s\n", probe_peak_gflops(g->k->name));
    open_arena(g, (size_t)16 << 20);
    for (int half = 1; half >= 0; half--) {
        bench_matrix(g, 896, 4864, half);
        bench_matrix(g, 4864, 896, half);
        bench_matrix(g, 896, 896, half);
    }
    ora_arena_release(&g->arena);
}

/* ---- options --------------------------------------------------------------------------------------------
 */

static int usage(void)
{
    fprintf(stderr,
            "usage: megatts3_g2p_bench --weights DIR [--kernels LEVEL] [--chunks N] [--alone N] [--only "
            "g2p|batch|duration|aligner|rows] [--json FILE]\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct bench g = {.o = {.level = "auto", .chunks = 16, .alone = 4}};
    struct ora_err err = {0};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value)
            return usage();
        if (!strcmp(argv[i], "--weights"))
            g.o.weights = value;
        else if (!strcmp(argv[i], "--kernels"))
            g.o.level = value;
        else if (!strcmp(argv[i], "--only"))
            g.o.only = value;
        else if (!strcmp(argv[i], "--json"))
            g.o.json = value;
        else if (!strcmp(argv[i], "--chunks"))
            g.o.chunks = atoi(value);
        else if (!strcmp(argv[i], "--alone"))
            g.o.alone = atoi(value);
        else
            return usage();
    }
    if (!g.o.weights || g.o.chunks < 1 || g.o.chunks > CHUNKS_MAX || g.o.alone < 1)
        return usage();
    g.k = ora_kernels_find(g.o.level, &err);
    must(g.k ? 0 : -1, &err, "kernels");
    printf("MegaTTS 3, official sizes, random weights; kernel level %s, one thread\n", g.k->name);
    struct ora_fpu_state fpu = ora_fpu_enter();
    rows_open(g.o.json);
    if (!g.o.only || !strcmp(g.o.only, "g2p") || !strcmp(g.o.only, "batch"))
        bench_g2p(&g);
    if (!g.o.only || !strcmp(g.o.only, "duration"))
        bench_duration(&g);
    if (!g.o.only || !strcmp(g.o.only, "aligner"))
        bench_aligner(&g);
    if (!g.o.only || !strcmp(g.o.only, "rows"))
        bench_rows(&g);
    ora_fpu_leave(fpu);
    rows_close();
    return g.failed;
}
