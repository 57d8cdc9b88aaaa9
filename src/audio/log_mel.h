/*
 * Log-mel spectra of speech models: centred frames with reflected ends, Hann window, power spectrum, Slaney's
 * mel filters (area norm), logarithm. What differs between models lies in the spec; `ora_log_mel_whisper` is
 * the front end of Whisper (Radford et al. 2022) without its padding to 30 s.
 *
 *     struct ora_log_mel *m = ora_log_mel_create(&ora_log_mel_whisper);
 *     size_t frames = ora_log_mel_frames(m, n);
 *     float *mel = …;                                  // [mels][frames]
 *     ora_log_mel_forward(m, x, n, mel, &err);
 *     ora_log_mel_destroy(&m);
 *
 * Threads: one a struct (it holds the work space). Computed in double.
 */
#ifndef ORA_AUDIO_LOG_MEL_H
#define ORA_AUDIO_LOG_MEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ora_log_mel_spec {
    int sample_rate_hz;
    int points, hop; /* of a frame, its window and its transform; samples between frames */
    int mels;
    double low_hz, high_hz; /* the filters' edges */
    bool drop_last;         /* n/hop frames instead of n/hop + 1 */
    double least;           /* powers below it count as it, before log10 */
    double range;           /* nothing lies further below the loudest value, in log10; 0: no such limit */
    double add, multiply;   /* last: (log10 + add) * multiply */
};
extern const struct ora_log_mel_spec ora_log_mel_whisper; /* 16 kHz, 400 points, hop 160, 80 mels */

struct ora_log_mel;

struct ora_log_mel *ora_log_mel_create(const struct ora_log_mel_spec *spec);
void ora_log_mel_destroy(struct ora_log_mel **m);

size_t ora_log_mel_frames(const struct ora_log_mel *m, size_t samples);
/* out: [mels][frames]. BAD_INPUT when there are too few samples to reflect: points/2 + 1 are needed. */
int ora_log_mel_forward(struct ora_log_mel *m, const float *x, size_t samples, float *out,
                        struct ora_err *err);

/* The filters, [mels][points/2 + 1]. */
const float *ora_log_mel_filters(const struct ora_log_mel *m);

#endif
