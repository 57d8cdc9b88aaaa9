/*
 * Voice mark: one hash over all of a voice that decides bytes of audio or records: its weights, its
 * voice.yaml (settings, symbols, licence …; not its comments, nor where it came from), and the same of its
 * base. A run keeps the mark of each of its voices, so that another voice under the same name is noticed:
 * after a stop, and on another host.
 */
#ifndef ORA_JOB_VOICE_MARK_H
#define ORA_JOB_VOICE_MARK_H

#include "models/family.h"

/* Lower-case SHA-256. */
void ora_voice_mark(const struct ora_voice *voice, char hex[65]);

#endif
