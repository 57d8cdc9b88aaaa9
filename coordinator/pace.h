/* Pace: rates over the last minute, and when it will be over. Pure. */
#ifndef COORDINATOR_PACE_H
#define COORDINATOR_PACE_H

#include <stddef.h>
#include <stdint.h>

enum { ORA_PACE_SAMPLES = 61, ORA_PACE_EVERY_MS = 1000 };

struct ora_pace_sample {
    int64_t at_ms;
    double audio_s;
    uint64_t chars_done;
};

struct ora_pace {
    struct ora_pace_sample sample[ORA_PACE_SAMPLES]; /* a ring, one a second */
    size_t count, next;
};

void ora_pace_add(struct ora_pace *p, int64_t now_ms, double audio_s, uint64_t chars_done);
double
ora_pace_audio_rate(const struct ora_pace *p); /* audio seconds a wall second; 0 while nothing is known */
double ora_pace_eta_s(const struct ora_pace *p, uint64_t chars_left); /* < 0: not known */

#endif
