/*
 * An open MegaTTS 3 voice: the networks of its base, each packed into a cache file of its own, and the prompt
 * of the cloned voice. Const after open; shared by threads that each have their own arena.
 *
 * Memory. The networks work one after the other, so only one needs to be resident: when a stage ends it calls
 * mega_model_rest for its network, whose clean pages then leave the process (not the page cache: the next use
 * maps them in again). At the official sizes the largest is the diffusion transformer.
 */
#ifndef ORA_MODELS_MEGATTS3_MODEL_H
#define ORA_MODELS_MEGATTS3_MODEL_H

#include "models/family.h"
#include "models/megatts3/dit.h"
#include "models/megatts3/duration.h"
#include "models/megatts3/g2p.h"
#include "models/megatts3/g2p_cache.h"
#include "models/megatts3/prompt.h"
#include "models/megatts3/text.h"
#include "models/megatts3/vae_decoder.h"
#include "nn/pack_cache.h"

enum mega_network { MEGA_NET_G2P, MEGA_NET_DURATION, MEGA_NET_DIT, MEGA_NET_VAE, MEGA_NETWORKS };

struct ora_model {
    struct mega_dims dims;
    const struct ora_kernels *k;
    struct mega_g2p g2p;
    struct mega_duration duration;
    struct mega_dit dit;
    struct mega_vae_decoder vae;
    struct ora_pack_cache packed[MEGA_NETWORKS];
    struct mega_prompt prompt; /* whose voice it is */
    struct mega_text *text;
    struct mega_g2p_cache *readings; /* what threads share and change; it locks itself */
    int g2p_limit;                   /* ids a chunk may get */
    int max_chunk_frames;            /* what the arena is planned for */
    bool weights_random; /* they never end a chunk by themselves: its length is forced (speak.h) */
    char *lang;
    struct ora_pulse *pulse;
};

struct mega_model_spec {
    const struct mega_dims *dims;
    const struct ora_tensor_source *source;
    const char *sha256; /* of the base's weights: keys the cache files */
    const char *path;   /* of the base's weights: hashed before they are packed; NULL: they are no file's */
    const char *cache_dir; /* or NULL */
    const char *kernels;   /* or NULL */
    bool positions;        /* of the duration model */
};
/* Binds and packs all networks; *m was zeroed. On an error, release what is there. */
int mega_model_bind(struct ora_model *m, const struct mega_model_spec *spec, struct ora_err *err);
void mega_model_release(struct ora_model *m);
/* The stage of this network is over. */
void mega_model_rest(const struct ora_model *m, enum mega_network which);

int mega_model_open(const struct ora_voice *voice, const struct ora_open_options *options,
                    struct ora_model **model, struct ora_err *err);
void mega_model_close(struct ora_model **model);
int mega_model_describe(const struct ora_model *m, json_t **facts, struct ora_err *err);

#endif
