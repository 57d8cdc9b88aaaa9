/*
 * The loop over steps that both forms of the transformer share: times, AdaLN table, noise, guided velocity,
 * AMO step.
 *
 *     mega_dit_steps_allocate(c, m, &run, &err);        // table, noise, velocity: from the arena
 *     … the form's own buffers and condition …
 *     mega_dit_steps(c, m, &run, x, &err);
 *
 * Private to the family. Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_DIT_SAMPLER_H
#define ORA_MODELS_MEGATTS3_DIT_SAMPLER_H

#include "models/megatts3/dit.h"

struct mega_dit_run {
    const struct mega_sampling *how;
    int rows;  /* T */
    int first; /* rows [first, T) are sampled; the others of x and v are left alone */
    /* v[T][32]: the guided velocity at x, under the AdaLN vectors of the time. */
    int (*velocity)(void *form, const float *x, const float *modulation, float *v, struct ora_err *err);
    void *form;
    /* set by allocate */
    float *v, *fresh, *own_table;
    double *times;
};

bool mega_dit_steps_allocate(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run);
int mega_dit_steps(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run, float *x,
                   struct ora_err *err);

/* Steps of one block of the table that the sampler makes itself. */
int mega_dit_block(const struct mega_sampling *how);

/* Arena bytes of mega_dit_table. */
size_t mega_dit_table_bytes(const struct mega_dit *m, int steps);

#endif
