/*
 * Adding cloned voices: a recording becomes a voice folder that speaks with a base's networks.
 *
 *     struct ora_voice_add_request q = {.name = "ann", .base = "megatts3", .prompt = "ann.wav",
 *                                       .consent = "Ann Example, by letter of 2026-10-02",
 *                                       .license = "for our audiobooks only"};
 *     rc = ora_voice_add(&q, added, ctx, &totals, &err);      // added(ctx, {"ann", .dir = "voices/ann", …})
 *
 * Where the prompt is a folder, each WAV or FLAC in it becomes a voice, named by its file (behind NAME- when
 * a name is given), with the .npy of the same name as its latents where there is one. One that is refused is
 * told and the others go on; one that was made before of the same files, with the same base, consent and
 * licence, is left as it is, so that the same call goes on where it was stopped.
 *
 * Before anything is made the base's weights are hashed: a voice of a damaged base would be refused later.
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

enum ora_voice_fate { ORA_VOICE_MADE, ORA_VOICE_THERE, ORA_VOICE_REFUSED };

struct ora_voice_added {
    const char *name;
    const char *prompt, *latents; /* the files; latents NULL: the encoder made them */
    enum ora_voice_fate fate;
    const char *dir;           /* of the voice; NULL where it was refused */
    const struct ora_err *why; /* refused; else NULL */
};

/* Once a recording. */
typedef void ora_voice_added_fn(void *ctx, const struct ora_voice_added *added);

struct ora_voice_add_totals {
    size_t made, there, refused;
};

/* The first error. All totals are 0 with an error when nothing was tried (BAD_USAGE: what the request lacks;
 * no base, no recordings). added and totals may be NULL. */
int ora_voice_add(const struct ora_voice_add_request *request, ora_voice_added_fn *added, void *added_ctx,
                  struct ora_voice_add_totals *totals, struct ora_err *err);

#endif
