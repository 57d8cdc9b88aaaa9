/*
 * Loudness: integrated loudness by ITU-R BS.1770-4 / EBU R 128 (libebur128), and the gain that brings a
 * signal to a target. No state but the meter's, whose reading does not depend on how the signal was cut.
 *
 *     ora_loudness_begin(&m, rate, samples, &err);      // of all that will be added
 *     ora_loudness_add(m, x, n, &err); …
 *     ora_loudness_end(&m, &lufs, &err);                // NULL lufs: only ends it
 */
#ifndef ORA_AUDIO_LOUDNESS_H
#define ORA_AUDIO_LOUDNESS_H

#include <stddef.h>

#include "base/err.h"

struct ora_loudness_meter;

/* *lufs: -INFINITY for silence (below the absolute gate of -70 LUFS). The measure has no block before 400 ms:
 * a shorter clip is measured as if it were said again and again until the first block is full, so that its
 * own level counts and not the silence that follows it. */
int ora_loudness_begin(struct ora_loudness_meter **m, int sample_rate_hz, size_t samples,
                       struct ora_err *err);
int ora_loudness_add(struct ora_loudness_meter *m, const float *x, size_t n, struct ora_err *err);
int ora_loudness_end(struct ora_loudness_meter **m, double *lufs,
                     struct ora_err *err); /* *m NULL: nothing to do */
/* All of it, of one piece. */
int ora_loudness_lufs(const float *x, size_t n, int sample_rate_hz, double *lufs, struct ora_err *err);

/* The factor for x. target_lufs NAN: no target; peak_dbfs NAN: no ceiling. The ceiling (sample peak) wins
 * over the target: the gain is made smaller, samples are never bent. 1.0 for silence. */
double ora_loudness_gain(double lufs, double peak, double target_lufs, double peak_dbfs);

#endif
