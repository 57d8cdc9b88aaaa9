/*
 * Two convolutions in a row, each of kernel 4, stride 2, padding 1 with zeros and no activation between,
 * over a signal that holds one of P vectors at every row: text states spread over frames by their durations.
 *
 * Both convolutions are linear, so they are one of 10 taps and stride 4; and as the signal is made of P
 * vectors, each tap's matrix is multiplied with the P vectors, not with the frames, and an output row gathers
 * and adds 10 of the products. At the ends the plain form has a zero between the two convolutions where the
 * composed one has not: the first output row lacks the first tap of the second convolution and the last row
 * its last; one frame each is touched by it.
 *
 *     y[t] = constant + sum_k M_k e[index[4t - 3 + k]],   k < 10, index -1 or out of range: nothing
 *
 *     ora_packer_spread(p, &s, w1, b1, w2, b2, channels);
 *     ora_spread_forward(&c, &s, e, phones, index, frames, y, &err);        // y: frames/4 rows
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_SPREAD_CONV_H
#define ORA_NN_LAYERS_SPREAD_CONV_H

#include "nn/binder.h"
#include "nn/compute.h"

enum { ORA_SPREAD_TAPS = 10, ORA_SPREAD_STRIDE = 4, ORA_SPREAD_FIRST = -3 };

struct ora_spread {
    int channels;
    struct ora_conv taps;    /* channels -> 10 products, each beginning a block */
    struct ora_conv ends[2]; /* frame 0 in the first row, frame F-1 in the last: in place of taps 3 and 6 */
    const float *constant;   /* [16*blocks] */
    const float *lost[2];    /* what the constant has too much in the first and in the last row */
};

/* w1, w2: [channels][channels][4]; b1, b2: [channels]; read only while values are written. */
void ora_packer_spread(struct ora_packer *p, struct ora_spread *s, const float *w1, const float *b1,
                       const float *w2, const float *b2, int channels);
/* Tensors <stem>.0 and <stem>.1. */
void ora_bind_spread(struct ora_binder *b, struct ora_spread *s, int channels, const char *stem);

/* Arena bytes of a forward. */
size_t ora_spread_bytes(const struct ora_spread *s, int vectors);
/* e: [channels] x `vectors` rows; index: [frames], rows of e or -1; frames a multiple of 4, at least 4. */
int ora_spread_forward(const struct ora_compute *c, const struct ora_spread *s, struct ora_b16 e, int vectors,
                       const int32_t *index, int frames, struct ora_b16 y, struct ora_err *err);

#endif
