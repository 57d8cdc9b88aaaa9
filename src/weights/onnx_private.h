/* What the parts of the ONNX reader share: onnx_reader.c (its ground), onnx_tensor.c (TensorProto), onnx.c
 * (the rest). */
#ifndef ORA_WEIGHTS_ONNX_PRIVATE_H
#define ORA_WEIGHTS_ONNX_PRIVATE_H

#include "base/file.h"
#include "weights/onnx.h"
#include "weights/protobuf.h"

enum {
    ORA_ONNX_FIELDS = 32,             /* field numbers that are counted; ONNX's known ones are below */
    ORA_ONNX_NAME_MAX = 4096,         /* bytes of a name */
    ORA_ONNX_TEXT_MAX = 1 << 20,      /* bytes of a metadata value */
    ORA_ONNX_BLOCK_BYTES = 64 << 10,  /* of the pool */
    ORA_ONNX_BUDGET_BYTES = 16 << 20, /* of the pool in all, beyond twice the file's size */
    ORA_ONNX_DEPTH = 4,               /* node, attribute, tensor: places that a message can name */
};

struct ora_onnx_block {
    struct ora_onnx_block *next;
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct ora_onnx_private {
    struct ora_map map; /* data NULL when the bytes are the caller's */
    char *path;
    struct ora_onnx_block *pool;
    const struct ora_tensor **by_name; /* initializers, sorted */
};

struct ora_onnx_place {
    const char *what; /* "node" */
    size_t index;
    const char *name; /* NULL until it was read */
};

struct ora_onnx_reader {
    const unsigned char *base; /* of the file */
    const char *path;
    struct ora_onnx *model;
    struct ora_err *err;
    size_t budget; /* bytes that the pool may still hand out */
    struct ora_onnx_place place[ORA_ONNX_DEPTH];
    size_t depth;
};

/* Reports "path: byte N: node 3 'x': …"; returns code. */
int ora_onnx_fail(struct ora_onnx_reader *r, const unsigned char *at, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Cleared memory that lives as long as the model. On failure *rc is set and NULL returned. */
void *ora_onnx_alloc(struct ora_onnx_reader *r, const unsigned char *at, size_t count, size_t bytes, int *rc);
int ora_onnx_next(struct ora_onnx_reader *r, struct ora_pb_span *m,
                  struct ora_pb_field *f); /* 1, 0 or an error */
int ora_onnx_expect(struct ora_onnx_reader *r, const struct ora_pb_field *f, enum ora_pb_wire wire);
/* How often each field occurs; checks the whole message's framing. */
int ora_onnx_tally(struct ora_onnx_reader *r, struct ora_pb_span m, size_t counts[ORA_ONNX_FIELDS]);
/* A copy of a string field with a NUL, checked to be UTF-8; a name is one line. */
int ora_onnx_text(struct ora_onnx_reader *r, const struct ora_pb_field *f, size_t max, bool one_line,
                  const char **out);
int ora_onnx_name(struct ora_onnx_reader *r, const struct ora_pb_field *f, const char **out);
void ora_onnx_enter(struct ora_onnx_reader *r, const char *what, size_t index);
void ora_onnx_leave(struct ora_onnx_reader *r);

/* Repeated numbers, packed or not. The arrays live as long as the model. */
int ora_onnx_int64s(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t number, const int64_t **out,
                    size_t *count);
/* float (bytes = 4) or double (bytes = 8); one packed run is pointed to where it lies, unaligned. */
int ora_onnx_fixeds(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t number, size_t bytes,
                    const void **out, size_t *count);
int ora_onnx_read_tensor(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_tensor *t);

static inline struct ora_pb_span ora_onnx_span(const struct ora_pb_field *f)
{
    return (struct ora_pb_span){f->data, f->data + f->len};
}

#endif
