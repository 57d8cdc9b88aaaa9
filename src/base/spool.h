/*
 * Spool: bytes of any number, written first and then read from the front, in flat memory. As long as they are
 * few they stay in memory; beyond that they lie in a file without a name, which a crash leaves nothing of,
 * and are read through a map whose pages are let go as the reader goes on.
 *
 *     struct ora_spool s;
 *     ora_spool_init(&s, dir, keep_bytes);
 *     ora_spool_put(&s, s.len, data, n, &err); …          // at the end, or over what is there
 *     ora_spool_read(&s, &bytes, &err);                   // bytes.data[0 … bytes.len)
 *     for (…) { use bytes.data[a … b); ora_bytes_rest(&bytes, a, b - a); }
 *     ora_spool_clear(&s); …                              // for the next; its memory stays
 *     ora_spool_release(&s);
 *
 * Threads: one a struct.
 */
#ifndef ORA_BASE_SPOOL_H
#define ORA_BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/file.h"

/* Bytes to read, and the map that they lie in, if they do. */
struct ora_bytes {
    const unsigned char *data;
    size_t len;
    const struct ora_map *map; /* NULL: plain memory */
};

static inline struct ora_bytes ora_bytes_of(const void *data, size_t len)
{
    return (struct ora_bytes){(const unsigned char *)data, len, NULL};
}

/* Bytes [from, from + n) have been read: where they lie in a file, their pages leave this process. They may
 * be read again. */
void ora_bytes_rest(const struct ora_bytes *b, size_t from, size_t n);

/* All zeros: as init with NULL and 0. */
struct ora_spool {
    const char *dir;   /* where the file lies; borrowed; NULL: $TMPDIR, else /var/tmp */
    size_t keep_bytes; /* the most that stay in memory */
    size_t len;
    unsigned char *kept; /* all of them, while there is no file */
    size_t cap;
    bool in_file;
    int fd; /* then */
    struct ora_map map;
};

void ora_spool_init(struct ora_spool *s, const char *dir, size_t keep_bytes);
void ora_spool_release(struct ora_spool *s);
/* Empty again; the file is gone. */
void ora_spool_clear(struct ora_spool *s);
/* n bytes at `at`, which is at most s->len; what ora_spool_read gave before holds no more. Errors: DISK_FULL
 * and the like, naming the folder; NO_MEMORY, LIMIT. */
int ora_spool_put(struct ora_spool *s, size_t at, const void *data, size_t n, struct ora_err *err);
/* Copies at most n bytes from `at` and returns how many there were; an error is a short copy. For writers
 * that look back at what they wrote. */
size_t ora_spool_get(const struct ora_spool *s, size_t at, void *to, size_t n);
/* All of it, until the next put, clear or release. */
int ora_spool_read(struct ora_spool *s, struct ora_bytes *out, struct ora_err *err);

#endif
