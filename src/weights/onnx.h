/*
 * ONNX: a bounded reader of what a weight importer needs from a .onnx file: nodes, attributes, initialisers,
 * the names of inputs and outputs, and metadata. It does not run graphs.
 *
 *     struct ora_onnx *m = NULL;
 *     ora_onnx_open(path, &m, &err);
 *     for (size_t i = 0; i < m->node_count; i++)
 *         if (!strcmp(m->nodes[i].op_type, "Conv")) …
 *     const struct ora_tensor *t = ora_onnx_initializer(m, "dec.conv_pre.bias");   // or NULL
 *     ora_onnx_close(&m);
 *
 * The file is mapped and tensors point into the map: at any alignment (tensor.h). The measure is a hostile
 * file: each length is checked against its parent, nesting is fixed (no subgraphs are entered), counts and
 * strings are limited, dims are checked against the data's size, external and sparse data are refused. Errors
 * say where: "x.onnx: byte 1234: initialiser 12 'dec.conv_pre.weight': 100 bytes of data, but [5, 7] of F32
 * needs 140".
 *
 * Unknown fields are skipped. Node and value documentation is never copied.
 * Source: onnx.proto (ONNX IR version 8) and the protobuf encoding guide.
 * Ownership: everything belongs to the struct ora_onnx. Threads: read-only after open.
 */
#ifndef ORA_WEIGHTS_ONNX_H
#define ORA_WEIGHTS_ONNX_H

#include "base/err.h"
#include "weights/tensor.h"

enum ora_onnx_attr_type { /* AttributeProto.AttributeType; others are kept with their number */
                          ORA_ONNX_FLOAT = 1,
                          ORA_ONNX_INT = 2,
                          ORA_ONNX_STRING = 3,
                          ORA_ONNX_TENSOR = 4,
                          ORA_ONNX_FLOATS = 6,
                          ORA_ONNX_INTS = 7,
};

struct ora_onnx_attr {
    const char *name;
    int type; /* enum ora_onnx_attr_type; 0 or another number: judge by what is set */
    float f;
    int64_t i;
    const char *s; /* bytes in the map, s_len of them, not NUL-terminated */
    size_t s_len;
    const struct ora_tensor *tensor; /* NULL when there is none */
    const float *floats;
    size_t float_count;
    const int64_t *ints;
    size_t int_count;
};

struct ora_onnx_node {
    const char *op_type; /* "Conv"; "" when the file gives none */
    const char *name;    /* may be "" */
    const char *domain;  /* "" is the default one */
    const char **inputs; /* an absent optional input is "" */
    size_t input_count;
    const char **outputs;
    size_t output_count;
    struct ora_onnx_attr *attrs;
    size_t attr_count;
};

struct ora_onnx {
    const char *path;
    int64_t ir_version;
    int64_t opset;                                             /* of the default domain; 0 when not given */
    const char *producer_name, *producer_version, *graph_name; /* "" when not given */
    struct ora_onnx_node *nodes;                               /* in the file's order: topological */
    size_t node_count;
    struct ora_tensor *initializers; /* in the file's order; names are unique and not empty */
    size_t initializer_count;
    const char **inputs, **outputs; /* of the graph */
    size_t input_count, output_count;
    const char **meta_keys, **meta_values; /* metadata_props */
    size_t meta_count;
    struct ora_onnx_private *priv;
};

int ora_onnx_open(const char *path, struct ora_onnx **m, struct ora_err *err);
/* The same over bytes of the caller, which must outlive *m. `name` is for messages. */
int ora_onnx_parse(const void *bytes, size_t len, const char *name, struct ora_onnx **m, struct ora_err *err);
void ora_onnx_close(struct ora_onnx **m);

const struct ora_tensor *ora_onnx_initializer(const struct ora_onnx *m, const char *name); /* or NULL */
/* The node that makes this value, or NULL (an initialiser, an input of the graph, or unknown). */
const struct ora_onnx_node *ora_onnx_producer(const struct ora_onnx *m, const char *value);
/* The first node at or after *cursor that reads this value; *cursor is then the index after it. NULL: no
 * more. */
const struct ora_onnx_node *ora_onnx_consumer(const struct ora_onnx *m, const char *value, size_t *cursor);
const struct ora_onnx_attr *ora_onnx_attr(const struct ora_onnx_node *n, const char *name); /* or NULL */
/* Attribute `name` as exactly `count` ints; false when missing, of another type or length. */
bool ora_onnx_ints(const struct ora_onnx_node *n, const char *name, int64_t *out, size_t count);
const char *ora_onnx_meta(const struct ora_onnx *m, const char *key); /* or NULL */

#endif
