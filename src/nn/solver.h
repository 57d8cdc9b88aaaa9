/*
 * Solvers of flow-matching models: from noise at t = 0 to data at t = 1 along a velocity.
 *
 * Schedule: sway sampling (Chen et al., "F5-TTS", 2024) with coefficient -1: t_n = 1 - cos(pi n / 2N).
 * Step: AMO (Hu et al., "AMO Sampler: Enhancing Text Rendering with Overshooting", 2024): step too far, then
 * fall back with fresh noise, so that each time keeps its marginal distribution. With overshoot c = 0 it is
 * Euler's.
 *
 *     for n < N: v = velocity(x, ora_sway_time(n, N)); s = ora_amo_step(t_n, t_n+1, 3);
 *                x = s.scale*(x + s.reach*v) + s.noise*fresh
 *
 * All in double; the caller rounds once. Threads: pure.
 */
#ifndef ORA_NN_SOLVER_H
#define ORA_NN_SOLVER_H

#include <stddef.h>

double ora_sway_time(int n, int steps);

struct ora_amo_step {
    double reach; /* o - t: how far along the velocity */
    double scale; /* a = s/o */
    double noise; /* b */
};
struct ora_amo_step ora_amo_step(double t, double next, double overshoot);
/* x = scale*(x + reach*v) + noise*fresh over n floats. */
void ora_amo_apply(float *x, const float *v, const float *fresh, size_t n, struct ora_amo_step step);

#endif
