/* libsndfile's formats and errors in the house's words; inside src/audio only. */
#ifndef ORA_AUDIO_SNDFILE_ERR_H
#define ORA_AUDIO_SNDFILE_ERR_H

#include <sndfile.h>

#include "audio/codec.h"

/*
 * Clips: FLAC's level 2 of 8. Its predictors are fixed and computed in integers, so that the same samples give the same bytes
 * on every processor; from level 3 on libFLAC computes predictors in floats, by the SIMD of the processor at hand. It is also
 * the fastest: of neural speech 120 us less a spoken second than level 5, for files 6 % larger.
 * Chapters: level 5, the library's own default: they are for listening, and smaller.
 */
#define ORA_FLAC_LEVEL_CLIP (2.0 / 8.0)
#define ORA_FLAC_LEVEL_CHAPTER (5.0 / 8.0)

int ora_sndfile_format(enum ora_codec codec);
/* The message of sf (or of the last failed open, for NULL) after the formatted text; returns `code`. */
int ora_sndfile_err(struct ora_err *err, int code, SNDFILE *sf, const char *what);

#endif
