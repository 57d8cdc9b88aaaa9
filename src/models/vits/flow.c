/* Coupling flow: pack-time permutations, then a loop over couplings, tiles and layers. */
#include "models/vits/flow.h"

#include <stdlib.h>

enum { TILE_ROWS = 256 };

/* ---- bind ------------------------------------------------------------------------------------ */

/* in_layers and, with speakers, the part of cond_layer that adds to its outputs. */
static void bind_in_layer(struct vits_binder *b, struct vits_coupling *c, int f, int i, int *map, int wide)
{
    const struct vits_config *cfg = b->cfg;
    int h = cfg->hidden, all = 2 * h * cfg->wn_layers;
    struct ora_conv_spec spec = {.out = wide, .out_map = map, .placed = true};
    vits_bind_conv(b, &c->in[i], &spec, h, 2 * h, cfg->wn_kernel, 1, "flow.flows.%d.enc.in_layers.%d", f, i);
    if (!cfg->speaker_dim)
        return;
    const float *own = vits_take(b, ORA_SHAPE(2 * (size_t)h), "flow.flows.%d.enc.in_layers.%d.bias", f, i);
    const float *bias = vits_take(b, ORA_SHAPE((size_t)all), "flow.flows.%d.enc.cond_layer.bias", f);
    const float *w = vits_take(b, ORA_SHAPE((size_t)all, (size_t)cfg->speaker_dim, 1),
                               "flow.flows.%d.enc.cond_layer.weight", f);
    int shifted[VITS_MAP_MAX];
    float *sum = ora_xcalloc((size_t)all, sizeof *sum);
    for (int j = 0; j < wide; j++)
        shifted[j] = map[j] < 0 ? -1 : map[j] + i * 2 * h;
    for (int j = 0; own && bias && j < 2 * h; j++)
        sum[i * 2 * h + j] = bias[i * 2 * h + j] + own[j];
    struct ora_conv_spec cond = {.in = cfg->speaker_dim,
                                 .out = wide,
                                 .taps = 1,
                                 .dilation = 1,
                                 .weights = w,
                                 .bias = sum,
                                 .strict = b->strict,
                                 .src_in = cfg->speaker_dim,
                                 .src_out = all,
                                 .out_map = shifted};
    ora_packer_conv(b->packer, &cond, &c->cond[i]);
    free(sum);
}

static void bind_coupling(struct vits_binder *b, struct vits_coupling *c, int index)
{
    const struct vits_config *cfg = b->cfg;
    int h = cfg->hidden, half = cfg->inter / 2, f = 2 * index;
    int map[VITS_MAP_MAX], reversed[VITS_MAP_MAX], wide = vits_map_groups(map, 2, h);
    /* Reversals before this coupling, counted from the last module down: odd for the last, even for the one
     * before. */
    c->upper = (cfg->couplings - index) % 2 == 1;
    for (int i = 0; i < half; i++)
        reversed[i] = half - 1 - i;
    struct ora_conv_spec pre = {.in_map = c->upper ? reversed : NULL};
    struct ora_conv_spec post = {.out_map = c->upper ? reversed : NULL, .weight_scale = -1, .bias_scale = -1};
    vits_bind_conv(b, &c->pre, &pre, half, h, 1, 1, "flow.flows.%d.pre", f);
    for (int i = 0; i < cfg->wn_layers; i++) {
        bool last = i == cfg->wn_layers - 1;
        struct ora_conv_spec pair = {.out = wide, .out_map = map};
        bind_in_layer(b, c, f, i, map, wide);
        vits_bind_conv(b, &c->res_skip[i], last ? NULL : &pair, h, last ? h : 2 * h, 1, 1,
                       "flow.flows.%d.enc.res_skip_layers.%d", f, i);
    }
    vits_bind_conv(b, &c->post, &post, h, half, 1, 1, "flow.flows.%d.post", f);
}

void vits_flow_bind(struct vits_binder *b, struct vits_flow *f)
{
    f->couplings = b->cfg->couplings;
    for (int i = 0; i < f->couplings; i++)
        bind_coupling(b, &f->coupling[i], i);
}

/* ---- speakers -------------------------------------------------------------------------------- */

static size_t layer_bias_floats(const struct vits_config *cfg)
{
    return 2 * ORA_LANES * (size_t)ora_blocks(cfg->hidden);
}

size_t vits_flow_bias_floats(const struct vits_config *cfg)
{
    return layer_bias_floats(cfg) * (size_t)(cfg->couplings * cfg->wn_layers);
}

void vits_flow_speaker(const struct vits_flow *f, const struct vits_config *cfg, const struct ora_kernels *k,
                       struct ora_b16 g, float *bias, void *scratch)
{
    for (int c = 0; c < f->couplings; c++)
        for (int i = 0; i < cfg->wn_layers; i++, bias += layer_bias_floats(cfg))
            k->conv(&f->coupling[c].cond[i],
                    &(struct ora_conv_run){.x = g, .rows = 1, .y = {bias, ORA_LANES}, .scratch = scratch});
}

/* ---- forward --------------------------------------------------------------------------------- */

struct run {
    const struct vits_config *cfg;
    const struct ora_kernels *k;
    void *scratch;
    int rows, tile, reach; /* frames in all; a tile; what a tile needs on each side */
    struct ora_b16
        hs; /* [2 * padded H]: the running h, then the sum of skips; row 0 is the tile's first frame */
    struct ora_b16 gates; /* [2 * padded H] */
};

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* The tensors' row 0 is frame `first`. */
static void conv(const struct run *r, const struct ora_conv *c, struct ora_b16 x, int rows, struct ora_b16 y,
                 struct ora_b16 res, const float *bias, int first)
{
    r->k->conv(c, &(struct ora_conv_run){.x = x,
                                         .rows = rows,
                                         .y = y,
                                         .res = res,
                                         .bias = bias,
                                         .scratch = r->scratch,
                                         .row = first,
                                         .total = r->rows});
}

/* Frames that each WN layer must make so that frames s come out right (made[i]); returns those of h that are
 * read. */
static struct ora_rows layer_rows(const struct vits_coupling *c, int layers, struct ora_rows s, int length,
                                  struct ora_rows made[VITS_WN_LAYERS_MAX])
{
    for (int i = layers - 1; i >= 0; i--) {
        made[i] = s;
        s = ora_conv_reads(&c->in[i], s, length);
        s = (struct ora_rows){clip(s.lo, 0, length), clip(s.hi, 0, length)};
    }
    return s;
}

/* One coupling over frames [a, end). Rows of hs outside the utterance stay zero: the convolutions' own
 * padding. */
static void couple_tile(const struct run *r, const struct vits_coupling *c, struct ora_b16 from,
                        struct ora_b16 to, const float *bias, int a, int end)
{
    int blocks = ora_blocks(r->cfg->hidden);
    struct ora_rows made[VITS_WN_LAYERS_MAX];
    struct ora_rows h = layer_rows(c, r->cfg->wn_layers, (struct ora_rows){a, end}, r->rows, made);
    struct ora_b16 none = {0};
    conv(r, &c->pre, ora_b16_at(from, 0, h.lo), h.hi - h.lo, ora_b16_at(r->hs, 0, h.lo - a), none, NULL,
         h.lo);
    ora_b16_clear_rows(r->hs, r->cfg->hidden, -r->reach, h.lo - a);
    ora_b16_clear_rows(r->hs, r->cfg->hidden, h.hi - a, end - a + r->reach);
    struct ora_b16 skip = ora_b16_at(r->hs, blocks, 0);
    ora_b16_clear_rows(skip, r->cfg->hidden, -r->reach, end - a + r->reach);
    for (int i = 0; i < r->cfg->wn_layers; i++) {
        int lo = made[i].lo, hi = made[i].hi;
        struct ora_b16 gates = ora_b16_at(r->gates, 0, lo - a), hs = ora_b16_at(r->hs, 0, lo - a);
        conv(r, &c->in[i], hs, hi - lo, gates, none,
             bias ? bias + layer_bias_floats(r->cfg) * (size_t)i : NULL, lo);
        r->k->gate(gates, gates, hi - lo, blocks);
        if (i + 1 == r->cfg->wn_layers)
            hs = ora_b16_at(hs, blocks, 0);
        conv(r, &c->res_skip[i], gates, hi - lo, hs, hs, NULL, lo);
    }
    to = ora_b16_at(to, 0, a);
    conv(r, &c->post, skip, end - a, to, to, NULL, a);
}

/* Tiles begin at whole groups of rows, where the kernels make any. */
static bool allocate(struct run *r, const struct vits_flow *f, struct ora_arena *arena, int tile_rows)
{
    bool ok = true;
    const struct vits_coupling *c = &f->coupling[0];
    struct ora_rows made[VITS_WN_LAYERS_MAX];
    int grid = c->in[0].grid ? c->in[0].grid : 1, far = grid << 16;
    int wide = 2 * ORA_LANES * ora_blocks(r->cfg->hidden);
    r->tile = ((tile_rows ? tile_rows : TILE_ROWS) + grid - 1) / grid * grid;
    r->tile = r->tile < r->rows ? r->tile : r->rows;
    r->reach = far - layer_rows(c, r->cfg->wn_layers, (struct ora_rows){far, far + grid}, INT32_MAX, made).lo;
    r->hs = vits_buffer(arena, wide, r->tile, r->reach, &ok);
    r->gates = vits_buffer(arena, wide, r->tile, r->reach, &ok);
    return ok;
}

size_t vits_flow_bytes(const struct vits_flow *f, const struct vits_config *cfg, int rows)
{
    struct ora_arena probe = vits_measuring_arena();
    struct run r = {.cfg = cfg, .rows = rows};
    allocate(&r, f, &probe, 0);
    return probe.peak_bytes;
}

int vits_flow_forward(const struct vits_flow *f, const struct vits_config *cfg, const struct ora_kernels *k,
                      struct ora_arena *arena, struct ora_b16 z, int rows, const float *bias, int tile_rows,
                      void *scratch, struct ora_err *err)
{
    struct run r = {.cfg = cfg, .k = k, .rows = rows, .scratch = scratch};
    size_t mark = ora_arena_mark(arena);
    if (!allocate(&r, f, arena, tile_rows))
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for the flow of %d frames", rows);
    struct ora_b16 lower = z, upper = ora_b16_at(z, ora_blocks(cfg->inter / 2), 0);
    for (int i = f->couplings - 1; i >= 0; i--) {
        const struct vits_coupling *c = &f->coupling[i];
        const float *own = bias ? bias + layer_bias_floats(cfg) * (size_t)(i * cfg->wn_layers) : NULL;
        for (int a = 0; a < rows; a += r.tile)
            couple_tile(&r, c, c->upper ? upper : lower, c->upper ? lower : upper, own, a,
                        clip(a + r.tile, 0, rows));
    }
    ora_arena_reset(arena, mark);
    return 0;
}
