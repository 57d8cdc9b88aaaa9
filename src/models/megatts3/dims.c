/* One table of fields: the reader, and thereby what is checked. */
#include "models/megatts3/dims.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "models/megatts3/phones.h"
#include "nn/layers/resample_conv.h"

enum { DIMS_MAX_BYTES = 8 << 20, ENC_RATIO_MAX = 16 };

const struct mega_dims mega_dims_official = {
    .dit = {.dim = 1024,
            .layers = 24,
            .heads = 16,
            .ffn = 2048,
            .local_cond = 512,
            .ctx_mask = 16,
            .latent = 32,
            .time_freqs = 256,
            .max_pos = 16384,
            .text = {.symbols = 302, .tones = 32, .dim = 1024, .heads = 4, .layers = 6, .ffn = 2048}},
    .dur = {.text = {.symbols = 174, .tones = 23, .dim = 512, .heads = 2, .layers = 4, .ffn = 1024},
            .dec = 512,
            .layers = 8,
            .heads = 8,
            .ffn = 2048,
            .code_size = 128},
    .align = {.state = 512,
              .heads = 8,
              .enc_layers = 6,
              .dec_layers = 6,
              .mlp = 2048,
              .vocab = 6800,
              .audio_ctx = 3000,
              .text_ctx = 2048,
              .mels = 80},
    .vae = {.enc_filters = 32,
            .enc_dim = 512,
            .enc_ratios = {2, 4, 4, 5, 6},
            .lstm = 1024,
            .z = 32,
            .dec_in = 320,
            .dec_up = 160,
            .ngf = 128,
            .dec_ratios = {5, 4, 4, 3}},
    .g2p = {.hidden = 896,
            .layers = 24,
            .heads = 14,
            .kv_heads = 2,
            .mlp = 4864,
            .vocab = 168896,
            .speech_start = 151667,
            .bot = 151665,
            .bos = 151666,
            .rope_theta = 1e6,
            .eps = 1e-6},
};

const struct mega_dims mega_dims_mini = {
    .dit = {.dim = 64,
            .layers = 3,
            .heads = 4,
            .ffn = 128,
            .local_cond = 32,
            .ctx_mask = 16,
            .latent = 32,
            .time_freqs = 256,
            .max_pos = 2048,
            .text = {.symbols = 302, .tones = 32, .dim = 64, .heads = 4, .layers = 2, .ffn = 128}},
    .dur = {.text = {.symbols = 174, .tones = 23, .dim = 32, .heads = 2, .layers = 2, .ffn = 64},
            .dec = 64,
            .layers = 2,
            .heads = 8,
            .ffn = 256,
            .code_size = 128},
    .align = {.state = 48,
              .heads = 3,
              .enc_layers = 2,
              .dec_layers = 2,
              .mlp = 192,
              .vocab = 1000,
              .audio_ctx = 200,
              .text_ctx = 256,
              .mels = 80},
    .vae = {.enc_filters = 2,
            .enc_dim = 24,
            .enc_ratios = {2, 4, 4, 5, 6},
            .lstm = 64,
            .z = 32,
            .dec_in = 24,
            .dec_up = 12,
            .ngf = 3,
            .dec_ratios = {5, 4, 4, 3}},
    .g2p = {.hidden = 64,
            .layers = 2,
            .heads = 4,
            .kv_heads = 2,
            .mlp = 176,
            .vocab = 1152,
            .speech_start = 324,
            .bot = 322,
            .bos = 323,
            .rope_theta = 1e6,
            .eps = 1e-6},
};

struct field {
    const char *model, *key;
    size_t offset;
    int min, max;
};

#define FIELD(model, key, member, min, max)                                                                  \
    {                                                                                                        \
#model, key, offsetof(struct mega_dims, model.member), min, max                                      \
    }

static const struct field fields[] = {
    FIELD(dit, "dim", dim, 16, 8192),
    FIELD(dit, "dim", text.dim, 16, 8192),
    FIELD(dit, "layers", layers, 1, MEGA_LAYERS_MAX),
    FIELD(dit, "heads", heads, 1, 256),
    FIELD(dit, "ffn", ffn, 1, 65536),
    FIELD(dit, "local_cond", local_cond, 1, 8192),
    FIELD(dit, "ctx_mask", ctx_mask, 1, 1024),
    FIELD(dit, "latent", latent, MEGA_LATENT, MEGA_LATENT),
    FIELD(dit, "time_freqs", time_freqs, 4, 8192),
    FIELD(dit, "max_pos", max_pos, 1, 1 << 20),
    FIELD(dit, "text_layers", text.layers, 1, ORA_REL_LAYERS_MAX),
    FIELD(dit, "text_heads", text.heads, 1, 64),
    FIELD(dit, "text_ffn", text.ffn, 1, 65536),
    FIELD(dit, "phones", text.symbols, 302, 65536),
    FIELD(dit, "tones", text.tones, 32, 65536),
    FIELD(dur, "hidden", text.dim, 16, 8192),
    FIELD(dur, "enc_heads", text.heads, 1, 64),
    FIELD(dur, "enc_layers", text.layers, 1, ORA_REL_LAYERS_MAX),
    FIELD(dur, "enc_ffn", text.ffn, 1, 65536),
    FIELD(dur, "phones", text.symbols, 174, 65536),
    FIELD(dur, "tones", text.tones, 16, 65536),
    FIELD(dur, "dec", dec, 16, 8192),
    FIELD(dur, "layers", layers, 1, MEGA_LAYERS_MAX),
    FIELD(dur, "heads", heads, 1, 256),
    FIELD(dur, "ffn", ffn, 1, 65536),
    FIELD(dur, "code_size", code_size, 128, 128),
    FIELD(align, "state", state, 16, 8192),
    FIELD(align, "heads", heads, 1, 256),
    FIELD(align, "enc_layers", enc_layers, 1, MEGA_LAYERS_MAX),
    FIELD(align, "dec_layers", dec_layers, 1, MEGA_LAYERS_MAX),
    FIELD(align, "mlp", mlp, 1, 65536),
    FIELD(align, "vocab", vocab, 801, 1 << 20),
    FIELD(align, "audio_ctx", audio_ctx, 1, 1 << 20),
    FIELD(align, "text_ctx", text_ctx, 2, 1 << 20),
    FIELD(align, "mels", mels, 80, 80),
    FIELD(vae, "enc_filters", enc_filters, 2, 1024),
    FIELD(vae, "enc_dim", enc_dim, 1, 8192),
    FIELD(vae, "lstm", lstm, 1, 8192),
    FIELD(vae, "z", z, MEGA_LATENT, MEGA_LATENT),
    FIELD(vae, "dec_in", dec_in, 1, 8192),
    FIELD(vae, "dec_up", dec_up, 1, 8192),
    FIELD(vae, "ngf", ngf, 1, 1024),
    FIELD(g2p, "hidden", hidden, 16, 8192),
    FIELD(g2p, "layers", layers, 1, MEGA_LAYERS_MAX),
    FIELD(g2p, "heads", heads, 1, 256),
    FIELD(g2p, "kv_heads", kv_heads, 1, 256),
    FIELD(g2p, "mlp", mlp, 1, 65536),
    FIELD(g2p, "vocab", vocab, MEGA_SPEECH_IDS + 1, 1 << 20),
    FIELD(g2p, "speech_start", speech_start, 1, 1 << 20),
    FIELD(g2p, "bot", bot, 0, 1 << 20),
    FIELD(g2p, "bos", bos, 0, 1 << 20),
};

static int read_field(const json_t *object, const struct field *f, struct mega_dims *d, struct ora_err *err)
{
    const json_t *v = json_object_get(json_object_get(object, f->model), f->key);
    if (!json_is_integer(v))
        return ora_err_set(err, ORA_E_FORMAT, "dims: '%s.%s' is missing or no whole number", f->model,
                           f->key);
    json_int_t n = json_integer_value(v);
    if (n < f->min || n > f->max)
        return ora_err_set(err, ORA_E_FORMAT, "dims: '%s.%s' is %lld, wanted %d to %d", f->model, f->key,
                           (long long)n, f->min, f->max);
    *(int *)((char *)d + f->offset) = (int)n;
    return 0;
}

static int read_list(const json_t *object, const char *key, int *to, int count, int max, struct ora_err *err)
{
    const json_t *list = json_object_get(json_object_get(object, "vae"), key);
    if (json_array_size(list) != (size_t)count)
        return ora_err_set(err, ORA_E_FORMAT, "dims: 'vae.%s' is no list of %d", key, count);
    for (int i = 0; i < count; i++) {
        json_int_t n = json_integer_value(json_array_get(list, (size_t)i));
        if (n < 2 || n > max)
            return ora_err_set(err, ORA_E_FORMAT, "dims: 'vae.%s[%d]' is %lld, wanted 2 to %d", key, i,
                               (long long)n, max);
        to[i] = (int)n;
    }
    return 0;
}

static int check_heads(const char *what, int dim, int heads, struct ora_err *err)
{
    if (dim % heads == 0 && dim / heads % 2 == 0)
        return 0;
    return ora_err_set(err, ORA_E_FORMAT, "dims: %s: %d channels make no %d even heads", what, dim, heads);
}

static int check_ratios(const struct mega_vae_dims *v, struct ora_err *err)
{
    int down = 1, up = MEGA_LATENT_FRAMES;
    for (int i = 0; i < MEGA_ENC_STAGES; i++)
        down *= v->enc_ratios[i];
    for (int i = 0; i < MEGA_STAGES; i++)
        up *= v->dec_ratios[i];
    if (down != MEGA_LATENT_HOP || up != MEGA_LATENT_HOP)
        return ora_err_set(err, ORA_E_FORMAT, "dims: vae: ratios make %d down and %d up, wanted %d", down, up,
                           MEGA_LATENT_HOP);
    return 0;
}

/* The G2P looks up rows of its embedding by these ids. */
static int check_ids(const struct mega_g2p_dims *g, struct ora_err *err)
{
    const struct {
        const char *key;
        int first, count;
    } ids[] = {{"speech_start", g->speech_start, MEGA_SPEECH_IDS}, {"bot", g->bot, 1}, {"bos", g->bos, 1}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i].first > g->vocab - ids[i].count)
            return ora_err_set(err, ORA_E_FORMAT,
                               "dims: 'g2p.%s' is %d, wanted at most %d: 'g2p.vocab' is %d", ids[i].key,
                               ids[i].first, g->vocab - ids[i].count, g->vocab);
    return 0;
}

int mega_dims_read(const json_t *object, struct mega_dims *d, struct ora_err *err)
{
    int rc = 0;
    *d = (struct mega_dims){0};
    for (size_t i = 0; rc == 0 && i < sizeof fields / sizeof *fields; i++)
        rc = read_field(object, &fields[i], d, err);
    if (rc == 0)
        rc = read_list(object, "enc_ratios", d->vae.enc_ratios, MEGA_ENC_STAGES, ENC_RATIO_MAX, err);
    if (rc == 0)
        rc = read_list(object, "dec_ratios", d->vae.dec_ratios, MEGA_STAGES, ORA_TRANSPOSED_MAX_RATE, err);
    const json_t *g2p = json_object_get(object, "g2p");
    d->g2p.rope_theta = json_number_value(json_object_get(g2p, "rope_theta"));
    d->g2p.eps = json_number_value(json_object_get(g2p, "eps"));
    if (rc == 0 && !(d->g2p.rope_theta > 1 && d->g2p.eps > 0))
        rc = ora_err_set(err, ORA_E_FORMAT, "dims: 'g2p.rope_theta' or 'g2p.eps' is missing");
    rc = rc ? rc : check_heads("dit", d->dit.dim, d->dit.heads, err);
    rc = rc ? rc : check_heads("dit text", d->dit.text.dim, d->dit.text.heads, err);
    rc = rc ? rc : check_heads("dur text", d->dur.text.dim, d->dur.text.heads, err);
    rc = rc ? rc : check_heads("dur", d->dur.dec, d->dur.heads, err);
    rc = rc ? rc : check_heads("align", d->align.state, d->align.heads, err);
    rc = rc ? rc : check_heads("g2p", d->g2p.hidden, d->g2p.heads, err);
    if (rc == 0 && d->g2p.heads % d->g2p.kv_heads)
        rc = ora_err_set(err, ORA_E_FORMAT, "dims: g2p: %d heads share no %d keys", d->g2p.heads,
                         d->g2p.kv_heads);
    rc = rc ? rc : check_ids(&d->g2p, err);
    return rc ? rc : check_ratios(&d->vae, err);
}

/* ---- other forms ---------------------------------------------------------------------------------- */

json_t *mega_dims_to_json(const struct mega_dims *d)
{
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct field *f = &fields[i];
        if (!json_object_get(all, f->model))
            json_object_set_new(all, f->model, json_object());
        json_object_set_new(json_object_get(all, f->model), f->key,
                            json_integer(*(const int *)((const char *)d + f->offset)));
    }
    json_t *vae = json_object_get(all, "vae"), *g2p = json_object_get(all, "g2p");
    json_t *down = json_array(), *up = json_array();
    for (int i = 0; i < MEGA_ENC_STAGES; i++)
        json_array_append_new(down, json_integer(d->vae.enc_ratios[i]));
    for (int i = 0; i < MEGA_STAGES; i++)
        json_array_append_new(up, json_integer(d->vae.dec_ratios[i]));
    json_object_set_new(vae, "enc_ratios", down);
    json_object_set_new(vae, "dec_ratios", up);
    json_object_set_new(g2p, "rope_theta", json_real(d->g2p.rope_theta));
    json_object_set_new(g2p, "eps", json_real(d->g2p.eps));
    return all;
}

/* Scalars become numbers where they are; whatever else stands there is found out by mega_dims_read. */
static json_t *json_of_scalar(const char *text)
{
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    return v ? v : json_string(text);
}

static json_t *json_of_yaml(const struct ora_yaml_node *n)
{
    if (n->kind == ORA_YAML_SCALAR)
        return json_of_scalar(n->text);
    json_t *v = n->kind == ORA_YAML_MAP ? json_object() : json_array();
    for (size_t i = 0; i < n->count; i++) {
        json_t *child = json_of_yaml(n->item[i]); /* the YAML reader bounds the depth */
        if (n->kind == ORA_YAML_MAP)
            json_object_set_new(v, n->item[i]->key, child);
        else
            json_array_append_new(v, child);
    }
    return v;
}

int mega_dims_read_yaml(const struct ora_yaml_node *map, struct mega_dims *d, struct ora_err *err)
{
    json_t *object = map ? json_of_yaml(map) : NULL;
    int rc = mega_dims_read(object, d, err);
    json_decref(object);
    if (rc < 0 && map)
        ora_err_wrap(err, "%s:%d", map->doc->name, map->line);
    return rc;
}

/* The set of that name, or the only one. */
static const json_t *choose_set(const json_t *object, const char *name)
{
    const json_t *sets = json_object_get(object, "dims") ? json_object_get(object, "dims") : object;
    if (name)
        return json_object_get(sets, name);
    return json_object_get(sets, "dit") || json_object_size(sets) != 1
               ? sets
               : json_object_iter_value(json_object_iter((json_t *)sets));
}

int mega_dims_read_file(const char *file, struct mega_dims *d, struct ora_err *err)
{
    const char *mark = strrchr(file, '#');
    char *path = mark ? ora_xstrndup(file, (size_t)(mark - file)) : ora_xstrdup(file), *text = NULL;
    size_t len;
    json_error_t why;
    json_t *object = NULL;
    int rc = ora_file_read(path, DIMS_MAX_BYTES, &text, &len, err);
    if (rc == 0 && !(object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why)))
        rc = ora_err_set(err, ORA_E_FORMAT, "%s:%d: %s", path, why.line, why.text);
    if (rc == 0 && mark && !choose_set(object, mark + 1))
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: no set '%.64s' in it", path, mark + 1);
    if (rc == 0 && (rc = mega_dims_read(choose_set(object, mark ? mark + 1 : NULL), d, err)) < 0)
        ora_err_wrap(err, "%s", file);
    json_decref(object);
    free(text);
    free(path);
    return rc;
}

int mega_dims_choose(const char *name, struct mega_dims *d, struct ora_err *err)
{
    if (strcmp(name, "full") == 0)
        *d = mega_dims_official;
    else if (strcmp(name, "mini") == 0)
        *d = mega_dims_mini;
    else if (strpbrk(name, "./#") || ora_file_exists(name))
        return mega_dims_read_file(name, d, err);
    else
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "no sizes '%.64s': wanted mini, full, or a JSON file of sizes (FILE.json)", name);
    return 0;
}
