/*
 * A voice folder in the making: everything happens in a hidden folder beside its final place; the rename is
 * the last step, so that a voice is there completely or not at all.
 *
 *     struct ora_voice_folder f = {0};
 *     ora_voice_folder_init(&f, "ann", out_dir, replace, &err);
 *     ora_voice_folder_begin(&f, &err);
 *     … the family writes f.tmp/model.safetensors; voice.yaml is put together in a struct ora_str …
 *     ora_voice_folder_write(&f, "voice.yaml", s.data, s.len, &err);
 *     ora_voice_folder_finish(&f, &err);           // reads it back, gives it its name: f.final
 *     ora_voice_folder_release(&f);                // without finish: nothing is left
 *
 * Threads: one a struct.
 */
#ifndef ORA_VOICE_FOLDER_H
#define ORA_VOICE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define ORA_VOICE_WEIGHTS_FILE "model.safetensors"

struct ora_voice_folder {
    char *name, *out_dir, *final, *tmp;
    bool replace, begun;
};

/* out_dir NULL: the first of ora_voice_places(). BAD_USAGE for a name that cannot be one, BUSY when the
 * folder is there and `replace` is false. */
int ora_voice_folder_init(struct ora_voice_folder *f, const char *name, const char *out_dir, bool replace,
                          struct ora_err *err);
int ora_voice_folder_begin(struct ora_voice_folder *f, struct ora_err *err);
int ora_voice_folder_write(const struct ora_voice_folder *f, const char *file, const void *data, size_t len,
                           struct ora_err *err);
int ora_voice_folder_finish(struct ora_voice_folder *f, struct ora_err *err);
void ora_voice_folder_release(struct ora_voice_folder *f);

/* ---- parts of voice.yaml -------------------------------------------------------------------- */

void ora_voice_yaml_quoted(struct ora_str *out, const char *text);
void ora_voice_yaml_field(struct ora_str *out, const char *key, const char *text); /* nothing for NULL */
/* The map `weights` of the model.safetensors that lies in f.tmp. */
int ora_voice_yaml_weights(const struct ora_voice_folder *f, bool random, struct ora_str *out,
                           struct ora_err *err);

struct ora_voice_source {
    uint64_t bytes;
    char sha256[65];
};
int ora_voice_source_read(const char *path, struct ora_voice_source *source, struct ora_err *err);
/* One of the list `source_files` of `provenance`; origin may be NULL. */
void ora_voice_yaml_source(struct ora_str *out, const char *shown_as, const struct ora_voice_source *source,
                           const char *origin);

#endif
