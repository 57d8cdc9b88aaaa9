/*
 * ONNX, TensorProto: type and dims against the bytes that are there.
 *
 * raw_data is little-endian and row-major, and float_data or double_data in one packed run are the same
 * bytes, so both are pointed to. Varint arrays (int64_data, int32_data) are decoded into the pool.
 */
#include <string.h>

#include "base/mem.h"
#include "weights/onnx_private.h"

/* TensorProto field numbers */
enum {
    DIMS = 1,
    DATA_TYPE,
    SEGMENT,
    FLOAT_DATA,
    INT32_DATA,
    INT64_DATA = 7,
    NAME,
    RAW_DATA,
    DOUBLE_DATA,
    UINT64_DATA,
    EXTERNAL_DATA = 13,
    DATA_LOCATION
};

/* TensorProto.DataType → element type and the field of its typed array */
static const struct {
    enum ora_dtype dtype;
    uint32_t field;
} types[] = {
    [1] = {ORA_F32, FLOAT_DATA},   [2] = {ORA_U8, INT32_DATA},    [3] = {ORA_I8, INT32_DATA},
    [4] = {ORA_U16, INT32_DATA},   [5] = {ORA_I16, INT32_DATA},   [6] = {ORA_I32, INT32_DATA},
    [7] = {ORA_I64, INT64_DATA},   [9] = {ORA_BOOL, INT32_DATA},  [10] = {ORA_F16, INT32_DATA},
    [11] = {ORA_F64, DOUBLE_DATA}, [12] = {ORA_U32, UINT64_DATA}, [13] = {ORA_U64, UINT64_DATA},
    [16] = {ORA_BF16, INT32_DATA},
};
enum { TYPES = sizeof types / sizeof types[0] };

static int read_dims(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_shape *shape)
{
    const int64_t *dims;
    size_t count;
    int rc = ora_onnx_int64s(r, m, DIMS, &dims, &count);
    if (rc < 0)
        return rc;
    if (count > ORA_RANK_MAX)
        return ora_onnx_fail(r, m.p, ORA_E_FORMAT, "%zu dimensions, at most %d are read", count,
                             ORA_RANK_MAX);
    shape->rank = count;
    for (size_t i = 0; i < count; i++) {
        if (dims[i] < 0)
            return ora_onnx_fail(r, m.p, ORA_E_FORMAT, "dimension %zu is %lld", i, (long long)dims[i]);
        shape->dim[i] = (size_t)dims[i];
    }
    return 0;
}

/* Varints narrowed to elements of `width` bytes; a value that needs more is an error, not cut off. */
static int narrow(struct ora_onnx_reader *r, const unsigned char *at, const int64_t *v, size_t count,
                  size_t width, const void **out)
{
    int rc;
    if (width == 8) {
        *out = v;
        return 0;
    }
    unsigned char *p = ora_onnx_alloc(r, at, count, width, &rc);
    if (!p)
        return rc;
    *out = p;
    int64_t top = (int64_t)1 << (8 * width);
    for (size_t i = 0; i < count; i++, p += width) {
        if (v[i] >= top || v[i] < -top / 2)
            return ora_onnx_fail(r, at, ORA_E_FORMAT, "element %zu is %lld, too large for its type", i,
                                 (long long)v[i]);
        memcpy(p, &v[i], width);
    }
    return 0;
}

static int typed_data(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t field, struct ora_tensor *t,
                      size_t *bytes)
{
    const int64_t *v;
    size_t n;
    int rc;
    if (field == FLOAT_DATA || field == DOUBLE_DATA) {
        size_t width = field == FLOAT_DATA ? 4 : 8;
        rc = ora_onnx_fixeds(r, m, field, width, &t->data, &n);
        *bytes = n * width; /* cannot overflow: the numbers are bytes of the file */
        return rc;
    }
    rc = ora_onnx_int64s(r, m, field, &v, &n);
    if (rc < 0)
        return rc;
    *bytes = n * ora_dtype_bytes(t->dtype);
    return narrow(r, m.p, v, n, ora_dtype_bytes(t->dtype), &t->data);
}

static int read_data(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t field,
                     const struct ora_pb_field *raw, struct ora_tensor *t)
{
    size_t counts[ORA_ONNX_FIELDS], bytes = raw->len;
    char text[ORA_SHAPE_TEXT];
    int rc = ora_onnx_tally(r, m, counts);
    if (rc < 0)
        return rc;
    if (!ora_shape_count(&t->shape, &t->count) ||
        !ora_size_mul(t->count, ora_dtype_bytes(t->dtype), &t->bytes))
        return ora_onnx_fail(r, m.p, ORA_E_FORMAT, "shape %s is too large", ora_shape_text(&t->shape, text));
    if (counts[RAW_DATA] && counts[field])
        return ora_onnx_fail(r, m.p, ORA_E_FORMAT, "has raw data and typed data");
    t->data = raw->data;
    if (!counts[RAW_DATA] && (rc = typed_data(r, m, field, t, &bytes)) < 0)
        return rc;
    if (bytes != t->bytes)
        return ora_onnx_fail(r, m.p, ORA_E_FORMAT, "%zu bytes of data, but %s of %s needs %zu", bytes,
                             ora_shape_text(&t->shape, text), ora_dtype_name(t->dtype), t->bytes);
    if (!t->bytes)
        t->data = NULL;
    return 0;
}

int ora_onnx_read_tensor(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_tensor *t)
{
    struct ora_pb_field f, raw = {0};
    struct ora_pb_span walk = m;
    uint64_t type = 0;
    int rc;
    t->name = "";
    while ((rc = ora_onnx_next(r, &walk, &f)) > 0) {
        switch (f.number) {
        case NAME:
            rc = ora_onnx_name(r, &f, &t->name);
            r->place[r->depth - 1].name = t->name;
            break;
        case DATA_TYPE:
            rc = ora_onnx_expect(r, &f, ORA_PB_VARINT);
            type = f.value;
            break;
        case RAW_DATA:
            rc = ora_onnx_expect(r, &f, ORA_PB_BYTES);
            raw = f;
            break;
        case SEGMENT:
            return ora_onnx_fail(r, f.at, ORA_E_UNSUPPORTED, "segmented data is not read");
        case DATA_LOCATION:
            if (f.wire == ORA_PB_VARINT && f.value == 0)
                break;
            /* fall through */
        case EXTERNAL_DATA:
            return ora_onnx_fail(r, f.at, ORA_E_UNSUPPORTED,
                                 "its data lies in another file: that is not read");
        }
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    if ((rc = read_dims(r, m, &t->shape)) < 0)
        return rc;
    t->dtype = type < TYPES ? types[type].dtype : ORA_DTYPE_OTHER;
    if (t->dtype == ORA_DTYPE_OTHER)
        return 0; /* strings, complex numbers, 8-bit floats: known to be there, not read */
    return read_data(r, m, types[type].field, &raw, t);
}
