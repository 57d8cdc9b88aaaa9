/* A set-associative table in ordinary memory; runs are made of what it lacks. */
#include "models/megatts3/g2p_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void mega_g2p_cache_init(struct mega_g2p_cache *cache, size_t entries)
{
    size_t sets = entries / MEGA_G2P_CACHE_WAYS + (entries % MEGA_G2P_CACHE_WAYS != 0);
    *cache = (struct mega_g2p_cache){.sets = sets};
    pthread_mutex_init(&cache->lock, NULL);
    if (sets > 0)
        cache->entries = ora_xcalloc(sets * MEGA_G2P_CACHE_WAYS, sizeof *cache->entries);
}

void mega_g2p_cache_release(struct mega_g2p_cache *cache)
{
    for (size_t i = 0; i < cache->sets * MEGA_G2P_CACHE_WAYS; i++)
        free(cache->entries[i].ids);
    free(cache->entries);
    pthread_mutex_destroy(&cache->lock);
    *cache = (struct mega_g2p_cache){0};
}

/* ---- entries --------------------------------------------------------------------------------------------
 */

/* FNV-1a over ids and limit. */
static uint64_t hash(const struct mega_g2p_chunk *k)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < k->count; i++)
        h = (h ^ (uint32_t)k->ids[i]) * 0x100000001b3u;
    h = (h ^ (uint32_t)k->limit) * 0x100000001b3u;
    return h ^ h >> 32;
}

static bool ordinary(const struct mega_g2p_chunk *k)
{
    return !k->margins && !k->forced;
}

static struct mega_g2p_entry *set_of(struct mega_g2p_cache *cache, const struct mega_g2p_chunk *k)
{
    bool fit = cache->sets > 0 && ordinary(k) && k->count > 0 && k->count <= MEGA_G2P_CACHE_IDS;
    return fit ? &cache->entries[hash(k) % cache->sets * MEGA_G2P_CACHE_WAYS] : NULL;
}

static bool same_text(const int32_t *ids, int count, int limit, const struct mega_g2p_chunk *k)
{
    return count == k->count && limit == k->limit && memcmp(ids, k->ids, sizeof *ids * (size_t)count) == 0;
}

static struct mega_g2p_entry *find(struct mega_g2p_entry *set, const struct mega_g2p_chunk *k)
{
    for (int i = 0; set && i < MEGA_G2P_CACHE_WAYS; i++)
        if (set[i].ids && same_text(set[i].ids, set[i].count, set[i].limit, k))
            return &set[i];
    return NULL;
}

bool mega_g2p_cache_get(struct mega_g2p_cache *cache, struct mega_g2p_chunk *chunk)
{
    pthread_mutex_lock(&cache->lock);
    struct mega_g2p_entry *e = find(set_of(cache, chunk), chunk);
    *(e ? &cache->hits : &cache->misses) += 1;
    if (e) {
        e->used = ++cache->tick;
        memcpy(chunk->out, e->ids + e->count, sizeof *e->ids * (size_t)e->written);
        chunk->written = e->written;
        chunk->ended = e->ended;
    }
    pthread_mutex_unlock(&cache->lock);
    return e != NULL;
}

/* The entry of a set that was used longest ago. */
static struct mega_g2p_entry *oldest_of(struct mega_g2p_entry *set)
{
    struct mega_g2p_entry *oldest = set;
    for (int i = 1; i < MEGA_G2P_CACHE_WAYS; i++)
        if (set[i].used < oldest->used)
            oldest = &set[i];
    return oldest;
}

void mega_g2p_cache_put(struct mega_g2p_cache *cache, const struct mega_g2p_chunk *chunk)
{
    struct mega_g2p_entry *set = set_of(cache, chunk);
    if (!set)
        return;
    int32_t *ids = ora_trymalloc(sizeof *ids * ((size_t)chunk->count + (size_t)chunk->written));
    if (!ids)
        return;
    memcpy(ids, chunk->ids, sizeof *ids * (size_t)chunk->count);
    memcpy(ids + chunk->count, chunk->out, sizeof *ids * (size_t)chunk->written);
    pthread_mutex_lock(&cache->lock);
    if (!find(set, chunk)) {
        struct mega_g2p_entry *oldest = oldest_of(set);
        int32_t *gone = oldest->ids;
        *oldest = (struct mega_g2p_entry){.ids = ids,
                                          .count = chunk->count,
                                          .limit = chunk->limit,
                                          .written = chunk->written,
                                          .ended = chunk->ended,
                                          .used = ++cache->tick};
        ids = gone;
    }
    pthread_mutex_unlock(&cache->lock);
    free(ids);
}

/* ---- running --------------------------------------------------------------------------------------------
 */

/* The place in `news` of the same text, or -1. */
static int seen(const struct mega_g2p_chunk *news, int count, const struct mega_g2p_chunk *k)
{
    for (int i = 0; i < count; i++)
        if (ordinary(k) && ordinary(&news[i]) && same_text(news[i].ids, news[i].count, news[i].limit, k))
            return i;
    return -1;
}

static void copy_result(struct mega_g2p_chunk *to, const struct mega_g2p_chunk *from)
{
    if (to->out != from->out)
        memcpy(to->out, from->out, sizeof *to->out * (size_t)from->written);
    to->written = from->written;
    to->ended = from->ended;
}

int mega_g2p_run_cached(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_cache *cache,
                        struct mega_g2p_chunk *chunks, int count, int width, struct ora_err *err)
{
    enum { KNOWN = -1 };
    struct mega_g2p_chunk *news = ora_xcalloc((size_t)count + 1, sizeof *news);
    int *source = ora_xcalloc((size_t)count + 1, sizeof *source), n = 0;
    for (int i = 0; i < count; i++) {
        source[i] = KNOWN;
        if (mega_g2p_cache_get(cache, &chunks[i]))
            continue;
        source[i] = seen(news, n, &chunks[i]);
        if (source[i] < 0) {
            source[i] = n;
            news[n++] = chunks[i];
        }
    }
    int rc = mega_g2p_run(c, m, news, n, width, err);
    for (int i = 0; rc == 0 && i < n; i++)
        mega_g2p_cache_put(cache, &news[i]);
    for (int i = 0; rc == 0 && i < count; i++)
        if (source[i] != KNOWN)
            copy_result(&chunks[i], &news[source[i]]);
    free(source);
    free(news);
    return rc;
}
