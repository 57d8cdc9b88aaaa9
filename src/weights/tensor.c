/* Tensors: the table of element types, and the few things that can be said of a tensor without computing with
 * it. */
#include "weights/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "files are little-endian and are used as they are mapped");

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [ORA_DTYPE_OTHER] = {"other", 0},
    [ORA_F32] = {"F32", 4},
    [ORA_F16] = {"F16", 2},
    [ORA_BF16] = {"BF16", 2},
    [ORA_F64] = {"F64", 8},
    [ORA_I64] = {"I64", 8},
    [ORA_I32] = {"I32", 4},
    [ORA_I16] = {"I16", 2},
    [ORA_I8] = {"I8", 1},
    [ORA_U64] = {"U64", 8},
    [ORA_U32] = {"U32", 4},
    [ORA_U16] = {"U16", 2},
    [ORA_U8] = {"U8", 1},
    [ORA_BOOL] = {"BOOL", 1},
};

size_t ora_dtype_bytes(enum ora_dtype dtype)
{
    return dtypes[dtype].bytes;
}

const char *ora_dtype_name(enum ora_dtype dtype)
{
    return dtypes[dtype].name;
}

bool ora_dtype_parse(const char *name, enum ora_dtype *dtype)
{
    for (size_t i = ORA_F32; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (enum ora_dtype)i;
            return true;
        }
    }
    return false;
}

bool ora_shape_equal(const struct ora_shape *a, const struct ora_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof a->dim[0]) == 0;
}

bool ora_shape_count(const struct ora_shape *s, size_t *elements)
{
    size_t n = 1;
    for (size_t i = 0; i < s->rank; i++)
        if (!ora_size_mul(n, s->dim[i], &n))
            return false;
    *elements = n;
    return true;
}

const char *ora_shape_text(const struct ora_shape *s, char out[ORA_SHAPE_TEXT])
{
    size_t at = 0;
    out[at++] = '[';
    for (size_t i = 0; i < s->rank; i++)
        at += (size_t)snprintf(out + at, ORA_SHAPE_TEXT - at, "%s%zu", i ? ", " : "", s->dim[i]);
    out[at++] = ']';
    out[at] = '\0';
    return out;
}

void ora_tensor_copy_f32(const struct ora_tensor *t, float *dst)
{
    if (t->bytes)
        memcpy(dst, t->data, t->bytes);
}

/* A floating number is not finite when all bits of its exponent are set. */
bool ora_tensor_not_finite(const struct ora_tensor *t, size_t *index)
{
    uint64_t mask;
    switch (t->dtype) {
    case ORA_F32:
        mask = 0x7f800000u;
        break;
    case ORA_F16:
        mask = 0x7c00u;
        break;
    case ORA_BF16:
        mask = 0x7f80u;
        break;
    case ORA_F64:
        mask = 0x7ff0000000000000u;
        break;
    default:
        return false;
    }
    size_t width = ora_dtype_bytes(t->dtype);
    const unsigned char *p = t->data;
    for (size_t i = 0; i < t->count; i++, p += width) {
        uint64_t bits = 0;
        memcpy(&bits, p, width);
        if ((bits & mask) == mask) {
            *index = i;
            return true;
        }
    }
    return false;
}
