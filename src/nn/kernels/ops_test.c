/*
 * The rest of the table at odd sizes: against a naive double computation, and the same bits at scalar, avx2,
 * avx512. Tolerances: 2e-6 relative to values of order 1 (some ten roundings of 2^-24 = 6e-8 each, and the
 * functions' own).
 */
#include <stdlib.h>

#include "base/rng.h"
#include "base/test.h"
#include "nn/kernels/b16.h"

enum { ROWS = 37, MOST_CHANNELS = 200, HALO = 32, FLOATS = (ROWS + 2 * HALO) * 208 };

static const int channel_counts[] = {1, 15, 16, 17, 29, 96, 192, 200};
enum { COUNTS = sizeof channel_counts / sizeof *channel_counts };

static float noise(uint32_t what, uint32_t index)
{
    uint32_t counter[4] = {index / 4, what, 0, 0}, out[4];
    ora_philox((struct ora_rng_key){{3, 5}}, counter, out);
    return (float)(int32_t)out[index % 4] * 0x1p-31f;
}

struct work {
    struct ora_b16 x, y, z;
    float *memory, *plain, *vector; /* FLOATS each */
};

static void work_init(struct work *w, int channels)
{
    w->memory = ora_tryaligned(64, sizeof(float) * FLOATS * 5);
    memset(w->memory, 0, sizeof(float) * FLOATS * 5);
    w->x = ora_b16_place(w->memory, ROWS, HALO);
    w->y = ora_b16_place(w->memory + FLOATS, ROWS, HALO);
    w->z = ora_b16_place(w->memory + 2 * FLOATS, ROWS, HALO);
    w->plain = w->memory + 3 * FLOATS;
    w->vector = w->memory + 4 * FLOATS;
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < channels; c++) {
            *ora_b16_element(w->x, t, c) = noise(1, (uint32_t)(t * channels + c));
            *ora_b16_element(w->z, t, c) = noise(2, (uint32_t)(t * channels + c));
        }
}

typedef void op_check(const struct ora_kernels *k, struct work *w, int channels);

/* Runs `check` at every available level and size; then compares the y tensors' bits with scalar's. */
static void for_all(op_check *check)
{
    for (int i = 0; i < COUNTS; i++) {
        struct work reference;
        work_init(&reference, channel_counts[i]);
        check(ora_kernels_find("scalar", NULL), &reference, channel_counts[i]);
        for (size_t l = 0; ora_kernels_at(l); l++) {
            const struct ora_kernels *k = ora_kernels_at(l);
            struct work w;
            if (!k->available())
                continue;
            work_init(&w, channel_counts[i]);
            check(k, &w, channel_counts[i]);
            if (strcmp(k->name, "blas") != 0 &&
                memcmp(w.memory + FLOATS, reference.memory + FLOATS, sizeof(float) * FLOATS) != 0)
                ORA_FAIL("%s: %d channels: other bits than scalar's", k->name, channel_counts[i]);
            for (int t = 0; t < ROWS; t++)
                for (int c = channel_counts[i]; c < ORA_LANES * ora_blocks(channel_counts[i]); c++)
                    ORA_CHECK(*ora_b16_element(w.y, t, c) == 0.0f);
            free(w.memory);
        }
        free(reference.memory);
    }
}

static void check_layer_norm(const struct ora_kernels *k, struct work *w, int n)
{
    float *gamma = w->vector, *beta = gamma + 256;
    for (int c = 0; c < n; c++) {
        gamma[c] = 1 + noise(3, (uint32_t)c);
        beta[c] = noise(4, (uint32_t)c);
        *ora_b16_element(w->x, 1, c) += 100; /* a mean far from zero */
    }
    k->layer_norm(w->y, w->x, ROWS, n, gamma, beta, 1e-5f, ORA_ACT_GELU, w->z);
    for (int t = 0; t < ROWS; t++) {
        double mean = 0, var = 0,
               allowed = t == 1 ? 4e-4 : 4e-6; /* 100 loses its last bits before the subtraction */
        for (int c = 0; c < n; c++)
            mean += *ora_b16_element(w->x, t, c) / (double)n;
        for (int c = 0; c < n; c++)
            var += pow(*ora_b16_element(w->x, t, c) - mean, 2) / n;
        for (int c = 0; c < n; c++) {
            double v = (*ora_b16_element(w->x, t, c) - mean) / sqrt(var + 1e-5) * gamma[c] + beta[c];
            v = v * erfc(-v / sqrt(2)) / 2 + *ora_b16_element(w->z, t, c);
            if (n > 1 || t != 1)
                ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), v, allowed * (1 + fabs(v)));
        }
    }
}

ORA_TEST(layer_norm)
{
    for_all(check_layer_norm);
}

static void check_rms_norm(const struct ora_kernels *k, struct work *w, int n)
{
    float *gamma = w->vector;
    for (int c = 0; c < n; c++)
        gamma[c] = 1 + noise(3, (uint32_t)c);
    k->rms_norm(w->y, w->x, ROWS, n, gamma, 1e-6f);
    for (int t = 0; t < ROWS; t++) {
        double mean = 0;
        for (int c = 0; c < n; c++)
            mean += pow(*ora_b16_element(w->x, t, c), 2) / n;
        for (int c = 0; c < n; c++) {
            double v = *ora_b16_element(w->x, t, c) / sqrt(mean + 1e-6) * gamma[c];
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), v, 4e-6 * (1 + fabs(v)));
        }
    }
}

ORA_TEST(rms_norm)
{
    for_all(check_rms_norm);
}

static void check_add_scaled(const struct ora_kernels *k, struct work *w, int n)
{
    float *gain = w->vector;
    for (int c = 0; c < n; c++)
        gain[c] = noise(3, (uint32_t)c);
    for (int b = 0; b < ora_blocks(n); b++) /* y = x*x, then += z*gain */
        k->mul(ora_b16_at(w->y, b, 0).p, ora_b16_at(w->x, b, 0).p, ora_b16_at(w->x, b, 0).p,
               ORA_LANES * ROWS);
    k->add_scaled(w->y, w->z, gain, ROWS, ora_blocks(n));
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++) {
            double x = *ora_b16_element(w->x, t, c),
                   v = x * x + *ora_b16_element(w->z, t, c) * (double)gain[c];
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), v, 3e-7);
        }
}

ORA_TEST(mul_and_add_scaled)
{
    for_all(check_add_scaled);
}

/* Query row 1 of x against keys and values in z, for one and for all rows. */
static void check_attend(const struct ora_kernels *k, struct work *w, int n)
{
    double p[ROWS], root = 1 / sqrt(n);
    for (int c = 0; c < n; c++)
        *ora_b16_element(w->x, 1, c) *= (float)(4 * root);
    for (int keys = 1, row = 0; keys <= ROWS; keys += ROWS - 1, row++) {
        double sum = 0;
        k->attend(ora_b16_at(w->y, 0, row), ora_b16_at(w->x, 0, 1), w->z, w->z, keys, n, w->vector);
        for (int j = 0; j < keys; j++) {
            double s = 0;
            for (int c = 0; c < n; c++)
                s += *ora_b16_element(w->x, 1, c) * (double)*ora_b16_element(w->z, j, c);
            sum += p[j] = exp(s);
        }
        for (int c = 0; c < n; c++) {
            double v = 0;
            for (int j = 0; j < keys; j++)
                v += p[j] / sum * *ora_b16_element(w->z, j, c);
            ORA_CHECK_NEAR(*ora_b16_element(w->y, row, c), v, 2e-6);
        }
    }
}

ORA_TEST(attend)
{
    for_all(check_attend);
}

static void check_softmax(const struct ora_kernels *k, struct work *w, int n)
{
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++)
            *ora_b16_element(w->y, t, c) = 10 * *ora_b16_element(w->x, t, c);
    for (int c = n; c < ORA_LANES * ora_blocks(n); c++)
        *ora_b16_element(w->y, 0, c) = 77; /* padding may hold anything */
    k->softmax(w->y, ROWS, n);
    for (int t = 0; t < ROWS; t++) {
        double sum = 0;
        for (int c = 0; c < n; c++)
            sum += exp(10.0 * *ora_b16_element(w->x, t, c));
        for (int c = 0; c < n; c++)
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), exp(10.0 * *ora_b16_element(w->x, t, c)) / sum,
                           2e-6);
    }
}

ORA_TEST(softmax)
{
    for_all(check_softmax);
}

/* The channels as two tiles, the second one greater by 40 in every third row and less by 40 in every next:
 * weights by the first top, shrunk and divided, are those of the softmax of both. */
static void check_softmax_tile(const struct ora_kernels *k, struct work *w, int n)
{
    enum { STATE = (ROWS + 15) / 16 * 16 };
    float state[3 * STATE], inverse[ROWS];
    struct ora_softmax s = {state, state + STATE, state + 2 * STATE};
    for (int i = 0; i < 3 * STATE; i++)
        state[i] = NAN; /* what a first tile finds does not count */
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < ORA_LANES * ora_blocks(n); c++) {
            *ora_b16_element(w->y, t, c) = c < n ? 10 * *ora_b16_element(w->x, t, c) : 77;
            *ora_b16_element(w->z, t, c) =
                c < n ? 10 * *ora_b16_element(w->z, t, c) + (float)(40 * (t % 3 - 1)) : 77;
        }
    struct work plain = {0};
    float *sources = ora_xmalloc(sizeof(float) * FLOATS * 2);
    memcpy(sources, w->memory + FLOATS, sizeof(float) * FLOATS * 2);
    plain.y = ora_b16_place(sources, ROWS, HALO);
    plain.z = ora_b16_place(sources + FLOATS, ROWS, HALO);
    k->softmax_tile(w->y, ROWS, n, &s, true);
    k->softmax_tile(w->z, ROWS, n, &s, false);
    k->scale_rows(w->y, w->y, s.shrink, ROWS, ora_blocks(n));
    for (int t = 0; t < ROWS; t++)
        inverse[t] = 1.0f / s.sum[t];
    k->scale_rows(w->y, w->y, inverse, ROWS, ora_blocks(n));
    k->scale_rows(w->z, w->z, inverse, ROWS, ora_blocks(n));
    for (int t = 0; t < ROWS; t++) {
        double sum = 0;
        for (int c = 0; c < n; c++)
            sum += exp(*ora_b16_element(plain.y, t, c)) + exp(*ora_b16_element(plain.z, t, c));
        for (int c = 0; c < n; c++) {
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), exp(*ora_b16_element(plain.y, t, c)) / sum, 2e-6);
            ORA_CHECK_NEAR(*ora_b16_element(w->z, t, c), exp(*ora_b16_element(plain.z, t, c)) / sum, 2e-6);
        }
        for (int c = n; c < ORA_LANES * ora_blocks(n); c++)
            ORA_CHECK(*ora_b16_element(w->z, t, c) == 0.0f);
    }
    free(sources);
}

ORA_TEST(softmax_in_tiles)
{
    for_all(check_softmax_tile);
}

static void check_gate(const struct ora_kernels *k, struct work *w, int n)
{
    int blocks = ora_blocks(n);
    if (blocks > 6) { /* both halves must fit the buffer */
        return;
    }
    struct ora_b16 lower = ora_b16_at(w->x, blocks, 0);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++) {
            *ora_b16_element(w->x, t, c) *= 3;
            *ora_b16_element(lower, t, c) = 3 * noise(5, (uint32_t)(t * n + c));
        }
    k->gate(w->y, w->x, ROWS, blocks);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++) {
            double v = tanh(*ora_b16_element(w->x, t, c)) / (1 + exp(-*ora_b16_element(lower, t, c)));
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), v, 4e-7);
        }
}

ORA_TEST(gate)
{
    for_all(check_gate);
}

static void check_depthwise(const struct ora_kernels *k, struct work *w, int n)
{
    enum { TAPS = 3, DILATION = 9 };
    int blocks = ora_blocks(n);
    float *weights = w->plain, *bias = w->vector;
    for (int c = 0; c < n; c++) {
        bias[c] = noise(6, (uint32_t)c);
        for (int j = 0; j < TAPS; j++)
            weights[((c / 16) * TAPS + j) * 16 + c % 16] = noise(7, (uint32_t)(c * TAPS + j));
    }
    k->depthwise(w->y, w->x, ROWS, blocks, TAPS, DILATION, -DILATION, weights, bias);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++) {
            double v = bias[c];
            for (int j = 0; j < TAPS; j++) {
                int row = t + (j - 1) * DILATION;
                if (row >= 0 && row < ROWS)
                    v += (double)noise(7, (uint32_t)(c * TAPS + j)) * *ora_b16_element(w->x, row, c);
            }
            ORA_CHECK_NEAR(*ora_b16_element(w->y, t, c), v, 1e-6);
        }
}

ORA_TEST(depthwise)
{
    for_all(check_depthwise);
}

static void check_conv_mono(const struct ora_kernels *k, struct work *w, int n)
{
    enum { TAPS = 7 };
    float *weights = w->plain,
          *samples = w->memory + FLOATS + 16 * HALO; /* y's memory, so that bits are compared */
    for (int c = 0; c < n; c++)
        for (int j = 0; j < TAPS; j++)
            weights[((c / 16) * TAPS + j) * 16 + c % 16] = noise(8, (uint32_t)(c * TAPS + j)) * 0.2f;
    k->conv_mono(samples, w->x, ROWS, ora_blocks(n), TAPS, 1, -3, weights, 0.25f, ORA_ACT_TANH);
    for (int t = 0; t < ROWS; t++) {
        double v = 0.25;
        for (int c = 0; c < n; c++)
            for (int j = 0; j < TAPS; j++)
                if (t + j - 3 >= 0 && t + j - 3 < ROWS)
                    v += (double)weights[((c / 16) * TAPS + j) * 16 + c % 16] *
                         *ora_b16_element(w->x, t + j - 3, c);
        ORA_CHECK_NEAR(samples[t], tanh(v), 2e-6);
    }
    /* other cuts, the same bits */
    float *again = w->vector;
    for (int t = 0, m; t < ROWS; t += m) {
        m = t % 3 + 1 < ROWS - t ? t % 3 + 1 : ROWS - t;
        k->conv_mono(again + t, ora_b16_at(w->x, 0, t), m, ora_blocks(n), TAPS, 1, -3, weights, 0.25f,
                     ORA_ACT_TANH);
    }
    ORA_CHECK(memcmp(again, samples, sizeof(float) * ROWS) == 0);
    for (int t = 0; t < ROWS; t++) /* leave the padding check of for_all something true */
        again[t] = samples[t];
    memset(samples, 0, sizeof(float) * ROWS);
    memcpy(w->memory + FLOATS, again, sizeof(float) * ROWS);
}

ORA_TEST(conv_mono)
{
    for_all(check_conv_mono);
}

static void check_transposes(const struct ora_kernels *k, struct work *w, int n)
{
    float *plain = w->plain;
    k->to_tc(plain, (size_t)n + 3, w->x, ROWS, n);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++)
            ORA_CHECK(plain[t * (n + 3) + c] == *ora_b16_element(w->x, t, c));
    ora_b16_clear_rows(w->y, n, 0, ROWS);
    k->from_tc(w->y, plain, (size_t)n + 3, ROWS, n);
    ORA_CHECK(memcmp(w->memory, w->memory + FLOATS, sizeof(float) * FLOATS) == 0);
    k->to_ct(plain, ROWS + 5, w->x, ROWS, n);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++)
            ORA_CHECK(plain[c * (ROWS + 5) + t] == *ora_b16_element(w->x, t, c));
    ora_b16_clear_rows(w->y, n, 0, ROWS);
    k->from_ct(w->y, plain, ROWS + 5, ROWS, n);
    ORA_CHECK(memcmp(w->memory, w->memory + FLOATS, sizeof(float) * FLOATS) == 0);
}

ORA_TEST(transposes)
{
    for_all(check_transposes);
}

static void check_rows(const struct ora_kernels *k, struct work *w, int n)
{
    int32_t ids[ROWS];
    for (int t = 0; t < ROWS; t++)
        ids[t] = t * 7 % 11;
    for (int i = 0; i < 11 * n; i++)
        w->plain[i] = noise(9, (uint32_t)i);
    k->embed(w->y, ids, ROWS, w->plain, n, 13.856406f);
    for (int t = 0; t < ROWS; t++)
        for (int c = 0; c < n; c++)
            ORA_CHECK(*ora_b16_element(w->y, t, c) == w->plain[ids[t] * n + c] * 13.856406f);
    k->gather(w->y, w->x, ids, ROWS, ora_blocks(n));
    for (int t = 0; t < ROWS; t++)
        ORA_CHECK(*ora_b16_element(w->y, t, n - 1) == *ora_b16_element(w->x, ids[t], n - 1));
}

ORA_TEST(rows_by_index)
{
    for_all(check_rows);
}

static void check_vectors(const struct ora_kernels *k, struct work *w, int n)
{
    size_t len = (size_t)ROWS * 16 - 5; /* an odd tail */
    const float *a = w->x.p, *b = w->z.p;
    float *y = w->y.p;
    (void)n;
    k->add(y, a, b, len);
    for (size_t i = 0; i < len; i++)
        ORA_CHECK(y[i] == a[i] + b[i]);
    k->madd(y, a, b, len, 0.667f);
    for (size_t i = 0; i < len; i++)
        ORA_CHECK_NEAR(y[i], a[i] + b[i] + 0.667 * a[i] * b[i], 4e-7);
    k->leaky(w->plain, y, len, 0.1f);
    for (size_t i = 0; i < len; i++)
        ORA_CHECK(w->plain[i] == (y[i] > 0 ? y[i] : y[i] * 0.1f));
    k->scale(w->plain, y, len, -2.0f);
    for (size_t i = 0; i < len; i++)
        ORA_CHECK(w->plain[i] == y[i] * -2.0f);
    ORA_CHECK(y[len] == 0.0f && w->plain[len] == 0.0f);
}

ORA_TEST(vectors)
{
    for_all(check_vectors);
}

ORA_TEST(levels_are_found)
{
    struct ora_err err = {0};
    ORA_CHECK(ora_kernels_find(NULL, &err) && ora_kernels_find("auto", &err));
    ORA_CHECK(ora_kernels_find("auto", &err) == ora_kernels_find(NULL, NULL));
    ORA_CHECK_STR(ora_kernels_find("scalar", &err)->name, "scalar");
    ORA_CHECK(strlen(ora_kernels_find("blas", &err)->detail()) > 0);
    ORA_CHECK(ora_kernels_find("avx3", &err) == NULL);
    ORA_CHECK_INT(err.code, ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "avx3") && strstr(err.message, "scalar"));
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        ora_err_clear(&err);
        ORA_CHECK((ora_kernels_find(k->name, &err) == k) == k->available());
        ORA_CHECK_INT(err.code, k->available() ? 0 : ORA_E_UNSUPPORTED);
    }
}

ORA_TEST(denormals_are_flushed)
{
    volatile float tiny = 1e-30f;
    struct ora_fpu_state s = ora_fpu_enter();
    float flushed = tiny * tiny * 1e20f;
    ora_fpu_leave(s);
    ORA_CHECK(flushed == 0.0f);
    volatile float smaller = 1e-20f;
    ORA_CHECK(smaller * 1e-20f > 0.0f); /* the mode was put back: 1e-40 is a denormal */
}
