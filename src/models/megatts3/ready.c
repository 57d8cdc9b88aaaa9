/* Ready: two voice.yaml's against what speaking needs. */
#include "models/megatts3/ready.h"

#include <string.h>

#include "models/megatts3/base_voice.h"

bool mega_is_base(const struct ora_voice *voice)
{
    const struct ora_yaml_node *role = ora_yaml_get(voice->family_config, "role");
    return role && role->kind == ORA_YAML_SCALAR && strcmp(role->text, "base") == 0;
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static bool speech_needs(int part)
{
    return part == MEGA_PART_DIT || part == MEGA_PART_DUR || part == MEGA_PART_VAE || part == MEGA_PART_G2P;
}

/* "dit (folder diffusion_transformer), g2p (folder g2p)"; empty when nothing is missing. */
static void list_missing(const struct mega_base_voice *b, bool with_aligner, struct ora_str *out)
{
    for (int p = 0; p < MEGA_PARTS; p++)
        if (!b->part[p] && (speech_needs(p) || (with_aligner && p == MEGA_PART_ALIGN)))
            ora_str_addf(out, "%s%s (folder %s)", out->len ? ", " : "", mega_part_name((enum mega_part)p),
                         mega_part_folder((enum mega_part)p));
}

static bool can_speak(const struct mega_base_voice *b)
{
    for (int p = 0; p < MEGA_PARTS; p++)
        if (speech_needs(p) && !b->part[p])
            return false;
    return true;
}

static int check_base(const struct ora_voice *base, const struct mega_base_voice *b, struct ora_err *err)
{
    struct ora_str missing = ORA_STR_INIT;
    int rc = 0;
    list_missing(b, true, &missing);
    if (missing.len)
        rc = ora_err_set(err, ORA_E_VOICE,
                         "base '%s' was imported without %s: %s; import the whole release again with "
                         "`oratorio voice import megatts3 RELEASE-DIR --name %s --replace`",
                         base->name, ora_str_c(&missing),
                         can_speak(b) ? "no recording can become a voice" : "its voices cannot speak",
                         base->name);
    ora_str_release(&missing);
    return rc;
}

static int check_parts(const struct ora_voice *v, const struct mega_base_voice *b, struct ora_err *err)
{
    struct ora_str missing = ORA_STR_INIT;
    int rc = 0;
    list_missing(b, false, &missing);
    if (missing.len)
        rc = ora_err_set(err, ORA_E_VOICE,
                         "voice '%s' cannot speak: its base '%s' was imported without %s; import the whole "
                         "release again with `oratorio voice import megatts3 RELEASE-DIR --name %s "
                         "--replace`, then make the voice anew with `oratorio voice add`",
                         v->name, v->base->name, ora_str_c(&missing), v->base->name);
    ora_str_release(&missing);
    return rc;
}

/* ---- the base as it was ---------------------------------------------------------------------------- */

/* Voices made before the map was recorded say nothing of it. */
static int check_same_base(const struct ora_voice *v, const struct mega_base_voice *b, struct ora_err *err)
{
    const struct ora_yaml_node *recorded = ora_yaml_get(v->family_config, "base_config_sha256");
    const char *want;
    char found[65];
    int rc = ora_yaml_is_null(recorded) ? 1 : ora_yaml_string(recorded, &want, err);
    if (rc)
        return rc < 0 ? rc : 0;
    mega_base_config_sha256(b, found);
    if (strcmp(want, found) == 0)
        return 0;
    return ora_err_set(
        err, ORA_E_VOICE,
        "voice '%s' was made when the map 'megatts3' in %s/voice.yaml said something else (its "
        "dims, parts, use_pos_embed or win_size): put it back, or make the voice anew with "
        "`oratorio voice add %s --base %s --replace …`",
        v->name, v->base->dir, v->name, v->base->name);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int check_format(const struct ora_voice *voice, struct ora_err *err)
{
    if (voice->sample_rate_hz != MEGA_SAMPLE_RATE)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s': voice.yaml's sample_rate_hz is %d, wanted %d",
                           voice->name, voice->sample_rate_hz, MEGA_SAMPLE_RATE);
    if (voice->speaker_count != 1)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s': voice.yaml has %d speakers, wanted 1", voice->name,
                           voice->speaker_count);
    return 0;
}

/* A base does not speak; the advice is what helps: a voice of it only where that one could speak. */
static int refuse_base(const struct ora_voice *voice, struct ora_err *err)
{
    if (mega_ready(voice, err) < 0)
        return ora_err_wrap(err, "voice '%s' is a base of MegaTTS 3: nobody's voice, and not ready",
                            voice->name);
    return ora_err_set(err, ORA_E_VOICE,
                       "voice '%s' is a base of MegaTTS 3: it has the networks but nobody's voice. Make a "
                       "voice of a recording with: oratorio voice add NAME --base %s --prompt prompt.wav "
                       "--consent TEXT --license TEXT",
                       voice->name, voice->name);
}

int mega_check_clone(const struct ora_voice *voice, struct ora_err *err)
{
    if (mega_is_base(voice))
        return refuse_base(voice, err);
    if (!voice->base || !voice->weights_path)
        return ora_err_set(err, ORA_E_VOICE,
                           "voice '%s' is no cloned voice of MegaTTS 3 with a base and a prompt",
                           voice->name);
    if (!mega_is_base(voice->base) || !voice->base->weights_path)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s' rests on '%s', which is no base of MegaTTS 3",
                           voice->name, voice->base->name);
    int rc = check_format(voice, err);
    return rc < 0 ? rc : check_format(voice->base, err);
}

int mega_ready(const struct ora_voice *voice, struct ora_err *err)
{
    struct mega_base_voice b;
    bool is_base = mega_is_base(voice);
    const struct ora_voice *base = is_base ? voice : voice->base;
    int rc = is_base ? check_format(voice, err) : mega_check_clone(voice, err);
    if (rc == 0)
        rc = mega_base_read_yaml(base->family_config, &b, err);
    if (rc == 0 && is_base)
        return check_base(voice, &b, err);
    if (rc == 0)
        rc = check_parts(voice, &b, err);
    return rc < 0 ? rc : check_same_base(voice, &b, err);
}
