/*
 * Text encoder. Feed-forward layers run in tiles of rows, so that their wide middle stays in the cache.
 */
#include "models/vits/encoder.h"

enum { FFN_TILE = 256 };

/* ---- bind ------------------------------------------------------------------------------------ */

static void bind_layer(struct vits_binder *b, struct vits_encoder_layer *l, int i)
{
    const struct vits_config *c = b->cfg;
    int map[VITS_MAP_MAX], h = c->hidden, wide = vits_map_groups(map, c->heads, c->head_dim);
    float root = (float)(1 / __builtin_sqrt((double)c->head_dim));
    const char *p = "enc_p.encoder.attn_layers";
    struct ora_conv_spec to = {.out = wide, .out_map = map}, from = {.in = wide, .in_map = map};
    struct ora_conv_spec query = {.out = wide, .out_map = map, .weight_scale = root, .bias_scale = root};
    vits_bind_conv(b, &l->q, &query, h, h, 1, 1, "%s.%d.conv_q", p, i);
    vits_bind_conv(b, &l->k, &to, h, h, 1, 1, "%s.%d.conv_k", p, i);
    vits_bind_conv(b, &l->v, &to, h, h, 1, 1, "%s.%d.conv_v", p, i);
    vits_bind_conv(b, &l->o, &from, h, h, 1, 1, "%s.%d.conv_o", p, i);
    size_t width = (size_t)(2 * c->window + 1), d = (size_t)c->head_dim;
    const float *rel_k = vits_take(b, ORA_SHAPE(1, width, d), "%s.%d.emb_rel_k", p, i);
    const float *rel_v = vits_take(b, ORA_SHAPE(1, width, d), "%s.%d.emb_rel_v", p, i);
    ora_packer_attention(b->packer, c->heads, c->head_dim, c->window, rel_k, rel_v, &l->attention);
    vits_bind_norm(b, &l->norm_1, h, "enc_p.encoder.norm_layers_1.%d", i);
    vits_bind_norm(b, &l->norm_2, h, "enc_p.encoder.norm_layers_2.%d", i);
    vits_bind_conv(b, &l->ffn_1, NULL, h, c->ffn, c->ffn_kernel, 1, "enc_p.encoder.ffn_layers.%d.conv_1", i);
    vits_bind_conv(b, &l->ffn_2, NULL, c->ffn, h, c->ffn_kernel, 1, "enc_p.encoder.ffn_layers.%d.conv_2", i);
}

void vits_encoder_bind(struct vits_binder *b, struct vits_encoder *e)
{
    const struct vits_config *c = b->cfg;
    size_t symbols = (size_t)c->symbols, hidden = (size_t)c->hidden;
    const float *table = vits_take(b, ORA_SHAPE(symbols, hidden), "enc_p.emb.weight");
    float *copy = ora_packer_floats(b->packer, symbols * hidden, &e->table);
    if (copy && table)
        memcpy(copy, table, symbols * hidden * sizeof *copy);
    e->table_scale = (float)__builtin_sqrt((double)c->hidden);
    e->layers = c->layers;
    for (int i = 0; i < c->layers; i++)
        bind_layer(b, &e->layer[i], i);
    /* The two halves of `proj`, each in the latent layout. */
    int map[2][VITS_MAP_MAX], wide = vits_map_groups(map[0], 2, c->inter / 2);
    for (int i = 0; i < wide; i++)
        map[1][i] = map[0][i] < 0 ? -1 : map[0][i] + c->inter;
    struct ora_conv *conv[2] = {&e->mean, &e->deviation};
    for (int j = 0; j < 2; j++) {
        struct ora_conv_spec half = {.out = wide, .out_map = map[j]};
        vits_bind_conv(b, conv[j], &half, c->hidden, 2 * c->inter, 1, 1, "enc_p.proj");
    }
}

/* ---- forward --------------------------------------------------------------------------------- */

struct run {
    const struct vits_config *cfg;
    const struct ora_kernels *k;
    int n;
    void *scratch;
    void *attention;             /* its scratch */
    struct ora_b16 q, key, v, o; /* [heads * padded head_dim][n] */
    struct ora_b16 y;            /* [hidden][n] */
    struct ora_b16 wide;         /* [ffn][FFN_TILE + halo] */
};

static bool allocate(struct run *r, const struct vits_encoder *e, struct ora_arena *a)
{
    const struct vits_config *c = r->cfg;
    int wide = c->heads * ORA_LANES * ora_blocks(c->head_dim);
    bool ok = true;
    r->q = vits_buffer(a, wide, r->n, 0, &ok);
    r->key = vits_buffer(a, wide, r->n, 0, &ok);
    r->v = vits_buffer(a, wide, r->n, 0, &ok);
    r->o = vits_buffer(a, wide, r->n, 0, &ok);
    r->y = vits_buffer(a, c->hidden, r->n, 0, &ok);
    r->wide = vits_buffer(a, c->ffn, FFN_TILE, c->ffn_kernel - 1, &ok);
    r->attention = ora_arena_alloc(a, ora_attention_scratch_bytes(r->k, &e->layer[0].attention, r->n));
    return ok && r->attention;
}

size_t vits_encoder_bytes(const struct vits_encoder *e, const struct vits_config *cfg,
                          const struct ora_kernels *k, int n)
{
    struct ora_arena probe = vits_measuring_arena();
    struct run r = {.cfg = cfg, .k = k, .n = n};
    allocate(&r, e, &probe);
    return probe.peak_bytes;
}

static void conv(const struct run *r, const struct ora_conv *c, struct ora_b16 x, int rows, struct ora_b16 y,
                 struct ora_b16 res, enum ora_act fn)
{
    r->k->conv(
        c, &(struct ora_conv_run){.x = x, .rows = rows, .y = y, .res = res, .fn = fn, .scratch = r->scratch});
}

/* y = x + ffn(x), tile by tile; the middle's rows outside the text are zeros. */
static void feed_forward(const struct run *r, const struct vits_encoder_layer *l, struct ora_b16 x)
{
    int halo = (r->cfg->ffn_kernel - 1) / 2;
    for (int a = 0; a < r->n; a += FFN_TILE) {
        int end = a + FFN_TILE < r->n ? a + FFN_TILE : r->n;
        int lo = a - halo > 0 ? a - halo : 0, hi = end + halo < r->n ? end + halo : r->n;
        struct ora_b16 middle = ora_b16_at(r->wide, 0, lo - a);
        conv(r, &l->ffn_1, ora_b16_at(x, 0, lo), hi - lo, middle, (struct ora_b16){0}, ORA_ACT_RELU);
        ora_b16_clear_rows(r->wide, r->cfg->ffn, -halo, lo - a);
        ora_b16_clear_rows(r->wide, r->cfg->ffn, hi - a, end - a + halo);
        conv(r, &l->ffn_2, r->wide, end - a, ora_b16_at(r->y, 0, a), ora_b16_at(x, 0, a), ORA_ACT_NONE);
    }
}

int vits_encoder_forward(const struct vits_encoder *e, const struct vits_config *cfg,
                         const struct ora_kernels *k, struct ora_arena *arena, const int32_t *ids, int n,
                         struct ora_b16 x, struct ora_b16 mean, struct ora_b16 deviation, void *scratch,
                         struct ora_err *err)
{
    struct run r = {.cfg = cfg, .k = k, .n = n, .scratch = scratch};
    struct ora_b16 none = {0};
    size_t mark = ora_arena_mark(arena);
    if (!allocate(&r, e, arena))
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for the encoder of %d ids", n);
    ora_b16_clear_halo(x, cfg->hidden, n, (cfg->ffn_kernel - 1) / 2);
    k->embed(x, ids, n, e->table, cfg->hidden, e->table_scale);
    for (int i = 0; i < e->layers; i++) {
        const struct vits_encoder_layer *l = &e->layer[i];
        conv(&r, &l->q, x, n, r.q, none, ORA_ACT_NONE);
        conv(&r, &l->k, x, n, r.key, none, ORA_ACT_NONE);
        conv(&r, &l->v, x, n, r.v, none, ORA_ACT_NONE);
        ora_attention_forward(k, &l->attention, r.o, r.q, r.key, r.v, n, r.attention);
        conv(&r, &l->o, r.o, n, r.y, x, ORA_ACT_NONE);
        k->layer_norm(x, r.y, n, cfg->hidden, l->norm_1.gamma, l->norm_1.beta, 1e-5f, ORA_ACT_NONE, none);
        feed_forward(&r, l, x);
        k->layer_norm(x, r.y, n, cfg->hidden, l->norm_2.gamma, l->norm_2.beta, 1e-5f, ORA_ACT_NONE, none);
    }
    conv(&r, &e->mean, x, n, mean, none, ORA_ACT_NONE);
    conv(&r, &e->deviation, x, n, deviation, none, ORA_ACT_EXP);
    ora_arena_reset(arena, mark);
    return 0;
}
