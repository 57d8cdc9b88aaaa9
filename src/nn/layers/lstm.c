/* Inputs of all steps as one matrix product, then the recurrence row by row. */
#include "nn/layers/lstm.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nn/layers/rope.h"

static void bind(struct ora_binder *b, struct ora_conv *conv, int in, int hidden, const int *map, int wide,
                 const char *prefix, const char *side, int layer)
{
    size_t gates = 4 * (size_t)hidden;
    struct ora_conv_spec spec = {
        .in = in, .out = wide, .out_map = map, .src_in = in, .src_out = (int)gates, .taps = 1, .dilation = 1};
    spec.weights = ora_bind_take(b, ORA_SHAPE(gates, (size_t)in), "%s.weight_%s_l%d", prefix, side, layer);
    spec.bias = ora_bind_take(b, ORA_SHAPE(gates), "%s.bias_%s_l%d", prefix, side, layer);
    if (b->rc == 0)
        ora_packer_conv(b->packer, &spec, conv);
    ora_bind_release(b);
}

void ora_bind_lstm(struct ora_binder *b, struct ora_lstm *l, int in, int hidden, const char *prefix,
                   int layer)
{
    int *map = ora_xcalloc(4 * ORA_LANES * (size_t)ora_blocks(hidden), sizeof *map);
    int wide = ora_head_map(map, 4, hidden, ORA_ROPE_NONE, 0);
    l->in = in;
    l->hidden = hidden;
    bind(b, &l->input, in, hidden, map, wide, prefix, "ih", layer);
    bind(b, &l->recurrent, hidden, hidden, map, wide, prefix, "hh", layer);
    free(map);
}

/* One step: gates are sums; cell and the state h (a row of y) are updated. */
static void step(const struct ora_kernels *k, float *gates, float *cell, float *h, size_t n)
{
    float *i = gates, *f = gates + n, *g = gates + 2 * n, *o = gates + 3 * n;
    k->map(i, i, 2 * n, ORA_ACT_SIGMOID);
    k->map(g, g, n, ORA_ACT_TANH);
    k->map(o, o, n, ORA_ACT_SIGMOID);
    k->mul(cell, f, cell, n);
    k->madd(cell, i, g, n, 1);
    k->map(h, cell, n, ORA_ACT_TANH);
    k->mul(h, h, o, n);
}

int ora_lstm_forward(const struct ora_compute *c, const struct ora_lstm *l, struct ora_b16 x, int rows,
                     struct ora_b16 y, struct ora_err *err)
{
    size_t n = ORA_LANES * (size_t)ora_blocks(l->hidden), mark = ora_arena_mark(c->arena);
    bool ok = true;
    struct ora_b16 inputs = ora_buffer(c, l->input.out, rows, 0, &ok);
    float *gates = ora_floats(c, 4 * n, &ok), *cell = ora_floats(c, n, &ok), *h = ora_floats(c, n, &ok);
    if (!ok)
        return ora_no_room(err, "an LSTM");
    memset(cell, 0, n * sizeof *cell);
    memset(h, 0, n * sizeof *h);
    ora_apply(c, &l->input, x, rows, inputs, (struct ora_b16){0}, ORA_ACT_NONE);
    for (int t = 0; t < rows; t++) {
        struct ora_b16 state = {h, ORA_LANES};
        ora_apply(c, &l->recurrent, state, 1, (struct ora_b16){gates, ORA_LANES}, ora_b16_at(inputs, 0, t),
                  ORA_ACT_NONE);
        step(c->k, gates, cell, h, n);
        ora_copy(ora_b16_at(y, 0, t), state, 1, l->hidden);
    }
    ora_arena_reset(c->arena, mark);
    return 0;
}
