/* A prompt on disk. What is read comes from a file that anybody may have made: every index that a network
 * would look up is checked here, once. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/prompt.h"

enum { PHONE_LAST = 173, FRAMES_MAX = 4 * 25 * 60 };

/* ---- writing --------------------------------------------------------------------------------------------
 */

struct part {
    const char *name;
    enum ora_dtype dtype;
    struct ora_shape shape;
    const void *data;
    size_t bytes;
};

static int write_parts(struct ora_weights_writer *wr, const struct part *part, size_t count,
                       struct ora_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = ora_weights_writer_declare(wr, part[i].name, part[i].dtype, part[i].shape, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = ora_weights_writer_put(wr, part[i].data, part[i].bytes, err);
    return rc;
}

int mega_prompt_write(const struct mega_prompt *p, const struct mega_prompt_made_with *with, const char *path,
                      char file_sha256[65], struct ora_err *err)
{
    struct ora_weights_writer *wr = NULL;
    size_t n = (size_t)p->phone_count, rows = (size_t)p->rows;
    const struct part parts[] = {
        {"prompt.phones", ORA_I32, ORA_SHAPE(n), p->phones, n * sizeof *p->phones},
        {"prompt.tones", ORA_I32, ORA_SHAPE(n), p->tones, n * sizeof *p->tones},
        {"prompt.durations", ORA_I32, ORA_SHAPE(n), p->durations, n * sizeof *p->durations},
        {"prompt.latents", ORA_F32, ORA_SHAPE(rows, MEGA_LATENT), p->latents,
         rows * MEGA_LATENT * sizeof *p->latents},
    };
    char lufs[40];
    snprintf(lufs, sizeof lufs, "%.17g", p->lufs);
    int rc = ora_weights_writer_create(path, &wr, err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "family", "megatts3", err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "role", "clone", err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "base_sha256", with->base_sha256, err);
    if (rc == 0 && with->base_config_sha256)
        rc = ora_weights_writer_meta(wr, "base_config_sha256", with->base_config_sha256, err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "prompt_lufs", lufs, err);
    if (rc == 0)
        rc = write_parts(wr, parts, sizeof parts / sizeof *parts, err);
    if (rc == 0)
        rc = ora_weights_writer_commit(wr, file_sha256, err);
    ora_weights_writer_destroy(&wr);
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

static int fault(const struct ora_weights *w, struct ora_err *err, const char *what)
{
    return ora_err_set(err, ORA_E_VOICE, "%s: %s: make the voice again by `oratorio voice add`",
                       ora_weights_path(w), what);
}

static int read_meta(struct mega_prompt *p, const struct ora_weights *w, const char *base_sha256,
                     struct ora_err *err)
{
    const char *role = ora_weights_meta(w, "role"), *of = ora_weights_meta(w, "base_sha256");
    const char *lufs = ora_weights_meta(w, "prompt_lufs");
    char *end = NULL;
    if (!role || strcmp(role, "clone") != 0 || !of || !lufs)
        return fault(w, err, "no prompt of a cloned voice");
    p->lufs = strtod(lufs, &end);
    if (end == lufs || *end)
        return fault(w, err, "its prompt_lufs is no number");
    if (!(p->lufs >= MEGA_PROMPT_LUFS_MIN && p->lufs <= MEGA_PROMPT_LUFS_MAX))
        return fault(w, err, "its prompt_lufs is no recording's");
    if (base_sha256 && strcmp(of, base_sha256) != 0)
        return ora_err_set(
            err, ORA_E_VOICE,
            "%s was made with a base of SHA-256 %.16s…, the base found has %.16s…: get that base "
            "again, or make the voice anew by `oratorio voice add`",
            ora_weights_path(w), of, base_sha256);
    return 0;
}

/* A fresh copy of an I32 tensor of n elements. */
static int read_ints(const struct ora_weights *w, const char *name, size_t n, int32_t **out,
                     struct ora_err *err)
{
    const void *data;
    int rc = ora_weights_bind_as(w, ORA_I32, &data, ORA_SHAPE(n), err, "%s", name);
    if (rc < 0)
        return rc;
    *out = ora_xcalloc(n, sizeof **out);
    memcpy(*out, data, n * sizeof **out);
    return 0;
}

static bool tone_ok(int32_t tone)
{
    return tone == MEGA_TONE_NONE || tone == 4 || (tone >= 11 && tone <= 15);
}

static int check(const struct mega_prompt *p, const struct ora_weights *w, struct ora_err *err)
{
    int64_t sum = 0;
    for (int i = 0; i < p->phone_count; i++) {
        if (p->phones[i] < 1 || p->phones[i] > PHONE_LAST || !tone_ok(p->tones[i]))
            return fault(w, err, "a phone or tone that there is not");
        if (p->durations[i] < 0 || p->durations[i] > FRAMES_MAX)
            return fault(w, err, "a duration that cannot be");
        sum += p->durations[i];
    }
    if (sum != (int64_t)MEGA_LATENT_FRAMES * p->rows)
        return fault(w, err, "durations and latents are of different lengths");
    struct ora_err why = {0};
    return mega_latents_check(p->latents, (size_t)p->rows, NULL, &why) < 0 ? fault(w, err, why.message) : 0;
}

static int read_all(struct mega_prompt *p, const struct ora_weights *w, struct ora_err *err)
{
    const struct ora_tensor *phones = ora_weights_find(w, "prompt.phones");
    const struct ora_tensor *latents = ora_weights_find(w, "prompt.latents");
    const float *values;
    if (!phones || !latents || phones->shape.rank != 1 || latents->shape.rank != 2 || phones->count < 1 ||
        phones->count > MEGA_ALIGN_TOKENS_MAX || latents->shape.dim[0] < 2 ||
        latents->shape.dim[0] > FRAMES_MAX / MEGA_LATENT_FRAMES || latents->shape.dim[0] % 2)
        return fault(w, err, "no phones or latents of a prompt");
    size_t n = phones->count, rows = latents->shape.dim[0];
    p->phone_count = (int)n;
    p->rows = (int)rows;
    int rc = read_ints(w, "prompt.phones", n, &p->phones, err);
    if (rc == 0)
        rc = read_ints(w, "prompt.tones", n, &p->tones, err);
    if (rc == 0)
        rc = read_ints(w, "prompt.durations", n, &p->durations, err);
    if (rc == 0)
        rc = ora_weights_bind(w, &values, ORA_SHAPE(rows, MEGA_LATENT), err, "prompt.latents");
    if (rc < 0)
        return rc;
    p->latents = ora_xcalloc(rows * MEGA_LATENT, sizeof *p->latents);
    memcpy(p->latents, values, rows * MEGA_LATENT * sizeof *values);
    return check(p, w, err);
}

int mega_prompt_read(struct mega_prompt *p, const struct ora_weights *w, const char *base_sha256,
                     struct ora_err *err)
{
    *p = (struct mega_prompt){.noise_rms = NAN};
    int rc = read_meta(p, w, base_sha256, err);
    if (rc == 0)
        rc = read_all(p, w, err);
    if (rc < 0)
        mega_prompt_release(p);
    return rc;
}
