/*
 * Residual blocks. Tiles are as long as an inner tensor of some megabytes allows: these convolutions are
 * bound by arithmetic even from the outer caches, and every tile repeats some 44 rows of work.
 */
#include "models/megatts3/vae_mrf.h"

enum { HALO = 64, TILE_BYTES = 10 << 20 };
static const float SLOPE = 0.2f;
static const int mrf_taps[MEGA_MRF_CHAINS] = {3, 7, 11}, mrf_dilation[MEGA_MRF_PAIRS] = {1, 3, 5};
static const struct ora_b16 none = {0};

void mega_mrf_bind(struct ora_binder *b, struct mega_mrf *m, int channels, int item)
{
    m->channels = channels;
    for (int j = 0; j < MEGA_MRF_CHAINS; j++)
        for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
            ora_bind_conv(b, &m->first[j][q], NULL, channels, channels, mrf_taps[j], mrf_dilation[q],
                          ORA_BIAS, "vae.decoder.model_up.%d.block%d.convs1.%d", item, j + 1, q);
            ora_bind_conv(b, &m->second[j][q], NULL, channels, channels, mrf_taps[j], 1, ORA_BIAS,
                          "vae.decoder.model_up.%d.block%d.convs2.%d", item, j + 1, q);
        }
}

/* ---- tiles -----------------------------------------------------------------------------------------------
 */

struct tile {
    const struct ora_compute *c;
    int a, n, rows;                    /* output rows [a, a+n) of an utterance of `rows` */
    struct ora_b16 x;                  /* the input; row 0 is row a */
    struct ora_b16 lx, cur, lcur, mid; /* row 0 is row a; HALO on both sides */
};

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* What the pairs from q on reach to each side. */
static int reach_from(int q, int half)
{
    int reach = 0;
    for (; q < MEGA_MRF_PAIRS; q++)
        reach += half * (1 + mrf_dilation[q]);
    return reach;
}

/* The rows [a-by, a+n+by) that lie in the utterance, tile-relative; those outside become zeros in x. */
static void bounds(const struct tile *t, int by, int *lo, int *hi)
{
    *lo = clip(t->a - by, 0, t->rows) - t->a;
    *hi = clip(t->a + t->n + by, 0, t->rows) - t->a;
}
static void clear_outside(const struct tile *t, struct ora_b16 x, int channels)
{
    ora_b16_clear_rows(x, channels, -HALO, -t->a);
    ora_b16_clear_rows(x, channels, t->rows - t->a, t->n + HALO);
}

/* One chain; its last sum goes to y (row 0: a), plus `add`. */
static void chain(const struct tile *t, const struct mega_mrf *m, int j, struct ora_b16 y, struct ora_b16 add)
{
    const struct ora_compute *c = t->c;
    int half = (mrf_taps[j] - 1) / 2, lo, hi;
    for (int q = 0; q < MEGA_MRF_PAIRS; q++) {
        bool last = q + 1 == MEGA_MRF_PAIRS;
        struct ora_b16 from = q ? t->cur : t->x, active = q ? t->lcur : t->lx;
        bounds(t, reach_from(q + 1, half) + half, &lo, &hi);
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        c->k->conv(&m->first[j][q], &(struct ora_conv_run){.x = ora_b16_at(active, 0, lo),
                                                           .rows = hi - lo,
                                                           .leaky = ora_b16_at(t->mid, 0, lo),
                                                           .slope = SLOPE,
                                                           .scratch = c->scratch});
        clear_outside(t, t->mid, m->channels);
        bounds(t, reach_from(q + 1, half), &lo, &hi);
        ora_count(c, (double)(hi - lo) * m->channels * m->channels * mrf_taps[j]);
        struct ora_conv_run run = {.x = ora_b16_at(t->mid, 0, lo),
                                   .rows = hi - lo,
                                   .res = ora_b16_at(from, 0, lo),
                                   .y = ora_b16_at(last ? y : t->cur, 0, lo),
                                   .slope = SLOPE,
                                   .scratch = c->scratch};
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
    most = most < 1 ? 1 : most;
    return (size_t)n < most ? n : (int)most;
}

/* Rows of a tile for n rows in all: as many tiles as needed, of one length. */
static int tile_rows(int n, int most)
{
    int count = (n + most - 1) / most;
    return (n + count - 1) / count;
}

static bool allocate(const struct ora_compute *c, const struct mega_mrf *m, int tile, struct tile *t)
{
    bool ok = true;
    t->lx = ora_buffer(c, m->channels, tile, HALO, &ok);
    t->cur = ora_buffer(c, m->channels, tile, HALO, &ok);
    t->lcur = ora_buffer(c, m->channels, tile, HALO, &ok);
    t->mid = ora_buffer(c, m->channels, tile, HALO, &ok);
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
    int lo, hi;
    t->a = a;
    t->n = n;
    t->x = ora_b16_at(x, 0, a - x_from);
    bounds(t, MEGA_MRF_REACH, &lo, &hi);
    ora_leaky(t->c, ora_b16_at(t->lx, 0, lo), ora_b16_at(t->x, 0, lo), hi - lo, m->channels, SLOPE);
    clear_outside(t, t->lx, m->channels);
}

int mega_mrf_forward(const struct ora_compute *c, const struct mega_mrf *m, struct ora_b16 x, int x_from,
                     int rows, struct ora_b16 y, int lo, int hi, size_t tile_bytes, struct ora_err *err)
{
    size_t mark = ora_arena_mark(c->arena);
    struct tile t = {.c = c, .rows = rows};
    int most = most_rows(m, hi - lo, tile_bytes), tile = tile_rows(hi - lo, most);
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
