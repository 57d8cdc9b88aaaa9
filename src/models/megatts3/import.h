/*
 * Import: the released MegaTTS 3, five folders of checkpoints, becomes a base voice (base_voice.h).
 *
 *     diffusion_transformer/model_only_last.ckpt, config.yaml      ["state_dict"]["dit"]
 *     duration_lm/model_only_last.ckpt                             ["state_dict"]["dur_model"]
 *     aligner_lm/model_only_last.ckpt                              ["state_dict"]["model"]
 *     wavvae/decoder.ckpt (the release), and/or model_only_last.ckpt with an encoder, there or in
 * wavvae-full/
 *                                                                  ["state_dict"]["model_gen"]
 *     g2p/model.safetensors, config.json, added_tokens.json, vocab.json, merges.txt
 *
 * Beside each .ckpt a .safetensors of the same tensors (keys as in the state dict) will do. Every name and
 * shape is checked against official.h; unknown tensors are told and dropped; weight norm is folded in double.
 * Folders may be missing: then the notes say what the voice cannot do. Nothing in any file is executed or
 * evaluated.
 *
 * Memory: one file is mapped at a time (two while the two WaveVAEs are compared), beside it one tensor.
 */
#ifndef ORA_MODELS_MEGATTS3_IMPORT_H
#define ORA_MODELS_MEGATTS3_IMPORT_H

#include "models/family.h"

#define MEGA_LICENSE "Apache-2.0"
#define MEGA_NOTICE                                                                                          \
    "MegaTTS 3 weights by ByteDance Ltd. and/or its affiliates, released under the Apache License 2.0"

/* family->known_files: those of the release that are read, and a WaveVAE with an encoder that others publish.
 */
extern const struct ora_known_file mega_known_files[];

#define MEGA_IMPORT_READS                                                                                    \
    "the release of MegaTTS 3: the folder that holds diffusion_transformer, duration_lm, aligner_lm, "       \
    "wavvae and g2p, "                                                                                       \
    "or some of them"
/* family->import_knows: any of the five folders is there. */
bool mega_import_knows(const char *path, struct ora_str *what);

/* family->import. NOT_FOUND: none of the folders is there. FORMAT, UNSUPPORTED, VOICE: what is wrong with
 * which file or tensor. */
int mega_import(const char *dir, const struct ora_import_options *options, struct ora_str *yaml,
                struct ora_err *err);

#endif
