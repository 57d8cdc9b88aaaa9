/*
 * Double-precision exp, log and sin/cos for the scalar parts of models (durations, splines, noise). The C
 * library's own choose code by processor and version, and a last bit there becomes another duration: these
 * are plain multiplications and additions in one order, so their bits are the same on every IEEE machine (the
 * build forbids contraction). Errors are below 2 ulp. Pure; any thread.
 */
#ifndef ORA_NN_DMATH_H
#define ORA_NN_DMATH_H

double ora_dexp(double x); /* 0 below -708, a finite value at most e^709 */
double ora_dlog(double x); /* x > 0, normal */
void ora_dsincos_turns(double turns, double *sine, double *cosine); /* of 2*pi*turns, 0 <= turns <= 1 */

#endif
