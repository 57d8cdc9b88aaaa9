/*
 * One run of the model: ids of one segment -> durations -> samples. Two steps, because only the durations
 * tell how long the audio will be:
 *
 *     struct vits_run r = {.ids = ids, .count = n, .key = key, .noise_scale = 0.667f, …};
 *     size_t mark = ora_arena_mark(arena);
 *     vits_run_durations(m, arena, &r, &err);       // r.frames[], r.total
 *     vits_run_samples(m, arena, &r, pcm, &err);    // pcm: r.total * hop samples
 *     ora_arena_reset(arena, mark);
 *
 * Nothing is allocated but from the arena. Denormals must be off (ora_fpu_enter).
 */
#ifndef ORA_MODELS_VITS_RUN_H
#define ORA_MODELS_VITS_RUN_H

#include "base/rng.h"
#include "models/vits/model.h"

enum { VITS_NOISE_DURATION = 0, VITS_NOISE_PRIOR = 1 }; /* tensors of nn/noise.h */

struct vits_run {
    const int32_t *ids; /* below cfg.symbols */
    int count;          /* 1..VITS_IDS_MAX */
    struct ora_rng_key key;
    float noise_scale, noise_w, length_scale;
    int speaker;
    const uint32_t *forced; /* durations to use instead of the model's; NULL. For comparing engines */

    /* set by vits_run_durations; in the arena */
    uint32_t *frames;                                /* one an id */
    float *w;                                        /* what they were rounded up from */
    int total;                                       /* of frames; at least 1 */
    float *duration_bias, *flow_bias, *decoder_bias; /* of the speaker; NULL without speakers */
    struct ora_b16 x, mean, deviation;
    struct ora_b16 z; /* set by vits_run_samples: the decoder's input */
    void *scratch;
};

/* LIMIT when the sum is above VITS_FRAMES_MAX (r->total then says by how much, capped). */
int vits_run_durations(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r,
                       struct ora_err *err);
int vits_run_samples(const struct ora_model *m, struct ora_arena *arena, struct vits_run *r, float *pcm,
                     struct ora_err *err);
/* Arena bytes for the largest run. */
size_t vits_run_bytes(const struct ora_model *m);

#endif
