/*
 * What every forward pass is given: the kernel level, the arena for activations, scratch, and where taps go.
 *
 *     struct ora_compute c;
 *     ora_compute_init(&c, kernels, arena, &err);         // takes the kernels' scratch from the arena
 *     size_t mark = ora_arena_mark(arena);
 *     bool ok = true;
 *     struct ora_b16 y = ora_buffer(&c, 512, rows, 0, &ok);   // not cleared
 *     if (!ok) return ora_no_room(err, "the encoder");
 *     ora_apply(&c, &layer->q, x, rows, y, none, ORA_ACT_NONE);
 *     ora_arena_reset(arena, mark);
 *
 * A tap shows an inner tensor to whoever set it (goldens, debugging); without one it costs a comparison.
 *
 * Counting. A compute whose `count` is set adds the multiply-adds of its layers to it, without padding.
 *
 * Threads: one compute a thread. Denormals must be off (ora_fpu_enter).
 */
#ifndef ORA_NN_COMPUTE_H
#define ORA_NN_COMPUTE_H

#include "base/arena.h"
#include "base/pulse.h"
#include "nn/kernels/b16.h"
#include "nn/kernels/pack.h"

/* x: `rows` rows of `channels` channels, valid during the call. */
struct ora_tap {
    void (*show)(void *ctx, const char *name, struct ora_b16 x, int rows, int channels);
    void *ctx;
};

struct ora_compute {
    const struct ora_kernels *k;
    struct ora_arena *arena;
    void *scratch;             /* k->scratch_bytes */
    const struct ora_tap *tap; /* NULL: none */
    double *count;             /* multiply-adds so far, or NULL */
    struct ora_pulse *pulse;   /* beats with every layer; NULL: nobody looks */
};

int ora_compute_init(struct ora_compute *c, const struct ora_kernels *k, struct ora_arena *arena,
                     struct ora_err *err);

/* A B16 buffer of the arena, not cleared; *ok becomes false when there is no room. */
struct ora_b16 ora_buffer(const struct ora_compute *c, int channels, int rows, int halo, bool *ok);
/* An operand's buffer for layers of that form, not cleared; no operand for NONE. */
struct ora_operand ora_operand_buffer(const struct ora_compute *c, int channels, int rows,
                                      enum ora_operands form, bool *ok);
/* n floats of the arena. */
float *ora_floats(const struct ora_compute *c, size_t n, bool *ok);
int ora_no_room(struct ora_err *err, const char *what);

/* An arena that grants everything and holds nothing: parts allocate from it what a pass would, and its
 * peak_bytes is what the real arena needs. */
struct ora_arena ora_arena_of_counts(void);

/* y = fn(conv(x) + res); res.p may be NULL. */
void ora_apply(const struct ora_compute *c, const struct ora_conv *conv, struct ora_b16 x, int rows,
               struct ora_b16 y, struct ora_b16 res, enum ora_act fn);
/* Any other run of a layer; its scratch is c's. */
void ora_apply_run(const struct ora_compute *c, const struct ora_conv *conv, struct ora_conv_run run);
/* Counts `macs` multiply-adds that no ora_apply stands for. */
void ora_count(const struct ora_compute *c, double macs);

/* y = fn(x) over rows of all channels' blocks; y may be x. */
void ora_map(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 x, int rows, int channels,
             enum ora_act fn);
void ora_leaky(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 x, int rows, int channels,
               float slope);
/* y = a + b */
void ora_sum(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 a, struct ora_b16 b, int rows,
             int channels);
void ora_copy(struct ora_b16 y, struct ora_b16 x, int rows, int channels);

/* Shows x under a printf'd name. */
void ora_show(const struct ora_compute *c, struct ora_b16 x, int rows, int channels, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
