/*
 * Tensors as files hold them: element type, shape, and a pointer to little-endian, row-major bytes.
 * What the two readers of this folder (safetensors.h, onnx.h) have in common.
 *
 * Ownership: a struct ora_tensor is a view; name and data live as long as the file it came from is open.
 * Alignment: data of an ONNX file lies at any address. Read it with ora_tensor_copy_f32(), or with unaligned
 * loads.
 */
#ifndef ORA_WEIGHTS_TENSOR_H
#define ORA_WEIGHTS_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORA_RANK_MAX = 8, ORA_SHAPE_TEXT = ORA_RANK_MAX * 22 + 3 };

enum ora_dtype {
    ORA_DTYPE_OTHER, /* something that this house does not compute with: data is NULL */
    ORA_F32,
    ORA_F16,
    ORA_BF16,
    ORA_F64,
    ORA_I64,
    ORA_I32,
    ORA_I16,
    ORA_I8,
    ORA_U64,
    ORA_U32,
    ORA_U16,
    ORA_U8,
    ORA_BOOL,
};

size_t ora_dtype_bytes(enum ora_dtype dtype);     /* of one element; 0 for OTHER */
const char *ora_dtype_name(enum ora_dtype dtype); /* as safetensors writes it: "F32" */
bool ora_dtype_parse(const char *name, enum ora_dtype *dtype);

struct ora_shape {
    size_t rank; /* 0: a scalar, one element */
    size_t dim[ORA_RANK_MAX];
};

/* ORA_SHAPE(192, 192, 3) */
#define ORA_SHAPE(...) ((struct ora_shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})

bool ora_shape_equal(const struct ora_shape *a, const struct ora_shape *b);
bool ora_shape_count(const struct ora_shape *s, size_t *elements); /* false when the product overflows */
const char *ora_shape_text(const struct ora_shape *s,
                           char out[ORA_SHAPE_TEXT]); /* "[192, 192, 3]"; returns out */

struct ora_tensor {
    const char *name; /* NUL-terminated */
    enum ora_dtype dtype;
    struct ora_shape shape;
    size_t count;     /* elements */
    size_t bytes;     /* count * ora_dtype_bytes(dtype) */
    const void *data; /* NULL when the dtype is OTHER or count is 0 */
};

/* Copies all elements of an F32 tensor, wherever it lies; dst has room for t->count floats. */
void ora_tensor_copy_f32(const struct ora_tensor *t, float *dst);
/* True when an element of a floating type is infinite or not a number; *index is then the first one's. */
bool ora_tensor_not_finite(const struct ora_tensor *t, size_t *index);

#endif
