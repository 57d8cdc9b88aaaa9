/*
 * Adding cloned voices: a recording becomes a voice folder that speaks with a base's networks.
 *
 *     struct ora_voice_add_request q = {.name = "ann", .base = "megatts3", .prompt = "ann.wav",
 *                                       .consent = "Ann Example, by letter of 2026-10-02",
 *                                       .license = "for our audiobooks only"};
 *     rc = ora_voice_add(&q, added, ctx, &err);      // added(ctx, "ann", "voices/ann", NULL)
 *
 * Where the prompt is a folder, each WAV or FLAC in it becomes a voice, named by its file (behind NAME- when
 * a name is given), with the .npy of the same name as its latents where there is one. One that fails is told
 * and the others go on.
 *
 * Consent and licence are mandatory: both go into voice.yaml and into every record of the voice.
 */
#ifndef ORA_VOICE_ADD_H
#define ORA_VOICE_ADD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ora_voice_add_request {
    const char *name;         /* NULL: by the file, where the prompt is a folder */
    const char *family;       /* NULL: the base's */
    const char *base;         /* name or folder of the base voice */
    const char *prompt;       /* a recording, or a folder of them */
    const char *latents;      /* NULL, or for a single recording; a folder holds them itself */
    const char *encoder_seed; /* NULL: no noise */
    const char *consent, *license;
    const char *license_note, *source; /* may be NULL */
    const char *lang;                  /* NULL: the base's */
    const char *out_dir;               /* NULL: where the base lies */
    const char *kernels;
    bool replace;
    void (*progress)(void *ctx, const char *what, double share); /* may be NULL */
    void (*note)(void *ctx, const char *text);                   /* may be NULL */
    void *ctx;                                                   /* of both */
};

/* Once a voice: its folder, or why there is none. */
typedef void ora_voice_added_fn(void *ctx, const char *name, const char *dir, const struct ora_err *why);

/* The first error. *failed (may be NULL): how many voices `added` was told why there are none; 0 with an
 * error when nothing was tried (BAD_USAGE: what the request lacks; no base, no recordings). */
int ora_voice_add(const struct ora_voice_add_request *request, ora_voice_added_fn *added, void *added_ctx,
                  size_t *failed, struct ora_err *err);

#endif
