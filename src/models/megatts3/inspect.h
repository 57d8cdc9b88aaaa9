/*
 * What `voice check` tells of a MegaTTS 3 voice's files, without speaking: of a base which parts it has and
 * whether the file has their tensors, how its duration model counts (use_pos_embed), which sizes and paddings
 * it uses, what the importer dropped, whether a weight is no number, and what to do with it next; of a cloned
 * voice what its prompt is. A part that is not there has no rows.
 *
 * The release leaves some of this open (README.md): the lines settle it for the files at hand.
 */
#ifndef ORA_MODELS_MEGATTS3_INSPECT_H
#define ORA_MODELS_MEGATTS3_INSPECT_H

#include "models/family.h"

int mega_inspect(const struct ora_voice *voice, ora_finding_fn *finding, void *ctx, struct ora_err *err);

#endif
