/*
 * The convolution over bfloat16 operands: what its levels share. The level defines before including this file
 *     BLOCK_ROWS   most rows a block of 32 outputs
 *     EVEN_TAILS   1: the last one or two blocks are split evenly, else full blocks come first
 *     bf16_row(uint16_t *hi, uint16_t *lo, v16 a, v16 b)
 *                  32 floats as 32 bfloat16, and (lo not NULL) what they lack as another 32
 *     bf16_widen(const uint16_t *halves)   16 bfloat16 as a v16 (BF16_SPLIT)
 *     multiply(const struct product *p, enum arithmetic a, struct outcome *o, unsigned mode)
 *                  the product of a block; meanwhile it may finish rows of the block before (pump)
 *
 * x is hi + lo and w is hi + lo, each half a bfloat16. Products of bfloat16 are exact in float, so a split
 * layer lacks only lo*lo, some 2^-16 of the sum, and the rounding of the lower halves. In three parts a
 * float is whole: what a triple layer lacks are the three least of nine products, some 2^-24 each.
 *
 * Order: chunk of rows (operands and outputs stay in L2), panel of 32 outputs, slice of K where the panel's
 * weights exceed L2's share, block of rows. Each block fetches its share of the weights that come next into
 * L2: large layers stream from L3, whose latency no prefetcher hides across pages (12 % of a linear layer).
 * Between slices the sums are spilled as floats, and a row's products know no other row: no cut of rows or K
 * changes a bit.
 */

enum arithmetic {
    PLAIN, /* hi*hi */
    SPLIT, /* hi*lo + hi*hi + lo*hi */
    EXACT, /* weights of half size: hi*w + lo*w */
    TRIPLE /* hi, mid and least of both: six products; mid stands in lo's place */
};

enum {
    WIDTH = 2 * ORA_LANES,            /* outputs a panel, channels a block of an operand */
    TILE_WEIGHTS = ORA_LANES * WIDTH, /* [16 pairs of inputs][16 outputs][2] */
    STEP_WEIGHTS = 2 * TILE_WEIGHTS,  /* of 32 inputs, one tap, 32 outputs; split: twice */
    SUMS = BLOCK_ROWS * WIDTH,        /* floats of a block */
    SLACK_ROWS = 31,                  /* readable behind an operand */
    MOST_PART_ROWS = 512 / BLOCK_ROWS * BLOCK_ROWS,
    MOST_CHUNK_ROWS = 2048 / BLOCK_ROWS * BLOCK_ROWS,
    LEAST_CHUNK_ROWS = 256 / BLOCK_ROWS * BLOCK_ROWS,
    CHUNK_BYTES = 1 << 20,
    SLICE_BYTES = 512 << 10,
    LINE_WEIGHTS = 64 / (int)sizeof(uint16_t),
    OPERAND_BYTES = 4 << 20,
    PART_BYTES = MOST_PART_ROWS * WIDTH * (int)sizeof(float),
    SUMS_BYTES = (SUMS * (int)sizeof(float) + 63) / 64 * 64,
    BF16_SCRATCH_BYTES = OPERAND_BYTES + PART_BYTES + 2 * SUMS_BYTES,
};

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* A block of rows times a panel, over a slice of K. */
struct product {
    const uint16_t *hi, *lo; /* row 0 of the block, operand block 0 of the slice, tap 0 */
    ptrdiff_t least;         /* from lo to a triple's third part */
    size_t cbs;              /* bfloat16 from one operand block to the next */
    ptrdiff_t tap_step;      /* bfloat16 from one tap's row to the next */
    int blocks, taps, rows;
    const uint16_t *w;
    const float *from; /* [rows][32] sums so far; NULL: from zero */
    float *to;         /* [BLOCK_ROWS][32] */
};

/* ---- the epilogue
 * ------------------------------------------------------------------------------------------- */

enum {
    RES = 1,
    ADD = 2,
    RELU = 4,
    Y = 8,
    LEAKY = 16,
    Y_OPERAND = 32,
    LEAKY_OPERAND = 64,
    SILU = 128,
    OTHER = 256 /* another activation, or a mode that is not worth code of its own */
};

/* A block whose sums are complete; rows before `next` are finished. */
struct outcome {
    const float *sums;
    int rows, next;
    unsigned mode;
    int blocks; /* of 16 outputs: 2, or 1 in an odd last panel */
    const float *bias;
    ptrdiff_t row_step; /* rows of the output tensors from one row to the next */
    struct ora_b16 res, add, y, leaky;
    struct ora_operand y_operand, leaky_operand;
    float slope;
    enum ora_act fn;
};

static ALWAYS_INLINE void finish_operand(struct ora_operand to, ptrdiff_t row, v16 a, v16 b)
{
    bf16_row(to.hi + WIDTH * row, to.lo ? to.lo + WIDTH * row : NULL, a, b);
}

static ALWAYS_INLINE void finish_row(const struct outcome *o, int i, unsigned mode)
{
    v16 v[2] = {v_set1(0.0f), v_set1(0.0f)}, bent[2] = {v[0], v[1]};
    ptrdiff_t row = o->row_step * i;
    for (int b = 0; b < 2; b++) {
        if (b == 1 && o->blocks == 1)
            break;
        v[b] = v_add(v_load(o->sums + WIDTH * i + ORA_LANES * b), v_load(o->bias + ORA_LANES * b));
        if (mode & RES)
            v[b] = v_add(v[b], v_load(row_of(o->res, b, row)));
        if (mode & ADD)
            v[b] = v_add(v[b], v_load(row_of(o->add, b, row)));
        if (mode & RELU)
            v[b] = v_max(v[b], v_set1(0.0f));
        if (mode & SILU)
            v[b] = v_act(v[b], ORA_ACT_SILU);
        if (mode & OTHER)
            v[b] = v_act(v[b], o->fn);
        if (mode & Y)
            v_store(row_at(o->y, b, row), v[b]);
        if (mode & (LEAKY | LEAKY_OPERAND))
            bent[b] = v_leaky(v[b], v_set1(o->slope));
        if (mode & LEAKY)
            v_store(row_at(o->leaky, b, row), bent[b]);
    }
    if (mode & Y_OPERAND)
        finish_operand(o->y_operand, row, v[0], v[1]);
    if (mode & LEAKY_OPERAND)
        finish_operand(o->leaky_operand, row, bent[0], bent[1]);
}

static __attribute__((noinline)) void finish_any(const struct outcome *o, int i)
{
    finish_row(o, i, o->mode);
}

/* Finishes up to n more rows of the block before. */
static ALWAYS_INLINE void pump(struct outcome *o, int n, unsigned mode)
{
    int end = o->next + n < o->rows ? o->next + n : o->rows;
    for (; o->next < end; o->next++) {
        if (mode & OTHER)
            finish_any(o, o->next);
        else
            finish_row(o, o->next, mode);
    }
}

/* ---- loops
 * -------------------------------------------------------------------------------------------------- */

static void multiply(const struct product *p, enum arithmetic a, struct outcome *o, unsigned mode);

struct work {
    const struct ora_conv *c;
    const struct ora_conv_run *r;
    int steps_blocks;     /* operand blocks of the input */
    int slice;            /* of them a slice of K */
    size_t step;          /* weights of one block and tap */
    struct ora_operand x; /* row 0: what output row `x_row` calls tap 0; hi NULL: made a step at a time */
    int x_row;
    ptrdiff_t least; /* from x.lo to the third part */
    uint16_t *room;  /* OPERAND_BYTES */
    float *parts, *sums[2];
    int turn;
    struct outcome pending;
};

/* What 32 floats lack that lie in two parts. */
static inline void finish_least(uint16_t *least, const uint16_t *hi, const uint16_t *mid, v16 a, v16 b)
{
#ifdef BF16_SPLIT
    a = v_sub(v_sub(a, bf16_widen(hi)), bf16_widen(mid));
    b = v_sub(v_sub(b, bf16_widen(hi + ORA_LANES)), bf16_widen(mid + ORA_LANES));
    bf16_row(least, NULL, a, b);
#else
    (void)least, (void)hi, (void)mid, (void)a, (void)b;
#endif
}

/* Rows [row, row+n) of operand block b from floats; least: from lo to the third part, 0 for none. */
static void convert(struct ora_operand to, ptrdiff_t least, struct ora_b16 x, int in_blocks, int b,
                    ptrdiff_t row, int n)
{
    for (int i = 0; i < n; i++) {
        v16 low = v_load(row_of(x, 2 * b, row + i)), high = v_set1(0.0f);
        if (2 * b + 1 < in_blocks)
            high = v_load(row_of(x, 2 * b + 1, row + i));
        finish_operand(to, i, low, high);
        if (least)
            finish_least(to.lo + least + WIDTH * i, to.hi + WIDTH * i, to.lo + WIDTH * i, low, high);
    }
}

static int operand_blocks(int blocks)
{
    return (blocks + 1) / 2;
}

static struct ora_operand operand_at(struct ora_operand x, int block, ptrdiff_t row)
{
    ptrdiff_t at = (ptrdiff_t)((size_t)block * x.cbs) + WIDTH * row;
    return (struct ora_operand){x.hi ? x.hi + at : NULL, x.lo ? x.lo + at : NULL, x.cbs};
}

static void begin_outcome(struct work *w, int panel, int t, int rows)
{
    const struct ora_conv_run *r = w->r;
    int block = 2 * panel, left = w->c->out_blocks - block;
    ptrdiff_t step = r->row_step ? r->row_step : 1;
    w->pending.sums = w->sums[w->turn];
    w->pending.rows = rows;
    w->pending.next = 0;
    w->pending.blocks = left < 2 ? left : 2;
    w->pending.bias = (r->bias ? r->bias : w->c->bias) + ORA_LANES * block;
    w->pending.row_step = step;
    w->pending.res = r->res.p ? (struct ora_b16){row_at(r->res, block, step * t), r->res.cbs} : r->res;
    w->pending.add = r->add.p ? (struct ora_b16){row_at(r->add, block, step * t), r->add.cbs} : r->add;
    w->pending.y = r->y.p ? (struct ora_b16){row_at(r->y, block, step * t), r->y.cbs} : r->y;
    w->pending.leaky =
        r->leaky.p ? (struct ora_b16){row_at(r->leaky, block, step * t), r->leaky.cbs} : r->leaky;
    w->pending.y_operand = operand_at(r->y_operand, panel, step * t);
    w->pending.leaky_operand = operand_at(r->leaky_operand, panel, step * t);
    w->turn ^= 1;
}

/* One product a block and tap, its rows converted just before: for inputs too large to convert at once. */
static ALWAYS_INLINE void multiply_by_steps(struct work *w, struct product *p, int t, int b0,
                                            enum arithmetic a, unsigned mode)
{
    int blocks = p->blocks, taps = p->taps;
    ptrdiff_t part = WIDTH * (BLOCK_ROWS + SLACK_ROWS);
    struct ora_operand to = {w->room, w->room + part, 0};
    p->hi = to.hi;
    p->lo = to.lo;
    p->least = part;
    p->blocks = p->taps = 1;
    for (int b = 0; b < blocks; b++)
        for (int j = 0; j < taps; j++, p->w += w->step) {
            convert(to, a == TRIPLE ? part : 0, w->r->x, w->c->in_blocks, b0 + b,
                    t + w->c->first + (ptrdiff_t)j * w->c->dilation, p->rows);
            multiply(p, a, &w->pending, mode);
            p->from = p->to;
        }
}

/* Of `whole` weights as much as rows [t, t+m) are of n. Behind a layer's last ones a fetch does no harm. */
static inline void fetch_share(const uint16_t *next, size_t whole, int t, int m, int n)
{
    size_t from = whole / LINE_WEIGHTS * (size_t)t / (size_t)n;
    size_t to = whole / LINE_WEIGHTS * (size_t)(t + m) / (size_t)n;
    for (; from < to; from++)
        __builtin_prefetch(next + from * LINE_WEIGHTS, 0, 2);
}

static inline int block_rows(int left)
{
    if (left <= BLOCK_ROWS || left >= 2 * BLOCK_ROWS || !EVEN_TAILS)
        return left < BLOCK_ROWS ? left : BLOCK_ROWS;
    return (left + 1) / 2;
}

/* Rows [t0, t0+n) of a panel. */
static ALWAYS_INLINE void run_panel(struct work *w, int panel, int t0, int n, enum arithmetic a,
                                    unsigned mode)
{
    const struct ora_conv *c = w->c;
    const uint16_t *weights =
        (const uint16_t *)c->weights + (size_t)panel * (size_t)w->steps_blocks * (size_t)c->taps * w->step;
    for (int b0 = 0; b0 < w->steps_blocks; b0 += w->slice) {
        int nb = w->steps_blocks - b0 < w->slice ? w->steps_blocks - b0 : w->slice;
        bool last = b0 + nb == w->steps_blocks;
        size_t piece = (size_t)nb * (size_t)c->taps * w->step;
        const uint16_t *here = weights + (size_t)b0 * (size_t)c->taps * w->step;
        for (int t = t0, m; t < t0 + n; t += m) {
            float *part = w->parts + (ptrdiff_t)WIDTH * (t - t0);
            m = block_rows(t0 + n - t);
            struct ora_operand x = operand_at(w->x, b0, t - w->x_row);
            struct product p = {.hi = x.hi,
                                .lo = x.lo,
                                .least = w->least,
                                .cbs = x.cbs,
                                .tap_step = WIDTH * (ptrdiff_t)c->dilation,
                                .blocks = nb,
                                .taps = c->taps,
                                .rows = m,
                                .w = here,
                                .from = b0 > 0 ? part : NULL,
                                .to = last ? w->sums[w->turn] : part};
            fetch_share(here + piece, piece, t - t0, m, n);
            if (x.hi)
                multiply(&p, a, &w->pending, mode);
            else
                multiply_by_steps(w, &p, t, b0, a, mode);
            if (last) {
                pump(&w->pending, BLOCK_ROWS, mode);
                begin_outcome(w, panel, t, m);
            }
        }
    }
}

/* Modes that have code of their own, for the arithmetics of which speed is asked. */
#define MODES(X, a)                                                                                          \
    X(a, Y)                                                                                                  \
    X(a, Y | RELU)                                                                                           \
    X(a, Y | RES)                                                                                            \
    X(a, Y | LEAKY)                                                                                          \
    X(a, LEAKY)                                                                                              \
    X(a, Y | RES | LEAKY)                                                                                    \
    X(a, Y | RES | ADD)                                                                                      \
    X(a, LEAKY_OPERAND)                                                                                      \
    X(a, Y | LEAKY_OPERAND)                                                                                  \
    X(a, Y | RES | LEAKY_OPERAND)                                                                            \
    X(a, Y_OPERAND | SILU)

#define MODE_CASE(a, m)                                                                                      \
    case m:                                                                                                  \
        run_panel(w, panel, t0, n, a, m);                                                                    \
        return;

static void run_plain(struct work *w, int panel, int t0, int n)
{
    switch (w->pending.mode) {
        MODES(MODE_CASE, PLAIN)
    default:
        run_panel(w, panel, t0, n, PLAIN, OTHER);
    }
}

#ifdef BF16_SPLIT
static void run_split(struct work *w, int panel, int t0, int n)
{
    switch (w->pending.mode) {
        MODES(MODE_CASE, SPLIT)
    default:
        run_panel(w, panel, t0, n, SPLIT, OTHER);
    }
}

static void run_triple(struct work *w, int panel, int t0, int n)
{
    switch (w->pending.mode) {
        MODES(MODE_CASE, TRIPLE)
    default:
        run_panel(w, panel, t0, n, TRIPLE, OTHER);
    }
}

static void run_exact(struct work *w, int panel, int t0, int n)
{
    run_panel(w, panel, t0, n, EXACT, OTHER);
}
#endif

static unsigned mode_of(const struct ora_conv_run *r)
{
    unsigned mode = (r->res.p ? RES : 0) | (r->add.p ? ADD : 0) | (r->y.p ? Y : 0) |
                    (r->leaky.p ? LEAKY : 0) | (r->y_operand.hi ? Y_OPERAND : 0) |
                    (r->leaky_operand.hi ? LEAKY_OPERAND : 0);
    if (r->fn == ORA_ACT_RELU)
        mode |= RELU;
    if (r->fn == ORA_ACT_SILU)
        return mode | SILU;
    return r->fn > ORA_ACT_RELU ? mode | OTHER : mode;
}

/* Rows a chunk: what keeps operands and outputs in L2, what the scratch holds. */
static int bf16_chunk_rows(const struct work *w, bool made, size_t row_bytes, int span)
{
    size_t touched = row_bytes + 2 * sizeof(float) * ORA_LANES * (size_t)w->c->out_blocks;
    size_t rows = CHUNK_BYTES / touched / BLOCK_ROWS * BLOCK_ROWS;
    size_t most = w->slice < w->steps_blocks ? MOST_PART_ROWS : MOST_CHUNK_ROWS;
    rows = rows < LEAST_CHUNK_ROWS ? LEAST_CHUNK_ROWS : rows > most ? most : rows;
    if (made && row_bytes * (rows + (size_t)span + SLACK_ROWS) > OPERAND_BYTES) {
        size_t fit = OPERAND_BYTES / row_bytes;
        rows =
            fit < (size_t)span + SLACK_ROWS ? 0 : (fit - (size_t)span - SLACK_ROWS) / BLOCK_ROWS * BLOCK_ROWS;
    }
    return (int)rows;
}

/* Makes the operand of rows [t0, t0+n) in scratch. */
static void make_operand(struct work *w, enum arithmetic a, int t0, int n, int span)
{
    size_t cbs = (size_t)WIDTH * (size_t)(n + span + SLACK_ROWS);
    size_t part = cbs * (size_t)w->steps_blocks;
    w->x = (struct ora_operand){w->room, a == PLAIN ? NULL : w->room + part, cbs};
    w->least = a == TRIPLE ? (ptrdiff_t)part : 0;
    w->x_row = t0;
    for (int b = 0; b < w->steps_blocks; b++)
        convert(operand_at(w->x, b, 0), w->least, w->r->x, w->c->in_blocks, b, t0 + w->c->first, n + span);
}

static void bf16_conv(const struct ora_conv *c, const struct ora_conv_run *r, enum arithmetic a,
                      void (*run)(struct work *w, int panel, int t0, int n))
{
    static const size_t x_parts[] = {[PLAIN] = 1, [SPLIT] = 2, [EXACT] = 2, [TRIPLE] = 3};
    size_t w_parts = a == EXACT ? 1 : x_parts[a];
    unsigned char *scratch = r->scratch;
    struct work w = {.c = c,
                     .r = r,
                     .steps_blocks = operand_blocks(c->in_blocks),
                     .step = w_parts * STEP_WEIGHTS,
                     .room = (uint16_t *)scratch,
                     .parts = (float *)(scratch + OPERAND_BYTES),
                     .sums = {(float *)(scratch + OPERAND_BYTES + PART_BYTES),
                              (float *)(scratch + OPERAND_BYTES + PART_BYTES + SUMS_BYTES)},
                     .pending = {.mode = mode_of(r), .slope = r->slope, .fn = r->fn}};
    size_t block_bytes = w.step * (size_t)c->taps * sizeof(uint16_t);
    size_t row_bytes = (size_t)w.steps_blocks * WIDTH * sizeof(uint16_t) * x_parts[a];
    int span = (c->taps - 1) * c->dilation;
    bool given = r->x_operand.hi && (a == PLAIN || (a != TRIPLE && r->x_operand.lo));

    w.slice = w.steps_blocks;
    if (block_bytes * (size_t)w.steps_blocks > SLICE_BYTES)
        w.slice = block_bytes * 2 > SLICE_BYTES ? 1 : (int)(SLICE_BYTES / 2 / block_bytes);
    int chunk = bf16_chunk_rows(&w, !given, row_bytes, span);
    bool whole = chunk > 0;
    chunk = whole ? chunk : LEAST_CHUNK_ROWS;
    if (given)
        w.x = operand_at(r->x_operand, 0, c->first);
    for (int t0 = 0; t0 < r->rows; t0 += chunk) {
        int n = r->rows - t0 < chunk ? r->rows - t0 : chunk;
        if (!given && whole)
            make_operand(&w, a, t0, n, span);
        for (int panel = 0; panel < operand_blocks(c->out_blocks); panel++)
            run(&w, panel, t0, n);
    }
    pump(&w.pending, BLOCK_ROWS, OTHER);
}

/* ---- activations as weights (pack_tiles.c)
 * -------------------------------------------------------------------- */

typedef uint32_t halves __attribute__((may_alias)); /* two of them */

/* Row `row` of x, channels of operand block b, as output `row`: a column of the tile, pairs WIDTH apart. */
static inline void pack_key(uint16_t *step, struct ora_b16 x, int channels, int b, int row)
{
    uint16_t line[WIDTH] __attribute__((aligned(64)));
    convert((struct ora_operand){line, NULL, 0}, 0, x, ora_blocks(channels), b, row, 1);
    for (int i = channels - WIDTH * b; i < WIDTH; i++)
        line[i] = 0;
    halves *to = (halves *)(step + TILE_WEIGHTS * (row % WIDTH / ORA_LANES)) + row % ORA_LANES;
    for (int pair = 0; pair < ORA_LANES; pair++)
        to[ORA_LANES * pair] = ((const halves *)line)[pair];
}

/* Rows `row` (even) and row+1 of x, channels of block b, as a pair of inputs. */
static inline void pack_values(uint16_t *step, struct ora_b16 x, int rows, int channels, int b, int row)
{
    uint16_t line[WIDTH] __attribute__((aligned(64)));
    uint16_t *to = step + TILE_WEIGHTS * (b % 2) + WIDTH * (row % WIDTH / 2);
    bf16_row(line, NULL, v_load(row_of(x, b, row)),
             row + 1 < rows ? v_load(row_of(x, b, row + 1)) : v_set1(0.0f));
    for (int i = 0; i < ORA_LANES && i < channels - ORA_LANES * b; i++) {
        to[2 * i] = line[i];
        to[2 * i + 1] = line[ORA_LANES + i];
    }
}

static void bf16_pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    int blocks = ora_blocks(channels), steps = operand_blocks(transposed ? blocks : ora_blocks(rows));
    struct ora_conv_spec s = {
        .in = transposed ? channels : rows, .out = transposed ? rows : channels, .taps = 1};
    uint16_t *packed = dst;
    if (rows % WIDTH || channels % WIDTH)
        memset(packed, 0, ora_tiles_bytes(&s, 1));
    for (int row = 0; row < rows; row += transposed ? 1 : 2)
        for (int b = 0; b < (transposed ? steps : blocks); b++) {
            int panel = transposed ? row / WIDTH : b / 2, step = transposed ? b : row / WIDTH;
            uint16_t *at = packed + ((ptrdiff_t)panel * steps + step) * STEP_WEIGHTS;
            if (transposed)
                pack_key(at, x, channels, b, row);
            else
                pack_values(at, x, rows, channels, b, row);
        }
}

static void bf16_operand(struct ora_operand y, struct ora_b16 x, int rows, int channels)
{
    for (int b = 0; b < operand_blocks(ora_blocks(channels)); b++)
        convert(operand_at(y, b, 0), 0, x, ora_blocks(channels), b, 0, rows);
}
