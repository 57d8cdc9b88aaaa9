/*
 * The decoder's weights: bound by name and packed. What layers share is folded here: the latent's flips into
 * conv_pre's columns, the mean over a stage's branches into the layer that reads it, a speaker's bias into
 * one of conv_pre's own.
 */
#include "models/vits/decoder.h"

#include <stdlib.h>

enum { PERIOD_MOST = 32 };

/* Can tiles begin where groups of rows of every dilation do? A group is some rows of each phase, of one
 * number at all layers: the dilations decide. */
static bool has_short_period(const struct vits_config *c)
{
    int period = 1;
    for (int j = 0; j < c->branches; j++)
        for (int q = 0; q < c->dilations && period <= PERIOD_MOST; q++)
            period = vits_common_multiple(period, c->dilation[j][q]);
    return period <= PERIOD_MOST;
}

static void bind_resblocks(struct vits_binder *b, struct vits_stage *s, int i, int channels)
{
    const struct vits_config *c = b->cfg;
    /* tolerant: rounding every residual block's operands to bfloat16 leaves the sound 47 dB */
    struct ora_conv_spec spec = {.placed = has_short_period(c), .tolerant = true};
    for (int j = 0; j < c->branches; j++) {
        int block = i * c->branches + j, taps = c->branch_kernel[j];
        for (int q = 0; q < c->dilations; q++) {
            const char *kind = c->resblock_type == 1 ? "convs1" : "convs";
            vits_bind_conv(b, &s->first[j][q], &spec, channels, channels, taps, c->dilation[j][q],
                           "dec.resblocks.%d.%s.%d", block, kind, q);
            if (c->resblock_type == 1)
                vits_bind_conv(b, &s->second[j][q], &spec, channels, channels, taps, 1,
                               "dec.resblocks.%d.convs2.%d", block, q);
        }
    }
}

static void bind_pre(struct vits_binder *b, struct vits_decoder *d)
{
    const struct vits_config *c = b->cfg;
    int map[VITS_MAP_MAX], wide = vits_map_groups(map, 2, c->inter / 2);
    struct ora_conv_spec latent = {.in = wide, .in_map = map, .placed = true};
    vits_bind_conv(b, &d->pre, &latent, c->inter, c->first_channels, c->pre_kernel, 1, "dec.conv_pre");
    if (!c->speaker_dim)
        return;
    size_t out = (size_t)c->first_channels;
    const float *own = vits_take(b, ORA_SHAPE(out), "dec.conv_pre.bias");
    const float *bias = vits_take(b, ORA_SHAPE(out), "dec.cond.bias");
    const float *w = vits_take(b, ORA_SHAPE(out, (size_t)c->speaker_dim, 1), "dec.cond.weight");
    float *sum = ora_xcalloc(out, sizeof *sum);
    for (size_t i = 0; own && bias && i < out; i++)
        sum[i] = own[i] + bias[i];
    struct ora_conv_spec cond = {
        .in = c->speaker_dim, .out = c->first_channels, .taps = 1, .dilation = 1, .weights = w, .bias = sum};
    ora_packer_conv(b->packer, &cond, &d->cond);
    free(sum);
}

void vits_decoder_bind(struct vits_binder *b, struct vits_decoder *d)
{
    const struct vits_config *c = b->cfg;
    float mean = 1.0f / (float)c->branches;
    int channels = c->first_channels;
    bind_pre(b, d);
    for (int i = 0; i < c->stages; i++, channels /= 2) {
        int u = c->rate[i];
        struct ora_conv_spec up = {
            .in = channels, .out = channels / 2, .weight_scale = i ? mean : 1, .placed = true};
        up.weights = vits_take(b, ORA_SHAPE((size_t)channels, (size_t)channels / 2, 2 * (size_t)u),
                               "dec.ups.%d.weight", i);
        up.bias = vits_take(b, ORA_SHAPE((size_t)channels / 2), "dec.ups.%d.bias", i);
        ora_packer_upsampler(b->packer, &up, u, &d->stage[i].up);
        bind_resblocks(b, &d->stage[i], i, channels / 2);
    }
    struct ora_conv_spec post = {
        .in = channels, .out = 1, .taps = c->post_kernel, .dilation = 1, .weight_scale = mean};
    post.first = ora_conv_first(c->post_kernel, 1);
    post.weights =
        vits_take(b, ORA_SHAPE(1, (size_t)channels, (size_t)c->post_kernel), "dec.conv_post.weight");
    ora_packer_conv_mono(b->packer, &post, &d->post);
}
