/*
 * What `voice check` tells of a MegaTTS 3 voice's files, without speaking: of a base which parts it has, how
 * its duration model counts (use_pos_embed), which sizes and paddings it uses, what the importer dropped, and
 * whether a weight is no number; of a cloned voice what its prompt is.
 *
 * The release leaves some of this open (README.md): the lines settle it for the files at hand.
 */
#ifndef ORA_MODELS_MEGATTS3_INSPECT_H
#define ORA_MODELS_MEGATTS3_INSPECT_H

#include "models/family.h"

bool mega_is_base(const struct ora_voice *voice);
int mega_inspect(const struct ora_voice *voice, ora_finding_fn *finding, void *ctx, struct ora_err *err);

#endif
