/*
 * A layer of LSTM (Hochreiter and Schmidhuber 1997), PyTorch's names and gate order i, f, g, o; zero start
 * state.
 *
 *     ora_bind_lstm(&b, &l, 1024, 1024, "%s.lstm", prefix, 0);          // weight_ih_l0, weight_hh_l0, bias_…
 *     ora_lstm_forward(&c, &l, x, rows, y, &err);                       // y may not be x
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_LSTM_H
#define ORA_NN_LAYERS_LSTM_H

#include "nn/binder.h"
#include "nn/compute.h"

struct ora_lstm {
    int in, hidden;
    struct ora_conv input, recurrent; /* to four gates, each beginning a block of 16 */
};

void ora_bind_lstm(struct ora_binder *b, struct ora_lstm *l, int in, int hidden, const char *prefix,
                   int layer);
/* x: [in] x rows; y: [hidden] x rows. */
int ora_lstm_forward(const struct ora_compute *c, const struct ora_lstm *l, struct ora_b16 x, int rows,
                     struct ora_b16 y, struct ora_err *err);

#endif
