/*
 * Level: what can be told of a signal in one pass: RMS, peak, and where it is silent. Silence is a run of
 * samples with |x| <= 0.01 (sherpa-onnx's measure of pauses). Sums in double, in one order, however the
 * signal is cut into pieces.
 *
 *     struct ora_level_meter m = {0};
 *     ora_level_add(&m, x, n); …
 *     ora_level_read(&m, &level);
 */
#ifndef ORA_AUDIO_LEVEL_H
#define ORA_AUDIO_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

#define ORA_SILENCE_LEVEL 0.01f

struct ora_level {
    double rms, peak;   /* linear */
    size_t lead, trail; /* samples of silence before the first and after the last sounding sample; both n when
                           all is silent */
    size_t max_silence; /* the longest run of silence anywhere between them */
};

struct ora_level_meter {
    double squares[4]; /* of every fourth sample */
    float waiting[4];  /* behind the last whole four */
    size_t waiting_count, samples;
    float peak;
    bool sounded;
    size_t lead, silent; /* samples before the first that sounds; since the last one */
    size_t max_silence;
};

void ora_level_add(struct ora_level_meter *m, const float *x, size_t n);
void ora_level_read(const struct ora_level_meter *m, struct ora_level *level); /* of all so far */
void ora_level_measure(const float *x, size_t n, struct ora_level *level);     /* both, of one piece */
/* The part to keep: `margin` samples of silence at most at either end. All silent: everything is kept. */
void ora_level_trim(const struct ora_level *level, size_t n, size_t margin, size_t *start, size_t *count);

#endif
