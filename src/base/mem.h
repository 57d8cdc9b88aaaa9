/*
 * Memory: two allocation policies and checked sizes.
 *
 * Small fixed things: ora_x… , which ends the process when memory is gone (nothing sensible can follow).
 * What the size of an input decides: ora_trymalloc, which returns NULL, and the caller reports NO_MEMORY.
 * Everything is released with free().
 */
#ifndef ORA_BASE_MEM_H
#define ORA_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *ora_xmalloc(size_t bytes);
void *ora_xcalloc(size_t count, size_t bytes);
void *ora_xrealloc(void *p, size_t bytes);
char *ora_xstrdup(const char *s);             /* NULL gives NULL */
char *ora_xstrndup(const char *s, size_t n);
void *ora_trymalloc(size_t bytes);            /* NULL on failure; 0 bytes gives a unique pointer */
void *ora_tryaligned(size_t align, size_t bytes);

/* Checked arithmetic: false on overflow, and *out is then untouched. */
static inline bool ora_size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool ora_size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

#endif
