/*
 * Attention in tiles of query rows: the scores of a tile against all keys stay in L2. Keys and values are
 * packed once a head. Every sum runs over keys or channels in the kernels' fixed order, so tiles do not
 * change bits.
 */
#include "nn/layers/attention.h"

#include <stdlib.h>

#include "nn/kernels/b16.h"

enum { QUERY_ROWS = 112, ALIGN = 64 };

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

/* What one forward lays out in its scratch. */
struct work {
    float *keys, *values; /* packed */
    struct ora_b16 scores, rel;
    const float *zero_bias;
    void *conv;
    size_t bytes;
};

static void *take(unsigned char *base, size_t *at, size_t bytes)
{
    void *p = base ? base + *at : NULL;
    *at += (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return p;
}

static bool tolerates(const struct ora_kernels *k, const struct ora_attention *a)
{
    return a->tolerant && k->pack_rows_tolerant;
}

static struct work lay_out(const struct ora_kernels *k, const struct ora_attention *a, int rows,
                           void *scratch)
{
    struct work w = {0};
    int widest = rows > a->head_channels ? rows : a->head_channels;
    size_t row_floats = sizeof(float) * ORA_LANES * QUERY_ROWS;
    bool tolerant = tolerates(k, a);
    struct ora_conv_spec keys = {.in = a->head_channels,
                                 .out = rows,
                                 .taps = 1,
                                 .tolerant = tolerant,
                                 .strict = !tolerant,
                                 .from_rows = true};
    struct ora_conv_spec values = keys;
    values.in = rows;
    values.out = a->head_channels;
    w.keys = take(scratch, &w.bytes, k->pack_bytes(&keys));
    w.values = take(scratch, &w.bytes, k->pack_bytes(&values));
    w.scores = ora_b16_place(take(scratch, &w.bytes, row_floats * (size_t)ora_blocks(rows)), QUERY_ROWS, 0);
    w.rel = ora_b16_place(take(scratch, &w.bytes, row_floats * (size_t)ora_blocks(2 * a->window + 1)),
                          QUERY_ROWS, 0);
    float *zero = take(scratch, &w.bytes, sizeof(float) * ORA_LANES * (size_t)ora_blocks(widest));
    if (zero)
        memset(zero, 0, sizeof(float) * ORA_LANES * (size_t)ora_blocks(widest));
    w.zero_bias = zero;
    w.conv = take(scratch, &w.bytes, k->scratch_bytes);
    return w;
}

size_t ora_attention_scratch_bytes(const struct ora_kernels *k, const struct ora_attention *a, int rows)
{
    return lay_out(k, a, rows, NULL).bytes;
}

/* scores[i][q0+i+r-w] += rel[i][r] */
static void add_diagonals(const struct ora_attention *a, const struct work *w, int q0, int n, int rows)
{
    for (int i = 0; i < n; i++)
        for (int r = 0; r <= 2 * a->window; r++) {
            int b = q0 + i + r - a->window;
            if (b >= 0 && b < rows)
                *ora_b16_element(w->scores, i, b) += *ora_b16_element(w->rel, i, r);
        }
}

/* rel[i][r] = scores[i][q0+i+r-w], 0 outside */
static void take_diagonals(const struct ora_attention *a, const struct work *w, int q0, int n, int rows)
{
    ora_b16_clear_rows(w->rel, 2 * a->window + 1, 0, n);
    for (int i = 0; i < n; i++)
        for (int r = 0; r <= 2 * a->window; r++) {
            int b = q0 + i + r - a->window;
            if (b >= 0 && b < rows)
                *ora_b16_element(w->rel, i, r) = *ora_b16_element(w->scores, i, b);
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

/* Queries q0, q0+1, … of the sequence; q's and o's row 0 is query `first`. */
static void head(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                 struct ora_b16 q, int first, int count, int rows, const struct work *w)
{
    bool tolerant = tolerates(kernels, a);
    struct ora_conv keys = one_tap(a->head_channels, rows, tolerant, w->keys, w->zero_bias);
    struct ora_conv values = one_tap(rows, a->head_channels, tolerant, w->values, w->zero_bias);
    for (int i = 0; i < count; i += QUERY_ROWS) {
        int n = count - i < QUERY_ROWS ? count - i : QUERY_ROWS, q0 = first + i;
        struct ora_b16 query = ora_b16_at(q, 0, i), out = ora_b16_at(o, 0, i);
        struct ora_conv_run run = {.x = query, .rows = n, .y = w->scores, .scratch = w->conv};
        kernels->conv(&keys, &run);
        if (a->window > 0) {
            run.y = w->rel;
            kernels->conv(&a->rel_k, &run);
            add_diagonals(a, w, q0, n, rows);
        }
        kernels->softmax(w->scores, n, rows);
        kernels->conv(&values,
                      &(struct ora_conv_run){.x = w->scores, .rows = n, .y = out, .scratch = w->conv});
        if (a->window > 0) {
            take_diagonals(a, w, q0, n, rows);
            kernels->conv(&a->rel_v, &(struct ora_conv_run){
                                         .x = w->rel, .rows = n, .y = out, .res = out, .scratch = w->conv});
        }
    }
}

void ora_attention_query(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                         struct ora_b16 q, int first, int count, struct ora_b16 k, struct ora_b16 v, int rows,
                         void *scratch)
{
    struct work w = lay_out(kernels, a, rows, scratch);
    void (*pack)(void *, struct ora_b16, int, int, bool) =
        tolerates(kernels, a) ? kernels->pack_rows_tolerant : kernels->pack_rows;
    for (int h = 0; h < a->heads; h++) {
        int block = h * ora_blocks(a->head_channels);
        pack(w.keys, ora_b16_at(k, block, 0), rows, a->head_channels, true);
        pack(w.values, ora_b16_at(v, block, 0), rows, a->head_channels, false);
        head(kernels, a, ora_b16_at(o, block, 0), ora_b16_at(q, block, 0), first, count, rows, &w);
    }
}

void ora_attention_forward(const struct ora_kernels *kernels, const struct ora_attention *a, struct ora_b16 o,
                           struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int rows, void *scratch)
{
    ora_attention_query(kernels, a, o, q, 0, rows, k, v, rows, scratch);
}
