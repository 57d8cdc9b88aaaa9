/*
 * A VITS voice that is open: its dimensions, its packed layers (views into one mapped file), its symbols.
 * Const after open; shared by threads that each have their own arena.
 */
#ifndef ORA_MODELS_VITS_MODEL_H
#define ORA_MODELS_VITS_MODEL_H

#include "models/family.h"
#include "models/vits/decoder.h"
#include "models/vits/duration.h"
#include "models/vits/encoder.h"
#include "models/vits/flow.h"
#include "models/vits/symbols.h"
#include "nn/pack_cache.h"

/* One run of the model never gets more: longer sentences are cut into several (segment.h). Fixed numbers, so
 * that what a text becomes does not depend on what an engine planned for. */
enum { VITS_IDS_MAX = 2048, VITS_FRAMES_MAX = 6144 };

struct ora_model {
    struct vits_config cfg;
    const struct ora_kernels *k;
    struct ora_pack_cache packed;
    struct vits_encoder encoder;
    struct vits_duration duration;
    struct vits_flow flow;
    struct vits_decoder decoder;
    const float *speakers; /* [speakers][speaker_dim], or NULL */
    struct vits_symbols symbols;
    int sample_rate_hz;
    int chunk_frames; /* of the decoder */
    char *lang;       /* the voice's */
    struct ora_pulse *pulse;
    const char *spool_dir; /* borrowed */
};

/* Binds every layer: the walk that packing runs. */
void vits_bind_all(struct vits_binder *b, struct ora_model *m);
/* Every tensor against the chain of shapes, without packing anything. */
int vits_check_shapes(const struct ora_weights *w, const struct vits_config *cfg, struct ora_err *err);

int vits_model_open(const struct ora_voice *voice, const struct ora_open_options *options,
                    struct ora_model **model, struct ora_err *err);
void vits_model_close(struct ora_model **model);
int vits_model_describe(const struct ora_model *m, json_t **facts, struct ora_err *err);

#endif
