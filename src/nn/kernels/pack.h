/*
 * Packing weights: one session that first measures, then writes, and in later processes only looks.
 *
 * A model binds its layers with one function, run with a struct ora_packer in one of three modes; whatever
 * the mode, the same calls in the same order give the same offsets:
 *
 *     static int bind(void *model, struct ora_packer *p, struct ora_err *err)
 *     {
 *         ora_packer_conv(p, &spec, &m->pre);                    // struct ora_conv: a view
 *         ora_packer_vector(p, gamma, 192, 1.0f, &m->gamma);      // padded to 16
 *         float *w = ora_packer_floats(p, n, &m->table);         // w is NULL unless the mode is WRITE
 *         if (w) ...fill...
 *         return 0;
 *     }
 *
 * MEASURE needs no memory and no weights' values; it also digests all shapes, so that a cache file made by
 * other code is not taken. Views are valid as long as the memory. nn/pack_cache.h runs the three over a file.
 */
#ifndef ORA_NN_KERNELS_PACK_H
#define ORA_NN_KERNELS_PACK_H

#include <string.h>

#include "nn/kernels/kernels.h"

enum ora_packer_mode { ORA_PACK_MEASURE, ORA_PACK_WRITE, ORA_PACK_VIEW };

struct ora_packer {
    const struct ora_kernels *kernels;
    enum ora_packer_mode mode;
    unsigned char *memory; /* 64-byte aligned; NULL for MEASURE; only read for VIEW */
    size_t bytes;          /* used so far: the size when MEASURE is through */
    size_t limit;          /* of memory; a session that would pass it sets `overrun` and gives NULL views */
    bool overrun;
    bool strict; /* convolutions to come are, whatever their specs say: a model's that chooses integers */
    uint64_t digest; /* of the shapes so far */
    /* WRITE, may be NULL: told before a section is taken that all below `bytes` was taken before. Whoever lets what is
     * written go must keep some of it: a layer takes several sections before it fills the last. */
    void (*behind)(void *ctx, size_t bytes);
    void *behind_ctx;
};

enum { ORA_UPSAMPLER_MAX_RATE = 32 };

/* A transposed convolution with kernel 2*rate, stride rate, padding rate/2 (any HiFi-GAN upsampler): one
 * two-tap conv a phase; output row q*rate + s - rate/2 = W[..][s]*x[q] + W[..][s+rate]*x[q-1]. Levels that
 * make rows in groups take the phases of a `placed` one as one two-tap conv, so that they share their input's
 * transforms: its outputs are the phases' side by side, each padded to whole blocks, and `all.grid` counts q.
 * Such a run's rows are those of the utterance: `row` is one of them, x's row 0 is its q. */
struct ora_upsampler {
    int rate;
    struct ora_conv all; /* weights NULL: the phases are */
    struct ora_conv phase[ORA_UPSAMPLER_MAX_RATE];
};

/* A convolution to one channel. */
struct ora_conv_mono {
    int in, in_blocks, taps, dilation, first;
    const float *weights; /* [in_blocks][taps][16] */
    float bias;
};

struct ora_depthwise {
    int channels, blocks, taps, dilation, first;
    const float *weights; /* [blocks][taps][16] */
    const float *bias;    /* [16*blocks] */
};

void ora_packer_init(struct ora_packer *p, const struct ora_kernels *k, enum ora_packer_mode mode,
                     void *memory, size_t limit);
void ora_packer_conv(struct ora_packer *p, const struct ora_conv_spec *spec, struct ora_conv *c);
/* weights [in][out][2*rate], bias [out]; spec->taps, dilation, first are ignored, maps and scales hold. rate
 * even, or 1. */
void ora_packer_upsampler(struct ora_packer *p, const struct ora_conv_spec *spec, int rate,
                          struct ora_upsampler *u);
/* spec->out must be 1. */
void ora_packer_conv_mono(struct ora_packer *p, const struct ora_conv_spec *spec, struct ora_conv_mono *c);
/* weights [channels][1][taps], bias [channels] or NULL. */
void ora_packer_depthwise(struct ora_packer *p, const float *weights, const float *bias, int channels,
                          int taps, int dilation, struct ora_depthwise *d);
/* n floats times scale, then zeros up to a multiple of 16. */
void ora_packer_vector(struct ora_packer *p, const float *values, int n, float scale, const float **view);
/* Room for n floats, the caller's own layout; returns where to write in WRITE mode, else NULL. */
float *ora_packer_floats(struct ora_packer *p, size_t n, const float **view);

/* The nearest bfloat16 of a finite float, to even. */
static inline uint16_t ora_half_of(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}
static inline float ora_half_value(uint16_t half)
{
    uint32_t u = (uint32_t)half << 16;
    float v;
    memcpy(&v, &u, sizeof v);
    return v;
}

/* "Same" padding: the row offset of tap 0. */
static inline int ora_conv_first(int taps, int dilation)
{
    return -((taps - 1) / 2) * dilation;
}

#endif
