/* Duration predictor. The two noise channels stay plain doubles: only the networks between the splines use
 * kernels. */
#include "models/vits/duration.h"

#include <stdio.h>
#include <stdlib.h>

#include "models/vits/spline.h"

/* ---- bind ------------------------------------------------------------------------------------ */

static void bind_dds(struct vits_binder *b, struct vits_dds *d, const char *prefix)
{
    const struct vits_config *c = b->cfg;
    int h = c->hidden, dilation = 1;
    d->layers = c->dds_layers;
    for (int i = 0; i < d->layers; i++, dilation *= c->dds_kernel) {
        const float *w =
            vits_take(b, ORA_SHAPE((size_t)h, 1, (size_t)c->dds_kernel), "%s.convs_sep.%d.weight", prefix, i);
        const float *bias = vits_take(b, ORA_SHAPE((size_t)h), "%s.convs_sep.%d.bias", prefix, i);
        ora_packer_depthwise(b->packer, w, bias, h, c->dds_kernel, dilation, &d->separate[i]);
        vits_bind_conv(b, &d->point[i], NULL, h, h, 1, 1, "%s.convs_1x1.%d", prefix, i);
        vits_bind_norm(b, &d->norm_1[i], h, "%s.norms_1.%d", prefix, i);
        vits_bind_norm(b, &d->norm_2[i], h, "%s.norms_2.%d", prefix, i);
    }
}

/* A speaker is an addition to dp.pre's bias: cond's own bias takes it in. */
static void bind_cond(struct vits_binder *b, struct vits_duration *d)
{
    const struct vits_config *c = b->cfg;
    size_t h = (size_t)c->hidden;
    const float *own = vits_take(b, ORA_SHAPE(h), "dp.cond.bias");
    const float *pre = c->stochastic ? vits_take(b, ORA_SHAPE(h), "dp.pre.bias") : NULL;
    float *sum = ora_xcalloc(h, sizeof *sum);
    for (size_t i = 0; own && i < h; i++)
        sum[i] = own[i] + (pre ? pre[i] : 0);
    const float *w = vits_take(b, ORA_SHAPE(h, (size_t)c->speaker_dim, 1), "dp.cond.weight");
    struct ora_conv_spec spec = {.in = c->speaker_dim,
                                 .out = c->hidden,
                                 .taps = 1,
                                 .dilation = 1,
                                 .weights = w,
                                 .bias = sum,
                                 .strict = b->strict};
    ora_packer_conv(b->packer, &spec, &d->cond);
    free(sum);
}

static void bind_stochastic(struct vits_binder *b, struct vits_duration *d)
{
    const struct vits_config *c = b->cfg;
    int h = c->hidden;
    vits_bind_conv(b, &d->pre, NULL, h, h, 1, 1, "dp.pre");
    vits_bind_conv(b, &d->proj, NULL, h, h, 1, 1, "dp.proj");
    bind_dds(b, &d->dds, "dp.convs");
    for (int i = 0; i < c->splines; i++) {
        char prefix[48];
        snprintf(prefix, sizeof prefix, "dp.flows.%d", 3 + 2 * i);
        vits_bind_conv(b, &d->spline[i].pre, NULL, 1, h, 1, 1, "%s.pre", prefix);
        vits_bind_conv(b, &d->spline[i].proj, NULL, h, 3 * c->bins - 1, 1, 1, "%s.proj", prefix);
        snprintf(prefix, sizeof prefix, "dp.flows.%d.convs", 3 + 2 * i);
        bind_dds(b, &d->spline[i].dds, prefix);
    }
    const float *m = vits_take(b, ORA_SHAPE(2, 1), "dp.flows.0.m");
    const float *factor = vits_take(b, ORA_SHAPE(2, 1), "dp.flows.0.scale");
    float *affine = ora_packer_floats(b->packer, 4, &d->affine);
    for (int i = 0; affine && m && factor && i < 2; i++) {
        affine[i] = m[i];
        affine[2 + i] = factor[i];
    }
}

static void bind_deterministic(struct vits_binder *b, struct vits_duration *d)
{
    const struct vits_config *c = b->cfg;
    int width = c->dp_width;
    vits_bind_conv(b, &d->conv_1, NULL, c->hidden, width, c->dp_kernel, 1, "dp.conv_1");
    vits_bind_conv(b, &d->conv_2, NULL, width, width, c->dp_kernel, 1, "dp.conv_2");
    vits_bind_norm(b, &d->norm_1, width, "dp.norm_1");
    vits_bind_norm(b, &d->norm_2, width, "dp.norm_2");
    struct ora_conv_spec last = {.in = width, .out = 1, .taps = 1, .dilation = 1};
    last.weights = vits_take(b, ORA_SHAPE(1, (size_t)width, 1), "dp.proj.weight");
    last.bias = vits_take(b, ORA_SHAPE(1), "dp.proj.bias");
    ora_packer_conv_mono(b->packer, &last, &d->last);
}

void vits_duration_bind(struct vits_binder *b, struct vits_duration *d)
{
    if (b->cfg->speaker_dim)
        bind_cond(b, d);
    if (b->cfg->stochastic)
        bind_stochastic(b, d);
    else
        bind_deterministic(b, d);
}

/* ---- forward --------------------------------------------------------------------------------- */

struct run {
    const struct vits_config *cfg;
    const struct ora_kernels *k;
    int n, halo; /* the halo that the dilated convolutions reach */
    void *scratch;
    struct ora_b16 a, b;        /* [hidden] work; deterministic: [dp_width] */
    struct ora_b16 c, y;        /* [hidden] condition; what a spline's network works on */
    struct ora_b16 one, params; /* [1]; [3 * bins - 1] */
    double *z;                  /* [2][n] */
    float *last;                /* [n] */
};

static int deepest(int kernel, int layers)
{
    int dilation = 1;
    for (int i = 1; i < layers; i++)
        dilation *= kernel;
    return (kernel - 1) / 2 * dilation;
}

static bool allocate(struct run *r, struct ora_arena *arena)
{
    const struct vits_config *c = r->cfg;
    bool ok = true;
    int work = c->stochastic ? c->hidden : c->dp_width;
    r->halo = c->stochastic ? deepest(c->dds_kernel, c->dds_layers) : (c->dp_kernel - 1) / 2;
    r->a = vits_buffer(arena, work, r->n, r->halo, &ok);
    r->b = vits_buffer(arena, work, r->n, r->halo, &ok);
    r->c = vits_buffer(arena, c->hidden, r->n, r->halo, &ok);
    r->y = vits_buffer(arena, c->hidden, r->n, r->halo, &ok);
    r->one = vits_buffer(arena, 1, r->n, 0, &ok);
    r->params = vits_buffer(arena, 3 * (c->stochastic ? c->bins : 1) - 1, r->n, 0, &ok);
    r->z = ora_arena_alloc(arena, 2 * (size_t)r->n * sizeof *r->z);
    r->last = ora_arena_floats(arena, (size_t)r->n);
    return ok && r->z && r->last;
}

size_t vits_duration_bytes(const struct vits_config *cfg, int n)
{
    struct ora_arena probe = vits_measuring_arena();
    struct run r = {.cfg = cfg, .n = n};
    allocate(&r, &probe);
    return probe.peak_bytes;
}

static void conv(const struct run *r, const struct ora_conv *c, struct ora_b16 x, struct ora_b16 y,
                 struct ora_b16 add, enum ora_act fn, const float *bias)
{
    r->k->conv(c,
               &(struct ora_conv_run){
                   .x = x, .rows = r->n, .y = y, .add = add, .fn = fn, .bias = bias, .scratch = r->scratch});
}

/* x is changed in place; it has the run's halo. */
static void dds(const struct run *r, const struct vits_dds *d, struct ora_b16 x)
{
    int h = r->cfg->hidden;
    struct ora_b16 none = {0};
    for (int i = 0; i < d->layers; i++) {
        const struct ora_depthwise *s = &d->separate[i];
        r->k->depthwise(r->a, x, r->n, s->blocks, s->taps, s->dilation, s->first, s->weights, s->bias);
        r->k->layer_norm(r->a, r->a, r->n, h, d->norm_1[i].gamma, d->norm_1[i].beta, 1e-5f, ORA_ACT_GELU,
                         none);
        conv(r, &d->point[i], r->a, r->b, none, ORA_ACT_NONE, NULL);
        r->k->layer_norm(x, r->b, r->n, h, d->norm_2[i].gamma, d->norm_2[i].beta, 1e-5f, ORA_ACT_GELU, x);
    }
}

/* z[1] = spline inverse of z[1], its parameters a function of z[0] and the condition c. */
static void couple(const struct run *r, const struct vits_duration *d, int i, double *z0, double *z1)
{
    int bins = r->cfg->bins, count = 3 * bins - 1;
    float h[3 * VITS_SPLINE_BINS_MAX];
    for (int t = 0; t < r->n; t++)
        *ora_b16_element(r->one, t, 0) = (float)z0[t];
    conv(r, &d->spline[i].pre, r->one, r->y, r->c, ORA_ACT_NONE, NULL);
    dds(r, &d->spline[i].dds, r->y);
    conv(r, &d->spline[i].proj, r->y, r->params, (struct ora_b16){0}, ORA_ACT_NONE, NULL);
    for (int t = 0; t < r->n; t++) {
        for (int j = 0; j < count; j++)
            h[j] = *ora_b16_element(r->params, t, j);
        z1[t] = vits_spline_inverse(z1[t], h, 1, bins, r->cfg->hidden);
    }
}

static void stochastic(const struct run *r, const struct vits_duration *d, struct ora_b16 x,
                       const float *cond, const double *noise, double *logw)
{
    struct ora_b16 none = {0};
    ora_b16_clear_halo(r->y, r->cfg->hidden, r->n, r->halo);
    ora_b16_clear_rows(r->one, 1, 0, r->n);
    conv(r, &d->pre, x, r->y, none, ORA_ACT_NONE, cond);
    dds(r, &d->dds, r->y);
    conv(r, &d->proj, r->y, r->c, none, ORA_ACT_NONE, NULL);
    memcpy(r->z, noise, 2 * (size_t)r->n * sizeof *r->z);
    double *z0 = r->z, *z1 = r->z + r->n;
    for (int i = r->cfg->splines - 1; i >= 0; i--) {
        double *swap = z0;
        z0 = z1, z1 = swap;
        couple(r, d, i, z0, z1);
    }
    for (int t = 0; t < r->n; t++) /* the last swap: z[0] is what was z[1] */
        logw[t] = (z1[t] - (double)d->affine[0]) * (double)d->affine[2];
}

static void deterministic(const struct run *r, const struct vits_duration *d, struct ora_b16 x,
                          const float *cond, double *logw)
{
    int width = r->cfg->dp_width;
    struct ora_b16 none = {0}, in = cond ? r->c : x;
    ora_b16_clear_halo(r->a, width, r->n, r->halo);
    ora_b16_clear_halo(r->c, r->cfg->hidden, r->n, r->halo);
    /* Not a bias of conv_1: at the edges its zero padding must not see the speaker. */
    for (int b = 0; cond && b < ora_blocks(r->cfg->hidden); b++)
        for (int t = 0; t < r->n; t++)
            r->k->add(ora_b16_at(in, b, t).p, ora_b16_at(x, b, t).p, cond + ORA_LANES * b, ORA_LANES);
    conv(r, &d->conv_1, in, r->a, none, ORA_ACT_RELU, NULL);
    r->k->layer_norm(r->a, r->a, r->n, width, d->norm_1.gamma, d->norm_1.beta, 1e-5f, ORA_ACT_NONE, none);
    conv(r, &d->conv_2, r->a, r->b, none, ORA_ACT_RELU, NULL);
    r->k->layer_norm(r->b, r->b, r->n, width, d->norm_2.gamma, d->norm_2.beta, 1e-5f, ORA_ACT_NONE, none);
    r->k->conv_mono(r->last, r->b, r->n, d->last.in_blocks, 1, 1, 0, d->last.weights, d->last.bias,
                    ORA_ACT_NONE);
    for (int t = 0; t < r->n; t++)
        logw[t] = r->last[t];
}

int vits_duration_forward(const struct vits_duration *d, const struct vits_config *cfg,
                          const struct ora_kernels *k, struct ora_arena *arena, struct ora_b16 x, int n,
                          const float *cond, const double *noise, double *logw, void *scratch,
                          struct ora_err *err)
{
    struct run r = {.cfg = cfg, .k = k, .n = n, .scratch = scratch};
    size_t mark = ora_arena_mark(arena);
    if (!allocate(&r, arena))
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for the durations of %d ids", n);
    if (cfg->stochastic)
        stochastic(&r, d, x, cond, noise, logw);
    else
        deterministic(&r, d, x, cond, logw);
    ora_arena_reset(arena, mark);
    return 0;
}
