/* libsndfile's formats and errors in the house's words; inside src/audio only. */
#ifndef ORA_AUDIO_SNDFILE_ERR_H
#define ORA_AUDIO_SNDFILE_ERR_H

#include <sndfile.h>

#include "audio/codec.h"

/*
 * FLAC's level 2 of 8: fixed predictors in integers, so that the same samples give the same bytes on every
 * processor (from level 3 on the predictor is a float computation that libFLAC does by SIMD of the processor
 * at hand), and the fastest: on speech a third less time than level 5 for files 3 to 4 % larger.
 */
#define ORA_FLAC_LEVEL (2.0 / 8.0)

int ora_sndfile_format(enum ora_codec codec);
/* The message of sf (or of the last failed open, for NULL) after the formatted text; returns `code`. */
int ora_sndfile_err(struct ora_err *err, int code, SNDFILE *sf, const char *what);

#endif
