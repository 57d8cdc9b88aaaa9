/* The release's small files: settings that change results, and the G2P's tokenizer. Read, never evaluated. */
#ifndef ORA_MODELS_MEGATTS3_IMPORT_CONFIG_H
#define ORA_MODELS_MEGATTS3_IMPORT_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "models/megatts3/dims.h"

/* Whether path (folder/…) is there to be read. *there is false where neither it nor a link of its name is;
 * what is there and cannot be opened (a dangling or circular link, another's file) is an error. */
int mega_import_finds(const char *folder, const char *path, bool *there, struct ora_err *err);

/* A whole number at the outermost level of a config.yaml; *found tells whether it stands there. The reference
 * runs
 * "${…}" in these files as Python: here it is an error. The file is read by lines, so that whatever else
 * stands in it (tags, anchors) is not looked at. NOT_FOUND: no such file. */
int mega_config_number(const char *path, const char *key, long min, long max, long *value, bool *found,
                       struct ora_err *err);

struct mega_tokenizer_files {
    char *vocab, *merges; /* bytes of vocab.json and merges.txt; owned */
    size_t vocab_bytes, merges_bytes;
    bool config_missing, added_missing; /* config.json, added_tokens.json: nothing to compare with */
};

/* Reads the G2P's folder and compares it with the dims: config.json's sizes, the ids in added_tokens.json,
 * the vocabulary as such. */
int mega_tokenizer_files_read(const char *folder, const struct mega_g2p_dims *d,
                              struct mega_tokenizer_files *t, struct ora_err *err);
void mega_tokenizer_files_release(struct mega_tokenizer_files *t);

#endif
