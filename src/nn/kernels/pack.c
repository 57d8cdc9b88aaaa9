/*
 * Packing weights: the panel order shared by all f32 levels, and the session that lays layers one after the
 * other. Packing is done once a voice and level (the result is cached), so it is written for clarity, not
 * speed.
 */
#include "nn/kernels/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels/level.h"

enum { ALIGN = 64 };

/* ---- panels
 * ------------------------------------------------------------------------------------------------- */

size_t ora_panels_bytes(const struct ora_conv_spec *s)
{
    size_t n = (size_t)ora_blocks(s->in) * ORA_LANES, m = (size_t)ora_blocks(s->out) * ORA_LANES;
    return n * (size_t)s->taps * m * (s->half ? sizeof(uint16_t) : sizeof(float));
}

/* Where weight (o, i, tap) lies in panels of `width` outputs, in floats or in halves: rows 2i and 2i+1 of
 * halves lie interleaved. */
static size_t panel_index(int o, int i, int tap, const struct ora_conv_spec *s, int width)
{
    int wide = ORA_LANES * ora_blocks(s->out);
    if (width == 0 || width > wide)
        width = wide;
    int panel = o / width, left = wide - panel * width;
    size_t k = (size_t)ora_blocks(s->in) * ORA_LANES * (size_t)s->taps;
    size_t own = (size_t)(left < width ? left : width), at = (size_t)(o % width);
    size_t row =
        ((size_t)(i / ORA_LANES) * (size_t)s->taps + (size_t)tap) * ORA_LANES + (size_t)(i % ORA_LANES);
    size_t inside = s->half ? (row & ~(size_t)1) * own + 2 * at + (row & 1) : row * own + at;
    return k * (size_t)(panel * width) + inside;
}

void ora_panels_pack(void *dst, const struct ora_conv_spec *s, int width)
{
    int src_in = s->src_in ? s->src_in : s->in;
    float scale = s->weight_scale == 0.0f ? 1.0f : s->weight_scale, v;

    memset(dst, 0, ora_panels_bytes(s));
    for (int o = 0; o < s->out; o++) {
        int from_o = s->out_map ? s->out_map[o] : o;
        for (int i = 0; from_o >= 0 && i < s->in; i++) {
            int from_i = s->in_map ? s->in_map[i] : i;
            if (from_i < 0)
                continue;
            const float *w =
                s->weights + ((size_t)from_o * (size_t)src_in + (size_t)from_i) * (size_t)s->taps;
            for (int j = 0; j < s->taps; j++) {
                size_t at = panel_index(o, i, j, s, width);
                memcpy(&v, w + j, sizeof v);
                if (s->half)
                    ((uint16_t *)dst)[at] = ora_half_of(v * scale);
                else
                    ((float *)dst)[at] = v * scale;
            }
        }
    }
}

/* Block b of channels, n of them real, of all rows: rows of weights, `own` floats apart. */
static void pack_values(float *dst, const struct ora_conv_spec *s, const float *row, int rows, int b, int n,
                        int width)
{
    float *to = dst + panel_index(ORA_LANES * b, 0, 0, s, width);
    size_t own = panel_index(ORA_LANES * b, 1, 0, s, width) - panel_index(ORA_LANES * b, 0, 0, s, width);
    for (int t = 0; t < rows; t++, to += own, row += ORA_LANES)
        memcpy(to, row, sizeof(float) * (size_t)n);
}

/* The same, rows as columns: 16 rows lie side by side in one panel. */
static void pack_keys(float *dst, const struct ora_conv_spec *s, const float *row, int rows, int b, int n,
                      int width)
{
    for (int t0 = 0; t0 < rows; t0 += ORA_LANES, row += ORA_LANES * ORA_LANES) {
        int m = rows - t0 < ORA_LANES ? rows - t0 : ORA_LANES;
        float *to = dst + panel_index(t0, ORA_LANES * b, 0, s, width);
        size_t own =
            panel_index(t0, ORA_LANES * b + 1, 0, s, width) - panel_index(t0, ORA_LANES * b, 0, s, width);
        for (int l = 0; l < n; l++, to += own)
            for (int t = 0; t < m; t++)
                to[t] = row[ORA_LANES * t + l];
    }
}

void ora_panels_pack_rows(float *dst, struct ora_b16 x, int rows, int channels, bool transposed, int width)
{
    struct ora_conv_spec s = {
        .in = transposed ? channels : rows, .out = transposed ? rows : channels, .taps = 1};

    memset(dst, 0, ora_panels_bytes(&s));
    for (int b = 0; b < ora_blocks(channels); b++) {
        int n = channels - ORA_LANES * b < ORA_LANES ? channels - ORA_LANES * b : ORA_LANES;
        const float *row = x.p + (size_t)b * x.cbs;
        if (transposed)
            pack_keys(dst, &s, row, rows, b, n, width);
        else
            pack_values(dst, &s, row, rows, b, n, width);
    }
}

/* ---- the session
 * -------------------------------------------------------------------------------------------- */

/* FNV-1a over the words that decide the layout. */
static void digest_words(struct ora_packer *p, const int *words, int count)
{
    for (int i = 0; i < count; i++)
        for (int shift = 0; shift < 32; shift += 8) {
            p->digest ^= ((uint32_t)words[i] >> shift) & 0xff;
            p->digest *= 0x100000001b3u;
        }
}

/* All of a spec that decides numbers and places, but the weights themselves. */
static void digest_spec(struct ora_packer *p, int kind, const struct ora_conv_spec *s)
{
    int words[] = {kind | (s->half ? 256 : 0) | (s->tolerant ? 512 : 0) | (s->placed ? 1024 : 0) |
                       (s->strict ? 2048 : 0),
                   s->in,
                   s->out,
                   s->taps,
                   s->dilation,
                   s->first,
                   s->src_in,
                   s->src_out,
                   s->in_map != NULL,
                   s->out_map != NULL,
                   s->bias != NULL,
                   0,
                   0};
    memcpy(&words[11], &s->weight_scale, sizeof(float));
    memcpy(&words[12], &s->bias_scale, sizeof(float));
    digest_words(p, words, sizeof words / sizeof *words);
    if (s->in_map)
        digest_words(p, s->in_map, s->in);
    if (s->out_map)
        digest_words(p, s->out_map, s->out);
}

void ora_packer_init(struct ora_packer *p, const struct ora_kernels *k, enum ora_packer_mode mode,
                     void *memory, size_t limit)
{
    *p = (struct ora_packer){
        .kernels = k, .mode = mode, .memory = memory, .limit = limit, .digest = 0xcbf29ce484222325u};
}

/* The next `bytes`, rounded up to 64; NULL for MEASURE, and when the memory does not hold them. */
static void *take(struct ora_packer *p, size_t bytes)
{
    size_t at = p->bytes, end;
    if (p->behind && p->mode == ORA_PACK_WRITE)
        p->behind(p->behind_ctx, at);
    if (!ora_size_add(bytes, ALIGN - 1, &bytes) || !ora_size_add(at, bytes & ~(size_t)(ALIGN - 1), &end)) {
        p->overrun = true;
        return NULL;
    }
    p->bytes = end;
    if (p->mode == ORA_PACK_MEASURE)
        return NULL;
    if (end > p->limit) {
        p->overrun = true;
        return NULL;
    }
    return p->memory + at;
}

static const float *take_bias(struct ora_packer *p, const struct ora_conv_spec *s)
{
    size_t n = (size_t)ora_blocks(s->out) * ORA_LANES;
    float *b = take(p, n * sizeof(float));
    if (b && p->mode == ORA_PACK_WRITE) {
        float scale = s->bias_scale == 0.0f ? 1.0f : s->bias_scale;
        memset(b, 0, n * sizeof(float));
        for (int o = 0; s->bias && o < s->out; o++) {
            int from = s->out_map ? s->out_map[o] : o;
            float v = 0.0f;
            if (from >= 0)
                memcpy(&v, s->bias + from, sizeof v);
            b[o] = v * scale;
        }
    }
    return b;
}

/* Channels that have a source. */
static int mapped(const int *map, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += !map || map[i] >= 0;
    return count;
}

static void take_weights(struct ora_packer *p, const struct ora_conv_spec *s, struct ora_conv *c,
                         const float *bias)
{
    *c = (struct ora_conv){.in = s->in,
                           .out = s->out,
                           .real_in = mapped(s->in_map, s->in),
                           .real_out = mapped(s->out_map, s->out),
                           .in_blocks = ora_blocks(s->in),
                           .out_blocks = ora_blocks(s->out),
                           .taps = s->taps,
                           .dilation = s->dilation,
                           .first = s->first,
                           .half = s->half,
                           .tolerant = s->tolerant,
                           .strict = s->strict,
                           .grid = s->placed && p->kernels->grid ? p->kernels->grid(s) : 0,
                           .operands = p->kernels->takes ? p->kernels->takes(s) : ORA_OPERANDS_NONE,
                           .bias = bias};
    void *w = take(p, p->kernels->pack_bytes(s));
    if (w && p->mode == ORA_PACK_WRITE)
        p->kernels->pack(w, s);
    c->weights = w;
}

void ora_packer_conv(struct ora_packer *p, const struct ora_conv_spec *spec, struct ora_conv *c)
{
    struct ora_conv_spec own = *spec;
    own.strict = spec->strict || p->strict;
    digest_spec(p, 1, &own);
    const float *bias = take_bias(p, &own);
    take_weights(p, &own, c, bias);
}

/* Phase s of the upsampler as an ordinary layer [out][in][2]: tap 0 meets x[q-1], tap 1 meets x[q]. */
static void phase_weights(float *dst, const struct ora_conv_spec *s, int rate, int phase)
{
    int src_out = s->src_out ? s->src_out : s->out;
    for (int o = 0; o < s->out; o++) {
        int from_o = s->out_map ? s->out_map[o] : o;
        for (int i = 0; i < s->in; i++) {
            int from_i = s->in_map ? s->in_map[i] : i;
            float *to = dst + 2 * ((size_t)o * (size_t)s->in + (size_t)i);
            to[0] = to[1] = 0.0f;
            if (from_o < 0 || from_i < 0)
                continue;
            const float *w =
                s->weights + ((size_t)from_i * (size_t)src_out + (size_t)from_o) * (size_t)(2 * rate);
            memcpy(&to[0], w + phase + rate, sizeof(float));
            memcpy(&to[1], w + phase, sizeof(float));
        }
    }
}

static void take_phases(struct ora_packer *p, const struct ora_conv_spec *spec, struct ora_upsampler *u)
{
    const float *bias = take_bias(p, spec);
    float *plain = NULL;
    if (p->mode == ORA_PACK_WRITE)
        plain = ora_xmalloc(sizeof(float) * 2 * (size_t)spec->in * (size_t)spec->out);
    for (int s = 0; s < u->rate; s++) {
        struct ora_conv_spec phase = {.in = spec->in,
                                      .out = spec->out,
                                      .taps = 2,
                                      .dilation = 1,
                                      .first = -1,
                                      .weights = plain,
                                      .weight_scale = spec->weight_scale,
                                      .half = spec->half,
                                      .tolerant = spec->tolerant,
                                      .strict = spec->strict || p->strict};
        if (plain)
            phase_weights(plain, spec, u->rate, s);
        take_weights(p, &phase, &u->phase[s], bias);
    }
    free(plain);
}

/* All phases as one layer; phase s has the outputs from s*wide on. */
static struct ora_conv_spec all_phases(const struct ora_conv_spec *spec, int rate)
{
    return (struct ora_conv_spec){.in = spec->in,
                                  .out = rate * ORA_LANES * ora_blocks(spec->out),
                                  .taps = 2,
                                  .dilation = 1,
                                  .first = -1,
                                  .weight_scale = spec->weight_scale,
                                  .bias_scale = spec->bias_scale,
                                  .half = spec->half,
                                  .tolerant = spec->tolerant,
                                  .strict = spec->strict,
                                  .placed = spec->placed};
}

static void take_all_phases(struct ora_packer *p, const struct ora_conv_spec *spec, struct ora_upsampler *u)
{
    struct ora_conv_spec all = all_phases(spec, u->rate);
    int wide = all.out / u->rate;
    float *plain = NULL, *bias = NULL;
    if (p->mode == ORA_PACK_WRITE) {
        all.weights = plain = ora_xcalloc(2 * (size_t)all.in * (size_t)all.out, sizeof *plain);
        all.bias = bias = ora_xcalloc((size_t)all.out, sizeof *bias);
        for (int s = 0; s < u->rate; s++) {
            phase_weights(plain + (size_t)(2 * all.in) * (size_t)(s * wide), spec, u->rate, s);
            for (int o = 0; spec->bias && o < spec->out; o++) {
                int from = spec->out_map ? spec->out_map[o] : o;
                if (from >= 0)
                    memcpy(&bias[s * wide + o], spec->bias + from, sizeof *bias);
            }
        }
    }
    take_weights(p, &all, &u->all, take_bias(p, &all));
    u->all.phases = u->rate;
    u->all.real_out = u->rate * mapped(spec->out_map, spec->out);
    free(plain);
    free(bias);
}

void ora_packer_upsampler(struct ora_packer *p, const struct ora_conv_spec *spec, int rate,
                          struct ora_upsampler *u)
{
    int words[] = {rate};
    digest_spec(p, 5, spec);
    digest_words(p, words, 1);
    memset(u, 0, sizeof *u);
    if (rate < 1 || rate > ORA_UPSAMPLER_MAX_RATE) {
        p->overrun = true;
        return;
    }
    u->rate = rate;
    struct ora_conv_spec all = all_phases(spec, rate);
    if (spec->placed && p->kernels->grid && p->kernels->grid(&all))
        take_all_phases(p, spec, u);
    else
        take_phases(p, spec, u);
}

void ora_packer_conv_mono(struct ora_packer *p, const struct ora_conv_spec *s, struct ora_conv_mono *c)
{
    size_t n = (size_t)ora_blocks(s->in) * (size_t)s->taps * ORA_LANES;
    float *w = take(p, (n + ORA_LANES) * sizeof(float)); /* the last vector holds the bias */
    digest_spec(p, 2, s);
    *c = (struct ora_conv_mono){.in = s->in,
                                .in_blocks = ora_blocks(s->in),
                                .taps = s->taps,
                                .dilation = s->dilation,
                                .first = s->first,
                                .weights = w};
    if (!w)
        return;
    if (p->mode == ORA_PACK_WRITE) {
        memset(w, 0, (n + ORA_LANES) * sizeof(float));
        for (int i = 0; i < s->in; i++) {
            int from = s->in_map ? s->in_map[i] : i;
            for (int j = 0; from >= 0 && j < s->taps; j++) {
                float v;
                memcpy(&v, s->weights + (size_t)from * (size_t)s->taps + j, sizeof v);
                size_t at = ((size_t)(i / ORA_LANES) * (size_t)s->taps + (size_t)j) * ORA_LANES;
                w[at + (size_t)(i % ORA_LANES)] = v * (s->weight_scale == 0.0f ? 1.0f : s->weight_scale);
            }
        }
        if (s->bias)
            w[n] = s->bias[0] * (s->bias_scale == 0.0f ? 1.0f : s->bias_scale);
    }
    c->bias = w[n];
}

void ora_packer_depthwise(struct ora_packer *p, const float *weights, const float *bias, int channels,
                          int taps, int dilation, struct ora_depthwise *d)
{
    int words[] = {3, channels, taps, dilation};
    int blocks = ora_blocks(channels);
    size_t n = (size_t)blocks * (size_t)taps * ORA_LANES;
    float *w = take(p, n * sizeof(float));
    digest_words(p, words, 4);
    if (w && p->mode == ORA_PACK_WRITE) {
        memset(w, 0, n * sizeof(float));
        for (int c = 0; c < channels; c++)
            for (int j = 0; j < taps; j++)
                memcpy(&w[((size_t)(c / ORA_LANES) * (size_t)taps + (size_t)j) * ORA_LANES +
                          (size_t)(c % ORA_LANES)],
                       weights + (size_t)c * (size_t)taps + j, sizeof(float));
    }
    struct ora_conv_spec s = {.out = channels, .bias = bias};
    *d = (struct ora_depthwise){.channels = channels,
                                .blocks = blocks,
                                .taps = taps,
                                .dilation = dilation,
                                .first = ora_conv_first(taps, dilation),
                                .weights = w,
                                .bias = take_bias(p, &s)};
}

float *ora_packer_floats(struct ora_packer *p, size_t n, const float **view)
{
    int words[] = {4, (int)(n & 0x7fffffff), (int)(n >> 31)};
    size_t bytes;
    float *to = NULL;
    digest_words(p, words, 3);
    if (ora_size_mul(n, sizeof(float), &bytes))
        to = take(p, bytes);
    else
        p->overrun = true;
    *view = to;
    return p->mode == ORA_PACK_WRITE ? to : NULL;
}

void ora_packer_vector(struct ora_packer *p, const float *values, int n, float scale, const float **view)
{
    size_t padded = (size_t)ora_blocks(n) * ORA_LANES;
    int words[] = {6, n, 0};
    memcpy(&words[2], &scale, sizeof scale);
    digest_words(p, words, 3);
    float *to = ora_packer_floats(p, padded, view);
    for (size_t i = 0; to && i < padded; i++) {
        float v = 0.0f;
        if (i < (size_t)n)
            memcpy(&v, values + i, sizeof v);
        to[i] = v * scale;
    }
}
