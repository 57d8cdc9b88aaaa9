/* The inverse rational-quadratic spline with linear tails (Durkan et al. 2019, "Neural spline flows"), as the
 * stochastic duration predictor uses it. Pure; double inside. */
#ifndef ORA_MODELS_VITS_SPLINE_H
#define ORA_MODELS_VITS_SPLINE_H

enum { VITS_SPLINE_BINS_MAX = 32 };

/* h: 3 * bins - 1 numbers, `stride` floats apart: widths, heights (both still to be divided by sqrt(hidden)),
 * inner derivatives. Values beyond +-5 come back unchanged. */
double vits_spline_inverse(double y, const float *h, int stride, int bins, int hidden);

#endif
