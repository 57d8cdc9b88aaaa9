/*
 * Speed of the convolution, level by level, on the shapes of a Piper medium voice (and some of a high one):
 * GFLOP/s and the share of the peak that a bare FMA loop reaches in the same round, beside OpenBLAS (level
 * "blas": im2col + sgemm).
 *
 *     taskset -c 1 build/release/bin/bench/kernels_bench [--only SUBSTRING] [--rounds N] [--check]
 *
 * Winograd levels: GFLOP/s of the direct form's work, so that shares pass 100 %; "-" where the direct kernel
 * runs the layer.
 *
 * With --check the program ends with 1 when a level falls below its floor: avx512 80 % of peak (70 % at 32
 * channels), avx2 85 %; a Winograd level must be faster than the direct one. A compiler that puts
 * accumulators on the stack gives 30 %.
 *
 * All layers are marked tolerant, so avx512-bf16 and amx show their plain products; their peak, as
 * amx-split's (a third of amx's), is that of their own instruction. The second table gives the levels of
 * bfloat16 their operand and takes the leaky output as one, as layers chained by epilogues do. A level that
 * this processor lacks is shown as "-".
 *
 * Each round measures peak and every level in turn, so that a clock that drifts moves them together; medians
 * of CPU time are printed. Epilogue: bias + residual + store + leaky store, the heaviest that VITS uses. Not
 * part of ctest: times need a quiet machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "nn/kernels/b16.h"
#include "nn/layers/attention.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { MOST_ROUNDS = 101, HALO = 64, LEVELS = 9 };
static const char *const level_names[LEVELS] = {
    "blas", "avx2", "avx512", "avx2-wino", "avx512-wino", "avx512-bf16", "amx-split", "amx", "scalar"};

struct shape {
    const char *name;
    int in, out, taps, dilation, rows, step;
};

static const struct shape shapes[] = {
    {"enc 192->192 k1, T=175", 192, 192, 1, 1, 175, 1},
    {"enc 192->768 k3, T=175", 192, 768, 3, 1, 175, 1},
    {"enc 768->192 k3, T=175", 768, 192, 3, 1, 175, 1},
    {"WN 192->384 k5, T=430", 192, 384, 5, 1, 430, 1},
    {"WN 192->384 k1, T=430", 192, 384, 1, 1, 430, 1},
    {"conv_pre 192->256 k7", 192, 256, 7, 1, 430, 1},
    {"ups 256->128 x8, a phase", 256, 128, 2, 1, 256, 8},
    {"C128 k3 d2", 128, 128, 3, 2, 768, 1},
    {"C128 k5 d6", 128, 128, 5, 6, 768, 1},
    {"C128 k7 d12", 128, 128, 7, 12, 768, 1},
    {"ups 128->64 x8, a phase", 128, 64, 2, 1, 256, 8},
    {"C64 k3 d2", 64, 64, 3, 2, 1024, 1},
    {"C64 k5 d6", 64, 64, 5, 6, 1024, 1},
    {"C64 k7 d12", 64, 64, 7, 12, 1024, 1},
    {"ups 64->32 x4, a phase", 64, 32, 2, 1, 512, 4},
    {"C32 k3 d2", 32, 32, 3, 2, 2048, 1},
    {"C32 k5 d6", 32, 32, 5, 6, 2048, 1},
    {"C32 k7 d12", 32, 32, 7, 12, 2048, 1},
    {"high C256 k11 d5", 256, 256, 11, 5, 512, 1},
    {"1024->1024 k11, sliced", 1024, 1024, 11, 1, 500, 1},
    {"DiT 1024->1024, a tile", 1024, 1024, 1, 1, 224, 1},
    {"DiT 1024->2048, a tile", 1024, 2048, 1, 1, 224, 1},
    {"DiT 2048->1024, a tile", 2048, 1024, 1, 1, 224, 1},
    {"DiT scores, a head", 64, 512, 1, 1, 112, 1},
    {"DiT values, a head", 512, 64, 1, 1, 112, 1},
    {"short 192->768 k3, T=8", 192, 768, 3, 1, 8, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- peak: independent FMA chains in registers
 * ------------------------------------------------------------------ */

enum { PROBE_STEPS = 50000, PROBE_CHAINS = 12 };

#if defined(__x86_64__)
#define CHAINS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define PROBE(name, isa, reg, set1, fma, store, lanes)                                                       \
    __attribute__((target(isa))) static double name(void)                                                    \
    {                                                                                                        \
        float out[lanes];                                                                                    \
        reg m = set1(0.999f), a = set1(0.001f);                                                              \
        CHAINS(PROBE_DECLARE_##name)                                                                         \
        for (int i = 0; i < PROBE_STEPS; i++) {                                                              \
            CHAINS(PROBE_STEP_##name)                                                                        \
            CHAINS(PROBE_STEP_##name)                                                                        \
            CHAINS(PROBE_STEP_##name)                                                                        \
            CHAINS(PROBE_STEP_##name)                                                                        \
        }                                                                                                    \
        CHAINS(PROBE_SINK_##name)                                                                            \
        store(out, m);                                                                                       \
        __asm__ volatile("" : : "r"(out) : "memory");                                                        \
        return 4 * 2.0 * lanes * PROBE_CHAINS * PROBE_STEPS;                                                 \
    }
#define PROBE_DECLARE_probe512(i) __m512 c##i = _mm512_set1_ps(i);
#define PROBE_STEP_probe512(i)    c##i = _mm512_fmadd_ps(c##i, m, a);
#define PROBE_SINK_probe512(i)    m = _mm512_add_ps(m, c##i);
#define PROBE_DECLARE_probe256(i) __m256 c##i = _mm256_set1_ps(i);
#define PROBE_STEP_probe256(i)    c##i = _mm256_fmadd_ps(c##i, m, a);
#define PROBE_SINK_probe256(i)    m = _mm256_add_ps(m, c##i);
PROBE(probe512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps, 16)
PROBE(probe256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps, 8)
#endif

#if defined(__x86_64__)
#define PROBE_DECLARE_probe_bf16(i) __m512 c##i = _mm512_set1_ps(i);
#define PROBE_STEP_probe_bf16(i)                                                                             \
    c##i = _mm512_dpbf16_ps(c##i, (__m512bh)_mm512_castps_si512(m), (__m512bh)_mm512_castps_si512(a));
#define PROBE_SINK_probe_bf16(i) m = _mm512_add_ps(m, c##i);
PROBE(probe_bf16, "avx512f,avx512bf16", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps, 16)

/* Four tiles of sums, two of each operand, as the kernels use them; all are zero. */
__attribute__((target("amx-tile,amx-bf16"))) static double probe_tiles(void)
{
    static const struct {
        unsigned char palette, start_row, reserved[14];
        unsigned short row_bytes[16];
        unsigned char rows[16];
    } config = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
    for (int i = 0; i < PROBE_STEPS; i++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return 4 * 2.0 * 16 * 16 * 32 * PROBE_STEPS;
}
#endif

static double gflops_of_probe(int level)
{
#if defined(__x86_64__)
    const struct ora_kernels *k = ora_kernels_find(level_names[level], NULL);
    double flops, t0 = ora_clock_thread_cpu_s();
    if (!k || (strncmp(k->name, "avx", 3) != 0 && strncmp(k->name, "amx", 3) != 0))
        return 0;
    if (strcmp(k->name, "avx512-bf16") == 0)
        flops = 2 * probe_bf16();
    else if (strncmp(k->name, "amx", 3) == 0)
        flops = probe_tiles() / (strcmp(k->name, "amx-split") == 0 ? 3 : 1);
    else
        flops = strncmp(k->name, "avx512", 6) == 0 ? probe512() : probe256();
    return 1e-9 * flops / (ora_clock_thread_cpu_s() - t0);
#else
    (void)level;
    return 0;
#endif
}

/* ---- one shape at one level
 * --------------------------------------------------------------------------------- */

struct rig {
    const struct ora_kernels *k;
    struct ora_conv conv;
    struct ora_conv_run run;
    void *memory;
    int repeats;
    double flops, samples[MOST_ROUNDS];
};

static float *filled(float **at, size_t n)
{
    float *p = *at;
    for (size_t i = 0; i < n; i++)
        p[i] = (float)((i * 2654435761u >> 8) & 0xffff) / 65536.0f - 0.5f;
    *at += (n + 15) / 16 * 16;
    return p;
}

enum { SLACK = 32 }; /* rows behind an operand */

static size_t operand_floats(int channels, size_t rows)
{
    return 32 * (size_t)((channels + 31) / 32) * (rows + 2 * HALO + SLACK); /* hi and lo make up a float */
}

static struct ora_operand operand(float **at, int channels, size_t rows)
{
    size_t n = operand_floats(channels, rows);
    uint16_t *hi = (uint16_t *)*at;
    *at += n;
    memset(hi, 0, n * sizeof(float));
    return (struct ora_operand){hi + 32 * HALO, hi + n + 32 * HALO, 32 * (rows + 2 * HALO + SLACK)};
}

/* x comes as an operand, the leaky result goes as one. */
static void use_operands(struct rig *g, const struct shape *s, float **at)
{
    g->run.x_operand = operand(at, s->in, (size_t)s->rows);
    g->run.leaky_operand = operand(at, s->out, (size_t)s->rows * (size_t)s->step);
    g->k->operand(g->run.x_operand, g->run.x, s->rows, s->in);
    g->run.leaky.p = NULL;
}

static bool takes_operands(const struct ora_kernels *k, const struct shape *s)
{
    struct ora_conv_spec spec = {.in = s->in, .out = s->out, .taps = s->taps, .tolerant = true};
    return k->takes && k->takes(&spec) != ORA_OPERANDS_NONE;
}

static void rig_init(struct rig *g, const struct ora_kernels *k, const struct shape *s, bool operands)
{
    size_t n_x = ora_b16_floats(s->in, (size_t)s->rows, HALO);
    size_t out_rows = (size_t)s->rows * (size_t)s->step, n_y = ora_b16_floats(s->out, out_rows, 0);
    size_t n_w = (size_t)s->in * (size_t)s->out * (size_t)s->taps;
    struct ora_conv_spec spec = {.in = s->in,
                                 .out = s->out,
                                 .taps = s->taps,
                                 .dilation = s->dilation,
                                 .first = ora_conv_first(s->taps, s->dilation),
                                 .weight_scale = 0.01f,
                                 .tolerant = true,
                                 .placed = true};
    size_t packed = k->pack_bytes(&spec) + sizeof(float) * (size_t)(s->out + 64);
    size_t n_operands = operand_floats(s->in, (size_t)s->rows) + operand_floats(s->out, out_rows);
    size_t bytes = sizeof(float) * (n_x + 3 * n_y + n_w + n_operands + 64) + packed + k->scratch_bytes + 4096;
    memset(g, 0, sizeof *g);
    g->k = k;
    g->memory = ora_tryaligned(64, bytes);
    if (!g->memory)
        return;
    float *at = g->memory;
    g->run.x = ora_b16_place(filled(&at, n_x), (size_t)s->rows, HALO);
    g->run.y = ora_b16_place(filled(&at, n_y), out_rows, 0);
    g->run.leaky = ora_b16_place(filled(&at, n_y), out_rows, 0);
    g->run.res = s->step == 1 ? g->run.y : (struct ora_b16){0};
    spec.weights = filled(&at, n_w);
    if (operands)
        use_operands(g, s, &at);
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_WRITE, at, packed);
    ora_packer_conv(&p, &spec, &g->conv);
    g->run.scratch = (unsigned char *)at + (packed + 63) / 64 * 64;
    g->run.rows = s->rows;
    g->run.row_step = s->step;
    g->run.slope = 0.1f;
    g->run.total = s->rows;
    g->flops = 2.0 * s->in * s->out * s->taps * s->rows;
    g->repeats = (int)(2.5e8 / g->flops) + 1;
}

static double measure(struct rig *g)
{
    double t0 = ora_clock_thread_cpu_s();
    for (int i = 0; i < g->repeats; i++)
        g->k->conv(&g->conv, &g->run);
    return 1e-9 * g->flops * g->repeats / (ora_clock_thread_cpu_s() - t0);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

/* Least share of peak, in percent; few rows are no matter of the inner loop. */
static double floor_percent(const struct shape *s, int level)
{
    if (s->rows < 100)
        return 0;
    if (strcmp(level_names[level], "avx512") == 0)
        return s->in == 32 ? 70 : 80;
    return strcmp(level_names[level], "avx2") == 0 ? 85 : 0;
}

static int level_width(int level)
{
    return level ? 23 : 6; /* OpenBLAS has no peak beside it */
}

static void print_heading(const char *what)
{
    printf("%-26s", what);
    for (int l = 0; l < LEVELS - 1; l++)
        printf("  %-*s", level_width(l), level_names[l]);
}

/* Prints a row; returns how many levels are below their floor. */
static int bench_shape(const struct shape *s, int rounds, bool operands)
{
    int below = 0;
    struct rig rigs[LEVELS] = {0};
    static double peaks[LEVELS][MOST_ROUNDS];
    double result[LEVELS] = {0};
    int levels = LEVELS - 1; /* scalar is no matter of speed */
    for (int l = 0; l < levels; l++) {
        const struct ora_kernels *k = ora_kernels_find(level_names[l], NULL);
        if (k && (!operands || takes_operands(k, s)))
            rig_init(&rigs[l], k, s, operands);
        if (rigs[l].memory && strstr(level_names[l], "-wino") && !rigs[l].conv.grid) {
            free(rigs[l].memory); /* the direct level runs it */
            rigs[l].memory = NULL;
        }
        if (rigs[l].memory)
            measure(&rigs[l]);
    }
    for (int r = 0; r < rounds; r++)
        for (int l = 0; l < levels; l++)
            if (rigs[l].memory) {
                peaks[l][r] = gflops_of_probe(l);
                rigs[l].samples[r] = measure(&rigs[l]);
            }
    printf("%-26s", s->name);
    for (int l = 0; l < levels; l++) {
        double peak = rigs[l].memory ? median(peaks[l], rounds) : 0;
        result[l] = rigs[l].memory ? median(rigs[l].samples, rounds) : 0;
        if (peak > 0) {
            bool low = (!operands && 100 * result[l] / peak < floor_percent(s, l)) ||
                       (strstr(level_names[l], "-wino") && result[l] < result[l - 2]);
            printf("  %6.1f (%3.0f %% of %5.1f)%s", result[l], 100 * result[l] / peak, peak, low ? "!" : " ");
            below += low;
        } else if (result[l] > 0) {
            printf("  %-6.1f", result[l]);
        } else {
            printf("  %-*s", level_width(l), "-");
        }
        free(rigs[l].memory);
    }
    for (int i = 0; i < 4 && !operands; i++) { /* to blas, and Winograd to its direct level */
        double ratio = i < 2 ? result[i + 1] / result[0] : result[i + 1] / result[i - 1];
        if (ratio > 0)
            printf("  %5.2f", ratio);
        else
            printf("  %5s", "-");
    }
    printf("\n");
    return below;
}

/* ---- the rest of the table, at what five seconds of a medium voice ask for
 * ------------------------------------ */

struct ops_rig {
    const struct ora_kernels *k;
    struct ora_b16 x, y, z; /* 768 channels x 430 rows each, halo 64 */
    struct ora_b16 wave;    /* 32 channels x 16384 rows */
    float *samples, *vector;
    struct ora_attention attention;
    void *packed, *scratch;
};

static void op_attention(struct ops_rig *g)
{
    ora_attention_forward(g->k, &g->attention, g->z, g->x, g->y, g->z, 175, g->scratch);
}
static void op_layer_norm(struct ops_rig *g)
{
    g->k->layer_norm(g->y, g->x, 175, 192, g->vector, g->vector, 1e-5f, ORA_ACT_NONE, (struct ora_b16){0});
}
static void op_gate(struct ops_rig *g)
{
    g->k->gate(g->y, g->x, 430, 12);
}
static void op_depthwise(struct ops_rig *g)
{
    g->k->depthwise(g->y, g->x, 175, 12, 3, 9, -9, g->vector, g->vector);
}
static void op_conv_mono(struct ops_rig *g)
{
    g->k->conv_mono(g->samples, g->wave, 16384, 2, 7, 1, -3, g->vector, 0.0f, ORA_ACT_TANH);
}
static void op_gelu(struct ops_rig *g)
{
    g->k->map(g->samples, g->wave.p, 192 * 176, ORA_ACT_GELU);
}
static void op_normals(struct ops_rig *g)
{
    g->k->normals(g->samples, (const uint32_t *)g->wave.p, 192 * 430 / 2 * 2);
}

static const struct {
    const char *name;
    void (*run)(struct ops_rig *g);
    int calls; /* in five seconds of audio */
} ops[] = {
    {"attention, 2x96, T=175", op_attention, 6}, {"layer norm, 192, T=175", op_layer_norm, 36},
    {"gate, 192, T=430", op_gate, 16},           {"depthwise k3, 192, T=175", op_depthwise, 12},
    {"to one channel, 16384", op_conv_mono, 7},  {"gelu, 192x176", op_gelu, 24},
    {"normals, 192x430", op_normals, 1},
};
enum { OPS = sizeof ops / sizeof *ops };

static void ops_rig_init(struct ops_rig *g, const struct ora_kernels *k)
{
    size_t n = ora_b16_floats(768, 430, HALO), n_wave = ora_b16_floats(32, 16384, HALO), n_vector = 4096;
    float *at = ora_tryaligned(64, sizeof(float) * (3 * n + 2 * n_wave + n_vector));
    g->k = k;
    g->x = ora_b16_place(filled(&at, n), 430, HALO);
    g->y = ora_b16_place(filled(&at, n), 430, HALO);
    g->z = ora_b16_place(filled(&at, n), 430, HALO);
    g->wave = ora_b16_place(filled(&at, n_wave), 16384, HALO);
    g->samples = filled(&at, n_wave);
    g->vector = filled(&at, n_vector);
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_WRITE, ora_tryaligned(64, 1 << 20), 1 << 20);
    ora_packer_attention(&p, 2, 96, 4, g->vector, g->vector, &g->attention);
    g->scratch = ora_tryaligned(64, ora_attention_scratch_bytes(k, &g->attention, 430));
}

/* All but the convolution of a Winograd level is its direct level's. */
static bool has_ops(int level)
{
    return !strstr(level_names[level], "-wino") && !strstr(level_names[level], "-bf16") &&
           strncmp(level_names[level], "amx", 3) != 0; /* they have the ops of their direct level */
}

/* Memory of the rigs is left to the end of the program. */
static void bench_ops(int rounds, const char *only)
{
    static struct ops_rig rigs[LEVELS];
    static double samples[LEVELS][MOST_ROUNDS];
    for (int l = 0; l < LEVELS; l++) {
        const struct ora_kernels *k = ora_kernels_find(level_names[l], NULL);
        if (k && has_ops(l))
            ops_rig_init(&rigs[l], k);
    }
    printf("\nmicroseconds a call (milliseconds in 5 s of audio)\n%-26s", "");
    for (int l = 0; l < LEVELS; l++)
        if (has_ops(l))
            printf("  %-16s", level_names[l]);
    printf("\n");
    for (int i = 0; i < OPS; i++) {
        if (!strstr(ops[i].name, only))
            continue;
        printf("%-26s", ops[i].name);
        for (int r = 0; r < rounds; r++)
            for (int l = 0; l < LEVELS; l++) {
                double t0 = ora_clock_thread_cpu_s();
                for (int j = 0; rigs[l].k && j < 4; j++)
                    ops[i].run(&rigs[l]);
                samples[l][r] = 1e6 / 4 * (ora_clock_thread_cpu_s() - t0);
            }
        for (int l = 0; l < LEVELS; l++) {
            if (!has_ops(l))
                continue;
            double us = median(samples[l], rounds);
            printf("  %8.1f (%5.2f)", us, us * ops[i].calls * 1e-3);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    const char *only = "";
    int rounds = 9, below = 0;
    bool check = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--check") == 0) {
            check = true;
        } else if (strcmp(argv[i], "--only") == 0) {
            only = value;
            i++;
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = atoi(value);
            i++;
        } else {
            fprintf(stderr, "usage: kernels_bench [--only SUBSTRING] [--rounds N] [--check]\n");
            return 2;
        }
    }
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    struct ora_fpu_state fpu = ora_fpu_enter();
    const struct ora_kernels *blas = ora_kernels_find("blas", NULL);
    printf("GFLOP/s, medians of %d rounds; OpenBLAS core %s; shares are of the peak of an FMA loop in the "
           "same rounds\n",
           rounds, blas ? blas->detail() : "?");
    print_heading("shape");
    printf("  %5s  %5s  %5s  %5s\n", "a2/bl", "a5/bl", "w2/a2", "w5/a5");
    for (int i = 0; i < SHAPES; i++)
        if (strstr(shapes[i].name, only))
            below += bench_shape(&shapes[i], rounds, false);
    print_heading("\noperands between layers");
    printf("\n");
    for (int i = 0; i < SHAPES; i++)
        if (strstr(shapes[i].name, only) && (shapes[i].name[0] == 'C' || strstr(shapes[i].name, "a tile")))
            bench_shape(&shapes[i], rounds, true);
    bench_ops(rounds, only);
    ora_fpu_leave(fpu);
    if (below)
        printf("%d figures marked ! are below their floor\n", below);
    return check && below ? 1 : 0;
}
