/*
 * Spool: written by pwrite, so that a full disk is an error and not the signal that a write into a map would
 * be; read through a shared map, whose pages belong to the page cache and not to this process.
 */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { FIRST_BYTES = 1 << 16 };

void ora_bytes_rest(const struct ora_bytes *b, size_t from, size_t n)
{
    if (b->map)
        ora_map_rest(b->map, (size_t)(b->data - b->map->data) + from, n);
}

void ora_spool_init(struct ora_spool *s, const char *dir, size_t keep_bytes)
{
    *s = (struct ora_spool){.dir = dir, .keep_bytes = keep_bytes};
}

void ora_spool_clear(struct ora_spool *s)
{
    ora_map_release(&s->map);
    if (s->in_file)
        close(s->fd);
    s->in_file = false;
    s->len = 0;
}

void ora_spool_release(struct ora_spool *s)
{
    ora_spool_clear(s);
    free(s->kept);
    ora_spool_init(s, s->dir, s->keep_bytes);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static const char *folder_of(const struct ora_spool *s)
{
    const char *tmp = getenv("TMPDIR");
    return s->dir ? s->dir : tmp && tmp[0] == '/' ? tmp : "/var/tmp";
}

/* Not every filesystem makes files without a name: there it has one for a moment. */
static int open_nameless(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    char *name = ora_fmt("%s/.spool-XXXXXX", dir);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    free(name);
    return fd;
}

static int write_at(struct ora_spool *s, size_t at, const void *data, size_t n, struct ora_err *err)
{
    const unsigned char *p = data;
    while (n) {
        ssize_t put = pwrite(s->fd, p, n, (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ora_err_errno(err, errno, "a temporary file of %zu bytes in %s", at, folder_of(s));
        p += put;
        at += (size_t)put;
        n -= (size_t)put;
    }
    return 0;
}

/* From memory into a file. */
static int spill(struct ora_spool *s, struct ora_err *err)
{
    s->fd = open_nameless(folder_of(s));
    if (s->fd < 0)
        return ora_err_errno(err, errno, "a temporary file in %s", folder_of(s));
    s->in_file = true;
    return write_at(s, 0, s->kept, s->len, err);
}

/* ---- both ---------------------------------------------------------------------------------------------- */

static int make_room(struct ora_spool *s, size_t need, struct ora_err *err)
{
    size_t cap = s->cap ? s->cap : FIRST_BYTES;
    if (need <= s->cap)
        return 0;
    while (cap < need)
        cap *= 2; /* keep_bytes is far below what could overflow */
    cap = cap < s->keep_bytes ? cap : s->keep_bytes;
    unsigned char *kept = realloc(s->kept, cap);
    if (!kept)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu bytes", cap);
    s->kept = kept;
    s->cap = cap;
    return 0;
}

int ora_spool_put(struct ora_spool *s, size_t at, const void *data, size_t n, struct ora_err *err)
{
    size_t end;
    if (!ora_size_add(at, n, &end) || end > INT64_MAX)
        return ora_err_set(err, ORA_E_LIMIT, "%zu bytes behind %zu are too many", n, at);
    if (at > s->len)
        return ora_err_set(err, ORA_E_INTERNAL, "written at %zu, behind the end at %zu", at, s->len);
    ora_map_release(&s->map);
    int rc = 0;
    if (!s->in_file)
        rc = end > s->keep_bytes ? spill(s, err) : make_room(s, end, err);
    if (rc == 0 && s->in_file)
        rc = write_at(s, at, data, n, err);
    else if (rc == 0 && n)
        memcpy(s->kept + at, data, n);
    if (rc == 0 && end > s->len)
        s->len = end;
    return rc;
}

size_t ora_spool_get(const struct ora_spool *s, size_t at, void *to, size_t n)
{
    size_t have = at < s->len ? s->len - at : 0, done = 0;
    n = n < have ? n : have;
    if (!s->in_file) {
        if (n)
            memcpy(to, s->kept + at, n);
        return n;
    }
    while (done < n) {
        ssize_t got = pread(s->fd, (unsigned char *)to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

int ora_spool_read(struct ora_spool *s, struct ora_bytes *out, struct ora_err *err)
{
    *out = (struct ora_bytes){s->kept, s->len, NULL};
    if (!s->in_file || !s->len)
        return 0;
    if (!s->map.data) {
        void *p = mmap(NULL, s->len, PROT_READ, MAP_SHARED, s->fd, 0);
        if (p == MAP_FAILED)
            return ora_err_errno(err, errno, "mmap of a temporary file in %s", folder_of(s));
        s->map = (struct ora_map){p, s->len};
    }
    *out = (struct ora_bytes){s->map.data, s->len, &s->map};
    return 0;
}
