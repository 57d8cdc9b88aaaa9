/*
 * The register tile of a SIMD level: ROWS rows times two vectors of outputs, as a family of functions tile_1
 * … tile_n. The level defines before including this file
 *
 *     REG, LOAD(p), STORE(p, v), SET1(f), ADD, MUL, MAX, FMA   one vector register and its operations
 *     LOAD_LOW(p), LOAD_HIGH(p)   the low, the high halves of 32-bit words as floats (bfloat16)
 *     VECTOR            floats in a register
 *
 * and for each family
 *
 *     WIDTH             outputs a tile: 2*VECTOR, or VECTOR
 *     BOTH(...)         its argument where a row has two accumulators, nothing where it has one
 *     SECOND(cbs)       floats from the first vector of an output row to the second, where there are two
 *     NAME(n)           the functions' names
 *     WEIGHTS(n)        FLOAT_WEIGHTS(n) or HALF_WEIGHTS(n)
 *
 * An inner step is WIDTH weights, one broadcast a row, one FMA an accumulator; nothing lies on the stack.
 */

#define SCALE_ROWS(i) (ORA_LANES * (i))

#define DECLARE(i)                                                                                           \
    REG a##i;                                                                                                \
    BOTH(REG b##i;)
#define FROM_BIAS(i)                                                                                         \
    a##i = LOAD(t->bias);                                                                                    \
    BOTH(b##i = LOAD(t->bias + VECTOR);)
#define FROM_PART(i)                                                                                         \
    a##i = LOAD(t->part_in + WIDTH * (i));                                                                   \
    BOTH(b##i = LOAD(t->part_in + WIDTH * (i) + VECTOR);)
#define STEP(i)                                                                                              \
    {                                                                                                        \
        REG v = SET1(x[SCALE_ROWS(i) + c]);                                                                  \
        a##i = FMA(v, w0, a##i);                                                                             \
        BOTH(b##i = FMA(v, w1, b##i);)                                                                       \
    }
#define PART(i)                                                                                              \
    STORE(t->part_out + WIDTH * (i), a##i);                                                                  \
    BOTH(STORE(t->part_out + WIDTH * (i) + VECTOR, b##i);)
#define PLUS_RES(i)                                                                                          \
    a##i = ADD(a##i, LOAD(t->res + t->row_step * (i)));                                                      \
    BOTH(b##i = ADD(b##i, LOAD(t->res + t->row_step * (i) + SECOND(t->res_cbs)));)
#define PLUS_ADD(i)                                                                                          \
    a##i = ADD(a##i, LOAD(t->add + t->row_step * (i)));                                                      \
    BOTH(b##i = ADD(b##i, LOAD(t->add + t->row_step * (i) + SECOND(t->add_cbs)));)
#define RELU(i)                                                                                              \
    a##i = MAX(a##i, zero);                                                                                  \
    BOTH(b##i = MAX(b##i, zero);)
#define KEEP(i)                                                                                              \
    STORE(t->y + t->row_step * (i), a##i);                                                                   \
    BOTH(STORE(t->y + t->row_step * (i) + SECOND(t->y_cbs), b##i);)
#define LEAKY(i)                                                                                             \
    STORE(t->leaky + t->row_step * (i), MAX(a##i, MUL(a##i, slope)));                                        \
    BOTH(STORE(t->leaky + t->row_step * (i) + SECOND(t->leaky_cbs), MAX(b##i, MUL(b##i, slope)));)

/* The 16 inputs of one block and tap: floats, or pairs of bfloat16 widened by a shift and a mask. Halves are
 * the large models' that stream from memory for a few rows. From four rows on the multiply-adds between two
 * loads are too many for the processor's own prefetching, so lines are fetched ahead by hand (5 % more at 16
 * rows); for fewer rows that only costs. */
enum { AHEAD_BYTES = 3072, AHEAD_LEAST_ROWS = 4, LINE_BYTES = 64 };

#define FLOAT_WEIGHTS(n)                                                                                     \
    for (int c = 0; c < ORA_LANES; c++, w += WIDTH) {                                                        \
        REG w0 = LOAD(w);                                                                                    \
        BOTH(REG w1 = LOAD(w + VECTOR);)                                                                     \
        ROWS_##n(STEP);                                                                                      \
    }
#define HALF_LANE(n, lane, WIDEN)                                                                            \
    {                                                                                                        \
        const int c = lane;                                                                                  \
        REG w0 = WIDEN(w);                                                                                   \
        BOTH(REG w1 = WIDEN(w + VECTOR);)                                                                    \
        ROWS_##n(STEP);                                                                                      \
    }
#define HALF_WEIGHTS(n)                                                                                      \
    for (int pair = 0; pair < ORA_LANES; pair += 2, w += WIDTH) {                                            \
        for (int at = 0; (n) >= AHEAD_LEAST_ROWS && at < WIDTH * (int)sizeof(float); at += LINE_BYTES)       \
            __builtin_prefetch((const char *)w + AHEAD_BYTES + at);                                          \
        HALF_LANE(n, pair, LOAD_LOW);                                                                        \
        HALF_LANE(n, pair + 1, LOAD_HIGH);                                                                   \
    }

/* The next block's rows lie a stride away, where no prefetcher looks: some 3 % of a linear layer. */
#define FETCH(i) __builtin_prefetch(next + SCALE_ROWS(i));

#define DEFINE_TILE(n)                                                                                       \
    static void NAME(n)(const struct ora_tile *t)                                                            \
    {                                                                                                        \
        const float *w = t->w;                                                                               \
        ROWS_##n(DECLARE);                                                                                   \
        if (t->part_in) {                                                                                    \
            ROWS_##n(FROM_PART);                                                                             \
        } else {                                                                                             \
            ROWS_##n(FROM_BIAS);                                                                             \
        }                                                                                                    \
        for (int block = 0; block < t->blocks; block++) {                                                    \
            const float *x = t->x + (size_t)block * t->x_cbs;                                                \
            const float *next = x + t->x_cbs;                                                                \
            ROWS_##n(FETCH);                                                                                 \
            for (int tap = 0; tap < t->taps; tap++, x += t->tap_step)                                        \
                WEIGHTS(n);                                                                                  \
        }                                                                                                    \
        if (t->part_out) {                                                                                   \
            ROWS_##n(PART);                                                                                  \
            return;                                                                                          \
        }                                                                                                    \
        if (t->res) {                                                                                        \
            ROWS_##n(PLUS_RES);                                                                              \
        }                                                                                                    \
        if (t->add) {                                                                                        \
            ROWS_##n(PLUS_ADD);                                                                              \
        }                                                                                                    \
        if (t->relu) {                                                                                       \
            const REG zero = SET1(0.0f);                                                                     \
            ROWS_##n(RELU);                                                                                  \
        }                                                                                                    \
        if (t->y) {                                                                                          \
            ROWS_##n(KEEP);                                                                                  \
        }                                                                                                    \
        if (t->leaky) {                                                                                      \
            const REG slope = SET1(t->slope);                                                                \
            ROWS_##n(LEAKY);                                                                                 \
        }                                                                                                    \
    }
