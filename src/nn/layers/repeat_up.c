/* Phase weights are summed in float from at most `rate` + 1 taps, in one order. */
#include "nn/layers/repeat_up.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nn/layers/reflect.h"

static int floor_div(int a, int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}
static int ceil_div(int a, int b)
{
    return -floor_div(-a, b);
}
static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* ---- packing --------------------------------------------------------------------------------------------
 */

struct source {
    const float *conv, *conv_bias, *trans, *trans_bias;
    int in, out, rate, pad, trans_taps, trans_padding;
};

/* Kernel element of the transposed branch by which output q*rate + s sees input q + d, or -1. */
static int trans_element(const struct source *f, int s, int d)
{
    int j = s + f->trans_padding - d * f->rate;
    return j >= 0 && j < f->trans_taps ? j : -1;
}

/* Input rows, relative to its own, that phase s sees. */
static void phase_reach(const struct source *f, int s, int *first, int *last)
{
    *first = floor_div(s - f->pad, f->rate);
    *last = floor_div(s + f->pad, f->rate);
    while (trans_element(f, s, *first - 1) >= 0)
        --*first;
    while (trans_element(f, s, *last + 1) >= 0)
        ++*last;
}

/* What output q*rate + s takes from input q + d, of channels o and i. */
static float phase_weight(const struct source *f, int s, int d, size_t o, size_t i)
{
    size_t taps = 2 * (size_t)f->pad + 1;
    int j = trans_element(f, s, d);
    float sum = j < 0 ? 0 : f->trans[(i * (size_t)f->out + o) * (size_t)f->trans_taps + (size_t)j];
    for (int k = -f->pad; k <= f->pad; k++)
        if (floor_div(s + k, f->rate) == d)
            sum += f->conv[(o * (size_t)f->in + i) * taps + (size_t)(k + f->pad)];
    return sum;
}

static void pack_phase(struct ora_packer *p, struct ora_repeat_up *u, const struct source *f, int s,
                       const float *bias)
{
    int first, last;
    float *w = NULL;
    phase_reach(f, s, &first, &last);
    int taps = last - first + 1;
    if (p->mode == ORA_PACK_WRITE) {
        w = ora_xmalloc(sizeof *w * (size_t)f->out * (size_t)f->in * (size_t)taps);
        float *to = w;
        for (size_t o = 0; o < (size_t)f->out; o++)
            for (size_t i = 0; i < (size_t)f->in; i++)
                for (int d = first; d <= last; d++)
                    *to++ = phase_weight(f, s, d, o, i);
    }
    struct ora_conv_spec spec = {
        .in = f->in, .out = f->out, .taps = taps, .dilation = 1, .first = first, .weights = w, .bias = bias};
    ora_packer_conv(p, &spec, &u->phases.phase[s]);
    u->before = -first > u->before ? -first : u->before;
    u->after = last > u->after ? last : u->after;
    free(w);
}

/* Tap k of the repeated branch alone. */
static void pack_end(struct ora_packer *p, struct ora_conv *conv, const struct source *f, int k)
{
    size_t n = (size_t)f->out * (size_t)f->in, taps = 2 * (size_t)f->pad + 1;
    float *w = NULL;
    if (p->mode == ORA_PACK_WRITE) {
        w = ora_xmalloc(sizeof *w * n);
        for (size_t i = 0; i < n; i++)
            w[i] = f->conv[i * taps + (size_t)(k + f->pad)];
    }
    struct ora_conv_spec spec = {.in = f->in, .out = f->out, .taps = 1, .dilation = 1, .weights = w};
    ora_packer_conv(p, &spec, conv);
    free(w);
}

static void pack(struct ora_packer *p, struct ora_repeat_up *u, const struct source *f)
{
    float *bias = NULL;
    if (p->mode == ORA_PACK_WRITE) {
        bias = ora_xmalloc(sizeof *bias * (size_t)f->out);
        for (int o = 0; o < f->out; o++)
            bias[o] = f->conv_bias[o] + f->trans_bias[o];
    }
    *u = (struct ora_repeat_up){.in = f->in, .out = f->out, .pad = f->pad, .phases.rate = f->rate};
    /* digested: is there a bias? */
    static const float some;
    for (int s = 0; s < f->rate; s++)
        pack_phase(p, u, f, s, bias ? bias : &some);
    for (int d = 0; d < f->pad; d++) {
        pack_end(p, &u->head[d], f, -1 - d);
        pack_end(p, &u->tail[d], f, 1 + d);
    }
    free(bias);
}

void ora_bind_repeat_up(struct ora_binder *b, struct ora_repeat_up *u, int in, int out, int rate, int taps,
                        int trans_taps, int trans_padding, const char *conv, const char *transposed)
{
    size_t ci = (size_t)in, co = (size_t)out;
    if (rate < 1 || rate > ORA_TRANSPOSED_MAX_RATE || (taps - 1) / 2 > ORA_REPEAT_UP_PAD_MAX) {
        if (b->rc == 0)
            b->rc = ora_err_set(b->err, ORA_E_UNSUPPORTED,
                                "'%s': a rate of %d and %d taps, wanted 1 to %d and at most %d", conv, rate,
                                taps, ORA_TRANSPOSED_MAX_RATE, 2 * ORA_REPEAT_UP_PAD_MAX + 1);
        return;
    }
    struct source f = {.in = in,
                       .out = out,
                       .rate = rate,
                       .pad = (taps - 1) / 2,
                       .trans_taps = trans_taps,
                       .trans_padding = trans_padding};
    f.conv = ora_bind_take(b, ORA_SHAPE(co, ci, (size_t)taps), "%s.weight", conv);
    f.conv_bias = ora_bind_take(b, ORA_SHAPE(co), "%s.bias", conv);
    f.trans = ora_bind_take(b, ORA_SHAPE(ci, co, (size_t)trans_taps), "%s.weight", transposed);
    f.trans_bias = ora_bind_take(b, ORA_SHAPE(co), "%s.bias", transposed);
    if (b->rc == 0)
        pack(b->packer, u, &f);
    ora_bind_release(b);
}

/* ---- forward --------------------------------------------------------------------------------------------
 */

void ora_repeat_up_needs(const struct ora_repeat_up *u, int rows, int lo, int hi, int *from, int *to)
{
    int rate = u->phases.rate;
    /* Mirrored rows lie no further than these. */
    *from = clip(floor_div(lo, rate) - u->before, 0, rows);
    *to = clip(floor_div(hi - 1, rate) + u->after + 1, 0, rows);
}

static bool allocate(const struct ora_compute *c, const struct ora_repeat_up *u, struct ora_b16 *mirror)
{
    bool ok = true;
    *mirror = ora_buffer(c, u->in, u->pad, 0, &ok);
    return ok;
}

size_t ora_repeat_up_bytes(const struct ora_repeat_up *u)
{
    struct ora_arena measuring = ora_arena_of_counts();
    struct ora_b16 mirror;
    allocate(&(struct ora_compute){.arena = &measuring}, u, &mirror);
    return measuring.peak_bytes;
}

struct span {
    struct ora_b16 x, y;
    int x_from, rows, lo, hi;
};

static void run_phase(const struct ora_compute *c, const struct ora_repeat_up *u, int s, const struct span *w)
{
    const struct ora_conv *phase = &u->phases.phase[s];
    int rate = u->phases.rate, q0 = ceil_div(w->lo - s, rate), n = ceil_div(w->hi - s, rate) - q0;
    if (n <= 0)
        return;
    ora_count(c, (double)n * phase->in * phase->out * phase->taps);
    c->k->conv(phase, &(struct ora_conv_run){.x = ora_b16_at(w->x, 0, q0 - w->x_from),
                                             .rows = n,
                                             .row_step = rate,
                                             .y = ora_b16_at(w->y, 0, q0 * rate + s - w->lo),
                                             .scratch = c->scratch});
}

/* Output rows that tap k reads beyond an end, [from, from + n): their reflected inputs through its matrix. */
static void mend(const struct ora_compute *c, const struct ora_repeat_up *u, const struct ora_conv *tap,
                 int k, const struct span *w, struct ora_b16 mirror)
{
    int rate = u->phases.rate, total = rate * w->rows;
    int from = k < 0 ? 0 : total - k, to = k < 0 ? -k : total;
    from = clip(from, w->lo, w->hi);
    to = clip(to, w->lo, w->hi);
    if (from >= to)
        return;
    for (int o = from; o < to; o++) {
        int row = ora_reflected(o + k, total, u->pad);
        if (row < 0)
            ora_b16_clear_rows(mirror, u->in, o - from, o - from + 1);
        else
            ora_copy(ora_b16_at(mirror, 0, o - from), ora_b16_at(w->x, 0, row / rate - w->x_from), 1, u->in);
    }
    struct ora_b16 y = ora_b16_at(w->y, 0, from - w->lo);
    ora_apply(c, tap, mirror, to - from, y, y, ORA_ACT_NONE);
}

int ora_repeat_up_forward(const struct ora_compute *c, const struct ora_repeat_up *u, struct ora_b16 x,
                          int x_from, int rows, struct ora_b16 y, int lo, int hi, struct ora_err *err)
{
    struct span w = {x, y, x_from, rows, lo, hi};
    struct ora_b16 mirror;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate(c, u, &mirror))
        return ora_no_room(err, "an upsampler");
    for (int s = 0; s < u->phases.rate; s++)
        run_phase(c, u, s, &w);
    for (int d = 0; d < u->pad; d++) {
        mend(c, u, &u->head[d], -1 - d, &w, mirror);
        mend(c, u, &u->tail[d], 1 + d, &w, mirror);
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}
