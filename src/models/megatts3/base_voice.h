/*
 * A base voice as it lies on disk: the one form that the importer and make-random write.
 *
 *     model.safetensors   tensors of official.h under "dit.", "dur.", "align.", "vae.", "g2p."; "bpe.vocab"
 * and "bpe.merges" (bytes of vocab.json and merges.txt) voice.yaml          megatts3: {role: base, dims: …,
 * parts: […], use_pos_embed, win_size}
 */
#ifndef ORA_MODELS_MEGATTS3_BASE_VOICE_H
#define ORA_MODELS_MEGATTS3_BASE_VOICE_H

#include "base/str.h"
#include "models/megatts3/official.h"
#include "weights/safetensors.h"

enum {
    MEGA_WIN_SIZE = 1200, /* of the prompt's padding, where nothing says otherwise */
    MEGA_FORMULA_SEED_MAX = 32,
};

struct mega_base_voice {
    struct mega_dims dims;
    bool part[MEGA_PARTS];
    bool use_pos_embed; /* of the duration model's decoder */
    int win_size;
    char formula_seed[MEGA_FORMULA_SEED_MAX + 1]; /* of random weights; empty: somebody trained them */
};

/* Creates the writer with what every base voice's header says. */
int mega_base_create(const char *path, struct ora_weights_writer **wr, struct ora_err *err);
/* Declares a part's tensors, in the list's order. */
int mega_base_declare(struct ora_weights_writer *wr, enum mega_part part, const struct mega_official *list,
                      struct ora_err *err);
int mega_base_declare_tokenizer(struct ora_weights_writer *wr, size_t vocab_bytes, size_t merges_bytes,
                                struct ora_err *err);
/* The family's part of voice.yaml; the family may append to its map (two spaces deep). */
void mega_base_yaml(const struct mega_base_voice *v, struct ora_str *yaml);
/* Of all that it says, however voice.yaml writes it: what a cloned voice depends on beside the weights. */
void mega_base_config_sha256(const struct mega_base_voice *v, char hex[65]);

/* What mega_base_yaml wrote: the map `megatts3` of a base's voice.yaml; every field is checked. A base
 * without `parts` has all but the WaveVAE encoder, one without `dims` the official sizes. BAD_USAGE, FORMAT
 * with file and line; VOICE when the map is no base's. */
int mega_base_read_yaml(const struct ora_yaml_node *map, struct mega_base_voice *v, struct ora_err *err);

#endif
