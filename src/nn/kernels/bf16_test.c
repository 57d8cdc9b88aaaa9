/*
 * The levels of bfloat16: AMX over the model of the tile instructions (on every processor); the object code
 * of the AMX levels, its tile instructions trapped and given to the model (where there is AVX-512 with BF16);
 * and the processor's own instructions, where it has them. Cases that could not run are reported as not run.
 *
 * SNR floors, for uniform operands. Rounding to bfloat16 is an error of 2^-9 at most; both operands rounded,
 * the sum is 55-57 dB exact, and 3-6 dB less where the errors of two outputs are counted together: plain,
 * floor
 * 48. Split, what is left are lo*lo and the rounding of lo, 2^-17 each: 109-111 dB, floor 100. With weights
 * of half size only x is rounded: floor 100. Three parts are a float whole: what is left are the roundings of
 * the sums, floor 118. A single product has nothing to average: 10 dB less. A wrong
 * tile, tap, row or half gives less than 60 dB where split is asked for, less than 20 where plain is.
 */
#include "nn/kernels/amx_model.h"
#include "nn/kernels/conv_rig.h"
#include "nn/kernels/level.h"
#include "nn/kernels/tiles_trap.h"

#include "nn/kernels/vec_portable.h"

#include "nn/kernels/tiles_model.h"

enum { STRICT_FLOOR_DB = 118, SPLIT_FLOOR_DB = 100, PLAIN_FLOOR_DB = 48, ONE_PRODUCT_DB = 10 };

/* ---- the model itself
 * --------------------------------------------------------------------------------------- */

static const struct tiles_config three_tiles = {
    .palette = 1, .row_bytes = {64, 64, 64}, .rows = {16, 16, 16}};

/* One product of a row of pairs and a column of pairs: c + a.b as tiles do it. */
static float dot(float c, const float a[32], const float b[32])
{
    uint16_t ta[TILE_ROWS][32] = {{0}}, tb[TILE_ROWS][32] = {{0}};
    float tc[TILE_ROWS][TILE_LANES] = {{0}};
    for (int k = 0; k < 16; k++)
        for (int i = 0; i < 2; i++) {
            ta[3][2 * k + i] = ora_half_of(a[2 * k + i]);
            tb[k][2 * 5 + i] = ora_half_of(b[2 * k + i]);
        }
    tc[3][5] = c;
    tiles_begin(&three_tiles);
    TILE_LOAD(0, tc, 64);
    TILE_LOAD(1, ta, 64);
    TILE_LOAD(2, tb, 64);
    TILE_DPBF16(0, 1, 2);
    TILE_STORE(0, tc, 64);
    tiles_end();
    for (int i = 0; i < TILE_ROWS; i++)
        for (int n = 0; n < TILE_LANES; n++)
            if ((i != 3 || n != 5) && tc[i][n] != 0)
                ORA_FAIL("sum %d,%d is %g", i, n, tc[i][n]);
    return tc[3][5];
}

ORA_TEST(model_multiplies_rows_by_columns)
{
    float a[32], b[32];
    double want = 0.5;
    for (int i = 0; i < 32; i++) {
        a[i] = ora_half_value(ora_half_of(noise(20, (uint32_t)i)));
        b[i] = ora_half_value(ora_half_of(noise(21, (uint32_t)i)));
        want += (double)a[i] * b[i];
    }
    ORA_CHECK_NEAR(dot(0.5f, a, b), want, 1e-6);
}

/* 1 + 2^24 loses the 1, so the order of the sums shows. */
ORA_TEST(model_sums_members_apart_then_adds)
{
    float big = 0x1p12f, a[32] = {0}, b[32] = {0};
    a[4] = a[5] = b[4] = big;
    b[5] = -big;
    ORA_CHECK(dot(1.0f, a, b) == 1.0f); /* (even + odd) + c */
    a[6] = b[6] = 1.0f;                 /* lost in the chain of even members, after 2^24 */
    ORA_CHECK(dot(1.0f, a, b) == 1.0f);
    a[6] = b[6] = 0.0f;
    a[2] = b[2] = 1.0f; /* and before it: 1 + 2^24 is 2^24 */
    ORA_CHECK(dot(1.0f, a, b) == 1.0f);
    a[3] = b[3] = 3.0f; /* the odd chain keeps 9 - 2^24 */
    ORA_CHECK(dot(1.0f, a, b) == 10.0f);
}

ORA_TEST(model_flushes_denormals)
{
    float a[32] = {0}, b[32] = {0};
    a[0] = 0x1p-130f, b[0] = 0x1p120f; /* a denormal operand */
    ORA_CHECK(dot(0.0f, a, b) == 0.0f);
    a[0] = 0x1p-100f, b[0] = 0x1p-40f; /* a denormal product */
    ORA_CHECK(dot(0.0f, a, b) == 0.0f);
    ORA_CHECK(dot(0x1p-130f, a, b) == 0.0f); /* a denormal sum */
    a[0] = 0x1p-60f, b[0] = 0x1p-60f;
    ORA_CHECK(dot(0.0f, a, b) == 0x1p-120f);
}

ORA_TEST(model_rounds_to_even)
{
    static const struct {
        float x, hi, lo;
    } cases[] = {{1.0f, 1.0f, 0.0f},
                 {0x1.01p0f, 0x1.00p0f, 0x1p-8f}, /* a tie, to even */
                 {0x1.03p0f, 0x1.04p0f, -0x1p-8f},
                 {0x1.010002p0f, 0x1.02p0f, -0x1.fffcp-9f},
                 {-3.14159274f, -3.140625f, -0.000967741013f},
                 {0x1p-130f, 0.0f, 0.0f}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t hi[32], lo[32];
        bf16_row(hi, lo, v_set1(0.25f), v_set1(cases[i].x));
        ORA_CHECK(ora_half_value(hi[0]) == 0.25f && lo[15] == 0);
        ORA_CHECK(ora_half_value(hi[16]) == cases[i].hi && ora_half_value(hi[31]) == cases[i].hi);
        ORA_CHECK_NEAR(ora_half_value(lo[16]), cases[i].lo, 0x1p-9 * fabs(cases[i].lo));
    }
}

/* ---- the levels
 * --------------------------------------------------------------------------------------------- */

static void check_model(const struct ora_kernels *k, int weights, double floor_db)
{
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; i < SHAPES; i++)
        for (int e = 0; e < EPILOGUES; e++)
            if (shapes[i].in < 500 || e % 8 == 3)
                check_against_naive(k, with_weights(shapes[i], weights), epilogues[e],
                                    shapes[i].in == 1 ? floor_db - ONE_PRODUCT_DB : floor_db);
    ora_fpu_leave(fpu);
}

ORA_TEST(split_equals_naive)
{
    check_model(&ora_kernels_amx_split_model, FLOATS, SPLIT_FLOOR_DB);
}

ORA_TEST(split_of_halves_equals_naive)
{
    check_model(&ora_kernels_amx_split_model, HALVES, SPLIT_FLOOR_DB);
}

ORA_TEST(split_ignores_tolerance)
{
    check_against_naive(&ora_kernels_amx_split_model, (struct shape){40, 40, 3, 1, 40, 1, TOLERANT}, WITH_Y,
                        SPLIT_FLOOR_DB);
}

ORA_TEST(plain_equals_naive_where_tolerant)
{
    check_model(&ora_kernels_amx_model, TOLERANT, PLAIN_FLOOR_DB);
}

ORA_TEST(plain_is_split_where_not)
{
    check_against_naive(&ora_kernels_amx_model, (struct shape){40, 40, 3, 1, 40, 1, FLOATS}, WITH_Y,
                        SPLIT_FLOOR_DB);
    check_against_naive(&ora_kernels_amx_model, (struct shape){40, 40, 3, 1, 40, 1, HALVES}, WITH_Y,
                        SPLIT_FLOOR_DB);
}

enum taps { ANY_TAPS, ONE_TAP, SEVERAL_TAPS };

static void check_cuts(const struct ora_kernels *reference, const struct ora_kernels *k, int weights,
                       enum taps taps)
{
    static const int cuts[] = {MAX_ROWS, 1, 5, 16, 33, 100};
    unsigned flags = WITH_Y | WITH_RES | WITH_ADD | WITH_LEAKY | IN_PLACE;
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; i < SHAPES; i++) {
        struct rig want;
        if (taps != ANY_TAPS && (taps == ONE_TAP) != (shapes[i].taps == 1))
            continue;
        struct shape s = with_weights(shapes[i], weights);
        rig_init(&want, reference, s);
        rig_run(&want, reference, flags, NULL, 0, s.rows);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++)
            if (cuts[c] >= 16 || s.rows < 100)
                check_bits(k, s, flags, cuts[c], &want);
        rig_release(&want);
    }
    ora_fpu_leave(fpu);
}

/* Three bfloat16 an operand: as near as floats are. */
ORA_TEST(strict_layers_are_as_good_as_floats)
{
    check_model(&ora_kernels_amx_split_model, STRICT, STRICT_FLOOR_DB);
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_model, STRICT, ANY_TAPS);
}

static double layer_snr_db(const struct ora_kernels *k, struct shape s)
{
    struct rig g;
    double signal = 0, error = 0;
    rig_init(&g, k, s);
    rig_run(&g, k, WITH_Y, NULL, 0, s.rows);
    for (int t = 0; t < s.rows; t++)
        for (int o = 0; o < s.out; o++) {
            double want = naive(&g, WITH_Y, t, o), e = *ora_b16_element(g.y, t, o) - want;
            signal += want * want;
            error += e * e;
        }
    rig_release(&g);
    return 10 * log10(signal / error);
}

/* On the shapes of a voice's flow and encoder. */
ORA_TEST(strict_layers_are_no_worse_than_floats)
{
    static const struct shape wide[] = {{192, 384, 5, 1, 40, 1, STRICT},
                                        {192, 768, 3, 1, 40, 1, STRICT},
                                        {768, 192, 3, 1, 40, 1, STRICT},
                                        {192, 192, 1, 1, 40, 1, STRICT}};
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        double triple = layer_snr_db(&ora_kernels_amx_split_model, wide[i]);
        double floats = layer_snr_db(ora_kernels_find("auto", NULL), wide[i]);
        printf("%d->%d k%d: %.1f dB, in floats %.1f\n", wide[i].in, wide[i].out, wide[i].taps, triple,
               floats);
        ORA_CHECK(triple >= floats - 1);
    }
    ora_fpu_leave(fpu);
}

/* Every time from 1 to 70: one block and two, short and tall. */
ORA_TEST(every_tail)
{
    for (int rows = 1; rows <= 70; rows++) {
        check_against_naive(&ora_kernels_amx_split_model, (struct shape){24, 48, 3, 2, rows, 1, FLOATS},
                            WITH_Y | WITH_RES | WITH_LEAKY, SPLIT_FLOOR_DB);
        check_against_naive(&ora_kernels_amx_split_model, (struct shape){16, 32, 1, 1, rows, 2, HALVES},
                            WITH_Y, SPLIT_FLOOR_DB);
        check_against_naive(&ora_kernels_amx_model, (struct shape){40, 80, 1, 1, rows, 1, TOLERANT},
                            WITH_Y | WITH_RES, PLAIN_FLOOR_DB);
    }
}

ORA_TEST(bits_under_any_cut)
{
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_split_model, FLOATS, ANY_TAPS);
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_split_model, HALVES, ANY_TAPS);
    check_cuts(&ora_kernels_amx_model, &ora_kernels_amx_model, TOLERANT, ANY_TAPS);
}

/* ---- operands
 * ----------------------------------------------------------------------------------------------- */

enum { GARBAGE = 0x7fff, SLACK = 31 };

struct operand_rig {
    struct ora_operand operand;
    uint16_t *memory;
    size_t halves;
};

/* Filled with not-a-number, so that what is not written shows. */
static void operand_init(struct operand_rig *g, int channels, int rows, int halo)
{
    size_t cbs = 32 * (size_t)(rows + 2 * halo + SLACK), all = cbs * (size_t)((channels + 31) / 32);
    g->halves = 2 * all;
    g->memory = ora_tryaligned(64, sizeof(uint16_t) * g->halves);
    for (size_t i = 0; i < g->halves; i++)
        g->memory[i] = GARBAGE;
    g->operand = (struct ora_operand){g->memory + 32 * halo, g->memory + all + 32 * halo, cbs};
}

/* The operand seen from one row before is the operand of the tensor seen from there. */
static void make(struct operand_rig *g, const struct ora_kernels *k, struct ora_b16 x, int channels, int rows,
                 int halo)
{
    struct ora_operand o = g->operand;
    o.hi -= 32 * halo;
    o.lo -= 32 * halo;
    k->operand(o, ora_b16_at(x, 0, -halo), rows + 2 * halo, channels);
}

static void compare(const char *what, const struct operand_rig *got, const struct operand_rig *want)
{
    if (memcmp(got->memory, want->memory, sizeof(uint16_t) * got->halves) != 0)
        ORA_FAIL("%s: the epilogue's operand is not that of a pass", what);
}

static void check_operands(const struct ora_kernels *k, struct shape s, unsigned flags)
{
    struct rig g;
    struct operand_rig x, y, leaky, want_y, want_leaky;
    int out_rows = s.rows * s.step;
    rig_init(&g, k, s);
    operand_init(&x, s.in, s.rows, HALO);
    operand_init(&y, s.out, out_rows, 0);
    operand_init(&leaky, s.out, out_rows, 0);
    operand_init(&want_y, s.out, out_rows, 0);
    operand_init(&want_leaky, s.out, out_rows, 0);
    rig_run(&g, k, WITH_Y | WITH_LEAKY | flags, NULL, 0, s.rows);
    for (int t = 0; t < out_rows; t += s.step) {
        struct ora_operand o = want_y.operand, l = want_leaky.operand;
        o.hi += 32 * t, o.lo += 32 * t, l.hi += 32 * t, l.lo += 32 * t;
        k->operand(o, ora_b16_at(g.y, 0, t), 1, s.out);
        k->operand(l, ora_b16_at(g.leaky, 0, t), 1, s.out);
    }
    make(&x, k, g.x, s.in, s.rows, HALO);
    struct ora_conv_run r = {.rows = s.rows,
                             .row_step = s.step,
                             .x_operand = x.operand,
                             .y_operand = y.operand,
                             .leaky_operand = leaky.operand,
                             .slope = 0.1f,
                             .scratch = g.scratch};
    if (flags & WITH_RES)
        r.res = g.res;
    k->conv(&g.conv, &r);
    compare("result", &y, &want_y);
    compare("leaky", &leaky, &want_leaky);
    rig_release(&g);
    free(x.memory), free(y.memory), free(leaky.memory), free(want_y.memory), free(want_leaky.memory);
}

ORA_TEST(operands_of_epilogues_are_those_of_a_pass)
{
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; i < SHAPES; i++) {
        check_operands(&ora_kernels_amx_split_model, shapes[i], i % 2 ? WITH_RES : 0);
        check_operands(&ora_kernels_amx_model, with_weights(shapes[i], TOLERANT), i % 2 ? 0 : WITH_RES);
    }
    ora_fpu_leave(fpu);
}

/* Modes with code of their own, one by one: floats and operands against the mode that does all. */
ORA_TEST(every_mode_gives_the_same_bits)
{
    const struct ora_kernels *levels[] = {&ora_kernels_amx_split_model, &ora_kernels_amx_model};
    for (int l = 0; l < 2; l++)
        for (unsigned mode = 1; mode < 64; mode++) {
            struct shape s = {40, 48, 3, 1, 75, 1, TOLERANT};
            struct rig g, all;
            struct operand_rig leaky, want;
            unsigned flags = (mode & 1 ? WITH_Y : 0) | (mode & 2 ? WITH_LEAKY : 0) |
                             (mode & 4 ? WITH_RES : 0) | (mode & 8 ? WITH_ADD : 0) |
                             (mode & 16 ? WITH_RELU : 0);
            if (!(mode & 3))
                continue;
            rig_init(&g, levels[l], s);
            rig_init(&all, levels[l], s);
            operand_init(&leaky, s.out, s.rows, 0);
            operand_init(&want, s.out, s.rows, 0);
            struct ora_conv_run r = {.x = all.x, .rows = s.rows, .slope = 0.1f, .scratch = all.scratch};
            r.y = all.y, r.leaky = all.leaky, r.leaky_operand = want.operand, r.y_operand = leaky.operand;
            r.res = mode & 4 ? all.res : r.res;
            r.add = mode & 8 ? all.add : r.add;
            r.fn = mode & 16 ? ORA_ACT_RELU : ORA_ACT_NONE;
            levels[l]->conv(&all.conv, &r);
            r.x = g.x, r.scratch = g.scratch, r.y_operand = (struct ora_operand){0};
            r.y = mode & 1 ? g.y : (struct ora_b16){0};
            r.leaky = mode & 2 ? g.leaky : (struct ora_b16){0};
            r.leaky_operand = mode & 32 ? leaky.operand : (struct ora_operand){0};
            r.res = mode & 4 ? g.res : r.res;
            r.add = mode & 8 ? g.add : r.add;
            levels[l]->conv(&g.conv, &r);
            if ((flags & WITH_Y && memcmp(g.y.p, all.y.p, sizeof(float) * g.out_floats) != 0) ||
                (flags & WITH_LEAKY && memcmp(g.leaky.p, all.leaky.p, sizeof(float) * g.out_floats) != 0))
                ORA_FAIL("%s: mode %u gives other floats", levels[l]->name, mode);
            if (mode & 32)
                compare(levels[l]->name, &leaky, &want);
            rig_release(&g), rig_release(&all);
            free(leaky.memory), free(want.memory);
        }
}

/* Rows so far apart that the scratch cannot hold an input's operand: made a step at a time. */
ORA_TEST(far_taps_have_the_same_bits)
{
    enum { IN = 600, OUT = 40, ROWS = 70, FAR = 900 };
    const struct ora_kernels *k = &ora_kernels_amx_split_model;
    struct rig g;
    struct operand_rig o;
    struct ora_fpu_state fpu = ora_fpu_enter();
    rig_init(&g, k, (struct shape){IN, OUT, 3, 1, ROWS, 1, FLOATS});
    float *memory = ora_tryaligned(64, sizeof(float) * ora_b16_floats(IN, ROWS, FAR)), *at = memory;
    struct ora_b16 x = tensor(&at, IN, ROWS + 2 * FAR, 0, 9); /* all rows real */
    x = ora_b16_at(x, 0, FAR);
    operand_init(&o, IN, ROWS, FAR);
    make(&o, k, x, IN, ROWS, FAR);
    g.conv.dilation = FAR;
    g.conv.first = -FAR;
    struct ora_conv_run r = {
        .x = x, .rows = ROWS, .y = g.y, .leaky = g.leaky, .slope = 0.1f, .scratch = g.scratch};
    k->conv(&g.conv, &r);
    r.x_operand = o.operand;
    r.y = g.add;
    r.leaky = g.res;
    k->conv(&g.conv, &r);
    ORA_CHECK(memcmp(g.y.p, g.add.p, sizeof(float) * g.out_floats) == 0);
    ORA_CHECK(memcmp(g.leaky.p, g.res.p, sizeof(float) * g.out_floats) == 0);
    ora_fpu_leave(fpu);
    rig_release(&g);
    free(memory), free(o.memory);
}

/* The same in three parts, against floats. */
ORA_TEST(far_taps_of_strict_layers)
{
    enum { IN = 600, OUT = 40, ROWS = 70, FAR = 900 };
    const struct ora_kernels *levels[] = {&ora_kernels_amx_split_model, &ora_kernels_scalar};
    struct rig g[2];
    double signal = 0, error = 0;
    struct ora_fpu_state fpu = ora_fpu_enter();
    float *memory = ora_tryaligned(64, sizeof(float) * ora_b16_floats(IN, ROWS, FAR)), *at = memory;
    struct ora_b16 x = tensor(&at, IN, ROWS + 2 * FAR, 0, 9);
    for (int l = 0; l < 2; l++) {
        rig_init(&g[l], levels[l], (struct shape){IN, OUT, 3, 1, ROWS, 1, STRICT});
        g[l].conv.dilation = FAR;
        g[l].conv.first = -FAR;
        levels[l]->conv(&g[l].conv,
                        &(struct ora_conv_run){
                            .x = ora_b16_at(x, 0, FAR), .rows = ROWS, .y = g[l].y, .scratch = g[l].scratch});
    }
    for (int t = 0; t < ROWS; t++)
        for (int o = 0; o < OUT; o++) {
            double want = *ora_b16_element(g[1].y, t, o), e = *ora_b16_element(g[0].y, t, o) - want;
            signal += want * want;
            error += e * e;
        }
    ORA_CHECK(10 * log10(signal / error) >= STRICT_FLOOR_DB);
    ora_fpu_leave(fpu);
    rig_release(&g[0]), rig_release(&g[1]);
    free(memory);
}

/* ---- the object code, its instructions trapped
 * -------------------------------------------------------------- */

#if defined(__x86_64__)
static bool has_avx512_bf16(void)
{
    return ora_kernels_avx512.available() && __builtin_cpu_supports("avx512bf16");
}
#else
static bool has_avx512_bf16(void)
{
    return false;
}
#endif

ORA_TEST(object_code_has_the_bits_of_the_model)
{
    if (!has_avx512_bf16())
        ORA_SKIP("this processor has no AVX-512 with BF16");
#if defined(__x86_64__)
    long met;
    tiles_trap_begin();
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_split, FLOATS, ANY_TAPS);
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_split, HALVES, ANY_TAPS);
    check_cuts(&ora_kernels_amx_model, &ora_kernels_amx, TOLERANT, ANY_TAPS);
    check_cuts(&ora_kernels_amx_split_model, &ora_kernels_amx_split, STRICT, ANY_TAPS);
    for (int i = 0; i < SHAPES; i++)
        check_operands(&ora_kernels_amx_split, shapes[i], i % 2 ? WITH_RES : 0);
    met = tiles_trap_end();
    printf("%ld tile instructions trapped\n", met);
#endif
}

/* ---- the processor's own tiles
 * ------------------------------------------------------------------------------ */

static const struct ora_kernels *hardware(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k) {
        printf("not run: %s\n", err.message);
        ora_test_skip("this processor has no AMX, or the system does not grant it");
    }
    return k;
}

ORA_TEST(hardware_split_equals_naive)
{
    const struct ora_kernels *k = hardware("amx-split");
    if (k)
        check_model(k, FLOATS, SPLIT_FLOOR_DB);
}

ORA_TEST(hardware_plain_equals_naive)
{
    const struct ora_kernels *k = hardware("amx");
    if (k)
        check_model(k, TOLERANT, PLAIN_FLOOR_DB);
}

ORA_TEST(hardware_has_the_bits_of_the_model)
{
    const struct ora_kernels *k = hardware("amx-split"), *plain = k ? hardware("amx") : NULL;
    if (!plain)
        return;
    check_cuts(&ora_kernels_amx_split_model, k, FLOATS, ANY_TAPS);
    check_cuts(&ora_kernels_amx_split_model, k, HALVES, ANY_TAPS);
    check_cuts(&ora_kernels_amx_split_model, k, STRICT, ANY_TAPS);
    check_cuts(&ora_kernels_amx_model, plain, TOLERANT, ANY_TAPS);
}

ORA_TEST(hardware_operands_are_those_of_a_pass)
{
    const struct ora_kernels *k = hardware("amx-split");
    for (int i = 0; k && i < SHAPES; i++)
        check_operands(k, shapes[i], i % 2 ? WITH_RES : 0);
}

/* ---- vdpbf16ps
 * ---------------------------------------------------------------------------------------------- */

static const struct ora_kernels *avx512_bf16(void)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find("avx512-bf16", &err);
    if (!k)
        ora_test_skip(err.message);
    return k;
}

ORA_TEST(avx512_bf16_equals_naive)
{
    const struct ora_kernels *k = avx512_bf16();
    if (!k)
        return;
    check_model(k, TOLERANT, PLAIN_FLOOR_DB);
    for (int rows = 1; rows <= 40; rows++)
        check_against_naive(k, (struct shape){40, 80, 1, 1, rows, 1, TOLERANT},
                            WITH_Y | WITH_RES | WITH_LEAKY, PLAIN_FLOOR_DB);
}

/* All but tolerant layers of one tap. */
ORA_TEST(avx512_bf16_is_winograd_in_convolutions)
{
    const struct ora_kernels *k = avx512_bf16();
    if (!k)
        return;
    const struct ora_kernels *floats = ora_kernels_find("avx512-wino", NULL);
    ORA_CHECK(k->scratch_bytes >= floats->scratch_bytes);
    check_cuts(floats, k, FLOATS, ANY_TAPS);
    check_cuts(floats, k, HALVES, ANY_TAPS);
    check_cuts(floats, k, TOLERANT, SEVERAL_TAPS);
}

ORA_TEST(avx512_bf16_bits_under_any_cut)
{
    const struct ora_kernels *k = avx512_bf16();
    if (!k)
        return;
    check_cuts(k, k, TOLERANT, ONE_TAP);
    for (int i = 0; i < SHAPES; i++)
        if (shapes[i].taps == 1)
            check_operands(k, with_weights(shapes[i], TOLERANT), i % 2 ? WITH_RES : 0);
}
