/*
 * Cross-fade: chunks joined over 3840 samples (0.16 s) by the two halves of a symmetric Hann window.
 *
 *     size_t have = 0;
 *     for each chunk: have = mega_crossfade(out, have, chunk, samples);   // out has room for all of them
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_CROSSFADE_H
#define ORA_MODELS_MEGATTS3_CROSSFADE_H

#include <stddef.h>

enum { MEGA_FADE = 3840 };

/* Samples that `have` and then `n` make together: the overlap is MEGA_FADE, or less where either is shorter.
 */
size_t mega_crossfade_samples(size_t have, size_t n);
/* Joins next[n] to the `have` samples of out; returns their new number. out has room for have + n. */
size_t mega_crossfade(float *out, size_t have, const float *next, size_t n);
/* The rising half of the window at i of MEGA_FADE, and the falling one: fade[MEGA_FADE - 1 - i]. */
void mega_crossfade_window(float fade[MEGA_FADE]);

#endif
