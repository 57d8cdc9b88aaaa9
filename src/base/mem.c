/* Memory: the policy that dies and the policy that tells. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(size_t bytes)
{
    fprintf(stderr, "oratorio: out of memory (%zu bytes)\n", bytes);
    abort();
}

void *ora_xmalloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        die(bytes);
    return p;
}

void *ora_xcalloc(size_t count, size_t bytes)
{
    void *p = calloc(count ? count : 1, bytes ? bytes : 1);
    if (!p)
        die(bytes);
    return p;
}

void *ora_xrealloc(void *p, size_t bytes)
{
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q)
        die(bytes);
    return q;
}

char *ora_xstrdup(const char *s)
{
    return s ? ora_xstrndup(s, strlen(s)) : NULL;
}

char *ora_xstrndup(const char *s, size_t n)
{
    char *p = ora_xmalloc(n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void *ora_trymalloc(size_t bytes)
{
    return malloc(bytes ? bytes : 1);
}

void *ora_tryaligned(size_t align, size_t bytes)
{
    void *p = NULL;
    return posix_memalign(&p, align, bytes ? bytes : align) ? NULL : p;
}
