/* Dimensions from shapes. Every number is bounded here; the exact shapes are checked one by one where parts
 * bind. */
#include "models/vits/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const struct ora_weights *w;
    struct ora_err *err;
    int rc; /* the first error; later reads do nothing */
};

static int fail(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct reader *r, const char *fmt, ...)
{
    if (r->rc == 0) {
        char text[256];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        r->rc = ora_err_set(r->err, ORA_E_VOICE, "%s: %s", ora_weights_path(r->w), text);
    }
    return 0;
}

/* One dimension of a tensor, 1..max; 0 after an error. */
static int dim(struct reader *r, const char *name, size_t rank, size_t axis, int max)
{
    const struct ora_tensor *t = ora_weights_find(r->w, name);
    char shape[ORA_SHAPE_TEXT];
    if (!t)
        return fail(r, "tensor '%s' is missing", name);
    if (t->shape.rank != rank)
        return fail(r, "tensor '%s' has shape %s, wanted %zu dimensions", name,
                    ora_shape_text(&t->shape, shape), rank);
    if (t->shape.dim[axis] < 1 || t->shape.dim[axis] > (size_t)max)
        return fail(r, "tensor '%s' has shape %s: dimension %zu must be 1 to %d", name,
                    ora_shape_text(&t->shape, shape), axis, max);
    return (int)t->shape.dim[axis];
}

static int odd(struct reader *r, const char *name, size_t axis)
{
    int k = dim(r, name, 3, axis, 63);
    return k % 2 || r->rc ? k : fail(r, "tensor '%s': an even kernel of %d has no middle", name, k);
}

/* How many of fmt % first, first + step, … there are; more than max is an error. */
static int count(struct reader *r, const char *fmt, int first, int step, int max)
{
    for (int n = 0;; n++) {
        char name[160];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(name, sizeof name, fmt, first + n * step);
#pragma GCC diagnostic pop
        if (!ora_weights_find(r->w, name))
            return n;
        if (n == max)
            return fail(r, "more than %d of '%s'", max, fmt);
    }
}

/* "8,8,4" into out; returns how many, at least 1. */
static int numbers(struct reader *r, const char *key, const char *text, size_t len, int max, int top,
                   int *out)
{
    int n = 0;
    const char *end = text + len;
    for (const char *p = text; p < end; p++, n++) {
        char *stop;
        long v = strtol(p, &stop, 10);
        if (stop == p || stop > end || (stop < end && *stop != ',') || n == max || v < 1 || v > top)
            return fail(r, "metadata '%s' must be at most %d numbers from 1 to %d, found '%.*s'", key, max,
                        top, (int)len, text);
        out[n] = (int)v;
        p = stop;
    }
    return n ? n : fail(r, "metadata '%s' is empty", key);
}

static void read_encoder(struct reader *r, struct vits_config *c)
{
    c->symbols = dim(r, "enc_p.emb.weight", 2, 0, 65536);
    c->hidden = dim(r, "enc_p.emb.weight", 2, 1, 2048);
    c->inter = dim(r, "enc_p.proj.weight", 3, 0, 4096) / 2;
    c->layers = count(r, "enc_p.encoder.attn_layers.%d.conv_q.weight", 0, 1, VITS_LAYERS_MAX);
    int width = dim(r, "enc_p.encoder.attn_layers.0.emb_rel_k", 3, 1, 255);
    c->head_dim = dim(r, "enc_p.encoder.attn_layers.0.emb_rel_k", 3, 2, 2048);
    c->ffn = dim(r, "enc_p.encoder.ffn_layers.0.conv_1.weight", 3, 0, 16384);
    c->ffn_kernel = odd(r, "enc_p.encoder.ffn_layers.0.conv_1.weight", 2);
    if (r->rc)
        return;
    c->window = (width - 1) / 2;
    c->heads = c->hidden / c->head_dim;
    if (c->heads < 1 || c->heads > 64 || c->heads * c->head_dim != c->hidden)
        fail(r, "%d hidden channels are no whole number of heads of %d", c->hidden, c->head_dim);
    if (width % 2 == 0)
        fail(r, "'emb_rel_k' has %d positions, wanted an odd number", width);
    if (c->inter < 2 || c->inter % 2)
        fail(r, "%d latent channels cannot be halved", c->inter);
}

static void read_durations(struct reader *r, struct vits_config *c)
{
    c->stochastic = !ora_weights_find(r->w, "dp.conv_1.weight");
    if (!c->stochastic) {
        c->dp_width = dim(r, "dp.conv_1.weight", 3, 0, 4096);
        c->dp_kernel = odd(r, "dp.conv_1.weight", 2);
        return;
    }
    c->dds_layers = count(r, "dp.convs.convs_sep.%d.weight", 0, 1, VITS_DDS_LAYERS_MAX);
    c->dds_kernel = odd(r, "dp.convs.convs_sep.0.weight", 2);
    c->splines = count(r, "dp.flows.%d.pre.weight", 3, 2, VITS_SPLINES_MAX);
    if (c->splines < 1)
        fail(r, "tensor 'dp.flows.3.pre.weight' is missing");
    int rows = dim(r, "dp.flows.3.proj.weight", 3, 0, 95);
    c->bins = (rows + 1) / 3;
    if (!r->rc && (rows + 1) % 3)
        fail(r, "'dp.flows.3.proj.weight' has %d rows, wanted 3 * bins - 1", rows);
}

static void read_flow(struct reader *r, struct vits_config *c)
{
    c->couplings = count(r, "flow.flows.%d.pre.weight", 0, 2, VITS_COUPLINGS_MAX);
    c->wn_layers = count(r, "flow.flows.0.enc.in_layers.%d.weight", 0, 1, VITS_WN_LAYERS_MAX);
    c->wn_kernel = odd(r, "flow.flows.0.enc.in_layers.0.weight", 2);
    if (!r->rc && c->couplings % 2)
        fail(r, "%d couplings: an odd number leaves the channels reversed", c->couplings);
}

static void read_dilations(struct reader *r, struct vits_config *c, const char *text)
{
    c->branches = 0;
    for (const char *p = text; !r->rc; c->branches++) {
        size_t len = strcspn(p, ";");
        if (c->branches == VITS_BRANCHES_MAX) {
            fail(r, "metadata 'resblock_dilations' has more than %d branches", VITS_BRANCHES_MAX);
            return;
        }
        int n = numbers(r, "resblock_dilations", p, len, VITS_DILATIONS_MAX, 64, c->dilation[c->branches]);
        if (c->branches && n != c->dilations)
            fail(r, "metadata 'resblock_dilations': branches of different length");
        c->dilations = n;
        p += len;
        if (*p++ != ';') {
            c->branches++;
            return;
        }
    }
}

static void read_decoder(struct reader *r, struct vits_config *c)
{
    const char *rates = ora_weights_meta(r->w, "upsample_rates");
    const char *dilations = ora_weights_meta(r->w, "resblock_dilations");
    if (!rates || !dilations) {
        fail(r, "metadata '%s' is missing", rates ? "resblock_dilations" : "upsample_rates");
        return;
    }
    c->first_channels = dim(r, "dec.conv_pre.weight", 3, 0, 4096);
    c->pre_kernel = odd(r, "dec.conv_pre.weight", 2);
    c->post_kernel = odd(r, "dec.conv_post.weight", 2);
    c->stages = numbers(r, "upsample_rates", rates, strlen(rates), VITS_STAGES_MAX, 32, c->rate);
    read_dilations(r, c, dilations);
    c->resblock_type = ora_weights_find(r->w, "dec.resblocks.0.convs1.0.weight") ? 1 : 2;
    for (int j = 0; j < c->branches && !r->rc; j++) {
        char name[64];
        snprintf(name, sizeof name, "dec.resblocks.%d.convs%s.0.weight", j, c->resblock_type == 1 ? "1" : "");
        c->branch_kernel[j] = odd(r, name, 2);
    }
    c->hop = 1;
    for (int i = 0; i < c->stages && !r->rc; i++) {
        if (c->rate[i] % 2 && c->rate[i] != 1)
            fail(r, "metadata 'upsample_rates': %d is odd", c->rate[i]);
        c->hop *= c->rate[i];
        if (c->hop > 4096)
            fail(r, "metadata 'upsample_rates': more than 4096 samples a frame");
    }
    if (!r->rc && c->first_channels % (1 << c->stages))
        fail(r, "%d channels cannot be halved %d times", c->first_channels, c->stages);
}

int vits_config_read(const struct ora_weights *w, struct vits_config *c, struct ora_err *err)
{
    struct reader r = {w, err, 0};
    memset(c, 0, sizeof *c);
    read_encoder(&r, c);
    read_durations(&r, c);
    read_flow(&r, c);
    read_decoder(&r, c);
    c->speakers = 1;
    if (ora_weights_find(w, "emb_g.weight")) {
        c->speakers = dim(&r, "emb_g.weight", 2, 0, 65536);
        c->speaker_dim = dim(&r, "emb_g.weight", 2, 1, 4096);
    }
    return r.rc;
}
