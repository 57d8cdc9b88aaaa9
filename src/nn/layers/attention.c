/*
 * Attention in tiles of queries and of keys, with an online softmax (Milakov and Gimelshein, "Online
 * normalizer calculation for softmax", 2018; Dao et al., "FlashAttention", 2022): the scores of a tile stay
 * in L2 at any length. Keys and values are packed once a head, tile by tile.
 *
 * Tiles of keys are counted from key 0 and every sum runs over keys or channels in the kernels' fixed order,
 * so no cut of the queries changes a bit. Keys that fit one tile have the softmax of whole rows: its weights
 * are normalised before values are summed, which is a little quicker there.
 */
#include "nn/layers/attention.h"

#include <stdlib.h>

#include "nn/kernels/b16.h"

enum { QUERY_ROWS = 112, KEY_ROWS = ORA_ATTENTION_KEYS, ALIGN = 64 };

void ora_packer_attention(struct ora_packer *p, int heads, int head_channels, int window, const float *rel_k,
                          const float *rel_v, struct ora_attention *a)
{
    int d = head_channels, n = 2 * window + 1;
    float *transposed = NULL;
    memset(a, 0, sizeof *a);
    a->heads = heads;
    a->head_channels = d;
    a->window = window;
    if (window == 0)
        return;
    struct ora_conv_spec k = {.in = d, .out = n, .taps = 1, .dilation = 1, .weights = rel_k, .strict = true};
    ora_packer_conv(p, &k, &a->rel_k);
    if (p->mode == ORA_PACK_WRITE) {
        transposed = ora_xmalloc(sizeof(float) * (size_t)n * (size_t)d);
        for (int r = 0; r < n; r++)
            for (int c = 0; c < d; c++)
                memcpy(&transposed[c * n + r], rel_v + r * d + c, sizeof(float));
    }
    struct ora_conv_spec v = {
        .in = n, .out = d, .taps = 1, .dilation = 1, .weights = transposed, .strict = true};
    ora_packer_conv(p, &v, &a->rel_v);
    free(transposed);
}

/* What one forward lays out in its scratch; a row is a query of the tile. */
struct work {
    const struct ora_kernels *k;
    const struct ora_attention *a;
    bool tolerant;                   /* in the arithmetic of tolerant layers */
    int rows, tiles;                 /* keys; tiles of KEY_ROWS, the last one shorter */
    unsigned char *keys, *values;    /* packed, tile after tile */
    size_t key_bytes, value_bytes;   /* of a tile */
    struct ora_b16 scores;           /* [keys of a tile], then their weights */
    struct ora_b16 sum;              /* [d] values by weights so far; of several tiles only */
    struct ora_b16 rel_scores, near; /* [2w+1] q . Ek; the weights of the keys in the window */
    struct ora_softmax softmax;
    const float *zero_bias;
    void *conv;
    size_t bytes;
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void *take(unsigned char *base, size_t *at, size_t bytes)
{
    void *p = base ? base + *at : NULL;
    *at += (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return p;
}

static struct ora_b16 take_rows(unsigned char *base, size_t *at, int channels)
{
    return ora_b16_place(take(base, at, sizeof(float) * ora_b16_floats(channels, QUERY_ROWS, 0)), QUERY_ROWS,
                         0);
}

static size_t packed_bytes(const struct work *w, int in, int out)
{
    return w->k->pack_bytes(&(struct ora_conv_spec){
        .in = in, .out = out, .taps = 1, .tolerant = w->tolerant, .strict = !w->tolerant, .from_rows = true});
}

static struct work lay_out(const struct ora_kernels *k, const struct ora_attention *a, int rows,
                           void *scratch)
{
    int d = a->head_channels, tile = smaller(rows, KEY_ROWS);
    struct work w = {.k = k,
                     .a = a,
                     .tolerant = a->tolerant && k->pack_rows_tolerant,
                     .rows = rows,
                     .tiles = (rows + KEY_ROWS - 1) / KEY_ROWS};
    size_t state = sizeof(float) * QUERY_ROWS;
    size_t zeros = sizeof(float) * ORA_LANES * (size_t)ora_blocks(tile > d ? tile : d);
    w.key_bytes = packed_bytes(&w, d, tile);
    w.value_bytes = packed_bytes(&w, tile, d);
    w.keys = take(scratch, &w.bytes, w.key_bytes * (size_t)w.tiles);
    w.values = take(scratch, &w.bytes, w.value_bytes * (size_t)w.tiles);
    w.scores = take_rows(scratch, &w.bytes, tile);
    w.rel_scores = take_rows(scratch, &w.bytes, 2 * a->window + 1);
    w.near = take_rows(scratch, &w.bytes, 2 * a->window + 1);
    if (w.tiles > 1) {
        w.sum = take_rows(scratch, &w.bytes, d);
        w.softmax.top = take(scratch, &w.bytes, state);
        w.softmax.sum = take(scratch, &w.bytes, state);
        w.softmax.shrink = take(scratch, &w.bytes, state);
    }
    float *zero = take(scratch, &w.bytes, zeros);
    if (zero)
        memset(zero, 0, zeros);
    w.zero_bias = zero;
    w.conv = take(scratch, &w.bytes, k->scratch_bytes);
    return w;
}

size_t ora_attention_scratch_bytes(const struct ora_kernels *k, const struct ora_attention *a, int rows)
{
    return lay_out(k, a, rows, NULL).bytes;
}

/* Queries q0 … q0+n-1 of the sequence against tile `at` of the keys, k0 … k0+m-1. */
struct tile {
    int q0, n, at, k0, m;
};

/* scores[i][b-k0] += rel_scores[i][b-a+w] for query a = q0+i and the keys b of its window in this tile */
static void add_diagonals(const struct work *w, struct tile t)
{
    int window = w->a->window;
    for (int i = 0; i < t.n; i++)
        for (int r = 0; r <= 2 * window; r++) {
            int b = t.q0 + i + r - window - t.k0;
            if (b >= 0 && b < t.m)
                *ora_b16_element(w->scores, i, b) += *ora_b16_element(w->rel_scores, i, r);
        }
}

/* near[i][b-a+w] = scores[i][b-k0] for the same */
static void take_diagonals(const struct work *w, struct tile t)
{
    int window = w->a->window;
    for (int i = 0; i < t.n; i++)
        for (int r = 0; r <= 2 * window; r++) {
            int b = t.q0 + i + r - window - t.k0;
            if (b >= 0 && b < t.m)
                *ora_b16_element(w->near, i, r) = *ora_b16_element(w->scores, i, b);
        }
}

static struct ora_conv one_tap(int in, int out, bool tolerant, const void *weights, const float *bias)
{
    return (struct ora_conv){.in = in,
                             .out = out,
                             .in_blocks = ora_blocks(in),
                             .out_blocks = ora_blocks(out),
                             .taps = 1,
                             .dilation = 1,
                             .tolerant = tolerant,
                             .strict = !tolerant,
                             .from_rows = true,
                             .weights = weights,
                             .bias = bias};
}

/* y = factor * x and near *= factor, row by row. */
static void scale(const struct work *w, struct ora_b16 y, struct ora_b16 x, const float *factor, int n)
{
    w->k->scale_rows(y, x, factor, n, ora_blocks(w->a->head_channels));
    if (w->a->window > 0)
        w->k->scale_rows(w->near, w->near, factor, n, ora_blocks(2 * w->a->window + 1));
}

/* o = weights * values of a first tile, o += … of the next ones. */
static void attend_tile(const struct work *w, struct ora_b16 o, struct ora_b16 q, struct tile t)
{
    int d = w->a->head_channels;
    size_t at = (size_t)t.at;
    struct ora_conv keys = one_tap(d, t.m, w->tolerant, w->keys + w->key_bytes * at, w->zero_bias);
    struct ora_conv values = one_tap(t.m, d, w->tolerant, w->values + w->value_bytes * at, w->zero_bias);
    struct ora_conv_run sum = {.x = w->scores, .rows = t.n, .y = o, .scratch = w->conv};
    w->k->conv(&keys, &(struct ora_conv_run){.x = q, .rows = t.n, .y = w->scores, .scratch = w->conv});
    if (w->a->window > 0)
        add_diagonals(w, t);
    if (w->tiles == 1)
        w->k->softmax(w->scores, t.n, t.m);
    else
        w->k->softmax_tile(w->scores, t.n, t.m, &w->softmax, t.at == 0);
    if (t.at > 0) {
        scale(w, o, o, w->softmax.shrink, t.n);
        sum.res = o;
    }
    if (w->a->window > 0)
        take_diagonals(w, t);
    w->k->conv(&values, &sum);
}

/* n queries from q0 on against all keys; row 0 of q and o is query q0. o is written when q was read. */
static void attend(const struct work *w, struct ora_b16 o, struct ora_b16 q, int q0, int n)
{
    struct ora_conv_run run = {.rows = n, .scratch = w->conv};
    if (w->a->window > 0) {
        run.x = q;
        run.y = w->rel_scores;
        w->k->conv(&w->a->rel_k, &run);
        ora_b16_clear_rows(w->near, 2 * w->a->window + 1, 0, n);
    }
    for (int i = 0; i < w->tiles; i++) {
        int k0 = i * KEY_ROWS;
        attend_tile(w, w->tiles > 1 ? w->sum : o, q,
                    (struct tile){q0, n, i, k0, smaller(w->rows - k0, KEY_ROWS)});
    }
    if (w->tiles > 1) {
        float inverse[QUERY_ROWS];
        for (int i = 0; i < n; i++)
            inverse[i] = 1.0f / w->softmax.sum[i];
        scale(w, o, w->sum, inverse, n);
    }
    if (w->a->window > 0) {
        run.x = w->near;
        run.y = run.res = o;
        w->k->conv(&w->a->rel_v, &run);
    }
}

static void pack_head(const struct work *w, struct ora_b16 k, struct ora_b16 v)
{
    int d = w->a->head_channels;
    void (*pack)(void *, struct ora_b16, int, int, bool) =
        w->tolerant ? w->k->pack_rows_tolerant : w->k->pack_rows;
    for (int i = 0; i < w->tiles; i++) {
        int k0 = i * KEY_ROWS, m = smaller(w->rows - k0, KEY_ROWS);
        pack(w->keys + w->key_bytes * (size_t)i, ora_b16_at(k, 0, k0), m, d, true);
        pack(w->values + w->value_bytes * (size_t)i, ora_b16_at(v, 0, k0), m, d, false);
    }
}

void ora_attention_query(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                         struct ora_b16 q, int first, int count, struct ora_b16 k, struct ora_b16 v, int rows,
                         void *scratch)
{
    struct work w = lay_out(kernels, a, rows, scratch);
    for (int h = 0; h < a->heads; h++) {
        int block = h * ora_blocks(a->head_channels);
        pack_head(&w, ora_b16_at(k, block, 0), ora_b16_at(v, block, 0));
        for (int i = 0; i < count; i += QUERY_ROWS)
            attend(&w, ora_b16_at(o, block, i), ora_b16_at(q, block, i), first + i,
                   smaller(count - i, QUERY_ROWS));
    }
}

void ora_attention_forward(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                           struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int rows, void *scratch)
{
    ora_attention_query(kernels, a, o, q, 0, rows, k, v, rows, scratch);
}
