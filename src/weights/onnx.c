/*
 * ONNX, reading: two walks over each message, one that counts its repeated fields and one that fills arrays
 * of exactly that size. Small things (names, arrays, structs) are copied into a pool; tensor data stays in
 * the map. Messages are entered by type, never by what the bytes say, so nesting is fixed: model, graph,
 * node, attribute, tensor. Graphs inside attributes (If, Loop) are skipped.
 *
 * Does not check that the graph makes sense: importers do, by what they bind.
 */
#include "weights/onnx.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "weights/onnx_private.h"

enum { ATTR_NAME = 1, ATTR_F, ATTR_I, ATTR_S, ATTR_T, ATTR_FLOATS = 7, ATTR_INTS, ATTR_TYPE = 20 };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP_TYPE, NODE_ATTRIBUTE, NODE_DOMAIN = 7 };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT, GRAPH_SPARSE = 15 };
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER,
    MODEL_PRODUCER_VERSION,
    MODEL_GRAPH = 7,
    MODEL_OPSET,
    MODEL_META = 14
};
enum { OPSET_DOMAIN = 1, OPSET_VERSION };
enum { META_KEY = 1, META_VALUE };
enum { VALUE_NAME = 1 };

/* ---- nodes ---------------------------------------------------------------------------------- */

static int read_attr_tensor(struct ora_onnx_reader *r, const struct ora_pb_field *f, struct ora_onnx_attr *a)
{
    int rc = ora_onnx_expect(r, f, ORA_PB_BYTES);
    if (rc < 0)
        return rc;
    struct ora_tensor *t = ora_onnx_alloc(r, f->at, 1, sizeof *t, &rc);
    if (!t)
        return rc;
    a->tensor = t;
    ora_onnx_enter(r, "tensor", 0);
    rc = ora_onnx_read_tensor(r, ora_onnx_span(f), t);
    if (rc == 0)
        ora_onnx_leave(r);
    return rc;
}

static int read_attr_field(struct ora_onnx_reader *r, const struct ora_pb_field *f, struct ora_onnx_attr *a)
{
    uint32_t bits = (uint32_t)f->value;
    int rc = 0;
    switch (f->number) {
    case ATTR_NAME:
        rc = ora_onnx_name(r, f, &a->name);
        r->place[r->depth - 1].name = a->name;
        break;
    case ATTR_F:
        rc = ora_onnx_expect(r, f, ORA_PB_FIXED32);
        memcpy(&a->f, &bits, sizeof a->f);
        break;
    case ATTR_I:
        rc = ora_onnx_expect(r, f, ORA_PB_VARINT);
        a->i = (int64_t)f->value;
        break;
    case ATTR_S:
        rc = ora_onnx_expect(r, f, ORA_PB_BYTES);
        a->s = (const char *)f->data;
        a->s_len = f->len;
        break;
    case ATTR_T:
        rc = read_attr_tensor(r, f, a);
        break;
    case ATTR_TYPE:
        rc = ora_onnx_expect(r, f, ORA_PB_VARINT);
        a->type = (int)(f->value & 0x7fffffff);
        break;
    }
    return rc;
}

static int read_attr(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_onnx_attr *a)
{
    struct ora_pb_field f;
    struct ora_pb_span walk = m;
    size_t counts[ORA_ONNX_FIELDS];
    int rc;
    a->name = "";
    while ((rc = ora_onnx_next(r, &walk, &f)) > 0)
        if ((rc = read_attr_field(r, &f, a)) < 0)
            return rc;
    if (rc == 0)
        rc = ora_onnx_tally(r, m, counts);
    if (rc == 0 && counts[ATTR_INTS])
        rc = ora_onnx_int64s(r, m, ATTR_INTS, &a->ints, &a->int_count);
    if (rc == 0 && counts[ATTR_FLOATS]) {
        const void *floats; /* unaligned when packed: copied, so that a plain pointer serves */
        rc = ora_onnx_fixeds(r, m, ATTR_FLOATS, sizeof(float), &floats, &a->float_count);
        float *v = rc < 0 ? NULL : ora_onnx_alloc(r, m.p, a->float_count, sizeof *v, &rc);
        if (v && a->float_count)
            memcpy(v, floats, a->float_count * sizeof *v);
        a->floats = v;
    }
    return rc;
}

/* Arrays of exactly the tallied size; the counts start at 0 and grow as the fields are read. */
static int reserve_node(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_onnx_node *n)
{
    size_t counts[ORA_ONNX_FIELDS];
    int rc = ora_onnx_tally(r, m, counts);
    *n = (struct ora_onnx_node){.op_type = "", .name = "", .domain = ""};
    if (rc == 0)
        n->inputs = ora_onnx_alloc(r, m.p, counts[NODE_INPUT], sizeof *n->inputs, &rc);
    if (rc == 0)
        n->outputs = ora_onnx_alloc(r, m.p, counts[NODE_OUTPUT], sizeof *n->outputs, &rc);
    if (rc == 0)
        n->attrs = ora_onnx_alloc(r, m.p, counts[NODE_ATTRIBUTE], sizeof *n->attrs, &rc);
    return rc;
}

static int read_node(struct ora_onnx_reader *r, struct ora_pb_span m, struct ora_onnx_node *n)
{
    struct ora_pb_field f;
    int rc = reserve_node(r, m, n);
    if (rc < 0)
        return rc;
    while ((rc = ora_onnx_next(r, &m, &f)) > 0) {
        switch (f.number) {
        case NODE_INPUT:
            rc = ora_onnx_name(r, &f, &n->inputs[n->input_count++]);
            break;
        case NODE_OUTPUT:
            rc = ora_onnx_name(r, &f, &n->outputs[n->output_count++]);
            break;
        case NODE_NAME:
            rc = ora_onnx_name(r, &f, &n->name);
            r->place[r->depth - 1].name = n->name;
            break;
        case NODE_OP_TYPE:
            rc = ora_onnx_name(r, &f, &n->op_type);
            break;
        case NODE_DOMAIN:
            rc = ora_onnx_name(r, &f, &n->domain);
            break;
        case NODE_ATTRIBUTE:
            if ((rc = ora_onnx_expect(r, &f, ORA_PB_BYTES)) < 0)
                break;
            ora_onnx_enter(r, "attribute", n->attr_count);
            rc = read_attr(r, ora_onnx_span(&f), &n->attrs[n->attr_count++]);
            if (rc == 0)
                ora_onnx_leave(r);
            break;
        }
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* ---- graph ---------------------------------------------------------------------------------- */

static int reserve_graph(struct ora_onnx_reader *r, struct ora_pb_span m)
{
    struct ora_onnx *o = r->model;
    size_t counts[ORA_ONNX_FIELDS];
    int rc = ora_onnx_tally(r, m, counts);
    if (rc < 0)
        return rc;
    if (counts[GRAPH_SPARSE])
        return ora_onnx_fail(r, m.p, ORA_E_UNSUPPORTED,
                             "the graph has sparse initialisers: they are not read");
    o->nodes = ora_onnx_alloc(r, m.p, counts[GRAPH_NODE], sizeof *o->nodes, &rc);
    if (rc == 0)
        o->initializers = ora_onnx_alloc(r, m.p, counts[GRAPH_INITIALIZER], sizeof *o->initializers, &rc);
    if (rc == 0)
        o->priv->by_name = ora_onnx_alloc(r, m.p, counts[GRAPH_INITIALIZER], sizeof *o->priv->by_name, &rc);
    if (rc == 0)
        o->inputs = ora_onnx_alloc(r, m.p, counts[GRAPH_INPUT], sizeof *o->inputs, &rc);
    if (rc == 0)
        o->outputs = ora_onnx_alloc(r, m.p, counts[GRAPH_OUTPUT], sizeof *o->outputs, &rc);
    return rc;
}

static int read_value_name(struct ora_onnx_reader *r, const struct ora_pb_field *value, const char **name)
{
    struct ora_pb_field f;
    int rc = ora_onnx_expect(r, value, ORA_PB_BYTES);
    if (rc < 0)
        return rc;
    struct ora_pb_span m = ora_onnx_span(value);
    *name = "";
    while ((rc = ora_onnx_next(r, &m, &f)) > 0)
        if (f.number == VALUE_NAME && (rc = ora_onnx_name(r, &f, name)) < 0)
            return rc;
    return rc;
}

static int read_graph_field(struct ora_onnx_reader *r, const struct ora_pb_field *f)
{
    struct ora_onnx *o = r->model;
    int rc = 0;
    switch (f->number) {
    case GRAPH_NAME:
        return ora_onnx_name(r, f, &o->graph_name);
    case GRAPH_INPUT:
        return read_value_name(r, f, &o->inputs[o->input_count++]);
    case GRAPH_OUTPUT:
        return read_value_name(r, f, &o->outputs[o->output_count++]);
    case GRAPH_NODE:
        if ((rc = ora_onnx_expect(r, f, ORA_PB_BYTES)) < 0)
            return rc;
        ora_onnx_enter(r, "node", o->node_count);
        rc = read_node(r, ora_onnx_span(f), &o->nodes[o->node_count++]);
        break;
    case GRAPH_INITIALIZER:
        if ((rc = ora_onnx_expect(r, f, ORA_PB_BYTES)) < 0)
            return rc;
        ora_onnx_enter(r, "initialiser", o->initializer_count);
        rc = ora_onnx_read_tensor(r, ora_onnx_span(f), &o->initializers[o->initializer_count]);
        if (rc == 0 && !*o->initializers[o->initializer_count].name)
            rc = ora_onnx_fail(r, f->at, ORA_E_FORMAT, "has no name");
        o->initializer_count++;
        break;
    default:
        return 0;
    }
    if (rc == 0)
        ora_onnx_leave(r);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct ora_tensor *const *)a)->name, (*(const struct ora_tensor *const *)b)->name);
}

static int index_initializers(struct ora_onnx_reader *r, const unsigned char *at)
{
    const struct ora_onnx *o = r->model;
    const struct ora_tensor **t = o->priv->by_name;
    for (size_t i = 0; i < o->initializer_count; i++)
        t[i] = &o->initializers[i];
    if (o->initializer_count)
        qsort(t, o->initializer_count, sizeof *t, by_name);
    for (size_t i = 1; i < o->initializer_count; i++)
        if (strcmp(t[i - 1]->name, t[i]->name) == 0)
            return ora_onnx_fail(r, at, ORA_E_FORMAT, "two initialisers are called '%.96s'", t[i]->name);
    return 0;
}

static int read_graph(struct ora_onnx_reader *r, struct ora_pb_span m)
{
    struct ora_pb_field f;
    const unsigned char *at = m.p;
    int rc = reserve_graph(r, m);
    if (rc < 0)
        return rc;
    while ((rc = ora_onnx_next(r, &m, &f)) > 0)
        if ((rc = read_graph_field(r, &f)) < 0)
            return rc;
    return rc < 0 ? rc : index_initializers(r, at);
}

/* ---- model ---------------------------------------------------------------------------------- */

static int read_opset(struct ora_onnx_reader *r, const struct ora_pb_field *opset)
{
    struct ora_pb_field f;
    const char *domain = "";
    uint64_t version = 0;
    int rc = ora_onnx_expect(r, opset, ORA_PB_BYTES);
    if (rc < 0)
        return rc;
    struct ora_pb_span m = ora_onnx_span(opset);
    while ((rc = ora_onnx_next(r, &m, &f)) > 0) {
        if (f.number == OPSET_DOMAIN)
            rc = ora_onnx_name(r, &f, &domain);
        else if (f.number == OPSET_VERSION && (rc = ora_onnx_expect(r, &f, ORA_PB_VARINT)) == 0)
            version = f.value;
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && (!*domain || strcmp(domain, "ai.onnx") == 0))
        r->model->opset = (int64_t)version;
    return rc;
}

static int read_meta(struct ora_onnx_reader *r, const struct ora_pb_field *entry)
{
    struct ora_onnx *o = r->model;
    struct ora_pb_field f;
    int rc = ora_onnx_expect(r, entry, ORA_PB_BYTES);
    if (rc < 0)
        return rc;
    struct ora_pb_span m = ora_onnx_span(entry);
    o->meta_keys[o->meta_count] = o->meta_values[o->meta_count] = "";
    while ((rc = ora_onnx_next(r, &m, &f)) > 0) {
        if (f.number == META_KEY)
            rc = ora_onnx_name(r, &f, &o->meta_keys[o->meta_count]);
        else if (f.number == META_VALUE)
            rc = ora_onnx_text(r, &f, ORA_ONNX_TEXT_MAX, false, &o->meta_values[o->meta_count]);
        if (rc < 0)
            return rc;
    }
    o->meta_count++;
    return rc;
}

static int read_model_field(struct ora_onnx_reader *r, const struct ora_pb_field *f)
{
    struct ora_onnx *o = r->model;
    int rc;
    switch (f->number) {
    case MODEL_IR_VERSION:
        rc = ora_onnx_expect(r, f, ORA_PB_VARINT);
        o->ir_version = (int64_t)f->value;
        return rc;
    case MODEL_PRODUCER:
        return ora_onnx_name(r, f, &o->producer_name);
    case MODEL_PRODUCER_VERSION:
        return ora_onnx_name(r, f, &o->producer_version);
    case MODEL_OPSET:
        return read_opset(r, f);
    case MODEL_META:
        return read_meta(r, f);
    case MODEL_GRAPH:
        rc = ora_onnx_expect(r, f, ORA_PB_BYTES);
        return rc < 0 ? rc : read_graph(r, ora_onnx_span(f));
    }
    return 0;
}

static int read_model(struct ora_onnx_reader *r, struct ora_pb_span m)
{
    struct ora_onnx *o = r->model;
    struct ora_pb_field f;
    size_t counts[ORA_ONNX_FIELDS];
    const unsigned char *start = m.p;
    int rc = ora_onnx_tally(r, m, counts);
    if (rc < 0)
        return rc;
    if (counts[MODEL_GRAPH] != 1)
        return ora_onnx_fail(r, start, ORA_E_FORMAT, "%zu graphs, wanted 1: not an ONNX model?",
                             counts[MODEL_GRAPH]);
    o->meta_keys = ora_onnx_alloc(r, start, counts[MODEL_META], sizeof *o->meta_keys, &rc);
    if (rc == 0)
        o->meta_values = ora_onnx_alloc(r, start, counts[MODEL_META], sizeof *o->meta_values, &rc);
    if (rc < 0)
        return rc;
    while ((rc = ora_onnx_next(r, &m, &f)) > 0)
        if ((rc = read_model_field(r, &f)) < 0)
            return rc;
    return rc;
}

/* ---- life ----------------------------------------------------------------------------------- */

int ora_onnx_parse(const void *bytes, size_t len, const char *name, struct ora_onnx **out,
                   struct ora_err *err)
{
    static const unsigned char nothing[1];
    struct ora_onnx *m = ora_xcalloc(1, sizeof *m);
    *out = NULL;
    m->priv = ora_xcalloc(1, sizeof *m->priv);
    m->priv->path = ora_xstrdup(name);
    m->path = m->priv->path;
    m->producer_name = m->producer_version = m->graph_name = "";

    const unsigned char *base = len ? bytes : nothing;
    size_t budget = ORA_ONNX_BUDGET_BYTES;
    if (!ora_size_add(budget, len, &budget) || !ora_size_add(budget, len, &budget))
        budget = SIZE_MAX;
    struct ora_onnx_reader r = {.base = base, .path = m->path, .model = m, .err = err, .budget = budget};
    int rc = read_model(&r, (struct ora_pb_span){base, base + len});
    if (rc < 0)
        ora_onnx_close(&m);
    *out = m;
    return rc;
}

int ora_onnx_open(const char *path, struct ora_onnx **out, struct ora_err *err)
{
    struct ora_map map;
    *out = NULL;
    int rc = ora_map_open(&map, path, err);
    if (rc < 0)
        return rc;
    rc = ora_onnx_parse(map.data, map.len, path, out, err);
    if (rc < 0)
        ora_map_release(&map);
    else
        (*out)->priv->map = map;
    return rc;
}

void ora_onnx_close(struct ora_onnx **m)
{
    if (!*m)
        return;
    struct ora_onnx_private *priv = (*m)->priv;
    while (priv->pool) {
        struct ora_onnx_block *next = priv->pool->next;
        free(priv->pool);
        priv->pool = next;
    }
    if (priv->map.data)
        ora_map_release(&priv->map);
    free(priv->path);
    free(priv);
    free(*m);
    *m = NULL;
}

/* ---- access --------------------------------------------------------------------------------- */

const struct ora_tensor *ora_onnx_initializer(const struct ora_onnx *m, const char *name)
{
    struct ora_tensor want = {.name = name};
    const struct ora_tensor *key = &want;
    if (!m->initializer_count)
        return NULL;
    const struct ora_tensor *const *found =
        bsearch(&key, m->priv->by_name, m->initializer_count, sizeof *m->priv->by_name, by_name);
    return found ? *found : NULL;
}

static bool lists(const char *const *names, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], value) == 0)
            return true;
    return false;
}

const struct ora_onnx_node *ora_onnx_producer(const struct ora_onnx *m, const char *value)
{
    for (size_t i = 0; i < m->node_count; i++)
        if (lists(m->nodes[i].outputs, m->nodes[i].output_count, value))
            return &m->nodes[i];
    return NULL;
}

const struct ora_onnx_node *ora_onnx_consumer(const struct ora_onnx *m, const char *value, size_t *cursor)
{
    while (*cursor < m->node_count) {
        const struct ora_onnx_node *n = &m->nodes[(*cursor)++];
        if (lists(n->inputs, n->input_count, value))
            return n;
    }
    return NULL;
}

const struct ora_onnx_attr *ora_onnx_attr(const struct ora_onnx_node *n, const char *name)
{
    for (size_t i = 0; i < n->attr_count; i++)
        if (strcmp(n->attrs[i].name, name) == 0)
            return &n->attrs[i];
    return NULL;
}

bool ora_onnx_ints(const struct ora_onnx_node *n, const char *name, int64_t *out, size_t count)
{
    const struct ora_onnx_attr *a = ora_onnx_attr(n, name);
    if (!a || a->int_count != count)
        return false;
    memcpy(out, a->ints, count * sizeof *out);
    return true;
}

const char *ora_onnx_meta(const struct ora_onnx *m, const char *key)
{
    for (size_t i = 0; i < m->meta_count; i++)
        if (strcmp(m->meta_keys[i], key) == 0)
            return m->meta_values[i];
    return NULL;
}
