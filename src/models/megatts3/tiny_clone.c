/* The base by make-random; of the prompt only the form matters: 12 phones, 20 latents. */
#include "models/megatts3/tiny_clone.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "models/megatts3/make_random.h"
#include "models/megatts3/prompt.h"
#include "nn/noise.h"

enum { PHONES = 12, LATENTS = 20 };

static struct ora_voice *voice_of(const char *name, const char *dir, const char *yaml, struct ora_err *err)
{
    struct ora_voice *v = ora_xcalloc(1, sizeof *v);
    v->name = ora_xstrdup(name);
    v->family = ora_xstrdup("megatts3");
    v->dir = ora_xstrdup(dir);
    v->lang = ora_xstrdup("en-US");
    v->weights_path = ora_path_join(dir, "model.safetensors");
    v->sample_rate_hz = MEGA_SAMPLE_RATE;
    v->speaker_count = 1;
    v->weights_random = true;
    v->doc = ora_yaml_parse(yaml, strlen(yaml), "voice.yaml", err);
    v->family_config = v->doc ? ora_yaml_get(v->doc->root, "megatts3") : NULL;
    v->default_settings = v->doc ? ora_yaml_get(v->doc->root, "settings") : NULL;
    return v;
}

static int make_base(const char *dir, struct ora_voice **base, struct ora_err *err)
{
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_import_options options = {.out_dir = dir, .name = "base", .dims = "mini"};
    int rc = ora_file_mkdirs(dir, 0755, err);
    if (rc == 0)
        rc = mega_make_random("A", &options, &yaml, err);
    *base = voice_of("base", dir, ora_str_c(&yaml), err);
    if (rc == 0)
        rc = ora_file_sha256((*base)->weights_path, (*base)->model_sha256, err);
    ora_str_release(&yaml);
    return rc;
}

static int write_prompt(const struct ora_voice *clone, const char *base_sha256, struct ora_err *err)
{
    int32_t phones[PHONES], tones[PHONES], durations[PHONES];
    float latents[LATENTS * MEGA_LATENT];
    for (int i = 0; i < PHONES; i++) {
        phones[i] = i ? 101 + 3 * i : MEGA_SIL;
        tones[i] = MEGA_TONE_NONE;
        durations[i] = i ? 6 : LATENTS * MEGA_LATENT_FRAMES - 6 * (PHONES - 1);
    }
    ora_noise_row(ora_rng_key_of(1, "prompt", 0), 0, 0, 0, LATENTS * MEGA_LATENT, 1, latents);
    struct mega_prompt p = {.phone_count = PHONES,
                            .phones = phones,
                            .tones = tones,
                            .durations = durations,
                            .rows = LATENTS,
                            .latents = latents,
                            .lufs = -20};
    const struct mega_prompt_made_with with = {.base_sha256 = base_sha256};
    return mega_prompt_write(&p, &with, clone->weights_path, (char *)clone->model_sha256, err);
}

int tiny_clone_make(const char *dir, struct ora_voice **voice, struct ora_err *err)
{
    char *base_dir = ora_path_join(dir, "base"), *clone_dir = ora_path_join(dir, "clone");
    struct ora_voice *base = NULL;
    int rc = make_base(base_dir, &base, err);
    *voice = voice_of("clone", clone_dir, "megatts3:\n  role: clone\n", err);
    (*voice)->base = base;
    if (rc == 0)
        rc = ora_file_mkdirs(clone_dir, 0755, err);
    if (rc == 0)
        rc = write_prompt(*voice, base->model_sha256, err);
    free(base_dir);
    free(clone_dir);
    return rc;
}

void tiny_clone_free(struct ora_voice **voice)
{
    struct ora_voice *v = *voice;
    if (!v)
        return;
    tiny_clone_free(&v->base);
    ora_yaml_free(&v->doc);
    free(v->name);
    free(v->family);
    free(v->dir);
    free(v->lang);
    free(v->weights_path);
    free(v);
    *voice = NULL;
}
