/*
 * A convolution in a rig, for the tests of every level: odd shapes, every epilogue, a naive double sum to
 * compare with, and cuts of the rows that must not change a bit.
 */
#ifndef ORA_NN_KERNELS_CONV_RIG_H
#define ORA_NN_KERNELS_CONV_RIG_H

#include <stdlib.h>

#include "base/rng.h"
#include "base/test.h"
#include "nn/kernels/b16.h"
#include "nn/kernels/pack.h"

enum { HALO = 64, MAX_ROWS = 700 };

struct shape {
    int in, out, taps, dilation, rows, step;
    enum {
        FLOATS,
        HALVES,
        HALF_VALUES,
        TOLERANT,
        STRICT
    } weights; /* HALF_VALUES: floats that are bfloat16 */
};

static const struct shape shapes[] = {
    {1, 1, 1, 1, 1, 1, FLOATS},       {16, 16, 1, 1, 2, 1, FLOATS},   {17, 29, 3, 1, 3, 1, FLOATS},
    {40, 24, 5, 2, 5, 1, FLOATS},     {32, 32, 7, 12, 40, 1, FLOATS}, {33, 65, 3, 6, 13, 2, FLOATS},
    {96, 192, 1, 1, 14, 1, FLOATS},   {8, 48, 11, 5, 27, 1, FLOATS},  {64, 64, 3, 2, 28, 4, FLOATS},
    {20, 100, 7, 1, 29, 1, FLOATS},   {192, 29, 1, 1, 7, 1, FLOATS},  {128, 128, 2, 1, 33, 8, FLOATS},
    {48, 16, 5, 1, 6, 1, FLOATS},     {16, 96, 3, 3, 300, 1, FLOATS}, {600, 40, 11, 1, 37, 1, FLOATS},
    {700, 33, 11, 2, 260, 1, FLOATS}, {96, 48, 1, 1, 12, 1, FLOATS},  {30, 80, 3, 1, 18, 3, FLOATS},
    {64, 31, 5, 6, 19, 1, FLOATS},    {31, 64, 3, 1, 25, 1, FLOATS},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

enum {
    WITH_Y = 1,
    WITH_RES = 2,
    WITH_ADD = 4,
    WITH_LEAKY = 8,
    WITH_RELU = 16,
    IN_PLACE = 32,
    WITH_GELU = 64,
    OWN_BIAS = 128
};

/* Uniform in (-1, 1), a pure function of (what, index). */
static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{7, 11}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct rig {
    struct shape s;
    float *weights, *bias, *memory;
    void *packed, *scratch;
    struct ora_conv conv;
    struct ora_b16 x, res, add, y, leaky;
    size_t out_floats;
};

static struct ora_b16 tensor(float **at, int channels, int rows, int halo, uint32_t what)
{
    size_t n = ora_b16_floats(channels, (size_t)rows, (size_t)halo);
    struct ora_b16 x = ora_b16_place(*at, (size_t)rows, (size_t)halo);
    memset(*at, 0, n * sizeof(float));
    for (int c = 0; c < channels; c++)
        for (int t = 0; t < rows; t++)
            *ora_b16_element(x, t, c) = noise(what, (uint32_t)(t * channels + c));
    *at += n;
    return x;
}

static void rig_init(struct rig *g, const struct ora_kernels *k, struct shape s)
{
    size_t n_w = (size_t)s.in * (size_t)s.out * (size_t)s.taps;
    int out_rows = s.rows * s.step;
    memset(g, 0, sizeof *g);
    g->s = s;
    g->weights = ora_xmalloc(sizeof(float) * n_w);
    g->bias = ora_xmalloc(sizeof(float) * (size_t)(s.out + ORA_LANES));
    for (size_t i = 0; i < n_w; i++)
        g->weights[i] = s.weights == HALVES || s.weights == HALF_VALUES
                            ? ora_half_value(ora_half_of(noise(1, (uint32_t)i)))
                            : noise(1, (uint32_t)i);
    for (int i = 0; i < s.out + ORA_LANES; i++)
        g->bias[i] = i < s.out ? noise(2, (uint32_t)i) : 0.0f;
    g->out_floats = ora_b16_floats(s.out, (size_t)out_rows, 0);
    size_t floats = ora_b16_floats(s.in, (size_t)s.rows, HALO) + 4 * g->out_floats;
    g->memory = ora_tryaligned(64, sizeof(float) * floats);
    float *at = g->memory;
    g->x = tensor(&at, s.in, s.rows, HALO, 3);
    g->res = tensor(&at, s.out, out_rows, 0, 4);
    g->add = tensor(&at, s.out, out_rows, 0, 5);
    g->y = tensor(&at, s.out, out_rows, 0, 6);
    g->leaky = tensor(&at, s.out, out_rows, 0, 7);
    struct ora_conv_spec spec = {.in = s.in,
                                 .out = s.out,
                                 .taps = s.taps,
                                 .dilation = s.dilation,
                                 .first = ora_conv_first(s.taps, s.dilation),
                                 .weights = g->weights,
                                 .bias = g->bias,
                                 .half = s.weights == HALVES,
                                 .tolerant = s.weights == TOLERANT,
                                 .strict = s.weights == STRICT,
                                 .placed = true};
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_conv(&p, &spec, &g->conv);
    size_t bytes = p.bytes;
    g->packed = ora_tryaligned(64, bytes);
    g->scratch = ora_tryaligned(64, k->scratch_bytes + 64);
    ora_packer_init(&p, k, ORA_PACK_WRITE, g->packed, bytes);
    ora_packer_conv(&p, &spec, &g->conv);
    ORA_CHECK(!p.overrun);
}

static void rig_release(struct rig *g)
{
    free(g->weights);
    free(g->bias);
    free(g->memory);
    free(g->packed);
    free(g->scratch);
}

/* Runs rows [from, to) with the epilogue of `flags`. */
static void rig_run(struct rig *g, const struct ora_kernels *k, unsigned flags, const float *own_bias,
                    int from, int to)
{
    ptrdiff_t at = (ptrdiff_t)from * g->s.step;
    struct ora_conv_run r = {.x = ora_b16_at(g->x, 0, from),
                             .rows = to - from,
                             .row_step = g->s.step,
                             .slope = 0.1f,
                             .scratch = g->scratch,
                             .row = from,
                             .total = g->s.rows};
    if (flags & WITH_Y)
        r.y = ora_b16_at(g->y, 0, at);
    if (flags & WITH_RES)
        r.res = ora_b16_at(flags & IN_PLACE ? g->y : g->res, 0, at);
    if (flags & WITH_ADD)
        r.add = ora_b16_at(g->add, 0, at);
    if (flags & WITH_LEAKY)
        r.leaky = ora_b16_at(g->leaky, 0, at);
    if (flags & WITH_RELU)
        r.fn = ORA_ACT_RELU;
    if (flags & WITH_GELU)
        r.fn = ORA_ACT_GELU;
    if (flags & OWN_BIAS)
        r.bias = own_bias;
    k->conv(&g->conv, &r);
}

static double naive(const struct rig *g, unsigned flags, int t, int o)
{
    const struct shape *s = &g->s;
    int at = t * s->step;
    double v = flags & OWN_BIAS ? noise(8, (uint32_t)o) : g->bias[o];
    for (int c = 0; c < s->in; c++)
        for (int j = 0; j < s->taps; j++) {
            int row = t + j * s->dilation - (s->taps - 1) / 2 * s->dilation;
            double x = row < 0 || row >= s->rows ? 0.0 : (double)*ora_b16_element(g->x, row, c);
            v += x * g->weights[((size_t)o * (size_t)s->in + (size_t)c) * (size_t)s->taps + (size_t)j];
        }
    if (flags & WITH_RES)
        v += flags & IN_PLACE ? noise(6, (uint32_t)(at * s->out + o)) : *ora_b16_element(g->res, at, o);
    if (flags & WITH_ADD)
        v += *ora_b16_element(g->add, at, o);
    if (flags & WITH_RELU)
        v = v > 0 ? v : 0;
    if (flags & WITH_GELU)
        v = v * (1 + erf(v / sqrt(2))) / 2;
    return v;
}

static void check_against_naive(const struct ora_kernels *k, struct shape s, unsigned flags, double floor_db)
{
    struct rig g;
    float own_bias[1024] = {0};
    double signal = 0, error = 0;
    rig_init(&g, k, s);
    for (int o = 0; o < s.out; o++)
        own_bias[o] = noise(8, (uint32_t)o);
    rig_run(&g, k, flags, own_bias, 0, s.rows);
    for (int t = 0; t < s.rows; t++)
        for (int o = 0; o < s.out; o++) {
            double want = naive(&g, flags, t, o), leaky = want > 0 ? want : 0.1 * want;
            double e = flags & WITH_Y ? *ora_b16_element(g.y, t * s.step, o) - want : 0;
            if (flags & WITH_LEAKY)
                e = fabs(e) + fabs(*ora_b16_element(g.leaky, t * s.step, o) - leaky);
            signal += want * want;
            error += e * e;
        }
    double snr = 10 * log10(signal / (error + 1e-300));
    if (!(snr >= floor_db))
        ORA_FAIL("%s: %d->%d k%d d%d T%d step %d weights %d epilogue %u: SNR %.1f dB, wanted %.0f", k->name,
                 s.in, s.out, s.taps, s.dilation, s.rows, s.step, s.weights, flags, snr, floor_db);
    /* lanes beyond the last channel stay zero, rows between the strided ones stay as they were */
    for (int t = 0; t < s.rows * s.step; t++) {
        for (int o = s.out; o < ORA_LANES * ora_blocks(s.out); o++)
            if (*ora_b16_element(g.y, t, o) != 0.0f)
                ORA_FAIL("%s: lane %d of row %d is not zero", k->name, o, t);
        if (t % s.step != 0 && *ora_b16_element(g.y, t, 0) != noise(6, (uint32_t)(t * s.out)))
            ORA_FAIL("%s: row %d between strided rows was written", k->name, t);
    }
    rig_release(&g);
}

static const unsigned epilogues[] = {
    WITH_Y,
    WITH_Y | WITH_RELU,
    WITH_Y | WITH_RES,
    WITH_Y | WITH_RES | IN_PLACE,
    WITH_Y | WITH_ADD,
    WITH_LEAKY,
    WITH_Y | WITH_LEAKY,
    WITH_Y | WITH_RES | WITH_LEAKY,
    WITH_Y | WITH_RES | WITH_ADD,
    WITH_LEAKY | WITH_RES | WITH_ADD,
    WITH_Y | WITH_RES | WITH_ADD | WITH_LEAKY | IN_PLACE,
    WITH_Y | WITH_GELU,
    WITH_Y | OWN_BIAS,
    WITH_Y | WITH_RES | WITH_RELU,
};
enum { EPILOGUES = sizeof epilogues / sizeof *epilogues };

static struct shape with_weights(struct shape s, int weights)
{
    s.weights = weights;
    return s;
}

/* Cuts rows into calls of `cut`; the whole output must have the bits of `want`. */
static void check_bits(const struct ora_kernels *k, struct shape s, unsigned flags, int cut,
                       const struct rig *want)
{
    struct rig g;
    rig_init(&g, k, s);
    for (int t = 0; t < s.rows; t += cut)
        rig_run(&g, k, flags, NULL, t, t + cut < s.rows ? t + cut : s.rows);
    if (memcmp(g.y.p, want->y.p, sizeof(float) * g.out_floats) != 0 ||
        memcmp(g.leaky.p, want->leaky.p, sizeof(float) * g.out_floats) != 0)
        ORA_FAIL("%s: %d->%d k%d d%d T%d, rows cut by %d: other bits", k->name, s.in, s.out, s.taps,
                 s.dilation, s.rows, cut);
    rig_release(&g);
}

#endif
