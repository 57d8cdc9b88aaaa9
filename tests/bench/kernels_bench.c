/*
 * Speed of the convolution, level by level, on the shapes of a Piper medium voice (and some of a high one and
 * of MegaTTS 3): GFLOP/s and the share of the peak that a bare loop of the level's instruction reaches in the
 * same round, beside OpenBLAS (level "blas": im2col + sgemm).
 *
 *     taskset -c 1 build/release/bin/bench/kernels_bench [--only SUBSTRING] [--level NAME] [--rounds N]
 * [--check] [--json FILE]
 *
 * Winograd levels: GFLOP/s of the direct form's work, so that shares pass 100 %; "-" where the direct kernel
 * runs the layer.
 *
 * Floors, in percent of the peak, stand in `floors`; a Winograd level must be faster than the direct one. A
 * compiler that puts accumulators on the stack gives 30 %. With --check the program ends with 1 when a level
 * falls below its floor.
 *
 * All layers are marked tolerant, so levels of bfloat16 show their plain products. The second table gives
 * them their operand and takes the leaky output as one, as layers chained by epilogues do. A level that this
 * processor lacks is shown as "-".
 *
 * Each round measures peak and every level in turn, so that a clock that drifts moves them together; medians
 * of CPU time are printed. Epilogue: bias + residual + store + leaky store, the heaviest that VITS uses. Not
 * part of ctest: times need a quiet machine.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "nn/kernels/b16.h"
#include "nn/layers/attention.h"
#include "nn/layers/upsample.h"

#include "probe.h"
#include "rows.h"
#include "stats.h"

enum { MOST_ROUNDS = 101, HALO = 64, LEVELS_MAX = 16 };

/* Every level that was built but scalar, which is no matter of speed; in the order of their table, blas
 * first. */
static const struct ora_kernels *levels[LEVELS_MAX];
static int level_count;

struct shape {
    const char *name;
    int in, out, taps, dilation, rows, step; /* step > 1: an upsampler of that rate; rows are of its input.
                                                taps 0: attention, `in` channels a head, `out` in all */
};

static const struct shape shapes[] = {
    {"enc 192->192 k1, T=175", 192, 192, 1, 1, 175, 1},
    {"enc 192->768 k3, T=175", 192, 768, 3, 1, 175, 1},
    {"enc 768->192 k3, T=175", 768, 192, 3, 1, 175, 1},
    {"WN 192->384 k5, T=430", 192, 384, 5, 1, 430, 1},
    {"WN 192->384 k1, T=430", 192, 384, 1, 1, 430, 1},
    {"conv_pre 192->256 k7", 192, 256, 7, 1, 430, 1},
    {"ups 256->8x128", 256, 128, 2, 1, 128, 8},
    {"C128 k3 d2", 128, 128, 3, 2, 768, 1},
    {"C128 k5 d6", 128, 128, 5, 6, 768, 1},
    {"C128 k7 d12", 128, 128, 7, 12, 768, 1},
    {"ups 128->8x64", 128, 64, 2, 1, 128, 8},
    {"C64 k3 d2", 64, 64, 3, 2, 1024, 1},
    {"C64 k5 d6", 64, 64, 5, 6, 1024, 1},
    {"C64 k7 d12", 64, 64, 7, 12, 1024, 1},
    {"ups 64->4x32", 64, 32, 2, 1, 256, 4},
    {"C32 k3 d2", 32, 32, 3, 2, 2048, 1},
    {"C32 k5 d6", 32, 32, 5, 6, 2048, 1},
    {"C32 k7 d12", 32, 32, 7, 12, 2048, 1},
    {"high ups 512->8x256", 512, 256, 2, 1, 128, 8},
    {"high C256 k3 d5", 256, 256, 3, 5, 512, 1},
    {"high C256 k7 d5", 256, 256, 7, 5, 512, 1},
    {"high C256 k11 d5", 256, 256, 11, 5, 512, 1},
    {"high C128 k11 d5", 128, 128, 11, 5, 768, 1},
    {"high C64 k11 d5", 64, 64, 11, 5, 1024, 1},
    {"high C32 k11 d5", 32, 32, 11, 5, 2048, 1},
    {"V C512 k7 d5", 512, 512, 7, 5, 500, 1},
    {"V C512 k11 d5", 512, 512, 11, 5, 500, 1},
    {"V C1024 k3 d5, sliced", 1024, 1024, 3, 5, 500, 1},
    {"V C1024 k11 d5, sliced", 1024, 1024, 11, 5, 500, 1},
    {"DiT 1024->1024, a tile", 1024, 1024, 1, 1, 224, 1},
    {"DiT 1024->2048, a tile", 1024, 2048, 1, 1, 224, 1},
    {"DiT 1024->3072, a tile", 1024, 3072, 1, 1, 224, 1},
    {"DiT 2048->1024, a tile", 2048, 1024, 1, 1, 224, 1},
    {"DiT 4096->1024, a tile", 4096, 1024, 1, 1, 224, 1},
    {"DiT scores, a head", 64, 512, 1, 1, 112, 1},
    {"DiT values, a head", 512, 64, 1, 1, 112, 1},
    {"short 192->768 k3, T=8", 192, 768, 3, 1, 8, 1},
    {"attention 16x64, T=760", 64, 1024, 0, 1, 760, 1},
    {"attention 16x64, T=2250", 64, 1024, 0, 1, 2250, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- levels and floors
 * ------------------------------------------------------------------------------------- */

static void list_levels(const char *only)
{
    const struct ora_kernels *k;
    if (only) {
        levels[level_count++] = ora_kernels_find(only, NULL);
        return;
    }
    levels[level_count++] = ora_kernels_find("blas", NULL);
    for (size_t i = 0; (k = ora_kernels_at(i)) && level_count < LEVELS_MAX; i++)
        if (strcmp(k->name, "scalar") != 0 && strcmp(k->name, "blas") != 0)
            levels[level_count++] = k;
}

/* Least share of peak in percent: convolutions of 3 taps and more with 32 channels, with more, and linears.
 */
static const struct {
    const char *level;
    int narrow, wide, linear;
} floors[] = {{"avx512", 70, 80, 75}, {"avx2", 85, 85, 75}, {"amx-split", 50, 70, 50}, {"amx", 25, 45, 45}};

static int floor_percent(const struct shape *s, const struct ora_kernels *k)
{
    if (s->rows < 128 || s->taps == 0 || s->taps == 2) /* few rows are no matter of the inner loop */
        return 0;
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++)
        if (strcmp(floors[i].level, k->name) == 0)
            return s->taps == 1 ? floors[i].linear : s->in == 32 ? floors[i].narrow : floors[i].wide;
    return 0;
}

/* The level that a Winograd level takes its other layers from: its name without "-wino". -1: none. */
static int direct_of(int level)
{
    const char *name = levels[level]->name, *end = strstr(name, "-wino");
    for (int i = 0; end && i < level_count; i++)
        if (strlen(levels[i]->name) == (size_t)(end - name) &&
            strncmp(levels[i]->name, name, (size_t)(end - name)) == 0)
            return i;
    return -1;
}

/* ---- one shape at one level
 * --------------------------------------------------------------------------------- */

struct rig {
    const struct ora_kernels *k;
    struct ora_conv conv;
    struct ora_upsampler up;
    struct ora_attention attention;
    struct ora_conv_run run;
    int up_rows; /* > 0: of an upsampler's output */
    const float *weights;
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

static void pack_shape(struct ora_packer *p, const struct ora_conv_spec *spec, const struct shape *s,
                       struct rig *g)
{
    if (s->step > 1)
        ora_packer_upsampler(p, spec, s->step, &g->up);
    else
        ora_packer_conv(p, spec, &g->conv);
}

/* Queries, keys and values in run.x, .res and .leaky, with an odd stride as the models have it. */
static void rig_init_attention(struct rig *g, const struct ora_kernels *k, const struct shape *s)
{
    struct ora_packer p;
    size_t rows = (size_t)s->rows | 1, n = ora_b16_floats(s->out, rows, 0);
    memset(g, 0, sizeof *g);
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_attention(&p, s->out / s->in, s->in, 0, NULL, NULL, &g->attention);
    g->attention.tolerant = true;
    g->k = k;
    g->memory =
        ora_tryaligned(64, sizeof(float) * 4 * n + ora_attention_scratch_bytes(k, &g->attention, s->rows));
    if (!g->memory)
        return;
    float *at = g->memory;
    g->run.x = ora_b16_place(filled(&at, n), rows, 0);
    g->run.res = ora_b16_place(filled(&at, n), rows, 0);
    g->run.leaky = ora_b16_place(filled(&at, n), rows, 0);
    g->run.y = ora_b16_place(filled(&at, n), rows, 0);
    g->run.scratch = at;
    g->run.rows = s->rows;
    g->flops = 4.0 * s->out * s->rows * s->rows;
    g->repeats = 1;
}

static void rig_init(struct rig *g, const struct ora_kernels *k, const struct shape *s, bool operands)
{
    if (s->taps == 0) {
        rig_init_attention(g, k, s);
        return;
    }
    size_t n_x = ora_b16_floats(s->in, (size_t)s->rows, HALO);
    size_t out_rows = (size_t)s->rows * (size_t)s->step, n_y = ora_b16_floats(s->out, out_rows, 0);
    size_t n_w = (size_t)s->in * (size_t)s->out * (size_t)(s->taps * s->step);
    struct ora_conv_spec spec = {.in = s->in,
                                 .out = s->out,
                                 .taps = s->taps,
                                 .dilation = s->dilation,
                                 .first = ora_conv_first(s->taps, s->dilation),
                                 .weight_scale = 0.01f,
                                 .tolerant = true,
                                 .placed = true};
    struct ora_packer p;
    memset(g, 0, sizeof *g);
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    pack_shape(&p, &spec, s, g);
    size_t packed = p.bytes;
    size_t n_operands = operand_floats(s->in, (size_t)s->rows) + operand_floats(s->out, out_rows);
    size_t bytes = sizeof(float) * (n_x + 3 * n_y + n_w + n_operands + 64) + packed + k->scratch_bytes + 4096;
    g->k = k;
    g->memory = ora_tryaligned(64, bytes);
    if (!g->memory)
        return;
    float *at = g->memory;
    g->run.x = ora_b16_place(filled(&at, n_x), (size_t)s->rows, HALO);
    g->run.y = ora_b16_place(filled(&at, n_y), out_rows, 0);
    g->run.leaky = ora_b16_place(filled(&at, n_y), out_rows, 0);
    g->run.res = s->step == 1 ? g->run.y : (struct ora_b16){0};
    spec.weights = g->weights = filled(&at, n_w);
    if (operands)
        use_operands(g, s, &at);
    ora_packer_init(&p, k, ORA_PACK_WRITE, at, packed);
    pack_shape(&p, &spec, s, g);
    g->run.scratch = (unsigned char *)at + (packed + 63) / 64 * 64;
    g->run.rows = s->rows;
    g->run.slope = 0.1f;
    g->run.total = s->rows * s->step;
    g->up_rows = s->step > 1 ? s->rows * s->step : 0;
    g->flops = 2.0 * s->in * s->out * s->taps * s->rows * s->step;
    g->repeats = (int)(2.5e8 / g->flops) + 1;
}

static double measure(struct rig *g)
{
    double t0 = ora_clock_thread_cpu_s();
    for (int i = 0; i < g->repeats; i++)
        if (g->attention.heads)
            ora_attention_forward(g->k, &g->attention, g->run.y, g->run.x, g->run.res, g->run.leaky,
                                  g->run.rows, g->run.scratch);
        else if (g->up_rows)
            ora_upsample_forward(g->k, &g->up, g->run.x, 0, g->up_rows, &g->run);
        else
            g->k->conv(&g->conv, &g->run);
    return 1e-9 * g->flops * g->repeats / (ora_clock_thread_cpu_s() - t0);
}

/* One figure of the table, as text and as a row. Returns whether it is below its floor. */
static bool report(const struct shape *s, int level, bool operands, const double *result, double peak)
{
    const struct ora_kernels *k = levels[level];
    int percent = floor_percent(s, k), direct = direct_of(level);
    double share = peak > 0 ? result[level] / peak : 0;
    bool low = 100 * share < percent || (direct >= 0 && s->rows >= 128 && result[level] < result[direct]);
    if (peak > 0)
        printf("  %6.1f (%3.0f %% of %6.1f)%s", result[level], 100 * share, peak, low ? "!" : " ");
    else
        printf("  %-6.1f", result[level]);
    rows_add(json_pack("{s:s, s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:o}", "group", "kernel", "what", s->name,
                       "level", k->name, "form", operands ? "operands" : "floats", "value", result[level],
                       "unit", "GFLOP/s", "peak", peak > 0 ? json_real(peak) : json_null(), "bar",
                       percent ? json_real(percent / 100.0) : json_null(), "beside",
                       direct >= 0 && result[direct] > 0 ? json_real(result[direct]) : json_null()));
    return low;
}

static int level_width(int level)
{
    return level ? 24 : 6; /* OpenBLAS has no peak beside it */
}

static void print_heading(const char *what)
{
    printf("%-26s", what);
    for (int l = 0; l < level_count; l++)
        printf("  %-*s", level_width(l), levels[l]->name);
    printf("\n");
}

static bool runs(int level, const struct shape *s, bool operands, struct rig *rig)
{
    const struct ora_kernels *k = levels[level];
    if (!ora_kernels_find(k->name, NULL) || (operands && !takes_operands(k, s)))
        return false;
    rig_init(rig, k, s, operands);
    if (rig->memory && direct_of(level) >= 0 && !rig->conv.grid &&
        !rig->up.all.grid) { /* the direct level runs it */
        free(rig->memory);
        rig->memory = NULL;
    }
    return rig->memory != NULL;
}

/* The level whose instruction runs the layer: rows made in groups are Winograd's, which is floats at every
 * level. */
static const char *prober(int level, const struct rig *rig)
{
    return (rig->conv.grid || rig->up.all.grid) && direct_of(level) < 0 ? ora_kernels_find(NULL, NULL)->name
                                                                        : levels[level]->name;
}

/* Prints a row; returns how many levels are below their floor. */
static int bench_shape(const struct shape *s, int rounds, bool operands)
{
    int below = 0;
    struct rig rigs[LEVELS_MAX] = {0};
    static double peaks[LEVELS_MAX][MOST_ROUNDS];
    double result[LEVELS_MAX] = {0};
    for (int l = 0; l < level_count; l++)
        if (runs(l, s, operands, &rigs[l]))
            measure(&rigs[l]);
    for (int r = 0; r < rounds; r++)
        for (int l = 0; l < level_count; l++)
            if (rigs[l].memory) {
                peaks[l][r] = probe_peak_gflops(prober(l, &rigs[l]));
                rigs[l].samples[r] = measure(&rigs[l]);
            }
    for (int l = 0; l < level_count; l++)
        result[l] = rigs[l].memory ? stats_median(rigs[l].samples, rounds) : 0;
    printf("%-26s", s->name);
    for (int l = 0; l < level_count; l++) {
        if (rigs[l].memory)
            below += report(s, l, operands, result, stats_median(peaks[l], rounds));
        else
            printf("  %-*s", level_width(l), "-");
        free(rigs[l].memory);
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

/* Levels by name have the ops of their direct level. */
static bool has_ops(int level)
{
    return ora_kernels_find(levels[level]->name, NULL) && (!levels[level]->by_name || level == 0);
}

/* Memory of the rigs is left to the end of the program. */
static void bench_ops(int rounds, const char *only)
{
    static struct ops_rig rigs[LEVELS_MAX];
    static double samples[LEVELS_MAX][MOST_ROUNDS];
    printf("\nmicroseconds a call (milliseconds in 5 s of audio)\n%-26s", "");
    for (int l = 0; l < level_count; l++)
        if (has_ops(l)) {
            ops_rig_init(&rigs[l], levels[l]);
            printf("  %-16s", levels[l]->name);
        }
    printf("\n");
    for (int i = 0; i < OPS; i++) {
        if (!strstr(ops[i].name, only))
            continue;
        printf("%-26s", ops[i].name);
        for (int r = 0; r < rounds; r++)
            for (int l = 0; l < level_count; l++) {
                double t0 = ora_clock_thread_cpu_s();
                for (int j = 0; rigs[l].k && j < 4; j++)
                    ops[i].run(&rigs[l]);
                samples[l][r] = 1e6 / 4 * (ora_clock_thread_cpu_s() - t0);
            }
        for (int l = 0; l < level_count; l++) {
            if (!has_ops(l))
                continue;
            double us = stats_median(samples[l], rounds);
            printf("  %8.1f (%5.2f)", us, us * ops[i].calls * 1e-3);
            rows_add(json_pack("{s:s, s:s, s:s, s:f, s:s}", "group", "op", "what", ops[i].name, "level",
                               levels[l]->name, "value", us, "unit", "us"));
        }
        printf("\n");
    }
}

/* ---- accuracy
 * --------------------------------------------------------------------------------------------------- */

/* One layer of a level against a sum in double of the same floats, in dB. */
static double snr_db(const struct ora_kernels *k, const struct shape *s)
{
    struct rig g;
    double signal = 0, error = 0;
    rig_init(&g, k, s, false);
    if (!g.memory)
        return 0;
    g.run.res = g.run.leaky = (struct ora_b16){0};
    k->conv(&g.conv, &g.run);
    for (int t = 0; t < s->rows; t++)
        for (int o = 0; o < s->out; o += 7) {
            const float *w = g.weights + (size_t)o * (size_t)(s->in * s->taps);
            double sum = 0;
            for (int i = 0; i < s->in; i++)
                for (int j = 0; j < s->taps; j++, w++)
                    sum += (double)(*w * 0.01f) *
                           (double)*ora_b16_element(g.run.x, t + g.conv.first + j * s->dilation, i);
            double off = (double)*ora_b16_element(g.run.y, t, o) - sum;
            signal += sum * sum;
            error += off * off;
        }
    free(g.memory);
    return 10 * log10(signal / (error + 1e-300));
}

static void bench_snr(const char *only)
{
    static const struct shape layers[] = {
        {"SNR C128 k3", 128, 128, 3, 1, 200, 1},   {"SNR C128 k5", 128, 128, 5, 1, 200, 1},
        {"SNR C128 k7", 128, 128, 7, 1, 200, 1},   {"SNR C128 k11", 128, 128, 11, 1, 200, 1},
        {"SNR C256 k11", 256, 256, 11, 1, 200, 1}, {"SNR C512 k7", 512, 512, 7, 1, 200, 1},
        {"SNR C512 k11", 512, 512, 11, 1, 200, 1},
    };
    printf("\ndB against a sum in double\n%-26s", "");
    for (int l = 0; l < level_count; l++)
        printf("  %-12s", levels[l]->name);
    printf("\n");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (!strstr(layers[i].name, only))
            continue;
        printf("%-26s", layers[i].name);
        for (int l = 0; l < level_count; l++) {
            const struct ora_kernels *k = ora_kernels_find(levels[l]->name, NULL);
            if (k)
                printf("  %-12.1f", snr_db(k, &layers[i]));
            else
                printf("  %-12s", "-");
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    const char *only = "", *level = NULL;
    int rounds = 9, below = 0;
    bool check = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--check") == 0) {
            check = true;
        } else if (strcmp(argv[i], "--only") == 0) {
            only = value;
            i++;
        } else if (strcmp(argv[i], "--level") == 0) {
            level = value;
            i++;
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = atoi(value);
            i++;
        } else if (strcmp(argv[i], "--json") == 0) {
            rows_open(value);
            i++;
        } else {
            fprintf(stderr, "usage: kernels_bench [--only SUBSTRING] [--level NAME] [--rounds N] [--check] "
                            "[--json FILE]\n");
            return 2;
        }
    }
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    struct ora_fpu_state fpu = ora_fpu_enter();
    list_levels(level);
    if (!levels[0]) {
        fprintf(stderr, "kernels_bench: this processor has no level '%s'\n", level);
        return 2;
    }
    printf(
        "GFLOP/s, medians of %d rounds; OpenBLAS core %s; shares are of the peak of the level's instruction "
        "in the same rounds\n",
        rounds, levels[0]->detail());
    print_heading("shape");
    for (int i = 0; i < SHAPES; i++)
        if (strstr(shapes[i].name, only))
            below += bench_shape(&shapes[i], rounds, false);
    printf("\n");
    print_heading("operands between layers");
    for (int i = 0; i < SHAPES; i++)
        if (strstr(shapes[i].name, only) && (shapes[i].name[0] == 'C' || strstr(shapes[i].name, "a tile")))
            bench_shape(&shapes[i], rounds, true);
    bench_ops(rounds, only);
    bench_snr(only);
    ora_fpu_leave(fpu);
    rows_close();
    if (below)
        printf("%d figures marked ! are below their floor\n", below);
    return check && below ? 1 : 0;
}
