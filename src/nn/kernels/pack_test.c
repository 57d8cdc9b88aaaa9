/* Packing: the three modes agree, maps and scales do what they say, memory is never passed. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "nn/kernels/b16.h"
#include "nn/kernels/pack.h"

struct model {
    struct ora_conv conv;
    struct ora_upsampler up;
    struct ora_conv_mono mono;
    struct ora_depthwise depthwise;
    const float *vector, *table;
};

static float values[20000];

static void fill_values(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        values[i] = (float)(i % 251) - 125.0f;
}

static void bind(struct model *m, struct ora_packer *p)
{
    struct ora_conv_spec conv = {
        .in = 20, .out = 33, .taps = 3, .dilation = 2, .first = -2, .weights = values, .bias = values + 7};
    struct ora_conv_spec up = {.in = 24, .out = 12, .weights = values + 1, .bias = values};
    struct ora_conv_spec mono = {
        .in = 18, .out = 1, .taps = 7, .dilation = 1, .first = -3, .weights = values + 3, .bias = values + 5};
    ora_packer_conv(p, &conv, &m->conv);
    ora_packer_upsampler(p, &up, 8, &m->up);
    ora_packer_conv_mono(p, &mono, &m->mono);
    ora_packer_depthwise(p, values + 2, values + 9, 21, 3, 9, &m->depthwise);
    ora_packer_vector(p, values + 11, 19, 2.0f, &m->vector);
    float *table = ora_packer_floats(p, 100, &m->table);
    for (int i = 0; table && i < 100; i++)
        table[i] = (float)i;
}

ORA_TEST(modes_agree)
{
    fill_values();
    for (size_t l = 0; ora_kernels_at(l); l++) {
        const struct ora_kernels *k = ora_kernels_at(l);
        struct ora_packer measure, write, view;
        struct model none, written, seen;
        ora_packer_init(&measure, k, ORA_PACK_MEASURE, NULL, 0);
        bind(&none, &measure);
        ORA_CHECK(none.conv.weights == NULL && none.table == NULL && !measure.overrun);
        ORA_CHECK_INT(measure.bytes % 64, 0);
        unsigned char *memory = ora_tryaligned(64, measure.bytes);
        ora_packer_init(&write, k, ORA_PACK_WRITE, memory, measure.bytes);
        bind(&written, &write);
        ora_packer_init(&view, k, ORA_PACK_VIEW, memory, measure.bytes);
        bind(&seen, &view);
        ORA_CHECK_INT(write.bytes, measure.bytes);
        ORA_CHECK_INT(view.bytes, measure.bytes);
        ORA_CHECK(write.digest == measure.digest && view.digest == measure.digest);
        ORA_CHECK(!write.overrun && !view.overrun);
        ORA_CHECK(seen.conv.weights == written.conv.weights && seen.conv.bias == written.conv.bias);
        ORA_CHECK(seen.up.phase[7].weights == written.up.phase[7].weights && seen.up.rate == 8);
        ORA_CHECK(seen.mono.weights == written.mono.weights && seen.mono.bias == written.mono.bias);
        ORA_CHECK(seen.depthwise.weights == written.depthwise.weights && seen.vector == written.vector);
        ORA_CHECK(seen.table == written.table);
        ORA_CHECK(written.mono.bias == values[5] && written.vector[18] == 2 * values[29] &&
                  written.vector[19] == 0);
        ORA_CHECK(written.table[99] == 99.0f);
        ORA_CHECK((uintptr_t)written.table % 64 == 0 && (uintptr_t)written.conv.bias % 64 == 0);
        free(memory);
    }
}

ORA_TEST(memory_is_never_passed)
{
    fill_values();
    const struct ora_kernels *k = ora_kernels_find("scalar", NULL);
    struct ora_packer p;
    struct model m;
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    bind(&m, &p);
    size_t need = p.bytes;
    for (size_t limit = 0; limit < need; limit += 64) {
        unsigned char *memory = ora_tryaligned(64, limit + 64);
        memset(memory + limit, 0xA5, 64);
        ora_packer_init(&p, k, ORA_PACK_WRITE, memory, limit);
        bind(&m, &p);
        ORA_CHECK(p.overrun);
        for (int i = 0; i < 64; i++)
            ORA_CHECK(memory[limit + (size_t)i] == 0xA5);
        free(memory);
    }
}

ORA_TEST(shapes_change_the_digest)
{
    fill_values();
    const struct ora_kernels *k = ora_kernels_find("scalar", NULL);
    uint64_t seen[4];
    for (int i = 0; i < 4; i++) {
        struct ora_packer p;
        struct ora_conv c;
        struct ora_conv_spec s = {.in = 16,
                                  .out = 16,
                                  .taps = i == 1 ? 3 : 1,
                                  .dilation = i == 2 ? 2 : 1,
                                  .first = i == 3 ? -1 : 0};
        ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
        ora_packer_conv(&p, &s, &c);
        seen[i] = p.digest;
        for (int j = 0; j < i; j++)
            ORA_CHECK(seen[i] != seen[j]);
    }
}

/* A 1x1 conv with maps on one row, against the picked and scaled matrix: flips, halves, zero rows. */
ORA_TEST(maps_and_scales)
{
    enum { IN = 20, OUT = 20, SRC_IN = 8, SRC_OUT = 6 };
    int in_map[IN], out_map[OUT];
    fill_values();
    for (int i = 0; i < IN; i++)
        in_map[i] = i < SRC_IN ? SRC_IN - 1 - i : -1; /* reversed, then zeros */
    for (int o = 0; o < OUT; o++)
        out_map[o] = o < 3 ? o : o >= 16 && o < 19 ? o - 13 : -1; /* halves, each at a block's start */
    for (size_t l = 0; ora_kernels_at(l); l++) {
        const struct ora_kernels *k = ora_kernels_at(l);
        struct ora_conv_spec s = {.in = IN,
                                  .out = OUT,
                                  .taps = 1,
                                  .dilation = 1,
                                  .weights = values,
                                  .bias = values + 100,
                                  .src_in = SRC_IN,
                                  .src_out = SRC_OUT,
                                  .in_map = in_map,
                                  .out_map = out_map,
                                  .weight_scale = -0.5f,
                                  .bias_scale = 2.0f};
        struct ora_packer p;
        struct ora_conv c;
        if (!k->available())
            continue;
        ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
        ora_packer_conv(&p, &s, &c);
        size_t bytes = p.bytes;
        float *x = ora_tryaligned(64, 256), *memory = ora_tryaligned(64, bytes);
        void *scratch = ora_tryaligned(64, k->scratch_bytes + 64);
        ora_packer_init(&p, k, ORA_PACK_WRITE, memory, bytes);
        ora_packer_conv(&p, &s, &c);
        for (int i = 0; i < 32; i++)
            x[i] = i < IN ? (float)(i + 1) : 0.0f;
        float *y = x + 32;
        k->conv(&c, &(struct ora_conv_run){.x = {x, 16}, .rows = 1, .y = {y, 16}, .scratch = scratch});
        for (int o = 0; o < 32; o++) {
            int from = o < OUT ? out_map[o] : -1;
            double want = from < 0 ? 0 : 2.0 * values[100 + from];
            for (int i = 0; from >= 0 && i < SRC_IN; i++)
                want += -0.5 * values[from * SRC_IN + SRC_IN - 1 - i] * (i + 1);
            ORA_CHECK_NEAR(y[o], want, 1e-3);
        }
        free(x);
        free(memory);
        free(scratch);
    }
}

/* Weights made of activations equal the same weights packed as a layer, in both directions and at odd sizes.
 */
ORA_TEST(rows_pack_like_layers)
{
    enum { ROWS = 37, CHANNELS = 21 };
    float *x_memory = ora_tryaligned(64, sizeof(float) * ORA_LANES * 2 * ROWS);
    struct ora_b16 x = ora_b16_place(x_memory, ROWS, 0);
    fill_values();
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < 32; c++)
            *ora_b16_element(x, t, c) =
                c < CHANNELS ? values[t * CHANNELS + c] : 99.0f; /* padding is not read */
    for (size_t l = 0; ora_kernels_at(l); l++)
        for (int transposed = 0; transposed < 2; transposed++) {
            const struct ora_kernels *k = ora_kernels_at(l);
            int in = transposed ? CHANNELS : ROWS, out = transposed ? ROWS : CHANNELS;
            float plain[ROWS * CHANNELS];
            for (int o = 0; o < out; o++)
                for (int i = 0; i < in; i++)
                    plain[o * in + i] = transposed ? *ora_b16_element(x, o, i) : *ora_b16_element(x, i, o);
            for (int tolerant = 0; tolerant < (k->pack_rows_tolerant && k->available() ? 2 : 1); tolerant++) {
                struct ora_conv_spec spec = {.in = in,
                                             .out = out,
                                             .taps = 1,
                                             .dilation = 1,
                                             .weights = plain,
                                             .tolerant = tolerant,
                                             .strict = !tolerant,
                                             .from_rows = true};
                size_t bytes = k->pack_bytes(&spec);
                void *want = ora_tryaligned(64, bytes), *got = ora_tryaligned(64, bytes);
                memset(got, 0x5A, bytes);
                k->pack(want, &spec);
                (tolerant ? k->pack_rows_tolerant : k->pack_rows)(got, x, ROWS, CHANNELS, transposed);
                ORA_CHECK(memcmp(want, got, bytes) == 0);
                free(want);
                free(got);
            }
        }
    free(x_memory);
}
