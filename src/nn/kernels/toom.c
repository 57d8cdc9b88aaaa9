/* Schemes, their matrices in whole ratios, and the folding of weights in double. */
#include "nn/kernels/toom.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels/level.h"

/* SNR of a layer of 128 channels: 123 (3), 111 (5), 104 (7), 114 dB (11); kernels_bench. */
static const struct ora_toom schemes[] = {
    {2, 7, 1, 32, {{.taps = 2, .pairs = 3, .eighths = {2, 7, 14}}}},
    {3, 8, 1, 32, {{.taps = 3, .zero = true, .pairs = 3, .eighths = {4, 8, 16}}}},
    {5, 10, 1, 32, {{.taps = 5, .zero = true, .pairs = 4, .eighths = {3, 6, 10, 19}}}},
    {7, 12, 1, 32, {{.taps = 7, .zero = true, .pairs = 5, .eighths = {3, 5, 8, 12, 20}}}},
    {11,
     21,
     2,
     32,
     {{.taps = 5, .zero = true, .pairs = 4, .eighths = {3, 6, 10, 19}},
      {.first = 5, .taps = 6, .pairs = 5, .eighths = {2, 4, 7, 11, 20}}}},
};

const struct ora_toom *ora_toom_find(int taps)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (schemes[i].taps == taps)
            return &schemes[i];
    return NULL;
}

const struct ora_toom *ora_toom_of(const struct ora_conv_spec *s)
{
    const struct ora_toom *t = ora_toom_find(s->taps);
    if (!t || !s->placed || s->half || s->in > ORA_TOOM_IN_MOST)
        return NULL;
    return s->in >= t->least_channels && s->out >= t->least_channels ? t : NULL;
}

/* ---- ratios: numerators and denominators stay below 2^40 for these points -------------------------------
 */

static struct ora_ratio ratio(int64_t num, int64_t den)
{
    int64_t a = num < 0 ? -num : num, b = den < 0 ? -den : den;
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    if (den < 0)
        a = -a;
    return (struct ora_ratio){num / a, den / a};
}
static struct ora_ratio times(struct ora_ratio a, struct ora_ratio b)
{
    struct ora_ratio x = ratio(a.num, b.den), y = ratio(b.num, a.den);
    return (struct ora_ratio){x.num * y.num, x.den * y.den};
}
static struct ora_ratio minus(struct ora_ratio a, struct ora_ratio b)
{
    return ratio(a.num * b.den - b.num * a.den, a.den * b.den);
}
static double value(struct ora_ratio a)
{
    return (double)a.num / (double)a.den;
}

/* ---- matrices --------------------------------------------------------------------------------------------
 */

/* The finite points in the order of the products; returns how many. */
static int points_of(const struct ora_toom_part *part, struct ora_ratio point[ORA_TOOM_POINTS])
{
    int n = 0;
    if (part->zero)
        point[n++] = ratio(0, 1);
    for (int k = 0; k < part->pairs; k++) {
        point[n++] = ratio(part->eighths[k], 8);
        point[n++] = ratio(-part->eighths[k], 8);
    }
    return n;
}

/* Coefficients of the product of (x - point[f]) over all f but `but`, lowest first. */
static void product(struct ora_ratio c[ORA_TOOM_POINTS], const struct ora_ratio *point, int n, int but)
{
    int degree = 0;
    c[0] = ratio(1, 1);
    for (int f = 0; f < n; f++) {
        if (f == but)
            continue;
        c[degree + 1] = ratio(0, 1);
        for (int i = ++degree; i > 0; i--)
            c[i] = minus(c[i - 1], times(point[f], c[i]));
        c[0] = minus(ratio(0, 1), times(point[f], c[0]));
    }
}

/* row[i] = point^i / divisor */
static void powers(struct ora_ratio *row, ptrdiff_t step, int n, struct ora_ratio point,
                   struct ora_ratio divisor)
{
    struct ora_ratio v = ratio(divisor.den, divisor.num);
    for (int i = 0; i < n; i++, v = times(v, point))
        row[i * step] = v;
}

void ora_toom_matrices(const struct ora_toom_part *part, struct ora_toom_matrices *m)
{
    struct ora_ratio point[ORA_TOOM_POINTS], one = ratio(1, 1), *every = m->a[0];
    int n = points_of(part, point);
    for (size_t i = 0; i < (sizeof *m - offsetof(struct ora_toom_matrices, a)) / sizeof *every; i++)
        every[i] = ratio(0, 1);
    m->points = n + 1;
    for (int e = 0; e < n; e++) {
        struct ora_ratio divisor = one;
        for (int f = 0; f < n; f++)
            if (f != e)
                divisor = times(divisor, minus(point[e], point[f]));
        powers(&m->a[0][e], ORA_TOOM_POINTS, ORA_TOOM_ROWS, point[e], one);
        powers(m->g[e], 1, part->taps, point[e], divisor);
        product(m->b[e], point, n, e);
    }
    m->a[ORA_TOOM_ROWS - 1][n] = m->g[n][part->taps - 1] = one;
    product(m->b[n], point, n, -1);
}

/* Reads the form off B^T and A^T: row +p is (x + p) q(x^2), times x where 0 is a point. */
static void form_of(const struct ora_toom_part *part, const struct ora_toom_matrices *m,
                    struct ora_toom_form *form)
{
    int zero = part->zero, n = m->points - 1;
    memset(form, 0, sizeof *form);
    for (int k = 0; k < part->pairs; k++) {
        for (int i = 0; i < part->pairs; i++)
            form->q[k][i] = (float)value(m->b[zero + 2 * k][2 * i + 1 + zero]);
        for (int i = 0; i < ORA_TOOM_ROWS; i++)
            form->p[k][i] = (float)value(m->a[i][zero + 2 * k]);
    }
    for (int i = 0; i <= part->pairs; i++)
        form->all[i] = (float)value(m->b[n][2 * i + zero]);
}

/* ---- packing ---------------------------------------------------------------------------------------------
 */

static struct ora_conv_spec one_tap(const struct ora_conv_spec *s, const float *weights)
{
    struct ora_conv_spec one = *s;
    one.taps = 1;
    one.weights = weights;
    one.weight_scale = 1; /* folded */
    return one;
}

size_t ora_toom_bytes(const struct ora_conv_spec *s, const struct ora_toom *t)
{
    struct ora_conv_spec one = one_tap(s, NULL);
    return ORA_TOOM_PARTS * sizeof(struct ora_toom_form) + (size_t)t->products * ora_panels_bytes(&one);
}

/* dst[out][in] = sum_j g[j] w[out][in][first + j], of the source's channels */
static void fold(float *dst, const struct ora_conv_spec *s, const struct ora_toom_part *part,
                 const struct ora_ratio *g)
{
    size_t n = (size_t)(s->src_in ? s->src_in : s->in) * (size_t)(s->src_out ? s->src_out : s->out);
    double scale = s->weight_scale == 0.0f ? 1 : (double)s->weight_scale, factor[ORA_TOOM_TAPS];
    for (int j = 0; j < part->taps; j++)
        factor[j] = value(g[j]) * scale;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < part->taps; j++) {
            float w;
            memcpy(&w, s->weights + i * (size_t)s->taps + part->first + j, sizeof w);
            sum += factor[j] * (double)w;
        }
        dst[i] = (float)sum;
    }
}

/* Panels of product e to their places: a panel's products lie together, so that a pass over them is one
 * stream and not a walk in strides of a whole matrix. */
static void spread_panels(float *dst, const float *panels, const struct ora_conv_spec *s, int products, int e,
                          int width)
{
    size_t in = ORA_LANES * (size_t)ora_blocks(s->in);
    int out = ORA_LANES * ora_blocks(s->out);
    for (int o = 0; o < out; o += width) {
        size_t n = in * (size_t)(out - o < width ? out - o : width), at = in * (size_t)o;
        memcpy(dst + (size_t)products * at + (size_t)e * n, panels + at, sizeof(float) * n);
    }
}

void ora_toom_pack(void *dst, const struct ora_conv_spec *s, const struct ora_toom *t, int width)
{
    size_t n = (size_t)(s->src_in ? s->src_in : s->in) * (size_t)(s->src_out ? s->src_out : s->out);
    float *plain = ora_xmalloc(sizeof *plain * n);
    struct ora_conv_spec one = one_tap(s, plain);
    float *panels = ora_xmalloc(ora_panels_bytes(&one));
    struct ora_toom_form *form = dst;
    float *to = (float *)(form + ORA_TOOM_PARTS);
    memset(form, 0, ORA_TOOM_PARTS * sizeof *form);
    for (int i = 0, product = 0; i < t->parts; i++) {
        struct ora_toom_matrices m;
        ora_toom_matrices(&t->part[i], &m);
        form_of(&t->part[i], &m, &form[i]);
        for (int e = 0; e < m.points; e++, product++) {
            fold(plain, s, &t->part[i], m.g[e]);
            ora_panels_pack(panels, &one, width);
            spread_panels(to, panels, s, t->products, product, width);
        }
    }
    free(plain);
    free(panels);
}
