/*
 * The convolution's loops, the same for every direct level. The level defines before including this file
 *     PANEL       outputs a panel: 16 or 32
 *     TILE_ROWS   most rows a tile
 *     run_tile(const struct ora_tile *, int rows, int blocks, bool half)   blocks of outputs: PANEL/16, or 1
 * for an odd last panel
 *
 * Order: chunk of rows (x and y stay in L2), panel of outputs (its weights stay in L1/L2), tile of rows.
 * Where one panel's weights exceed L2's share, K is cut into slices of input blocks and partial sums lie in
 * scratch: the chain of multiply-adds is the same one, only spilled as floats between slices, so no cut of
 * rows or K changes a bit.
 */

#ifndef ORA_CONV_CHUNK_BYTES
#define ORA_CONV_CHUNK_BYTES (512 * 1024)
#endif
#ifndef ORA_CONV_SLICE_BYTES
#define ORA_CONV_SLICE_BYTES (384 * 1024)
#endif
enum { PART_ROWS = 16 * TILE_ROWS, MIN_CHUNK_ROWS = 16 * TILE_ROWS };
enum { CONV_SCRATCH_BYTES = PART_ROWS * PANEL * (int)sizeof(float) };

struct slices {
    int blocks; /* input blocks a slice */
    bool cut;   /* more than one slice */
};

static struct slices slices_of(const struct ora_conv *c)
{
    size_t block_bytes = (size_t)ORA_LANES * (size_t)c->taps * PANEL * (c->half ? 2 : sizeof(float));
    struct slices s = {c->in_blocks, false};
    if (block_bytes * (size_t)c->in_blocks > ORA_CONV_SLICE_BYTES) {
        size_t most = ORA_CONV_SLICE_BYTES / 2 / block_bytes;
        s.blocks = most > 1 ? (int)most : 1;
        s.cut = s.blocks < c->in_blocks;
    }
    return s;
}

static int chunk_rows(const struct ora_conv *c, bool cut)
{
    if (cut)
        return PART_ROWS;
    size_t row_bytes = ((size_t)c->in_blocks + 2 * (size_t)c->out_blocks) * ORA_LANES * sizeof(float);
    int n = (int)(ORA_CONV_CHUNK_BYTES / row_bytes) / TILE_ROWS * TILE_ROWS;
    return n < MIN_CHUNK_ROWS ? MIN_CHUNK_ROWS : n;
}

/* Rows of the next tile: full ones, then the last 1..2 split evenly. */
static inline int tile_rows(int left)
{
    if (left >= 2 * TILE_ROWS || left <= TILE_ROWS)
        return left < TILE_ROWS ? left : TILE_ROWS;
    return (left + 1) / 2;
}

/* y = fn(y) for rows [t0, t0+n) of some blocks, where fn is none of the tile's own. */
static void apply_fn(const struct ora_conv_run *r, int block, int blocks, int t0, int n)
{
    ptrdiff_t step = ORA_LANES * (ptrdiff_t)(r->row_step ? r->row_step : 1);
    for (int b = block; b < block + blocks; b++)
        for (int t = t0; t < t0 + n; t++) {
            float *y = r->y.p + (size_t)b * r->y.cbs + step * t;
            op_map(y, y, ORA_LANES, r->fn);
        }
}

/* Rows [t0, t0+n) of panel p, all of K. */
static void run_panel(const struct ora_conv *c, const struct ora_conv_run *r, struct slices s, int p, int t0,
                      int n)
{
    int out_block = p * (PANEL / ORA_LANES), blocks = c->out_blocks - out_block;
    blocks = blocks < PANEL / ORA_LANES ? blocks : PANEL / ORA_LANES;
    int width = blocks * ORA_LANES;
    /* words of one input block: two weights of half size share one */
    size_t block_words = ORA_LANES * (size_t)c->taps * (size_t)width >> (c->half ? 1 : 0);
    size_t k = (size_t)c->in_blocks * ORA_LANES * (size_t)c->taps;
    const float *w = (const float *)c->weights + (k * (size_t)(out_block * ORA_LANES) >> (c->half ? 1 : 0));
    const float *bias = (r->bias ? r->bias : c->bias) + ORA_LANES * out_block;
    ptrdiff_t step = ORA_LANES * (ptrdiff_t)(r->row_step ? r->row_step : 1);
    float *part = r->scratch;

    for (int b0 = 0; b0 < c->in_blocks; b0 += s.blocks) {
        int nb = c->in_blocks - b0 < s.blocks ? c->in_blocks - b0 : s.blocks;
        bool last = b0 + nb == c->in_blocks;
        struct ora_tile tile = {
            .x_cbs = r->x.cbs,
            .blocks = nb,
            .taps = c->taps,
            .tap_step = ORA_LANES * (ptrdiff_t)c->dilation,
            .w = w + (size_t)b0 * block_words,
            .bias = bias,
            .row_step = step,
            .y_cbs = r->y.cbs,
            .res_cbs = r->res.cbs,
            .add_cbs = r->add.cbs,
            .leaky_cbs = r->leaky.cbs,
            .slope = r->slope,
            .relu = r->fn == ORA_ACT_RELU,
        };
        const float *x = r->x.p + (size_t)b0 * r->x.cbs + ORA_LANES * (ptrdiff_t)c->first;
        for (int t = t0, m; t < t0 + n; t += m) {
            m = tile_rows(t0 + n - t);
            ptrdiff_t at = step * t;
            tile.x = x + ORA_LANES * (ptrdiff_t)t;
            tile.part_in = b0 > 0 ? part + (ptrdiff_t)(t - t0) * width : NULL;
            tile.part_out = last ? NULL : part + (ptrdiff_t)(t - t0) * width;
            tile.y = r->y.p ? r->y.p + (size_t)out_block * r->y.cbs + at : NULL;
            tile.res = r->res.p ? r->res.p + (size_t)out_block * r->res.cbs + at : NULL;
            tile.add = r->add.p ? r->add.p + (size_t)out_block * r->add.cbs + at : NULL;
            tile.leaky = r->leaky.p ? r->leaky.p + (size_t)out_block * r->leaky.cbs + at : NULL;
            run_tile(&tile, m, blocks, c->half);
        }
    }
    if (r->fn > ORA_ACT_RELU)
        apply_fn(r, out_block, blocks, t0, n);
}

static void op_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    struct slices s = slices_of(c);
    int chunk = chunk_rows(c, s.cut), panels = (c->out_blocks * ORA_LANES + PANEL - 1) / PANEL;
    for (int t0 = 0; t0 < r->rows; t0 += chunk) {
        int n = r->rows - t0 < chunk ? r->rows - t0 : chunk;
        for (int p = 0; p < panels; p++)
            run_panel(c, r, s, p, t0, n);
    }
}

static void op_pack(void *dst, const struct ora_conv_spec *spec)
{
    ora_panels_pack(dst, spec, PANEL);
}
static void op_pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    ora_panels_pack_rows(dst, x, rows, channels, transposed, PANEL);
}

#define ORA_CONV_TABLE                                                                                       \
    .scratch_bytes = CONV_SCRATCH_BYTES, .pack_bytes = ora_panels_bytes, .pack = op_pack,                    \
    .pack_rows = op_pack_rows, .conv = op_conv
