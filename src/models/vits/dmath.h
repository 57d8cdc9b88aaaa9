/*
 * Double-precision exp, log and sin/cos for the scalar parts of the model (durations, spline, noise). The C
 * library's own choose code by processor and version, and a last bit there becomes another duration: these
 * are plain multiplications and additions in one order, so their bits are the same on every IEEE machine (the
 * build forbids contraction). Errors are below 2 ulp. Pure; any thread.
 */
#ifndef ORA_MODELS_VITS_DMATH_H
#define ORA_MODELS_VITS_DMATH_H

double vits_exp(double x); /* 0 below -708, a finite value at most e^709 */
double vits_log(double x); /* x > 0, normal */
void vits_sincos_turns(double turns, double *sine, double *cosine); /* of 2*pi*turns, 0 <= turns <= 1 */

#endif
