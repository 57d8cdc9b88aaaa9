/* Arena: a bump allocator over one touched block. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ALIGN = 64 };

int ora_arena_init(struct ora_arena *a, size_t bytes, struct ora_err *err)
{
    memset(a, 0, sizeof *a);
    if (!ora_size_add(bytes, ALIGN - 1, &bytes))
        return ora_err_set(err, ORA_E_NO_MEMORY, "arena size overflows");
    bytes &= ~(size_t)(ALIGN - 1);
    a->base = ora_tryaligned(ALIGN, bytes);
    if (!a->base)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for an arena of %zu bytes", bytes);
    a->size_bytes = bytes;
    memset(a->base, 0, bytes);
    return 0;
}

void ora_arena_release(struct ora_arena *a)
{
    free(a->base);
    memset(a, 0, sizeof *a);
}

void *ora_arena_alloc(struct ora_arena *a, size_t bytes)
{
    size_t end;
    if (!ora_size_add(bytes, ALIGN - 1, &bytes))
        return NULL;
    bytes &= ~(size_t)(ALIGN - 1);
    if (!ora_size_add(a->used_bytes, bytes, &end) || end > a->size_bytes)
        return NULL;
    void *p = a->base + a->used_bytes;
    a->used_bytes = end;
    if (end > a->peak_bytes)
        a->peak_bytes = end;
    return p;
}

float *ora_arena_floats(struct ora_arena *a, size_t count)
{
    size_t bytes;
    return ora_size_mul(count, sizeof(float), &bytes) ? ora_arena_alloc(a, bytes) : NULL;
}

size_t ora_arena_mark(const struct ora_arena *a)
{
    return a->used_bytes;
}

void ora_arena_reset(struct ora_arena *a, size_t mark)
{
    if (mark <= a->used_bytes)
        a->used_bytes = mark;
}
