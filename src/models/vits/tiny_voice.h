/*
 * A small VITS voice made by a formula, for tests: every code path at a few thousand weights. Its audio is
 * noise. Not part of the engine.
 */
#ifndef ORA_MODELS_VITS_TINY_VOICE_H
#define ORA_MODELS_VITS_TINY_VOICE_H

#include "models/family.h"

struct tiny_voice_shape {
    int hidden, inter, head_dim, ffn, first_channels;
    bool type_1;        /* residual blocks of HiFi-GAN V1, rates 8,8,2,2; else type 2, rates 8,8,4 */
    bool deterministic; /* duration predictor */
    int speakers;       /* 1: no speaker table */
};

/* Writes model.safetensors into dir; 0 or an error. The same seed gives the same bytes. */
int tiny_voice_write(const char *dir, const struct tiny_voice_shape *shape, uint64_t seed,
                     struct ora_err *err);
/* Writes the weights and a voice.yaml's content; *voice and what it points to are fresh. */
int tiny_voice_make(const char *dir, const struct tiny_voice_shape *shape, struct ora_voice **voice,
                    struct ora_err *err);
void tiny_voice_free(struct ora_voice **voice);

#endif
