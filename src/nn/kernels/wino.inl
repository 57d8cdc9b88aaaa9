/*
 * Winograd convolution (toom.h) on the tiles of a direct level: the level includes this file after conv.inl
 * and puts ORA_WINO_TABLE where its own table has ORA_CONV_TABLE.
 *
 * A tile is six output rows that lie `dilation` apart; `dilation` tiles side by side make a group of
 * 6*dilation rows, and groups begin at multiples of that in the utterance, not in the call: so a row always
 * has the same tile, and the same bits. A call takes `tiles` of its tiles at a time: transforms their inputs
 * to v[in_block][product][tile][16], then for each panel of outputs multiplies product by product (rows of
 * the level's one-tap tile are our tiles) to m[product][tile][outputs], which the last transform turns into
 * rows and the epilogue. Sums over the channels are chains of fused multiply-adds in a fixed order; so are
 * the transforms.
 *
 * Layers where this does not pay are packed for, and run by, the direct level.
 */
#include "nn/kernels/toom.h"

#ifndef ORA_WINO_V_BYTES
#define ORA_WINO_V_BYTES (256 * 1024)
#endif
#ifndef ORA_WINO_TILES
#define ORA_WINO_TILES 56
#endif
enum {
    WINO_PRODUCTS = 21,
    WINO_MOST = ORA_WINO_TILES / TILE_ROWS * TILE_ROWS, /* tiles a pass, most and least */
    WINO_LEAST = (28 + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS,
    WINO_V_FLOATS = ORA_WINO_V_BYTES / (int)sizeof(float), /* v stays in L2, beside a panel's weights */
    WINO_V_MOST = WINO_PRODUCTS * ORA_TOOM_IN_MOST * WINO_LEAST,
    WINO_SCRATCH_FLOATS =
        (WINO_V_FLOATS > WINO_V_MOST ? WINO_V_FLOATS : WINO_V_MOST) + WINO_PRODUCTS * WINO_MOST * PANEL
};

/* ---- inputs: v = B^T d -----------------------------------------------------------------------------------
 */

/* c[0]*a + c[1]*b + ... + the last */
static inline REG series_2(const float *c, REG a, REG b)
{
    return FMA(SET1(c[0]), a, b);
}
static inline REG series_3(const float *c, REG a, REG b, REG d)
{
    return FMA(SET1(c[0]), a, series_2(c + 1, b, d));
}
static inline REG series_4(const float *c, REG a, REG b, REG d, REG e)
{
    return FMA(SET1(c[0]), a, series_3(c + 1, b, d, e));
}
static inline REG series_5(const float *c, REG a, REG b, REG d, REG e, REG f)
{
    return FMA(SET1(c[0]), a, series_4(c + 1, b, d, e, f));
}
static inline REG series_6(const float *c, REG a, REG b, REG d, REG e, REG f, REG g)
{
    return FMA(SET1(c[0]), a, series_5(c + 1, b, d, e, f, g));
}

#define INPUT(i) const REG d##i = LOAD(x + row * (i));
/* Products `at` and at+1, of +p and -p: s + p*t and s - p*t. */
#define PAIR(k, at, s, t)                                                                                    \
    {                                                                                                        \
        REG even = s, odd = t, p = SET1(f->p[k][1]);                                                         \
        STORE(v + step * (at), FMA(p, odd, even));                                                           \
        STORE(v + step * ((at) + 1), FNMA(p, odd, even));                                                    \
    }

typedef void wino_input(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                        const struct ora_toom_form *f);

/* F(6,2): three pairs, infinity. */
static inline void input_2(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                           const struct ora_toom_form *f)
{
    ROWS_7(INPUT)
    PAIR(0, 0, series_3(f->q[0], d1, d3, d5), series_3(f->q[0], d0, d2, d4))
    PAIR(1, 2, series_3(f->q[1], d1, d3, d5), series_3(f->q[1], d0, d2, d4))
    PAIR(2, 4, series_3(f->q[2], d1, d3, d5), series_3(f->q[2], d0, d2, d4))
    STORE(v + step * 6, series_4(f->all, d0, d2, d4, d6));
}
/* F(6,3): points 0, three pairs, infinity. */
static inline void input_3(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                           const struct ora_toom_form *f)
{
    ROWS_8(INPUT)
    STORE(v, series_4(f->all, d0, d2, d4, d6));
    PAIR(0, 1, series_3(f->q[0], d2, d4, d6), series_3(f->q[0], d1, d3, d5))
    PAIR(1, 3, series_3(f->q[1], d2, d4, d6), series_3(f->q[1], d1, d3, d5))
    PAIR(2, 5, series_3(f->q[2], d2, d4, d6), series_3(f->q[2], d1, d3, d5))
    STORE(v + step * 7, series_4(f->all, d1, d3, d5, d7));
}
/* F(6,5): points 0, four pairs, infinity. */
static inline void input_5(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                           const struct ora_toom_form *f)
{
    ROWS_10(INPUT)
    STORE(v, series_5(f->all, d0, d2, d4, d6, d8));
    PAIR(0, 1, series_4(f->q[0], d2, d4, d6, d8), series_4(f->q[0], d1, d3, d5, d7))
    PAIR(1, 3, series_4(f->q[1], d2, d4, d6, d8), series_4(f->q[1], d1, d3, d5, d7))
    PAIR(2, 5, series_4(f->q[2], d2, d4, d6, d8), series_4(f->q[2], d1, d3, d5, d7))
    PAIR(3, 7, series_4(f->q[3], d2, d4, d6, d8), series_4(f->q[3], d1, d3, d5, d7))
    STORE(v + step * 9, series_5(f->all, d1, d3, d5, d7, d9));
}
/* F(6,6): five pairs, infinity. */
static inline void input_6(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                           const struct ora_toom_form *f)
{
    ROWS_11(INPUT)
    PAIR(0, 0, series_5(f->q[0], d1, d3, d5, d7, d9), series_5(f->q[0], d0, d2, d4, d6, d8))
    PAIR(1, 2, series_5(f->q[1], d1, d3, d5, d7, d9), series_5(f->q[1], d0, d2, d4, d6, d8))
    PAIR(2, 4, series_5(f->q[2], d1, d3, d5, d7, d9), series_5(f->q[2], d0, d2, d4, d6, d8))
    PAIR(3, 6, series_5(f->q[3], d1, d3, d5, d7, d9), series_5(f->q[3], d0, d2, d4, d6, d8))
    PAIR(4, 8, series_5(f->q[4], d1, d3, d5, d7, d9), series_5(f->q[4], d0, d2, d4, d6, d8))
    STORE(v + step * 10, series_6(f->all, d0, d2, d4, d6, d8, d10));
}
/* F(6,7): points 0, five pairs, infinity. */
static inline void input_7(float *v, ptrdiff_t step, const float *x, ptrdiff_t row,
                           const struct ora_toom_form *f)
{
    ROWS_12(INPUT)
    STORE(v, series_6(f->all, d0, d2, d4, d6, d8, d10));
    PAIR(0, 1, series_5(f->q[0], d2, d4, d6, d8, d10), series_5(f->q[0], d1, d3, d5, d7, d9))
    PAIR(1, 3, series_5(f->q[1], d2, d4, d6, d8, d10), series_5(f->q[1], d1, d3, d5, d7, d9))
    PAIR(2, 5, series_5(f->q[2], d2, d4, d6, d8, d10), series_5(f->q[2], d1, d3, d5, d7, d9))
    PAIR(3, 7, series_5(f->q[3], d2, d4, d6, d8, d10), series_5(f->q[3], d1, d3, d5, d7, d9))
    PAIR(4, 9, series_5(f->q[4], d2, d4, d6, d8, d10), series_5(f->q[4], d1, d3, d5, d7, d9))
    STORE(v + step * 11, series_6(f->all, d1, d3, d5, d7, d9, d11));
}

/* ---- a call ----------------------------------------------------------------------------------------------
 */

struct wino {
    const struct ora_conv *c;
    const struct ora_conv_run *r;
    const struct ora_toom *toom;
    const struct ora_toom_form *form;
    const float *weights;
    int group;    /* the first of the call's groups of 6*dilation rows */
    int row;      /* the call's first row: of an upsampler's, the first q */
    int end;      /* rows of the utterance: of an upsampler's, the q */
    int first, n; /* this pass: tiles [first, first+n) */
    float *v, *m;
};

/* The first row of the call's tile `tile`, counted from the call's own first row. */
static inline int wino_row(const struct wino *w, int tile)
{
    int d = w->c->dilation;
    return (w->group + tile / d) * ORA_TOOM_ROWS * d + tile % d - w->row;
}

/* Rows beyond those that the utterance's last row reads count as zeros, whatever lies there. */
static const float *wino_rows_at_end(const struct wino *w, float *room, const float *x, int row)
{
    int d = w->c->dilation, rows = w->c->taps + ORA_TOOM_ROWS - 1;
    int left = w->end - 1 - (row + w->row); /* from the tile's first row to the utterance's last */
    int real = w->c->taps + (left >= 0 ? left / d : -((d - 1 - left) / d));
    memset(room, 0, sizeof(float) * ORA_LANES * (size_t)rows);
    for (int i = 0; i < rows && i < real; i++)
        memcpy(room + ORA_LANES * i, x + (ptrdiff_t)ORA_LANES * d * i, sizeof(float) * ORA_LANES);
    return room;
}

static inline __attribute__((always_inline)) void wino_inputs_of(const struct wino *w, int part, int product,
                                                                 wino_input *input)
{
    const struct ora_conv *c = w->c;
    int d = c->dilation, skip = w->toom->part[part].first;
    ptrdiff_t step = (ptrdiff_t)ORA_LANES * w->n;
    float room[(11 + ORA_TOOM_ROWS - 1) * ORA_LANES];
    for (int b = 0; b < c->in_blocks; b++) {
        float *v = w->v + ((ptrdiff_t)b * w->toom->products + product) * step;
        for (int t = 0; t < w->n; t++, v += ORA_LANES) {
            int at = wino_row(w, w->first + t);
            const float *x = w->r->x.p + (size_t)b * w->r->x.cbs + (ptrdiff_t)ORA_LANES * (at + c->first);
            ptrdiff_t row = (ptrdiff_t)ORA_LANES * d;
            if (at + w->row + (ORA_TOOM_ROWS - 1) * d >= w->end) {
                x = wino_rows_at_end(w, room, x, at);
                row = ORA_LANES;
            }
            for (int lane = 0; lane < ORA_LANES; lane += VECTOR)
                input(v + lane, step, x + row * skip + lane, row, &w->form[part]);
        }
    }
}

static void wino_inputs(const struct wino *w)
{
    for (int i = 0, product = 0; i < w->toom->parts; i++) {
        int taps = w->toom->part[i].taps;
        if (taps == 2)
            wino_inputs_of(w, i, product, input_2);
        else if (taps == 3)
            wino_inputs_of(w, i, product, input_3);
        else if (taps == 5)
            wino_inputs_of(w, i, product, input_5);
        else if (taps == 6)
            wino_inputs_of(w, i, product, input_6);
        else
            wino_inputs_of(w, i, product, input_7);
        product += taps + ORA_TOOM_ROWS - 1;
    }
}

/* m = v * weights, product by product, for the panel that begins at out_block. */
static void wino_products(const struct wino *w, int out_block, int blocks)
{
    static const float zeros[PANEL];
    const struct ora_conv *c = w->c;
    int width = blocks * ORA_LANES;
    size_t in = (size_t)c->in_blocks * ORA_LANES, panel = in * (size_t)width;
    const float *weights = w->weights + (size_t)w->toom->products * in * (size_t)(out_block * ORA_LANES);
    for (int e = 0; e < w->toom->products; e++) {
        struct ora_tile tile = {
            .x_cbs = (size_t)w->toom->products * (size_t)w->n * ORA_LANES,
            .blocks = c->in_blocks,
            .taps = 1,
            .w = weights + (size_t)e * panel,
            .bias = zeros,
        };
        for (int t = 0, rows; t < w->n; t += rows) {
            rows = tile_rows(w->n - t);
            tile.x = w->v + (ptrdiff_t)ORA_LANES * (e * w->n + t);
            tile.part_out = w->m + (ptrdiff_t)width * (e * w->n + t);
            run_tile(&tile, rows, blocks, false);
        }
    }
}

/* ---- outputs: y = A^T m, and the epilogue ----------------------------------------------------------------
 */

#define OUT_PAIR(k)                                                                                          \
    {                                                                                                        \
        REG plus = LOAD(m), minus = LOAD(m + step), sum = ADD(plus, minus), difference = SUB(plus, minus);   \
        m += 2 * step;                                                                                       \
        y0 = ADD(y0, sum);                                                                                   \
        y1 = FMA(SET1(f->p[k][1]), difference, y1);                                                          \
        y2 = FMA(SET1(f->p[k][2]), sum, y2);                                                                 \
        y3 = FMA(SET1(f->p[k][3]), difference, y3);                                                          \
        y4 = FMA(SET1(f->p[k][4]), sum, y4);                                                                 \
        y5 = FMA(SET1(f->p[k][5]), difference, y5);                                                          \
    }

/* One row's vector: `at` is its place from row 0 of the run's tensors, block included. */
static inline void wino_finish(const struct ora_conv_run *r, int block, ptrdiff_t at, REG v)
{
    if (r->res.p)
        v = ADD(v, LOAD(r->res.p + (size_t)block * r->res.cbs + at));
    if (r->add.p)
        v = ADD(v, LOAD(r->add.p + (size_t)block * r->add.cbs + at));
    if (r->fn == ORA_ACT_RELU)
        v = MAX(v, SET1(0.0f));
    if (r->y.p)
        STORE(r->y.p + (size_t)block * r->y.cbs + at, v);
    if (r->leaky.p)
        STORE(r->leaky.p + (size_t)block * r->leaky.cbs + at, MAX(v, MUL(v, SET1(r->slope))));
}

static inline __attribute__((always_inline)) void wino_outputs_of(const struct wino *w, int out_block,
                                                                  int blocks, const int parts,
                                                                  const int pairs, const bool zero)
{
    const struct ora_conv_run *r = w->r;
    int width = blocks * ORA_LANES, d = w->c->dilation;
    ptrdiff_t step = (ptrdiff_t)width * w->n, apart = (ptrdiff_t)ORA_LANES * (r->row_step ? r->row_step : 1);
    const float *bias = (r->bias ? r->bias : w->c->bias) + ORA_LANES * out_block;
    int rate = w->c->phases ? w->c->phases : 1, phase_blocks = w->c->out_blocks / rate, between = d * rate;
    for (int t = 0; t < w->n; t++) {
        int at_row = wino_row(w, w->first + t);
        for (int o = 0; o < width; o += VECTOR) {
            const float *m = w->m + (ptrdiff_t)width * t + o;
            const struct ora_toom_form *f = w->form;
            REG y0 = LOAD(bias + o), y1 = y0, y2 = y0, y3 = y0, y4 = y0, y5 = y0;
            if (zero) {
                y0 = ADD(y0, LOAD(m));
                m += step;
            }
            OUT_PAIR(0)
            OUT_PAIR(1)
            OUT_PAIR(2)
            if (pairs > 3)
                OUT_PAIR(3)
            if (pairs > 4)
                OUT_PAIR(4)
            y5 = ADD(y5, LOAD(m));
            m += step;
            if (parts > 1) { /* the second part of 11 taps: five pairs without 0 */
                f++;
                OUT_PAIR(0)
                OUT_PAIR(1)
                OUT_PAIR(2)
                OUT_PAIR(3)
                OUT_PAIR(4)
                y5 = ADD(y5, LOAD(m));
            }
            int block = out_block + o / ORA_LANES, row = at_row;
            if (w->c->phases) { /* q to the rows of its phase */
                int phase = block / phase_blocks;
                block -= phase * phase_blocks;
                row = (row + w->row) * rate - rate / 2 + phase - r->row;
            }
            ptrdiff_t at = apart * row + o % ORA_LANES;
            if (row >= 0 && row < r->rows)
                wino_finish(r, block, at, y0);
            if (row + between >= 0 && row + between < r->rows)
                wino_finish(r, block, at + apart * between, y1);
            if (row + 2 * between >= 0 && row + 2 * between < r->rows)
                wino_finish(r, block, at + apart * between * 2, y2);
            if (row + 3 * between >= 0 && row + 3 * between < r->rows)
                wino_finish(r, block, at + apart * between * 3, y3);
            if (row + 4 * between >= 0 && row + 4 * between < r->rows)
                wino_finish(r, block, at + apart * between * 4, y4);
            if (row + 5 * between >= 0 && row + 5 * between < r->rows)
                wino_finish(r, block, at + apart * between * 5, y5);
        }
    }
}

static void wino_outputs(const struct wino *w, int out_block, int blocks)
{
    switch (w->toom->taps) {
    case 2:
        wino_outputs_of(w, out_block, blocks, 1, 3, false);
        break;
    case 3:
        wino_outputs_of(w, out_block, blocks, 1, 3, true);
        break;
    case 5:
        wino_outputs_of(w, out_block, blocks, 1, 4, true);
        break;
    case 7:
        wino_outputs_of(w, out_block, blocks, 1, 5, true);
        break;
    default:
        wino_outputs_of(w, out_block, blocks, 2, 4, true);
    }
}

/* Tiles a pass: as many as keep v in the cache, whole tiles of the level's rows. */
static int wino_tiles(const struct wino *w)
{
    int n = WINO_V_FLOATS / (w->toom->products * w->c->in_blocks * ORA_LANES) / TILE_ROWS * TILE_ROWS;
    return n < WINO_LEAST ? WINO_LEAST : n > WINO_MOST ? WINO_MOST : n;
}

static void wino_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    if (!c->grid) {
        op_conv(c, r);
        return;
    }
    if (r->rows <= 0)
        return;
    struct wino w = {.c = c, .r = r, .toom = ora_toom_find(c->taps), .form = c->weights, .row = r->row};
    int past = r->row + r->rows;
    w.end = r->total ? r->total : r->rows;
    if (c->phases) { /* an utterance of n rows has the q 0 to n */
        w.row = (w.row + c->phases / 2) / c->phases;
        past = (past - 1 + c->phases / 2) / c->phases + 1;
        w.end = w.end / c->phases + 1;
    }
    w.group = w.row / c->grid;
    w.weights = (const float *)(w.form + ORA_TOOM_PARTS);
    int tiles = ((past - 1) / c->grid + 1 - w.group) * c->dilation, most = wino_tiles(&w);
    w.v = r->scratch;
    w.m = w.v + (size_t)w.toom->products * (size_t)c->in_blocks * ORA_LANES * (size_t)most;
    for (; w.first < tiles; w.first += w.n) {
        w.n = tiles - w.first < most ? tiles - w.first : most;
        wino_inputs(&w);
        for (int b = 0; b < c->out_blocks; b += PANEL / ORA_LANES) {
            int blocks = c->out_blocks - b < PANEL / ORA_LANES ? c->out_blocks - b : PANEL / ORA_LANES;
            wino_products(&w, b, blocks);
            wino_outputs(&w, b, blocks);
        }
    }
    if (r->fn > ORA_ACT_RELU)
        apply_fn(r, 0, c->out_blocks / (c->phases ? c->phases : 1), 0, r->rows);
}

static int wino_grid(const struct ora_conv_spec *s)
{
    return ora_toom_of(s) ? ORA_TOOM_ROWS * s->dilation : 0;
}
static size_t wino_pack_bytes(const struct ora_conv_spec *s)
{
    const struct ora_toom *t = ora_toom_of(s);
    return t ? ora_toom_bytes(s, t) : ora_panels_bytes(s);
}
static void wino_pack(void *dst, const struct ora_conv_spec *s)
{
    const struct ora_toom *t = ora_toom_of(s);
    if (t)
        ora_toom_pack(dst, s, t, PANEL);
    else
        op_pack(dst, s);
}

#define ORA_WINO_TABLE                                                                                       \
    .scratch_bytes = WINO_SCRATCH_FLOATS * sizeof(float), .grid = wino_grid, .pack_bytes = wino_pack_bytes,  \
    .pack = wino_pack, .pack_rows = op_pack_rows, .conv = wino_conv
