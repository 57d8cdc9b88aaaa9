/*
 * Ready: can a voice do what it is for, as far as its voice.yaml and its base's tell? A base lends its
 * networks to cloned voices: it needs all that speaking needs, and the aligner. A cloned voice needs a base
 * that can speak and that still is as it was when the voice was made: its weights (src/voice compares their
 * hash) and its map `megatts3`, which says how they are used.
 *
 *     if (mega_ready(voice, &err) < 0)
 *         … err.message: what is missing or has changed, and what to do …
 *
 * No file is opened, so that a plan can ask for every voice of a job. Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_READY_H
#define ORA_MODELS_MEGATTS3_READY_H

#include "models/family.h"

/* family->is_base */
bool mega_is_base(const struct ora_voice *voice);
/* family->ready. VOICE; what reading voice.yaml gives. */
int mega_ready(const struct ora_voice *voice, struct ora_err *err);
/* A base's networks stand alone, a cloned voice has its base and a prompt, both make 24 kHz; VOICE for what
 * is neither, and for a base: it cannot be opened. */
int mega_check_clone(const struct ora_voice *voice, struct ora_err *err);

#endif
