/*
 * Levels "amx-split" and "amx" over tile instructions: the processor's (tiles_amx.h) or their model
 * (tiles_model.h), which is included before this file, as are v16 and ops.inl.
 *
 * Layers marked strict are products of three bfloat16 an operand, as good as floats. Those whose weights are
 * activations (attention) or of half size go to a direct level, DIRECT, which the including file names.
 *
 * A block is 32 rows x 32 outputs: four tiles of sums (0-3), two of x (4, 5), two of w (6, 7). A tile of x is
 * 16 rows of an operand as they lie in memory. A last block of up to 16 rows uses half of the tiles; surplus
 * rows are computed and dropped.
 *
 * While a block's tiles multiply, the vector units finish the block before (pump), some rows a step.
 */

enum { BLOCK_ROWS = 32, EVEN_TAILS = 0 };
#define BF16_SPLIT
#include "nn/kernels/bf16_conv.inl"

enum {
    X_STRIDE = WIDTH * (int)sizeof(uint16_t),
    SUM_STRIDE = WIDTH * (int)sizeof(float),
    HALF_SUMS = ORA_LANES * WIDTH
};

static const struct tiles_config all_tiles = {
    .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

#define LOAD_X(p, tall)                                                                                      \
    do {                                                                                                     \
        TILE_LOAD(4, p, X_STRIDE);                                                                           \
        if (tall)                                                                                            \
            TILE_LOAD(5, (p) + ORA_LANES * WIDTH, X_STRIDE);                                                 \
    } while (0)
#define LOAD_W(p)                                                                                            \
    do {                                                                                                     \
        TILE_LOAD(6, p, X_STRIDE);                                                                           \
        TILE_LOAD(7, (p) + TILE_WEIGHTS, X_STRIDE);                                                          \
    } while (0)
#define PRODUCTS(tall)                                                                                       \
    do {                                                                                                     \
        TILE_DPBF16(0, 4, 6);                                                                                \
        TILE_DPBF16(1, 4, 7);                                                                                \
        if (tall) {                                                                                          \
            TILE_DPBF16(2, 5, 6);                                                                            \
            TILE_DPBF16(3, 5, 7);                                                                            \
        }                                                                                                    \
    } while (0)

static ALWAYS_INLINE void load_sums(const float *from, bool tall)
{
    if (!from) {
        TILE_ZERO(0);
        TILE_ZERO(1);
        if (tall) {
            TILE_ZERO(2);
            TILE_ZERO(3);
        }
        return;
    }
    TILE_LOAD(0, from, SUM_STRIDE);
    TILE_LOAD(1, from + ORA_LANES, SUM_STRIDE);
    if (tall) {
        TILE_LOAD(2, from + HALF_SUMS, SUM_STRIDE);
        TILE_LOAD(3, from + HALF_SUMS + ORA_LANES, SUM_STRIDE);
    }
}

static ALWAYS_INLINE void store_sums(float *to, bool tall)
{
    TILE_STORE(0, to, SUM_STRIDE);
    TILE_STORE(1, to + ORA_LANES, SUM_STRIDE);
    if (tall) {
        TILE_STORE(2, to + HALF_SUMS, SUM_STRIDE);
        TILE_STORE(3, to + HALF_SUMS + ORA_LANES, SUM_STRIDE);
    }
    TILES_FENCE;
}

static ALWAYS_INLINE void multiply_tiles(const struct product *p, enum arithmetic a, bool tall,
                                         struct outcome *o, unsigned mode)
{
    const uint16_t *w = p->w;
    int steps = p->blocks * p->taps, share = (BLOCK_ROWS + steps - 1) / steps;
    TILES_FENCE;
    load_sums(p->from, tall);
    for (int b = 0; b < p->blocks; b++)
        for (int j = 0; j < p->taps; j++) {
            ptrdiff_t at = (ptrdiff_t)((size_t)b * p->cbs) + j * p->tap_step;
            LOAD_X(p->hi + at, tall);
            LOAD_W(w);
            w += STEP_WEIGHTS;
            PRODUCTS(tall);
            if (a == TRIPLE) { /* hi*least, hi*mid, mid*mid, mid*hi, least*hi, hi*hi */
                LOAD_W(w);
                w += STEP_WEIGHTS;
                PRODUCTS(tall);
                LOAD_X(p->lo + at, tall);
                PRODUCTS(tall);
                LOAD_W(w);
                w += STEP_WEIGHTS;
                PRODUCTS(tall);
                LOAD_X(p->lo + p->least + at, tall);
                PRODUCTS(tall);
                LOAD_X(p->hi + at, tall);
                PRODUCTS(tall);
            }
            if (a == SPLIT) { /* what was loaded first was lo */
                LOAD_W(w);
                w += STEP_WEIGHTS;
                PRODUCTS(tall);
            }
            if (a == SPLIT || a == EXACT) {
                LOAD_X(p->lo + at, tall);
                PRODUCTS(tall);
            }
            pump(o, share, mode);
        }
    store_sums(p->to, tall);
}

static __attribute__((noinline)) void multiply_short(const struct product *p, enum arithmetic a,
                                                     struct outcome *o)
{
    if (a == PLAIN)
        multiply_tiles(p, PLAIN, false, o, OTHER);
    else if (a == SPLIT)
        multiply_tiles(p, SPLIT, false, o, OTHER);
    else if (a == TRIPLE)
        multiply_tiles(p, TRIPLE, false, o, OTHER);
    else
        multiply_tiles(p, EXACT, false, o, OTHER);
}

static ALWAYS_INLINE void multiply(const struct product *p, enum arithmetic a, struct outcome *o,
                                   unsigned mode)
{
    if (p->rows > ORA_LANES)
        multiply_tiles(p, a, true, o, mode);
    else
        multiply_short(p, a, o);
}

/* `plain`: the level whose tolerant layers are plain. */
static void conv_tiles(const struct ora_conv *c, const struct ora_conv_run *r, bool plain)
{
    if (c->strict && (c->half || c->from_rows)) {
        DIRECT.conv(c, r);
        return;
    }
    tiles_begin(&all_tiles);
    if (c->strict)
        bf16_conv(c, r, TRIPLE, run_triple);
    else if (plain && c->tolerant)
        bf16_conv(c, r, PLAIN, run_plain);
    else if (c->half)
        bf16_conv(c, r, EXACT, run_exact);
    else
        bf16_conv(c, r, SPLIT, run_split);
    tiles_end();
}

static void split_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    conv_tiles(c, r, false);
}
static void amx_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    conv_tiles(c, r, true);
}

/* Of a layer's weights; 0: packed by DIRECT. */
static int parts_of(const struct ora_conv_spec *s, bool plain)
{
    if (s->strict)
        return s->half || s->from_rows ? 0 : 3;
    return s->half || (plain && s->tolerant) ? 1 : 2;
}
static size_t pack_bytes(const struct ora_conv_spec *s, int parts)
{
    return parts ? ora_tiles_bytes(s, parts) : DIRECT.pack_bytes(s);
}
static void pack(void *dst, const struct ora_conv_spec *s, int parts)
{
    if (parts)
        ora_tiles_pack(dst, s, parts);
    else
        DIRECT.pack(dst, s);
}
static size_t split_pack_bytes(const struct ora_conv_spec *s)
{
    return pack_bytes(s, parts_of(s, false));
}
static void split_pack(void *dst, const struct ora_conv_spec *s)
{
    pack(dst, s, parts_of(s, false));
}
static size_t amx_pack_bytes(const struct ora_conv_spec *s)
{
    return pack_bytes(s, parts_of(s, true));
}
static void amx_pack(void *dst, const struct ora_conv_spec *s)
{
    pack(dst, s, parts_of(s, true));
}

static enum ora_operands split_takes(const struct ora_conv_spec *s)
{
    return s->strict ? ORA_OPERANDS_NONE : ORA_OPERANDS_HI_LO;
}
static enum ora_operands amx_takes(const struct ora_conv_spec *s)
{
    return s->tolerant && !s->strict ? ORA_OPERANDS_HI : split_takes(s);
}

static void direct_pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    DIRECT.pack_rows(dst, x, rows, channels, transposed);
}

#define AMX_TABLE                                                                                            \
    .by_name = true, .operands = ORA_OPERANDS_HI_LO, .scratch_bytes = BF16_SCRATCH_BYTES,                    \
    .operand = bf16_operand, .pack_rows = direct_pack_rows, ORA_OPS_TABLE
#define AMX_NEEDS "AMX-BF16 with the system's permission; AVX-512 F, BW, VL, DQ, BF16"
#define SPLIT_LEVEL                                                                                          \
    AMX_TABLE, .pack_bytes = split_pack_bytes, .takes = split_takes, .pack = split_pack, .conv = split_conv
#define AMX_LEVEL                                                                                            \
    AMX_TABLE, .pack_bytes = amx_pack_bytes, .takes = amx_takes, .pack = amx_pack,                           \
               .pack_rows_tolerant = bf16_pack_rows, .conv = amx_conv
