/*
 * A base voice of weights by the formula (formula.h), so that the whole path can be tested and measured
 * without the release: family->make_random. It speaks noise, and voice.yaml says so.
 *
 * The voice cloned from it has the formula's alignment where the aligner of chance hears nothing (prompt.h);
 * its voice.yaml says so.
 *
 * dims: what mega_dims_choose takes; NULL is "mini". The tokenizer is a byte-level BPE of our own: 256 bytes
 * and a few merges; with ids up to those of the dims.
 */
#ifndef ORA_MODELS_MEGATTS3_MAKE_RANDOM_H
#define ORA_MODELS_MEGATTS3_MAKE_RANDOM_H

#include "models/family.h"
#include "models/megatts3/dims.h"

/* Appends the family's part of voice.yaml. Writes tensors in pieces: little memory at any size. */
int mega_make_random(const char *seed, const struct ora_import_options *options, struct ora_str *yaml,
                     struct ora_err *err);

#endif
