/*
 * Binding a model's layers from any source of tensors: an open safetensors file, or a formula. One walk over
 * all layers, run by a packer in its three modes (nn/kernels/pack.h). The first error stays; a part's bind
 * function goes on to its end and the caller looks at `rc` once.
 *
 *     struct ora_binder b = {.source = &source, .packer = &packer, .err = err};
 *     ora_bind_linear(&b, &m->q, hidden, hidden, ORA_BIAS, "%s.attn.%d.q", prefix, i);
 *     return b.rc;
 *
 * Layers are named as in state dicts: <name>.weight, <name>.bias.
 *
 * Threads: a binder belongs to one thread. Ownership: what take() gives holds until release().
 */
#ifndef ORA_NN_BINDER_H
#define ORA_NN_BINDER_H

#include "nn/kernels/pack.h"
#include "weights/safetensors.h"

struct ora_tensor_source {
    void *ctx;
    /* The float32 values of a tensor of exactly this shape, row-major, or NULL with *err. Without want_values
     * only name and shape are checked, and any non-NULL pointer will do. */
    const float *(*take)(void *ctx, const char *name, struct ora_shape shape, bool want_values,
                         struct ora_err *err);
    /* What was taken so far may be forgotten; may be NULL. */
    void (*release)(void *ctx);
};

/* The source that reads an open file; F32 as they lie, BF16 widened. `s` holds memory: free with
 * ora_file_source_release. */
struct ora_file_source {
    const struct ora_weights *weights;
    float **wide; /* widened tensors, until release */
    size_t wide_count;
    size_t read_bytes; /* since the file was last let rest */
};
struct ora_tensor_source ora_file_source(struct ora_file_source *s, const struct ora_weights *w);
void ora_file_source_release(struct ora_file_source *s);

struct ora_binder {
    const struct ora_tensor_source *source;
    struct ora_packer *packer;
    struct ora_err *err;
    int rc;
};

enum ora_bias { ORA_NO_BIAS, ORA_BIAS };

/* True while values are written: what take gives may then be read. */
static inline bool ora_binding(const struct ora_binder *b)
{
    return b->packer->mode == ORA_PACK_WRITE && b->rc == 0;
}

/* The tensor's values (to be read only when ora_binding), or NULL after an error. */
const float *ora_bind_take(struct ora_binder *b, struct ora_shape shape, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Lets the source forget what was taken. The functions below do it themselves. */
void ora_bind_release(struct ora_binder *b);

/* A convolution [out][in][taps] with "same" padding. Maps, scales and `half` may be preset (or preset NULL).
 * What is to be kept as bfloat16 must be that, scaled: else VOICE, naming the tensor. */
void ora_bind_conv(struct ora_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                   int out, int taps, int dilation, enum ora_bias bias, const char *fmt, ...)
    __attribute__((format(printf, 9, 10)));
/* A matrix [out][in]; with preset, as above. */
void ora_bind_linear(struct ora_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                     int out, enum ora_bias bias, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
/* Values [n] padded with zeros to a multiple of 16. */
void ora_bind_vector(struct ora_binder *b, const float **view, int n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A table [rows][columns], as it is. */
void ora_bind_table(struct ora_binder *b, const float **view, size_t rows, size_t columns, const char *fmt,
                    ...) __attribute__((format(printf, 5, 6)));

/* Parameters of a norm: <name>.weight, <name>.bias, or <name>.gamma, <name>.beta. */
struct ora_norm {
    const float *gamma, *beta; /* beta NULL: a root-mean-square norm */
};
enum ora_norm_names { ORA_NORM_WEIGHT_BIAS, ORA_NORM_GAMMA_BETA, ORA_NORM_WEIGHT };
void ora_bind_norm(struct ora_binder *b, struct ora_norm *norm, int channels, enum ora_norm_names names,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
