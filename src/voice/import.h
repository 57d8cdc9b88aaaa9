/*
 * Import: a foreign model file becomes a voice folder: voice.yaml, model.safetensors, the model card if there
 * is one.
 *
 *     struct ora_voice_import_request q = {.path = "en_US-joe-medium.onnx", .license = "CC0-1.0 (data set)"};
 *     char *dir = NULL;
 *     ora_voice_import(&q, &dir, &err);       // "voices/en_US-joe-medium"; caller frees
 *
 * The family reads the model; this side adds licence, source and provenance (hashes of the files read), reads
 * the result back, and only then gives the folder its name. On failure nothing is left.
 */
#ifndef ORA_VOICE_IMPORT_H
#define ORA_VOICE_IMPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "models/family.h"

struct ora_voice_import_request {
    const char *path;    /* a model file, or a folder that holds one */
    const char *family;  /* NULL: told by what lies at the path, and said by a note */
    const char *name;    /* NULL: from the file's name */
    const char *out_dir; /* the voice is out_dir/name; NULL: the first of $ORATORIO_VOICES, or ./voices */
    const char *license; /* NULL: what a MODEL_CARD beside the model says, or "unknown" */
    const char *license_note; /* NULL: what a MODEL_CARD says of training, or none */
    const char *source;       /* where the model came from; may be NULL */
    bool replace;             /* a voice of that name may be there and is replaced; else BUSY is returned */
    const char *dims;         /* sizes of the model where they are not the family's usual ones; may be NULL */
    void (*progress)(void *ctx, const char *what, double share); /* may be NULL */
    void (*note)(void *ctx, const char *text); /* what the family tells of the files; may be NULL */
    void *progress_ctx;                        /* of both */
};

/* *voice_dir is the finished folder; caller frees; NULL on failure; may be NULL. */
int ora_voice_import(const struct ora_voice_import_request *request, char **voice_dir, struct ora_err *err);

/* Whose file this is, by its size and SHA-256: what the family knows of releases, or "unknown"; NULL where it
 * knows none. */
const char *ora_voice_import_origin(const struct ora_family *family, uint64_t bytes, const char *sha256);

/* A voice whose weights the family makes by a formula of `seed` (family->make_random); voice.yaml and every
 * record say so. The request's path is NULL; family and name are needed. Where the family clones voices these
 * are two: NAME-base, and NAME, cloned of the prompt.wav that the family left in NAME-base. */
int ora_voice_make_random(const struct ora_voice_import_request *request, const char *seed, char **voice_dir,
                          struct ora_err *err);

#endif
