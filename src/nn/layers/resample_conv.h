/*
 * Convolutions that change the rate.
 *
 * Strided: `stride` input rows lie side by side as one wide row, so that a convolution of kernel k and stride
 * s is an ordinary one of ceil(k/s) taps over s*C channels. Transposed, of any kernel, stride and padding:
 * one small convolution a phase, each writing every rate-th row.
 *
 *     ora_bind_strided(b, &down, 64, 128, 8, 4, 2, ORA_BIAS, "%s.conv", prefix);
 *     ora_strided_forward(&c, &down, x, 0, rows, y, out_rows, ORA_ACT_NONE, &err);
 *     ora_bind_transposed(b, &up, 256, 128, 10, 4, 3, "%s.up", prefix);
 *     ora_transposed_forward(&c, &up, x, rows, y, y);                    // y += up(x): rate*rows rows
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_RESAMPLE_CONV_H
#define ORA_NN_LAYERS_RESAMPLE_CONV_H

#include "nn/binder.h"
#include "nn/compute.h"

struct ora_strided {
    struct ora_conv conv; /* over stride*16*blocks(in) channels */
    int in, out, taps, stride, left;
};

/* Output row t reads input rows t*stride - left + j, j < taps. Weights [out][in][taps]. */
void ora_bind_strided(struct ora_binder *b, struct ora_strided *s, int in, int out, int taps, int stride,
                      int left, enum ora_bias bias, const char *fmt, ...)
    __attribute__((format(printf, 9, 10)));
/* The same for weights at hand ([out][in][taps], bias [out] or NULL). */
void ora_packer_strided(struct ora_packer *p, struct ora_strided *s, const float *weights, const float *bias,
                        int in, int out, int taps, int stride, int left);
/* Rows [lo, hi) of x are there (padding that the caller made counts); others are zero. */
int ora_strided_forward(const struct ora_compute *c, const struct ora_strided *s, struct ora_b16 x, int lo,
                        int hi, struct ora_b16 y, int out_rows, enum ora_act fn, struct ora_err *err);

/* What forward takes from the arena. */
size_t ora_strided_bytes(const struct ora_strided *s, int out_rows);

enum { ORA_TRANSPOSED_MAX_RATE = 8 };

struct ora_transposed {
    int rate;
    struct ora_conv phase[ORA_TRANSPOSED_MAX_RATE];
};

/* Output row o gets sum over j, i with o = i*rate - padding + j. Weights [in][out][taps]. */
void ora_bind_transposed(struct ora_binder *b, struct ora_transposed *t, int in, int out, int taps, int rate,
                         int padding, const char *fmt, ...) __attribute__((format(printf, 8, 9)));
/* Output rows [0, rate*rows) = up(x) + res. x's rows beyond its ends must be zero as far as the phases reach
 * (ora_transposed_reach). */
void ora_transposed_forward(const struct ora_compute *c, const struct ora_transposed *t, struct ora_b16 x,
                            int rows, struct ora_b16 y, struct ora_b16 res);
int ora_transposed_reach(const struct ora_transposed *t);

#endif
