/*
 * Loudness: integrated loudness by ITU-R BS.1770-4 / EBU R 128 (libebur128), and the gain that brings a
 * signal to a target. Pure functions.
 */
#ifndef ORA_AUDIO_LOUDNESS_H
#define ORA_AUDIO_LOUDNESS_H

#include <stddef.h>

#include "base/err.h"

/* *lufs: -INFINITY for silence (below the absolute gate of -70 LUFS). The measure has no block before 400 ms:
 * a shorter clip is measured as if it were said again and again until the first block is full, so that its
 * own level counts and not the silence that follows it. */
int ora_loudness_lufs(const float *x, size_t n, int sample_rate_hz, double *lufs, struct ora_err *err);

/* The factor for x. target_lufs NAN: no target; peak_dbfs NAN: no ceiling. The ceiling (sample peak) wins
 * over the target: the gain is made smaller, samples are never bent. 1.0 for silence. */
double ora_loudness_gain(double lufs, double peak, double target_lufs, double peak_dbfs);

#endif
