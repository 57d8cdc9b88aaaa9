/*
 * A message is many small strings that live and die together, and a hostile frame can ask for far more memory
 * than it has bytes (an empty submessage costs two bytes on the wire and hundreds here). Hence one bump pool
 * a message with a budget: cheap, nothing to forget, and bounded.
 */
#include "wire/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHUNK_BYTES = 16 << 10, ALIGN = 16 };

struct ora_wire_chunk {
    struct ora_wire_chunk *next;
    size_t bytes, used;
    _Alignas(ALIGN) unsigned char data[];
};

static void *pool_malloc(void *data, size_t bytes)
{
    return ora_wire_pool_alloc(data, 1, bytes);
}

static void pool_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

void ora_wire_pool_init(struct ora_wire_pool *p, size_t budget)
{
    *p = (struct ora_wire_pool){.left_in_budget = budget};
    p->allocator = (ProtobufCAllocator){.alloc = pool_malloc, .free = pool_free, .allocator_data = p};
}

void ora_wire_pool_release(struct ora_wire_pool *p)
{
    for (struct ora_wire_chunk *c = p->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    p->chunks = NULL;
    p->left_in_chunk = 0;
}

void *ora_wire_pool_alloc(struct ora_wire_pool *p, size_t count, size_t bytes)
{
    size_t want;
    if (!ora_size_mul(count, bytes, &want) || !ora_size_add(want, ALIGN - 1, &want))
        return NULL;
    want &= ~(size_t)(ALIGN - 1);
    if (want == 0)
        want = ALIGN;
    if (want > p->left_in_chunk) {
        size_t size = want > CHUNK_BYTES ? want : CHUNK_BYTES;
        if (size > p->left_in_budget)
            return NULL;
        struct ora_wire_chunk *c = ora_trymalloc(sizeof *c + size);
        if (!c)
            return NULL;
        p->left_in_budget -= size;
        *c = (struct ora_wire_chunk){.next = p->chunks, .bytes = size};
        p->chunks = c;
        p->left_in_chunk = size;
    }
    struct ora_wire_chunk *c = p->chunks;
    void *at = c->data + c->used;
    c->used += want;
    p->left_in_chunk -= want;
    return memset(at, 0, want);
}
