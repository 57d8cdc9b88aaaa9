/*
 * torch: the two containers, and the dict of tensors that is wanted.
 *
 * Both give the same three things: one pickle, the storages that it mentions, and their bytes. All storages
 * of the pickle are listed once (the pickle's values are an array, so no walk of a tree is needed), then
 * located, then every tensor is checked against them, and only then the wanted dict is looked up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "weights/torch_private.h"

enum { NAME_MAX_BYTES = 255, STREAM_VERSION = 1001 };

static const unsigned char stream_magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                             0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

static bool is_zip(const unsigned char *p, size_t len)
{
    return len >= 4 && memcmp(p, "PK\3\4", 4) == 0;
}

bool ora_torch_is(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    return is_zip(p, len) || (len >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5);
}

/* ---- storages ------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct ora_torch_storage *)a)->key, ((const struct ora_torch_storage *)b)->key);
}

/* A key is mentioned once for each of its tensors and must say the same each time. */
static int merge_storages(struct ora_torch *t, struct ora_err *err)
{
    struct ora_torch_storage *s = t->storage;
    size_t kept = 0;
    qsort(s, t->storage_count, sizeof *s, by_key);
    for (size_t i = 0; i < t->storage_count; i++) {
        if (kept == 0 || strcmp(s[kept - 1].key, s[i].key) != 0)
            s[kept++] = s[i];
        else if (s[kept - 1].dtype != s[i].dtype || s[kept - 1].count != s[i].count)
            return ora_torch_fail(
                t, err, ORA_E_FORMAT, "storage '%s' is %zu elements of %s here and %zu of %s there", s[i].key,
                s[i].count, ora_dtype_name(s[i].dtype), s[kept - 1].count, ora_dtype_name(s[kept - 1].dtype));
    }
    t->storage_count = kept;
    return 0;
}

static int list_storages(struct ora_torch *t, struct ora_err *err)
{
    const struct ora_pickle_value *v;
    size_t count = 0;
    for (size_t i = 0; (v = ora_pickle_at(t->pickle, i)); i++)
        count += v->kind == ORA_PICKLE_REF;
    if (count > ORA_TORCH_STORAGES_MAX)
        return ora_torch_fail(t, err, ORA_E_LIMIT, "%zu storages, at most %d are read", count,
                              ORA_TORCH_STORAGES_MAX);
    t->storage = ora_trymalloc((count + 1) * sizeof *t->storage);
    if (!t->storage)
        return ora_torch_fail(t, err, ORA_E_NO_MEMORY, "no memory for %zu storages", count);
    for (size_t i = 0; (v = ora_pickle_at(t->pickle, i)); i++) {
        int rc = v->kind == ORA_PICKLE_REF
                     ? ora_torch_read_storage(t, v, &t->storage[t->storage_count++], err)
                     : 0;
        if (rc < 0)
            return rc;
    }
    return merge_storages(t, err);
}

static bool storage_bytes(const struct ora_torch_storage *s, size_t *bytes)
{
    return ora_size_mul(s->count, ora_dtype_bytes(s->dtype), bytes);
}

/* ---- the zip container ---------------------------------------------------------------------------- */

static int parse_pickle(struct ora_torch *t, const unsigned char *at, size_t len, size_t *used,
                        struct ora_err *err)
{
    return ora_pickle_parse(at, len, t->name, ora_torch_classes, ora_torch_class_count, &t->pickle, used,
                            err);
}

/* The folder is called after the file it was saved as: the one that holds data.pkl. */
static const struct ora_zip_entry *find_pickle(struct ora_torch *t)
{
    const struct ora_zip_entry *found = NULL, *e;
    for (size_t i = 0; (e = ora_zip_at(t->zip, i)); i++) {
        const char *slash = strchr(e->name, '/');
        if (!slash || strcmp(slash, "/data.pkl") != 0)
            continue;
        if (found)
            return NULL;
        found = e;
        t->folder = ora_xstrndup(e->name, (size_t)(slash - e->name) + 1);
    }
    return found;
}

static const struct ora_zip_entry *find_in_folder(const struct ora_torch *t, const char *dir,
                                                  const char *file)
{
    char name[ORA_ZIP_NAME_MAX + 1];
    int n = snprintf(name, sizeof name, "%s%s%s", t->folder, dir, file);
    return n > 0 && (size_t)n < sizeof name ? ora_zip_find(t->zip, name) : NULL;
}

static int locate_in_zip(struct ora_torch *t, struct ora_err *err)
{
    for (size_t i = 0; i < t->storage_count; i++) {
        struct ora_torch_storage *s = &t->storage[i];
        const struct ora_zip_entry *e = find_in_folder(t, "data/", s->key);
        size_t bytes;
        if (!e)
            return ora_torch_fail(t, err, ORA_E_FORMAT, "storage '%s' has no entry in the archive", s->key);
        if (!storage_bytes(s, &bytes) || bytes != e->bytes)
            return ora_torch_fail(t, err, ORA_E_FORMAT,
                                  "storage '%s' promises %zu elements of %s, its entry has %zu bytes", s->key,
                                  s->count, ora_dtype_name(s->dtype), e->bytes);
        s->data = e->data;
    }
    return 0;
}

static int read_zip(struct ora_torch *t, struct ora_err *err)
{
    size_t used;
    int rc = ora_zip_parse(t->bytes, t->len, t->name, &t->zip, err);
    if (rc < 0)
        return rc;
    const struct ora_zip_entry *pickle = find_pickle(t), *order;
    if (!pickle)
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "an archive without one data.pkl: torch.save did not write it");
    order = find_in_folder(t, "", "byteorder");
    if (order && (order->bytes != 6 || memcmp(order->data, "little", 6) != 0))
        return ora_torch_fail(t, err, ORA_E_UNSUPPORTED, "the archive's byte order is not 'little'");
    if ((rc = ora_zip_check(t->zip, pickle, err)) < 0 ||
        (rc = parse_pickle(t, pickle->data, pickle->bytes, &used, err)) < 0)
        return rc;
    if (used != pickle->bytes)
        return ora_torch_fail(t, err, ORA_E_FORMAT, "%zu bytes follow the pickle", pickle->bytes - used);
    rc = list_storages(t, err);
    return rc < 0 ? rc : locate_in_zip(t, err);
}

/* ---- the older container -------------------------------------------------------------------------- */

/* Magic number, version, system, the pickle itself, the storages' keys; then each storage: its size and its
 * bytes. */
struct stream {
    struct ora_torch *t;
    size_t at;
    struct ora_err *err;
};

static int next_pickle(struct stream *s, struct ora_pickle **p)
{
    size_t used;
    char *name = ora_fmt("%s: stream at byte %zu", s->t->name, s->at);
    int rc = ora_pickle_parse(s->t->bytes + s->at, s->t->len - s->at, name, ora_torch_classes,
                              ora_torch_class_count, p, &used, s->err);
    s->at += used;
    free(name);
    return rc;
}

static int check_version(struct stream *s)
{
    struct ora_pickle *p = NULL;
    int rc = next_pickle(s, &p);
    if (rc < 0)
        return rc;
    const struct ora_pickle_value *v = ora_pickle_root(p);
    if (v->kind != ORA_PICKLE_INT || v->number != STREAM_VERSION)
        rc = ora_torch_fail(s->t, s->err, ORA_E_UNSUPPORTED, "the container's version is not %d",
                            STREAM_VERSION);
    ora_pickle_free(&p);
    return rc;
}

static int check_system(struct stream *s)
{
    struct ora_pickle *p = NULL;
    int rc = next_pickle(s, &p);
    if (rc < 0)
        return rc;
    const struct ora_pickle_value *v = ora_pickle_get(ora_pickle_root(p), "little_endian");
    if (!v || v->kind != ORA_PICKLE_BOOL || !v->number)
        rc = ora_torch_fail(s->t, s->err, ORA_E_UNSUPPORTED,
                            "the container does not say that it is little-endian");
    ora_pickle_free(&p);
    return rc;
}

static int locate_next(struct stream *s, const struct ora_pickle_value *key)
{
    char text[ORA_TORCH_KEY_MAX];
    uint64_t count;
    size_t bytes, left = s->t->len - s->at;
    if (key->kind != ORA_PICKLE_TEXT || key->count >= sizeof text)
        return ora_torch_fail(s->t, s->err, ORA_E_FORMAT, "the list of storages holds a %s, wanted keys",
                              ora_pickle_kind_name(key));
    memcpy(text, key->text, key->count);
    text[key->count] = 0;
    struct ora_torch_storage *found = strlen(text) == key->count ? ora_torch_find_storage(s->t, text) : NULL;
    if (!found || found->data)
        return ora_torch_fail(s->t, s->err, ORA_E_FORMAT, "the list of storages holds one that %s",
                              found ? "was listed before" : "no tensor has");
    if (left < sizeof count)
        return ora_torch_fail(s->t, s->err, ORA_E_FORMAT, "storage '%s' is not there (truncated?)",
                              found->key);
    memcpy(&count, s->t->bytes + s->at, sizeof count);
    if (count != found->count || !storage_bytes(found, &bytes))
        return ora_torch_fail(s->t, s->err, ORA_E_FORMAT, "storage '%s' promises %zu elements and has %llu",
                              found->key, found->count, (unsigned long long)count);
    if (bytes > left - sizeof count)
        return ora_torch_fail(s->t, s->err, ORA_E_FORMAT,
                              "storage '%s' needs %zu bytes, the file has %zu more (truncated?)", found->key,
                              bytes, left - sizeof count);
    found->data = s->t->bytes + s->at + sizeof count;
    s->at += sizeof count + bytes;
    return 0;
}

static int locate_in_stream(struct stream *s)
{
    struct ora_pickle *p = NULL;
    int rc = next_pickle(s, &p);
    if (rc < 0)
        return rc;
    const struct ora_pickle_value *keys = ora_pickle_root(p);
    if (keys->kind != ORA_PICKLE_LIST || keys->count != s->t->storage_count)
        rc = ora_torch_fail(s->t, s->err, ORA_E_FORMAT,
                            "after the pickle comes a %s of %u, wanted a list of %zu storages",
                            ora_pickle_kind_name(keys), keys->count, s->t->storage_count);
    for (uint32_t i = 0; rc == 0 && i < keys->count; i++)
        rc = locate_next(s, keys->item[i]);
    if (rc == 0 && s->at != s->t->len)
        rc = ora_torch_fail(s->t, s->err, ORA_E_FORMAT, "%zu bytes follow the last storage",
                            s->t->len - s->at);
    ora_pickle_free(&p);
    return rc;
}

static int read_stream(struct ora_torch *t, struct ora_err *err)
{
    struct stream s = {.t = t, .at = sizeof stream_magic, .err = err};
    int rc;
    if ((rc = check_version(&s)) < 0 || (rc = check_system(&s)) < 0 ||
        (rc = next_pickle(&s, &t->pickle)) < 0 || (rc = list_storages(t, err)) < 0)
        return rc;
    return locate_in_stream(&s);
}

/* A pickle without container holds no tensors; what it names is the better reason to refuse it. */
static int refuse_bare(struct ora_torch *t, struct ora_err *err)
{
    int rc = ora_torch_is(t->bytes, t->len) ? parse_pickle(t, t->bytes, t->len, NULL, err) : 0;
    return rc < 0 ? rc : ora_torch_fail(t, err, ORA_E_FORMAT, "neither of torch's two containers of tensors");
}

/* ---- the wanted dict ------------------------------------------------------------------------------ */

static int check_tensors(struct ora_torch *t, struct ora_err *err)
{
    const struct ora_pickle_value *v;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (v = ora_pickle_at(t->pickle, i)); i++)
        if (ora_torch_is_tensor(v))
            rc = ora_torch_read_tensor(t, v, NULL, NULL, err);
    return rc;
}

static const struct ora_pickle_value *choose(struct ora_torch *t, const char *const *keys, size_t key_count,
                                             struct ora_err *err)
{
    const struct ora_pickle_value *v = ora_pickle_root(t->pickle);
    for (size_t i = 0; i <= key_count; i++) {
        if (!v || v->kind != ORA_PICKLE_DICT) {
            ora_torch_fail(t, err, ORA_E_FORMAT, "%s%.64s%s is a %s, wanted a dict of tensors",
                           i ? "'" : "the file", i ? keys[i - 1] : "", i ? "'" : "", ora_pickle_kind_name(v));
            return NULL;
        }
        if (i < key_count)
            v = ora_pickle_get(v, keys[i]);
    }
    return v;
}

static bool name_ok(const struct ora_pickle_value *v)
{
    if (v->kind != ORA_PICKLE_TEXT || v->count == 0 || v->count > NAME_MAX_BYTES)
        return false;
    for (uint32_t i = 0; i < v->count; i++)
        if ((unsigned char)v->text[i] < 0x20 || v->text[i] == 0x7f)
            return false;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct ora_tensor *const *)a)->name, (*(const struct ora_tensor *const *)b)->name);
}

static int sort_names(struct ora_torch *t, struct ora_err *err)
{
    for (size_t i = 0; i < t->count; i++)
        t->by_name[i] = &t->tensor[i];
    qsort(t->by_name, t->count, sizeof *t->by_name, by_name);
    for (size_t i = 1; i < t->count; i++)
        if (strcmp(t->by_name[i - 1]->name, t->by_name[i]->name) == 0)
            return ora_torch_fail(t, err, ORA_E_FORMAT, "two tensors are called '%.128s'",
                                  t->by_name[i]->name);
    return 0;
}

static int list_tensors(struct ora_torch *t, const struct ora_pickle_value *dict, struct ora_err *err)
{
    size_t entries = dict->count / 2;
    t->tensor = calloc(entries + 1, sizeof *t->tensor);
    t->by_name = calloc(entries + 1, sizeof *t->by_name);
    if (!t->tensor || !t->by_name)
        return ora_torch_fail(t, err, ORA_E_NO_MEMORY, "no memory for %zu tensors", entries);
    for (size_t i = 0; i < entries; i++) {
        const struct ora_pickle_value *key = dict->item[2 * i], *v = dict->item[2 * i + 1];
        if (!name_ok(key))
            return ora_torch_fail(t, err, ORA_E_FORMAT,
                                  "entry %zu of the dict has a key that cannot be a tensor's name", i);
        if (!ora_torch_is_tensor(v)) {
            t->others++;
            continue;
        }
        char *name = ora_xstrndup(key->text, key->count);
        int rc = ora_torch_read_tensor(t, v, name, &t->tensor[t->count], err);
        if (rc < 0) {
            free(name);
            return rc;
        }
        t->count++;
    }
    return sort_names(t, err);
}

/* ---- life ----------------------------------------------------------------------------------------- */

int ora_torch_parse(const void *bytes, size_t len, const char *name, const char *const *keys,
                    size_t key_count, struct ora_torch **out, struct ora_err *err)
{
    struct ora_torch *t = ora_xcalloc(1, sizeof *t);
    const struct ora_pickle_value *dict = NULL;
    t->name = ora_xstrdup(name);
    t->bytes = bytes;
    t->len = len;
    int rc = is_zip(bytes, len) ? read_zip(t, err)
             : len > sizeof stream_magic && memcmp(bytes, stream_magic, sizeof stream_magic) == 0
                 ? read_stream(t, err)
                 : refuse_bare(t, err);
    if (rc == 0)
        rc = check_tensors(t, err);
    if (rc == 0 && !(dict = choose(t, keys, key_count, err)))
        rc = ORA_E_FORMAT;
    if (rc == 0)
        rc = list_tensors(t, dict, err);
    if (rc < 0)
        ora_torch_close(&t);
    *out = t;
    return rc;
}

int ora_torch_open(const char *file, const char *const *keys, size_t key_count, struct ora_torch **out,
                   struct ora_err *err)
{
    struct ora_map map;
    *out = NULL;
    int rc = ora_map_open(&map, file, err);
    if (rc < 0)
        return rc;
    rc = ora_torch_parse(map.data, map.len, file, keys, key_count, out, err);
    if (rc < 0)
        ora_map_release(&map);
    else
        (*out)->map = map;
    return rc;
}

void ora_torch_close(struct ora_torch **out)
{
    struct ora_torch *t = *out;
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free((char *)t->tensor[i].name);
    for (size_t i = 0; i < t->copy_count; i++)
        free(t->copies[i]);
    free(t->copies);
    free(t->tensor);
    free(t->by_name);
    free(t->storage);
    free(t->folder);
    ora_zip_close(&t->zip);
    ora_pickle_free(&t->pickle);
    if (t->map.data)
        ora_map_release(&t->map);
    free(t->name);
    free(t);
    *out = NULL;
}

/* ---- access --------------------------------------------------------------------------------------- */

size_t ora_torch_count(const struct ora_torch *t)
{
    return t->count;
}

const struct ora_tensor *ora_torch_at(const struct ora_torch *t, size_t index)
{
    return index < t->count ? &t->tensor[index] : NULL;
}

size_t ora_torch_others(const struct ora_torch *t)
{
    return t->others;
}

const struct ora_tensor *ora_torch_find(const struct ora_torch *t, const char *name)
{
    const struct ora_tensor key = {.name = name}, *pointer = &key;
    const struct ora_tensor **found = bsearch(&pointer, t->by_name, t->count, sizeof *t->by_name, by_name);
    return found ? *found : NULL;
}

int ora_torch_verify(const struct ora_torch *t, struct ora_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && t->zip && i < ora_zip_count(t->zip); i++)
        rc = ora_zip_check(t->zip, ora_zip_at(t->zip, i), err);
    return rc;
}
