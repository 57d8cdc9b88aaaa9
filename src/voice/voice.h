/*
 * Voices: finding, opening, listing and describing the folders that hold one. README.md tells what is in
 * them.
 *
 *     struct ora_voice *v = NULL;
 *     rc = ora_voice_open("en_US-joe-medium", &v, &err);     // or a path: "voices/x", "/x/voice.yaml"
 *     ora_family_find(v->family)->open(v, &options, &model, &err);
 *     ora_voice_close(&v);
 *
 * A name is looked for in the folders of ora_voice_places(), in this order: $ORATORIO_VOICES (a list with
 * colons), ./voices, $XDG_DATA_HOME/oratorio/voices (~/.local/share), /usr/local/share/oratorio/voices,
 * /usr/share/oratorio/voices. The voice `tone` is built in and needs no folder.
 *
 * Opening reads voice.yaml completely (unknown fields are refused with "did you mean") and compares the size
 * of the weights file with what was recorded at import, and the family that its header names with voice.yaml;
 * ora_voice_verify() hashes it; a family does before it packs the weights. model_sha256 comes from
 * voice.yaml.
 *
 * Threads: an open voice is read-only. Ownership: everything belongs to the struct ora_voice.
 */
#ifndef ORA_VOICE_VOICE_H
#define ORA_VOICE_VOICE_H

#include "base/err.h"
#include "base/str.h"
#include "models/family.h"

enum { ORA_VOICE_FORMAT = 1, ORA_VOICE_NAME_MAX = 64 };

/* NOT_FOUND (with the places that were searched and the nearest name), BAD_USAGE (a field of voice.yaml, with
 * file and line), VOICE (weights missing, damaged, or of a family that this build has not). */
int ora_voice_open(const char *name_or_path, struct ora_voice **voice, struct ora_err *err);
/* The same without a look at its base, which stays NULL: such a voice can be described and nothing else. */
int ora_voice_open_alone(const char *name_or_path, struct ora_voice **voice, struct ora_err *err);
/* The same from a voice.yaml's bytes; no file is looked at, dir and weights_path are relative to `dir`. */
int ora_voice_parse(const char *bytes, size_t len, const char *dir, struct ora_voice **voice,
                    struct ora_err *err);
void ora_voice_close(struct ora_voice **voice);

/* Hashes the weights file and compares it with model_sha256; VOICE when they differ. */
int ora_voice_verify(const struct ora_voice *voice, struct ora_err *err);

/* A speaker by name or number. BAD_USAGE names the speakers, or their number. */
int ora_voice_speaker(const struct ora_voice *voice, const char *name_or_number, int *speaker,
                      struct ora_err *err);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: what may be a folder on every system and a field in every list. */
bool ora_voice_name_ok(const char *name);

/* The folders that are searched, first one first. The array and its strings are freed by
 * ora_voice_places_free. */
char **ora_voice_places(size_t *count);
void ora_voice_places_free(char **places, size_t count);

/* Called once a voice, in the order of the places, sorted by name within one. A folder with a voice.yaml that
 * cannot be used gives *why, and a voice without base where only that is wrong, else NULL. A name found in an
 * earlier place hides later ones. A negative return ends the list. */
typedef int ora_voice_list_fn(void *ctx, const struct ora_voice *voice, const char *dir,
                              const struct ora_err *why);
int ora_voice_list(ora_voice_list_fn *fn, void *ctx, struct ora_err *err);

/* What a user wants to know of a voice. model may be NULL (then nothing from inside the weights). not_ready:
 * why it could not be opened; NULL: the family is asked. text and json may be NULL; *json is a fresh object.
 */
int ora_voice_describe(const struct ora_voice *voice, const struct ora_model *model, const char *not_ready,
                       struct ora_str *text, json_t **json, struct ora_err *err);

#endif
