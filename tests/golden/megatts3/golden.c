/* Reading inputs, comparing outputs, packing formula weights. */
#include "golden.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FORMAT_INTO(name, fmt)                                                                               \
    do {                                                                                                     \
        va_list ap_;                                                                                         \
        va_start(ap_, fmt);                                                                                  \
        vsnprintf(name, sizeof(name), fmt, ap_);                                                             \
        va_end(ap_);                                                                                         \
    } while (0)

void golden_must(int rc, const struct ora_err *err, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "megatts3 golden: %s: %s\n", what, err->message);
    exit(2);
}

/* ---- inputs ---------------------------------------------------------------------------------------------
 */

static size_t count_of(const json_t *row)
{
    size_t n = 1, i;
    json_t *v;
    json_array_foreach(json_object_get(row, "shape"), i, v) n *= (size_t)json_integer_value(v);
    return n;
}

/* An input too large to be stored is named by its key. */
static bool by_formula(const struct golden *g, const char *name, float *out, size_t n)
{
    if (strcmp(name, "align/in.mel") == 0) {
        mega_formula_normals(mega_formula_key(g->seed, "in.align.mel"), out, n);
        return true;
    }
    if (strcmp(name, "vae/in.wave9601") == 0) {
        mega_formula_signal(mega_formula_key(g->seed, "in.vae.wave9601"), 39370534, 0.3, 0.05, out, n);
        return true;
    }
    return false;
}

static void check_sum(const json_t *row, const char *name, const float *v, size_t n)
{
    const json_t *want = json_object_get(row, "sum");
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i];
    if (want && !(fabs(sum - json_number_value(want)) <= 1e-6 * (1 + fabs(sum)))) {
        fprintf(stderr, "megatts3 golden: input %s: sum %.12g, the index says %.12g\n", name, sum,
                json_number_value(want));
        exit(2);
    }
}

float *golden_f32(const struct golden *g, size_t *count, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    const json_t *row = json_object_get(g->expected, name);
    const struct ora_tensor *t = ora_weights_find(g->tensors, name);
    size_t n = row ? count_of(row) : 0;
    float *out = ora_xmalloc((n + 1) * sizeof *out);
    bool ok = row && t && t->dtype == ORA_F32 && t->count == n;
    if (ok)
        ora_tensor_copy_f32(t, out);
    else if (!row || !by_formula(g, name, out, n)) {
        fprintf(stderr, "megatts3 golden: no input '%s'\n", name);
        exit(2);
    }
    check_sum(row, name, out, n);
    *count = n;
    return out;
}

int32_t *golden_i32(const struct golden *g, size_t *count, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    const struct ora_tensor *t = ora_weights_find(g->tensors, name);
    if (!t || t->dtype != ORA_I32) {
        fprintf(stderr, "megatts3 golden: no input '%s' of integers\n", name);
        exit(2);
    }
    int32_t *out = ora_xmalloc(t->bytes + sizeof *out);
    memcpy(out, t->data, t->bytes);
    *count = t->count;
    return out;
}

bool golden_has(const struct golden *g, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    return json_object_get(g->expected, name) != NULL;
}

/* ---- comparing ------------------------------------------------------------------------------------------
 */

/* The index's row to compare `name` with; NULL: not in this index. */
static json_t *expected_row(struct golden *g, const char *name, size_t count)
{
    json_t *row = json_object_get(g->expected, name);
    if (!row || json_object_get(row, "input"))
        return NULL;
    if (json_object_get(row, "checked"))
        return NULL;
    json_object_set_new(row, "checked", json_true());
    if (count == count_of(row))
        return row;
    printf("FAIL %s: %zu elements, wanted %zu\n", name, count, count_of(row));
    g->failed++;
    return NULL;
}

void golden_again(struct golden *g, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    json_object_del(json_object_get(g->expected, name), "checked");
}

static void close_row(struct golden *g, const char *name, double worst, double tolerance, const char *where)
{
    if (g->snr && worst < INFINITY) {
        g->passed++;
        return;
    }
    bool good = worst <= tolerance;
    double share = tolerance > 0 ? worst / tolerance : 0;
    if (share > g->worst) {
        g->worst = share;
        snprintf(g->worst_name, sizeof g->worst_name, "%s", name);
    }
    if (!good)
        printf("FAIL %s: off by %.3g, tolerance %.3g, at %s\n", name, worst, tolerance, where);
    else if (g->verbose)
        printf("ok   %s: %.2f of the tolerance\n", name, share);
    *(good ? &g->passed : &g->failed) += 1;
}

static double element(const struct ora_tensor *t, size_t i)
{
    float f;
    int32_t n;
    if (t->dtype == ORA_F32) {
        memcpy(&f, (const char *)t->data + 4 * i, 4);
        return (double)f;
    }
    memcpy(&n, (const char *)t->data + 4 * i, 4);
    return n;
}

/* A difference; a NaN is as far off as can be. */
static double distance(double a, double b)
{
    double d = fabs(a - b);
    return d >= 0 ? d : INFINITY;
}

struct worst {
    double error;
    char where[128];
    double signal, noise; /* sums of squares over the elements */
    size_t differ;
};

static void look(struct worst *w, double got, double want, const char *what, size_t at)
{
    w->signal += want * want;
    w->noise += (got - want) * (got - want);
    w->differ += got != want;
    double d = distance(got, want);
    if (d <= w->error)
        return;
    w->error = d;
    snprintf(w->where, sizeof w->where, "%s %zu: %.7g, wanted %.7g", what, at, got, want);
}

/* Sum (each element may be off by the tolerance), least and largest of a tensor of which only samples are
 * here. */
static void look_at_totals(struct worst *w, const json_t *row, const float *got, size_t n)
{
    double sum = 0, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += (double)got[i];
        low = (double)got[i] < low ? (double)got[i] : low;
        high = (double)got[i] > high ? (double)got[i] : high;
    }
    if (json_object_get(row, "min"))
        look(w, low, json_number_value(json_object_get(row, "min")), "least of", n);
    if (json_object_get(row, "max"))
        look(w, high, json_number_value(json_object_get(row, "max")), "largest of", n);
    if (json_object_get(row, "sum") && n)
        look(w, sum / (double)n, json_number_value(json_object_get(row, "sum")) / (double)n, "mean of", n);
}

void golden_check_f32(struct golden *g, const float *got, size_t count, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    struct worst w = {0};
    json_t *row = expected_row(g, name, count);
    if (!row)
        return;
    const struct ora_tensor *whole = ora_weights_find(g->tensors, name);
    const struct ora_tensor *at = ora_weights_findf(g->tensors, "%s#index", name);
    const struct ora_tensor *value = ora_weights_findf(g->tensors, "%s#value", name);
    if (whole && whole->count == count && whole->dtype == ORA_F32) {
        for (size_t i = 0; i < count; i++)
            look(&w, (double)got[i], element(whole, i), "element", i);
    } else if (at && value && at->count == value->count && value->dtype == ORA_F32 && at->dtype == ORA_I32) {
        for (size_t j = 0; j < at->count; j++) {
            size_t i = (size_t)element(at, j);
            look(&w, i < count ? (double)got[i] : NAN, element(value, j), "element", i);
        }
        if (!g->snr)
            look_at_totals(&w, row, got, count);
    } else {
        w.error = INFINITY;
        snprintf(w.where, sizeof w.where, "no values in the file");
    }
    if (g->snr)
        golden_snr_floats(g->snr, name, w.signal, w.noise);
    close_row(g, name, w.error, json_number_value(json_object_get(row, "tol")), w.where);
}

void golden_check_i32(struct golden *g, const int32_t *got, size_t count, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    struct worst w = {0};
    json_t *row = expected_row(g, name, count);
    if (!row)
        return;
    const struct ora_tensor *whole = ora_weights_find(g->tensors, name);
    bool there = whole && whole->count == count && whole->dtype == ORA_I32;
    for (size_t i = 0; there && i < count; i++)
        look(&w, got[i], element(whole, i), "element", i);
    if (!there) {
        w.error = INFINITY;
        snprintf(w.where, sizeof w.where, "no values in the file");
    }
    if (g->snr)
        golden_snr_integers(g->snr, name, count, w.differ);
    close_row(g, name, w.error, 0, w.where);
}

void golden_check_b16(struct golden *g, struct ora_b16 x, int rows, int channels, const char *fmt, ...)
{
    char name[GOLDEN_NAME];
    FORMAT_INTO(name, fmt);
    if (!json_object_get(g->expected, name))
        return;
    float *plain = ora_xmalloc(sizeof *plain * (size_t)rows * (size_t)channels);
    g->kernels->to_tc(plain, (size_t)channels, x, rows, channels);
    golden_check_f32(g, plain, (size_t)rows * (size_t)channels, "%s", name);
    free(plain);
}

static void show(void *ctx, const char *name, struct ora_b16 x, int rows, int channels)
{
    struct golden *g = ctx;
    golden_check_b16(g, x, rows, channels, "%s%s", g->prefix, name);
}

struct ora_tap golden_tap(struct golden *g)
{
    return (struct ora_tap){show, g};
}

/* ---- packing --------------------------------------------------------------------------------------------
 */

void golden_pack(struct golden *g, void (*bind)(struct ora_binder *b, void *model, const struct mega_dims *d),
                 void *model)
{
    struct mega_formula formula = {.seed = g->seed};
    struct ora_tensor_source source = mega_formula_source(&formula);
    struct ora_err err = {0};
    struct ora_packer p;
    struct ora_binder b = {.source = g->source ? g->source : &source, .packer = &p, .err = &err};
    ora_packer_init(&p, g->kernels, ORA_PACK_MEASURE, NULL, 0);
    bind(&b, model, &g->dims);
    golden_must(b.rc, &err, "measuring");
    size_t bytes = p.bytes;
    uint64_t digest = p.digest;
    free(g->packed);
    g->packed = ora_tryaligned(64, bytes);
    if (!g->packed)
        golden_must(ora_err_set(&err, ORA_E_NO_MEMORY, "no memory for %zu bytes", bytes), &err, "packing");
    ora_packer_init(&p, g->kernels, ORA_PACK_WRITE, g->packed, bytes);
    bind(&b, model, &g->dims);
    mega_formula_release(&formula);
    if (b.rc == 0 && (p.overrun || p.bytes != bytes || p.digest != digest))
        b.rc = ora_err_set(&err, ORA_E_INTERNAL, "two walks differ");
    golden_must(b.rc, &err, "packing");
}
