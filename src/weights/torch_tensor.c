/*
 * torch, one tensor: _rebuild_tensor_v2(storage, offset, size, stride, …) against the bytes of its storage.
 *
 * The check is one inequality: the last element, offset + sum of (size - 1) * stride, must lie inside the
 * storage, and a storage is what the container has, never what the pickle promises.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "weights/torch_private.h"

/* First the storages, so that a class's index finds its type. */
const struct ora_pickle_class ora_torch_classes[] = {
    {"torch", "FloatStorage", ORA_PICKLE_NAMED},
    {"torch", "HalfStorage", ORA_PICKLE_NAMED},
    {"torch", "BFloat16Storage", ORA_PICKLE_NAMED},
    {"torch", "DoubleStorage", ORA_PICKLE_NAMED},
    {"torch", "LongStorage", ORA_PICKLE_NAMED},
    {"torch", "IntStorage", ORA_PICKLE_NAMED},
    {"torch", "ShortStorage", ORA_PICKLE_NAMED},
    {"torch", "CharStorage", ORA_PICKLE_NAMED},
    {"torch", "ByteStorage", ORA_PICKLE_NAMED},
    {"torch", "BoolStorage", ORA_PICKLE_NAMED},
    {"torch._utils", "_rebuild_tensor_v2", ORA_PICKLE_CALLED},
    {"torch._utils", "_rebuild_parameter", ORA_PICKLE_CALLED},
    {"collections", "OrderedDict", ORA_PICKLE_MAKES_DICT},
};
const size_t ora_torch_class_count = sizeof ora_torch_classes / sizeof *ora_torch_classes;

static const enum ora_dtype storage_types[] = {ORA_F32, ORA_F16, ORA_BF16, ORA_F64, ORA_I64,
                                               ORA_I32, ORA_I16, ORA_I8,   ORA_U8,  ORA_BOOL};
enum {
    STORAGES = sizeof storage_types / sizeof *storage_types,
    REBUILD_TENSOR = STORAGES,
    REBUILD_PARAMETER
};

int ora_torch_fail(const struct ora_torch *t, struct ora_err *err, int code, const char *fmt, ...)
{
    char what[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ora_err_set(err, code, "%s: %s", t->name, what);
}

/* ---- storages ------------------------------------------------------------------------------------- */

static bool is_count(const struct ora_pickle_value *v, size_t *out)
{
    if (v->kind != ORA_PICKLE_INT || v->number < 0)
        return false;
    *out = (size_t)v->number;
    return true;
}

/* Keys become names of entries: letters and digits, so that no key is a path. */
static bool copy_key(const struct ora_pickle_value *v, char out[ORA_TORCH_KEY_MAX])
{
    if (v->kind != ORA_PICKLE_TEXT || v->count == 0 || v->count >= ORA_TORCH_KEY_MAX)
        return false;
    for (uint32_t i = 0; i < v->count; i++) {
        unsigned char c = (unsigned char)v->text[i];
        if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '_')
            return false;
        out[i] = (char)c;
    }
    out[v->count] = 0;
    return true;
}

/* "cpu", "cuda", "cuda:1": where the tensor lay. Anything else is a file that torch did not write. */
static bool is_location(const struct ora_pickle_value *v)
{
    if (v->kind != ORA_PICKLE_TEXT)
        return false;
    if (ora_pickle_text_is(v, "cpu") || ora_pickle_text_is(v, "cuda"))
        return true;
    if (v->count < 6 || v->count > 8 || memcmp(v->text, "cuda:", 5) != 0)
        return false;
    for (uint32_t i = 5; i < v->count; i++)
        if (v->text[i] < '0' || v->text[i] > '9')
            return false;
    return true;
}

int ora_torch_read_storage(const struct ora_torch *t, const struct ora_pickle_value *ref,
                           struct ora_torch_storage *s, struct ora_err *err)
{
    const struct ora_pickle_value *id = ref->item[0];
    *s = (struct ora_torch_storage){0};
    if (id->kind != ORA_PICKLE_TUPLE || id->count < 5 || id->count > 6 ||
        !ora_pickle_text_is(id->item[0], "storage"))
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "a persistent id that is not ('storage', type, key, location, size)");
    if (id->item[1]->kind != ORA_PICKLE_CLASS || id->item[1]->number >= STORAGES)
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "a storage whose type is a %s, wanted one of torch's storage classes",
                              ora_pickle_kind_name(id->item[1]));
    if (!copy_key(id->item[2], s->key))
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "a storage whose key is not a short word of letters and digits");
    if (!is_location(id->item[3]))
        return ora_torch_fail(t, err, ORA_E_FORMAT, "storage '%s': its location is not 'cpu' or 'cuda:N'",
                              s->key);
    if (!is_count(id->item[4], &s->count))
        return ora_torch_fail(t, err, ORA_E_FORMAT, "storage '%s': its size is not a whole number", s->key);
    if (id->count == 6 && id->item[5]->kind != ORA_PICKLE_NONE)
        return ora_torch_fail(t, err, ORA_E_UNSUPPORTED, "storage '%s' is a view of another one", s->key);
    s->dtype = storage_types[id->item[1]->number];
    return 0;
}

struct ora_torch_storage *ora_torch_find_storage(const struct ora_torch *t, const char *key)
{
    for (size_t low = 0, high = t->storage_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, t->storage[middle].key);
        if (order == 0)
            return &t->storage[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- geometry ------------------------------------------------------------------------------------- */

struct layout {
    struct ora_shape shape;
    size_t stride[ORA_RANK_MAX], offset; /* in elements */
    size_t count;
    bool row_major;
};

static bool read_sizes(const struct ora_pickle_value *v, size_t out[ORA_RANK_MAX], size_t *rank)
{
    if (v->kind != ORA_PICKLE_TUPLE || v->count > ORA_RANK_MAX)
        return false;
    *rank = v->count;
    for (uint32_t i = 0; i < v->count; i++)
        if (!is_count(v->item[i], &out[i]))
            return false;
    return true;
}

/* Is the element after the last inside `room`? */
static bool fits(const struct layout *l, size_t room)
{
    size_t last = l->offset, step;
    if (l->count == 0)
        return l->offset <= room;
    for (size_t i = 0; i < l->shape.rank; i++)
        if (!ora_size_mul(l->shape.dim[i] - 1, l->stride[i], &step) || !ora_size_add(last, step, &last))
            return false;
    return last < room;
}

/* Sorted by stride, each dimension must step over all that the smaller ones cover: then no element is met
 * twice. */
static bool is_injective(const struct layout *l)
{
    bool used[ORA_RANK_MAX] = {false};
    size_t covered = 1;
    for (size_t n = 0; n < l->shape.rank; n++) {
        size_t least = ORA_RANK_MAX;
        for (size_t i = 0; i < l->shape.rank; i++)
            if (!used[i] && (least == ORA_RANK_MAX || l->stride[i] < l->stride[least]))
                least = i;
        used[least] = true;
        if (l->shape.dim[least] > 1) {
            if (l->stride[least] < covered)
                return false;
            covered = (l->shape.dim[least] - 1) * l->stride[least] + covered;
        }
    }
    return true;
}

static bool is_row_major(const struct layout *l)
{
    size_t want = 1;
    for (size_t i = l->shape.rank; i-- > 0;) {
        if (l->shape.dim[i] != 1 && l->stride[i] != want)
            return false;
        want *= l->shape.dim[i];
    }
    return true;
}

static int read_layout(const struct ora_torch *t, const struct ora_pickle_value *args, size_t room,
                       struct layout *l, const char *name, struct ora_err *err)
{
    size_t strides;
    char text[ORA_SHAPE_TEXT];
    *l = (struct layout){0};
    if (!is_count(args->item[1], &l->offset) || !read_sizes(args->item[2], l->shape.dim, &l->shape.rank) ||
        !read_sizes(args->item[3], l->stride, &strides) || strides != l->shape.rank)
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "tensor '%.128s': its offset, shape and strides are not whole numbers "
                              "of at most %d dimensions",
                              name, ORA_RANK_MAX);
    if (!ora_shape_count(&l->shape, &l->count) || l->count > SIZE_MAX / 8)
        return ora_torch_fail(t, err, ORA_E_FORMAT, "tensor '%.128s': shape %s is too large", name,
                              ora_shape_text(&l->shape, text));
    if (!fits(l, room))
        return ora_torch_fail(
            t, err, ORA_E_FORMAT,
            "tensor '%.128s': %s at element %zu reaches beyond its storage, which has %zu elements", name,
            ora_shape_text(&l->shape, text), l->offset, room);
    l->row_major = l->count == 0 || is_row_major(l);
    if (!l->row_major && !is_injective(l))
        return ora_torch_fail(t, err, ORA_E_FORMAT, "tensor '%.128s': its strides make elements overlap",
                              name);
    return 0;
}

static void gather(const struct layout *l, const unsigned char *from, size_t width, unsigned char *to)
{
    size_t index[ORA_RANK_MAX] = {0};
    for (size_t n = 0; n < l->count; n++, to += width) {
        size_t at = l->offset;
        for (size_t i = 0; i < l->shape.rank; i++)
            at += index[i] * l->stride[i];
        memcpy(to, from + at * width, width);
        for (size_t i = l->shape.rank; i-- > 0 && ++index[i] == l->shape.dim[i];)
            index[i] = 0;
    }
}

/* A copy in row-major order. All copies together are at most as large as the file, as honest ones are. */
static int copy_rows(struct ora_torch *t, const struct layout *l, const unsigned char *from, size_t width,
                     struct ora_tensor *out, struct ora_err *err)
{
    size_t bytes = l->count * width;
    if (bytes > t->len - t->copy_bytes)
        return ora_torch_fail(t, err, ORA_E_LIMIT,
                              "tensor '%.128s': more tensors out of row-major order than the file has "
                              "bytes",
                              out->name);
    void *copy = ora_trymalloc(bytes);
    void **list = copy ? realloc(t->copies, (t->copy_count + 1) * sizeof *list) : NULL;
    if (!list) {
        free(copy);
        return ora_torch_fail(t, err, ORA_E_NO_MEMORY, "tensor '%.128s': no memory for %zu bytes", out->name,
                              bytes);
    }
    gather(l, from, width, copy);
    t->copies = list;
    t->copies[t->copy_count++] = copy;
    t->copy_bytes += bytes;
    out->data = copy;
    return 0;
}

/* ---- tensors -------------------------------------------------------------------------------------- */

bool ora_torch_is_tensor(const struct ora_pickle_value *v)
{
    return v->kind == ORA_PICKLE_CALL;
}

/* _rebuild_parameter(tensor, requires_grad, hooks) is its tensor. */
static const struct ora_pickle_value *tensor_of_parameter(const struct ora_pickle_value *call)
{
    const struct ora_pickle_value *args = call->item[1];
    if (call->item[0]->number != REBUILD_PARAMETER)
        return call;
    if (args->count < 1 || args->item[0]->kind != ORA_PICKLE_CALL ||
        args->item[0]->item[0]->number != REBUILD_TENSOR)
        return NULL;
    return args->item[0];
}

int ora_torch_read_tensor(struct ora_torch *t, const struct ora_pickle_value *call, const char *name,
                          struct ora_tensor *out, struct ora_err *err)
{
    struct ora_torch_storage said;
    struct layout l;
    const char *shown = name ? name : "(outside the wanted dict)";
    call = tensor_of_parameter(call);
    if (!call || call->item[1]->count < 6 || call->item[1]->item[0]->kind != ORA_PICKLE_REF)
        return ora_torch_fail(t, err, ORA_E_FORMAT,
                              "tensor '%.128s' is not made of a storage, an offset, a shape and strides",
                              shown);
    const struct ora_pickle_value *args = call->item[1];
    int rc = ora_torch_read_storage(t, args->item[0], &said, err);
    if (rc < 0)
        return rc;
    const struct ora_torch_storage *s = ora_torch_find_storage(t, said.key);
    if (!s || !s->data)
        return ora_torch_fail(t, err, ORA_E_FORMAT, "tensor '%.128s': its storage '%s' is not in the file",
                              shown, said.key);
    if ((rc = read_layout(t, args, s->count, &l, shown, err)) < 0 || !name)
        return rc;
    size_t width = ora_dtype_bytes(s->dtype);
    *out = (struct ora_tensor){
        .name = name, .dtype = s->dtype, .shape = l.shape, .count = l.count, .bytes = l.count * width};
    if (l.count == 0)
        return 0;
    if (!l.row_major)
        return copy_rows(t, &l, s->data, width, out, err);
    out->data = s->data + l.offset * width;
    return 0;
}
