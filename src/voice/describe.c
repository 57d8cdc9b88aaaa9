/* Describing a voice: one JSON object is made, and the text is a rendering of it, so that both always say the
 * same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "voice/voice.h"

/* ---- YAML as JSON --------------------------------------------------------------------------- */

static json_t *scalar_json(const struct ora_yaml_node *n)
{
    char *end;
    if (ora_yaml_is_null(n))
        return json_null();
    if (n->quoted)
        return json_string(n->text);
    if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0)
        return json_boolean(n->text[0] == 't');
    errno = 0;
    long long whole = strtoll(n->text, &end, 10);
    if (end != n->text && !*end && !errno)
        return json_integer(whole);
    double real = strtod(n->text, &end);
    json_t *v = end != n->text && !*end ? json_real(real) : NULL; /* NULL for inf and nan */
    return v ? v : json_string(n->text);
}

static json_t *yaml_json(const struct ora_yaml_node *n)
{
    if (!n || n->kind == ORA_YAML_SCALAR)
        return scalar_json(n);
    json_t *out = n->kind == ORA_YAML_MAP ? json_object() : json_array();
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == ORA_YAML_MAP)
            json_object_set_new(out, n->item[i]->key, yaml_json(n->item[i]));
        else
            json_array_append_new(out, yaml_json(n->item[i]));
    }
    return out;
}

/* ---- the object ----------------------------------------------------------------------------- */

static void set(json_t *o, const char *key, const char *text)
{
    if (text)
        json_object_set_new(o, key, json_string(text));
}

static json_t *speakers_json(const struct ora_voice *v)
{
    json_t *names = json_array();
    for (int i = 0; v->speaker_names && i < v->speaker_count; i++)
        json_array_append_new(names, json_string(v->speaker_names[i]));
    return names;
}

static json_t *voice_json(const struct ora_voice *v, const char *not_ready)
{
    struct ora_err why = {0};
    json_t *o = json_object();
    set(o, "name", v->name);
    set(o, "family", v->family);
    set(o, "lang", v->lang);
    json_object_set_new(o, "sample_rate_hz", json_integer(v->sample_rate_hz));
    const struct ora_family *f = ora_family_find(v->family);
    if (f->is_base && f->is_base(v))
        set(o, "role", "a base: networks for `oratorio voice add`, nobody's voice");
    if (!not_ready && f->ready && f->ready(v, &why) < 0)
        not_ready = why.message;
    set(o, "not_ready", not_ready);
    json_object_set_new(o, "speaker_count", json_integer(v->speaker_count));
    if (v->speaker_names)
        json_object_set_new(o, "speakers", speakers_json(v));
    json_object_set_new(o, "default_speaker", json_integer(v->default_speaker));
    set(o, "license", v->license);
    set(o, "license_note", v->license_note);
    set(o, "source", v->source);
    set(o, "dir", v->dir);
    set(o, "weights", v->weights_path);
    set(o, "model_sha256", v->model_sha256);
    set(o, "base", v->base_name);
    if (v->base) {
        set(o, "base_dir", v->base->dir);
        set(o, "base_sha256", v->base->model_sha256);
        set(o, "base_license", v->base->license);
    }
    set(o, "consent", v->consent);
    if (v->weights_random)
        json_object_set_new(o, "weights_random", json_true());
    return o;
}

static int settings_json(const struct ora_voice *v, json_t **out, struct ora_err *err)
{
    struct ora_settings s;
    const struct ora_family *f = ora_family_find(v->family);
    int rc = ora_settings_init(f, v, &s, err);
    *out = rc < 0 ? NULL : ora_settings_to_json(f, &s);
    return rc;
}

/* ---- the text ------------------------------------------------------------------------------- */

static void render_value(struct ora_str *out, const json_t *v)
{
    if (json_is_string(v)) {
        ora_str_add(out, json_string_value(v));
        return;
    }
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    ora_str_add(out, text ? text : "?");
    free(text);
}

static bool is_list_of_maps(const json_t *v)
{
    return json_is_array(v) && json_is_object(json_array_get(v, 0));
}

/* "  key            value", maps and lists of maps one step further in. */
static void render(struct ora_str *out, const char *key, const json_t *v, int depth)
{
    size_t i;
    const char *name;
    json_t *child;
    ora_str_addf(out, "%*s", depth * 2, "");
    if (json_is_object(v) && json_object_size(v)) {
        ora_str_addf(out, "%s\n", key);
        json_object_foreach((json_t *)v, name, child) render(out, name, child, depth + 1);
    } else if (is_list_of_maps(v)) {
        ora_str_addf(out, "%s\n", key);
        json_array_foreach(v, i, child) render(out, "-", child, depth + 1);
    } else {
        ora_str_addf(out, "%-*s ", 16 - depth * 2, key);
        render_value(out, v);
        ora_str_addc(out, '\n');
    }
}

int ora_voice_describe(const struct ora_voice *voice, const struct ora_model *model, const char *not_ready,
                       struct ora_str *text, json_t **json, struct ora_err *err)
{
    const struct ora_family *f = ora_family_find(voice->family);
    const struct ora_yaml_node *provenance = ora_yaml_get(voice->doc->root, "provenance");
    json_t *o = voice_json(voice, not_ready), *part = NULL;
    int rc = settings_json(voice, &part, err);
    if (rc < 0)
        goto out_free;
    json_object_set_new(o, "settings", part);
    if (!ora_yaml_is_null(provenance))
        json_object_set_new(o, "provenance", yaml_json(provenance));
    if (model && f->describe) {
        rc = f->describe(model, &part, err);
        if (rc < 0)
            goto out_free;
        json_object_set_new(o, "facts", part);
    }
    if (text) {
        const char *name;
        json_t *v;
        json_object_foreach(o, name, v) render(text, name, v, 0);
    }
    if (json) {
        *json = o;
        o = NULL;
    }
out_free:
    json_decref(o);
    return rc;
}
