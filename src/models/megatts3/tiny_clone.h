/* For tests: a cloned voice of mini size, its weights and its prompt made by formulas. */
#ifndef ORA_MODELS_MEGATTS3_TINY_CLONE_H
#define ORA_MODELS_MEGATTS3_TINY_CLONE_H

#include "models/family.h"

/* Writes DIR/base and DIR/clone; *voice and its base are fresh. */
int tiny_clone_make(const char *dir, struct ora_voice **voice, struct ora_err *err);
void tiny_clone_free(struct ora_voice **voice);

#endif
