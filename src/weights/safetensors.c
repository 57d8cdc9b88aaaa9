/*
 * safetensors, reading: the JSON header is parsed once (jansson), checked completely, and turned into an
 * array of tensors sorted by name; the tree is kept because names and metadata are its strings. Data is never
 * touched here.
 *
 * The checks are those of the format's reference: entries must tile the data from its first to its last byte,
 * which makes overlap, holes, trailing bytes and a truncated file one rule.
 */
#include "weights/safetensors.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "weights/safetensors_private.h"

struct ora_weights {
    char *path;
    struct ora_map map; /* data NULL when the bytes are the caller's */
    json_t *header;
    struct ora_tensor *tensors; /* sorted by name, padding left out */
    size_t count;
    size_t align;
};

struct entry { /* one tensor of the header, padding included */
    struct ora_tensor tensor;
    size_t begin, end; /* bytes from the start of the data */
};

/* ---- one entry ------------------------------------------------------------------------------ */

static int entry_error(const char *path, const char *name, struct ora_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static int entry_error(const char *path, const char *name, struct ora_err *err, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ora_err_set(err, ORA_E_FORMAT, "%s: tensor '%.128s': %s", path, name, what);
}

static bool size_of_json(const json_t *v, size_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *out = (size_t)json_integer_value(v);
    return true;
}

static int read_shape(const char *path, const char *name, const json_t *list, struct ora_shape *shape,
                      struct ora_err *err)
{
    if (!json_is_array(list))
        return entry_error(path, name, err, "'shape' is missing or is not a list");
    if (json_array_size(list) > ORA_RANK_MAX)
        return entry_error(path, name, err, "%zu dimensions, at most %d are read", json_array_size(list),
                           ORA_RANK_MAX);
    shape->rank = json_array_size(list);
    for (size_t i = 0; i < shape->rank; i++)
        if (!size_of_json(json_array_get(list, i), &shape->dim[i]))
            return entry_error(path, name, err, "dimension %zu is not a whole number >= 0", i);
    return 0;
}

static int read_entry(const char *path, const char *name, const json_t *v, struct entry *e,
                      struct ora_err *err)
{
    struct ora_tensor *t = &e->tensor;
    char text[ORA_SHAPE_TEXT];
    const char *dtype = json_string_value(json_object_get(v, "dtype"));
    const json_t *offsets = json_object_get(v, "data_offsets");

    t->name = name;
    if (strlen(name) > ORA_WEIGHTS_NAME_MAX || !*name)
        return entry_error(path, name, err, "a name of %zu bytes, wanted 1 to %d", strlen(name),
                           ORA_WEIGHTS_NAME_MAX);
    if (!dtype)
        return entry_error(path, name, err, "'dtype' is missing or is not a string");
    if (!ora_dtype_parse(dtype, &t->dtype))
        return entry_error(path, name, err, "type '%.32s' is not one that can be read", dtype);
    int rc = read_shape(path, name, json_object_get(v, "shape"), &t->shape, err);
    if (rc < 0)
        return rc;
    if (!ora_shape_count(&t->shape, &t->count) ||
        !ora_size_mul(t->count, ora_dtype_bytes(t->dtype), &t->bytes))
        return entry_error(path, name, err, "shape %s is too large", ora_shape_text(&t->shape, text));
    if (json_array_size(offsets) != 2 || !size_of_json(json_array_get(offsets, 0), &e->begin) ||
        !size_of_json(json_array_get(offsets, 1), &e->end) || e->begin > e->end)
        return entry_error(path, name, err, "'data_offsets' is missing or is not [begin, end]");
    if (e->end - e->begin != t->bytes)
        return entry_error(path, name, err, "%s of %s needs %zu bytes, its offsets give %zu",
                           ora_shape_text(&t->shape, text), dtype, t->bytes, e->end - e->begin);
    return 0;
}

/* ---- the header ----------------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ora_tensor *)a)->name, ((const struct ora_tensor *)b)->name);
}

static int check_tiling(const char *path, struct entry *e, size_t count, size_t data_bytes,
                        struct ora_err *err)
{
    size_t at = 0;
    qsort(e, count, sizeof *e, by_offset);
    for (size_t i = 0; i < count; i++) {
        if (e[i].end > data_bytes)
            return entry_error(path, e[i].tensor.name, err,
                               "ends at byte %zu of the data, but the file has only %zu (truncated?)",
                               e[i].end, data_bytes);
        if (e[i].begin != at)
            return entry_error(path, e[i].tensor.name, err, "starts at byte %zu of the data, %s byte %zu",
                               e[i].begin,
                               e[i].begin < at ? "overlapping what ends at" : "leaving a hole after", at);
        at = e[i].end;
    }
    if (at != data_bytes)
        return ora_err_set(err, ORA_E_FORMAT, "%s: %zu bytes after the last tensor", path, data_bytes - at);
    return 0;
}

static int read_entries(struct ora_weights *w, struct entry *entries, size_t *count, struct ora_err *err)
{
    const char *name;
    json_t *v;
    json_object_foreach(w->header, name, v)
    {
        if (strcmp(name, "__metadata__") == 0) {
            const char *key;
            json_t *text;
            if (!json_is_object(v))
                return ora_err_set(err, ORA_E_FORMAT, "%s: '__metadata__' is not a map", w->path);
            json_object_foreach(v, key, text) if (!json_is_string(text)) return ora_err_set(
                err, ORA_E_FORMAT, "%s: metadata '%.64s' is not a string", w->path, key);
            continue;
        }
        int rc = read_entry(w->path, name, v, &entries[*count], err);
        if (rc < 0)
            return rc;
        ++*count;
    }
    return 0;
}

static int keep_tensors(struct ora_weights *w, const struct entry *e, size_t count, const unsigned char *data,
                        size_t data_offset, struct ora_err *err)
{
    w->tensors = ora_trymalloc(count * sizeof *w->tensors);
    if (!w->tensors)
        return ora_err_set(err, ORA_E_NO_MEMORY, "%s: no memory for %zu tensors", w->path, count);
    w->align = ORA_WEIGHTS_ALIGN;
    for (size_t i = 0; i < count; i++) {
        if (ora_starts_with(e[i].tensor.name, ORA_WEIGHTS_PAD_PREFIX))
            continue;
        struct ora_tensor *t = &w->tensors[w->count++];
        *t = e[i].tensor;
        t->data = t->bytes ? data + e[i].begin : NULL;
        while ((data_offset + e[i].begin) % w->align)
            w->align /= 2;
    }
    qsort(w->tensors, w->count, sizeof *w->tensors, by_name);
    return 0;
}

static int parse_header(struct ora_weights *w, const unsigned char *bytes, size_t len, struct ora_err *err)
{
    uint64_t header_len;
    json_error_t why;
    if (len < sizeof header_len)
        return ora_err_set(err, ORA_E_FORMAT, "%s: %zu bytes are too few for a safetensors file", w->path,
                           len);
    memcpy(&header_len, bytes, sizeof header_len);
    if (header_len > ORA_WEIGHTS_HEADER_MAX)
        return ora_err_set(err, ORA_E_FORMAT,
                           "%s: a header of %llu bytes, at most %d are read: not a safetensors file?",
                           w->path, (unsigned long long)header_len, ORA_WEIGHTS_HEADER_MAX);
    if (header_len > len - sizeof header_len)
        return ora_err_set(err, ORA_E_FORMAT,
                           "%s: the header needs %llu bytes, the file has %zu (truncated?)", w->path,
                           (unsigned long long)header_len, len);
    w->header = json_loadb((const char *)bytes + 8, (size_t)header_len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(w->header))
        return ora_err_set(err, ORA_E_FORMAT, "%s: the header is not a JSON map: %s", w->path,
                           w->header ? "another kind of value" : why.text);

    size_t offset = sizeof header_len + (size_t)header_len, count = 0;
    struct entry *entries = ora_trymalloc(json_object_size(w->header) * sizeof *entries);
    if (!entries)
        return ora_err_set(err, ORA_E_NO_MEMORY, "%s: no memory for its header", w->path);
    int rc = read_entries(w, entries, &count, err);
    if (rc == 0)
        rc = check_tiling(w->path, entries, count, len - offset, err);
    if (rc == 0)
        rc = keep_tensors(w, entries, count, bytes + offset, offset, err);
    free(entries);
    return rc;
}

/* ---- life ----------------------------------------------------------------------------------- */

int ora_weights_parse(const void *bytes, size_t len, const char *name, struct ora_weights **out,
                      struct ora_err *err)
{
    struct ora_weights *w = ora_xcalloc(1, sizeof *w);
    w->path = ora_xstrdup(name);
    int rc = parse_header(w, bytes, len, err);
    if (rc < 0)
        ora_weights_close(&w);
    *out = w;
    return rc;
}

int ora_weights_open(const char *path, struct ora_weights **out, struct ora_err *err)
{
    struct ora_map map;
    *out = NULL;
    int rc = ora_map_open(&map, path, err);
    if (rc < 0)
        return rc;
    rc = ora_weights_parse(map.data, map.len, path, out, err);
    if (rc < 0)
        ora_map_release(&map);
    else
        (*out)->map = map;
    return rc;
}

void ora_weights_rest(const struct ora_weights *w)
{
    ora_map_rest(&w->map, 0, w->map.len);
}

void ora_weights_close(struct ora_weights **w)
{
    if (!*w)
        return;
    if ((*w)->map.data)
        ora_map_release(&(*w)->map);
    json_decref((*w)->header);
    free((*w)->tensors);
    free((*w)->path);
    free(*w);
    *w = NULL;
}

/* ---- access --------------------------------------------------------------------------------- */

const char *ora_weights_path(const struct ora_weights *w)
{
    return w->path;
}

size_t ora_weights_count(const struct ora_weights *w)
{
    return w->count;
}

const struct ora_tensor *ora_weights_at(const struct ora_weights *w, size_t index)
{
    return index < w->count ? &w->tensors[index] : NULL;
}

size_t ora_weights_align(const struct ora_weights *w)
{
    return w->align;
}

const struct ora_tensor *ora_weights_find(const struct ora_weights *w, const char *name)
{
    struct ora_tensor key = {.name = name};
    return bsearch(&key, w->tensors, w->count, sizeof key, by_name);
}

const struct ora_tensor *ora_weights_findf(const struct ora_weights *w, const char *fmt, ...)
{
    char name[ORA_WEIGHTS_NAME_MAX + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return ora_weights_find(w, name);
}

const char *ora_weights_meta(const struct ora_weights *w, const char *key)
{
    return json_string_value(json_object_get(json_object_get(w->header, "__metadata__"), key));
}

int ora_weights_meta_int(const struct ora_weights *w, const char *key, int64_t min, int64_t max,
                         int64_t *value, struct ora_err *err)
{
    const char *text = ora_weights_meta(w, key);
    char *end;
    if (!text)
        return ora_err_set(err, ORA_E_VOICE, "%s: metadata '%s' is missing", w->path, key);
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < min || v > max)
        return ora_err_set(err, ORA_E_VOICE,
                           "%s: metadata '%s' is '%.64s', wanted a whole number from %lld to %lld", w->path,
                           key, text, (long long)min, (long long)max);
    *value = v;
    return 0;
}

/* ---- binding -------------------------------------------------------------------------------- */

static int bind(const struct ora_weights *w, enum ora_dtype dtype, const void **data,
                const struct ora_shape *shape, const char *name, struct ora_err *err)
{
    const struct ora_tensor *t = ora_weights_find(w, name);
    char want[ORA_SHAPE_TEXT], found[ORA_SHAPE_TEXT];
    ora_shape_text(shape, want);
    if (!t)
        return ora_err_set(err, ORA_E_VOICE, "%s: tensor '%s' is missing, wanted %s %s", w->path, name,
                           ora_dtype_name(dtype), want);
    if (t->dtype != dtype || !ora_shape_equal(&t->shape, shape))
        return ora_err_set(err, ORA_E_VOICE, "%s: tensor '%s': wanted %s %s, found %s %s", w->path, name,
                           ora_dtype_name(dtype), want, ora_dtype_name(t->dtype),
                           ora_shape_text(&t->shape, found));
    if ((uintptr_t)t->data % ora_dtype_bytes(dtype))
        return ora_err_set(err, ORA_E_VOICE,
                           "%s: tensor '%s' is not aligned to its %zu-byte elements: import it again",
                           w->path, name, ora_dtype_bytes(dtype));
    *data = t->data;
    return 0;
}

int ora_weights_bind(const struct ora_weights *w, const float **data, struct ora_shape shape,
                     struct ora_err *err, const char *fmt, ...)
{
    char name[ORA_WEIGHTS_NAME_MAX + 1];
    const void *p = NULL;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    int rc = bind(w, ORA_F32, &p, &shape, name, err);
    if (rc == 0)
        *data = p;
    return rc;
}

int ora_weights_bind_as(const struct ora_weights *w, enum ora_dtype dtype, const void **data,
                        struct ora_shape shape, struct ora_err *err, const char *fmt, ...)
{
    char name[ORA_WEIGHTS_NAME_MAX + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return bind(w, dtype, data, &shape, name, err);
}

int ora_weights_verify(const char *path, const char *sha256, struct ora_err *err)
{
    char hex[65];
    int rc = ora_file_sha256(path, hex, err);
    if (rc < 0 || strcmp(hex, sha256) == 0)
        return rc;
    return ora_err_set(err, ORA_E_VOICE,
                       "%s has SHA-256 %s, voice.yaml says %s: it is damaged, import the voice again", path,
                       hex, sha256);
}
