/*
 * The deeds of `oratorio voice`: each is a verb of its own, with its options, its help and its name behind
 * "oratorio " in messages; verb_voice.c chooses one by the first word.
 */
#ifndef COORDINATOR_VOICE_DEEDS_H
#define COORDINATOR_VOICE_DEEDS_H

#include <jansson.h>

#include "base/err.h"
#include "coordinator/options.h"

extern const struct ora_verb ora_voice_list_verb, ora_voice_describe_verb, ora_voice_check_verb,
    ora_voice_settings_verb; /* voice_show.c */
extern const struct ora_verb ora_voice_import_verb, ora_voice_add_verb,
    ora_voice_make_random_verb; /* voice_make.c */

/* What a deed returns: rc, and 2 with one line on stderr when it is negative. */
int ora_voice_end(const struct ora_verb *deed, int rc, const struct ora_err *err);

#endif
