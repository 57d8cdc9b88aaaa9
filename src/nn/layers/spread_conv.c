/* Matrices are composed when packed: tap 2i+j gets W2_i W1_j. */
#include "nn/layers/spread_conv.h"

#include <stdlib.h>

#include "nn/layers/fold.h"

enum { KERNEL = 4, FIRST_END = 3, LAST_END = 6 };
static const struct ora_b16 none = {0};

/* ---- packing --------------------------------------------------------------------------------------------
 */

struct source {
    const float *w1, *b1, *w2, *b2;
    size_t n;
};

static struct ora_matrix tap(const float *w, size_t n, int j)
{
    return (struct ora_matrix){w + j, n * KERNEL, KERNEL};
}

/* out[n][n] = sum over i in [lo, hi) of W2_i W1_(k - 2i) */
static void compose(float *out, double *sum, const struct source *s, int k, int lo, int hi)
{
    memset(sum, 0, sizeof *sum * s->n * s->n);
    for (int i = lo; i < hi; i++)
        if (k - 2 * i >= 0 && k - 2 * i < KERNEL)
            ora_fold_add_product(sum, tap(s->w2, s->n, i), tap(s->w1, s->n, k - 2 * i), s->n, s->n, s->n);
    ora_fold_round(out, sum, s->n * s->n);
}

static void pack_matrix(struct ora_packer *p, struct ora_conv *conv, const float *w, const int *out_map,
                        int in, int out, int src_out)
{
    struct ora_conv_spec spec = {
        .in = in, .out = out, .src_out = src_out, .out_map = out_map, .taps = 1, .dilation = 1, .weights = w};
    ora_packer_conv(p, &spec, conv);
}

static void pack_taps(struct ora_packer *p, struct ora_spread *s, const struct source *from, double *sum)
{
    int n = s->channels, padded = ORA_LANES * ora_blocks(n), out = ORA_SPREAD_TAPS * padded;
    size_t square = (size_t)n * (size_t)n;
    int *map = ora_xmalloc(sizeof *map * (size_t)out);
    float *w = sum ? ora_xmalloc(sizeof *w * ORA_SPREAD_TAPS * square) : NULL;
    for (int i = 0; i < out; i++)
        map[i] = i % padded < n ? i / padded * n + i % padded : -1;
    for (int k = 0; sum && k < ORA_SPREAD_TAPS; k++)
        compose(w + (size_t)k * square, sum, from, k, 0, KERNEL);
    pack_matrix(p, &s->taps, w, map, n, out, ORA_SPREAD_TAPS * n);
    if (sum)
        compose(w, sum, from, FIRST_END, 1, KERNEL);
    pack_matrix(p, &s->ends[0], w, NULL, n, n, n);
    if (sum)
        compose(w, sum, from, LAST_END, 0, KERNEL - 1);
    pack_matrix(p, &s->ends[1], w, NULL, n, n, n);
    free(map);
    free(w);
}

/* The constant is b2 + sum_i W2_i b1. */
static void pack_constants(struct ora_packer *p, struct ora_spread *s, const struct source *from, double *sum)
{
    size_t n = from->n;
    float *v = ora_xcalloc(n, sizeof *v);
    for (int which = 0; which < 3; which++) {
        const float **view = which == 0 ? &s->constant : &s->lost[which - 1];
        if (sum) {
            memset(sum, 0, sizeof *sum * n);
            for (size_t i = 0; which == 0 && i < n; i++)
                sum[i] = (double)from->b2[i];
            for (int i = 0; i < KERNEL; i++)
                if (which == 0 || (which == 1 && i == 0) || (which == 2 && i == KERNEL - 1))
                    ora_fold_add_vector(sum, tap(from->w2, n, i), from->b1, n, n);
            ora_fold_round(v, sum, n);
        }
        ora_packer_vector(p, v, (int)n, 1, view);
    }
    free(v);
}

void ora_packer_spread(struct ora_packer *p, struct ora_spread *s, const float *w1, const float *b1,
                       const float *w2, const float *b2, int channels)
{
    struct source from = {w1, b1, w2, b2, (size_t)channels};
    double *sum = p->mode == ORA_PACK_WRITE ? ora_xmalloc(sizeof *sum * from.n * from.n) : NULL;
    s->channels = channels;
    pack_taps(p, s, &from, sum);
    pack_constants(p, s, &from, sum);
    free(sum);
}

void ora_bind_spread(struct ora_binder *b, struct ora_spread *s, int channels, const char *stem)
{
    size_t n = (size_t)channels;
    const float *w[2], *v[2];
    for (int i = 0; i < 2; i++) {
        w[i] = ora_bind_take(b, ORA_SHAPE(n, n, KERNEL), "%s.%d.weight", stem, i);
        v[i] = ora_bind_take(b, ORA_SHAPE(n), "%s.%d.bias", stem, i);
    }
    if (b->rc == 0)
        ora_packer_spread(b->packer, s, w[0], v[0], w[1], v[1], channels);
    ora_bind_release(b);
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

struct work {
    struct ora_b16 products; /* [10*padded] x vectors */
    struct ora_b16 ends;     /* [channels] x 2 */
};

static bool allocate(const struct ora_compute *c, const struct ora_spread *s, int vectors, struct work *w)
{
    bool ok = true;
    w->products = ora_buffer(c, ORA_SPREAD_TAPS * ORA_LANES * ora_blocks(s->channels), vectors, 0, &ok);
    w->ends = ora_buffer(c, s->channels, 2, 0, &ok);
    return ok;
}

size_t ora_spread_bytes(const struct ora_spread *s, int vectors)
{
    struct ora_arena measuring = ora_arena_of_counts();
    struct work w;
    allocate(&(struct ora_compute){.arena = &measuring}, s, vectors, &w);
    return measuring.peak_bytes;
}

static void add_row(float *restrict y, const float *restrict x)
{
    for (int i = 0; i < ORA_LANES; i++)
        y[i] += x[i];
}
static void take_row(float *restrict y, const float *restrict x)
{
    for (int i = 0; i < ORA_LANES; i++)
        y[i] -= x[i];
}

/* One block of output row t. */
static void gather_row(const struct ora_spread *s, const struct work *w, const int32_t *index, int frames,
                       int t, int block, float *y)
{
    int blocks = ora_blocks(s->channels), last = frames / ORA_SPREAD_STRIDE - 1;
    memcpy(y, s->constant + (size_t)(ORA_LANES * block), sizeof *y * ORA_LANES);
    if (t == 0)
        take_row(y, s->lost[0] + (size_t)(ORA_LANES * block));
    if (t == last)
        take_row(y, s->lost[1] + (size_t)(ORA_LANES * block));
    for (int k = 0; k < ORA_SPREAD_TAPS; k++) {
        int frame = ORA_SPREAD_STRIDE * t + ORA_SPREAD_FIRST + k;
        if (frame < 0 || frame >= frames || index[frame] < 0)
            continue;
        if (t == 0 && k == FIRST_END)
            add_row(y, ora_b16_at(w->ends, block, 0).p);
        else if (t == last && k == LAST_END)
            add_row(y, ora_b16_at(w->ends, block, 1).p);
        else
            add_row(y, ora_b16_at(w->products, k * blocks + block, index[frame]).p);
    }
}

int ora_spread_forward(const struct ora_compute *c, const struct ora_spread *s, struct ora_b16 e, int vectors,
                       const int32_t *index, int frames, struct ora_b16 y, struct ora_err *err)
{
    struct work w;
    size_t mark = ora_arena_mark(c->arena);
    int ends[2] = {index[0], index[frames - 1]};
    if (!allocate(c, s, vectors, &w))
        return ora_no_room(err, "spreading the text");
    ora_apply(c, &s->taps, e, vectors, w.products, none, ORA_ACT_NONE);
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            ora_apply(c, &s->ends[i], ora_b16_at(e, 0, ends[i]), 1, ora_b16_at(w.ends, 0, i), none,
                      ORA_ACT_NONE);
    if (s->constant)
        for (int b = 0; b < ora_blocks(s->channels); b++)
            for (int t = 0; t < frames / ORA_SPREAD_STRIDE; t++)
                gather_row(s, &w, index, frames, t, b, ora_b16_at(y, b, t).p);
    ora_arena_reset(c->arena, mark);
    return 0;
}
