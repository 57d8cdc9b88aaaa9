/*
 * voice.yaml → struct ora_voice. Every field is checked here, once, with file and line; the family's own map
 * is left to the family. README.md documents the format.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "voice/voice.h"
#include "voice/voice_private.h"

enum { SPEAKERS_MAX = 100000 };

static bool is_hex64(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

bool ora_voice_name_ok(const char *name)
{
    size_t len = strlen(name);
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return len > 0 && len <= ORA_VOICE_NAME_MAX && strspn(name, allowed) == len && !strchr("._-", name[0]);
}

static bool is_space(uint32_t cp)
{
    static const uint32_t others[] = {0x7f,   0x85,   0xa0,   0x1680, 0x2028, 0x2029,
                                      0x202f, 0x205f, 0x2060, 0x3000, 0xfeff};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cp == others[i])
            return true;
    return cp <= 0x20 || (cp >= 0x2000 && cp <= 0x200f);
}

bool ora_voice_text_blank(const char *text)
{
    uint32_t cp;
    for (size_t left = strlen(text), n; left; text += n, left -= n)
        if (!(n = ora_utf8_decode(text, left, &cp)) || !is_space(cp))
            return false;
    return true;
}

/* ---- fields --------------------------------------------------------------------------------- */

static int missing(const struct ora_yaml_node *map, const char *key, struct ora_err *err)
{
    return ora_err_set(err, ORA_E_BAD_USAGE, "%s:%d: field '%s' is missing", map->doc->name, map->line, key);
}

/* A copy of a string field; absent or null leaves NULL when it is not required. */
static int text_field(const struct ora_yaml_node *map, const char *key, bool required, char **out,
                      struct ora_err *err)
{
    const struct ora_yaml_node *n = ora_yaml_get(map, key);
    const char *s;
    if (ora_yaml_is_null(n))
        return required ? missing(map, key, err) : 0;
    int rc = ora_yaml_string(n, &s, err);
    if (rc == 0)
        *out = ora_xstrdup(s);
    return rc;
}

static int int_field(const struct ora_yaml_node *map, const char *key, int64_t min, int64_t max, int *out,
                     struct ora_err *err)
{
    const struct ora_yaml_node *n = ora_yaml_get(map, key);
    int64_t v;
    if (ora_yaml_is_null(n))
        return 0;
    int rc = ora_yaml_integer(n, min, max, &v, err);
    if (rc == 0)
        *out = (int)v;
    return rc;
}

/* ---- parts ---------------------------------------------------------------------------------- */

static int read_speakers(struct ora_voice *v, const struct ora_yaml_node *root, struct ora_err *err)
{
    const struct ora_yaml_node *names = ora_yaml_get(root, "speakers");
    v->speaker_count = 1;
    int rc = int_field(root, "speaker_count", 1, SPEAKERS_MAX, &v->speaker_count, err);
    if (rc < 0)
        return rc;
    if (!ora_yaml_is_null(names)) {
        if (names->kind != ORA_YAML_LIST || names->count < 1 || names->count > SPEAKERS_MAX)
            return ora_yaml_error(names, err, "wanted a list of 1 to %d names", SPEAKERS_MAX);
        if (ora_yaml_get(root, "speaker_count") && (size_t)v->speaker_count != names->count)
            return ora_yaml_error(names, err, "%zu names, but speaker_count is %d", names->count,
                                  v->speaker_count);
        v->speaker_count = (int)names->count;
        v->speaker_names = ora_xcalloc(names->count, sizeof *v->speaker_names);
        for (size_t i = 0; i < names->count; i++) {
            const char *s;
            if ((rc = ora_yaml_string(names->item[i], &s, err)) < 0)
                return rc;
            v->speaker_names[i] = ora_xstrdup(s);
        }
    }
    return int_field(root, "default_speaker", 0, v->speaker_count - 1, &v->default_speaker, err);
}

static int read_weights(struct ora_voice *v, const struct ora_yaml_node *root, const char *dir,
                        int64_t *bytes, struct ora_err *err)
{
    static const char *const keys[] = {"file", "bytes", "sha256", "random"};
    const struct ora_yaml_node *w = ora_yaml_get(root, "weights");
    char *file = NULL, *sha = NULL;
    int rc = 0;
    if (ora_yaml_is_null(w))
        return 0;
    if (w->kind != ORA_YAML_MAP)
        return ora_yaml_error(w, err, "wanted a map of file, bytes and sha256");
    if ((rc = ora_yaml_check_keys(w, keys, sizeof keys / sizeof *keys, err)) < 0 ||
        (rc = text_field(w, "file", true, &file, err)) < 0 ||
        (rc = text_field(w, "sha256", true, &sha, err)) < 0)
        goto out_free;
    if (strchr(file, '/') || file[0] == '.') {
        rc = ora_yaml_error(ora_yaml_get(w, "file"), err,
                            "'%.64s' is not the name of a file beside voice.yaml", file);
        goto out_free;
    }
    if (!is_hex64(sha)) {
        rc = ora_yaml_error(ora_yaml_get(w, "sha256"), err, "wanted 64 hex digits in lower case");
        goto out_free;
    }
    const struct ora_yaml_node *n = ora_yaml_get(w, "bytes"), *random = ora_yaml_get(w, "random");
    rc = ora_yaml_is_null(n) ? missing(w, "bytes", err) : ora_yaml_integer(n, 1, INT64_MAX, bytes, err);
    if (rc == 0 && !ora_yaml_is_null(random))
        rc = ora_yaml_bool(random, &v->weights_random, err);
    memcpy(v->model_sha256, sha, sizeof v->model_sha256);
    v->weights_path = ora_path_join(dir, file);
out_free:
    free(file);
    free(sha);
    return rc;
}

static int read_family(struct ora_voice *v, const struct ora_yaml_node *root, struct ora_err *err)
{
    struct ora_settings probe;
    const struct ora_yaml_node *n = ora_yaml_get(root, "family");
    const struct ora_family *f = ora_family_find(v->family);
    const char *names[64];
    size_t count = 0;
    if (!f) {
        struct ora_str list = ORA_STR_INIT;
        for (; count < 64 && ora_family_at(count); count++) {
            names[count] = ora_family_at(count)->name;
            ora_str_addf(&list, "%s%s", count ? ", " : "", names[count]);
        }
        const char *near = ora_nearest(v->family, names, count);
        int rc = ora_err_set(err, ORA_E_VOICE, "%s:%d: family '%.32s' is not one of this build (%s)%s%s%s",
                             n->doc->name, n->line, v->family, ora_str_c(&list),
                             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
        ora_str_release(&list);
        return rc;
    }
    v->default_settings = ora_yaml_get(root, "settings");
    v->family_config = ora_yaml_get(root, v->family);
    return ora_settings_init(f, v, &probe, err); /* its settings must be the family's */
}

/* Whatever the importer recorded: names and texts, and one list of files. Kept in the tree for describe. */
static int check_provenance(const struct ora_yaml_node *root, struct ora_err *err)
{
    const struct ora_yaml_node *p = ora_yaml_get(root, "provenance");
    if (!ora_yaml_is_null(p) && p->kind != ORA_YAML_MAP)
        return ora_yaml_error(p, err, "wanted a map");
    return 0;
}

/* A voice with another's networks is a person's, and somebody must have said that they agreed. */
static int read_base(struct ora_voice *v, const struct ora_yaml_node *root, struct ora_err *err)
{
    const struct ora_yaml_node *base = ora_yaml_get(root, "base");
    int rc = text_field(root, "base", false, &v->base_name, err);
    if (rc == 0)
        rc = text_field(root, "consent", v->base_name != NULL, &v->consent, err);
    if (rc < 0 || !v->base_name)
        return rc;
    if (!ora_voice_name_ok(v->base_name) || strcmp(v->base_name, v->name) == 0)
        return ora_yaml_error(base, err, "'%.80s' is not the name of another voice", v->base_name);
    if (ora_voice_text_blank(v->consent))
        return ora_yaml_error(ora_yaml_get(root, "consent"), err,
                              "is blank: say whose voice this is and that they agreed");
    return 0;
}

static int read_lang(struct ora_voice *v, const struct ora_yaml_node *root, struct ora_err *err)
{
    int rc = text_field(root, "lang", true, &v->lang, err);
    if (rc == 0 && !ora_lang_tag_ok(v->lang))
        rc = ora_yaml_error(ora_yaml_get(root, "lang"), err, "'%.40s' is not a language tag such as en-US",
                            v->lang);
    return rc;
}

static int read_root(struct ora_voice *v, const char *dir, int64_t *weights_bytes, struct ora_err *err)
{
    const struct ora_yaml_node *root = v->doc->root;
    int format = 0, rc;
    if (!root || root->kind != ORA_YAML_MAP)
        return ora_err_set(err, ORA_E_BAD_USAGE, "%s: not a map of fields", v->doc->name);
    if ((rc = text_field(root, "family", true, &v->family, err)) < 0)
        return rc;
    const char *keys[] = {"format",          "name",         "family",  "lang",       "sample_rate_hz",
                          "license",         "license_note", "source",  "speakers",   "speaker_count",
                          "default_speaker", "settings",     "weights", "provenance", "base",
                          "consent",         v->family};
    if ((rc = ora_yaml_check_keys(root, keys, sizeof keys / sizeof *keys, err)) < 0)
        return rc;
    if (ora_yaml_is_null(ora_yaml_get(root, "format")))
        return missing(root, "format", err);
    if ((rc = int_field(root, "format", ORA_VOICE_FORMAT, ORA_VOICE_FORMAT, &format, err)) < 0 ||
        (rc = text_field(root, "name", true, &v->name, err)) < 0)
        return rc;
    if (!ora_voice_name_ok(v->name))
        return ora_yaml_error(
            ora_yaml_get(root, "name"), err,
            "'%.80s' cannot be a voice's name: letters, digits, '.', '_' and '-', at most %d", v->name,
            ORA_VOICE_NAME_MAX);
    if (ora_yaml_is_null(ora_yaml_get(root, "sample_rate_hz")))
        return missing(root, "sample_rate_hz", err);
    if ((rc = int_field(root, "sample_rate_hz", 8000, 192000, &v->sample_rate_hz, err)) < 0 ||
        (rc = read_lang(v, root, err)) < 0 ||
        (rc = text_field(root, "license", true, &v->license, err)) < 0 ||
        (rc = text_field(root, "license_note", false, &v->license_note, err)) < 0 ||
        (rc = text_field(root, "source", false, &v->source, err)) < 0 ||
        (rc = read_speakers(v, root, err)) < 0 || (rc = read_weights(v, root, dir, weights_bytes, err)) < 0 ||
        (rc = check_provenance(root, err)) < 0 || (rc = read_base(v, root, err)) < 0)
        return rc;
    return read_family(v, root, err);
}

/* ---- life ----------------------------------------------------------------------------------- */

int ora_voice_read(const char *bytes, size_t len, const char *dir, struct ora_voice **out,
                   int64_t *weights_bytes, struct ora_err *err)
{
    struct ora_voice *v = ora_xcalloc(1, sizeof *v);
    char *name = ora_path_join(dir, "voice.yaml");
    int rc = 0;
    *weights_bytes = 0;
    v->dir = ora_xstrdup(dir);
    v->doc = ora_yaml_parse(bytes, len, name, err);
    free(name);
    if (!v->doc)
        rc = err ? err->code : ORA_E_BAD_USAGE;
    else
        rc = read_root(v, dir, weights_bytes, err);
    if (rc == 0 && !v->weights_path)
        ora_sha256_of(bytes, len, v->model_sha256);
    if (rc < 0)
        ora_voice_close(&v);
    *out = v;
    return rc;
}

int ora_voice_parse(const char *bytes, size_t len, const char *dir, struct ora_voice **voice,
                    struct ora_err *err)
{
    int64_t weights_bytes;
    return ora_voice_read(bytes, len, dir, voice, &weights_bytes, err);
}

void ora_voice_close(struct ora_voice **p)
{
    struct ora_voice *v = *p;
    if (!v)
        return;
    for (int i = 0; v->speaker_names && i < v->speaker_count; i++)
        free(v->speaker_names[i]);
    free(v->speaker_names);
    free(v->name);
    free(v->family);
    free(v->dir);
    free(v->weights_path);
    free(v->lang);
    free(v->license);
    free(v->license_note);
    free(v->source);
    free(v->base_name);
    free(v->consent);
    ora_voice_close(&v->base);
    ora_yaml_free(&v->doc);
    free(v);
    *p = NULL;
}
