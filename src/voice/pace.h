/*
 * Pace: how fast a voice speaks on this processor, beside what its family foretells, in about a second: for
 * `plan`, where nothing was measured (src/tune measures with many workers and for minutes).
 *
 *     struct ora_voice_pace pace;
 *     rc = ora_voice_pace(voice, "avx512", sentences, &pace, &err);
 *     core_s = foretold_core_s * pace.longer * pace.dearer;
 *
 * A voice that is foretold to speak a sentence within a second does so, a few times. Of a slower one the
 * processor's rate is measured by a matrix product, beside that of the core that families foretell for.
 *
 * Threads: the caller's, and nothing is kept; opening a voice may write its packed weights into the cache.
 */
#ifndef ORA_VOICE_PACE_H
#define ORA_VOICE_PACE_H

#include "models/family.h"

struct ora_voice_pace {
    double
        longer; /* seconds of audio a character, as a multiple of what is foretold; 1: nothing was spoken */
    double dearer;  /* seconds of a core a second of audio, likewise */
    double start_s; /* to open the voice; 0: nothing was spoken */
    int sentences;  /* spoken */
};

/* With the voice's own settings; level: the kernels', as a run would take them; sentences: ends with NULL.
 * Errors: of opening the voice and of speaking. */
int ora_voice_pace(const struct ora_voice *voice, const char *level, const char *const *sentences,
                   struct ora_voice_pace *pace, struct ora_err *err);

#endif
