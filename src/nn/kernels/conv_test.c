/*
 * The convolution of every level, with weights of either size, against a naive double sum, at odd sizes, with
 * every epilogue; and the promise on bits: scalar, avx2 and avx512 agree, whatever the cut of the rows; the
 * Winograd levels agree with themselves.
 *
 * SNR floor 110 dB: one float rounding is 2^-24 (about 144 dB below); a chain of K <= 3000 adds grows it like
 * sqrt(K), some 35 dB at the worst. A wrong tap, row, channel or epilogue gives less than 40 dB. Winograd
 * layers: 90 dB, because their transforms add terms tens of times as large as the sum (toom.c tells what each
 * kernel width reaches; 7 taps of 512 channels are the worst here, 95).
 */
#include "nn/kernels/conv_rig.h"

enum { SNR_FLOOR_DB = 110, WINO_SNR_FLOOR_DB = 90 };

static void check(const struct ora_kernels *k, struct shape s, unsigned flags)
{
    check_against_naive(k, s, flags, strstr(k->name, "wino") ? WINO_SNR_FLOOR_DB : SNR_FLOOR_DB);
}

static void check_level(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; i < SHAPES; i++)
        for (int e = 0; e < EPILOGUES; e++) {
            if (shapes[i].in < 500 || e % 5 == 3) /* the long ones: in place and one more */
                check(k, shapes[i], epilogues[e]);
            if (shapes[i].in < 500 || e % 8 == 3)
                check(k, with_weights(shapes[i], HALVES), epilogues[e]);
        }
    ora_fpu_leave(fpu);
}

ORA_TEST(scalar_equals_naive)
{
    check_level("scalar");
}

ORA_TEST(blas_equals_naive)
{
    check_level("blas");
}

ORA_TEST(avx2_equals_naive)
{
    check_level("avx2");
}

ORA_TEST(avx512_equals_naive)
{
    check_level("avx512");
}

/* Shapes that Winograd levels do not leave to the direct one: channels that fill no block, dilations that no
 * count of rows is a multiple of, groups that end far past the utterance, several passes of tiles. */
static const struct shape wide_shapes[] = {
    {128, 128, 3, 1, 37, 1, FLOATS}, {128, 128, 3, 2, 500, 1, FLOATS},  {130, 150, 3, 5, 41, 1, FLOATS},
    {64, 64, 5, 1, 29, 1, FLOATS},   {192, 384, 5, 1, 300, 1, FLOATS},  {70, 90, 5, 6, 7, 1, FLOATS},
    {64, 64, 7, 12, 200, 1, FLOATS}, {128, 100, 7, 3, 450, 1, FLOATS},  {100, 66, 7, 1, 3, 1, FLOATS},
    {128, 64, 11, 5, 90, 1, FLOATS}, {256, 256, 11, 1, 33, 1, FLOATS},  {75, 140, 11, 3, 1, 1, FLOATS},
    {96, 80, 5, 2, 25, 3, FLOATS},   {128, 144, 3, 12, 100, 1, FLOATS}, {512, 64, 7, 1, 120, 1, FLOATS},
};
enum { WIDE_SHAPES = sizeof wide_shapes / sizeof *wide_shapes };

static void check_wide(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; i < WIDE_SHAPES; i++)
        for (int e = 0; e < EPILOGUES; e++)
            check(k, wide_shapes[i], epilogues[e]);
    ora_fpu_leave(fpu);
}

ORA_TEST(avx2_wino_equals_naive)
{
    check_level("avx2-wino");
    check_wide("avx2-wino");
}

ORA_TEST(avx512_wino_equals_naive)
{
    check_level("avx512-wino");
    check_wide("avx512-wino");
}

/* Every time from 1 to 40 rows at one shape: all tails of all tiles. */
static void check_all_tails(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    for (int rows = 1; rows <= 40; rows++) {
        check(k, (struct shape){24, 48, 3, 2, rows, 1, FLOATS}, WITH_Y | WITH_RES | WITH_LEAKY);
        check(k, (struct shape){16, 32, 1, 1, rows, 2, FLOATS}, WITH_Y);
        check(k, (struct shape){40, 80, 1, 1, rows, 1, HALVES}, WITH_Y | WITH_RES);
    }
}

ORA_TEST(scalar_every_tail)
{
    check_all_tails("scalar");
}

ORA_TEST(blas_every_tail)
{
    check_all_tails("blas");
}

ORA_TEST(avx2_every_tail)
{
    check_all_tails("avx2");
}

ORA_TEST(avx512_every_tail)
{
    check_all_tails("avx512");
}

static void check_wide_tails(const char *name)
{
    static const int taps[] = {3, 5, 7, 11};
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    for (int rows = 1; rows <= 40; rows++)
        for (int i = 0; i < 4; i++)
            check(k, (struct shape){128, 128, taps[i], 1 + rows % 5, rows, 1, FLOATS},
                  WITH_Y | WITH_RES | WITH_LEAKY);
}

ORA_TEST(avx2_wino_every_tail)
{
    check_wide_tails("avx2-wino");
}

ORA_TEST(avx512_wino_every_tail)
{
    check_wide_tails("avx512-wino");
}

static void check_bits_between(const char *reference, const char *name)
{
    static const int cuts[] = {MAX_ROWS, 1, 5, 13, 100};
    struct ora_err err = {0};
    const struct ora_kernels *a = ora_kernels_find(reference, &err), *b = ora_kernels_find(name, &err);
    unsigned flags = WITH_Y | WITH_RES | WITH_ADD | WITH_LEAKY | IN_PLACE;
    if (!a || !b)
        ORA_SKIP(err.message);
    for (int i = 0; i < SHAPES; i++) {
        struct rig want;
        rig_init(&want, a, shapes[i]);
        rig_run(&want, a, flags, NULL, 0, shapes[i].rows);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++)
            check_bits(b, shapes[i], flags, cuts[c], &want);
        rig_release(&want);
    }
}

/* Halves have the bits of the same values kept as floats, whatever the rows a call. */
static void check_half_bits(const char *name)
{
    static const int cuts[] = {MAX_ROWS, 1, 3, 16, 40};
    struct ora_err err = {0};
    const struct ora_kernels *scalar = ora_kernels_find("scalar", &err), *k = ora_kernels_find(name, &err);
    unsigned flags = WITH_Y | WITH_RES | WITH_ADD | WITH_LEAKY | IN_PLACE;
    if (!k)
        ORA_SKIP(err.message);
    for (int i = 0; i < SHAPES; i++) {
        struct rig want;
        struct shape floats = with_weights(shapes[i], HALF_VALUES), halves = with_weights(shapes[i], HALVES);
        rig_init(&want, scalar, floats);
        rig_run(&want, scalar, flags, NULL, 0, shapes[i].rows);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++)
            check_bits(k, halves, flags, cuts[c], &want);
        rig_release(&want);
    }
}

ORA_TEST(scalar_half_has_the_bits_of_floats)
{
    check_half_bits("scalar");
}

ORA_TEST(avx2_half_has_the_bits_of_floats)
{
    check_half_bits("avx2");
}

ORA_TEST(avx512_half_has_the_bits_of_floats)
{
    check_half_bits("avx512");
}

/* The portable level rounds in its own way, but rows know no other row. */
ORA_TEST(blas_half_bits_under_any_cut)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find("blas", &err);
    struct shape s = {200, 72, 1, 1, 40, 1, HALVES};
    struct rig want;
    ORA_CHECK(k != NULL);
    rig_init(&want, k, s);
    rig_run(&want, k, WITH_Y | WITH_RES, NULL, 0, s.rows);
    for (int cut = 1; cut <= 17; cut++)
        check_bits(k, s, WITH_Y | WITH_RES, cut, &want);
    rig_release(&want);
}

ORA_TEST(scalar_bits_under_any_cut)
{
    check_bits_between("scalar", "scalar");
}

ORA_TEST(avx2_has_the_bits_of_scalar)
{
    check_bits_between("scalar", "avx2");
}

ORA_TEST(avx512_has_the_bits_of_scalar)
{
    check_bits_between("scalar", "avx512");
}

/* Winograd: the same bits at both levels and under any cut. */
static void check_wino_bits(const char *name)
{
    static const int cuts[] = {1, 5, 13, 48, 100};
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err), *both = ora_kernels_find("avx2-wino", &err);
    unsigned flags = WITH_Y | WITH_RES | WITH_ADD | WITH_LEAKY | IN_PLACE;
    if (!k)
        ORA_SKIP(err.message);
    for (int i = 0; i < WIDE_SHAPES; i++) {
        struct rig want;
        rig_init(&want, both, wide_shapes[i]);
        ORA_CHECK(want.conv.grid == 6 * wide_shapes[i].dilation);
        rig_run(&want, both, flags, NULL, 0, wide_shapes[i].rows);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++)
            if (cuts[c] > 1 || wide_shapes[i].rows <= 50)
                check_bits(k, wide_shapes[i], flags, cuts[c], &want);
        rig_release(&want);
    }
}

ORA_TEST(avx2_wino_bits_under_any_cut)
{
    check_wino_bits("avx2-wino");
}

ORA_TEST(avx512_wino_bits_under_any_cut)
{
    check_wino_bits("avx512-wino");
}

/* Rows that ora_conv_reads does not name are not read: not-a-numbers there do no harm. */
static void check_reads(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    for (int i = 0; i < WIDE_SHAPES; i++) {
        struct shape s = wide_shapes[i];
        struct rig want, got;
        struct ora_rows out = {s.rows / 3, s.rows - s.rows / 4};
        rig_init(&want, k, s);
        rig_init(&got, k, s);
        rig_run(&want, k, WITH_Y, NULL, out.lo, out.hi);
        struct ora_rows in = ora_conv_reads(&got.conv, out, s.rows);
        for (int b = 0; b < ora_blocks(s.in); b++)
            for (int t = -HALO; t < s.rows + HALO; t++)
                for (int l = 0; l < ORA_LANES && (t < in.lo || t >= in.hi); l++)
                    ora_b16_at(got.x, b, t).p[l] = NAN;
        rig_run(&got, k, WITH_Y, NULL, out.lo, out.hi);
        if (memcmp(want.y.p, got.y.p, sizeof(float) * want.out_floats) != 0)
            ORA_FAIL("%s: %d->%d k%d d%d T%d reads rows outside [%d, %d)", name, s.in, s.out, s.taps,
                     s.dilation, s.rows, in.lo, in.hi);
        rig_release(&want);
        rig_release(&got);
    }
}

ORA_TEST(direct_reads_its_rows_only)
{
    check_reads("scalar");
}

ORA_TEST(avx2_wino_reads_its_rows_only)
{
    check_reads("avx2-wino");
}

ORA_TEST(avx512_wino_reads_its_rows_only)
{
    check_reads("avx512-wino");
}

ORA_TEST(auto_never_takes_a_level_by_name_only)
{
    const struct ora_kernels *k = ora_kernels_find("auto", NULL);
    ORA_CHECK(k && !k->by_name);
}
