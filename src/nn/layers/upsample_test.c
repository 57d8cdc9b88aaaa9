/*
 * The polyphase upsampler against the transposed convolution's definition (scatter), in double; and the same
 * bits however the output rows are cut, which chunked decoding leans on. SNR floor as in conv_test.c.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/test.h"
#include "nn/kernels/b16.h"
#include "nn/layers/upsample.h"

/* SPLIT: of levels that multiply two bfloat16 an operand, where a layer has 109 dB (bf16_test.c) */
enum { SNR_FLOOR_DB = 110, SPLIT_FLOOR_DB = 100, HALO = 2 };

struct up_case {
    int in, out, rate, rows;
};
static const struct up_case cases[] = {
    {32, 16, 8, 1}, {40, 24, 8, 21},  {64, 32, 4, 50},  {16, 8, 2, 33},
    {20, 17, 2, 5}, {32, 32, 8, 300}, {128, 64, 8, 40}, {40, 56, 4, 13},
};
enum { CASES = sizeof cases / sizeof *cases };

static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{9, 2}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct rig {
    struct up_case c;
    const struct ora_kernels *k;
    struct ora_upsampler up;
    struct ora_b16 x, y, leaky;
    size_t out_floats;
    float *memory, *weights, *bias;
    void *packed, *scratch;
};

static void rig_init(struct rig *g, const struct ora_kernels *k, struct up_case c)
{
    size_t n_w = (size_t)c.in * (size_t)c.out * (size_t)c.rate * 2, n_x;
    *g = (struct rig){.c = c, .k = k};
    g->weights = ora_xmalloc(sizeof(float) * n_w);
    g->bias = ora_xmalloc(sizeof(float) * (size_t)c.out);
    for (size_t i = 0; i < n_w; i++)
        g->weights[i] = noise(1, (uint32_t)i);
    for (int i = 0; i < c.out; i++)
        g->bias[i] = noise(2, (uint32_t)i);
    n_x = ora_b16_floats(c.in, (size_t)c.rows, HALO);
    g->out_floats = ora_b16_floats(c.out, (size_t)c.rows * (size_t)c.rate, 0);
    g->memory = ora_tryaligned(64, sizeof(float) * (n_x + 2 * g->out_floats));
    memset(g->memory, 0, sizeof(float) * (n_x + 2 * g->out_floats));
    g->x = ora_b16_place(g->memory, (size_t)c.rows, HALO);
    g->y = ora_b16_place(g->memory + n_x, (size_t)c.rows * (size_t)c.rate, 0);
    g->leaky = ora_b16_place(g->memory + n_x + g->out_floats, (size_t)c.rows * (size_t)c.rate, 0);
    for (int t = 0; t < c.rows; t++)
        for (int i = 0; i < c.in; i++)
            *ora_b16_element(g->x, t, i) = noise(3, (uint32_t)(t * c.in + i));
    struct ora_conv_spec spec = {.in = c.in,
                                 .out = c.out,
                                 .weights = g->weights,
                                 .bias = g->bias,
                                 .weight_scale = 1.0f / 3.0f,
                                 .placed = true};
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_upsampler(&p, &spec, c.rate, &g->up);
    size_t bytes = p.bytes;
    g->packed = ora_tryaligned(64, bytes);
    g->scratch = ora_tryaligned(64, k->scratch_bytes + 64);
    ora_packer_init(&p, k, ORA_PACK_WRITE, g->packed, bytes);
    ora_packer_upsampler(&p, &spec, c.rate, &g->up);
}

static void rig_run(struct rig *g, int cut)
{
    int total = g->c.rows * g->c.rate;
    struct ora_conv_run run = {
        .y = g->y, .leaky = g->leaky, .slope = 0.1f, .scratch = g->scratch, .total = total};
    for (int t = 0; t < total; t += cut)
        ora_upsample_forward(g->k, &g->up, g->x, t, t + cut < total ? t + cut : total, &run);
}

static void rig_release(struct rig *g)
{
    free(g->memory);
    free(g->weights);
    free(g->bias);
    free(g->packed);
    free(g->scratch);
}

static double *transposed_convolution(const struct rig *g)
{
    int u = g->c.rate, total = g->c.rows * u, out = g->c.out;
    double *y = ora_xmalloc(sizeof(double) * (size_t)(total * out));
    for (int i = 0; i < total * out; i++)
        y[i] = g->bias[i % out];
    for (int n = 0; n < g->c.rows; n++)
        for (int j = 0; j < 2 * u; j++)
            for (int o = 0; o < out; o++) {
                int row = n * u + j - u / 2;
                for (int c = 0; row >= 0 && row < total && c < g->c.in; c++)
                    y[row * out + o] +=
                        (double)g->weights[(c * out + o) * 2 * u + j] / 3 * *ora_b16_element(g->x, n, c);
            }
    return y;
}

static void check_case(const struct ora_kernels *k, struct up_case c)
{
    struct rig g;
    double signal = 0, error = 0;
    rig_init(&g, k, c);
    rig_run(&g, c.rows * c.rate);
    double *want = transposed_convolution(&g);
    for (int t = 0; t < c.rows * c.rate; t++)
        for (int o = 0; o < c.out; o++) {
            double w = want[t * c.out + o], leaky = w > 0 ? w : 0.1 * w;
            signal += w * w;
            error +=
                pow(*ora_b16_element(g.y, t, o) - w, 2) + pow(*ora_b16_element(g.leaky, t, o) - leaky, 2);
        }
    double snr = 10 * log10(signal / (error + 1e-300));
    int floor_db = k->operands == ORA_OPERANDS_HI_LO ? SPLIT_FLOOR_DB : SNR_FLOOR_DB;
    if (!(snr >= floor_db))
        ORA_FAIL("%s: %d->%d x%d, %d rows: SNR %.1f dB, wanted %d", k->name, c.in, c.out, c.rate, c.rows, snr,
                 floor_db);
    free(want);
    rig_release(&g);
}

ORA_TEST(equals_the_transposed_convolution)
{
    for (size_t l = 0; ora_kernels_at(l); l++)
        for (int i = 0; i < CASES && ora_kernels_at(l)->available(); i++)
            check_case(ora_kernels_at(l), cases[i]);
}

ORA_TEST(any_cut_gives_the_same_bits)
{
    static const int cuts[] = {1, 7, 64, 1000};
    for (size_t l = 0; ora_kernels_at(l); l++) {
        const struct ora_kernels *k = ora_kernels_at(l);
        for (int i = 0; i < CASES && k->available() && strcmp(k->name, "blas") != 0; i++) {
            struct rig want;
            rig_init(&want, k, cases[i]);
            rig_run(&want, cases[i].rows * cases[i].rate);
            for (int c = 0; c < 4; c++) {
                struct rig got;
                rig_init(&got, k, cases[i]);
                rig_run(&got, cuts[c]);
                ORA_CHECK(memcmp(got.y.p, want.y.p, sizeof(float) * want.out_floats) == 0);
                ORA_CHECK(memcmp(got.leaky.p, want.leaky.p, sizeof(float) * want.out_floats) == 0);
                rig_release(&got);
            }
            rig_release(&want);
        }
    }
}
