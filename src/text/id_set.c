/*
 * Id set: 64 small tables with linear probing, each grown by a half when it is 7/8 full. Growing one shard at
 * a time keeps the peak near the final size, where one table that doubles would need three times as much at
 * the worst moment.
 */
#include "text/id_set.h"

#include <sodium/crypto_shorthash_siphash24.h>
#include <sodium/randombytes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SHARDS = 64, FIRST_SLOTS = 32 };

struct mark {
    uint32_t word[3]; /* all zero: an empty slot */
};

struct shard {
    struct mark *slot;
    size_t slots, used;
};

struct ora_id_set {
    unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
    struct shard shard[SHARDS];
};

struct ora_id_set *ora_id_set_create(void)
{
    struct ora_id_set *set = ora_xcalloc(1, sizeof *set);
    randombytes_buf(set->key, sizeof set->key);
    return set;
}

void ora_id_set_destroy(struct ora_id_set **set)
{
    if (!*set)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        free((*set)->shard[i].slot);
    free(*set);
    *set = NULL;
}

static struct mark mark_of(const struct ora_id_set *set, const char *id, size_t len, size_t *shard)
{
    uint32_t hash[4];
    crypto_shorthash_siphashx24((unsigned char *)hash, (const unsigned char *)id, len, set->key);
    *shard = hash[3] % SHARDS;
    struct mark m = {{hash[0], hash[1], hash[2]}};
    if (!(m.word[0] | m.word[1] | m.word[2]))
        m.word[0] = 1;
    return m;
}

static bool is_empty(const struct mark *m)
{
    return !(m->word[0] | m->word[1] | m->word[2]);
}

/* The slot of the mark, or the empty one where it belongs. */
static struct mark *probe(const struct shard *s, const struct mark *m)
{
    size_t at = (size_t)(((uint64_t)m->word[0] * s->slots) >> 32);
    while (!is_empty(&s->slot[at]) && memcmp(&s->slot[at], m, sizeof *m) != 0)
        at = at + 1 == s->slots ? 0 : at + 1;
    return &s->slot[at];
}

static bool grow(struct shard *s)
{
    struct shard bigger = {NULL, s->slots ? s->slots + s->slots / 2 : FIRST_SLOTS, s->used};
    size_t bytes;
    if (!ora_size_mul(bigger.slots, sizeof *bigger.slot, &bytes))
        return false;
    bigger.slot = ora_trymalloc(bytes);
    if (!bigger.slot)
        return false;
    memset(bigger.slot, 0, bytes);
    for (size_t i = 0; i < s->slots; i++)
        if (!is_empty(&s->slot[i]))
            *probe(&bigger, &s->slot[i]) = s->slot[i];
    free(s->slot);
    *s = bigger;
    return true;
}

bool ora_id_set_has(const struct ora_id_set *set, const char *id, size_t len)
{
    size_t shard;
    struct mark m = mark_of(set, id, len, &shard);
    const struct shard *s = &set->shard[shard];
    return s->slots && !is_empty(probe(s, &m));
}

int ora_id_set_add(struct ora_id_set *set, const char *id, size_t len)
{
    size_t shard;
    struct mark m = mark_of(set, id, len, &shard);
    struct shard *s = &set->shard[shard];
    if (s->used * 8 >= s->slots * 7 && !grow(s))
        return -1;
    struct mark *slot = probe(s, &m);
    if (!is_empty(slot))
        return 0;
    *slot = m;
    s->used++;
    return 1;
}

size_t ora_id_set_count(const struct ora_id_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < SHARDS; i++)
        n += set->shard[i].used;
    return n;
}

size_t ora_id_set_bytes(const struct ora_id_set *set)
{
    size_t n = sizeof *set;
    for (size_t i = 0; i < SHARDS; i++)
        n += set->shard[i].slots * sizeof(struct mark);
    return n;
}
