/* The scalar level with its costly functions taken out; what is left moves rows about. */
#include "nn/dry.h"

#include <sys/mman.h>

static void no_pack_rows(void *dst, struct ora_b16 x, int rows, int channels, bool transposed)
{
    (void)dst, (void)x, (void)rows, (void)channels, (void)transposed;
}
static void no_conv(const struct ora_conv *c, const struct ora_conv_run *r)
{
    (void)c, (void)r;
}
static void no_conv_mono(float *y, struct ora_b16 x, int rows, int in_blocks, int taps, int dilation,
                         int first, const float *w, float bias, enum ora_act fn)
{
    (void)y, (void)x, (void)rows, (void)in_blocks, (void)taps, (void)dilation, (void)first, (void)w,
        (void)bias;
    (void)fn;
}
static void no_layer_norm(struct ora_b16 y, struct ora_b16 x, int rows, int channels, const float *gamma,
                          const float *beta, float eps, enum ora_act fn, struct ora_b16 res)
{
    (void)y, (void)x, (void)rows, (void)channels, (void)gamma, (void)beta, (void)eps, (void)fn, (void)res;
}
static void no_softmax(struct ora_b16 x, int rows, int channels)
{
    (void)x, (void)rows, (void)channels;
}
static void no_softmax_tile(struct ora_b16 x, int rows, int channels, const struct ora_softmax *s, bool first)
{
    (void)x, (void)rows, (void)channels, (void)s, (void)first;
}
static void no_scale_rows(struct ora_b16 y, struct ora_b16 x, const float *factor, int rows, int blocks)
{
    (void)y, (void)x, (void)factor, (void)rows, (void)blocks;
}
static void no_map(float *y, const float *x, size_t n, enum ora_act fn)
{
    (void)y, (void)x, (void)n, (void)fn;
}
static void no_leaky(float *y, const float *x, size_t n, float slope)
{
    (void)y, (void)x, (void)n, (void)slope;
}
static void no_scale(float *y, const float *x, size_t n, float scale)
{
    (void)y, (void)x, (void)n, (void)scale;
}
static void no_add_scaled(struct ora_b16 y, struct ora_b16 x, const float *gain, int rows, int blocks)
{
    (void)y, (void)x, (void)gain, (void)rows, (void)blocks;
}

static const struct ora_kernels *scalar(struct ora_err *err)
{
    return ora_kernels_find("scalar", err);
}

static void take_out(struct ora_kernels *k)
{
    k->name = "dry";
    k->pack_rows = no_pack_rows;
    k->conv = no_conv;
    k->conv_mono = no_conv_mono;
    k->layer_norm = no_layer_norm;
    k->softmax = no_softmax;
    k->softmax_tile = no_softmax_tile;
    k->scale_rows = no_scale_rows;
    k->map = no_map;
    k->leaky = no_leaky;
    k->scale = no_scale;
    k->add_scaled = no_add_scaled;
}

int ora_dry_init(struct ora_dry *d, ora_pack_bind_fn *bind, void *model, size_t arena_bytes,
                 struct ora_err *err)
{
    struct ora_packer p;
    const struct ora_kernels *k = scalar(err);
    *d = (struct ora_dry){0};
    if (!k)
        return -1;
    d->kernels = *k;
    take_out(&d->kernels);
    ora_packer_init(&p, &d->kernels, ORA_PACK_MEASURE, NULL, 0);
    int rc = bind(model, &p, err);
    if (rc < 0)
        return rc;
    d->weight_bytes = p.bytes;
    d->weights = mmap(NULL, p.bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (d->weights == MAP_FAILED) {
        d->weights = NULL;
        return ora_err_set(err, ORA_E_NO_MEMORY, "no %zu bytes of addresses for a dry run", p.bytes);
    }
    ora_packer_init(&p, &d->kernels, ORA_PACK_VIEW, d->weights, p.bytes);
    rc = bind(model, &p, err);
    if (rc == 0)
        rc = ora_arena_init(&d->arena, arena_bytes + d->kernels.scratch_bytes + 128, err);
    if (rc == 0)
        rc = ora_compute_init(&d->c, &d->kernels, &d->arena, err);
    d->c.count = &d->macs;
    return rc;
}

void ora_dry_release(struct ora_dry *d)
{
    if (d->weights)
        munmap(d->weights, d->weight_bytes);
    ora_arena_release(&d->arena);
    *d = (struct ora_dry){0};
}
