/*
 * One state dict of the release: a torch file or a safetensors dump, under the names that official.h uses.
 *
 *     struct mega_source s;
 *     mega_source_open(&s, "…/model_only_last.ckpt", "dit", "dit.", &err);
 *     const struct ora_tensor *t = mega_source_find(&s, "dit.prenet.weight");     // or NULL; it is marked
 *     mega_source_close(&s);
 *
 * Names lose "module." and "_orig_mod." (wrappers of training and compiling) and get the prefix.
 */
#ifndef ORA_MODELS_MEGATTS3_IMPORT_SOURCE_H
#define ORA_MODELS_MEGATTS3_IMPORT_SOURCE_H

#include "models/megatts3/official.h"
#include "weights/safetensors.h"
#include "weights/torch.h"

struct mega_source {
    char *path;
    struct ora_torch *torch; /* or */
    struct ora_weights *weights;
    struct mega_source_tensor {
        char *name;
        const struct ora_tensor *tensor;
        bool known; /* somebody looked for it */
    } * item;       /* sorted by name */
    size_t count;
};

/* `key` is the one below "state_dict"; NULL where the file is the dict itself. FORMAT: two names become one.
 */
int mega_source_open(struct mega_source *s, const char *path, const char *key, const char *prefix,
                     struct ora_err *err);
void mega_source_close(struct mega_source *s);
const struct ora_tensor *mega_source_find(struct mega_source *s, const char *name);
bool mega_source_has_prefix(const struct mega_source *s, const char *prefix);
/* Compares the whole file with the checksums in it, where it has some. */
int mega_source_verify(const struct mega_source *s, struct ora_err *err);

/* The tensor or, where the release holds a normed weight, its direction (".weight_v") with its length in *g
 * (".weight_g"); type and shape checked: VOICE with tensor, wanted, found. */
int mega_source_take(struct mega_source *s, const struct mega_official_tensor *want, enum ora_dtype dtype,
                     const struct ora_tensor **tensor, const struct ora_tensor **g, struct ora_err *err);

#endif
