/*
 * Residual blocks. Tiles are as long as an inner tensor of some megabytes allows: these convolutions are
 * bound by arithmetic even from the outer caches, and every tile repeats some 44 rows of work.
 */
#include "models/megatts3/vae_mrf.h"

enum {
    TILE_BYTES = 10 << 20,
    PERIOD = 90
}; /* PERIOD: of groups of six rows of each phase of any dilation */
static const float SLOPE = 0.2f;
static const int mrf_taps[MEGA_MRF_CHAINS] = {3, 7, 11}, mrf_dilation[MEGA_MRF_PAIRS] = {1, 3, 5};
static const struct ora_b16 none = {0};

void mega_mrf_bind(struct ora_binder *b, struct mega_mrf *m, int channels, int item)
{
    /* tolerant: one bfloat16 an operand leaves the wave 60 dB at a small size */
    struct ora_conv_spec spec = {.placed = true, .tolerant = true};
    m->channels = channels;
    for (int j = 0; j < MEGA_MRF_CHAINS; j++)
        for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
            ora_bind_conv(b, &m->first[j][q], &spec, channels, channels, mrf_taps[j], mrf_dilation[q],
                          ORA_BIAS, "vae.decoder.model_up.%d.block%d.convs1.%d", item, j + 1, q);
            ora_bind_conv(b, &m->second[j][q], &spec, channels, channels, mrf_taps[j], 1, ORA_BIAS,
                          "vae.decoder.model_up.%d.block%d.convs2.%d", item, j + 1, q);
        }
}

/* ---- tiles -----------------------------------------------------------------------------------------------
 */

struct tile {
    const struct ora_compute *c;
    int a, n, rows;                    /* output rows [a, a+n) of an utterance of `rows` */
    int halo;                          /* what they reach */
    struct ora_b16 x;                  /* the input; row 0 is row a */
    struct ora_b16 lx, cur, lcur, mid; /* row 0 is row a; `halo` on both sides */
};

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Rows that the convolutions of chain j must make so that rows s come out right, from the last one back
 * (made[q][0]: the first of pair q, made[q][1]: the second); returns the rows of x that are read. */
static struct ora_rows chain_rows(const struct mega_mrf *m, int j, struct ora_rows s, int rows,
                                  struct ora_rows made[MEGA_MRF_PAIRS][2])
{
    for (int q = MEGA_MRF_PAIRS - 1; q >= 0; q--)
        for (int i = 1; i >= 0; i--) {
            made[q][i] = s;
            s = ora_conv_reads(i ? &m->second[j][q] : &m->first[j][q], s, rows);
            s = (struct ora_rows){clip(s.lo, 0, rows), clip(s.hi, 0, rows)};
        }
    return s;
}

/* Tiles begin at its multiples. */
static int align_of(const struct mega_mrf *m)
{
    return m->first[0][0].grid || m->first[MEGA_MRF_CHAINS - 1][0].grid ? PERIOD : 1;
}

struct ora_rows mega_mrf_needs(const struct mega_mrf *m, struct ora_rows *out, int rows)
{
    struct ora_rows made[MEGA_MRF_PAIRS][2], all = {rows, 0};
    int align = align_of(m);
    out->lo = out->lo / align * align;
    out->hi = clip((out->hi + align - 1) / align * align, 0, rows);
    for (int j = 0; j < MEGA_MRF_CHAINS; j++) {
        struct ora_rows s = chain_rows(m, j, *out, rows, made);
        all.lo = s.lo < all.lo ? s.lo : all.lo;
        all.hi = s.hi > all.hi ? s.hi : all.hi;
    }
    return all;
}

/* What a tile far from both ends reaches. */
static int halo_of(const struct mega_mrf *m)
{
    struct ora_rows far = {PERIOD << 10, (PERIOD << 10) + PERIOD};
    return far.lo - mega_mrf_needs(m, &far, INT32_MAX).lo;
}

static void clear_outside(const struct tile *t, struct ora_b16 x, int channels)
{
    ora_b16_clear_rows(x, channels, -t->halo, -t->a);
    ora_b16_clear_rows(x, channels, t->rows - t->a, t->n + t->halo);
}

/* One chain; its last sum goes to y (row 0: a), plus `add`. */
static void chain(const struct tile *t, const struct mega_mrf *m, int j, struct ora_b16 y, struct ora_b16 add)
{
    const struct ora_compute *c = t->c;
    struct ora_rows made[MEGA_MRF_PAIRS][2];
    chain_rows(m, j, (struct ora_rows){t->a, t->a + t->n}, t->rows, made);
    for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
        bool last = q + 1 == MEGA_MRF_PAIRS;
        struct ora_b16 from = q ? t->cur : t->x, active = q ? t->lcur : t->lx;
        int lo = made[q][0].lo - t->a, hi = made[q][0].hi - t->a;
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        c->k->conv(&m->first[j][q], &(struct ora_conv_run){.x = ora_b16_at(active, 0, lo),
                                                           .rows = hi - lo,
                                                           .leaky = ora_b16_at(t->mid, 0, lo),
                                                           .slope = SLOPE,
                                                           .scratch = c->scratch,
                                                           .row = t->a + lo,
                                                           .total = t->rows});
        clear_outside(t, t->mid, m->channels);
        lo = made[q][1].lo - t->a, hi = made[q][1].hi - t->a;
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        struct ora_conv_run run = {.x = ora_b16_at(t->mid, 0, lo),
                                   .rows = hi - lo,
                                   .res = ora_b16_at(from, 0, lo),
                                   .y = ora_b16_at(last ? y : t->cur, 0, lo),
                                   .slope = SLOPE,
                                   .scratch = c->scratch,
                                   .row = t->a + lo,
                                   .total = t->rows};
        if (last)
            run.add = add;
        else
            run.leaky = ora_b16_at(t->lcur, 0, lo);
        c->k->conv(&m->second[j][q], &run);
        if (!last)
            clear_outside(t, t->lcur, m->channels);
    }
}

static int most_rows(const struct mega_mrf *m, int n, size_t tile_bytes)
{
    size_t row_bytes = sizeof(float) * ORA_LANES * (size_t)ora_blocks(m->channels);
    size_t most = (tile_bytes ? tile_bytes : TILE_BYTES) / row_bytes;
    size_t align = (size_t)align_of(m);
    most = most < align ? align : most / align * align;
    return (size_t)n < most ? n : (int)most;
}

/* Rows of a tile for n rows in all: as many tiles as needed, of one length. */
static int tile_rows(const struct mega_mrf *m, int n, int most)
{
    int count = (n + most - 1) / most, align = align_of(m), even = (n + count - 1) / count;
    return (even + align - 1) / align * align;
}

static bool allocate(const struct ora_compute *c, const struct mega_mrf *m, int tile, struct tile *t)
{
    bool ok = true;
    t->halo = halo_of(m);
    t->lx = ora_buffer(c, m->channels, tile, t->halo, &ok);
    t->cur = ora_buffer(c, m->channels, tile, t->halo, &ok);
    t->lcur = ora_buffer(c, m->channels, tile, t->halo, &ok);
    t->mid = ora_buffer(c, m->channels, tile, t->halo, &ok);
    return ok;
}

size_t mega_mrf_bytes(const struct mega_mrf *m, int n, size_t tile_bytes)
{
    struct ora_arena counts = ora_arena_of_counts();
    struct tile t;
    allocate(&(struct ora_compute){.arena = &counts}, m, most_rows(m, n, tile_bytes), &t);
    return counts.peak_bytes;
}

/* Moves the tile to output rows [a, a+n); x's row 0 is row x_from. */
static void enter(struct tile *t, const struct mega_mrf *m, struct ora_b16 x, int x_from, int a, int n)
{
    struct ora_rows out = {a, a + n}, in = mega_mrf_needs(m, &out, t->rows);
    int lo = in.lo - a, hi = in.hi - a;
    t->a = a;
    t->n = n;
    t->x = ora_b16_at(x, 0, a - x_from);
    ora_leaky(t->c, ora_b16_at(t->lx, 0, lo), ora_b16_at(t->x, 0, lo), hi - lo, m->channels, SLOPE);
    clear_outside(t, t->lx, m->channels);
}

int mega_mrf_forward(const struct ora_compute *c, const struct mega_mrf *m, struct ora_b16 x, int x_from,
                     int rows, struct ora_b16 y, int lo, int hi, size_t tile_bytes, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    struct tile t = {.c = c, .rows = rows};
    int most = most_rows(m, hi - lo, tile_bytes), tile = tile_rows(m, hi - lo, most);
    if (!allocate(c, m, most, &t))
        return ora_no_room(err, "residual blocks");
    for (int a = lo; a < hi; a += tile) {
        struct ora_b16 out = ora_b16_at(y, 0, a - lo);
        enter(&t, m, x, x_from, a, hi - a < tile ? hi - a : tile);
        for (int j = 0; j < MEGA_MRF_CHAINS; j++)
            chain(&t, m, j, out, j ? out : none);
        for (int b = 0; b < ora_blocks(m->channels); b++) {
            float *p = ora_b16_at(out, b, 0).p;
            c->k->scale(p, p, ORA_LANES * (size_t)t.n, 1.0f / MEGA_MRF_CHAINS);
        }
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}

int mega_mrf_chain(const struct ora_compute *c, const struct mega_mrf *m, int which, struct ora_b16 x,
                   int rows, struct ora_b16 y, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    struct tile t = {.c = c, .rows = rows};
    if (!allocate(c, m, rows, &t))
        return ora_no_room(err, "residual blocks");
    enter(&t, m, x, 0, 0, rows);
    chain(&t, m, which, y, none);
    ora_arena_reset(c->arena, mark);
    return 0;
}
