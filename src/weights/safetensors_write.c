/*
 * safetensors, writing: the header is made from the declarations at the first put, then bytes go straight to
 * the file, so that memory stays small whatever the model's size. The file has a temporary name until commit.
 */
#include "weights/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "weights/safetensors_private.h"

struct declared {
    char *name;
    enum ora_dtype dtype;
    struct ora_shape shape;
    size_t bytes;
};

struct ora_weights_writer {
    char *path, *tmp;
    int fd; /* -1 before create succeeded and after commit */
    json_t *meta, *names;
    struct declared *tensors;
    size_t count;
    bool begun;     /* the header is written: no more declarations */
    size_t current; /* the tensor that the next put belongs to */
    size_t filled;  /* its bytes so far */
    struct ora_sha256 hash;
};

static size_t padding_after(size_t bytes)
{
    return (ORA_WEIGHTS_ALIGN - bytes % ORA_WEIGHTS_ALIGN) % ORA_WEIGHTS_ALIGN;
}

int ora_weights_writer_create(const char *path, struct ora_weights_writer **out, struct ora_err *err)
{
    struct ora_weights_writer *wr = ora_xcalloc(1, sizeof *wr);
    int rc = 0;
    wr->path = ora_xstrdup(path);
    wr->tmp = ora_fmt("%s.tmp-%ld", path, (long)getpid());
    wr->meta = json_object();
    wr->names = json_object();
    ora_sha256_init(&wr->hash);
    wr->fd = open(wr->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (wr->fd < 0) {
        rc = ora_err_errno(err, errno, "%s", wr->tmp);
        ora_weights_writer_destroy(&wr);
    }
    *out = wr;
    return rc;
}

void ora_weights_writer_destroy(struct ora_weights_writer **p)
{
    struct ora_weights_writer *wr = *p;
    if (!wr)
        return;
    if (wr->fd >= 0) {
        close(wr->fd);
        unlink(wr->tmp);
    }
    for (size_t i = 0; i < wr->count; i++)
        free(wr->tensors[i].name);
    free(wr->tensors);
    json_decref(wr->meta);
    json_decref(wr->names);
    free(wr->path);
    free(wr->tmp);
    free(wr);
    *p = NULL;
}

int ora_weights_writer_meta(struct ora_weights_writer *wr, const char *key, const char *value,
                            struct ora_err *err)
{
    if (wr->begun)
        return ora_err_set(err, ORA_E_INTERNAL, "%s: metadata '%s' after the first data", wr->path, key);
    if (json_object_set_new(wr->meta, key, json_string(value)) < 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s: metadata '%.64s' is not UTF-8", wr->path, key);
    return 0;
}

int ora_weights_writer_declare(struct ora_weights_writer *wr, const char *name, enum ora_dtype dtype,
                               struct ora_shape shape, struct ora_err *err)
{
    size_t count, bytes;
    if (wr->begun)
        return ora_err_set(err, ORA_E_INTERNAL, "%s: tensor '%s' declared after the first data", wr->path,
                           name);
    if (!*name || strlen(name) > ORA_WEIGHTS_NAME_MAX || ora_starts_with(name, ORA_WEIGHTS_PAD_PREFIX) ||
        strcmp(name, "__metadata__") == 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s: '%.64s' cannot be a tensor's name", wr->path, name);
    if (dtype == ORA_DTYPE_OTHER || !ora_shape_count(&shape, &count) ||
        !ora_size_mul(count, ora_dtype_bytes(dtype), &bytes))
        return ora_err_set(err, ORA_E_FORMAT, "%s: tensor '%s' has no type or is too large", wr->path, name);
    if (json_object_get(wr->names, name))
        return ora_err_set(err, ORA_E_FORMAT, "%s: tensor '%s' declared twice", wr->path, name);
    if (json_object_set_new(wr->names, name, json_true()) < 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s: a tensor's name is not UTF-8", wr->path);
    if ((wr->count & (wr->count - 1)) == 0)
        wr->tensors = ora_xrealloc(wr->tensors, (wr->count ? wr->count * 2 : 1) * sizeof *wr->tensors);
    wr->tensors[wr->count++] = (struct declared){ora_xstrdup(name), dtype, shape, bytes};
    return 0;
}

/* ---- the header ----------------------------------------------------------------------------- */

static int emit(struct ora_weights_writer *wr, const void *data, size_t bytes, struct ora_err *err)
{
    if (ora_fd_write_all(wr->fd, data, bytes, err) < 0)
        return ora_err_wrap(err, "%s", wr->tmp);
    ora_sha256_update(&wr->hash, data, bytes);
    return 0;
}

static void add_entry(struct ora_str *s, const char *name, enum ora_dtype dtype,
                      const struct ora_shape *shape, size_t begin, size_t end)
{
    json_t *text = json_string(name);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    char dims[ORA_SHAPE_TEXT];
    ora_str_addf(s, "%s%s:{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", s->len > 1 ? "," : "",
                 quoted, ora_dtype_name(dtype), ora_shape_text(shape, dims), begin, end);
    free(quoted);
    json_decref(text);
}

static void make_header(const struct ora_weights_writer *wr, struct ora_str *s)
{
    size_t at = 0;
    ora_str_addc(s, '{');
    if (json_object_size(wr->meta)) {
        char *meta = json_dumps(wr->meta, JSON_SORT_KEYS | JSON_COMPACT);
        ora_str_addf(s, "\"__metadata__\":%s", meta);
        free(meta);
    }
    for (size_t i = 0; i < wr->count; i++) {
        const struct declared *d = &wr->tensors[i];
        add_entry(s, d->name, d->dtype, &d->shape, at, at + d->bytes);
        at += d->bytes;
        size_t pad = padding_after(d->bytes);
        if (pad) {
            char name[32];
            snprintf(name, sizeof name, ORA_WEIGHTS_PAD_PREFIX "%zu", i);
            add_entry(s, name, ORA_U8, &ORA_SHAPE(pad), at, at + pad);
            at += pad;
        }
    }
    ora_str_addc(s, '}');
    while ((sizeof(uint64_t) + s->len) % ORA_WEIGHTS_ALIGN)
        ora_str_addc(s, ' '); /* the format lets the header end in spaces */
}

static int begin(struct ora_weights_writer *wr, struct ora_err *err)
{
    struct ora_str header = ORA_STR_INIT;
    int rc = 0;
    size_t total = 0;
    for (size_t i = 0; i < wr->count; i++)
        if (!ora_size_add(total, wr->tensors[i].bytes, &total) ||
            !ora_size_add(total, padding_after(wr->tensors[i].bytes), &total))
            return ora_err_set(err, ORA_E_FORMAT, "%s: the tensors are too large together", wr->path);
    make_header(wr, &header);
    uint64_t len = header.len;
    if (len > ORA_WEIGHTS_HEADER_MAX)
        rc = ora_err_set(err, ORA_E_LIMIT, "%s: a header of %zu bytes, at most %d", wr->path, header.len,
                         ORA_WEIGHTS_HEADER_MAX);
    if (rc == 0)
        rc = emit(wr, &len, sizeof len, err);
    if (rc == 0)
        rc = emit(wr, header.data, header.len, err);
    ora_str_release(&header);
    wr->begun = true;
    return rc;
}

/* ---- data ----------------------------------------------------------------------------------- */

/* Closes every tensor that is full, those without elements too. */
static int advance(struct ora_weights_writer *wr, struct ora_err *err)
{
    static const unsigned char zeros[ORA_WEIGHTS_ALIGN];
    while (wr->current < wr->count && wr->filled == wr->tensors[wr->current].bytes) {
        int rc = emit(wr, zeros, padding_after(wr->filled), err);
        if (rc < 0)
            return rc;
        wr->current++;
        wr->filled = 0;
    }
    return 0;
}

int ora_weights_writer_put(struct ora_weights_writer *wr, const void *data, size_t bytes, struct ora_err *err)
{
    int rc = 0;
    if (!wr->begun)
        rc = begin(wr, err);
    if (rc == 0)
        rc = advance(wr, err);
    if (rc < 0)
        return rc;
    if (bytes == 0)
        return 0;
    if (wr->current == wr->count)
        return ora_err_set(err, ORA_E_INTERNAL, "%s: %zu bytes after the last tensor", wr->path, bytes);
    const struct declared *d = &wr->tensors[wr->current];
    if (bytes > d->bytes - wr->filled)
        return ora_err_set(err, ORA_E_INTERNAL, "%s: tensor '%s': %zu bytes too many", wr->path, d->name,
                           bytes - (d->bytes - wr->filled));
    rc = emit(wr, data, bytes, err);
    wr->filled += bytes;
    return rc;
}

int ora_weights_writer_commit(struct ora_weights_writer *wr, char sha256[65], struct ora_err *err)
{
    int rc = ora_weights_writer_put(wr, NULL, 0, err); /* the header of a file without tensors, too */
    if (rc == 0)
        rc = advance(wr, err);
    if (rc < 0)
        return rc;
    if (wr->current < wr->count)
        return ora_err_set(err, ORA_E_INTERNAL, "%s: tensor '%s' is not complete: %zu of %zu bytes", wr->path,
                           wr->tensors[wr->current].name, wr->filled, wr->tensors[wr->current].bytes);
    if (fsync(wr->fd) < 0)
        return ora_err_errno(err, errno, "fsync %s", wr->tmp);
    rc = ora_file_rename_durable(wr->tmp, wr->path, err);
    if (rc < 0)
        return rc;
    close(wr->fd);
    wr->fd = -1;
    if (sha256)
        ora_sha256_hex(&wr->hash, sha256);
    return 0;
}
