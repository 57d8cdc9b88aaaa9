/*
 * An upsampler of two branches as one polyphase convolution: rows repeated `rate` times, reflected at the
 * ends and convolved, plus a transposed convolution (WaveVAE; the two read the same input).
 *
 *     y = conv(reflect_pad(repeat(x))) + transposed(x)
 *
 * Output row q*rate + s is a small convolution of its own (phase s) round input row q: taps of both branches
 * that meet the same input row are added when packed. Beyond the ends x is zero, which is right for the
 * transposed branch; the other one reflects, so that the first and last `pad` output rows get what the zero
 * rows left out, from one matrix a tap.
 *
 *     ora_bind_repeat_up(b, &u, 2048, 1024, 5, 7, 10, 3, "%s.upsample.3", "%s.trans", …);
 *     ora_repeat_up_forward(&c, &u, x, x_from, rows, y, lo, hi, &err);
 *
 * Any stretch of output rows may be asked for; a row's bits do not depend on the stretch.
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_REPEAT_UP_H
#define ORA_NN_LAYERS_REPEAT_UP_H

#include "nn/binder.h"
#include "nn/compute.h"
#include "nn/layers/resample_conv.h"

enum { ORA_REPEAT_UP_PAD_MAX = 3 };

struct ora_repeat_up {
    int in, out, pad;             /* the convolution has 2*pad + 1 taps */
    struct ora_transposed phases; /* phases.rate */
    struct ora_conv head[ORA_REPEAT_UP_PAD_MAX], tail[ORA_REPEAT_UP_PAD_MAX]; /* [d]: tap -1-d; tap 1+d */
    int before, after; /* input rows that the phases reach round their own */
};

/* conv: [out][in][taps], transposed: [in][out][trans_taps]; names of the two layers. UNSUPPORTED for a rate
 * above ORA_TRANSPOSED_MAX_RATE or more taps than there is room for. */
void ora_bind_repeat_up(struct ora_binder *b, struct ora_repeat_up *u, int in, int out, int rate, int taps,
                        int trans_taps, int trans_padding, const char *conv, const char *transposed);

/* Arena bytes of a forward. */
size_t ora_repeat_up_bytes(const struct ora_repeat_up *u);
/* Input rows [*from, *to) that output rows [lo, hi) of rate*rows need. */
void ora_repeat_up_needs(const struct ora_repeat_up *u, int rows, int lo, int hi, int *from, int *to);
/* Output rows [lo, hi) of the rate*rows of an utterance; y's row 0 is output row lo. x's row 0 is input row
 * x_from; needed rows below 0 or from `rows` on must be zero rows. */
int ora_repeat_up_forward(const struct ora_compute *c, const struct ora_repeat_up *u, struct ora_b16 x,
                          int x_from, int rows, struct ora_b16 y, int lo, int hi, struct ora_err *err);

#endif
