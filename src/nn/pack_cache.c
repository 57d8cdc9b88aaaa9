/* The cache file of packed weights: image (pure), then files, which are written while they are made. See
 * pack_cache.h for what is promised. */
#include "nn/pack_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "nn/packing_sources.h"
#include "weights/safetensors.h"

/* ---- image
 * ------------------------------------------------------------------------------------------------------ */

static const char magic[8] = {'O', 'R', 'A', 'P', 'A', 'C', 'K', '2'};
enum { BYTE_ORDER_MARK = 0x01020304 };

struct header {
    char magic[8];
    uint32_t byte_order;   /* BYTE_ORDER_MARK as this machine writes it */
    uint32_t header_bytes; /* ORA_PACK_HEADER_BYTES */
    uint64_t bytes;
    uint64_t digest;
    uint64_t checksum; /* of the sections */
    unsigned char key[32];
};
_Static_assert(sizeof(struct header) <= ORA_PACK_HEADER_BYTES, "the header fits");

/* Bytes of a mapped file that are looked at before their pages are let go again. */
enum { REST_BYTES = 64 << 20 };

/* Finds damage, not malice: four independent multiply-rotate lanes, so that it runs at memory speed. */
struct sum {
    uint64_t lane[4], bytes;
};
static const uint64_t prime = 0x9E3779B185EBCA87u;
static const struct sum sum_begin = {.lane = {1, 2, 3, 4}};

/* n is a multiple of 32. map: the file that data lies in, or NULL. */
static void sum_add(struct sum *s, const unsigned char *data, size_t n, const struct ora_map *map)
{
    uint64_t word[4];
    for (size_t i = 0; i + sizeof word <= n; i += sizeof word) {
        if (map && i && i % REST_BYTES == 0)
            ora_map_rest(map, 0, ORA_PACK_HEADER_BYTES + i);
        memcpy(word, data + i, sizeof word);
        for (int l = 0; l < 4; l++) {
            uint64_t h = (s->lane[l] ^ word[l]) * prime;
            s->lane[l] = h << 29 | h >> 35;
        }
    }
    s->bytes += n;
}

static uint64_t sum_end(const struct sum *s)
{
    uint64_t all = s->bytes;
    for (int l = 0; l < 4; l++) {
        all = (all ^ s->lane[l]) * prime;
        all ^= all >> 32;
    }
    return all;
}

static uint64_t checksum(const unsigned char *data, size_t n, const struct ora_map *map)
{
    struct sum s = sum_begin;
    sum_add(&s, data, n, map);
    return sum_end(&s);
}

void ora_pack_expect_init(struct ora_pack_expect *e, const struct ora_pack_id *id,
                          const struct ora_kernels *k, const struct ora_packer *measured)
{
    struct ora_sha256 h;
    const char *sources = id->sources ? id->sources : ORA_PACKING_SOURCES_SHA256;
    const char *const parts[] = {ORA_VERSION, sources, id->voice_sha256, id->family, k->name};
    memset(e, 0, sizeof *e);
    ora_sha256_init(&h);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ora_sha256_update(&h, parts[i], strlen(parts[i]) + 1);
    ora_sha256_final(&h, e->key);
    e->digest = measured->digest;
    e->bytes = measured->bytes;
}

static void put_header(unsigned char out[ORA_PACK_HEADER_BYTES], const struct ora_pack_expect *e,
                       uint64_t sum)
{
    struct header h = {.byte_order = BYTE_ORDER_MARK,
                       .header_bytes = ORA_PACK_HEADER_BYTES,
                       .bytes = e->bytes,
                       .digest = e->digest,
                       .checksum = sum};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.key, e->key, sizeof h.key);
    memset(out, 0, ORA_PACK_HEADER_BYTES);
    memcpy(out, &h, sizeof h);
}

void ora_pack_image_seal(unsigned char *image, const struct ora_pack_expect *e)
{
    put_header(image, e, checksum(image + ORA_PACK_HEADER_BYTES, (size_t)e->bytes, NULL));
}

static const char *image_fault(const unsigned char *data, size_t len, const struct ora_pack_expect *e,
                               const struct ora_map *map)
{
    struct header h;
    if (len < ORA_PACK_HEADER_BYTES)
        return "the file is shorter than its header";
    memcpy(&h, data, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || h.byte_order != BYTE_ORDER_MARK ||
        h.header_bytes != ORA_PACK_HEADER_BYTES)
        return "this is no file of packed weights of this kind";
    if (memcmp(h.key, e->key, sizeof h.key) != 0 || h.digest != e->digest)
        return "they are of another voice, level or version";
    if (h.bytes != e->bytes || len - ORA_PACK_HEADER_BYTES != e->bytes)
        return "the file has another size than they";
    if (h.checksum != checksum(data + ORA_PACK_HEADER_BYTES, (size_t)e->bytes, map))
        return "they are damaged (checksum)";
    return NULL;
}

const char *ora_pack_image_fault(const unsigned char *data, size_t len, const struct ora_pack_expect *e)
{
    return image_fault(data, len, e, NULL);
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------ */

enum { NAME_DIGITS = 16 }; /* of key and layout: before them stand voice and level */
#define NAME_END ".pack"
#define TMP_END  ".tmp-"
#define LOCK_END ".lock"

static char *file_path(const char *dir, const struct ora_pack_id *id, const struct ora_kernels *k,
                       const struct ora_pack_expect *e)
{
    /* key and digest are both in the name: builds that lay out differently do not fight over one file */
    char *name = ora_fmt("%s-%.12s-%s-%02x%02x%02x%02x%08x" NAME_END, id->family, id->voice_sha256, k->name,
                         e->key[0], e->key[1], e->key[2], e->key[3], (unsigned)(e->digest ^ e->digest >> 32));
    char *path = ora_path_join(dir, name);
    free(name);
    return path;
}

/* Maps the file when it is sound. A missing one is silent, a faulty one is told once. */
static bool map_sound(struct ora_map *map, const char *path, const struct ora_pack_expect *e, bool tell)
{
    const char *fault;
    if (!ora_file_exists(path) || ora_map_open(map, path, NULL) < 0)
        return false;
    fault = image_fault(map->data, map->len, e, map);
    if (!fault) {
        utimensat(AT_FDCWD, path, NULL,
                  0); /* used now; where it may not be written nobody deletes it either */
        return true;
    }
    if (tell)
        ora_log(ORA_LOG_WARN, "packed weights %s: %s; they are made anew", path, fault);
    ora_map_release(map);
    return false;
}

/* What follows the digits and NAME_END in a file's name, or NULL when it is no pack of that voice and level.
 */
static const char *name_rest(const char *name, const char *voice_and_level, size_t n)
{
    if (strncmp(name, voice_and_level, n) != 0 || strspn(name + n, "0123456789abcdef") != NAME_DIGITS)
        return NULL;
    name += n + NAME_DIGITS;
    return strncmp(name, NAME_END, strlen(NAME_END)) == 0 ? name + strlen(NAME_END) : NULL;
}

static bool unused_for_long(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && time(NULL) - st.st_mtime > (time_t)ORA_PACK_KEEP_DAYS * 24 * 60 * 60;
}

/* Under the lock of `path`: deletes packs of its voice and level that nobody used for long, and what makers
 * who were killed left. One that is mapped stays whole for whoever maps it. */
static void forget_unused(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    size_t n = strlen(name) - NAME_DIGITS - strlen(NAME_END);
    char *folder = ora_fmt("%.*s", (int)(name - path), path);
    struct dirent *entry;
    DIR *d = opendir(folder);
    while (d && (entry = readdir(d))) {
        const char *rest = name_rest(entry->d_name, name, n);
        bool ours = strncmp(entry->d_name, name, strlen(name)) == 0;
        bool part = rest && strncmp(rest, TMP_END, strlen(TMP_END)) == 0;
        if (!rest || (*rest && !part) || (ours && !part))
            continue;
        char *file = ora_fmt("%s%s", folder, entry->d_name), *lock = ora_fmt("%s" LOCK_END, file);
        if (ours || unused_for_long(file)) {
            unlink(file);
            unlink(lock);
        }
        free(lock);
        free(file);
    }
    if (d)
        closedir(d);
    free(folder);
}

/* *p was set up by ora_packer_init. */
static int bind_with(struct ora_packer *p, ora_pack_bind_fn *bind, void *model, struct ora_err *err)
{
    int rc = bind(model, p, err);
    if (rc < 0)
        return rc;
    if (p->overrun || (p->mode != ORA_PACK_MEASURE && p->bytes != p->limit))
        return ora_err_set(err, ORA_E_INTERNAL, "packing used %zu bytes where %zu were measured", p->bytes,
                           p->limit);
    return 0;
}

static int run_bind(enum ora_packer_mode mode, const struct ora_kernels *k, void *memory, size_t bytes,
                    ora_pack_bind_fn *bind, void *model, struct ora_packer *p, struct ora_err *err)
{
    ora_packer_init(p, k, mode, memory, bytes);
    return bind_with(p, bind, model, err);
}

/* ---- making the file
 * ------------------------------------------------------------------------------------------------------ */

/* Sections on their way to the file: bind writes into reserved address space, and what lies behind goes to
 * the file and its memory back to the system, so that packing takes little of it however large the model is.
 */
struct stream {
    unsigned char *memory;
    size_t bytes, written;
    struct sum sum;
    int fd;
    struct ora_err *err;
    int rc; /* of the first write that failed: nothing is written after it */
};

/* KEEP_BYTES: a layer's sections that are taken and not filled yet. */
enum { STREAM_BYTES = 16 << 20, KEEP_BYTES = 4 << 20, PAGE = 4096 };

static void write_up_to(struct stream *s, size_t end)
{
    size_t released = s->written / PAGE * PAGE;
    if (s->rc == 0)
        s->rc = ora_fd_write_all(s->fd, s->memory + s->written, end - s->written, s->err);
    if (s->rc < 0)
        return;
    sum_add(&s->sum, s->memory + s->written, end - s->written, NULL);
    s->written = end;
    madvise(s->memory + released, end / PAGE * PAGE - released, MADV_DONTNEED);
}

static void write_behind(void *ctx, size_t bytes)
{
    struct stream *s = ctx;
    if (bytes >= s->written + STREAM_BYTES + KEEP_BYTES)
        write_up_to(s, bytes - KEEP_BYTES);
}

/* Packs into an open file. 0 or what bind said; whether the file is whole tells s->rc. */
static int pack_into(struct stream *s, const struct ora_pack_expect *e, const struct ora_kernels *k,
                     ora_pack_bind_fn *bind, void *model, struct ora_err *err)
{
    unsigned char header[ORA_PACK_HEADER_BYTES] = {0};
    struct ora_packer p;
    ora_packer_init(&p, k, ORA_PACK_WRITE, s->memory, s->bytes);
    p.behind = write_behind;
    p.behind_ctx = s;
    s->rc = ora_fd_write_all(s->fd, header, sizeof header, s->err);
    int rc = s->rc < 0 ? 0 : bind_with(&p, bind, model, err);
    if (rc < 0 || s->rc < 0)
        return rc;
    write_up_to(s, s->bytes);
    put_header(header, e, sum_end(&s->sum));
    if (s->rc == 0 && pwrite(s->fd, header, sizeof header, 0) != sizeof header)
        s->rc = ora_err_errno(s->err, errno, "header");
    if (s->rc == 0 && fsync(s->fd) < 0)
        s->rc = ora_err_errno(s->err, errno, "fsync");
    return 0;
}

/* 0 or what bind said; *why tells where the file could not be written. */
static int make_file(const char *path, const struct ora_pack_expect *e, const struct ora_kernels *k,
                     ora_pack_bind_fn *bind, void *model, struct ora_err *why, struct ora_err *err)
{
    struct stream s = {.bytes = (size_t)e->bytes, .sum = sum_begin, .fd = -1, .err = why};
    char *tmp = ora_fmt("%s" TMP_END "%ld", path, (long)getpid());
    int rc = 0;
    void *memory = mmap(NULL, s.bytes ? s.bytes : 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    s.memory = memory;
    if (memory == MAP_FAILED)
        s.rc = ora_err_errno(why, errno, "no address space for %zu bytes of packed weights", s.bytes);
    else if ((s.fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0)
        s.rc = ora_err_errno(why, errno, "%s", tmp);
    else
        rc = pack_into(&s, e, k, bind, model, err);
    if (s.fd >= 0 && close(s.fd) < 0 && s.rc == 0)
        s.rc = ora_err_errno(why, errno, "close");
    if (s.fd >= 0 && s.rc < 0)
        ora_err_wrap(why, "%s", tmp);
    else if (rc == 0 && s.rc == 0)
        s.rc = ora_file_rename_durable(tmp, path, why);
    if (s.fd >= 0 && (rc < 0 || s.rc < 0))
        unlink(tmp);
    if (memory != MAP_FAILED)
        munmap(memory, s.bytes ? s.bytes : 1);
    free(tmp);
    return rc;
}

/* A sealed image in fresh memory. */
static int make_image(unsigned char **image, const struct ora_pack_expect *e, const struct ora_kernels *k,
                      ora_pack_bind_fn *bind, void *model, struct ora_err *err)
{
    struct ora_packer p;
    size_t total;
    *image = NULL;
    if (!ora_size_add((size_t)e->bytes, ORA_PACK_HEADER_BYTES, &total) ||
        !(*image = ora_tryaligned(64, total)))
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu bytes of packed weights",
                           (size_t)e->bytes);
    memset(*image, 0, total);
    int rc =
        run_bind(ORA_PACK_WRITE, k, *image + ORA_PACK_HEADER_BYTES, (size_t)e->bytes, bind, model, &p, err);
    if (rc < 0) {
        free(*image);
        *image = NULL;
        return rc;
    }
    ora_pack_image_seal(*image, e);
    return 0;
}

static int verify_source(const struct ora_pack_id *id, struct ora_err *err)
{
    if (!id->source || id->source->sound)
        return 0;
    int rc = ora_weights_verify(id->source->path, id->voice_sha256, err);
    id->source->sound = rc == 0;
    return rc;
}

/* Under the lock: maps what another made meanwhile, or makes the file. Leaves private memory where it cannot
 * be kept. */
static int map_or_make(struct ora_pack_cache *c, const char *path, const struct ora_pack_id *id,
                       const struct ora_pack_expect *e, const struct ora_kernels *k, ora_pack_bind_fn *bind,
                       void *model, struct ora_err *err)
{
    struct ora_err why = {0};
    unsigned char *image;
    if (path && map_sound(&c->map, path, e, false))
        return 0;
    int rc = verify_source(id, err);
    if (path)
        forget_unused(path);
    if (rc == 0 && path)
        rc = make_file(path, e, k, bind, model, &why, err);
    if (rc < 0)
        return rc;
    c->made = true;
    if (path && why.code == 0 && map_sound(&c->map, path, e, true))
        return 0;
    ora_log(ORA_LOG_WARN, "packed weights are not shared between engines: %s",
            path ? why.message : "there is no cache folder");
    if ((rc = make_image(&image, e, k, bind, model, err)) < 0)
        return rc;
    c->private_memory = image;
    return 0;
}

/* The path of the cache file and a lock on it; *path is NULL when there can be none. */
static void prepare(const char *dir, const struct ora_pack_id *id, const struct ora_kernels *k,
                    const struct ora_pack_expect *e, char **path)
{
    char *own = dir ? ora_xstrdup(dir) : ora_cache_dir();
    struct ora_err why = {0};
    *path = NULL;
    if (own && ora_file_mkdirs(own, 0755, &why) == 0)
        *path = file_path(own, id, k, e);
    else if (own)
        ora_log(ORA_LOG_WARN, "cache folder: %s", why.message);
    free(own);
}

int ora_pack_cache_open(struct ora_pack_cache *c, const char *dir, const struct ora_pack_id *id,
                        const struct ora_kernels *k, ora_pack_bind_fn *bind, void *model, struct ora_err *err)
{
    struct ora_packer p;
    struct ora_pack_expect expect;
    char *path = NULL, *lock_path = NULL;
    int lock = -1, rc;

    memset(c, 0, sizeof *c);
    rc = run_bind(ORA_PACK_MEASURE, k, NULL, 0, bind, model, &p, err);
    if (rc < 0)
        return rc;
    ora_pack_expect_init(&expect, id, k, &p);
    c->bytes = p.bytes;
    prepare(dir, id, k, &expect, &path);
    if (!path || !map_sound(&c->map, path, &expect, true)) {
        lock_path = path ? ora_fmt("%s" LOCK_END, path) : NULL;
        if (lock_path && ora_file_lock(lock_path, true, &lock, NULL) < 0)
            lock = -1; /* a folder that cannot be locked cannot be written either: map_or_make tells */
        rc = map_or_make(c, path, id, &expect, k, bind, model, err);
        if (rc < 0)
            goto out_unlock;
    }
    /* The views must point into what stays; const is cast away for a mode that only reads. */
    const unsigned char *image = c->private_memory ? c->private_memory : c->map.data;
    rc = run_bind(ORA_PACK_VIEW, k, (void *)(uintptr_t)(image + ORA_PACK_HEADER_BYTES), c->bytes, bind, model,
                  &p, err);
    if (rc < 0)
        ora_pack_cache_release(c);
out_unlock:
    if (lock >= 0)
        close(lock);
    free(lock_path);
    free(path);
    return rc;
}

void ora_pack_cache_release(struct ora_pack_cache *c)
{
    ora_map_release(&c->map);
    free(c->private_memory);
    memset(c, 0, sizeof *c);
}

void ora_pack_cache_rest(const struct ora_pack_cache *c)
{
    ora_map_rest(&c->map, 0, c->map.len);
}
