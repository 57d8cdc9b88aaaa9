/*
 * Names from order. Some tools rename every initialiser and node; what stays is the order in which the
 * network computes, and the shapes, which tell the variants apart: how many encoder layers, which duration
 * predictor, which residual blocks. The list that comes of it is only used when it names as many convolutions
 * as the graph has, and contradicts none whose name is known (vits_graph_read checks).
 */
#include "models/vits/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ENCODER_LAYERS_MAX = 64,
    WAVENET_LAYERS = 4,
    BRANCHES = 3,
    TYPE_1_CONVS = 6,
    TYPE_2_CONVS = 2 /* of a residual block */
};

struct walk {
    const struct ora_onnx *m;
    const struct ora_onnx_node **conv; /* Conv and ConvTranspose in the graph's order */
    size_t convs;
    struct vits_positions *p;
};

static void name(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void name(struct walk *w, const char *fmt, ...)
{
    char stem[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(stem, sizeof stem, fmt, args);
    va_end(args);
    if (w->p->count < VITS_IMPORT_TENSORS_MAX)
        w->p->stem[w->p->count++] = ora_xstrdup(stem);
}

/* The weight of the i-th convolution, or NULL. */
static const struct ora_tensor *weight(const struct walk *w, size_t i)
{
    const struct ora_tensor *t = i < w->convs && w->conv[i]->input_count > 1
                                     ? ora_onnx_initializer(w->m, w->conv[i]->inputs[1])
                                     : NULL;
    return t && t->shape.rank == 3 ? t : NULL;
}

static bool has_shape(const struct walk *w, size_t i, size_t out, size_t in, size_t taps)
{
    const struct ora_tensor *t = weight(w, i);
    return t && t->shape.dim[0] == out && t->shape.dim[1] == in && t->shape.dim[2] == taps;
}

static bool is_upsampler(const struct walk *w, size_t i)
{
    return i < w->convs && !strcmp(w->conv[i]->op_type, "ConvTranspose");
}

static void encoder(struct walk *w, size_t hidden)
{
    for (int layer = 0; layer < ENCODER_LAYERS_MAX; layer++) {
        size_t at = w->p->count;
        for (size_t i = 0; i < 4; i++)
            if (!has_shape(w, at + i, hidden, hidden, 1))
                goto out_proj;
        for (const char *c = "qkvo"; *c; c++)
            name(w, "enc_p.encoder.attn_layers.%d.conv_%c", layer, *c);
        for (int i = 1; i <= 2; i++)
            name(w, "enc_p.encoder.ffn_layers.%d.conv_%d", layer, i);
    }
out_proj:
    name(w, "enc_p.proj");
}

static void separable(struct walk *w, const char *prefix)
{
    for (int i = 0; i < 3; i++) {
        name(w, "%s.convs_sep.%d", prefix, i);
        name(w, "%s.convs_1x1.%d", prefix, i);
    }
}

/* The stochastic predictor opens with a convolution of one tap, the deterministic one with a wider. */
static void durations(struct walk *w, size_t hidden, bool speakers)
{
    bool stochastic = has_shape(w, w->p->count, hidden, hidden, 1);
    if (stochastic)
        name(w, "dp.pre");
    if (speakers)
        name(w, "dp.cond");
    if (!stochastic) {
        name(w, "dp.conv_1");
        name(w, "dp.conv_2");
        name(w, "dp.proj");
        return;
    }
    separable(w, "dp.convs");
    name(w, "dp.proj");
    for (int f = 7; f >= 3; f -= 2) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "dp.flows.%d.convs", f);
        name(w, "dp.flows.%d.pre", f);
        separable(w, prefix);
        name(w, "dp.flows.%d.proj", f);
    }
}

static void flow(struct walk *w, bool speakers)
{
    for (int f = 6; f >= 0; f -= 2) {
        name(w, "flow.flows.%d.pre", f);
        if (speakers)
            name(w, "flow.flows.%d.enc.cond_layer", f);
        for (int i = 0; i < WAVENET_LAYERS; i++) {
            name(w, "flow.flows.%d.enc.in_layers.%d", f, i);
            name(w, "flow.flows.%d.enc.res_skip_layers.%d", f, i);
        }
        name(w, "flow.flows.%d.post", f);
    }
}

/* The residual convolutions from the i-th on: up to the next upsampler, or to the last of all. */
static size_t residual_count(const struct walk *w, size_t i)
{
    size_t n = 0;
    while (i + n + 1 < w->convs && !is_upsampler(w, i + n))
        n++;
    return n;
}

static void decoder(struct walk *w, bool speakers)
{
    name(w, "dec.conv_pre");
    if (speakers)
        name(w, "dec.cond");
    for (int stage = 0; is_upsampler(w, w->p->count); stage++) {
        name(w, "dec.ups.%d", stage);
        size_t n = residual_count(w, w->p->count);
        bool type_1 = n == TYPE_1_CONVS * BRANCHES;
        if (!type_1 && n != TYPE_2_CONVS * BRANCHES)
            return; /* the count will not be right */
        for (size_t i = 0; i < n; i++) {
            size_t steps = n / BRANCHES, block = BRANCHES * (size_t)stage + i / steps;
            if (type_1)
                name(w, "dec.resblocks.%zu.convs%zu.%zu", block, i % 2 + 1, i % steps / 2);
            else
                name(w, "dec.resblocks.%zu.convs.%zu", block, i % steps);
        }
    }
    name(w, "dec.conv_post");
}

int vits_positions_read(const struct ora_onnx *m, struct vits_positions *p, struct ora_err *err)
{
    struct walk w = {.m = m, .p = p};
    bool speakers = false;
    int rc = 0;
    p->stem = ora_xcalloc(VITS_IMPORT_TENSORS_MAX, sizeof *p->stem);
    w.conv = ora_xcalloc(m->node_count + 1, sizeof *w.conv);
    for (size_t i = 0; i < m->node_count; i++) {
        const struct ora_onnx_node *n = &m->nodes[i];
        if (!strcmp(n->op_type, "Conv") || !strcmp(n->op_type, "ConvTranspose"))
            w.conv[w.convs++] = n;
        speakers = speakers ||
                   (!strcmp(n->op_type, "Gather") && n->input_count == 2 && !strcmp(n->inputs[1], "sid"));
    }
    const struct ora_tensor *first = weight(&w, 0);
    size_t hidden = first ? (size_t)first->shape.dim[0] : 0;
    encoder(&w, hidden);
    durations(&w, hidden, speakers);
    flow(&w, speakers);
    decoder(&w, speakers);
    if (p->count != w.convs)
        rc = ora_err_set(
            err, ORA_E_VOICE,
            "%s: the names of its tensors are gone, and %zu convolutions are not the %zu that a VITS "
            "voice of these shapes has in order",
            m->path, w.convs, p->count);
    free(w.conv);
    return rc;
}

void vits_positions_release(struct vits_positions *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->stem[i]);
    free(p->stem);
    *p = (struct vits_positions){0};
}
