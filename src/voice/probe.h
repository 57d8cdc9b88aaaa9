/*
 * Probe: the same sentence at two values of a setting, and how far apart the two are: in length, in level, in
 * their mean spectrum. It measures what a cheaper value costs where no reference is at hand.
 *
 *     struct ora_probe_result p;
 *     rc = ora_voice_probe(voice, model, &request, &p, &err);    // of family->probe, which must be there
 *     ora_voice_probe_tell(&p, family->probe, &text);
 */
#ifndef ORA_VOICE_PROBE_H
#define ORA_VOICE_PROBE_H

#include <stdbool.h>

#include "base/str.h"
#include "models/family.h"

struct ora_probe_result {
    bool failed; /* a rendering gave an error or samples that are no numbers: `why` */
    struct ora_err why;
    double seconds[2], cpu_s[2]; /* at the low and the high value */
    double rms_dbfs[2];
    double spectrum_db; /* RMS difference of the two mean power spectra, each at its own level, over the bins
                           within 50 dB of the loudest */
};

/* Negative when it could not be tried; a rendering that fails is in the result. */
int ora_voice_probe(const struct ora_voice *voice, const struct ora_model *model,
                    const struct ora_request *request, struct ora_probe_result *p, struct ora_err *err);
void ora_voice_probe_tell(const struct ora_probe_result *p, const struct ora_probe *probe,
                          struct ora_str *text);

#endif
