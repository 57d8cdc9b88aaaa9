/* Sway schedule, AMO steps (nn/solver.h). */
#include "models/megatts3/dit_sampler.h"

#include <string.h>

#include "nn/solver.h"

static const double OVERSHOOT = 3;

int mega_dit_block(const struct mega_sampling *how)
{
    int most = how->table_steps > 0 ? how->table_steps : MEGA_TABLE_STEPS;
    return how->steps < most ? how->steps : most;
}

bool mega_dit_steps_allocate(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run)
{
    bool ok = true;
    size_t n = (size_t)run->rows * MEGA_LATENT, steps = (size_t)run->how->steps;
    run->v = ora_floats(c, n, &ok);
    run->fresh = ora_floats(c, n, &ok);
    run->times = ora_arena_alloc(c->arena, sizeof *run->times * steps);
    run->own_table = run->how->table
                         ? NULL
                         : ora_floats(c, mega_dit_table_floats(m) * (size_t)mega_dit_block(run->how), &ok);
    return ok && run->times;
}

/* The vectors of a step: of the table at hand, or of a block that is made when its first step comes. */
static int vectors_of(const struct ora_compute *c, const struct mega_dit *m, const struct mega_dit_run *run,
                      int step, const float **row, struct ora_err *err)
{
    const struct mega_sampling *how = run->how;
    int block = mega_dit_block(how), at = how->table ? step : step % block, rc = 0;
    const float *table = how->table ? how->table : run->own_table;
    *row = table + mega_dit_table_floats(m) * (size_t)at;
    if (how->table || at)
        return 0;
    int left = how->steps - step;
    rc = mega_dit_table(c, m, run->times + step, left < block ? left : block, run->own_table, err);
    if (rc == 0 && how->table_made)
        how->table_made(how->ctx);
    return rc;
}

int mega_dit_steps(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run, float *x,
                   struct ora_err *err)
{
    const struct mega_sampling *how = run->how;
    int steps = how->steps, rc = 0;
    size_t n = (size_t)run->rows * MEGA_LATENT, first = (size_t)run->first * MEGA_LATENT;
    const float *vectors;
    for (int i = 0; i < steps; i++)
        run->times[i] = ora_sway_time(i, steps);
    memset(run->v, 0, sizeof *run->v * n);
    how->noise(how->ctx, 0, x, n);
    for (int i = 0; rc == 0 && i < steps; i++) {
        rc = vectors_of(c, m, run, i, &vectors, err);
        if (rc == 0)
            rc = run->velocity(run->form, x, vectors, run->v, err);
        if (rc < 0)
            break;
        if (how->watch)
            how->watch(how->ctx, i, x, run->v);
        how->noise(how->ctx, i + 1, run->fresh, n);
        ora_amo_apply(x + first, run->v + first, run->fresh + first, n - first,
                      ora_amo_step(run->times[i], ora_sway_time(i + 1, steps), OVERSHOOT));
    }
    return rc;
}
