/* Files: durable means temp name, fsync, rename, fsync of the folder, in this order. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

int ora_fd_write_all(int fd, const void *data, size_t len, struct ora_err *err)
{
    const char *p = data;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ora_err_errno(err, errno, "write");
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int ora_fd_read_all(int fd, void *data, size_t len, size_t *got, struct ora_err *err)
{
    char *p = data;
    *got = 0;
    while (*got < len) {
        ssize_t n = read(fd, p + *got, len - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ora_err_errno(err, errno, "read");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return 0;
}

static int open_regular(const char *path, int *fd, struct stat *st, struct ora_err *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (*fd < 0)
        return ora_err_errno(err, errno, "%s", path);
    if (fstat(*fd, st) < 0) {
        int e = errno;
        close(*fd);
        return ora_err_errno(err, e, "%s", path);
    }
    if (!S_ISREG(st->st_mode)) {
        close(*fd);
        return ora_err_set(err, ORA_E_BAD_USAGE, "%s: not a regular file", path);
    }
    return 0;
}

int ora_file_read(const char *path, size_t max_bytes, char **data, size_t *len, struct ora_err *err)
{
    int fd;
    struct stat st;
    int rc = open_regular(path, &fd, &st, err);
    if (rc < 0)
        return rc;
    char *buf = NULL;
    if ((uint64_t)st.st_size > max_bytes) {
        rc = ora_err_set(err, ORA_E_LIMIT, "%s: %lld bytes, more than the %zu that are read", path,
                         (long long)st.st_size, max_bytes);
        goto out_close;
    }
    size_t want = (size_t)st.st_size;
    buf = ora_trymalloc(want + 1);
    if (!buf) {
        rc = ora_err_set(err, ORA_E_NO_MEMORY, "%s: no memory for %zu bytes", path, want);
        goto out_close;
    }
    rc = ora_fd_read_all(fd, buf, want, len, err);
    if (rc < 0) {
        ora_err_wrap(err, "%s", path);
        goto out_close;
    }
    buf[*len] = '\0';
    *data = buf;
    buf = NULL;
out_close:
    free(buf);
    close(fd);
    return rc;
}

int ora_file_fsync_dir(const char *dir, struct ora_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ora_err_errno(err, errno, "%s", dir);
    int rc = fsync(fd) < 0 ? ora_err_errno(err, errno, "fsync %s", dir) : 0;
    close(fd);
    return rc;
}

int ora_file_rename_durable(const char *from, const char *to, struct ora_err *err)
{
    if (rename(from, to) < 0)
        return ora_err_errno(err, errno, "rename %s to %s", from, to);
    char *dir = ora_path_dir(to);
    int rc = ora_file_fsync_dir(dir, err);
    free(dir);
    return rc;
}

int ora_file_write_atomic(const char *path, const void *data, size_t len, unsigned mode, struct ora_err *err)
{
    char *tmp = ora_fmt("%s.tmp-%ld", path, (long)getpid());
    int rc = 0;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        rc = ora_err_errno(err, errno, "%s", tmp);
        goto out_free;
    }
    rc = ora_fd_write_all(fd, data, len, err);
    if (rc == 0 && fsync(fd) < 0)
        rc = ora_err_errno(err, errno, "fsync");
    if (close(fd) < 0 && rc == 0)
        rc = ora_err_errno(err, errno, "close");
    if (rc < 0)
        ora_err_wrap(err, "%s", tmp);
    else
        rc = ora_file_rename_durable(tmp, path, err);
    if (rc < 0)
        unlink(tmp);
out_free:
    free(tmp);
    return rc;
}

int ora_file_mkdirs(const char *dir, unsigned mode, struct ora_err *err)
{
    char *path = ora_xstrdup(dir);
    int rc = 0;
    for (char *p = path + 1; rc == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char saved = *p;
        *p = '\0';
        struct stat st;
        if (mkdir(path, mode) < 0 && errno != EEXIST)
            rc = ora_err_errno(err, errno, "mkdir %s", path);
        else if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
            rc = ora_err_errno(err, ENOTDIR, "mkdir %s", path);
        *p = saved;
        if (!saved)
            break;
    }
    free(path);
    return rc;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int ora_file_remove_tree(const char *path, struct ora_err *err)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return ora_err_errno(err, errno, "remove %s", path);
    return 0;
}

bool ora_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int ora_file_size(const char *path, uint64_t *bytes, struct ora_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return ora_err_errno(err, errno, "%s", path);
    *bytes = (uint64_t)st.st_size;
    return 0;
}

int ora_file_free_bytes(const char *path, uint64_t *bytes, struct ora_err *err)
{
    struct statvfs v;
    if (statvfs(path, &v) < 0)
        return ora_err_errno(err, errno, "%s", path);
    *bytes = (uint64_t)v.f_bavail * v.f_frsize;
    return 0;
}

int ora_file_sha256(const char *path, char hex[65], struct ora_err *err)
{
    int fd;
    struct stat st;
    int rc = open_regular(path, &fd, &st, err);
    if (rc < 0)
        return rc;
    enum { CHUNK = 1 << 18 };
    unsigned char *buf = ora_xmalloc(CHUNK);
    struct ora_sha256 h;
    ora_sha256_init(&h);
    size_t got;
    do {
        rc = ora_fd_read_all(fd, buf, CHUNK, &got, err);
        if (rc < 0) {
            ora_err_wrap(err, "%s", path);
            goto out_free;
        }
        ora_sha256_update(&h, buf, got);
    } while (got == CHUNK);
    ora_sha256_hex(&h, hex);
out_free:
    free(buf);
    close(fd);
    return rc;
}

char *ora_path_join(const char *a, const char *b)
{
    if (b[0] == '/' || !a[0])
        return ora_xstrdup(b);
    return ora_fmt(ora_ends_with(a, "/") ? "%s%s" : "%s/%s", a, b);
}

char *ora_path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ora_xstrdup(".");
    return slash == path ? ora_xstrdup("/") : ora_xstrndup(path, (size_t)(slash - path));
}

const char *ora_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *ora_cache_dir(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && xdg[0] == '/')
        return ora_path_join(xdg, "oratorio");
    if (home && home[0] == '/')
        return ora_path_join(home, ".cache/oratorio");
    return NULL;
}

int ora_map_open(struct ora_map *m, const char *path, struct ora_err *err)
{
    int fd;
    struct stat st;
    *m = (struct ora_map){NULL, 0};
    int rc = open_regular(path, &fd, &st, err);
    if (rc < 0)
        return rc;
    if (st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            rc = ora_err_errno(err, errno, "mmap %s", path);
        else
            *m = (struct ora_map){p, (size_t)st.st_size};
    }
    close(fd);
    return rc;
}

void ora_map_release(struct ora_map *m)
{
    if (m->data)
        munmap((void *)(uintptr_t)m->data, m->len);
    *m = (struct ora_map){NULL, 0};
}

void ora_map_rest(const struct ora_map *m, size_t from, size_t n)
{
    const size_t page = 4096;
    size_t first = (from + page - 1) / page * page, end = from + n < m->len ? from + n : m->len;
    if (m->data && first < end)
        madvise((void *)(uintptr_t)(m->data + first), end - first, MADV_DONTNEED);
}

/* Did the file that was locked keep its name meanwhile? A lock on a file that somebody removed guards
 * nothing. */
static bool still_named(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

int ora_file_lock(const char *path, bool wait, int *fd, struct ora_err *err)
{
    for (;;) {
        *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (*fd < 0)
            return ora_err_errno(err, errno, "%s", path);
        int rc;
        do
            rc = flock(*fd, LOCK_EX | (wait ? 0 : LOCK_NB));
        while (rc < 0 && errno == EINTR);
        if (rc == 0 && still_named(*fd, path))
            return 0;
        int e = rc < 0 ? errno : 0;
        close(*fd);
        *fd = -1;
        if (e == EWOULDBLOCK)
            return ora_err_set(err, ORA_E_BUSY, "%s: locked by another process", path);
        if (e)
            return ora_err_errno(err, e, "lock %s", path);
    }
}

int ora_file_claim_descriptors(uint64_t least, uint64_t wanted, struct ora_err *err)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= wanted)
        return 0;
    struct rlimit more = {.rlim_cur = r.rlim_max < wanted ? r.rlim_max : wanted, .rlim_max = r.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        r = more;
    return r.rlim_cur >= least ? 0
                               : ora_err_set(err, ORA_E_BAD_USAGE,
                                             "the limit of open files is %llu for a process, and at least "
                                             "%llu are needed: raise it, as "
                                             "with 'ulimit -n 1024'",
                                             (unsigned long long)r.rlim_cur, (unsigned long long)least);
}
