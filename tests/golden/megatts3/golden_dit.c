/* The diffusion transformer: text, condition, velocities at three times, two samplers. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/dit_plain.h"

static void bind(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_dit_bind(b, &d->dit, model);
    mega_dit_bind_plain(b, &d->dit, model);
}

static const struct {
    double t;
    const char *prefix;
} times[] = {{0, "dit/t0."}, {0.25, "dit/t0.25."}, {0.8125, "dit/t0.8125."}};
enum { TIMES = sizeof times / sizeof *times };

static void velocities(struct golden *g, const struct mega_dit *m, const struct mega_dit_input *in)
{
    struct ora_err err = {0};
    struct ora_tap tap = golden_tap(g);
    size_t n, mark = ora_arena_mark(&g->arena);
    int rows = mega_dit_rows(in);
    bool ok = true;
    struct ora_b16 cond = ora_buffer(&g->compute, m->dims.dim, MEGA_BRANCHES * rows, 0, &ok);
    struct ora_b16 v = ora_buffer(&g->compute, MEGA_LATENT, MEGA_BRANCHES * rows, 0, &ok);
    float *table = ora_floats(&g->compute, mega_dit_table_floats(m), &ok);
    float *guided = ora_floats(&g->compute, (size_t)rows * MEGA_LATENT, &ok);
    float *x = golden_f32(g, &n, "dit/in.x");
    golden_must(ok ? 0 : ora_no_room(&err, "velocities"), &err, "dit");
    g->compute.tap = &tap;
    g->prefix = "dit/";
    golden_must(mega_dit_condition(&g->compute, m, in, cond, &err), &err, "condition");
    for (int i = 0; i < TIMES; i++) {
        g->prefix = times[i].prefix;
        golden_must(mega_dit_table(&g->compute, m, &times[i].t, 1, table, &err), &err, "table");
        golden_must(mega_dit_velocity(&g->compute, m, cond, x, in->prompt_rows, rows, table, v, &err), &err,
                    "velocity");
        mega_dit_guide(&g->compute, v, rows, 1.6, 2.5, guided);
        golden_check_f32(g, guided, (size_t)rows * MEGA_LATENT, "%sv_guided", g->prefix);
    }
    g->compute.tap = NULL;
    free(x);
    ora_arena_reset(&g->arena, mark);
}

struct watcher {
    struct golden *g;
    int steps, rows;
};

static void noise(void *ctx, int index, float *out, size_t n)
{
    const struct watcher *w = ctx;
    char name[64];
    snprintf(name, sizeof name, "in.dit.sampler%d.noise.%d", w->steps, index);
    mega_formula_normals(mega_formula_key(w->g->seed, name), out, n);
}

static void watch(void *ctx, int step, const float *x, const float *v)
{
    const struct watcher *w = ctx;
    size_t n = (size_t)w->rows * MEGA_LATENT;
    golden_check_f32(w->g, x, n, "dit/sampler%d.x_before_step%d", w->steps, step);
    if (step == 0)
        golden_check_f32(w->g, v, n, "dit/sampler%d.v_step0", w->steps);
    if (step + 1 == w->steps)
        golden_check_f32(w->g, v, n, "dit/sampler%d.v_last", w->steps);
}

/* The fast form gives the target's rows: they stand in for those of the plain form's x. */
static void sample_fast(struct golden *g, const struct mega_dit *m, const struct mega_dit_input *in,
                        const struct mega_sampling *plain, float *x)
{
    struct ora_err err = {0};
    struct mega_sampling how = *plain;
    size_t n = (size_t)mega_dit_rows(in) * MEGA_LATENT, first = (size_t)in->prompt_rows * MEGA_LATENT;
    float *fast = ora_xmalloc(n * sizeof *fast);
    how.watch = NULL;
    golden_must(mega_dit_sample(&g->compute, m, in, &how, fast, &err), &err, "fast sampling");
    memcpy(x + first, fast + first, (n - first) * sizeof *x);
    golden_again(g, "dit/sampler%d.x_final", how.steps);
    golden_check_f32(g, x, n, "dit/sampler%d.x_final", how.steps);
    free(fast);
}

static void sample(struct golden *g, const struct mega_dit *m, const struct mega_dit_input *in, int steps)
{
    struct ora_err err = {0};
    struct watcher w = {g, steps, mega_dit_rows(in)};
    struct mega_sampling how = {
        .steps = steps, .p_w = 1.6, .t_w = 2.5, .noise = noise, .watch = watch, .ctx = &w};
    size_t n = (size_t)w.rows * MEGA_LATENT;
    float *x = ora_xmalloc(n * sizeof *x);
    golden_must(mega_dit_sample_plain(&g->compute, m, in, &how, x, &err), &err, "sampling");
    golden_check_f32(g, x, n, "dit/sampler%d.x_final", steps);
    sample_fast(g, m, in, &how, x);
    free(x);
}

void golden_run_dit(struct golden *g)
{
    struct mega_dit *m = ora_xcalloc(1, sizeof *m);
    size_t phones, tones, frames, latents;
    int32_t *p = golden_i32(g, &phones, "dit/in.phones"), *t = golden_i32(g, &tones, "dit/in.tones");
    int32_t *mel2ph = golden_i32(g, &frames, "dit/in.mel2ph");
    float *prompt = golden_f32(g, &latents, "dit/in.prompt_latents");
    golden_pack(g, bind, m);
    struct mega_dit_input in = {.phones = p,
                                .tones = t,
                                .phone_count = (int)phones,
                                .mel2ph = mel2ph,
                                .frames = (int)frames,
                                .prompt = prompt,
                                .prompt_rows = (int)latents / MEGA_LATENT};
    velocities(g, m, &in);
    sample(g, m, &in, 4);
    sample(g, m, &in, 8);
    free(p);
    free(t);
    free(mel2ph);
    free(prompt);
    free(m);
}
