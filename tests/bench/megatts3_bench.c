/*
 * MegaTTS 3 without its text stages at full size, f32, weights by formula: what a chunk costs and how fast it
 * runs. The lengths are forced to one example: 120 phones of prompt and 120 of target, 262 + 250 latents
 * (10.48 s and 10 s), 8 steps, all three branches.
 *
 *     taskset -c 1 build/release/bin/bench/megatts3_bench [--kernels LEVEL] [--threads N] [--rounds N]
 *                                                         [--only dit|vae|count] [--target LATENTS]
 *                                                         [--wave LATENTS] [--json FILE]
 *
 * --wave decodes only the last so many latents of the target; the report then scales to all of them.
 *
 * First multiply-adds by dry run, in the plain form and in ours. Then, stage by stage, the median of the
 * rounds, GFLOP/s, and its share of the peak of this core (a bare loop of the level's instruction) and of
 * GEMMs of the same run: OpenBLAS's sgemm and our own kernel, 1024 x 1024 by 1536 rows. With --threads N, N
 * threads do the same at once on shared weights; rates are of one thread. Times are a thread's own processor
 * time, so that a neighbour disturbs them through caches and clock alone.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "models/megatts3/cost.h"
#include "models/megatts3/dit.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/vae_decoder.h"
#include "nn/kernels/gemm.h"

#include "probe.h"
#include "rows.h"
#include "stats.h"

enum { PROMPT_ROWS = 262, PHONES = 240, STEPS = 8, ROUNDS_MAX = 15, THREADS_MAX = 64 };
enum { GEMM_ROWS = 1536, GEMM_WIDTH = 1024 };

struct options {
    const char *kernels, *only, *json;
    int threads, rounds, target, wave; /* latents after the prompt; those of them that are decoded */
};

static void die(const struct ora_err *err, const char *what)
{
    fprintf(stderr, "megatts3_bench: %s: %s\n", what, err->message);
    exit(1);
}

static double now_s(void)
{
    return ora_clock_thread_cpu_s();
}

/* ---- GEMM ------------------------------------------------------------------------------------------------
 */

struct gemm_rig {
    float *a, *b, *c; /* row-major */
    void *packed;
    struct ora_conv conv;
    struct ora_b16 x, y;
};

static float *filled(size_t n)
{
    float *p = ora_tryaligned(64, n * sizeof *p);
    for (size_t i = 0; p && i < n; i++)
        p[i] = (float)((i * 2654435761u >> 8) & 0xffff) / 65536.0f - 0.5f;
    return p;
}

static void gemm_rig_init(struct gemm_rig *g, const struct ora_kernels *k)
{
    size_t rows = GEMM_ROWS, width = GEMM_WIDTH;
    struct ora_packer p;
    *g = (struct gemm_rig){.a = filled(rows * width), .b = filled(width * width), .c = filled(rows * width)};
    struct ora_conv_spec spec = {
        .in = GEMM_WIDTH, .out = GEMM_WIDTH, .taps = 1, .dilation = 1, .weights = g->b};
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_conv(&p, &spec, &g->conv);
    size_t bytes = p.bytes;
    g->packed = ora_tryaligned(64, bytes);
    ora_packer_init(&p, k, ORA_PACK_WRITE, g->packed, bytes);
    ora_packer_conv(&p, &spec, &g->conv);
    g->x = ora_b16_place(g->a, rows, 0);
    g->y = ora_b16_place(g->c, rows, 0);
}

static void gemm_rig_release(struct gemm_rig *g)
{
    free(g->a);
    free(g->b);
    free(g->c);
    free(g->packed);
}

/* ---- one thread's work -----------------------------------------------------------------------------------
 */

enum stage { STAGE_BLAS, STAGE_OWN, STAGE_TEXT, STAGE_LING, STAGE_STEP, STAGE_WAVE, STAGES };
static const char *const stage_names[STAGES] = {"sgemm 1024x1024x1536, OpenBLAS", "the same, our kernel",
                                                "text encoder, 240 phones",       "text spread over frames",
                                                "a step, three branches",         "wave decoder"};

struct model {
    struct mega_dit dit;
    struct mega_vae_decoder vae;
    void *packed_dit, *packed_vae;
    const struct ora_kernels *k;
};

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    const struct model *m;
    const struct options *o;
    struct ora_arena arena;
    struct ora_compute c;
    double seconds[STAGES][ROUNDS_MAX];
    double flop[STAGES], peak[ROUNDS_MAX];
    int32_t *ids, *mel2ph;
    float *latents, *wave;
    double *step_times; /* when each step began */
};

static void no_noise(void *ctx, int index, float *out, size_t n)
{
    (void)ctx;
    mega_formula_normals(mega_formula_key("bench", "noise") + (uint64_t)index * 1000003, out, n);
}
static void clock_step(void *ctx, int step, const float *x, const float *v)
{
    (void)x, (void)v;
    ((struct worker *)ctx)->step_times[step] = now_s();
}

static struct mega_dit_input input_of(const struct worker *w)
{
    return (struct mega_dit_input){.phones = w->ids,
                                   .tones = w->ids + PHONES,
                                   .phone_count = PHONES,
                                   .mel2ph = w->mel2ph,
                                   .frames = MEGA_LATENT_FRAMES * (PROMPT_ROWS + w->o->target),
                                   .prompt = w->latents,
                                   .prompt_rows = PROMPT_ROWS};
}

static void run_basics(struct worker *w, int round)
{
    struct gemm_rig g;
    double t;
    gemm_rig_init(&g, w->m->k);
    pthread_barrier_wait(w->start);
    w->peak[round] = probe_peak_gflops(w->m->k->name);
    for (int i = 0; i < 2; i++) { /* the first call of each warms up */
        t = now_s();
        for (int j = 0; j < 8; j++)
            ora_gemm(g.c, g.a, g.b, GEMM_ROWS, GEMM_WIDTH, GEMM_WIDTH);
        w->seconds[STAGE_BLAS][round] = (now_s() - t) / 8;
    }
    for (int i = 0; i < 2; i++) {
        t = now_s();
        for (int j = 0; j < 8; j++)
            ora_apply(&w->c, &g.conv, g.x, GEMM_ROWS, g.y, (struct ora_b16){0}, ORA_ACT_NONE);
        w->seconds[STAGE_OWN][round] = (now_s() - t) / 8;
    }
    w->flop[STAGE_BLAS] = w->flop[STAGE_OWN] = 2.0 * GEMM_ROWS * GEMM_WIDTH * GEMM_WIDTH;
    gemm_rig_release(&g);
}

static void run_text(struct worker *w, int round)
{
    struct ora_err err = {0};
    const struct mega_dit *m = &w->m->dit;
    struct mega_dit_input in = input_of(w);
    size_t mark = ora_arena_mark(w->c.arena);
    bool ok = true;
    double count = 0, t;
    struct ora_b16 e = ora_buffer(&w->c, m->dims.dim, PHONES, ORA_REL_HALO, &ok);
    struct ora_b16 y = ora_buffer(&w->c, m->dims.dim, mega_dit_rows(&in), 0, &ok);
    w->c.count = &count;
    t = now_s();
    int rc = ora_rel_encoder_forward(&w->c, &m->text, in.phones, in.tones, PHONES, e, "text", &err);
    w->seconds[STAGE_TEXT][round] = now_s() - t;
    w->flop[STAGE_TEXT] = 2 * count;
    count = 0;
    t = now_s();
    if (rc == 0)
        rc = ora_spread_forward(&w->c, &m->ling, e, PHONES, in.mel2ph, in.frames, y, &err);
    w->seconds[STAGE_LING][round] = now_s() - t;
    w->flop[STAGE_LING] = 2 * count;
    w->c.count = NULL;
    ora_arena_reset(w->c.arena, mark);
    if (rc < 0 || !ok)
        die(&err, "text");
}

/* One step more than rounds: what lies between the beginnings of two steps is one step. */
static void run_steps(struct worker *w)
{
    struct ora_err err = {0};
    struct mega_dit_input in = input_of(w);
    struct mega_sampling how = {
        .steps = w->o->rounds + 1, .p_w = 1.6, .t_w = 2.5, .noise = no_noise, .watch = clock_step, .ctx = w};
    if (mega_dit_sample(&w->c, &w->m->dit, &in, &how, w->wave, &err) < 0)
        die(&err, "sampling");
    for (int i = 0; i < w->o->rounds; i++)
        w->seconds[STAGE_STEP][i] = w->step_times[i + 1] - w->step_times[i];
}

static void run_wave(struct worker *w, int round)
{
    struct ora_err err = {0};
    double t = now_s();
    int rows = PROMPT_ROWS + w->o->target;
    if (mega_vae_decode_from(&w->c, &w->m->vae, w->latents, rows, rows - w->o->wave, w->wave, &err) < 0)
        die(&err, "decoding");
    w->seconds[STAGE_WAVE][round] = now_s() - t;
}

static void allocate_worker(struct worker *w)
{
    struct ora_err err = {0};
    int rows = PROMPT_ROWS + w->o->target;
    struct mega_sampling how = {.steps = w->o->rounds + 1, .p_w = 1.6, .t_w = 2.5};
    struct mega_dit_input in = input_of(w);
    size_t bytes = (size_t)64 << 20, n;
    if (w->m->packed_dit) {
        n = mega_dit_bytes(&w->m->dit, w->m->k, &in, &how);
        bytes = n > bytes ? n : bytes;
    }
    if (w->m->packed_vae) {
        n = mega_vae_bytes(&w->m->vae, rows, rows - w->o->wave);
        bytes = n > bytes ? n : bytes;
    }
    if (ora_arena_init(&w->arena, bytes + w->m->k->scratch_bytes + 128, &err) < 0 ||
        ora_compute_init(&w->c, w->m->k, &w->arena, &err) < 0)
        die(&err, "arena");
    w->ids = ora_xcalloc(2 * PHONES, sizeof *w->ids);
    w->mel2ph = ora_xcalloc((size_t)in.frames, sizeof *w->mel2ph);
    w->latents = ora_xcalloc((size_t)rows * MEGA_LATENT, sizeof *w->latents);
    w->wave = ora_xcalloc((size_t)rows * MEGA_LATENT_HOP, sizeof *w->wave);
    w->step_times = ora_xcalloc((size_t)w->o->rounds + 2, sizeof *w->step_times);
    mega_formula_normals(mega_formula_key("bench", "latents"), w->latents, (size_t)rows * MEGA_LATENT);
    for (int i = 0; i < PHONES; i++) {
        w->ids[i] = 3 + i % 140;
        w->ids[PHONES + i] = 3;
    }
    for (int i = 0; i < in.frames; i++)
        w->mel2ph[i] = 1 + (int)((int64_t)i * PHONES / in.frames);
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct ora_fpu_state fpu = ora_fpu_enter();
    allocate_worker(w);
    for (int i = 0; i < w->o->rounds; i++)
        run_basics(w, i);
    for (int i = 0; w->m->packed_dit && i < w->o->rounds; i++)
        run_text(w, i);
    if (w->m->packed_dit)
        run_steps(w);
    for (int i = 0; w->m->packed_vae && i < w->o->rounds; i++)
        run_wave(w, i);
    ora_fpu_leave(fpu);
    return NULL;
}

static void release_worker(struct worker *w)
{
    ora_arena_release(&w->arena);
    free(w->ids);
    free(w->mel2ph);
    free(w->latents);
    free(w->wave);
    free(w->step_times);
}

/* ---- weights ---------------------------------------------------------------------------------------------
 */

static void bind_dit(struct ora_binder *b, struct model *m)
{
    mega_dit_bind(b, &mega_dims_official.dit, &m->dit);
}
static void bind_vae(struct ora_binder *b, struct model *m)
{
    mega_vae_decoder_bind(b, &mega_dims_official.vae, &m->vae);
}

static void *pack(struct model *m, void (*bind)(struct ora_binder *b, struct model *m), const char *what)
{
    struct ora_err err = {0};
    struct mega_formula formula = {.seed = "A"};
    struct ora_tensor_source source = mega_formula_source(&formula);
    struct ora_packer p;
    struct ora_binder b = {.source = &source, .packer = &p, .err = &err};
    double t = now_s();
    ora_packer_init(&p, m->k, ORA_PACK_MEASURE, NULL, 0);
    bind(&b, m);
    size_t bytes = p.bytes;
    void *memory = ora_tryaligned(64, bytes);
    if (!memory)
        ora_err_set(&err, ORA_E_NO_MEMORY, "no memory for %zu bytes", bytes);
    ora_packer_init(&p, m->k, ORA_PACK_WRITE, memory, bytes);
    if (memory)
        bind(&b, m);
    if (!memory || b.rc < 0)
        die(&err, what);
    mega_formula_release(&formula);
    printf("%s: %.2f GB of weights by formula, packed in %.0f s\n", what, 1e-9 * (double)bytes, now_s() - t);
    return memory;
}

/* ---- report ----------------------------------------------------------------------------------------------
 */

static void print_macs(const char *form, const struct mega_macs *m)
{
    printf("%-6s  %9.1f  %9.1f  %9.1f  %9.1f  %9.3f\n", form, 1e-9 * m->condition, 1e-9 * m->step,
           1e-9 * m->steps, 1e-9 * m->wave, 1e-12 * m->total);
}

static void count(const struct options *o, struct mega_macs *fast)
{
    struct ora_err err = {0};
    struct mega_chunk_size s = {.phones = PHONES,
                                .frames = MEGA_LATENT_FRAMES * (PROMPT_ROWS + o->target),
                                .prompt_rows = PROMPT_ROWS,
                                .steps = STEPS,
                                .p_w = 1.6,
                                .t_w = 2.5};
    struct mega_macs plain;
    if (mega_count(&mega_dims_official, &s, MEGA_PLAIN, &plain, &err) < 0 ||
        mega_count(&mega_dims_official, &s, MEGA_FAST, fast, &err) < 0)
        die(&err, "counting");
    printf("\nmultiply-adds, 10^9 (by dry run: no padding, repeated rows of tiles included)\n"
           "%-6s  %9s  %9s  %9s  %9s  %9s\n",
           "form", "text", "a step", "8 steps", "decoder", "sum, 10^12");
    print_macs("plain", &plain);
    print_macs("ours", fast);
    printf("bar: 5.6; %s\n\n", fast->total <= 5.6e12 ? "kept" : "MISSED");
    rows_add(json_pack("{s:s, s:s, s:f, s:f}", "group", "count", "what", "multiply-adds without G2P", "value",
                       1e-12 * fast->total, "plain", 1e-12 * plain.total));
}

/* How often a stage runs in a chunk; the GEMMs: never. */
static double times_of(int stage)
{
    return stage == STAGE_STEP                          ? STEPS
           : stage == STAGE_WAVE                        ? 1
           : stage == STAGE_TEXT || stage == STAGE_LING ? 2
                                                        : 0;
}

static double median_of(const struct worker *workers, const struct options *o, int stage)
{
    double all[THREADS_MAX * ROUNDS_MAX];
    int n = 0;
    for (int t = 0; t < o->threads; t++)
        for (int r = 0; r < o->rounds; r++)
            all[n++] = stage < 0 ? workers[t].peak[r] : workers[t].seconds[stage][r];
    return stats_median(all, n);
}

static void report_stage(const struct worker *w, int stage, double seconds, double rate, double peak,
                         double blas)
{
    printf("%-34s  %9.3f  %9.1f  %7.0f%%  %7.0f%%\n", stage_names[stage], seconds, rate,
           peak > 0 ? 100 * rate / peak : 0, 100 * rate / blas);
    rows_add(json_pack("{s:s, s:s, s:s, s:i, s:f, s:s, s:f, s:o, s:f}", "group", "stage", "what",
                       stage_names[stage], "level", w->m->k->name, "threads", w->o->threads, "value", seconds,
                       "unit", "s", "gflops", rate, "peak", peak > 0 ? json_real(peak) : json_null(), "times",
                       times_of(stage)));
}

static void report(struct worker *workers, const struct options *o, const struct mega_macs *macs)
{
    double sum_flop = 0, sum_s = 0, peak = median_of(workers, o, -1), blas = 0;
    printf("%d thread%s, medians of %d; peak %.1f GFLOP/s (%s)\n%-34s  %9s  %9s  %8s  %8s\n", o->threads,
           o->threads == 1 ? "" : "s at once", o->rounds, peak,
           peak > 0 ? probe_instruction(workers[0].m->k->name) : "no probe", "stage", "seconds", "GFLOP/s",
           "of peak", "of sgemm");
    for (int s = 0; s < STAGES; s++) {
        double flop = workers[0].flop[s], seconds = median_of(workers, o, s);
        if (s == STAGE_STEP)
            flop = 2 * macs->step;
        if (s == STAGE_WAVE) {
            flop = 2 * macs->wave;
            seconds *= (double)o->target / o->wave;
        }
        if (!(seconds > 0) || !(flop > 0))
            continue;
        double rate = 1e-9 * flop / seconds;
        blas = s == STAGE_BLAS ? rate : blas;
        report_stage(&workers[0], s, seconds, rate, peak, blas);
        sum_flop += times_of(s) * flop;
        sum_s += times_of(s) * seconds;
    }
    if (!o->only) {
        double rate = 1e-9 * sum_flop / sum_s;
        printf(
            "whole chunk, %d steps: %.1f TFLOP in %.1f s for %.2f s of speech: %.1f GFLOP/s, %.2f of sgemm "
            "(bar 0.70: %s)\n",
            STEPS, 1e-12 * sum_flop, sum_s, o->target / 25.0, rate, rate / blas,
            rate >= 0.7 * blas ? "kept" : "MISSED");
        rows_add(json_pack("{s:s, s:s, s:s, s:i, s:f, s:s, s:f}", "group", "chunk", "what",
                           "MegaTTS 3 without G2P", "level", workers[0].m->k->name, "threads", o->threads,
                           "value", sum_s, "unit", "s", "audio_s", o->target / 25.0));
    }
}

static int usage(void)
{
    fprintf(stderr,
            "usage: megatts3_bench [--kernels LEVEL] [--threads N] [--rounds N] [--only dit|vae|count] "
            "[--target LATENTS] [--wave LATENTS] [--json FILE]\n");
    return 2;
}

static bool parse(int argc, char **argv, struct options *o)
{
    *o = (struct options){.kernels = "auto", .threads = 1, .rounds = 3, .target = 250};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value)
            return false;
        if (strcmp(argv[i], "--kernels") == 0)
            o->kernels = value;
        else if (strcmp(argv[i], "--only") == 0)
            o->only = value;
        else if (strcmp(argv[i], "--threads") == 0)
            o->threads = atoi(value);
        else if (strcmp(argv[i], "--rounds") == 0)
            o->rounds = atoi(value);
        else if (strcmp(argv[i], "--target") == 0)
            o->target = atoi(value);
        else if (strcmp(argv[i], "--wave") == 0)
            o->wave = atoi(value);
        else if (strcmp(argv[i], "--json") == 0)
            o->json = value;
        else
            return false;
    }
    o->wave = o->wave ? o->wave : o->target;
    return o->threads >= 1 && o->threads <= THREADS_MAX && o->rounds >= 1 && o->rounds <= ROUNDS_MAX &&
           o->target >= 2 && o->target % 2 == 0 && o->wave >= 2 && o->wave <= o->target && o->wave % 2 == 0;
}

static bool wanted(const struct options *o, const char *what)
{
    return !o->only || strcmp(o->only, what) == 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct ora_err err = {0};
    struct mega_macs macs;
    pthread_barrier_t start;
    if (!parse(argc, argv, &o))
        return usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    rows_open(o.json);
    struct model *m = ora_xcalloc(1, sizeof *m);
    m->k = ora_kernels_find(o.kernels, &err);
    if (!m->k)
        die(&err, "kernels");
    printf("MegaTTS 3 without text stages; kernels %s; OpenBLAS core %s\n", m->k->name, ora_gemm_core());
    count(&o, &macs);
    if (o.only && strcmp(o.only, "count") == 0) {
        rows_close();
        free(m);
        return 0;
    }
    if (wanted(&o, "dit"))
        m->packed_dit = pack(m, bind_dit, "diffusion transformer");
    if (wanted(&o, "vae"))
        m->packed_vae = pack(m, bind_vae, "wave decoder");
    struct worker *workers = ora_xcalloc((size_t)o.threads, sizeof *workers);
    pthread_barrier_init(&start, NULL, (unsigned)o.threads);
    for (int i = 0; i < o.threads; i++) {
        workers[i] = (struct worker){.start = &start, .m = m, .o = &o};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < o.threads; i++)
        pthread_join(workers[i].thread, NULL);
    report(workers, &o, &macs);
    rows_close();
    for (int i = 0; i < o.threads; i++)
        release_worker(&workers[i]);
    pthread_barrier_destroy(&start);
    free(workers);
    free(m->packed_dit);
    free(m->packed_vae);
    free(m);
    return 0;
}
