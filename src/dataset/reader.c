/* Reader: pread at the offsets that the store's writer gave; a folder's members are opened by name. */
#include "dataset/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "dataset/store.h"

void ora_store_reader_init(struct ora_store_reader *r, const char *audio_dir, enum ora_store_kind kind)
{
    *r = (struct ora_store_reader){.audio_dir = ora_xstrdup(audio_dir), .kind = kind, .fd = -1};
}

void ora_store_reader_release(struct ora_store_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->audio_dir);
    *r = (struct ora_store_reader){.fd = -1};
}

static int use_batch(struct ora_store_reader *r, uint32_t batch, struct ora_err *err)
{
    if (r->fd >= 0 && r->batch == batch)
        return 0;
    if (r->fd >= 0)
        close(r->fd);
    char *path = ora_store_final_path(r->audio_dir, batch, r->kind);
    r->fd = open(path, O_RDONLY | O_CLOEXEC | (r->kind == ORA_STORE_FILES ? O_DIRECTORY : 0));
    r->batch = batch;
    int rc = r->fd < 0 ? ora_err_errno(err, errno, "%s", path) : 0;
    free(path);
    return rc;
}

static int pread_all(int fd, char *out, size_t n, uint64_t offset, struct ora_err *err)
{
    while (n) {
        ssize_t got = pread(fd, out, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ora_err_errno(err, errno, "read");
        if (got == 0)
            return ora_err_set(err, ORA_E_FORMAT, "ends %zu bytes too early", n);
        out += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

int ora_store_read(struct ora_store_reader *r, uint32_t batch, const char *id, const char *extension,
                   uint64_t offset, uint64_t bytes, struct ora_str *out, struct ora_err *err)
{
    ora_str_clear(out);
    if (bytes > ORA_STORE_READ_MAX)
        return ora_err_set(err, ORA_E_LIMIT, "%s.%s: %llu bytes, more than the %d that are read at once", id,
                           extension, (unsigned long long)bytes, ORA_STORE_READ_MAX);
    int rc = use_batch(r, batch, err);
    if (rc < 0)
        return rc;
    int fd = r->fd;
    if (r->kind == ORA_STORE_FILES) {
        char *name = ora_fmt("%s.%s", id, extension);
        fd = openat(r->fd, name, O_RDONLY | O_CLOEXEC);
        free(name);
        offset = 0;
        if (fd < 0)
            return ora_err_errno(err, errno, "%s/%06u/%s.%s", r->audio_dir, batch, id, extension);
    }
    ora_str_reserve(out, (size_t)bytes);
    rc = pread_all(fd, out->data, (size_t)bytes, offset, err);
    if (rc == 0) {
        out->len = (size_t)bytes;
        out->data[bytes] = '\0';
    } else {
        ora_err_wrap(err, "%s: %s.%s of batch %06u", r->audio_dir, id, extension, batch);
    }
    if (fd != r->fd)
        close(fd);
    return rc;
}
