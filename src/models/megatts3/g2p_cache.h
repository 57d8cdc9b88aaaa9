/*
 * What the G2P wrote for a chunk, kept by the chunk's ids: corpora repeat their headings, captions and short
 * answers. The language model is greedy and each chunk's ids are its own, so a hit is what a run would give,
 * bit by bit, and nothing that is spoken depends on what the cache holds.
 *
 *     mega_g2p_cache_init(&cache, MEGA_G2P_CACHE_ENTRIES);
 *     mega_g2p_run_cached(&c, &m, &cache, chunks, count, MEGA_G2P_WIDTH, &err);
 *     mega_g2p_cache_release(&cache);
 *
 * Sets of four entries, the one that was used longest ago leaves; an entry holds the whole key, so hashes
 * that collide do no harm. Chunks of more than MEGA_G2P_CACHE_IDS ids are not kept.
 *
 * Threads: any number share a cache: it is locked while an entry is looked up or kept, never while the model
 * runs. Two that miss the same text at once both run it, and get the same.
 */
#ifndef ORA_MODELS_MEGATTS3_G2P_CACHE_H
#define ORA_MODELS_MEGATTS3_G2P_CACHE_H

#include <pthread.h>

#include "models/megatts3/g2p.h"

enum {
    MEGA_G2P_CACHE_ENTRIES = 4096, /* 3 MB when all hold a chunk of usual length */
    MEGA_G2P_CACHE_WAYS = 4,
    MEGA_G2P_CACHE_IDS = 512,
};

struct mega_g2p_entry {
    int32_t *ids; /* [count] key, then [written] what came; NULL: empty */
    int count, limit, written;
    bool ended;
    uint64_t used; /* the cache's tick when it was used last */
};

struct mega_g2p_cache {
    pthread_mutex_t lock;
    struct mega_g2p_entry *entries;
    size_t sets;
    uint64_t tick, hits, misses;
};

/* entries: rounded up to whole sets; 0: a cache that keeps nothing. */
void mega_g2p_cache_init(struct mega_g2p_cache *cache, size_t entries);
void mega_g2p_cache_release(struct mega_g2p_cache *cache);

/* Fills out, written, ended of a chunk that is known; chunks with margins or forced ids never are. */
bool mega_g2p_cache_get(struct mega_g2p_cache *cache, struct mega_g2p_chunk *chunk);
/* Keeps what a chunk's run gave; where memory is short nothing is kept. */
void mega_g2p_cache_put(struct mega_g2p_cache *cache, const struct mega_g2p_chunk *chunk);

/* mega_g2p_run of the chunks that the cache does not know, each text once. */
int mega_g2p_run_cached(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_cache *cache,
                        struct mega_g2p_chunk *chunks, int count, int width, struct ora_err *err);

#endif
