/* Any bytes: refused, or a model whose every name and number can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weights/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tensor(const struct ora_tensor *t)
{
    size_t index;
    char text[ORA_SHAPE_TEXT];
    ora_shape_text(&t->shape, text);
    if (ora_tensor_not_finite(t, &index) && index >= t->count)
        abort();
    if (t->bytes != t->count * ora_dtype_bytes(t->dtype))
        abort();
}

static size_t read_node(const struct ora_onnx_node *n)
{
    size_t sum = strlen(n->op_type) + strlen(n->name) + strlen(n->domain);
    for (size_t i = 0; i < n->input_count; i++)
        sum += strlen(n->inputs[i]);
    for (size_t i = 0; i < n->output_count; i++)
        sum += strlen(n->outputs[i]);
    for (size_t i = 0; i < n->attr_count; i++) {
        const struct ora_onnx_attr *a = &n->attrs[i];
        sum += strlen(a->name);
        for (size_t k = 0; k < a->int_count; k++)
            sum += (size_t)a->ints[k];
        for (size_t k = 0; k < a->float_count; k++)
            sum += a->floats[k] > 0;
        for (size_t k = 0; k < a->s_len; k++)
            sum += (unsigned char)a->s[k];
        if (a->tensor)
            read_tensor(a->tensor);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_onnx *m = NULL;
    if (ora_onnx_parse(data, size, "fuzz", &m, &err) < 0) {
        if (m || !err.message[0])
            abort();
        return 0;
    }
    size_t sum = 0;
    for (size_t i = 0; i < m->node_count; i++)
        sum += read_node(&m->nodes[i]);
    for (size_t i = 0; i < m->initializer_count; i++) {
        read_tensor(&m->initializers[i]);
        if (ora_onnx_initializer(m, m->initializers[i].name) != &m->initializers[i])
            abort();
    }
    for (size_t i = 0; i < m->meta_count; i++)
        sum += strlen(m->meta_keys[i]) + strlen(m->meta_values[i]);
    if (sum == SIZE_MAX) /* the sum is used, so that the reads are done */
        abort();
    ora_onnx_close(&m);
    return 0;
}
