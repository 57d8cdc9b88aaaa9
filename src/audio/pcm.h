/*
 * PCM: mono samples as floats (nominally -1..1) and as 16-bit integers. Pure functions; the same input gives
 * the same bits on every processor.
 *
 * Full scale: 1.0 is 32767, as in Piper's WAV files. No dither: the noise of a synthetic voice is far above
 * one step, and dither would have to be keyed to be reproducible.
 */
#ifndef ORA_AUDIO_PCM_H
#define ORA_AUDIO_PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORA_PCM_SCALE = 32767 };

/* The index of the first NaN or infinity, or n. */
size_t ora_pcm_first_not_finite(const float *x, size_t n);
/* Rounds half to even and clamps; x is finite. Returns how many samples were outside the range and so were
 * clipped. */
uint32_t ora_pcm_to_s16(const float *x, size_t n, int16_t *out);
void ora_pcm_to_float(const int16_t *x, size_t n, float *out);
void ora_pcm_gain(float *x, size_t n, double gain);
float ora_pcm_peak(const float *x, size_t n); /* largest absolute value; 0 for none */
/* 20 log10(x); -INFINITY for 0. */
double ora_pcm_dbfs(double x);
double ora_pcm_from_db(double db);

#endif
