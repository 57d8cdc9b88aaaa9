/* Schedule and step of the sampler. */
#include "nn/solver.h"

#include <math.h>

double ora_sway_time(int n, int steps)
{
    return n >= steps ? 1.0 : 1.0 - cos(3.14159265358979323846 * n / (2.0 * steps));
}

struct ora_amo_step ora_amo_step(double t, double next, double overshoot)
{
    double o = next + overshoot * (next - t);
    o = o < 1 ? o : 1;
    double a = next / o, left = (1 - next) * (1 - next) - a * (1 - o) * (a * (1 - o));
    return (struct ora_amo_step){o - t, a, left > 0 ? sqrt(left) : 0};
}

void ora_amo_apply(float *x, const float *v, const float *fresh, size_t n, struct ora_amo_step s)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(s.scale * ((double)x[i] + s.reach * (double)v[i]) + s.noise * (double)fresh[i]);
}
