/*
 * Level: what can be told of a signal in one pass: RMS, peak, and where it is silent. Silence is a run of
 * samples with |x| <= 0.01 (sherpa-onnx's measure of pauses). Pure functions; sums in double, in one order.
 */
#ifndef ORA_AUDIO_LEVEL_H
#define ORA_AUDIO_LEVEL_H

#include <stddef.h>

#define ORA_SILENCE_LEVEL 0.01f

struct ora_level {
    double rms, peak;   /* linear */
    size_t lead, trail; /* samples of silence before the first and after the last sounding sample; both n when
                           all is silent */
    size_t max_silence; /* the longest run of silence anywhere between them */
};

void ora_level_measure(const float *x, size_t n, struct ora_level *level);
/* The part to keep: `margin` samples of silence at most at either end. All silent: everything is kept. */
void ora_level_trim(const float *x, size_t n, size_t margin, size_t *start, size_t *count);

#endif
