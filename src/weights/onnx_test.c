#include "weights/onnx.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

/* ---- protobuf by hand ----------------------------------------------------------------------- */

static void varint(struct ora_str *s, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        ora_str_addc(s, (char)(v | 0x80));
    ora_str_addc(s, (char)v);
}

static void key(struct ora_str *s, unsigned field, unsigned wire)
{
    varint(s, field << 3 | wire);
}

static void number(struct ora_str *s, unsigned field, uint64_t v)
{
    key(s, field, 0);
    varint(s, v);
}

static void bytes(struct ora_str *s, unsigned field, const void *data, size_t len)
{
    key(s, field, 2);
    varint(s, len);
    ora_str_addn(s, data, len);
}

static void text(struct ora_str *s, unsigned field, const char *t)
{
    bytes(s, field, t, strlen(t));
}

static void message(struct ora_str *s, unsigned field, struct ora_str *m)
{
    bytes(s, field, ora_str_c(m), m->len);
    ora_str_release(m);
}

static void fixed32(struct ora_str *s, unsigned field, float f)
{
    key(s, field, 5);
    ora_str_addn(s, (const char *)&f, 4);
}

static struct ora_str tensor(const char *name, int type, const int64_t *dims, size_t rank)
{
    struct ora_str t = ORA_STR_INIT;
    for (size_t i = 0; i < rank; i++)
        number(&t, 1, (uint64_t)dims[i]);
    number(&t, 2, (uint64_t)type);
    text(&t, 8, name);
    return t;
}

static struct ora_str model_of(struct ora_str *graph)
{
    struct ora_str m = ORA_STR_INIT;
    number(&m, 1, 8);
    text(&m, 2, "pytorch");
    message(&m, 7, graph);
    return m;
}

/* A model with one initialiser. */
static struct ora_str model_with(struct ora_str *t)
{
    struct ora_str g = ORA_STR_INIT;
    message(&g, 5, t);
    return model_of(&g);
}

static const float six[6] = {1, -2, 3, 4, 5, 6.5f};

static struct ora_str sample_node(void)
{
    struct ora_str n = ORA_STR_INIT, a = ORA_STR_INIT, packed = ORA_STR_INIT, c;
    text(&n, 1, "x");
    text(&n, 1, "onnx::Conv_8168");
    text(&n, 1, "conv.bias");
    text(&n, 2, "y");
    text(&n, 3, "/conv/Conv");
    text(&n, 4, "Conv");
    text(&n, 6, "documentation is skipped");
    text(&a, 1, "dilations"); /* not packed */
    number(&a, 8, 3);
    number(&a, 8, (uint64_t)-1);
    number(&a, 20, ORA_ONNX_INTS);
    message(&n, 5, &a);
    text(&a, 1, "pads"); /* packed */
    varint(&packed, 2);
    varint(&packed, 300);
    message(&a, 8, &packed);
    number(&a, 20, ORA_ONNX_INTS);
    message(&n, 5, &a);
    text(&a, 1, "alpha");
    fixed32(&a, 2, 0.25f);
    number(&a, 20, ORA_ONNX_FLOAT);
    message(&n, 5, &a);
    text(&a, 1, "value");
    c = tensor("", 1, (const int64_t[]){2}, 1);
    fixed32(&c, 4, 1.5f); /* float_data, not packed */
    fixed32(&c, 4, 2.5f);
    message(&a, 5, &c);
    number(&a, 20, ORA_ONNX_TENSOR);
    message(&n, 5, &a);
    text(&a, 1, "list");
    bytes(&a, 7, six, sizeof six); /* packed floats */
    message(&n, 5, &a);
    return n;
}

static struct ora_str sample(void)
{
    struct ora_str g = ORA_STR_INIT, n = sample_node(), t, v = ORA_STR_INIT, m, o = ORA_STR_INIT,
                   packed = ORA_STR_INIT;
    message(&g, 1, &n);
    text(&g, 2, "torch_jit");
    t = tensor("conv.bias", 1, (const int64_t[]){2, 3}, 2);
    bytes(&t, 9, six, sizeof six);
    message(&g, 5, &t);
    t = tensor("packed", 1, (const int64_t[]){6}, 1);
    bytes(&t, 4, six, sizeof six);
    message(&g, 5, &t);
    t = tensor("shape", 7, (const int64_t[]){2}, 1);
    varint(&packed, 7);
    varint(&packed, (uint64_t)-1);
    message(&t, 7, &packed);
    message(&g, 5, &t);
    t = tensor("bf16", 16, (const int64_t[]){1}, 1);
    number(&t, 5, 0x3f80);
    message(&g, 5, &t);
    t = tensor("words", 8, (const int64_t[]){1}, 1);
    text(&t, 6, "a string tensor");
    message(&g, 5, &t);
    text(&v, 1, "input");
    message(&g, 11, &v);
    text(&v, 1, "output");
    message(&g, 12, &v);
    m = model_of(&g);
    number(&o, 2, 15);
    message(&m, 8, &o);
    text(&o, 1, "voice");
    text(&o, 2, "joe\nsecond line");
    message(&m, 14, &o);
    number(&m, 9999, 3); /* unknown fields are skipped by their type */
    text(&m, 9998, "?");
    return m;
}

ORA_TEST(reads_all_of_the_subset)
{
    struct ora_err err = {0};
    struct ora_str s = sample();
    struct ora_onnx *m = NULL;
    ORA_CHECK_OK(ora_onnx_parse(s.data, s.len, "m", &m, &err), err);
    ORA_REQUIRE(m);
    ORA_CHECK_INT(m->ir_version, 8);
    ORA_CHECK_INT(m->opset, 15);
    ORA_CHECK_STR(m->producer_name, "pytorch");
    ORA_CHECK_STR(m->graph_name, "torch_jit");
    ORA_CHECK_STR(ora_onnx_meta(m, "voice"), "joe\nsecond line");
    ORA_CHECK_STR(ora_onnx_meta(m, "x"), NULL);
    ORA_CHECK_INT(m->input_count, 1);
    ORA_CHECK_STR(m->inputs[0], "input");
    ORA_CHECK_STR(m->outputs[0], "output");

    ORA_CHECK_INT(m->node_count, 1);
    const struct ora_onnx_node *n = &m->nodes[0];
    int64_t two[2] = {0};
    ORA_CHECK_STR(n->op_type, "Conv");
    ORA_CHECK_STR(n->name, "/conv/Conv");
    ORA_CHECK_INT(n->input_count, 3);
    ORA_CHECK_STR(n->inputs[1], "onnx::Conv_8168");
    ORA_CHECK(ora_onnx_ints(n, "dilations", two, 2) && two[0] == 3 && two[1] == -1);
    ORA_CHECK(ora_onnx_ints(n, "pads", two, 2) && two[0] == 2 && two[1] == 300);
    ORA_CHECK(!ora_onnx_ints(n, "pads", two, 1) && !ora_onnx_ints(n, "alpha", two, 2));
    ORA_CHECK_NEAR(ora_onnx_attr(n, "alpha")->f, 0.25, 0);
    ORA_CHECK_INT(ora_onnx_attr(n, "list")->float_count, 6);
    ORA_CHECK_NEAR(ora_onnx_attr(n, "list")->floats[5], 6.5, 0);
    const struct ora_tensor *value = ora_onnx_attr(n, "value")->tensor;
    ORA_REQUIRE(value && value->count == 2);
    float pair[2];
    ora_tensor_copy_f32(value, pair);
    ORA_CHECK(pair[0] == 1.5f && pair[1] == 2.5f);
    size_t cursor = 0;
    ORA_CHECK(ora_onnx_producer(m, "y") == n && !ora_onnx_producer(m, "x"));
    ORA_CHECK(ora_onnx_consumer(m, "conv.bias", &cursor) == n && !ora_onnx_consumer(m, "conv.bias", &cursor));
    ora_onnx_close(&m);
    ora_str_release(&s);
}

ORA_TEST(reads_initialisers_of_all_encodings)
{
    struct ora_err err = {0};
    struct ora_str s = sample();
    struct ora_onnx *m = NULL;
    ORA_CHECK_OK(ora_onnx_parse(s.data, s.len, "m", &m, &err), err);
    ORA_REQUIRE(m);
    ORA_CHECK_INT(m->initializer_count, 5);
    static const char *const floats[] = {"conv.bias", "packed"};
    for (size_t i = 0; i < 2; i++) {
        const struct ora_tensor *t = ora_onnx_initializer(m, floats[i]);
        float v[6];
        ORA_REQUIRE(t && t->count == 6);
        ora_tensor_copy_f32(t, v);
        ORA_CHECK(memcmp(v, six, sizeof six) == 0);
    }
    const struct ora_tensor *shape = ora_onnx_initializer(m, "shape"),
                            *bf16 = ora_onnx_initializer(m, "bf16");
    ORA_CHECK(shape && shape->dtype == ORA_I64 && ((const int64_t *)shape->data)[1] == -1);
    ORA_CHECK(bf16 && bf16->dtype == ORA_BF16 && *(const uint16_t *)bf16->data == 0x3f80);
    ORA_CHECK(ora_onnx_initializer(m, "words")->dtype == ORA_DTYPE_OTHER);
    ORA_CHECK(ora_onnx_initializer(m, "nothing") == NULL);
    ora_onnx_close(&m);
    ora_str_release(&s);
}

/* ---- hostile files -------------------------------------------------------------------------- */

static void check_refused(struct ora_str *s, int code, const char *message_part)
{
    struct ora_err err = {0};
    struct ora_onnx *m = NULL;
    int rc = ora_onnx_parse(ora_str_c(s), s->len, "m", &m, &err);
    ORA_CHECK_INT(rc, code);
    if (!strstr(err.message, message_part))
        ORA_FAIL("message \"%s\" has not \"%s\"", err.message, message_part);
    ora_onnx_close(&m);
    ora_str_release(s);
}

ORA_TEST(refuses_bad_tensors)
{
    struct ora_str t, m;
    t = tensor("w", 1, (const int64_t[]){5, 7}, 2);
    bytes(&t, 9, six, sizeof six);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "initialiser 0 'w': 24 bytes of data, but [5, 7] of F32 needs 140");
    t = tensor("w", 1, (const int64_t[]){-1, 6}, 2);
    bytes(&t, 9, six, sizeof six);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "initialiser 0 'w': dimension 0 is -1");
    t = tensor("w", 1, (const int64_t[]){INT64_MAX, INT64_MAX}, 2);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "is too large");
    t = tensor("w", 1, (const int64_t[]){(int64_t)1 << 62, 1}, 2); /* the product fits, its bytes do not */
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "is too large");
    t = tensor("w", 1, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 9);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "9 dimensions, at most 8");
    t = tensor("w", 1, (const int64_t[]){6}, 1);
    bytes(&t, 4, six, 23); /* packed floats cut */
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "23 bytes of packed numbers of 4 bytes each");
    t = tensor("w", 1, (const int64_t[]){6}, 1);
    bytes(&t, 4, six, 24);
    bytes(&t, 9, six, 24);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "has raw data and typed data");
    t = tensor("w", 3, (const int64_t[]){1}, 1); /* int8 from int32_data */
    number(&t, 5, 300);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "element 0 is 300, too large for its type");
    t = tensor("", 1, (const int64_t[]){6}, 1);
    bytes(&t, 9, six, 24);
    m = model_with(&t);
    check_refused(&m, ORA_E_FORMAT, "initialiser 0: has no name");
}

ORA_TEST(refuses_what_it_does_not_read)
{
    struct ora_str t, m, g = ORA_STR_INIT, e = ORA_STR_INIT;
    t = tensor("w", 1, (const int64_t[]){6}, 1);
    number(&t, 14, 1);
    m = model_with(&t);
    check_refused(&m, ORA_E_UNSUPPORTED, "'w': its data lies in another file");
    t = tensor("w", 1, (const int64_t[]){6}, 1);
    text(&e, 1, "location");
    message(&t, 13, &e);
    m = model_with(&t);
    check_refused(&m, ORA_E_UNSUPPORTED, "its data lies in another file");
    message(&g, 15, &e);
    m = model_of(&g);
    check_refused(&m, ORA_E_UNSUPPORTED, "sparse");
    for (int i = 0; i < 2; i++) {
        t = tensor("w", 1, (const int64_t[]){6}, 1);
        bytes(&t, 9, six, sizeof six);
        message(&g, 5, &t);
    }
    m = model_of(&g);
    check_refused(&m, ORA_E_FORMAT, "two initialisers are called 'w'");
}

ORA_TEST(refuses_bad_framing)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *message;
    } cases[] = {
        {"", 0, "m: byte 0: 0 graphs, wanted 1: not an ONNX model?"},
        {"hello", 5, "m: byte 2: an unknown wire type"},
        {"\x08", 1, "m: byte 0: a value is cut short"},
        {"\x80", 1, "m: byte 0: a field's key is cut short"},
        {"\x00\x01", 2, "m: byte 0: a field's number is out of range"},
        {"\x0b", 1, "m: byte 0: an unknown wire type"},
        {"\x3a\x05\x08", 3, "m: byte 0: a length goes beyond the end of what holds it"},
        {"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11, "m: byte 0: a value is cut short"},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "m: byte 0: a value is cut short"},
        {"\x38\x01", 2, "m: byte 0: field 7 has wire type 0, wanted 2"},
        {"\x3a\x00\x3a\x00", 4, "m: byte 0: 2 graphs, wanted 1"},
        {"\x3a\x04\x0a\x02\x0a\x05", 6, "m: byte 4: node 0: a length goes beyond"},
        {"\x3a\x05\x0a\x03\x0a\x01\x00", 7, "m: byte 4: node 0: a string that is not UTF-8 text"},
        {"\x3a\x05\x0a\x03\x0a\x01\xff", 7, "m: byte 4: node 0: a string that is not UTF-8 text"},
        {"\x3a\x05\x0a\x03\x0a\x01\n", 7, "m: byte 4: node 0: a name with a control character"},
        {"\x3a\x06\x0a\x04\x2a\x02\x40\x80", 8, "m: byte 6: node 0: attribute 0: a value is cut short"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_str_addn(&s, cases[i].bytes, cases[i].len);
        check_refused(&s, ORA_E_FORMAT, cases[i].message);
    }
}

/* A node of no bytes costs 2 in the file and a struct in memory: the budget stops it. */
ORA_TEST(memory_is_bounded_by_the_file)
{
    struct ora_str g = ORA_STR_INIT, m;
    for (int i = 0; i < 1 << 19; i++)
        ora_str_addn(&g, "\x0a\x00", 2);
    m = model_of(&g);
    check_refused(&m, ORA_E_LIMIT, "needs more memory than a file of this size may");
}

ORA_TEST(survives_mutations)
{
    struct ora_err err = {0};
    struct ora_str s = sample();
    struct ora_onnx *m = NULL;
    size_t refused = 0;
    for (size_t cut = 0; cut < s.len; cut++) {
        char *exact = ora_xmalloc(cut + 1); /* so that a sanitizer sees a read beyond the cut */
        memcpy(exact, s.data, cut);
        exact = ora_xrealloc(exact, cut ? cut : 1);
        refused += ora_onnx_parse(exact, cut, "m", &m, &err) < 0;
        ora_onnx_close(&m);
        free(exact);
    }
    ORA_CHECK(refused > s.len / 2); /* a cut between the last fields of the model is a valid file */
    ORA_CHECK(ora_onnx_parse(s.data, s.len - 1, "m", &m, &err) < 0);
    for (size_t i = 0; i < s.len; i++) {
        for (unsigned v = 0; v < 256; v++) {
            char old = s.data[i];
            s.data[i] = (char)v;
            (void)ora_onnx_parse(s.data, s.len, "m", &m, &err);
            ora_onnx_close(&m);
            s.data[i] = old;
        }
    }
    ora_str_release(&s);
}

ORA_TEST(finds_what_is_not_finite)
{
    const float bad[3] = {1, INFINITY, NAN};
    struct ora_tensor t = {"w", ORA_F32, ORA_SHAPE(3), 3, sizeof bad, bad};
    size_t index = 9;
    ORA_CHECK(ora_tensor_not_finite(&t, &index));
    ORA_CHECK_INT(index, 1);
    t.count = 1;
    ORA_CHECK(!ora_tensor_not_finite(&t, &index));
    const uint16_t half[2] = {0x7bff, 0xfc00};
    t = (struct ora_tensor){"h", ORA_F16, ORA_SHAPE(2), 2, sizeof half, half};
    ORA_CHECK(ora_tensor_not_finite(&t, &index));
}
