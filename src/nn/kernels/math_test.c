/*
 * Elementary functions of every level against libm in double, and the same bits at scalar, avx2 and avx512.
 * Bounds are the largest errors measured over the grids below, rounded up a little; they may only get
 * smaller. (blas rounds products and sums apart and gets twice the bound.)
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "nn/kernels/kernels.h"

struct function {
    const char *name;
    enum ora_act fn;
    double (*exact)(double);
    double from, to; /* grid */
    double relative; /* most relative error, in units of 2^-24 (half a last place) … */
    double absolute; /* … or most absolute error, whichever is met */
};

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}
static double exact_silu(double x)
{
    return x / (1 + exp(-x));
}
static double exact_gelu(double x)
{
    return x * erfc(-x / sqrt(2)) / 2;
}
static double exact_softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static double exact_elu(double x)
{
    return x > 0 ? x : expm1(x);
}
static double exact_sine_sum(double x)
{
    return sin(x) + x;
}
static double exact_relu(double x)
{
    return x > 0 ? x : 0;
}

static const struct function functions[] = {
    {"exp", ORA_ACT_EXP, exp, -87, 88, 1.5, 0},
    {"tanh", ORA_ACT_TANH, tanh, -12, 12, 2.5, 0},
    {"sigmoid", ORA_ACT_SIGMOID, exact_sigmoid, -80, 30, 2.5, 0},
    {"silu", ORA_ACT_SILU, exact_silu, -80, 30, 3, 0},
    {"gelu", ORA_ACT_GELU, exact_gelu, -12, 12, 9, 4e-8},
    {"log near 1", ORA_ACT_LOG, log, 0.5, 2, 1.5, 0},
    {"log", ORA_ACT_LOG, log, 1e-7, 1e5, 1.5, 0},
    {"softplus", ORA_ACT_SOFTPLUS, exact_softplus, -80, 40, 3, 0},
    {"elu", ORA_ACT_ELU, exact_elu, -80, 20, 3, 7e-8},
    {"sine sum", ORA_ACT_SINE_SUM, exact_sine_sum, -12, 12, 4, 1e-7},
    {"sine sum, large", ORA_ACT_SINE_SUM, exact_sine_sum, -9000, 9000, 2, 1e-7},
    {"relu", ORA_ACT_RELU, exact_relu, -2, 2, 0, 0},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, POINTS = 400003 };

static float *grid(const struct function *f)
{
    float *x = ora_xmalloc(sizeof(float) * POINTS);
    for (int i = 0; i < POINTS; i++)
        x[i] = (float)(f->from + (f->to - f->from) * i / (POINTS - 1));
    return x;
}

static void check_function(const struct ora_kernels *k, const struct function *f)
{
    double slack = strcmp(k->name, "blas") == 0 ? 2 : 1, worst = 0, at = 0, worst_abs = 0;
    float *x = grid(f), *y = ora_xmalloc(sizeof(float) * POINTS);
    k->map(y, x, POINTS, f->fn);
    for (int i = 0; i < POINTS; i++) {
        double want = f->exact(x[i]), e = fabs(y[i] - want);
        double units = fabs(want) > 1e-37 ? e / fabs(want) * 0x1p24 : 0;
        if (e > worst_abs)
            worst_abs = e;
        if (e > f->absolute * slack && units > worst) {
            worst = units;
            at = x[i];
        }
    }
    printf("%s %s: %.2f units of 2^-24 at %.6g, absolute %.3g\n", k->name, f->name, worst, at, worst_abs);
    if (!(worst <= f->relative * slack))
        ORA_FAIL("%s %s is off by %.2f units of 2^-24 at %.9g, allowed %.2f", k->name, f->name, worst, at,
                 f->relative * slack);
    free(x);
    free(y);
}

static void check_level(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err);
    if (!k)
        ORA_SKIP(err.message);
    for (int i = 0; i < FUNCTIONS; i++)
        check_function(k, &functions[i]);
}

ORA_TEST(scalar_functions)
{
    check_level("scalar");
}
ORA_TEST(blas_functions)
{
    check_level("blas");
}
ORA_TEST(avx2_functions)
{
    check_level("avx2");
}
ORA_TEST(avx512_functions)
{
    check_level("avx512");
}

static void check_bits(const char *name)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(name, &err), *reference = ora_kernels_find("scalar", &err);
    if (!k)
        ORA_SKIP(err.message);
    float *want = ora_xmalloc(sizeof(float) * POINTS), *got = ora_xmalloc(sizeof(float) * POINTS);
    for (int i = 0; i < FUNCTIONS; i++) {
        float *x = grid(&functions[i]);
        reference->map(want, x, POINTS, functions[i].fn);
        k->map(got, x, POINTS, functions[i].fn);
        if (memcmp(want, got, sizeof(float) * POINTS) != 0)
            ORA_FAIL("%s of %s has other bits than scalar's", functions[i].name, name);
        /* a lane does not see its neighbours: the same from an odd start, one by one */
        for (int j = 0; j < 40; j++) {
            float one;
            k->map(&one, x + 1001 + j, 1, functions[i].fn);
            ORA_CHECK(memcmp(&one, want + 1001 + j, sizeof one) == 0);
        }
        free(x);
    }
    free(want);
    free(got);
}

ORA_TEST(avx2_has_the_bits_of_scalar)
{
    check_bits("avx2");
}
ORA_TEST(avx512_has_the_bits_of_scalar)
{
    check_bits("avx512");
}

/* Edges: what softmax, gates and durations meet. */
ORA_TEST(edges)
{
    for (size_t l = 0; ora_kernels_at(l); l++) {
        const struct ora_kernels *k = ora_kernels_at(l);
        float x[] = {-1e4f, -88.0f, 0.0f, -0.0f, 1e4f}, y[5];
        if (!k->available())
            continue;
        k->map(y, x, 5, ORA_ACT_EXP);
        ORA_CHECK(y[0] == 0.0f && y[1] == 0.0f && y[2] == 1.0f && y[3] == 1.0f && isfinite(y[4]));
        k->map(y, x, 5, ORA_ACT_TANH);
        ORA_CHECK(y[0] == -1.0f && y[2] == 0.0f && y[4] == 1.0f);
        k->map(y, x, 5, ORA_ACT_SIGMOID);
        ORA_CHECK(y[0] >= 0.0f && y[0] < 1e-37f && y[2] == 0.5f && y[4] == 1.0f);
        k->map(y, x, 5, ORA_ACT_GELU);
        ORA_CHECK(y[0] == 0.0f && y[2] == 0.0f && y[4] == 1e4f);
        k->map(y, x, 5, ORA_ACT_SOFTPLUS);
        ORA_CHECK(y[0] == 0.0f && y[4] == 1e4f);
        k->map(y, x + 2, 1, ORA_ACT_NONE);
        ORA_CHECK(y[0] == 0.0f);
    }
}

/* 2^18 deviates: mean, variance and kurtosis within 5 standard errors; and Box-Muller's formula in double. */
ORA_TEST(normals_are_normal)
{
    enum { N = 1 << 18 };
    uint32_t *words = ora_xmalloc(sizeof(uint32_t) * N), state = 12345;
    float *y = ora_xmalloc(sizeof(float) * N);
    for (int i = 0; i < N; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        words[i] = state;
    }
    for (size_t l = 0; ora_kernels_at(l); l++) {
        const struct ora_kernels *k = ora_kernels_at(l);
        double m1 = 0, m2 = 0, m4 = 0, worst = 0;
        if (!k->available())
            continue;
        k->normals(y, words, N);
        for (int i = 0; i < N; i += 2) {
            double u = ((words[i] >> 9) + 0.5) / 8388608, v = ((words[i + 1] >> 9) + 0.5) / 8388608;
            double r = sqrt(-2 * log(u)), c = r * cos(2 * M_PI * v), s = r * sin(2 * M_PI * v);
            worst = fmax(worst, fmax(fabs(y[i] - c), fabs(y[i + 1] - s)));
            for (int j = 0; j < 2; j++) {
                double d = (double)y[i + j] * y[i + j];
                m1 += y[i + j];
                m2 += d;
                m4 += d * d;
            }
        }
        ORA_CHECK_NEAR(m1 / N, 0, 5 / sqrt(N));
        ORA_CHECK_NEAR(m2 / N, 1, 5 * sqrt(2.0 / N));
        ORA_CHECK_NEAR(m4 / N, 3, 5 * sqrt(96.0 / N));
        ORA_CHECK_NEAR(worst, 0, 2e-6);
    }
    /* a deviate depends on its own pair: another start, an odd length of pairs */
    const struct ora_kernels *k = ora_kernels_find("auto", NULL);
    float few[6];
    k->normals(few, words + 10, 6);
    k->normals(y, words, N);
    ORA_CHECK(memcmp(few, y + 10, sizeof few) == 0);
    free(words);
    free(y);
}
