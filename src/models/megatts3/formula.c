/* The formula's table of centres and widths, and the source of tensors made of it. */
#include "models/megatts3/formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/phones.h"
#include "nn/layers/rel_encoder.h"

uint64_t mega_formula_key(const char *seed, const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    const char *part[] = {seed, "/", name};
    for (int i = 0; i < 3; i++)
        for (const char *s = part[i]; *s; s++)
            h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

uint64_t mega_formula_word(uint64_t key, uint64_t index)
{
    uint64_t z = key + index + 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* An odd multiple of 2^-24 in (-1, 1). */
static double unit(uint64_t key, uint64_t index)
{
    int64_t u = (int64_t)(mega_formula_word(key, index) >> 40);
    return (double)(2 * u + 1 - (1 << 24)) * 0x1p-24;
}

/* ---- weights -------------------------------------------------------------------------------------- */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}
static bool ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

struct role {
    double centre, gain;
    size_t fan_in; /* 0: the half-width is the gain */
};

static struct role role_of(const char *name, const struct ora_shape *shape)
{
    size_t rest = 1;
    for (size_t i = 1; i < shape->rank; i++)
        rest *= shape->dim[i];
    if (strcmp(name, "dur.project_out_dim.0.bias") == 0)
        return (struct role){20, 1, 0};
    if (strcmp(name, "dur.project_out_dim.0.weight") == 0)
        return (struct role){0, 8, shape->dim[1]};
    if (starts(name, "align.decoder.") && strstr(name, "_embedding"))
        return (struct role){0, 6, shape->dim[1]};
    if (ends(name, ".weight_g"))
        return (struct role){strstr(name, ".convs") ? 0.5 : 0.8, 0.1, 0};
    if (ends(name, ".gamma") || (ends(name, ".weight") && shape->rank == 1))
        return (struct role){1, 0.1, 0};
    if (shape->rank == 1)
        return (struct role){0, 0.05, 0};
    if (ends(name, ".emb_rel_k") || ends(name, ".emb_rel_v"))
        return (struct role){0, 1, shape->dim[shape->rank - 1]};
    return (struct role){0, 1, rest};
}

static float to_bfloat16(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    u = (u + 0x7fffu + (u >> 16 & 1)) & 0xffff0000u;
    memcpy(&v, &u, sizeof u);
    return v;
}

/* So that greedy alignments advance by small times and can end. */
static void steer_aligner(float *bias, size_t n)
{
    bias[799] = n == 1000 ? 2.25f : 0.0f;
    for (size_t i = 800; i < n; i++)
        bias[i] = -(float)(i - 800) / 16;
}

/* Elements from first on. The two tensors that are no hashes of an index are small: they start at 0. */
static void elements(const char *seed, const char *name, const struct ora_shape *shape, size_t first,
                     float *out, size_t n)
{
    struct role r = role_of(name, shape);
    uint64_t key = mega_formula_key(seed, name);
    double s = (double)(float)(r.fan_in ? r.gain * sqrt(3.0 / (double)r.fan_in) : r.gain);
    bool half = starts(name, "g2p.");
    if (strcmp(name, "align.encoder.positional_embedding") == 0) {
        for (size_t p = 0; p < n / shape->dim[1]; p++)
            ora_sinusoid(out + p * shape->dim[1], (int)shape->dim[1], (double)(first / shape->dim[1] + p));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float v = (float)(r.centre + s * unit(key, first + i));
        out[i] = half ? to_bfloat16(v) : v;
    }
    if (strcmp(name, "align.decoder.out_proj.bias") == 0 && n > 800)
        steer_aligner(out, n);
}

void mega_formula_weights(const char *seed, const char *name, const struct ora_shape *shape, float *out,
                          size_t n)
{
    elements(seed, name, shape, 0, out, n);
}

/* ---- inputs --------------------------------------------------------------------------------------- */

void mega_formula_normals(uint64_t key, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t w = mega_formula_word(key, i);
        int64_t sum = 0;
        for (int shift = 0; shift < 64; shift += 16)
            sum += (int64_t)(w >> shift & 0xffff);
        out[i] = (float)((double)(sum - 131070) / 37837.0);
    }
}

void mega_formula_signal(uint64_t key, uint32_t increment, double amplitude, double noise, float *out,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t p = (int64_t)((uint32_t)i * increment);
        double tri = fabs((double)(p - 2147483648)) * 0x1p-30 - 1.0;
        out[i] = (float)(amplitude * tri + noise * unit(key, i));
    }
}

int mega_formula_alignment(uint64_t key, int frames, int32_t *tokens, int room)
{
    enum { FIRST = 101, PHONES = 44, SHORTEST = 6, SPREAD = 8 }; /* English phones are 101..144 */
    int count = 0, end = 0;
    for (uint64_t i = 0; count + 2 <= room && end < frames; i++) {
        uint64_t word = mega_formula_word(key, i);
        end += SHORTEST + (int)(word % SPREAD);
        bool silent = i == 0 || end >= frames;
        tokens[count++] = silent ? MEGA_SIL : FIRST + (int32_t)(word / SPREAD % PHONES);
        tokens[count++] = MEGA_ALIGN_TIME + (end < frames ? end : frames);
    }
    return count;
}

/* ---- weight norm ---------------------------------------------------------------------------------- */

bool mega_weight_normed(const char *name)
{
    return starts(name, "vae.") && !starts(name, "vae.proj_to") && !strstr(name, ".lstm.") &&
           ends(name, ".weight");
}

void mega_fold_weight_norm(float *w, const float *g, const float *v, size_t rows, size_t row)
{
    for (size_t o = 0; o < rows; o++) {
        double squares = 0;
        for (size_t i = 0; i < row; i++)
            squares += (double)v[o * row + i] * (double)v[o * row + i];
        double scale = squares > 0 ? (double)g[o] / sqrt(squares) : 0;
        for (size_t i = 0; i < row; i++)
            w[o * row + i] = (float)((double)v[o * row + i] * scale);
    }
}

/* ---- source --------------------------------------------------------------------------------------- */

bool mega_formula_rows(const char *seed, const char *name, const struct ora_shape *shape, size_t first,
                       size_t rows, float *out)
{
    char full[256];
    size_t row = 1;
    for (size_t i = shape->rank > 1; i < shape->rank; i++)
        row *= shape->dim[i];
    if (!mega_weight_normed(name)) {
        elements(seed, name, shape, first * row, out, rows * row);
        return true;
    }
    struct ora_shape one = {.rank = 3, .dim = {shape->dim[0], 1, 1}};
    float *g = ora_trymalloc(rows * sizeof *g);
    if (!g)
        return false;
    snprintf(full, sizeof full, "%s_g", name);
    elements(seed, full, &one, first, g, rows);
    snprintf(full, sizeof full, "%s_v", name);
    elements(seed, full, shape, first * row, out, rows * row);
    mega_fold_weight_norm(out, g, out, rows, row);
    free(g);
    return true;
}

static const float *take(void *ctx, const char *name, struct ora_shape shape, bool want_values,
                         struct ora_err *err)
{
    static const float nothing[1];
    struct mega_formula *f = ctx;
    size_t n;
    if (!want_values)
        return nothing;
    float *out =
        ora_shape_count(&shape, &n) && n <= SIZE_MAX / sizeof *out ? ora_trymalloc(n * sizeof *out) : NULL;
    float **list = out ? realloc(f->taken, (f->count + 1) * sizeof *list) : NULL;
    if (list) {
        f->taken = list;
        f->taken[f->count++] = out;
        if (mega_formula_rows(f->seed, name, &shape, 0, shape.rank > 1 ? shape.dim[0] : 1, out))
            return out;
    } else {
        free(out);
    }
    ora_err_set(err, ORA_E_NO_MEMORY, "no memory for tensor '%s'", name);
    return NULL;
}

static void release(void *ctx)
{
    mega_formula_release(ctx);
}

struct ora_tensor_source mega_formula_source(struct mega_formula *f)
{
    return (struct ora_tensor_source){.ctx = f, .take = take, .release = release};
}

void mega_formula_release(struct mega_formula *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->taken[i]);
    free(f->taken);
    f->taken = NULL;
    f->count = 0;
}
