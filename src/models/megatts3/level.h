/*
 * Level: the loudness that MegaTTS 3 measures and the gain rule by which each chunk is brought to its
 * prompt's. Loudness is that of pyloudnorm 0.1.1 (Steinmetz & Reiss 2021) at 24 kHz: BS.1770-4 with filters
 * designed from their analogue prototypes, gating blocks of 0.4 s every 0.1 s whose last may be short. It
 * differs from libebur128's (audio/loudness.h) by some hundredths of a LU, and the expected samples were
 * levelled with this one.
 *
 *     double want = mega_loudness(prompt, n);                 // once a voice
 *     mega_level(chunk, samples, mega_level_gain(want, mega_loudness(chunk, samples)));
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_LEVEL_H
#define ORA_MODELS_MEGATTS3_LEVEL_H

#include <stddef.h>

enum { MEGA_LOUDNESS_BLOCK = 9600 }; /* samples: the least that can be measured */

/* LUFS of 24 kHz samples; -INFINITY when no block is above the gates, NAN for less than one block. */
double mega_loudness(const float *x, size_t n);
/* 10^((want - found) / 20); 1 where either is not finite. */
double mega_level_gain(double want_lufs, double found_lufs);
/* x *= gain; then, if its peak is 1 or more, scaled to a peak of 0.95. Returns the peak before that rule. */
float mega_level(float *x, size_t n, double gain);

#endif
