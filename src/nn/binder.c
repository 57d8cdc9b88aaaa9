/* The walk's helpers: names by printf, shapes exact, errors kept, sources released layer by layer. */
#include "nn/binder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEM_BYTES = 160, NAME_BYTES = STEM_BYTES + 16 };

/* ---- sources --------------------------------------------------------------------------------------------
 */

static const float *widen(struct ora_file_source *s, const struct ora_tensor *t)
{
    const uint16_t *from = t->data;
    float *to = ora_trymalloc(t->count * sizeof *to);
    float **list = to ? realloc(s->wide, (s->wide_count + 1) * sizeof *list) : NULL;
    if (!list) {
        free(to);
        return NULL;
    }
    for (size_t i = 0; i < t->count; i++) {
        uint32_t bits = (uint32_t)from[i] << 16;
        memcpy(&to[i], &bits, sizeof bits);
    }
    s->wide = list;
    s->wide[s->wide_count++] = to;
    return to;
}

static const float *file_take(void *ctx, const char *name, struct ora_shape shape, bool want_values,
                              struct ora_err *err)
{
    struct ora_file_source *s = ctx;
    const struct ora_tensor *t = ora_weights_find(s->weights, name);
    const float *data = NULL;
    s->read_bytes += want_values && t ? t->bytes : 0;
    if (!t || t->dtype != ORA_BF16) {
        ora_weights_bind(s->weights, &data, shape, err, "%s", name);
        return data;
    }
    const void *halves = NULL;
    if (ora_weights_bind_as(s->weights, ORA_BF16, &halves, shape, err, "%s", name) < 0)
        return NULL;
    if (!want_values)
        return halves;
    data = widen(s, t);
    if (!data)
        ora_err_set(err, ORA_E_NO_MEMORY, "no memory to widen tensor '%s'", name);
    return data;
}

/* A model of gigabytes must not pile up in memory while it is packed layer by layer. */
enum { REST_BYTES = 64 << 20 };

static void file_release(void *ctx)
{
    struct ora_file_source *s = ctx;
    ora_file_source_release(s);
    if (s->read_bytes < REST_BYTES)
        return;
    ora_weights_rest(s->weights);
    s->read_bytes = 0;
}

struct ora_tensor_source ora_file_source(struct ora_file_source *s, const struct ora_weights *w)
{
    *s = (struct ora_file_source){.weights = w};
    return (struct ora_tensor_source){.ctx = s, .take = file_take, .release = file_release};
}

void ora_file_source_release(struct ora_file_source *s)
{
    for (size_t i = 0; i < s->wide_count; i++)
        free(s->wide[i]);
    free(s->wide);
    s->wide = NULL;
    s->wide_count = 0;
}

/* ---- tensors --------------------------------------------------------------------------------------------
 */

static const float *take(struct ora_binder *b, struct ora_shape shape, const char *name)
{
    struct ora_err why = {0};
    const float *data = b->source->take(b->source->ctx, name, shape, b->packer->mode == ORA_PACK_WRITE, &why);
    if (!data && b->rc == 0)
        b->rc = ora_err_set(b->err, why.code ? why.code : ORA_E_VOICE, "%s", why.message);
    return data;
}

#define FORMAT_INTO(name, fmt)                                                                               \
    do {                                                                                                     \
        va_list ap_;                                                                                         \
        va_start(ap_, fmt);                                                                                  \
        vsnprintf(name, sizeof(name), fmt, ap_);                                                             \
        va_end(ap_);                                                                                         \
    } while (0)

const float *ora_bind_take(struct ora_binder *b, struct ora_shape shape, const char *fmt, ...)
{
    char name[NAME_BYTES];
    FORMAT_INTO(name, fmt);
    return take(b, shape, name);
}

void ora_bind_release(struct ora_binder *b)
{
    if (b->source->release)
        b->source->release(b->source->ctx);
}

/* Nothing is lost unseen: scaled, every weight is a bfloat16. */
static int check_halves(const struct ora_conv_spec *s, const char *name, struct ora_err *err)
{
    size_t n = (size_t)s->src_out * (size_t)s->src_in * (size_t)s->taps;
    float scale = s->weight_scale == 0.0f ? 1.0f : s->weight_scale, v;
    for (size_t i = 0; i < n; i++) {
        memcpy(&v, s->weights + i, sizeof v);
        if (ora_half_value(ora_half_of(v * scale)) != v * scale)
            return ora_err_set(err, ORA_E_VOICE,
                               "tensor '%s': element %zu is %.9g, which is no bfloat16 as its model needs it",
                               name, i, (double)v);
    }
    return 0;
}

static void bind(struct ora_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset,
                 struct ora_shape shape, int taps, int dilation, enum ora_bias bias, const char *stem)
{
    char name[NAME_BYTES];
    struct ora_conv_spec spec = preset ? *preset : (struct ora_conv_spec){0};
    snprintf(name, sizeof name, "%s.weight", stem);
    spec.weights = take(b, shape, name);
    spec.src_in = (int)shape.dim[1];
    spec.src_out = (int)shape.dim[0];
    spec.taps = taps;
    if (spec.half && ora_binding(b))
        b->rc = check_halves(&spec, name, b->err);
    snprintf(name, sizeof name, "%s.bias", stem);
    spec.bias = bias == ORA_BIAS ? take(b, ORA_SHAPE(shape.dim[0]), name) : NULL;
    spec.in = spec.in ? spec.in : spec.src_in;
    spec.out = spec.out ? spec.out : spec.src_out;
    spec.dilation = dilation;
    spec.first = ora_conv_first(taps, dilation);
    if (b->rc == 0)
        ora_packer_conv(b->packer, &spec, conv);
    ora_bind_release(b);
}

void ora_bind_conv(struct ora_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                   int out, int taps, int dilation, enum ora_bias bias, const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    bind(b, conv, preset, ORA_SHAPE((size_t)out, (size_t)in, (size_t)taps), taps, dilation, bias, stem);
}

void ora_bind_linear(struct ora_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                     int out, enum ora_bias bias, const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    bind(b, conv, preset, ORA_SHAPE((size_t)out, (size_t)in), 1, 1, bias, stem);
}

static void vector(struct ora_binder *b, const float **view, int n, const char *stem, const char *leaf)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s%s", stem, leaf);
    const float *values = take(b, ORA_SHAPE((size_t)n), name);
    if (b->rc == 0)
        ora_packer_vector(b->packer, values, n, 1, view);
    ora_bind_release(b);
}

void ora_bind_vector(struct ora_binder *b, const float **view, int n, const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    vector(b, view, n, stem, "");
}

void ora_bind_table(struct ora_binder *b, const float **view, size_t rows, size_t columns, const char *fmt,
                    ...)
{
    char name[NAME_BYTES];
    FORMAT_INTO(name, fmt);
    const float *values = take(b, ORA_SHAPE(rows, columns), name);
    float *copy = ora_packer_floats(b->packer, rows * columns, view);
    if (copy && values && ora_binding(b))
        memcpy(copy, values, rows * columns * sizeof *copy);
    ora_bind_release(b);
}

void ora_bind_norm(struct ora_binder *b, struct ora_norm *norm, int channels, enum ora_norm_names names,
                   const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    norm->beta = NULL;
    vector(b, &norm->gamma, channels, stem, names == ORA_NORM_GAMMA_BETA ? ".gamma" : ".weight");
    if (names != ORA_NORM_WEIGHT)
        vector(b, &norm->beta, channels, stem, names == ORA_NORM_GAMMA_BETA ? ".beta" : ".bias");
}
