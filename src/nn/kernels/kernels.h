/*
 * Compute kernels: one table of function pointers a processor level.
 *
 * Layout. Every activation is B16, "[C/16][Tcap][16]": blocks of 16 channels, in each block one row of 16
 * floats (64 bytes) a time step. Row r of block b is p + b*cbs + 16*r. Channels beyond the real ones, up to
 * the next multiple of 16, are zero. Rows that a convolution reaches outside [0, T) are zero rows: a buffer
 * has a halo of them on both sides (b16.h). A row-major vector of C floats is a B16 tensor of one row (cbs =
 * 16).
 *
 * One convolution serves all: its K runs over (input block, tap, channel in block); a tap is a row offset, a
 * 1x1 convolution or a linear is one tap, an upsampler is one two-tap convolution a phase that writes every
 * u-th row.
 *
 *     const struct ora_kernels *k = ora_kernels_find("auto", &err);
 *     struct ora_fpu_state fpu = ora_fpu_enter();           // flush denormals: in every compute thread
 *     ... pack the weights (pack.h), give scratch of k->scratch_bytes, 64-byte aligned, one a thread ...
 *     k->conv(&conv, &(struct ora_conv_run){.x = x, .rows = T, .y = y, .scratch = scratch});
 *     ora_fpu_leave(fpu);
 *
 * Groups of rows. A level may make 4 output rows at once from fewer products (Winograd): then a row's bits
 * depend on which rows it is made with. Those are always the same ones, the groups of conv->grid rows counted
 * from the utterance's row 0, so a caller that cuts an utterance into calls tells each run its place, and
 * lets the input's rows be right as far as ora_conv_reads says. Only layers whose spec is `placed` are made
 * so.
 *
 * Bits. scalar, avx2 and avx512 give the same bits, on any cut of the rows into calls: each output is one
 * chain of fused multiply-adds that starts from the bias, in the K order above; then + res, then + add, then
 * the activation; weights of bfloat16 are floats in that chain. exp, tanh, erf, log are our own polynomials
 * (math.inl), the same operations at every level; reductions over channels are sums a lane over the blocks,
 * then a fixed tree over the 16 lanes. `blas` is portable and differs in rounding.
 *
 * Threads: everything is a pure function of its arguments; one scratch a thread. Nothing is allocated.
 */
#ifndef ORA_NN_KERNELS_KERNELS_H
#define ORA_NN_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ORA_LANES = 16 }; /* channels a block */

/* A view of a B16 tensor: row 0 of block 0, and the floats from one block to the next. p == NULL: no tensor.
 */
struct ora_b16 {
    float *p;   /* 64-byte aligned */
    size_t cbs; /* 16 * Tcap */
};

/*
 * Activations as the levels of bfloat16 multiply them: rows of 32 channels (64 bytes), row r of block b at
 * hi + b*cbs + 32*r. hi is the value rounded to bfloat16, lo what it lacks, rounded; channels beyond the real
 * ones are zero in both. A convolution reads, but does not use, up to 31 rows behind the last that it needs.
 */
struct ora_operand {
    uint16_t *hi, *lo; /* 64-byte aligned; hi NULL: no operand; lo NULL: plain */
    size_t cbs;        /* 32 * Tcap */
};
enum ora_operands { ORA_OPERANDS_NONE, ORA_OPERANDS_HI, ORA_OPERANDS_HI_LO };

/* A packed convolution: a view into memory that outlives it (a mapped cache file). */
struct ora_conv {
    int in, out;               /* channels as packed (before padding to 16) */
    int real_in, real_out;     /* those of them that the packer's maps left no gaps: what is counted */
    int in_blocks, out_blocks; /* padded, in blocks of 16 */
    int taps, dilation;        /* output row t reads input rows t + first + j*dilation, j = 0..taps-1 */
    int first;                 /* -(taps-1)/2*dilation for "same" padding */
    bool half;                 /* the weights are bfloat16; the arithmetic is that of floats */
    bool tolerant, strict;     /* as in its spec: they decide in which arithmetic a level packs and runs it */
    bool from_rows;            /* as in its spec */
    int grid;   /* > 0: rows are made in groups of so many of the utterance, from its row 0 on */
    int phases; /* > 0: an upsampler in one piece (pack.h), of a level that makes rows in groups */
    enum ora_operands operands; /* the form in which this layer takes x and gives y beside floats */
    const void *weights;        /* in the level's own order */
    const float *bias;          /* [16*out_blocks]; zeros where the layer has none */
};

enum ora_act {
    ORA_ACT_NONE,
    ORA_ACT_RELU,
    ORA_ACT_GELU, /* exact: x*(1+erf(x/sqrt(2)))/2 */
    ORA_ACT_TANH,
    ORA_ACT_SIGMOID,
    ORA_ACT_SILU,
    ORA_ACT_EXP,
    ORA_ACT_LOG,      /* of x > 0, normal */
    ORA_ACT_SOFTPLUS, /* ln(1 + e^x) */
    ORA_ACT_ELU,      /* x > 0 ? x : e^x - 1 */
    ORA_ACT_SINE_SUM, /* sin(x) + x, |x| below some 1e4 */
    ORA_ACT_COUNT
};

/*
 * One call of a convolution. With v = bias + sum, then v += res, then v += add, then v = fn(v):
 * y gets v, leaky gets max(v, slope*v). Tensors whose p is NULL take no part; at least one of them
 * or of their operands is given. res or add may be the same tensor as y (in place); x may not.
 */
struct ora_conv_run {
    struct ora_b16 x; /* [in]; p points at the row that output row 0 calls t = 0 */
    int rows;         /* output rows */
    int row_step; /* output row t lies at row t*row_step of y, res, add, leaky; 0 means 1 (an upsampler: u) */
    struct ora_b16 y;     /* [out] */
    struct ora_b16 res;   /* [out] residual */
    struct ora_b16 add;   /* [out] running sum */
    struct ora_b16 leaky; /* [out] leaky ReLU of the result, for the next layer */
    /* Only of layers that have operands: x as an operand (x may then be missing), and the result and its
     * leaky ReLU as operands for the next layers. */
    struct ora_operand x_operand, y_operand, leaky_operand;
    float slope;       /* 0 < slope < 1 */
    enum ora_act fn;   /* f(0) must be 0 (padding). From GELU on: y only, no leaky */
    const float *bias; /* [16*out_blocks], instead of the conv's own (speakers); NULL: the conv's own */
    void *scratch;     /* k->scratch_bytes */
    int row, total;    /* where conv->grid > 0: output row 0 is row `row` of an utterance of `total` rows;
                          total = 0: this call makes all of it */
};

/* What a packer takes: a layer's weights as frameworks store them. See pack.h for the session around it. */
struct ora_conv_spec {
    int in, out; /* as packed */
    int taps, dilation, first;
    const float *weights; /* [src_out][src_in][taps]; may be unaligned */
    const float *bias;    /* [src_out] or NULL */
    int src_in, src_out;  /* of the source; 0: in, out */
    const int *in_map;    /* [in]: source column of each packed input, -1 = zero; NULL: the same */
    const int *out_map; /* [out]: source row of each packed output, -1 = zero row and bias; NULL: the same */
    float weight_scale; /* 0 means 1 */
    float bias_scale;   /* 0 means 1 */
    bool half;      /* keep the weights as bfloat16 (scaled, rounded to nearest even): exact where they are */
    bool tolerant;  /* the model bears bfloat16 operands here: levels that are named for it may use them */
    bool strict;    /* the model amplifies what this layer rounds: as good as in floats at every level */
    bool from_rows; /* the weights will be pack_rows' */
    bool placed;    /* every run tells its row and total: levels may make rows in groups (ora_conv_reads) */
};

/* What softmax_tile knows of each row, with room for `rows` rounded up to 16. */
struct ora_softmax {
    float *top;    /* the greatest channel of the tiles so far */
    float *sum;    /* of e^(channel - top) */
    float *shrink; /* what the last tile made of weights by the former top: e^(former top - top) */
};

/* A level: pure functions, outputs first. */
struct ora_kernels {
    const char *name; /* "avx512" */
    const char *
        arithmetic; /* the class of its bits, "f32-direct": levels of one class give the same (precision.h) */
    const char *needs;       /* of the processor: "AVX-512 F, BW, VL, DQ" */
    bool by_name;            /* taken only where it is asked for by name, never by "auto" */
    bool (*available)(void); /* does this processor (and its system) run it? */
    const char *(*detail)(
        void);                  /* what else decides bits: OpenBLAS's core name for blas, "" for the others */
    size_t scratch_bytes;       /* for conv: one a thread, 64-byte aligned */
    enum ora_operands operands; /* of the layers that have any; NONE: conv takes and gives floats alone */
    /* What a layer's `operands` will be: NONE where it runs in floats. NULL: always NONE. */
    enum ora_operands (*takes)(const struct ora_conv_spec *spec);
    /* x as an operand, for inputs that no convolution made; lo may be NULL. NULL where operands is NONE. */
    void (*operand)(struct ora_operand y, struct ora_b16 x, int rows, int channels);

    /* Packed weights of a conv: size in bytes (a multiple of 64; of the spec only in, out, taps, dilation,
     * first, half, tolerant, strict, from_rows and placed count), and the packing into dst (64-byte aligned).
     */
    size_t (*pack_bytes)(const struct ora_conv_spec *spec);
    void (*pack)(void *dst, const struct ora_conv_spec *spec);
    /* Of the layers whose spec is `placed`: struct ora_conv.grid; 0: rows one by one. NULL: always 0. */
    int (*grid)(const struct ora_conv_spec *spec);
    /* The same weights from activations, at run time (attention). Packs a one-tap conv with
     *   transposed = false: in = rows of x, out = channels:  w[o][i] = x[row i][channel o]   (values)
     *   transposed = true:  in = channels, out = rows of x:  w[o][i] = x[row o][channel i]   (keys)
     * Padding (rows to 16, channels to 16) becomes zero weights. Such a conv is `strict` and `from_rows`, and
     * so is the spec that pack_bytes is asked for. */
    void (*pack_rows)(void *dst, struct ora_b16 x, int rows, int channels, bool transposed);
    /* The same for a conv that is `tolerant`. NULL where the level makes no difference. */
    void (*pack_rows_tolerant)(void *dst, struct ora_b16 x, int rows, int channels, bool transposed);

    void (*conv)(const struct ora_conv *c, const struct ora_conv_run *r);

    /* y[t] = fn(bias + sum over input blocks and taps), one output channel, contiguous samples.
     * w is [in_blocks][taps][16]; row offsets as in struct ora_conv. x and y may not overlap. */
    void (*conv_mono)(float *y, struct ora_b16 x, int rows, int in_blocks, int taps, int dilation, int first,
                      const float *w, float bias, enum ora_act fn);
    /* Depthwise: y[t][c] = bias[c] + sum_j w[b][j][lane] * x[t + first + j*dilation][c]; w is
     * [blocks][taps][16], bias [16*blocks]. y is another tensor than x. */
    void (*depthwise)(struct ora_b16 y, struct ora_b16 x, int rows, int blocks, int taps, int dilation,
                      int first, const float *w, const float *bias);
    /* Layer norm over channels for each row, biased variance: y = fn((x-mean)/sqrt(var+eps)*gamma + beta), +
     * res if res.p. gamma, beta are [16*blocks], zero beyond channels. y may be x, and res may be y. fn:
     * NONE, RELU, GELU. */
    void (*layer_norm)(struct ora_b16 y, struct ora_b16 x, int rows, int channels, const float *gamma,
                       const float *beta, float eps, enum ora_act fn, struct ora_b16 res);
    /* WN gate: y[b] = tanh(a[b]) * sigmoid(a[blocks + b]), b < blocks. y may be a. */
    void (*gate)(struct ora_b16 y, struct ora_b16 a, int rows, int blocks);
    /* Softmax over channels for each row, in place; channels beyond the real ones become 0. */
    void (*softmax)(struct ora_b16 x, int rows, int channels);
    /* Softmax over channels that come in tiles (Milakov and Gimelshein, "Online normalizer calculation for
     * softmax", 2018): each tile's x becomes e^(x - top), channels beyond the real ones 0. What was summed
     * with weights of former tiles is to be multiplied by shrink, and at the end divided by sum. first: of a
     * row; what *s holds then does not count. */
    void (*softmax_tile)(struct ora_b16 x, int rows, int channels, const struct ora_softmax *s, bool first);
    /* y[t] = x[t] * factor[t]; y may be x. */
    void (*scale_rows)(struct ora_b16 y, struct ora_b16 x, const float *factor, int rows, int blocks);
    /* Elementwise over n contiguous floats (rows of one block are contiguous); y may be x. */
    void (*map)(float *y, const float *x, size_t n, enum ora_act fn);
    void (*leaky)(float *y, const float *x, size_t n, float slope);
    void (*add)(float *y, const float *a, const float *b, size_t n);               /* y = a + b */
    void (*madd)(float *y, const float *a, const float *b, size_t n, float scale); /* y += (a*b)*scale */
    void (*scale)(float *y, const float *x, size_t n, float scale);                /* y = x*scale */
    void (*mul)(float *y, const float *a, const float *b, size_t n); /* y = a*b; y may be a or b */
    /* y[t][c] += x[t][c] * gain[c]; gain is [16*blocks]. */
    void (*add_scaled)(struct ora_b16 y, struct ora_b16 x, const float *gain, int rows, int blocks);
    /* Root-mean-square norm over channels for each row: y = x / sqrt(mean(x^2) + eps) * gamma. y may be x. */
    void (*rms_norm)(struct ora_b16 y, struct ora_b16 x, int rows, int channels, const float *gamma,
                     float eps);
    /* One query against `keys` rows of keys and values: o = sum_j softmax_j(q . k_j) v_j over `channels` of
     * one head. o and q are one row each; scores has room for `keys` rounded up to 16. o may be q. */
    void (*attend)(struct ora_b16 o, struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int keys,
                   int channels, float *scores);
    /* n standard normal deviates from n uniform words, by Box-Muller: words 2i, 2i+1 give deviates 2i, 2i+1.
     * n is even. Each depends on its own pair only. */
    void (*normals)(float *y, const uint32_t *words, size_t n);

    /* Rows. Embedding: y[t] = table[ids[t]]*scale, table [count][channels] row-major, ids already checked. */
    void (*embed)(struct ora_b16 y, const int32_t *ids, int rows, const float *table, int channels,
                  float scale);
    /* y[t] = x[index[t]] */
    void (*gather)(struct ora_b16 y, struct ora_b16 x, const int32_t *index, int rows, int blocks);
    /* Between B16 and row-major [T][C] or channel-major [C][T]; ld = floats from one row (one channel) to the
     * next. */
    void (*from_tc)(struct ora_b16 y, const float *x, size_t ld, int rows, int channels);
    void (*to_tc)(float *y, size_t ld, struct ora_b16 x, int rows, int channels);
    void (*from_ct)(struct ora_b16 y, const float *x, size_t ld, int rows, int channels);
    void (*to_ct)(float *y, size_t ld, struct ora_b16 x, int rows, int channels);
};

/* The level of that name, or for NULL or "auto" the best that this processor has. NULL with UNSUPPORTED (the
 * level exists, the processor lacks it) or BAD_USAGE (no such level; the message lists them). */
const struct ora_kernels *ora_kernels_find(const char *name, struct ora_err *err);
/* Every level that was built in, best first, whether available or not; NULL past the last. */
const struct ora_kernels *ora_kernels_at(size_t index);

/* Flush-to-zero and denormals-are-zero: f32 kernels are some 200 times slower on denormals without them. */
struct ora_fpu_state {
    uint64_t saved;
};
struct ora_fpu_state ora_fpu_enter(void);
void ora_fpu_leave(struct ora_fpu_state state);

/* Input rows that output rows [lo, hi) of `total` are made from, in the utterance's numbers: those of whole
 * groups. Rows before `first` and past the last row's last tap are not read: zeros stand for them. */
struct ora_rows {
    int lo, hi;
};
static inline struct ora_rows ora_conv_reads(const struct ora_conv *c, struct ora_rows out, int total)
{
    if (c->grid) {
        int past = out.hi % c->grid;
        out.lo -= out.lo % c->grid;
        out.hi += past ? c->grid - past : 0;
        out.hi = out.hi < total ? out.hi : total;
    }
    return (struct ora_rows){out.lo + c->first, out.hi + c->first + (c->taps - 1) * c->dilation};
}

static inline int ora_blocks(int channels)
{
    return (channels + ORA_LANES - 1) / ORA_LANES;
}

#endif
