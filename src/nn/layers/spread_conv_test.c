/*
 * The composed convolution over spread vectors against two convolutions in a row, by definition and in
 * double: at every level, with frames that hold nothing, at lengths where both ends fall into one row; the
 * arena as large as promised. SNR floor 110 dB as for one convolution (conv_test.c).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/test.h"
#include "nn/layers/spread_conv.h"

/* SPLIT: of levels that multiply two bfloat16 an operand, where a layer has 109 dB (bf16_test.c) */
enum { SNR_FLOOR_DB = 110, SPLIT_FLOOR_DB = 100, KERNEL = 4 };

struct spread_case {
    int channels, vectors, frames;
};
static const struct spread_case cases[] = {{16, 1, 4}, {16, 3, 8}, {40, 7, 36}, {23, 12, 64}, {64, 30, 28}};
enum { CASES = sizeof cases / sizeof *cases };

static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{3, 5}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct rig {
    struct spread_case c;
    float *w[2], *b[2], *e;
    int32_t *index;
    double *exact; /* [frames/4][channels] */
};

/* y[t] = b + sum_j w_j x[2t - 1 + j], zeros outside: rows of n channels. */
static void strided(double *y, const double *x, int rows, int n, const float *w, const float *b)
{
    for (int t = 0; t < rows / 2; t++)
        for (int o = 0; o < n; o++) {
            double sum = (double)b[o];
            for (int j = 0; j < KERNEL; j++) {
                int from = 2 * t - 1 + j;
                for (int i = 0; from >= 0 && from < rows && i < n; i++)
                    sum += (double)w[(o * n + i) * KERNEL + j] * x[from * n + i];
            }
            y[t * n + o] = sum;
        }
}

static void rig_init(struct rig *g, struct spread_case c)
{
    size_t n = (size_t)c.channels, weights = n * n * KERNEL;
    g->c = c;
    for (int i = 0; i < 2; i++) {
        g->w[i] = ora_xmalloc(sizeof(float) * weights);
        g->b[i] = ora_xmalloc(sizeof(float) * n);
        for (size_t j = 0; j < weights; j++)
            g->w[i][j] = noise((uint32_t)i, (uint32_t)j);
        for (size_t j = 0; j < n; j++)
            g->b[i][j] = noise(2 + (uint32_t)i, (uint32_t)j);
    }
    g->e = ora_xmalloc(sizeof(float) * n * (size_t)c.vectors);
    for (size_t j = 0; j < n * (size_t)c.vectors; j++)
        g->e[j] = noise(4, (uint32_t)j);
    g->index = ora_xmalloc(sizeof *g->index * (size_t)c.frames);
    for (int t = 0; t < c.frames; t++)
        g->index[t] = t % 7 == 5 ? -1 : (int)((int64_t)t * c.vectors / c.frames);
    double *x = ora_xcalloc((size_t)c.frames * n, sizeof *x),
           *mid = ora_xcalloc((size_t)c.frames * n, sizeof *mid);
    g->exact = ora_xcalloc((size_t)c.frames * n, sizeof *g->exact);
    for (int t = 0; t < c.frames; t++)
        for (int i = 0; g->index[t] >= 0 && i < c.channels; i++)
            x[t * c.channels + i] = (double)g->e[g->index[t] * c.channels + i];
    strided(mid, x, c.frames, c.channels, g->w[0], g->b[0]);
    strided(g->exact, mid, c.frames / 2, c.channels, g->w[1], g->b[1]);
    free(x);
    free(mid);
}

static void rig_release(struct rig *g)
{
    for (int i = 0; i < 2; i++) {
        free(g->w[i]);
        free(g->b[i]);
    }
    free(g->e);
    free(g->index);
    free(g->exact);
}

static void *pack(const struct rig *g, const struct ora_kernels *k, struct ora_spread *s)
{
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_spread(&p, s, g->w[0], g->b[0], g->w[1], g->b[1], g->c.channels);
    size_t bytes = p.bytes;
    void *memory = ora_tryaligned(64, bytes);
    ora_packer_init(&p, k, ORA_PACK_WRITE, memory, bytes);
    ora_packer_spread(&p, s, g->w[0], g->b[0], g->w[1], g->b[1], g->c.channels);
    ORA_CHECK(!p.overrun && p.bytes == bytes);
    return memory;
}

/* out: [frames/4][channels] */
static void run(const struct rig *g, const struct ora_kernels *k, float *out)
{
    struct ora_arena arena;
    struct ora_err err = {0};
    struct ora_spread s;
    struct spread_case c = g->c;
    void *packed = pack(g, k, &s), *scratch = ora_tryaligned(64, k->scratch_bytes + 64);
    size_t bytes = ora_spread_bytes(&s, c.vectors);
    float *e = ora_tryaligned(64, sizeof *e * ora_b16_floats(c.channels, (size_t)c.vectors, 0));
    float *y = ora_tryaligned(64, sizeof *y * ora_b16_floats(c.channels, (size_t)c.frames / 4, 0));
    struct ora_b16 be = ora_b16_place(e, (size_t)c.vectors, 0),
                   by = ora_b16_place(y, (size_t)c.frames / 4, 0);
    ORA_CHECK_INT(ora_arena_init(&arena, bytes, &err), 0);
    struct ora_compute compute = {.k = k, .arena = &arena, .scratch = scratch};
    k->from_tc(be, g->e, (size_t)c.channels, c.vectors, c.channels);
    ORA_CHECK_INT(ora_spread_forward(&compute, &s, be, c.vectors, g->index, c.frames, by, &err), 0);
    ORA_CHECK(arena.peak_bytes == bytes);
    k->to_tc(out, (size_t)c.channels, by, c.frames / 4, c.channels);
    for (int i = c.channels; i < ORA_LANES * ora_blocks(c.channels); i++)
        ORA_CHECK(*ora_b16_element(by, 0, i) == 0.0f);
    ora_arena_release(&arena);
    free(packed);
    free(scratch);
    free(e);
    free(y);
}

ORA_TEST(equals_two_convolutions)
{
    for (size_t l = 0; ora_kernels_at(l); l++)
        for (int i = 0; i < CASES && ora_kernels_at(l)->available(); i++) {
            struct rig g;
            double signal = 0, error = 1e-300;
            rig_init(&g, cases[i]);
            size_t n = (size_t)g.c.frames / 4 * (size_t)g.c.channels;
            float *out = ora_xmalloc(sizeof *out * n);
            run(&g, ora_kernels_at(l), out);
            for (size_t j = 0; j < n; j++) {
                signal += g.exact[j] * g.exact[j];
                error += pow((double)out[j] - g.exact[j], 2);
            }
            double snr = 10 * log10(signal / error);
            int floor_db = ora_kernels_at(l)->operands == ORA_OPERANDS_HI_LO ? SPLIT_FLOOR_DB : SNR_FLOOR_DB;
            if (!(snr >= floor_db))
                ORA_FAIL("%s, case %d: SNR %.1f dB, wanted %d", ora_kernels_at(l)->name, i, snr, floor_db);
            free(out);
            rig_release(&g);
        }
}
