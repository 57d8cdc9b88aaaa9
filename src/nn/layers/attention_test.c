/*
 * Attention against the formula in double, at lengths round the tiles of queries and of keys, head sizes that
 * are and are not multiples of 16, with and without the relative window; scores that no exponential bears;
 * and the same bits at the direct levels and of any queries.
 *
 * SNR floor 110 dB: as for one convolution (conv_test.c); softmax adds a few roundings.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/test.h"
#include "nn/kernels/amx_model.h"
#include "nn/kernels/b16.h"
#include "nn/layers/attention.h"

enum { SNR_FLOOR_DB = 110, TOLERANT_FLOOR_DB = 40 };

enum { TILE = ORA_ATTENTION_KEYS };

struct attention_case {
    int heads, d, window, rows;
    int first, count; /* queries; count 0: all */
};
static const struct attention_case cases[] = {
    {1, 16, 4, 1, 0, 0},
    {2, 96, 4, 3, 0, 0},
    {2, 96, 4, 61, 0, 0},
    {2, 48, 4, 113, 0, 0},
    {2, 4, 4, 9, 0, 0},
    {3, 20, 2, 40, 0, 0},
    {2, 96, 4, 250, 0, 0},
    {1, 32, 0, 30, 0, 0},
    {2, 17, 4, 224, 0, 0},
    /* the last and the first queries whose window knows two tiles, and others */
    {1, 16, 4, TILE - 1, TILE - 120, 119},
    {1, 16, 4, TILE, TILE - 120, 120},
    {1, 16, 4, TILE + 1, TILE - 120, 121},
    {2, 17, 3, TILE + 17, TILE - 9, 26},
    {1, 64, 0, TILE + 131, 0, 115},
    {1, 32, 4, 2 * TILE, TILE - 10, 20},
    {1, 20, 4, 2 * TILE + 1, 2 * TILE - 8, 9},
    {1, 33, 0, 2 * TILE + 45, 900, 3},
};
enum { CASES = sizeof cases / sizeof *cases };

static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{1, 2}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct rig {
    struct attention_case c;
    struct ora_b16 q, k, v, o;
    size_t floats; /* of one tensor */
    float *memory, *rel_k, *rel_v;
    int first, count; /* queries */
    bool tolerant;
};

static void rig_init(struct rig *g, struct attention_case c)
{
    int blocks = c.heads * ora_blocks(c.d), n = (2 * c.window + 1) * c.d;
    *g = (struct rig){.c = c, .first = c.first, .count = c.count ? c.count : c.rows};
    g->floats = ora_b16_floats(ORA_LANES * blocks, (size_t)c.rows, 0);
    g->memory = ora_tryaligned(64, sizeof(float) * g->floats * 4);
    memset(g->memory, 0, sizeof(float) * g->floats * 4);
    struct ora_b16 *all[] = {&g->q, &g->k, &g->v, &g->o};
    for (int i = 0; i < 4; i++)
        *all[i] = ora_b16_place(g->memory + g->floats * (size_t)i, (size_t)c.rows, 0);
    for (int h = 0; h < c.heads; h++)
        for (int t = 0; t < c.rows; t++)
            for (int i = 0; i < c.d; i++)
                for (int w = 0; w < 3; w++)
                    *ora_b16_element(ora_b16_at(*all[w], h * ora_blocks(c.d), 0), t, i) =
                        noise((uint32_t)w, (uint32_t)((h * c.rows + t) * c.d + i)) * (w == 0 ? 2.0f : 1.0f);
    g->rel_k = ora_xmalloc(sizeof(float) * (size_t)n);
    g->rel_v = ora_xmalloc(sizeof(float) * (size_t)n);
    for (int i = 0; i < n; i++) {
        g->rel_k[i] = noise(5, (uint32_t)i);
        g->rel_v[i] = noise(6, (uint32_t)i);
    }
}

static void rig_release(struct rig *g)
{
    free(g->memory);
    free(g->rel_k);
    free(g->rel_v);
}

static void rig_run(struct rig *g, const struct ora_kernels *k)
{
    struct ora_attention a;
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    ora_packer_attention(&p, g->c.heads, g->c.d, g->c.window, g->rel_k, g->rel_v, &a);
    size_t bytes = p.bytes;
    void *packed = ora_tryaligned(64, bytes + 64);
    ora_packer_init(&p, k, ORA_PACK_WRITE, packed, bytes);
    ora_packer_attention(&p, g->c.heads, g->c.d, g->c.window, g->rel_k, g->rel_v, &a);
    a.tolerant = g->tolerant;
    void *scratch = ora_tryaligned(64, ora_attention_scratch_bytes(k, &a, g->c.rows));
    if (g->count < g->c.rows)
        ora_attention_query(k, &a, ora_b16_at(g->o, 0, g->first), ora_b16_at(g->q, 0, g->first), g->first,
                            g->count, g->k, g->v, g->c.rows, scratch);
    else
        ora_attention_forward(k, &a, g->o, g->q, g->k, g->v, g->c.rows, scratch);
    free(scratch);
    free(packed);
}

static double at(const struct rig *g, struct ora_b16 x, int h, int t, int i)
{
    return *ora_b16_element(ora_b16_at(x, h * ora_blocks(g->c.d), 0), t, i);
}

/* The formula of attention.h for one query row of one head. */
static void exact_row(const struct rig *g, int h, int a, double *out)
{
    int rows = g->c.rows, d = g->c.d, w = g->c.window;
    double *p = ora_xmalloc(sizeof(double) * (size_t)rows), sum = 0, top = -INFINITY;
    for (int b = 0; b < rows; b++) {
        p[b] = 0;
        for (int i = 0; i < d; i++) {
            p[b] += at(g, g->q, h, a, i) * at(g, g->k, h, b, i);
            if (w > 0 && abs(b - a) <= w)
                p[b] += at(g, g->q, h, a, i) * g->rel_k[(b - a + w) * d + i];
        }
        top = p[b] > top ? p[b] : top;
    }
    for (int b = 0; b < rows; b++)
        sum += p[b] = exp(p[b] - top);
    for (int i = 0; i < d; i++) {
        out[i] = 0;
        for (int b = 0; b < rows; b++) {
            out[i] += p[b] / sum * at(g, g->v, h, b, i);
            if (w > 0 && abs(b - a) <= w)
                out[i] += p[b] / sum * g->rel_v[(b - a + w) * d + i];
        }
    }
    free(p);
}

/* What was computed, beside the formula, in dB; what lies beside it must be zero. */
static double snr_db(const struct rig *g)
{
    double exact[256], signal = 0, error = 0;
    int padded = ORA_LANES * ora_blocks(g->c.d);
    for (int h = 0; h < g->c.heads; h++)
        for (int t = 0; t < g->c.rows; t++) {
            bool asked = t >= g->first && t < g->first + g->count;
            if (asked)
                exact_row(g, h, t, exact);
            for (int i = 0; asked && i < g->c.d; i++) {
                signal += exact[i] * exact[i];
                error += pow(exact[i] - at(g, g->o, h, t, i), 2);
            }
            for (int i = asked ? g->c.d : 0; i < padded; i++)
                ORA_CHECK(at(g, g->o, h, t, i) == 0.0);
        }
    return 10 * log10(signal / (error + 1e-300));
}

static void check_case(const struct ora_kernels *k, struct attention_case c, bool tolerant)
{
    struct rig g;
    double floor_db = tolerant ? TOLERANT_FLOOR_DB : SNR_FLOOR_DB;
    rig_init(&g, c);
    g.tolerant = tolerant;
    rig_run(&g, k);
    double snr = snr_db(&g);
    if (!(snr >= floor_db))
        ORA_FAIL("%s: %d heads of %d, window %d, %d rows: SNR %.1f dB, wanted %.0f", k->name, c.heads, c.d,
                 c.window, c.rows, snr, floor_db);
    rig_release(&g);
}

ORA_TEST(equals_the_formula)
{
    for (size_t l = 0; ora_kernels_at(l); l++)
        for (int i = 0; i < CASES && ora_kernels_at(l)->available(); i++)
            check_case(ora_kernels_at(l), cases[i], false);
}

/* One bfloat16 an operand; the AMX level over the model of its instructions. */
ORA_TEST(tolerant_attention_is_near)
{
    for (int i = 0; i < CASES; i++) {
        check_case(&ora_kernels_amx_model, cases[i], true);
        for (size_t l = 0; ora_kernels_at(l); l++)
            if (ora_kernels_at(l)->available() && ora_kernels_at(l)->pack_rows_tolerant)
                check_case(ora_kernels_at(l), cases[i], true);
    }
}

/* A level without such arithmetic takes no notice. */
ORA_TEST(tolerance_changes_no_bit_of_floats)
{
    for (int i = 0; i < CASES; i++) {
        struct rig want, got;
        rig_init(&want, cases[i]);
        rig_init(&got, cases[i]);
        got.tolerant = true;
        rig_run(&want, ora_kernels_find("auto", NULL));
        rig_run(&got, ora_kernels_find("auto", NULL));
        ORA_CHECK(memcmp(want.o.p, got.o.p, sizeof(float) * want.floats) == 0);
        rig_release(&want);
        rig_release(&got);
    }
}

static void check_bits(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    for (int i = 0; i < CASES; i++) {
        struct rig want, got;
        rig_init(&want, cases[i]);
        rig_init(&got, cases[i]);
        rig_run(&want, ora_kernels_find("scalar", NULL));
        rig_run(&got, k);
        if (memcmp(want.o.p, got.o.p, sizeof(float) * want.floats) != 0)
            ORA_FAIL("%s, case %d: other bits than scalar's", name, i);
        rig_release(&want);
        rig_release(&got);
    }
}

/* Every level, with the AMX levels over the model of their instructions; NULL past the last. */
static const struct ora_kernels *level_at(size_t i)
{
    static const struct ora_kernels *const models[] = {&ora_kernels_amx_split_model, &ora_kernels_amx_model};
    return i < 2 ? models[i] : ora_kernels_at(i - 2);
}

/*
 * Scores that are exact in every arithmetic, because a query is one channel of +-2^e and keys are small whole
 * numbers: up to +-2^123, where tops rise, fall and stay from tile to tile, and where all are far below zero.
 */
static void fill_steep(struct rig *g, int e, int slope, int shift)
{
    struct attention_case c = g->c;
    for (int t = 0; t < c.rows; t++)
        for (int i = 0; i < c.d; i++) {
            int whole = (int)(4 * noise(7, (uint32_t)(t * c.d + i))) + slope * (t / TILE) + shift;
            *ora_b16_element(g->k, t, i) = (float)whole;
            *ora_b16_element(g->q, t, i) =
                i != t % c.d ? 0.0f : ldexpf(t % 5 == 4 && !shift ? -1.0f : 1.0f, e);
        }
}

ORA_TEST(steep_scores)
{
    static const struct {
        int e, slope, shift;
    } steep[] = {{-2, 1, 0},  {0, -1, 0},  {4, 1, 0},    {5, -2, 0},  {30, 1, 0},
                 {30, -1, 0}, {120, 2, 0}, {120, 0, -4}, {120, 1, -7}};
    static const struct attention_case two_tiles = {1, 32, 0, 2 * TILE + 45, 700, 40};
    for (size_t l = 0; level_at(l); l++)
        for (size_t i = 0; i < sizeof steep / sizeof *steep && level_at(l)->available(); i++)
            for (int tolerant = 0; tolerant < (level_at(l)->pack_rows_tolerant ? 2 : 1); tolerant++) {
                struct rig g;
                rig_init(&g, two_tiles);
                fill_steep(&g, steep[i].e, steep[i].slope, steep[i].shift);
                g.tolerant = tolerant;
                rig_run(&g, level_at(l));
                double snr = snr_db(&g);
                if (!(snr >= (tolerant ? TOLERANT_FLOOR_DB : SNR_FLOOR_DB)))
                    ORA_FAIL("%s%s, scores of 2^%d, %+d a tile, %+d: SNR %.1f dB", level_at(l)->name,
                             tolerant ? ", tolerant" : "", steep[i].e, steep[i].slope, steep[i].shift, snr);
                rig_release(&g);
            }
}

/* Of the scratch only what is packed grows, by as much a tile. */
ORA_TEST(scratch_is_flat)
{
    for (size_t l = 0; level_at(l); l++)
        for (int tolerant = 0; level_at(l)->available() && tolerant < 2; tolerant++) {
            const struct ora_kernels *k = level_at(l);
            struct ora_attention a = {.heads = 16, .head_channels = 64, .tolerant = tolerant};
            bool plain = tolerant && k->pack_rows_tolerant;
            struct ora_conv_spec s = {
                .in = 64, .out = TILE, .taps = 1, .tolerant = plain, .strict = !plain, .from_rows = true};
            size_t packed = k->pack_bytes(&s);
            s.in = TILE;
            s.out = 64;
            packed += k->pack_bytes(&s);
            size_t two = ora_attention_scratch_bytes(k, &a, 2 * TILE);
            ORA_CHECK_INT(ora_attention_scratch_bytes(k, &a, 20 * TILE) - two, 18 * packed);
            ORA_CHECK_INT(ora_attention_scratch_bytes(k, &a, 20 * TILE - 1), two + 18 * packed);
        }
}

/* Some of the queries alone have the bits that they have among all. */
static void check_queries(const struct ora_kernels *k, struct attention_case c, bool tolerant)
{
    struct rig g;
    rig_init(&g, c);
    g.first = 0;
    g.count = g.c.rows;
    g.tolerant = tolerant;
    rig_run(&g, k);
    float *want = ora_xmalloc(sizeof *want * g.floats);
    memcpy(want, g.o.p, sizeof *want * g.floats);
    for (int first = 0; first < g.c.rows; first += 1 + g.c.rows / 3) {
        memset(g.o.p, 0, sizeof(float) * g.floats);
        g.first = first;
        g.count = (g.c.rows - first + 1) / 2;
        rig_run(&g, k);
        for (int b = 0; b < g.c.heads * ora_blocks(g.c.d); b++) {
            size_t at_row = (size_t)b * g.o.cbs + ORA_LANES * (size_t)first;
            if (memcmp(want + at_row, g.o.p + at_row, sizeof(float) * ORA_LANES * (size_t)g.count) != 0)
                ORA_FAIL("%s, %d rows, from query %d: other bits", k->name, g.c.rows, first);
        }
    }
    free(want);
    rig_release(&g);
}

/* Not of blas, whose library knows how many rows a product has, nor of scalar, whose bits others have. */
ORA_TEST(some_queries_alone)
{
    for (size_t l = 0; level_at(l); l++) {
        const struct ora_kernels *k = level_at(l);
        if (!k->available() || strcmp(k->name, "blas") == 0 || strcmp(k->name, "scalar") == 0)
            continue;
        for (int i = 0; i < CASES; i++)
            for (int tolerant = 0; tolerant < (k->pack_rows_tolerant ? 2 : 1); tolerant++)
                check_queries(k, cases[i], tolerant);
    }
}

ORA_TEST(avx2_has_the_bits_of_scalar)
{
    check_bits("avx2");
}
ORA_TEST(avx512_has_the_bits_of_scalar)
{
    check_bits("avx512");
}
