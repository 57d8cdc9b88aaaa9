/*
 * The worker's half of the store. A tar is hashed while it is written, through one buffer; the files of a
 * folder are written first and fsynced together at the end, so that the filesystem can make one journal entry
 * of many.
 *
 * A writer that met an error is `broken`: it takes nothing more, and finish and abort remove what is there.
 */
#include "dataset/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "dataset/listing.h"
#include "dataset/ustar.h"

enum { BUFFER_BYTES = 1 << 18 };

struct ora_store_writer {
    enum ora_store_kind kind;
    char *path;
    int fd; /* the tar, or the folder */
    bool broken;
    uint64_t bytes; /* written so far */
    /* tar */
    struct ora_sha256 hash;
    unsigned char *buffer;
    size_t used;
    /* files */
    struct ora_listing listing; /* name and sha256 of each member */
};

char *ora_store_part_path(const char *audio_dir, uint32_t batch, const char *token)
{
    return ora_fmt("%s/.%06u.%s.part", audio_dir, batch, token);
}

char *ora_store_final_path(const char *audio_dir, uint32_t batch, enum ora_store_kind kind)
{
    return ora_fmt("%s/%06u%s", audio_dir, batch, kind == ORA_STORE_TAR ? ".tar" : "");
}

static void writer_free(struct ora_store_writer **w)
{
    if ((*w)->fd >= 0)
        close((*w)->fd);
    ora_listing_release(&(*w)->listing);
    free((*w)->buffer);
    free((*w)->path);
    free(*w);
    *w = NULL;
}

int ora_store_begin(const char *part_path, enum ora_store_kind kind, struct ora_store_writer **out,
                    struct ora_err *err)
{
    struct ora_store_writer *w = ora_xcalloc(1, sizeof *w);
    w->kind = kind;
    w->path = ora_xstrdup(part_path);
    w->fd = -1;
    ora_sha256_init(&w->hash);
    int rc = ora_file_remove_tree(part_path, err);
    if (rc < 0)
        goto out_free;
    if (kind == ORA_STORE_TAR) {
        w->buffer = ora_xmalloc(BUFFER_BYTES);
        w->fd = open(part_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    } else if (mkdir(part_path, 0755) == 0) {
        w->fd = open(part_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (w->fd < 0) {
        rc = ora_err_errno(err, errno, "%s", part_path);
        goto out_free;
    }
    *out = w;
    return 0;
out_free:
    writer_free(&w);
    return rc;
}

void ora_store_abort(struct ora_store_writer **w)
{
    if (!*w)
        return;
    ora_file_remove_tree((*w)->path, NULL);
    writer_free(w);
}

/* How much of data is taken at `at` in one go. */
static size_t block_of(const struct ora_bytes *data, size_t at)
{
    return data->len - at < BUFFER_BYTES ? data->len - at : BUFFER_BYTES;
}

/* ---- tar --------------------------------------------------------------------------------------------- */

static int tar_flush(struct ora_store_writer *w, struct ora_err *err)
{
    ora_sha256_update(&w->hash, w->buffer, w->used);
    int rc = ora_fd_write_all(w->fd, w->buffer, w->used, err);
    w->used = 0;
    return rc < 0 ? ora_err_wrap(err, "%s", w->path) : 0;
}

/* data NULL: zeros. */
static int tar_put(struct ora_store_writer *w, const void *data, size_t n, struct ora_err *err)
{
    const unsigned char *p = data;
    w->bytes += n;
    while (n) {
        size_t room = BUFFER_BYTES - w->used, take = n < room ? n : room;
        if (p) {
            memcpy(w->buffer + w->used, p, take);
            p += take;
        } else {
            memset(w->buffer + w->used, 0, take);
        }
        w->used += take;
        n -= take;
        if (w->used == BUFFER_BYTES) {
            int rc = tar_flush(w, err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static int tar_member(struct ora_store_writer *w, const char *name, const struct ora_bytes *data,
                      struct ora_member *member, struct ora_err *err)
{
    unsigned char header[ORA_USTAR_BLOCK];
    size_t n = data->len;
    int rc = ora_ustar_header(name, n, header, err);
    if (rc == 0)
        rc = tar_put(w, header, sizeof header, err);
    *member = (struct ora_member){w->bytes, n};
    for (size_t at = 0, some; rc == 0 && at < n; at += some) {
        some = block_of(data, at);
        rc = tar_put(w, data->data + at, some, err);
        ora_bytes_rest(data, at, some);
    }
    if (rc == 0)
        rc = tar_put(w, NULL, ora_ustar_padding(n), err);
    return rc;
}

static int tar_finish(struct ora_store_writer *w, char file_sha256[65], struct ora_err *err)
{
    int rc = tar_put(w, NULL, ORA_USTAR_END, err);
    if (rc == 0)
        rc = tar_flush(w, err);
    if (rc == 0 && fsync(w->fd) < 0)
        rc = ora_err_errno(err, errno, "fsync %s", w->path);
    ora_sha256_hex(&w->hash, file_sha256);
    return rc;
}

/* ---- files ------------------------------------------------------------------------------------------- */

static int files_member(struct ora_store_writer *w, const char *name, const struct ora_bytes *data,
                        struct ora_member *member, struct ora_err *err)
{
    struct ora_sha256 hash;
    int rc = 0;
    int fd = openat(w->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return ora_err_errno(err, errno, "%s/%s", w->path, name);
    ora_sha256_init(&hash);
    for (size_t at = 0, some; rc == 0 && at < data->len; at += some) {
        some = block_of(data, at);
        ora_sha256_update(&hash, data->data + at, some);
        rc = ora_fd_write_all(fd, data->data + at, some, err);
        ora_bytes_rest(data, at, some);
    }
    if (close(fd) < 0 && rc == 0)
        rc = ora_err_errno(err, errno, "close");
    if (rc < 0)
        return ora_err_wrap(err, "%s/%s", w->path, name);
    *member = (struct ora_member){0, data->len};
    w->bytes += data->len;
    char hex[65];
    ora_sha256_hex(&hash, hex);
    ora_listing_add(&w->listing, name, hex);
    return 0;
}

static int fsync_at(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd), saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

static int files_finish(struct ora_store_writer *w, char file_sha256[65], struct ora_err *err)
{
    for (size_t i = 0; i < w->listing.count; i++)
        if (fsync_at(w->fd, w->listing.entry[i].name) < 0)
            return ora_err_errno(err, errno, "fsync %s/%s", w->path, w->listing.entry[i].name);
    if (fsync(w->fd) < 0)
        return ora_err_errno(err, errno, "fsync %s", w->path);
    ora_listing_sha256(&w->listing, file_sha256);
    return 0;
}

/* ---- both -------------------------------------------------------------------------------------------- */

static bool plain(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++)
        if (!(s[n] >= 'a' && s[n] <= 'z') && !(s[n] >= 'A' && s[n] <= 'Z') && !(s[n] >= '0' && s[n] <= '9') &&
            s[n] != '_' && s[n] != '-')
            return false;
    return n > 0;
}

static int add_member(struct ora_store_writer *w, const char *id, const char *extension,
                      const struct ora_bytes *data, struct ora_member *member, struct ora_err *err)
{
    char name[ORA_USTAR_NAME_MAX + 1];
    int len = snprintf(name, sizeof name, "%s.%s", id, extension);
    if (len < 0 || (size_t)len >= sizeof name)
        return ora_err_set(err, ORA_E_BAD_INPUT, "id '%.120s' is too long for the name of a file", id);
    return (w->kind == ORA_STORE_TAR ? tar_member : files_member)(w, name, data, member, err);
}

int ora_store_add(struct ora_store_writer *w, const char *id, const char *extension,
                  const struct ora_bytes *audio, const char *record, size_t record_bytes,
                  struct ora_member *audio_member, struct ora_member *record_member, struct ora_err *err)
{
    struct ora_bytes text = ora_bytes_of(record, record_bytes);
    if (w->broken)
        return ora_err_set(err, ORA_E_STATE, "%s: written to after an error", w->path);
    int rc;
    if (!plain(id) || !plain(extension))
        rc = ora_err_set(err, ORA_E_BAD_INPUT,
                         "'%.120s.%.10s': a member is named by letters, digits, '_' and '-'", id, extension);
    else
        rc = add_member(w, id, extension, audio, audio_member, err);
    if (rc == 0)
        rc = add_member(w, id, "json", &text, record_member, err);
    w->broken = rc < 0;
    return rc;
}

int ora_store_finish(struct ora_store_writer **w, char file_sha256[65], uint64_t *bytes, struct ora_err *err)
{
    struct ora_store_writer *s = *w;
    int rc;
    if (s->broken)
        rc = ora_err_set(err, ORA_E_STATE, "%s: finished after an error", s->path);
    else
        rc = (s->kind == ORA_STORE_TAR ? tar_finish : files_finish)(s, file_sha256, err);
    if (rc == 0) {
        char *dir = ora_path_dir(s->path);
        rc = ora_file_fsync_dir(dir, err);
        free(dir);
    }
    if (rc < 0) {
        ora_store_abort(w);
        return rc;
    }
    *bytes = s->bytes;
    writer_free(w);
    return 0;
}
