/*
 * Check: does a voice work, and does what comes out look like speech? Renders one sentence twice through the
 * family and judges files, signal and times. The judgement is coarse on purpose: it finds a wrong sample
 * rate, weights of noise, silence, clipping, a damaged file. It does not say that a voice sounds well.
 *
 *     struct ora_voice_check_options o = {0};
 *     struct ora_voice_report report = {0};
 *     rc = ora_voice_check(voice, &o, &report, &err);   // rc < 0: the check itself could not be done
 *     puts(ora_str_c(&report.text));                    // a line a finding: "PASS level  -21.4 dBFS (…)"
 *     ora_voice_report_release(&report);
 */
#ifndef ORA_VOICE_CHECK_H
#define ORA_VOICE_CHECK_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"
#include "models/family.h"

struct ora_voice_check_options {
    const char *text; /* NULL: a sentence of the voice's language */
    int speaker;      /* -1 or 0…; -1: the voice's default */
    const char
        *kernels; /* as in ora_open_options; NULL or "auto": the other classes of arithmetic are compared */
    const char *cache_dir;
};

struct ora_voice_report {
    enum ora_verdict worst;
    struct ora_str text; /* for people; ends with a newline */
    json_t *json; /* {"voice", "verdict", "findings": [{"what", "verdict", "value", "text"}], "facts"} */
};

int ora_voice_check(const struct ora_voice *voice, const struct ora_voice_check_options *options,
                    struct ora_voice_report *report, struct ora_err *err);
void ora_voice_report_release(struct ora_voice_report *report);

/* ---- what the signal is judged by: also of use to others ------------------------------------ */

struct ora_signal {
    size_t not_finite, beyond_full; /* samples that are NaN or infinite; beyond ±1 */
    double rms_dbfs, peak_dbfs;     /* -INFINITY for silence */
    double silence_share;           /* of 10 ms frames more than 50 dB below the loudest */
    double centroid_hz;             /* of the mean power spectrum */
    double bandwidth_hz;            /* its highest bin within 50 dB of the strongest (audio/spectrum.h) */
    double flatness;                /* its geometric over its arithmetic mean: a tone 0, white noise 1 */
};
int ora_signal_measure(const float *pcm, size_t samples, int sample_rate_hz, struct ora_signal *out,
                       struct ora_err *err);

#endif
