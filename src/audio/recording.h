/*
 * Recordings: what a user hands in, a WAV or FLAC file of any rate, channels and sample type, as mono floats.
 *
 *     struct ora_recording r = {0};
 *     ora_recording_read(&r, "prompt.wav", 60, &err);       // r.mono: the mean of the channels
 *     ora_recording_release(&r);
 *
 * Threads: any; a struct belongs to one.
 */
#ifndef ORA_AUDIO_RECORDING_H
#define ORA_AUDIO_RECORDING_H

#include <stddef.h>

#include "base/err.h"

struct ora_recording {
    float *mono; /* full scale is 1 */
    size_t samples;
    int sample_rate_hz; /* 1000 … 384000 */
    int channels;       /* of the file */
    size_t full_scale;  /* samples of the file at or beyond full scale */
};

/* Errors: NOT_FOUND, FORMAT (neither WAV nor FLAC, damaged, no samples, a sample that is no number), LIMIT
 * (more than max_seconds). */
int ora_recording_read(struct ora_recording *r, const char *path, int max_seconds, struct ora_err *err);
/* The same from the bytes of a file; `name` is for messages. */
int ora_recording_parse(struct ora_recording *r, const void *bytes, size_t len, const char *name,
                        int max_seconds, struct ora_err *err);
void ora_recording_release(struct ora_recording *r);

#endif
