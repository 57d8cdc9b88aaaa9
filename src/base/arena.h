/*
 * Arena: the activations of one compute thread, in one block planned at open.
 *
 *     ora_arena_init(&a, plan.arena_bytes, &err);
 *     size_t mark = ora_arena_mark(&a);
 *     float *x = ora_arena_floats(&a, n);      // 64-byte aligned, NULL when the plan was too small
 *     ora_arena_reset(&a, mark);
 *     ora_arena_release(&a);
 *
 * Threads: one arena a thread. The block is touched once at init, so that no page fault falls into synth.
 */
#ifndef ORA_BASE_ARENA_H
#define ORA_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct ora_arena {
    unsigned char *base;
    size_t size_bytes;
    size_t used_bytes;
    size_t peak_bytes; /* the most that was ever in use: what a plan is compared with */
};

int ora_arena_init(struct ora_arena *a, size_t bytes, struct ora_err *err);
void ora_arena_release(struct ora_arena *a);
void *ora_arena_alloc(struct ora_arena *a, size_t bytes);   /* not cleared */
float *ora_arena_floats(struct ora_arena *a, size_t count); /* not cleared */
size_t ora_arena_mark(const struct ora_arena *a);
void ora_arena_reset(struct ora_arena *a, size_t mark);

#endif
