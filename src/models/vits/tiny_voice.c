/* The tensors of a voice, listed once and walked twice: declared, then filled with normal numbers. */
#include "models/vits/tiny_voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "nn/noise.h"
#include "weights/safetensors.h"

enum { SYMBOLS = 64, USED = 16, SPEAKER_DIM = 24, LAYERS = 2, BINS = 10, DP_WIDTH = 40 };

struct walk {
    struct ora_weights_writer *wr;
    bool filling;
    uint64_t seed;
    int rc;
    struct ora_err *err;
};

/* One tensor: mean + spread * normal. */
static void tensor(struct walk *w, const char *name, struct ora_shape shape, float mean, float spread)
{
    size_t n;
    if (w->rc < 0)
        return;
    if (!w->filling) {
        w->rc = ora_weights_writer_declare(w->wr, name, ORA_F32, shape, w->err);
        return;
    }
    ora_shape_count(&shape, &n);
    float *values = ora_xmalloc((n + 1) * sizeof *values);
    ora_noise_row(ora_rng_key_of(w->seed, name, 0), 1, 0, 0, n, 1, values);
    for (size_t i = 0; i < n; i++)
        values[i] = mean + spread * values[i];
    /* Rows of the embedding that no symbol has are smaller, as untrained ones are. */
    for (size_t i = USED * (shape.rank == 2 ? shape.dim[1] : n); i < n && !strcmp(name, "enc_p.emb.weight");
         i++)
        values[i] *= 0.3f;
    w->rc = ora_weights_writer_put(w->wr, values, n * sizeof *values, w->err);
    free(values);
}

static void conv(struct walk *w, const char *stem, int out, int in, int taps, bool bias)
{
    char name[160];
    float spread = (float)(1 / __builtin_sqrt((double)in * taps));
    snprintf(name, sizeof name, "%s.weight", stem);
    tensor(w, name, ORA_SHAPE((size_t)out, (size_t)in, (size_t)taps), 0, spread);
    snprintf(name, sizeof name, "%s.bias", stem);
    if (bias)
        tensor(w, name, ORA_SHAPE((size_t)out), 0, 0.1f);
}

static void norm(struct walk *w, const char *stem, int channels)
{
    char name[160];
    snprintf(name, sizeof name, "%s.gamma", stem);
    tensor(w, name, ORA_SHAPE((size_t)channels), 1, 0.1f);
    snprintf(name, sizeof name, "%s.beta", stem);
    tensor(w, name, ORA_SHAPE((size_t)channels), 0, 0.1f);
}

#define NAME(...) (snprintf(name, sizeof name, __VA_ARGS__), name)

static void encoder(struct walk *w, const struct tiny_voice_shape *s)
{
    char name[120];
    int h = s->hidden;
    tensor(w, "enc_p.emb.weight", ORA_SHAPE(SYMBOLS, (size_t)h), 0, 0.2f);
    for (int i = 0; i < LAYERS; i++) {
        for (const char *p = "qkvo"; *p; p++)
            conv(w, NAME("enc_p.encoder.attn_layers.%d.conv_%c", i, *p), h, h, 1, true);
        for (const char *p = "kv"; *p; p++)
            tensor(w, NAME("enc_p.encoder.attn_layers.%d.emb_rel_%c", i, *p),
                   ORA_SHAPE(1, 9, (size_t)s->head_dim), 0, 0.3f);
        norm(w, NAME("enc_p.encoder.norm_layers_1.%d", i), h);
        norm(w, NAME("enc_p.encoder.norm_layers_2.%d", i), h);
        conv(w, NAME("enc_p.encoder.ffn_layers.%d.conv_1", i), s->ffn, h, 3, true);
        conv(w, NAME("enc_p.encoder.ffn_layers.%d.conv_2", i), h, s->ffn, 3, true);
    }
    conv(w, "enc_p.proj", 2 * s->inter, h, 1, true);
}

static void dds(struct walk *w, const char *prefix, int h)
{
    char name[120];
    for (int i = 0; i < 3; i++) {
        conv(w, NAME("%s.convs_sep.%d", prefix, i), h, 1, 3, true);
        conv(w, NAME("%s.convs_1x1.%d", prefix, i), h, h, 1, true);
        norm(w, NAME("%s.norms_1.%d", prefix, i), h);
        norm(w, NAME("%s.norms_2.%d", prefix, i), h);
    }
}

static void durations(struct walk *w, const struct tiny_voice_shape *s)
{
    char name[60];
    int h = s->hidden;
    if (s->speakers > 1)
        conv(w, "dp.cond", h, SPEAKER_DIM, 1, true);
    if (s->deterministic) {
        conv(w, "dp.conv_1", DP_WIDTH, h, 3, true);
        conv(w, "dp.conv_2", DP_WIDTH, DP_WIDTH, 3, true);
        norm(w, "dp.norm_1", DP_WIDTH);
        norm(w, "dp.norm_2", DP_WIDTH);
        conv(w, "dp.proj", 1, DP_WIDTH, 1, true);
        return;
    }
    conv(w, "dp.pre", h, h, 1, true);
    conv(w, "dp.proj", h, h, 1, true);
    dds(w, "dp.convs", h);
    for (int f = 3; f <= 7; f += 2) {
        conv(w, NAME("dp.flows.%d.pre", f), h, 1, 1, true);
        dds(w, NAME("dp.flows.%d.convs", f), h);
        conv(w, NAME("dp.flows.%d.proj", f), 3 * BINS - 1, h, 1, true);
    }
    tensor(w, "dp.flows.0.m", ORA_SHAPE(2, 1), -0.6f, 0.1f);
    tensor(w, "dp.flows.0.scale", ORA_SHAPE(2, 1), 1, 0.05f);
}

static void flow(struct walk *w, const struct tiny_voice_shape *s)
{
    char name[80];
    int h = s->hidden;
    for (int f = 0; f <= 6; f += 2) {
        conv(w, NAME("flow.flows.%d.pre", f), h, s->inter / 2, 1, true);
        for (int i = 0; i < 4; i++) {
            conv(w, NAME("flow.flows.%d.enc.in_layers.%d", f, i), 2 * h, h, 5, true);
            conv(w, NAME("flow.flows.%d.enc.res_skip_layers.%d", f, i), i < 3 ? 2 * h : h, h, 1, true);
        }
        if (s->speakers > 1)
            conv(w, NAME("flow.flows.%d.enc.cond_layer", f), 8 * h, SPEAKER_DIM, 1, true);
        conv(w, NAME("flow.flows.%d.post", f), s->inter / 2, h, 1, true);
    }
}

static void decoder(struct walk *w, const struct tiny_voice_shape *s)
{
    static const int rates[2][4] = {{8, 8, 4, 0}, {8, 8, 2, 2}}, kernels[2][3] = {{3, 5, 7}, {3, 7, 11}};
    char name[80];
    int c = s->first_channels;
    conv(w, "dec.conv_pre", c, s->inter, 7, true);
    if (s->speakers > 1)
        conv(w, "dec.cond", c, SPEAKER_DIM, 1, true);
    for (int i = 0; i < 4 && rates[s->type_1][i]; i++, c /= 2) {
        int u = rates[s->type_1][i];
        tensor(w, NAME("dec.ups.%d.weight", i), ORA_SHAPE((size_t)c, (size_t)c / 2, 2 * (size_t)u), 0,
               (float)(1 / __builtin_sqrt(2.0 * c)));
        tensor(w, NAME("dec.ups.%d.bias", i), ORA_SHAPE((size_t)c / 2), 0, 0.1f);
        for (int j = 0; j < 3; j++)
            for (int q = 0; q < (s->type_1 ? 3 : 2); q++)
                for (int pair = 1; pair <= 1 + s->type_1; pair++) {
                    char which[2] = {s->type_1 ? (char)('0' + pair) : 0, 0};
                    conv(w, NAME("dec.resblocks.%d.convs%s.%d", 3 * i + j, which, q), c / 2, c / 2,
                         kernels[s->type_1][j], true);
                }
    }
    conv(w, "dec.conv_post", 1, c, 7, false);
}

static void all(struct walk *w, const struct tiny_voice_shape *s)
{
    encoder(w, s);
    durations(w, s);
    flow(w, s);
    decoder(w, s);
    if (s->speakers > 1)
        tensor(w, "emb_g.weight", ORA_SHAPE((size_t)s->speakers, SPEAKER_DIM), 0, 0.5f);
}

int tiny_voice_write(const char *dir, const struct tiny_voice_shape *s, uint64_t seed, struct ora_err *err)
{
    char *path = ora_path_join(dir, "model.safetensors");
    struct walk w = {.seed = seed, .err = err};
    w.rc = ora_weights_writer_create(path, &w.wr, err);
    if (w.rc == 0)
        w.rc = ora_weights_writer_meta(w.wr, "upsample_rates", s->type_1 ? "8,8,2,2" : "8,8,4", err);
    if (w.rc == 0)
        w.rc = ora_weights_writer_meta(w.wr, "resblock_dilations",
                                       s->type_1 ? "1,3,5;1,3,5;1,3,5" : "1,2;2,6;3,12", err);
    all(&w, s);
    w.filling = true;
    all(&w, s);
    if (w.rc == 0)
        w.rc = ora_weights_writer_commit(w.wr, NULL, err);
    ora_weights_writer_destroy(&w.wr);
    free(path);
    return w.rc;
}

static const char yaml[] = "vits:\n"
                           "  phoneme_type: text\n"
                           "  symbols:\n"
                           "    \"_\": [0]\n    \"^\": [1]\n    \"$\": [2]\n    \" \": [3]\n    \".\": [4]\n"
                           "    \",\": [5]\n    a: [6]\n    b: [7]\n    c: [8]\n    d: [9]\n    e: [10]\n"
                           "    \"h\": [11]\n    l: [12]\n    o: [13]\n    r: [14]\n    w: [15]\n";

int tiny_voice_make(const char *dir, const struct tiny_voice_shape *s, struct ora_voice **voice,
                    struct ora_err *err)
{
    *voice = NULL;
    int rc = tiny_voice_write(dir, s, 1, err);
    if (rc < 0)
        return rc;
    struct ora_voice *v = ora_xcalloc(1, sizeof *v);
    v->name = ora_xstrdup("tiny");
    v->family = ora_xstrdup("vits");
    v->dir = ora_xstrdup(dir);
    v->lang = ora_xstrdup("en-US");
    v->weights_path = ora_path_join(dir, "model.safetensors");
    v->sample_rate_hz = 16000;
    v->speaker_count = s->speakers;
    v->doc = ora_yaml_parse(yaml, sizeof yaml - 1, "voice.yaml", err);
    v->family_config = v->doc ? ora_yaml_get(v->doc->root, "vits") : NULL;
    *voice = v;
    return v->doc ? ora_file_sha256(v->weights_path, v->model_sha256, err) : ORA_E_INTERNAL;
}

void tiny_voice_free(struct ora_voice **voice)
{
    struct ora_voice *v = *voice;
    if (!v)
        return;
    ora_yaml_free(&v->doc);
    free(v->name);
    free(v->family);
    free(v->dir);
    free(v->lang);
    free(v->weights_path);
    free(v);
    *voice = NULL;
}
