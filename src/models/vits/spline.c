/* One scalar through the inverse spline. The knots' differences are used, never the shares they were summed
 * from: the last knot is set to 5 exactly, and width and height must agree with it. */
#include "models/vits/spline.h"

#include "nn/dmath.h"

#define BOUND 5.0
#define LEAST 1e-3 /* width, height and derivative */

/* Softmax of u/root, floored, as cumulative knots from -BOUND to BOUND. */
static void knots(const float *u, int stride, int bins, double root, double *knot)
{
    double share[VITS_SPLINE_BINS_MAX], top = u[0] / root, sum = 0, at = 0;
    for (int k = 0; k < bins; k++) {
        share[k] = u[k * stride] / root;
        if (share[k] > top)
            top = share[k];
    }
    for (int k = 0; k < bins; k++)
        sum += share[k] = ora_dexp(share[k] - top);
    for (int k = 0; k < bins; k++) {
        knot[k] = -BOUND + 2 * BOUND * at;
        at += LEAST + (1 - LEAST * bins) * (share[k] / sum);
    }
    knot[bins] = BOUND;
}

static double derivative(const float *u, int stride, int bins, int k)
{
    if (k == 0 || k == bins)
        return 1;
    double x = u[(k - 1) * stride];
    return LEAST + (x > 0 ? x + ora_dlog(1 + ora_dexp(-x)) : ora_dlog(1 + ora_dexp(x)));
}

double vits_spline_inverse(double y, const float *h, int stride, int bins, int hidden)
{
    if (!(y >= -BOUND && y <= BOUND))
        return y;
    double cw[VITS_SPLINE_BINS_MAX + 1], ch[VITS_SPLINE_BINS_MAX + 1], root = __builtin_sqrt((double)hidden);
    knots(h, stride, bins, root, cw);
    knots(h + bins * stride, stride, bins, root, ch);
    int k = 0;
    while (k + 1 < bins && y >= ch[k + 1])
        k++;
    const float *u = h + 2 * bins * stride;
    double d0 = derivative(u, stride, bins, k), d1 = derivative(u, stride, bins, k + 1);
    double width = cw[k + 1] - cw[k], height = ch[k + 1] - ch[k], slope = height / width, x = y - ch[k];
    double s = d0 + d1 - 2 * slope;
    double a = x * s + height * (slope - d0), b = height * d0 - x * s, c = -slope * x;
    double radicand = b * b - 4 * a * c;
    return 2 * c / (-b - __builtin_sqrt(radicand > 0 ? radicand : 0)) * width + cw[k];
}
