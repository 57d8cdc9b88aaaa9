/*
 * The polyphase upsampler against its two branches by definition and in double: repeat, reflect, convolve;
 * and the transposed convolution as a scatter. At every level, every rate, lengths shorter than the padding;
 * any stretch of output rows has the bits of the whole, needs no more input than is told, and reads none that
 * is not there. SNR floor 110 dB as for one convolution (conv_test.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/test.h"
#include "nn/layers/reflect.h"
#include "nn/layers/repeat_up.h"

/* SPLIT: of levels that multiply two bfloat16 an operand, where a layer has 109 dB (bf16_test.c) */
enum { SNR_FLOOR_DB = 110, SPLIT_FLOOR_DB = 100, TAPS = 7, PAD = 3, TRANS = 10, HALO = 4 };

struct up_case {
    int in, out, rate, rows;
};
static const struct up_case cases[] = {
    {16, 16, 5, 1}, {24, 12, 4, 1},  {17, 20, 3, 1},  {16, 8, 3, 2},
    {48, 24, 5, 9}, {40, 20, 4, 33}, {33, 16, 3, 30},
};
enum { CASES = sizeof cases / sizeof *cases };

static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{4, 6}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct rig {
    struct up_case c;
    const struct ora_kernels *k;
    struct ora_repeat_up up;
    float *conv, *trans, *bias, *packed, *memory, *scratch;
    size_t x_floats, y_floats;
    struct ora_b16 x, y;
    struct ora_arena arena;
    struct ora_compute compute;
};

static float *make(size_t n, uint32_t what)
{
    float *p = ora_xmalloc(n * sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = noise(what, (uint32_t)i);
    return p;
}

/* A source of four tensors. */
static const float *take(void *ctx, const char *name, struct ora_shape shape, bool want, struct ora_err *err)
{
    const struct rig *g = ctx;
    (void)shape, (void)want, (void)err;
    if (strstr(name, "bias"))
        return strstr(name, "conv") ? g->bias : g->bias + g->c.out;
    return strstr(name, "conv") ? g->conv : g->trans;
}

static void bind(struct rig *g, struct ora_packer *p)
{
    struct ora_tensor_source source = {.ctx = g, .take = take};
    struct ora_err err = {0};
    struct ora_binder b = {.source = &source, .packer = p, .err = &err};
    ora_bind_repeat_up(&b, &g->up, g->c.in, g->c.out, g->c.rate, TAPS, TRANS, 5 - g->c.rate / 2, "conv",
                       "trans");
    ORA_CHECK_INT(b.rc, 0);
}

static void rig_init(struct rig *g, const struct ora_kernels *k, struct up_case c)
{
    struct ora_packer p;
    struct ora_err err = {0};
    size_t in = (size_t)c.in, out = (size_t)c.out;
    *g = (struct rig){.c = c, .k = k};
    g->conv = make(in * out * TAPS, 1);
    g->trans = make(in * out * TRANS, 2);
    g->bias = make(2 * out, 3);
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    bind(g, &p);
    size_t bytes = p.bytes;
    g->packed = ora_tryaligned(64, bytes);
    ora_packer_init(&p, k, ORA_PACK_WRITE, g->packed, bytes);
    bind(g, &p);
    g->x_floats = ora_b16_floats(c.in, (size_t)c.rows, HALO);
    g->y_floats = ora_b16_floats(c.out, (size_t)(c.rows * c.rate), 0);
    g->memory = ora_tryaligned(64, sizeof(float) * (g->x_floats + g->y_floats));
    memset(g->memory, 0, sizeof(float) * g->x_floats);
    g->x = ora_b16_place(g->memory, (size_t)c.rows, HALO);
    g->y = ora_b16_place(g->memory + g->x_floats, (size_t)(c.rows * c.rate), 0);
    for (int t = 0; t < c.rows; t++)
        for (int i = 0; i < c.in; i++)
            *ora_b16_element(g->x, t, i) = noise(4, (uint32_t)(t * c.in + i));
    g->scratch = ora_tryaligned(64, k->scratch_bytes + 64);
    ORA_CHECK_INT(ora_arena_init(&g->arena, ora_repeat_up_bytes(&g->up), &err), 0);
    g->compute = (struct ora_compute){.k = k, .arena = &g->arena, .scratch = g->scratch};
}

static void rig_release(struct rig *g)
{
    free(g->conv);
    free(g->trans);
    free(g->bias);
    free(g->packed);
    free(g->memory);
    free(g->scratch);
    ora_arena_release(&g->arena);
}

static double exact(const struct rig *g, int o, int channel)
{
    struct up_case c = g->c;
    int total = c.rows * c.rate, padding = 5 - c.rate / 2;
    double sum = (double)g->bias[channel] + (double)g->bias[c.out + channel];
    for (int k = -PAD; k <= PAD; k++) {
        int row = ora_reflected(o + k, total, PAD);
        for (int i = 0; row >= 0 && i < c.in; i++)
            sum += (double)g->conv[(channel * c.in + i) * TAPS + k + PAD] *
                   (double)*ora_b16_element(g->x, row / c.rate, i);
    }
    for (int q = 0; q < c.rows; q++) {
        int j = o + padding - q * c.rate;
        for (int i = 0; j >= 0 && j < TRANS && i < c.in; i++)
            sum += (double)g->trans[(i * c.out + channel) * TRANS + j] * (double)*ora_b16_element(g->x, q, i);
    }
    return sum;
}

ORA_TEST(equals_both_branches)
{
    for (size_t l = 0; ora_kernels_at(l); l++)
        for (int i = 0; i < CASES && ora_kernels_at(l)->available(); i++) {
            struct rig g;
            struct ora_err err = {0};
            double signal = 0, error = 1e-300;
            rig_init(&g, ora_kernels_at(l), cases[i]);
            int total = g.c.rows * g.c.rate;
            ORA_CHECK_INT(ora_repeat_up_forward(&g.compute, &g.up, g.x, 0, g.c.rows, g.y, 0, total, &err), 0);
            for (int o = 0; o < total; o++)
                for (int ch = 0; ch < g.c.out; ch++) {
                    double want = exact(&g, o, ch);
                    signal += want * want;
                    error += pow((double)*ora_b16_element(g.y, o, ch) - want, 2);
                }
            double snr = 10 * log10(signal / error);
            int floor_db = g.k->operands == ORA_OPERANDS_HI_LO ? SPLIT_FLOOR_DB : SNR_FLOOR_DB;
            if (!(snr >= floor_db))
                ORA_FAIL("%s, case %d: SNR %.1f dB, wanted %d", g.k->name, i, snr, floor_db);
            rig_release(&g);
        }
}

/* Output rows [lo, hi) from a copy of just the rows that they need, with NaN beyond. */
static void check_stretch(struct rig *g, int lo, int hi)
{
    struct ora_err err = {0};
    int from, to;
    ora_repeat_up_needs(&g->up, g->c.rows, lo, hi, &from, &to);
    float *mem = ora_tryaligned(64, sizeof *mem * g->x_floats);
    float *out = ora_tryaligned(64, sizeof *out * ora_b16_floats(g->c.out, (size_t)(hi - lo), 0));
    memset(mem, 0xff, sizeof *mem * g->x_floats);
    struct ora_b16 x = ora_b16_place(mem, (size_t)g->c.rows, HALO);
    struct ora_b16 y = ora_b16_place(out, (size_t)(hi - lo), 0);
    ora_copy(x, ora_b16_at(g->x, 0, from), to - from, g->c.in);
    if (from == 0)
        ora_b16_clear_rows(x, g->c.in, -HALO, 0);
    if (to == g->c.rows)
        ora_b16_clear_rows(x, g->c.in, to - from, to - from + HALO);
    ORA_CHECK_INT(ora_repeat_up_forward(&g->compute, &g->up, x, from, g->c.rows, y, lo, hi, &err), 0);
    for (int b = 0; b < ora_blocks(g->c.out); b++)
        if (memcmp(ora_b16_at(y, b, 0).p, ora_b16_at(g->y, b, lo).p,
                   sizeof(float) * ORA_LANES * (size_t)(hi - lo)) != 0)
            ORA_FAIL("rate %d, %d rows: rows %d to %d have other bits", g->c.rate, g->c.rows, lo, hi);
    free(mem);
    free(out);
}

ORA_TEST(stretches_have_the_bits_of_the_whole)
{
    const struct ora_kernels *k = ora_kernels_find("auto", NULL);
    for (int i = 0; i < CASES; i++) {
        struct rig g;
        struct ora_err err = {0};
        rig_init(&g, k, cases[i]);
        int total = g.c.rows * g.c.rate;
        ORA_CHECK_INT(ora_repeat_up_forward(&g.compute, &g.up, g.x, 0, g.c.rows, g.y, 0, total, &err), 0);
        for (int lo = 0; lo < total; lo += 1 + lo / 3)
            for (int hi = lo + 1; hi <= total; hi += 1 + hi / 4)
                check_stretch(&g, lo, hi);
        rig_release(&g);
    }
}

ORA_TEST(rates_without_room_are_refused)
{
    static const int rates[] = {0, ORA_TRANSPOSED_MAX_RATE + 1, 16};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct rig g = {.k = ora_kernels_find("scalar", NULL)};
        struct ora_tensor_source source = {.ctx = &g, .take = take};
        struct ora_err err = {0};
        struct ora_packer p;
        struct ora_binder b = {.source = &source, .packer = &p, .err = &err};
        ora_packer_init(&p, g.k, ORA_PACK_MEASURE, NULL, 0);
        ora_bind_repeat_up(&b, &g.up, 4, 4, rates[i], TAPS, TRANS, 1, "conv", "trans");
        ORA_CHECK_INT(b.rc, ORA_E_UNSUPPORTED);
        ORA_CHECK_INT(p.bytes, 0);
    }
}
