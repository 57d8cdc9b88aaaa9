/*
 * Spectrum: the bandwidth of a signal as Hi-Fi TTS measured it: mean power spectrum (512 points, hop 10 ms,
 * Blackman-Harris window), highest bin within 50 dB of the strongest.
 *
 *     struct ora_spectrum *s = ora_spectrum_create();
 *     hz = ora_spectrum_bandwidth_hz(s, x, n, rate);   // 0 for silence
 *     ora_spectrum_begin(s, rate);                         // the same of a signal in pieces
 *     ora_spectrum_add(s, x, n); … hz = ora_spectrum_end_bandwidth_hz(s);
 *     ora_spectrum_destroy(&s);
 *
 * Threads: one a struct (it holds the work space).
 */
#ifndef ORA_AUDIO_SPECTRUM_H
#define ORA_AUDIO_SPECTRUM_H

#include <stddef.h>

enum { ORA_SPECTRUM_POINTS = 512, ORA_SPECTRUM_BINS = ORA_SPECTRUM_POINTS / 2 + 1 };

struct ora_spectrum;

struct ora_spectrum *ora_spectrum_create(void);
void ora_spectrum_destroy(struct ora_spectrum **s);
/* Mean power of each bin over all frames (one frame, filled with zeros, when n is shorter). */
void ora_spectrum_mean(struct ora_spectrum *s, const float *x, size_t n, int sample_rate_hz,
                       double power[ORA_SPECTRUM_BINS]);
/* The bits do not depend on how the signal is cut. */
void ora_spectrum_begin(struct ora_spectrum *s, int sample_rate_hz);
void ora_spectrum_add(struct ora_spectrum *s, const float *x, size_t n);
void ora_spectrum_end(struct ora_spectrum *s, double power[ORA_SPECTRUM_BINS]);
double ora_spectrum_end_bandwidth_hz(struct ora_spectrum *s);
double ora_spectrum_bandwidth_hz(struct ora_spectrum *s, const float *x, size_t n, int sample_rate_hz);

#endif
