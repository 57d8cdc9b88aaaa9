/* Opening a voice: its base's networks, each into its own pack, and its prompt. */
#include "models/megatts3/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/ready.h"
#include "models/megatts3/settings.h"

enum { ROWS_LEAST = 25 }; /* a second */

/* ---- networks ---------------------------------------------------------------------------------------------
 */

struct packing {
    struct ora_model *m;
    const struct ora_tensor_source *source;
};

static int bind_g2p(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct ora_binder b = {.source = k->source, .packer = p, .err = err};
    mega_g2p_bind(&b, &k->m->dims.g2p, &k->m->g2p);
    return b.rc;
}

static int bind_duration(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct ora_binder b = {.source = k->source, .packer = p, .err = err};
    mega_duration_bind(&b, &k->m->dims.dur, &k->m->duration);
    return b.rc;
}

static int bind_dit(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct ora_binder b = {.source = k->source, .packer = p, .err = err};
    mega_dit_bind(&b, &k->m->dims.dit, &k->m->dit);
    return b.rc;
}

static int bind_vae(void *ctx, struct ora_packer *p, struct ora_err *err)
{
    struct packing *k = ctx;
    struct ora_binder b = {.source = k->source, .packer = p, .err = err};
    mega_vae_decoder_bind(&b, &k->m->dims.vae, &k->m->vae);
    return b.rc;
}

static const struct {
    const char *name;
    ora_pack_bind_fn *bind;
} networks[MEGA_NETWORKS] = {
    [MEGA_NET_G2P] = {"megatts3-g2p", bind_g2p},
    [MEGA_NET_DURATION] = {"megatts3-duration", bind_duration},
    [MEGA_NET_DIT] = {"megatts3-dit", bind_dit},
    [MEGA_NET_VAE] = {"megatts3-vae", bind_vae},
};

void mega_model_rest(const struct ora_model *m, enum mega_network which)
{
    ora_pack_cache_rest(&m->packed[which]);
}

int mega_model_bind(struct ora_model *m, const struct mega_model_spec *spec, struct ora_err *err)
{
    struct packing k = {m, spec->source};
    struct ora_pack_source file = {.path = spec->path};
    int rc = 0;
    m->dims = *spec->dims;
    m->k = ora_kernels_find(spec->kernels, err);
    if (!m->k)
        return err ? err->code : ORA_E_UNSUPPORTED;
    for (int i = 0; rc == 0 && i < MEGA_NETWORKS; i++) {
        struct ora_pack_id id = {
            .voice_sha256 = spec->sha256, .source = spec->path ? &file : NULL, .family = networks[i].name};
        rc = ora_pack_cache_open(&m->packed[i], spec->cache_dir, &id, m->k, networks[i].bind, &k, err);
        if (spec->source->release)
            spec->source->release(spec->source->ctx);
        mega_model_rest(m, (enum mega_network)i);
    }
    m->duration.positions = spec->positions;
    m->readings = ora_xcalloc(1, sizeof *m->readings);
    mega_g2p_cache_init(m->readings, MEGA_G2P_CACHE_ENTRIES);
    m->g2p_limit = MEGA_G2P_LIMIT;
    m->max_chunk_frames = MEGA_CHUNK_SECONDS_MAX * 100;
    return rc;
}

void mega_model_release(struct ora_model *m)
{
    for (int i = 0; i < MEGA_NETWORKS; i++)
        ora_pack_cache_release(&m->packed[i]);
    if (m->readings) {
        mega_g2p_cache_release(m->readings);
        free(m->readings);
    }
    mega_prompt_release(&m->prompt);
    mega_text_close(&m->text);
    free(m->lang);
}

/* ---- voice.yaml -------------------------------------------------------------------------------------------
 */

/* What the voice's own settings say of max_chunk_seconds; src/voice has checked them. */
static int planned_frames(const struct ora_voice *voice, int *frames, struct ora_err *err)
{
    const struct ora_setting_def *d = &mega_settings[MEGA_MAX_CHUNK_SECONDS];
    const struct ora_yaml_node *n = ora_yaml_get(voice->default_settings, d->name);
    int64_t seconds = (int64_t)d->fallback;
    int rc = ora_yaml_is_null(n) ? 0 : ora_yaml_integer(n, (int64_t)d->min, (int64_t)d->max, &seconds, err);
    *frames = (int)seconds * 100;
    return rc;
}

/* Prompt and chunk share one sequence of the diffusion transformer, which knows so many positions. */
static int fit_positions(struct ora_model *m, const struct ora_voice *voice, struct ora_err *err)
{
    int rows = m->dims.dit.max_pos - m->prompt.rows;
    if (rows < ROWS_LEAST)
        return ora_err_set(err, ORA_E_VOICE,
                           "voice '%s': its prompt has %d latents of the %d that 'dit.max_pos' of base '%s' "
                           "allows, wanted %d more for speech",
                           voice->name, m->prompt.rows, m->dims.dit.max_pos, voice->base->name, ROWS_LEAST);
    if (m->max_chunk_frames / MEGA_LATENT_FRAMES > rows)
        m->max_chunk_frames = rows / 25 * 100; /* whole seconds, as the setting is */
    return 0;
}

/* ---- life -------------------------------------------------------------------------------------------------
 */

static int open_text(struct ora_model *m, const struct ora_voice *base, const struct ora_weights *w,
                     struct ora_err *err)
{
    const struct ora_tensor *vocab = ora_weights_find(w, MEGA_TENSOR_VOCAB);
    const struct ora_tensor *merges = ora_weights_find(w, MEGA_TENSOR_MERGES);
    if (!vocab || !merges)
        return ora_err_set(err, ORA_E_VOICE, "%s: no tokenizer (tensors '%s' and '%s')", base->weights_path,
                           MEGA_TENSOR_VOCAB, MEGA_TENSOR_MERGES);
    struct mega_text_files files = {.name = base->name,
                                    .vocab = vocab->data,
                                    .vocab_bytes = vocab->bytes,
                                    .merges = merges->data,
                                    .merges_bytes = merges->bytes,
                                    .dims = &m->dims.g2p};
    return mega_text_open(&files, &m->text, err);
}

static int read_prompt(struct ora_model *m, const struct ora_voice *voice, struct ora_err *err)
{
    struct ora_weights *w = NULL;
    int rc = ora_weights_verify(voice->weights_path, voice->model_sha256, err); /* it is small */
    if (rc == 0)
        rc = ora_weights_open(voice->weights_path, &w, err);
    if (rc == 0)
        rc = mega_prompt_read(&m->prompt, w, voice->base->model_sha256, err);
    ora_weights_close(&w);
    return rc;
}

static int open_model(struct ora_model *m, const struct ora_voice *voice, const struct ora_open_options *o,
                      struct ora_err *err)
{
    struct mega_base_voice base;
    struct ora_weights *w = NULL;
    int rc = mega_check_clone(voice, err);
    if (rc == 0)
        rc = mega_ready(voice, err);
    if (rc == 0)
        rc = mega_base_read_yaml(voice->base->family_config, &base, err);
    if (rc == 0)
        rc = ora_weights_open(voice->base->weights_path, &w, err);
    if (rc < 0)
        return rc;
    struct ora_file_source file;
    struct ora_tensor_source source = ora_file_source(&file, w);
    struct mega_model_spec spec = {.dims = &base.dims,
                                   .source = &source,
                                   .sha256 = voice->base->model_sha256,
                                   .path = voice->base->weights_path,
                                   .cache_dir = o ? o->cache_dir : NULL,
                                   .kernels = o ? o->kernels : NULL,
                                   .positions = base.use_pos_embed};
    rc = mega_model_bind(m, &spec, err);
    ora_file_source_release(&file);
    if (rc == 0)
        rc = open_text(m, voice->base, w, err);
    if (rc == 0)
        rc = read_prompt(m, voice, err);
    if (rc == 0)
        rc = planned_frames(voice, &m->max_chunk_frames, err);
    if (rc == 0)
        rc = fit_positions(m, voice, err);
    ora_weights_close(&w);
    m->weights_random = voice->base->weights_random || voice->weights_random;
    m->lang = ora_xstrdup(voice->lang);
    m->pulse = o ? o->pulse : NULL;
    return rc;
}

int mega_model_open(const struct ora_voice *voice, const struct ora_open_options *options,
                    struct ora_model **model, struct ora_err *err)
{
    *model = ora_xcalloc(1, sizeof **model);
    int rc = open_model(*model, voice, options, err);
    if (rc < 0)
        mega_model_close(model);
    return rc;
}

void mega_model_close(struct ora_model **model)
{
    if (!*model)
        return;
    mega_model_release(*model);
    free(*model);
    *model = NULL;
}

/* ---- describing -------------------------------------------------------------------------------------------
 */

int mega_model_describe(const struct ora_model *m, json_t **facts, struct ora_err *err)
{
    json_t *packed = json_object();
    for (int i = 0; i < MEGA_NETWORKS; i++)
        json_object_set_new(packed, networks[i].name, json_integer((json_int_t)m->packed[i].bytes));
    *facts = json_pack("{s:i, s:i, s:i, s:i, s:f, s:b, s:s, s:o, s:i}", "dit_dim", m->dims.dit.dim,
                       "dit_layers", m->dims.dit.layers, "prompt_phones", m->prompt.phone_count,
                       "prompt_latents", m->prompt.rows, "prompt_lufs", m->prompt.lufs, "use_pos_embed",
                       m->duration.positions, "kernels", m->k->name, "packed_bytes", packed,
                       "max_chunk_seconds", m->max_chunk_frames / 100);
    return *facts ? 0 : ora_err_set(err, ORA_E_INTERNAL, "the facts of a voice make no JSON");
}
