/* Weights are rearranged once, when packed; rows once a call. */
#include "nn/layers/resample_conv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { STEM_BYTES = 160 };

#define FORMAT_INTO(stem, fmt)                                                                               \
    do {                                                                                                     \
        va_list ap_;                                                                                         \
        va_start(ap_, fmt);                                                                                  \
        vsnprintf(stem, sizeof(stem), fmt, ap_);                                                             \
        va_end(ap_);                                                                                         \
    } while (0)

/* ---- strided --------------------------------------------------------------------------------------------
 */

void ora_packer_strided(struct ora_packer *p, struct ora_strided *s, const float *weights, const float *bias,
                        int in, int out, int taps, int stride, int left)
{
    int padded = ORA_LANES * ora_blocks(in), wide = stride * padded, n = (taps + stride - 1) / stride;
    float *w = NULL;
    *s = (struct ora_strided){.in = in, .out = out, .taps = taps, .stride = stride, .left = left};
    if (p->mode == ORA_PACK_WRITE && weights) {
        w = ora_xcalloc((size_t)out * (size_t)wide * (size_t)n, sizeof *w);
        for (size_t o = 0; o < (size_t)out; o++)
            for (int i = 0; i < in; i++)
                for (int j = 0; j < taps; j++)
                    w[(o * (size_t)wide + (size_t)(j % stride * padded + i)) * (size_t)n +
                      (size_t)(j / stride)] =
                        weights[(o * (size_t)in + (size_t)i) * (size_t)taps + (size_t)j];
    }
    struct ora_conv_spec spec = {
        .in = wide, .out = out, .taps = n, .dilation = 1, .first = 0, .weights = w, .bias = bias};
    if (w || p->mode != ORA_PACK_WRITE)
        ora_packer_conv(p, &spec, &s->conv);
    free(w);
}

void ora_bind_strided(struct ora_binder *b, struct ora_strided *s, int in, int out, int taps, int stride,
                      int left, enum ora_bias bias, const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    const float *w = ora_bind_take(b, ORA_SHAPE((size_t)out, (size_t)in, (size_t)taps), "%s.weight", stem);
    const float *v = bias == ORA_BIAS ? ora_bind_take(b, ORA_SHAPE((size_t)out), "%s.bias", stem) : NULL;
    if (b->rc == 0)
        ora_packer_strided(b->packer, s, w, v, in, out, taps, stride, left);
    ora_bind_release(b);
}

size_t ora_strided_bytes(const struct ora_strided *s, int out_rows)
{
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = {.arena = &counts};
    bool ok = true;
    ora_buffer(&dry, s->conv.in, out_rows + s->conv.taps - 1, 0, &ok);
    return ok ? counts.peak_bytes : SIZE_MAX;
}

int ora_strided_forward(const struct ora_compute *c, const struct ora_strided *s, struct ora_b16 x, int lo,
                        int hi, struct ora_b16 y, int out_rows, enum ora_act fn, struct ora_err *err)
{
    int blocks = ora_blocks(s->in), rows = out_rows + s->conv.taps - 1;
    size_t mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 wide = ora_buffer(c, s->conv.in, rows, 0, &ok);
    if (!ok)
        return ora_no_room(err, "a strided convolution");
    for (int q = 0; q < rows; q++)
        for (int p = 0; p < s->stride; p++) {
            int from = q * s->stride - s->left + p;
            struct ora_b16 to = ora_b16_at(wide, p * blocks, q);
            if (from >= lo && from < hi)
                ora_copy(to, ora_b16_at(x, 0, from), 1, s->in);
            else
                ora_b16_clear_rows(to, s->in, 0, 1);
        }
    ora_count(c, (double)out_rows * s->out * ((double)s->in * s->taps - (double)s->conv.in * s->conv.taps));
    ora_apply(c, &s->conv, wide, out_rows, y, (struct ora_b16){0}, fn);
    ora_arena_reset(c->arena, mark);
    return 0;
}

/* ---- transposed -----------------------------------------------------------------------------------------
 */

/* Phase s: taps j0, j0+rate, … of the kernel; tap j0 + m*rate meets input row q + base - m. */
static void pack_phase(struct ora_packer *p, struct ora_conv *phase, const float *weights, const float *bias,
                       int in, int out, int taps, int rate, int padding, int s)
{
    int j0 = (s + padding) % rate, base = (s + padding - j0) / rate, n = (taps - j0 + rate - 1) / rate;
    float *w = NULL;
    if (p->mode == ORA_PACK_WRITE) {
        w = ora_xmalloc(sizeof *w * (size_t)out * (size_t)in * (size_t)n);
        for (size_t o = 0; o < (size_t)out; o++)
            for (size_t i = 0; i < (size_t)in; i++)
                for (int m = 0; m < n; m++)
                    w[(o * (size_t)in + i) * (size_t)n + (size_t)(n - 1 - m)] =
                        weights[(i * (size_t)out + o) * (size_t)taps + (size_t)(j0 + m * rate)];
    }
    struct ora_conv_spec spec = {
        .in = in, .out = out, .taps = n, .dilation = 1, .first = base - (n - 1), .weights = w, .bias = bias};
    ora_packer_conv(p, &spec, phase);
    free(w);
}

void ora_bind_transposed(struct ora_binder *b, struct ora_transposed *t, int in, int out, int taps, int rate,
                         int padding, const char *fmt, ...)
{
    char stem[STEM_BYTES];
    FORMAT_INTO(stem, fmt);
    const float *w = ora_bind_take(b, ORA_SHAPE((size_t)in, (size_t)out, (size_t)taps), "%s.weight", stem);
    const float *v = ora_bind_take(b, ORA_SHAPE((size_t)out), "%s.bias", stem);
    t->rate = rate;
    for (int s = 0; b->rc == 0 && s < rate; s++)
        pack_phase(b->packer, &t->phase[s], w, v, in, out, taps, rate, padding, s);
    ora_bind_release(b);
}

void ora_transposed_forward(const struct ora_compute *c, const struct ora_transposed *t, struct ora_b16 x,
                            int rows, struct ora_b16 y, struct ora_b16 res)
{
    for (int s = 0; s < t->rate; s++) {
        const struct ora_conv *phase = &t->phase[s];
        ora_count(c, (double)rows * phase->in * phase->out * phase->taps);
        c->k->conv(phase, &(struct ora_conv_run){.x = x,
                                                 .rows = rows,
                                                 .row_step = t->rate,
                                                 .y = ora_b16_at(y, 0, s),
                                                 .res = res.p ? ora_b16_at(res, 0, s) : res,
                                                 .scratch = c->scratch});
    }
}

int ora_transposed_reach(const struct ora_transposed *t)
{
    int reach = 0;
    for (int s = 0; s < t->rate; s++) {
        int before = -t->phase[s].first, after = t->phase[s].first + t->phase[s].taps - 1;
        reach = before > reach ? before : reach;
        reach = after > reach ? after : reach;
    }
    return reach;
}
