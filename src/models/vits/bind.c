/* Helpers of the walk: names by printf, shapes exact, errors kept. */
#include "models/vits/bind.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 160 };

static const float *take_name(struct vits_binder *b, struct ora_shape shape, const char *name)
{
    const float *data = NULL;
    struct ora_err why = {0};
    int rc = ora_weights_bind(b->weights, &data, shape, &why, "%s", name);
    if (rc < 0 && b->rc == 0)
        b->rc = ora_err_set(b->err, rc, "%s", why.message);
    return rc < 0 ? NULL : data;
}

const float *vits_take(struct vits_binder *b, struct ora_shape shape, const char *fmt, ...)
{
    char name[NAME_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return take_name(b, shape, name);
}

void vits_bind_conv(struct vits_binder *b, struct ora_conv *conv, const struct ora_conv_spec *preset, int in,
                    int out, int taps, int dilation, const char *fmt, ...)
{
    char stem[NAME_MAX_BYTES - 8], name[NAME_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(stem, sizeof stem, fmt, ap);
    va_end(ap);
    struct ora_conv_spec spec = preset ? *preset : (struct ora_conv_spec){0};
    snprintf(name, sizeof name, "%s.weight", stem);
    spec.weights = take_name(b, ORA_SHAPE((size_t)out, (size_t)in, (size_t)taps), name);
    snprintf(name, sizeof name, "%s.bias", stem);
    spec.bias = take_name(b, ORA_SHAPE((size_t)out), name);
    spec.strict = b->strict;
    spec.src_in = in;
    spec.src_out = out;
    spec.in = spec.in ? spec.in : in;
    spec.out = spec.out ? spec.out : out;
    spec.taps = taps;
    spec.dilation = dilation;
    spec.first = ora_conv_first(taps, dilation);
    ora_packer_conv(b->packer, &spec, conv);
}

void vits_bind_norm(struct vits_binder *b, struct vits_norm *norm, int channels, const char *fmt, ...)
{
    char stem[NAME_MAX_BYTES - 8], name[NAME_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(stem, sizeof stem, fmt, ap);
    va_end(ap);
    snprintf(name, sizeof name, "%s.gamma", stem);
    ora_packer_vector(b->packer, take_name(b, ORA_SHAPE((size_t)channels), name), channels, 1, &norm->gamma);
    snprintf(name, sizeof name, "%s.beta", stem);
    ora_packer_vector(b->packer, take_name(b, ORA_SHAPE((size_t)channels), name), channels, 1, &norm->beta);
}

int vits_map_groups(int *map, int groups, int size)
{
    int padded = ORA_LANES * ora_blocks(size);
    for (int g = 0; g < groups; g++)
        for (int i = 0; i < padded; i++)
            map[g * padded + i] = i < size ? g * size + i : -1;
    return groups * padded;
}
