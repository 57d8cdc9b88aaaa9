/* Sway schedule, AMO steps (nn/solver.h). */
#include "models/megatts3/dit_sampler.h"

#include <string.h>

#include "nn/solver.h"

static const double OVERSHOOT = 3;

bool mega_dit_steps_allocate(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run)
{
    bool ok = true;
    size_t n = (size_t)run->rows * MEGA_LATENT, steps = (size_t)run->how->steps;
    run->v = ora_floats(c, n, &ok);
    run->fresh = ora_floats(c, n, &ok);
    run->times = ora_arena_alloc(c->arena, sizeof *run->times * steps);
    run->own_table = run->how->table ? NULL : ora_floats(c, mega_dit_table_floats(m) * steps, &ok);
    return ok && run->times;
}

int mega_dit_steps(const struct ora_compute *c, const struct mega_dit *m, struct mega_dit_run *run, float *x,
                   struct ora_err *err)
{
    const struct mega_sampling *how = run->how;
    int steps = how->steps, rc = 0;
    size_t n = (size_t)run->rows * MEGA_LATENT, first = (size_t)run->first * MEGA_LATENT;
    const float *table = how->table ? how->table : run->own_table;
    for (int i = 0; i < steps; i++)
        run->times[i] = ora_sway_time(i, steps);
    if (run->own_table)
        rc = mega_dit_table(c, m, run->times, steps, run->own_table, err);
    memset(run->v, 0, sizeof *run->v * n);
    how->noise(how->ctx, 0, x, n);
    for (int i = 0; rc == 0 && i < steps; i++, table += mega_dit_table_floats(m)) {
        rc = run->velocity(run->form, x, table, run->v, err);
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
