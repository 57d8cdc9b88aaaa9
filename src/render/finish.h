/*
 * Finish: what a model gave becomes the file that is stored: trim → resample → gain, then measured, rounded
 * and encoded. Each step is off unless the spec asks for it. Memory is flat: samples go through in blocks,
 * and what must be held whole (resampled ones, whose loudness is wanted first; the file) lies in a spool
 * (base/spool.h). Bits do not depend on the blocks. Buffers are kept from one utterance to the next.
 */
#ifndef ORA_RENDER_FINISH_H
#define ORA_RENDER_FINISH_H

#include <stddef.h>
#include <stdint.h>

#include "audio/codec.h"
#include "audio/resample.h"
#include "audio/spectrum.h"
#include "base/err.h"
#include "render/render.h"

struct ora_finish {
    struct ora_resampler resampler;
    struct ora_spool resampled;
    struct ora_spectrum *spectrum;
    struct ora_encoder encoder;
    float *gained; /* a block */
    int16_t *s16;  /* the same, rounded */
};

struct ora_finished {
    struct ora_bytes audio; /* the file */
    size_t samples;
    int sample_rate_hz;
    size_t trimmed; /* samples cut off at the start, at the model's rate */
    char pcm_sha256[65];
    struct ora_checks checks;
};

void ora_finish_init(struct ora_finish *f, const char *spool_dir); /* borrowed; may be NULL (base/spool.h) */
void ora_finish_release(struct ora_finish *f);
/* out's audio is f's, until the next run or clear. Errors: NOT_FINITE (sample named), BAD_INPUT (no samples),
 * LIMIT, NO_MEMORY, DISK_FULL and others of the spool. */
int ora_finish_run(struct ora_finish *f, const struct ora_render_spec *spec, const struct ora_spoken *spoken,
                   struct ora_finished *out, struct ora_err *err);
/* What a long utterance left on disk goes. */
void ora_finish_clear(struct ora_finish *f);

#endif
