/* What the files of this folder share. */
#ifndef ORA_VOICE_VOICE_PRIVATE_H
#define ORA_VOICE_VOICE_PRIVATE_H

#include "voice/voice.h"

/* As ora_voice_parse; *weights_bytes is the recorded size of the weights, 0 when there are none. */
int ora_voice_read(const char *bytes, size_t len, const char *dir, struct ora_voice **voice,
                   int64_t *weights_bytes, struct ora_err *err);
/* Opens the voice in this folder: voice.yaml, and the size of its weights. */
int ora_voice_open_dir(const char *dir, struct ora_voice **voice, struct ora_err *err);
/* Nothing to read in it: empty, or nothing but spaces of any script (U+00A0, U+3000, …). */
bool ora_voice_text_blank(const char *text);

#endif
