/*
 * Finish: what a model gave becomes the samples that are stored: trim → resample → gain; then they are
 * measured. Each step is off unless the spec asks for it; buffers are kept from one utterance to the next.
 */
#ifndef ORA_RENDER_FINISH_H
#define ORA_RENDER_FINISH_H

#include <stddef.h>
#include <stdint.h>

#include "audio/resample.h"
#include "audio/spectrum.h"
#include "base/err.h"
#include "render/render.h"

struct ora_finish {
    struct ora_resampler resampler;
    struct ora_spectrum *spectrum;
    float *work; /* a copy, when samples must change in place */
    size_t work_cap;
    int16_t *s16;
    size_t s16_cap;
};

struct ora_finished {
    const float *pcm;
    const int16_t *s16; /* NULL for WAV_F32 */
    size_t samples;
    int sample_rate_hz;
    size_t trimmed; /* samples cut off at the start, at the model's rate */
    char pcm_sha256[65];
    struct ora_checks checks;
};

void ora_finish_init(struct ora_finish *f);
void ora_finish_release(struct ora_finish *f);
/* out's pointers are f's or spoken's. Errors: NOT_FINITE (sample named), BAD_INPUT (no samples), NO_MEMORY.
 */
int ora_finish_run(struct ora_finish *f, const struct ora_render_spec *spec, const struct ora_spoken *spoken,
                   struct ora_finished *out, struct ora_err *err);

#endif
