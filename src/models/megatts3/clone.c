/* Cloning: files are read and judged here; the work itself is prompt.c's. */
#include "models/megatts3/clone.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/recording.h"
#include "base/file.h"
#include "base/mem.h"
#include "models/megatts3/prompt.h"
#include "models/megatts3/symbols.h"
#include "nn/noise.h"
#include "weights/npy.h"

enum { READ_SECONDS_MAX = 600, NPY_MAX_BYTES = 4 << 20, NOISE_TENSOR = 0x766f6963 };

/* Below it a prompt tells little of a voice; at 16 kHz and more nothing of speech is missing. */
static const double SECONDS_GOOD = 3;
static const int RATE_GOOD = 16000;
/* Of a clean recording's samples fewer are at full scale. */
static const double CLIPPED_SHARE = 1e-4;

struct cloning {
    const struct ora_add_options *o;
    struct mega_base_voice base;
    struct ora_recording recording;
    float *latents;
    size_t latent_rows;
    struct ora_rng_key noise_key;
    struct ora_weights *weights;
    struct mega_prompt prompt;
    struct ora_err *err;
};

static void note(const struct cloning *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct cloning *c, const char *fmt, ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    if (c->o->note)
        c->o->note(c->o->ctx, ora_str_c(&s));
    ora_str_release(&s);
}

/* ---- what is given --------------------------------------------------------------------------------------
 */

static int read_base(struct cloning *c)
{
    const struct ora_voice *v = c->o->base;
    int rc = mega_base_read_yaml(v->family_config, &c->base, c->err);
    if (rc < 0)
        return ora_err_wrap(c->err, "voice '%s'", v->name);
    if (!c->base.part[MEGA_PART_ALIGN])
        return ora_err_set(
            c->err, ORA_E_VOICE,
            "voice '%s' lacks the aligner (aligner_lm of the release): without it no voice can "
            "be added; import it again with that folder",
            v->name);
    if (!c->o->latents && !c->base.part[MEGA_PART_VAE_ENCODER])
        return ora_err_set(
            c->err, ORA_E_VOICE,
            "voice '%s' lacks the WaveVAE encoder, which ByteDance's release leaves out: give the "
            "recording's latents (--latents prompt.npy), or import a whole WaveVAE",
            v->name);
    return ora_weights_open(v->weights_path, &c->weights, c->err);
}

static void judge_recording(const struct cloning *c)
{
    const struct ora_recording *r = &c->recording;
    double seconds = (double)r->samples / r->sample_rate_hz;
    size_t all = r->samples * (size_t)r->channels;
    if (seconds < SECONDS_GOOD)
        note(c, "the recording has %.1f s: 5 to 20 s of speech make a steadier voice", seconds);
    if (r->sample_rate_hz < RATE_GOOD)
        note(c, "the recording has %d Hz: the voice will lack what lies above %d Hz", r->sample_rate_hz,
             r->sample_rate_hz / 2);
    if (r->channels > 1)
        note(c, "the recording has %d channels: their mean is taken", r->channels);
    if ((double)r->full_scale > CLIPPED_SHARE * (double)all)
        note(c, "%zu of %zu samples are at full scale: the recording is clipped, and the voice will sound so",
             r->full_scale, all);
}

static int read_recording(struct cloning *c)
{
    int rc = ora_recording_read(&c->recording, c->o->prompt, READ_SECONDS_MAX, c->err);
    if (rc == 0)
        judge_recording(c);
    return rc;
}

/* [1][T][32], or [T][32]. */
static int take_latents(struct cloning *c, const struct ora_npy *a, const char *name)
{
    const struct ora_shape *s = &a->shape;
    char text[ORA_SHAPE_TEXT];
    bool batched = s->rank == 3 && s->dim[0] == 1;
    if (!(batched || s->rank == 2) || s->dim[s->rank - 1] != MEGA_LATENT || !a->count)
        return ora_err_set(c->err, ORA_E_FORMAT, "%s: an array of the shape %s", name,
                           ora_shape_text(s, text));
    c->latent_rows = a->count / MEGA_LATENT;
    c->latents = ora_xcalloc(a->count, sizeof *c->latents);
    memcpy(c->latents, a->data, a->count * sizeof *c->latents);
    double rms;
    int rc = mega_latents_check(c->latents, c->latent_rows, &rms, c->err);
    if (rc < 0)
        return ora_err_wrap(c->err, "%s", name);
    if (rms < 0.2 || rms > 5)
        note(c, "%s: its values have an RMS of %.3g, a WaveVAE's have about 1: are these latents?", name,
             rms);
    return 0;
}

/* What an array lacks, and what it should be. */
static int not_latents(const struct cloning *c)
{
    const struct mega_prompt_input in = {.samples = c->recording.samples,
                                         .sample_rate_hz = c->recording.sample_rate_hz};
    char *found = ora_xstrdup(c->err->message);
    int rc = ora_err_set(c->err, ORA_E_FORMAT,
                         "%s; latents of this recording are float32, C order, shape [1, %d, %d]", found,
                         mega_prompt_latents(&in, c->base.win_size), MEGA_LATENT);
    free(found);
    return rc;
}

static int read_latents(struct cloning *c)
{
    char *bytes = NULL;
    size_t len;
    struct ora_npy a;
    if (!c->o->latents)
        return 0;
    const char *name = ora_path_base(c->o->latents);
    int rc = ora_file_read(c->o->latents, NPY_MAX_BYTES, &bytes, &len, c->err);
    if (rc == 0)
        rc = ora_npy_parse(&a, bytes, len, name, c->err);
    if (rc == 0)
        rc = take_latents(c, &a, name);
    free(bytes);
    return rc == ORA_E_FORMAT && c->err ? not_latents(c) : rc;
}

static int read_seed(struct cloning *c)
{
    char *end;
    if (!c->o->encoder_seed)
        return 0;
    errno = 0;
    uint64_t seed = strtoull(c->o->encoder_seed, &end, 10);
    if (errno || end == c->o->encoder_seed || *end || strchr(c->o->encoder_seed, '-'))
        return ora_err_set(c->err, ORA_E_BAD_USAGE, "'%.40s' is no seed: wanted a whole number",
                           c->o->encoder_seed);
    if (c->o->latents)
        return ora_err_set(c->err, ORA_E_BAD_USAGE,
                           "ready-made latents leave the encoder nothing to draw: give no encoder seed");
    c->noise_key = ora_rng_key_of(seed, "megatts3 prompt", 0);
    return 0;
}

/* ---- making ---------------------------------------------------------------------------------------------
 */

static void noise(void *ctx, float *out, size_t n)
{
    const struct cloning *c = ctx;
    ora_noise_row(c->noise_key, NOISE_TENSOR, 0, 0, n, 1, out);
}

static int make(struct cloning *c)
{
    struct ora_file_source file = {0};
    struct ora_tensor_source source = ora_file_source(&file, c->weights);
    struct mega_prompt_base base = {.dims = &c->base.dims,
                                    .kernels =
                                        ora_kernels_find(c->o->kernels ? c->o->kernels : "auto", c->err),
                                    .tensors = &source,
                                    .has_encoder = c->base.part[MEGA_PART_VAE_ENCODER],
                                    .win_size = c->base.win_size,
                                    .formula_seed = c->base.formula_seed[0] ? c->base.formula_seed : NULL};
    struct mega_prompt_input in = {.mono = c->recording.mono,
                                   .samples = c->recording.samples,
                                   .sample_rate_hz = c->recording.sample_rate_hz,
                                   .latents = c->latents,
                                   .latent_rows = c->latent_rows,
                                   .noise = c->o->encoder_seed ? noise : NULL,
                                   .noise_ctx = c,
                                   .progress = c->o->progress,
                                   .progress_ctx = c->o->ctx};
    int rc = base.kernels ? mega_prompt_make(&base, &in, &c->prompt, c->err) : ORA_E_BAD_USAGE;
    ora_file_source_release(&file);
    return rc;
}

/* Files of other lengths than the recording's. */
static void judge_latents(const struct cloning *c)
{
    enum { KEPT_BACK = 2 }; /* an encoder itself gives so many more than are used */
    const struct mega_prompt *p = &c->prompt;
    if (!c->latents)
        return;
    const char *name = ora_path_base(c->o->latents);
    if (p->rows_missing)
        note(c,
             "%s has %zu latents, %d fewer than the recording and its half second of silence make: the "
             "silence is shorter by %.2f s",
             name, c->latent_rows, p->rows_missing, p->rows_missing / 25.0);
    else if (c->latent_rows > (size_t)p->rows + KEPT_BACK)
        note(c, "%s has %zu latents, the recording makes %d: the first %d are taken", name, c->latent_rows,
             p->rows, p->rows);
}

/* As people write phones: the reader sees whether the aligner understood. */
static void add_phones(const struct mega_prompt *p, struct ora_str *out)
{
    for (int i = 0; i < p->phone_count; i++) {
        ora_str_add(out, i ? " " : "");
        mega_symbol_add(mega_phone_join(p->phones[i], p->tones[i]), out);
    }
}

/* JSON's strings are YAML's double-quoted ones. */
static void add_quoted(struct ora_str *out, const char *text)
{
    json_t *s = json_string(text);
    char *quoted = s ? json_dumps(s, JSON_ENCODE_ANY) : NULL;
    ora_str_add(out, quoted ? quoted : "\"?\"");
    free(quoted);
    json_decref(s);
}

static double latent_rms(const struct mega_prompt *p)
{
    double square = 0;
    size_t n = (size_t)p->rows * MEGA_LATENT;
    for (size_t i = 0; i < n; i++)
        square += (double)p->latents[i] * (double)p->latents[i];
    return sqrt(square / (double)n);
}

static int write(struct cloning *c, struct ora_str *y)
{
    const struct mega_prompt *p = &c->prompt;
    struct ora_str phones = ORA_STR_INIT;
    add_phones(p, &phones);
    note(c,
         p->by_formula ? "the aligner, of random weights, heard nothing; phones by the formula: %s"
                       : "the aligner heard: %s",
         ora_str_c(&phones));
    char *path = ora_path_join(c->o->out_dir, "model.safetensors");
    char config[65];
    mega_base_config_sha256(&c->base, config);
    const struct mega_prompt_made_with with = {c->o->base->model_sha256, config};
    int rc = mega_prompt_write(p, &with, path, NULL, c->err);
    free(path);
    ora_str_addf(
        y,
        "lang: %s\nsample_rate_hz: %d\nmegatts3:\n  role: clone\n  base_sha256: %s\n"
        "  base_config_sha256: %s\n  prompt_seconds: %.3f\n  prompt_phones: %d\n  prompt_lufs: %.2f\n",
        c->o->base->lang, MEGA_SAMPLE_RATE, c->o->base->model_sha256, config,
        (double)c->recording.samples / c->recording.sample_rate_hz, p->phone_count, p->lufs);
    ora_str_add(y, p->by_formula ? "  prompt_alignment: formula\n  prompt_made_up: "
                                 : "  prompt_alignment: aligner\n  prompt_heard: ");
    add_quoted(y, ora_str_c(&phones));
    ora_str_addf(y, "\n  latent_rms: %.4f\n", latent_rms(p));
    ora_str_release(&phones);
    if (isfinite(p->noise_rms))
        ora_str_addf(y, "  encoder_noise_rms: %.4f\n", p->noise_rms);
    if (c->o->latents)
        ora_str_add(y, "  latents: file\n");
    else if (c->o->encoder_seed)
        ora_str_addf(y, "  latents: encoder seed %s\n", c->o->encoder_seed);
    else
        ora_str_add(y, "  latents: encoder\n");
    return rc;
}

int mega_clone_add(const struct ora_add_options *options, struct ora_str *yaml, struct ora_err *err)
{
    struct cloning c = {.o = options, .err = err};
    int rc = read_base(&c);
    if (rc == 0)
        rc = read_seed(&c);
    if (rc == 0)
        rc = read_recording(&c);
    if (rc == 0)
        rc = read_latents(&c);
    if (rc == 0)
        rc = make(&c);
    if (rc == 0)
        judge_latents(&c);
    if (rc == 0)
        rc = write(&c, yaml);
    mega_prompt_release(&c.prompt);
    ora_weights_close(&c.weights);
    ora_recording_release(&c.recording);
    free(c.latents);
    return rc;
}
