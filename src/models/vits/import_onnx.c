/*
 * From graph to names. Exporters fold weight normalisation into constants with made-up names
 * ("onnx::Conv_8168"), and simplifiers rename others; biases keep the names of the training code. So a
 * convolution's weight is named by its bias, else by its node, else by its place; embeddings by the input
 * that indexes them; the affine flow's factor by its neighbour.
 */
#include "models/vits/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/dmath.h"

static int add(struct vits_graph *g, const struct ora_onnx *m, const char *name, const struct ora_tensor *t,
               float *values, struct ora_err *err)
{
    int rc = 0;
    if (!t)
        rc = ora_err_set(err, ORA_E_VOICE, "%s: no initialiser for '%s'", m->path, name);
    else if (t->dtype != ORA_F32)
        rc =
            ora_err_set(err, ORA_E_UNSUPPORTED, "%s: tensor '%s' is %s: only float32 exports can be imported",
                        m->path, name, ora_dtype_name(t->dtype));
    for (size_t i = 0; rc == 0 && i < g->count; i++)
        if (!strcmp(g->tensor[i].name, name))
            rc = ora_err_set(err, ORA_E_VOICE, "%s: tensor '%s' is bound twice", m->path, name);
    if (rc == 0 && g->count == VITS_IMPORT_TENSORS_MAX)
        rc = ora_err_set(err, ORA_E_VOICE, "%s: more than %d weights", m->path, VITS_IMPORT_TENSORS_MAX);
    if (rc < 0) {
        free(values);
        return rc;
    }
    g->tensor[g->count++] = (struct vits_named_tensor){ora_xstrdup(name), t, values};
    return 0;
}

static bool canonical(const char *name)
{
    return ora_starts_with(name, "enc_p.") || ora_starts_with(name, "dp.") ||
           ora_starts_with(name, "flow.") || ora_starts_with(name, "dec.");
}

/* "dec.ups.0" from the bias "dec.ups.0.bias"; else from the node's name "/dec/ups.0/ConvTranspose"; else
 * NULL. */
static char *stem_of_names(const struct ora_onnx_node *n)
{
    const char *bias = n->input_count > 2 ? n->inputs[2] : "",
               *weight = n->input_count > 1 ? n->inputs[1] : "";
    if (canonical(bias) && ora_ends_with(bias, ".bias"))
        return ora_xstrndup(bias, strlen(bias) - 5);
    if (n->input_count == 2 && canonical(weight) && ora_ends_with(weight, ".weight"))
        return ora_xstrndup(weight, strlen(weight) - 7);
    const char *slash = strrchr(n->name, '/');
    if (n->name[0] != '/' || slash == n->name)
        return NULL;
    char *stem = ora_xstrndup(n->name + 1, (size_t)(slash - n->name - 1));
    for (char *c = stem; *c; c++)
        if (*c == '/')
            *c = '.';
    if (canonical(stem))
        return stem;
    free(stem);
    return NULL;
}

static bool is_conv(const struct ora_onnx_node *n)
{
    return !strcmp(n->op_type, "Conv") || !strcmp(n->op_type, "ConvTranspose");
}

/* Names by order, once a convolution has no other. Every name that is known must agree. */
static int read_positions(const struct ora_onnx *m, struct vits_graph *g, struct ora_err *err)
{
    size_t conv = 0;
    int rc = vits_positions_read(m, &g->positions, err);
    for (size_t i = 0; rc == 0 && i < m->node_count; i++) {
        if (!is_conv(&m->nodes[i]))
            continue;
        char *known = stem_of_names(&m->nodes[i]);
        const char *placed = g->positions.stem[conv++];
        if (known && strcmp(known, placed) != 0)
            rc = ora_err_set(err, ORA_E_VOICE,
                             "%s: convolution %zu is '%s' by its name, but '%s' by its place", m->path,
                             conv - 1, known, placed);
        free(known);
    }
    return rc;
}

/* *stem: by names, else by place. */
static int stem_of(const struct ora_onnx *m, struct vits_graph *g, const struct ora_onnx_node *n, char **stem,
                   struct ora_err *err)
{
    size_t place = g->conv++;
    *stem = stem_of_names(n);
    if (*stem)
        return 0;
    int rc = g->positions.count ? 0 : read_positions(m, g, err);
    if (rc == 0)
        *stem = ora_xstrdup(g->positions.stem[place]);
    return rc;
}

static int bad_conv(const struct ora_onnx *m, const char *stem, const char *what, struct ora_err *err)
{
    return ora_err_set(err, ORA_E_VOICE, "%s: convolution '%s': %s", m->path, stem, what);
}

/* Strides, padding and groups must be what the network computes with. */
static int check_conv(const struct ora_onnx *m, struct vits_graph *g, const struct ora_onnx_node *n,
                      const char *stem, const struct ora_tensor *w, struct ora_err *err)
{
    int64_t dilation = 1, stride = 1, pads[2] = {0, 0}, taps = (int64_t)w->shape.dim[2];
    const struct ora_onnx_attr *group = ora_onnx_attr(n, "group");
    ora_onnx_ints(n, "dilations", &dilation, 1);
    ora_onnx_ints(n, "strides", &stride, 1);
    ora_onnx_ints(n, "pads", pads, 2);
    bool depthwise = strstr(stem, "convs_sep") != NULL;
    if (taps < 1 || taps > 63 || dilation < 1 || dilation > 4096 || stride < 1 || stride > 64)
        return bad_conv(m, stem, "kernel, dilation or stride out of range", err);
    if (group && group->i != 1 &&
        !(depthwise && w->shape.dim[1] == 1 && group->i == (int64_t)w->shape.dim[0]))
        return bad_conv(m, stem, "unexpected groups", err);
    if (!strcmp(n->op_type, "ConvTranspose")) {
        if (taps != 2 * stride || pads[0] != stride / 2 || pads[1] != stride / 2 || dilation != 1 ||
            stride % 2)
            return bad_conv(m, stem, "kernel must be 2 x stride and padding stride / 2, stride even", err);
        if (g->rate_count == 16)
            return bad_conv(m, stem, "more than 16 upsamplers", err);
        g->rates[g->rate_count++] = (int)stride;
        return 0;
    }
    /* The encoder's feed-forward layers pad in a node of their own. */
    const struct ora_onnx_node *before = ora_onnx_producer(m, n->inputs[0]);
    bool padded = before && !strcmp(before->op_type, "Pad") && !pads[0] && !pads[1];
    if (stride != 1 || (!padded && (pads[0] != pads[1] || pads[0] * 2 != (taps - 1) * dilation)))
        return bad_conv(m, stem, "padding must keep the length", err);
    int block, step, end = 0;
    if ((sscanf(stem, "dec.resblocks.%d.convs.%d%n", &block, &step, &end) == 2 ||
         sscanf(stem, "dec.resblocks.%d.convs1.%d%n", &block, &step, &end) == 2) &&
        !stem[end] && g->dilation_count < VITS_IMPORT_CONVS_MAX) {
        g->dilations[g->dilation_count].block = block;
        g->dilations[g->dilation_count].step = step;
        g->dilations[g->dilation_count++].dilation = (int)dilation;
    } else if (dilation != 1 && !depthwise) {
        return bad_conv(m, stem, "unexpected dilation", err);
    }
    return 0;
}

static int read_conv(const struct ora_onnx *m, struct vits_graph *g, const struct ora_onnx_node *n,
                     struct ora_err *err)
{
    char *stem;
    int rc = stem_of(m, g, n, &stem, err);
    if (rc < 0)
        return rc;
    char *weight = ora_fmt("%s.weight", stem), *bias = ora_fmt("%s.bias", stem);
    const struct ora_tensor *w = n->input_count > 1 ? ora_onnx_initializer(m, n->inputs[1]) : NULL;
    rc = add(g, m, weight, w, NULL, err);
    if (rc == 0 && w->shape.rank != 3)
        rc = bad_conv(m, stem, "the weight must have 3 dimensions", err);
    if (rc == 0 && n->input_count > 2)
        rc = add(g, m, bias, ora_onnx_initializer(m, n->inputs[2]), NULL, err);
    if (rc == 0)
        rc = check_conv(m, g, n, stem, w, err);
    free(weight);
    free(bias);
    free(stem);
    return rc;
}

/* dp.flows.0: z = (z - m) * exp(-logs). The factor is a constant of the published files, an Exp of one in
 * others. */
static int read_affine(const struct ora_onnx *m, struct vits_graph *g, const struct ora_onnx_node *sub,
                       struct ora_err *err)
{
    size_t cursor = 0;
    const struct ora_onnx_node *mul = NULL;
    while ((mul = ora_onnx_consumer(m, sub->outputs[0], &cursor)) && strcmp(mul->op_type, "Mul"))
        ;
    if (!mul || mul->input_count != 2)
        return ora_err_set(err, ORA_E_VOICE, "%s: no Mul follows the Sub of 'dp.flows.0.m'", m->path);
    const char *other = mul->inputs[!strcmp(mul->inputs[0], sub->outputs[0])];
    const struct ora_tensor *factor = ora_onnx_initializer(m, other);
    if (factor)
        return add(g, m, "dp.flows.0.scale", factor, NULL, err);
    const struct ora_onnx_node *exp = ora_onnx_producer(m, other);
    const struct ora_tensor *logs = NULL;
    if (exp && !strcmp(exp->op_type, "Exp") && exp->input_count == 1)
        logs = ora_onnx_initializer(m, exp->inputs[0]);
    if (!logs || logs->dtype != ORA_F32 || logs->count != 2)
        return ora_err_set(err, ORA_E_VOICE,
                           "%s: the factor of 'dp.flows.0' is neither a constant nor an Exp of one", m->path);
    float *values = ora_xcalloc(2, sizeof *values);
    ora_tensor_copy_f32(logs, values);
    for (int i = 0; i < 2; i++)
        values[i] = (float)ora_dexp((double)values[i]);
    return add(g, m, "dp.flows.0.scale", logs, values, err);
}

static int read_node(const struct ora_onnx *m, struct vits_graph *g, const struct ora_onnx_node *n,
                     struct ora_err *err)
{
    static const char *const quantised[] = {"ConvInteger", "MatMulInteger",  "DynamicQuantizeLinear",
                                            "QLinearConv", "QuantizeLinear", "DequantizeLinear"};
    for (size_t i = 0; i < sizeof quantised / sizeof *quantised; i++)
        if (!strcmp(n->op_type, quantised[i]))
            return ora_err_set(err, ORA_E_UNSUPPORTED,
                               "%s: an 8-bit export (it has %s nodes): only float32 can be imported", m->path,
                               n->op_type);
    if (is_conv(n))
        return read_conv(m, g, n, err);
    if (!strcmp(n->op_type, "Gather") && n->input_count == 2) {
        const char *name = !strcmp(n->inputs[1], "input") ? "enc_p.emb.weight"
                           : !strcmp(n->inputs[1], "sid") ? "emb_g.weight"
                                                          : NULL;
        return name ? add(g, m, name, ora_onnx_initializer(m, n->inputs[0]), NULL, err) : 0;
    }
    if (!strcmp(n->op_type, "Sub") && n->input_count == 2 && n->output_count == 1) {
        if (!strcmp(n->inputs[1], "dp.flows.0.m"))
            return read_affine(m, g, n, err);
        const struct ora_tensor *t = ora_onnx_initializer(m, n->inputs[1]);
        if (t && t->dtype == ORA_F32 && t->shape.rank == 2 && t->shape.dim[0] == 2 && t->shape.dim[1] == 1) {
            int rc = add(g, m, "dp.flows.0.m", t, NULL, err); /* nothing else subtracts two numbers */
            return rc < 0 ? rc : read_affine(m, g, n, err);
        }
    }
    return 0;
}

/* What keeps its own name: norms, relative positions, the affine flow's m. */
static int read_named(const struct ora_onnx *m, struct vits_graph *g, struct ora_err *err)
{
    static const char *const ends[] = {".gamma", ".beta", ".emb_rel_k", ".emb_rel_v", "dp.flows.0.m"};
    for (size_t i = 0; i < m->initializer_count; i++) {
        const struct ora_tensor *t = &m->initializers[i];
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            if (canonical(t->name) && ora_ends_with(t->name, ends[e])) {
                int rc = add(g, m, t->name, t, NULL, err);
                if (rc < 0)
                    return rc;
            }
    }
    return 0;
}

/* Every leaky ReLU has the slope 0.1 but the last, which has 0.01. */
static int check_slopes(const struct ora_onnx *m, struct ora_err *err)
{
    float last = 0;
    size_t count = 0;
    for (size_t i = 0; i < m->node_count; i++) {
        if (strcmp(m->nodes[i].op_type, "LeakyRelu"))
            continue;
        if (count++ && last != 0.1f)
            return ora_err_set(err, ORA_E_UNSUPPORTED, "%s: a LeakyRelu slope of %g, wanted 0.1", m->path,
                               (double)last);
        const struct ora_onnx_attr *alpha = ora_onnx_attr(&m->nodes[i], "alpha");
        last = alpha && alpha->type == ORA_ONNX_FLOAT ? alpha->f : 0.01f;
    }
    if (last != 0.01f)
        return ora_err_set(err, ORA_E_VOICE, "%s: the last of %zu LeakyRelu nodes has slope %g, wanted 0.01",
                           m->path, count, (double)last);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct vits_named_tensor *)a)->name, ((const struct vits_named_tensor *)b)->name);
}

int vits_graph_read(const struct ora_onnx *m, struct vits_graph *g, struct ora_err *err)
{
    memset(g, 0, sizeof *g);
    g->tensor = ora_xcalloc(VITS_IMPORT_TENSORS_MAX, sizeof *g->tensor);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->node_count; i++)
        rc = read_node(m, g, &m->nodes[i], err);
    if (rc == 0)
        rc = read_named(m, g, err);
    if (rc == 0 && g->rate_count == 0)
        rc = ora_err_set(err, ORA_E_VOICE, "%s: no ConvTranspose node: this is no VITS voice", m->path);
    if (rc == 0)
        rc = check_slopes(m, err);
    for (size_t i = 0, at; rc == 0 && i < g->count; i++)
        if (ora_tensor_not_finite(g->tensor[i].tensor, &at))
            rc = ora_err_set(err, ORA_E_VOICE, "%s: tensor '%s': element %zu is not finite", m->path,
                             g->tensor[i].name, at);
    qsort(g->tensor, g->count, sizeof *g->tensor, by_name);
    return rc;
}

void vits_graph_release(struct vits_graph *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->tensor[i].name);
        free(g->tensor[i].values);
    }
    free(g->tensor);
    vits_positions_release(&g->positions);
    memset(g, 0, sizeof *g);
}

static int dilation_of(const struct vits_graph *g, int block, int step)
{
    for (size_t i = 0; i < g->dilation_count; i++)
        if (g->dilations[i].block == block && g->dilations[i].step == step)
            return g->dilations[i].dilation;
    return 0;
}

int vits_graph_metadata(const struct ora_onnx *m, const struct vits_graph *g, struct ora_str *rates,
                        struct ora_str *dilations, struct ora_err *err)
{
    int blocks = 0, steps = 0;
    for (int i = 0; i < g->rate_count; i++)
        ora_str_addf(rates, "%s%d", i ? "," : "", g->rates[i]);
    while (dilation_of(g, blocks, 0))
        blocks++;
    while (dilation_of(g, 0, steps))
        steps++;
    int branches = blocks / g->rate_count;
    if (!branches || blocks % g->rate_count || (size_t)(blocks * steps) != g->dilation_count)
        return ora_err_set(err, ORA_E_VOICE,
                           "%s: %zu dilated convolutions in %d residual blocks after %d upsamplers", m->path,
                           g->dilation_count, blocks, g->rate_count);
    for (int j = 0; j < blocks; j++)
        for (int q = 0; q < steps; q++) {
            int d = dilation_of(g, j, q);
            if (!d || d != dilation_of(g, j % branches, q))
                return ora_err_set(err, ORA_E_UNSUPPORTED, "%s: residual block %d has dilations of its own",
                                   m->path, j);
            if (j < branches)
                ora_str_addf(dilations, "%s%d", q ? "," : j ? ";" : "", d);
        }
    return 0;
}
