/* Opening a voice: dimensions, layers, symbols. */
#include "models/vits/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/vits/run.h"

/* ---- layers ---------------------------------------------------------------------------------- */

static void bind_speakers(struct vits_binder *b, struct ora_model *m)
{
    size_t rows = (size_t)b->cfg->speakers, dim = (size_t)b->cfg->speaker_dim;
    const float *table = vits_take(b, ORA_SHAPE(rows, dim), "emb_g.weight");
    float *copy = ora_packer_floats(b->packer, rows * dim, &m->speakers);
    if (copy && table)
        memcpy(copy, table, rows * dim * sizeof *copy);
}

void vits_bind_all(struct vits_binder *b, struct ora_model *m)
{
    /* A trained voice amplifies the rounding of these by 22 to 28 dB: split, the sound has 70 to 78 dB. */
    b->strict = true;
    vits_encoder_bind(b, &m->encoder);
    vits_duration_bind(b, &m->duration);
    vits_flow_bind(b, &m->flow);
    b->strict = false;
    vits_decoder_bind(b, &m->decoder);
    if (b->cfg->speaker_dim)
        bind_speakers(b, m);
}

int vits_check_shapes(const struct ora_weights *w, const struct vits_config *cfg, struct ora_err *err)
{
    const struct ora_kernels *k = ora_kernels_find("scalar", err);
    if (!k)
        return err ? err->code : ORA_E_INTERNAL;
    struct ora_packer p;
    struct ora_model *m = ora_xcalloc(1, sizeof *m);
    ora_packer_init(&p, k, ORA_PACK_MEASURE, NULL, 0);
    struct vits_binder b = {.cfg = cfg, .weights = w, .packer = &p, .err = err};
    vits_bind_all(&b, m);
    free(m);
    return b.rc;
}

struct packing {
    struct ora_model *m;
    const struct ora_weights *w;
};

static int bind_layers(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct vits_binder b = {.cfg = &k->m->cfg, .weights = k->w, .packer = p, .err = err};
    vits_bind_all(&b, k->m);
    return b.rc;
}

static int pack(struct ora_model *m, const struct ora_voice *voice, const char *cache_dir,
                const struct ora_weights *w, struct ora_err *err)
{
    struct packing k = {m, w};
    struct ora_pack_source file = {.path = voice->weights_path};
    struct ora_pack_id id = {.voice_sha256 = voice->model_sha256, .source = &file, .family = "vits"};
    return ora_pack_cache_open(&m->packed, cache_dir, &id, m->k, bind_layers, &k, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int open_model(struct ora_model *m, const struct ora_voice *voice, const struct ora_open_options *o,
                      struct ora_weights **w, struct ora_err *err)
{
    if (!voice->weights_path)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s' names no weights", voice->name);
    m->k = ora_kernels_find(o ? o->kernels : NULL, err);
    if (!m->k)
        return err ? err->code : ORA_E_UNSUPPORTED;
    int rc = ora_weights_open(voice->weights_path, w, err);
    if (rc == 0)
        rc = vits_config_read(*w, &m->cfg, err);
    if (rc == 0 && m->cfg.speakers != voice->speaker_count)
        rc = ora_err_set(err, ORA_E_VOICE, "%s: %d speakers in the weights, %d in voice.yaml",
                         voice->weights_path, m->cfg.speakers, voice->speaker_count);
    if (rc == 0)
        rc = pack(m, voice, o ? o->cache_dir : NULL, *w, err);
    if (rc == 0)
        rc = vits_symbols_open(&m->symbols, voice, m->encoder.table, m->cfg.symbols, m->cfg.hidden, err);
    m->lang = ora_xstrdup(voice->lang);
    m->pulse = o ? o->pulse : NULL;
    m->spool_dir = o ? o->spool_dir : NULL;
    m->sample_rate_hz = voice->sample_rate_hz;
    m->chunk_frames = o && o->decode_chunk_frames > 0 ? o->decode_chunk_frames : VITS_CHUNK_FRAMES;
    return rc;
}

int vits_model_open(const struct ora_voice *voice, const struct ora_open_options *options,
                    struct ora_model **model, struct ora_err *err)
{
    struct ora_model *m = ora_xcalloc(1, sizeof *m);
    struct ora_weights *w = NULL;
    int rc = open_model(m, voice, options, &w, err);
    ora_weights_close(&w);
    if (rc < 0)
        vits_model_close(&m);
    *model = m;
    return rc;
}

void vits_model_close(struct ora_model **model)
{
    struct ora_model *m = *model;
    if (!m)
        return;
    vits_symbols_close(&m->symbols);
    ora_pack_cache_release(&m->packed);
    free(m->lang);
    free(m);
    *model = NULL;
}

/* ---- describing ------------------------------------------------------------------------------ */

static json_t *dims(const struct vits_config *c)
{
    json_t *rates = json_array(), *kernels = json_array(), *dilations = json_array();
    for (int i = 0; i < c->stages; i++)
        json_array_append_new(rates, json_integer(c->rate[i]));
    for (int j = 0; j < c->branches; j++) {
        json_t *row = json_array();
        for (int q = 0; q < c->dilations; q++)
            json_array_append_new(row, json_integer(c->dilation[j][q]));
        json_array_append_new(dilations, row);
        json_array_append_new(kernels, json_integer(c->branch_kernel[j]));
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:s, s:i, s:i, s:i, s:o, s:i, s:o, s:o, s:i}", "hidden",
                     c->hidden, "latent", c->inter, "encoder_layers", c->layers, "heads", c->heads, "ffn",
                     c->ffn, "durations", c->stochastic ? "stochastic" : "deterministic", "couplings",
                     c->couplings, "wn_layers", c->wn_layers, "decoder_channels", c->first_channels,
                     "upsample_rates", rates, "resblock_type", c->resblock_type, "resblock_kernels", kernels,
                     "resblock_dilations", dilations, "hop", c->hop);
}

int vits_model_describe(const struct ora_model *m, json_t **facts, struct ora_err *err)
{
    const struct vits_symbols *s = &m->symbols;
    json_t *untrained = json_array(), *rewrites = json_array();
    for (size_t i = 0; i < s->count; i++)
        if (s->symbol[i].untrained)
            json_array_append_new(untrained, json_string(s->symbol[i].text));
    for (size_t i = 0; i < s->rewrite_count; i++)
        json_array_append_new(rewrites,
                              json_pack("{s:s, s:s}", "from", s->rewrite[i].from, "to", s->rewrite[i].to));
    *facts =
        json_pack("{s:o, s:s?, s:s, s:s, s:i, s:i, s:i, s:o, s:b, s:o, s:s, s:I, s:I}", "dims", dims(&m->cfg),
                  "quality", s->quality, "phoneme_type", s->from_text ? "text" : "espeak", "espeak_voice",
                  s->espeak_voice, "embedding_rows", m->cfg.symbols, "symbols", (int)s->count, "speakers",
                  m->cfg.speakers, "untrained_symbols", untrained, "untrained_dropped", s->drop_untrained,
                  "rewrites", rewrites, "kernels", m->k->name, "packed_bytes", (json_int_t)m->packed.bytes,
                  "run_bytes", (json_int_t)vits_run_bytes(m));
    return *facts ? 0 : ora_err_set(err, ORA_E_INTERNAL, "the facts of a voice make no JSON");
}
