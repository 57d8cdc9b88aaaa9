/* Finding voices: the places, names and paths; and the one that is built in. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "voice/voice.h"
#include "voice/voice_private.h"
#include "weights/safetensors.h"

enum { NAMES_MAX = 4096, YAML_MAX_BYTES = 1 << 20 };

static const char builtin_tone[] = "format: 1\n"
                                   "name: tone\n"
                                   "family: tone\n"
                                   "lang: en-US\n"
                                   "sample_rate_hz: 16000\n"
                                   "license: CC0-1.0\n"
                                   "license_note: made by a formula, nobody's voice\n";

/* ---- places --------------------------------------------------------------------------------- */

static void add_place(char ***places, size_t *count, char *dir)
{
    *places = ora_xrealloc(*places, (*count + 1) * sizeof **places);
    (*places)[(*count)++] = dir;
}

char **ora_voice_places(size_t *count)
{
    char **places = NULL;
    const char *env = getenv("ORATORIO_VOICES"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    *count = 0;
    while (env && *env) {
        size_t n = strcspn(env, ":");
        if (n)
            add_place(&places, count, ora_xstrndup(env, n));
        env += n + (env[n] == ':');
    }
    add_place(&places, count, ora_xstrdup("voices"));
    if (data && *data)
        add_place(&places, count, ora_path_join(data, "oratorio/voices"));
    else if (home && *home)
        add_place(&places, count, ora_path_join(home, ".local/share/oratorio/voices"));
    add_place(&places, count, ora_xstrdup("/usr/local/share/oratorio/voices"));
    add_place(&places, count, ora_xstrdup("/usr/share/oratorio/voices"));
    return places;
}

void ora_voice_places_free(char **places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(places[i]);
    free(places);
}

/* ---- one folder ----------------------------------------------------------------------------- */

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool holds_voice(const char *dir)
{
    char *yaml = ora_path_join(dir, "voice.yaml");
    bool yes = ora_file_exists(yaml);
    free(yaml);
    return yes;
}

/* The header of the weights, and the family they say they are of. */
static int check_family(const struct ora_voice *v, struct ora_err *err)
{
    struct ora_weights *w = NULL;
    if (!ora_ends_with(v->weights_path, ".safetensors"))
        return 0;
    int rc = ora_weights_open(v->weights_path, &w, err);
    if (rc < 0)
        return ora_err_wrap(err, "voice '%s'", v->name);
    const char *family = ora_weights_meta(w, "family");
    if (family && strcmp(family, v->family) != 0)
        rc = ora_err_set(err, ORA_E_VOICE,
                         "voice '%s': %s holds weights of family '%.32s', voice.yaml says '%s'", v->name,
                         v->weights_path, family, v->family);
    ora_weights_close(&w);
    return rc;
}

static int check_weights(const struct ora_voice *v, int64_t recorded, struct ora_err *err)
{
    uint64_t bytes;
    if (!v->weights_path)
        return 0;
    if (ora_file_size(v->weights_path, &bytes, err) < 0) {
        ora_err_wrap(err, "voice '%s': its weights", v->name);
        if (err)
            err->code = ORA_E_VOICE;
        return ORA_E_VOICE;
    }
    if (bytes != (uint64_t)recorded)
        return ora_err_set(
            err, ORA_E_VOICE,
            "voice '%s': %s has %llu bytes, voice.yaml says %lld: it is damaged, import the voice again",
            v->name, v->weights_path, (unsigned long long)bytes, (long long)recorded);
    return check_family(v, err);
}

/* The folder of a named voice: beside `dir`, or in the first place that has it. Caller frees; NULL: none. */
static char *folder_of(const char *name, const char *dir)
{
    size_t count;
    char **places = ora_voice_places(&count), *parent = ora_path_dir(dir);
    char *found = ora_path_join(parent, name);
    for (size_t i = 0; i < count && !holds_voice(found); i++) {
        free(found);
        found = ora_path_join(places[i], name);
    }
    if (!holds_voice(found)) {
        free(found);
        found = NULL;
    }
    ora_voice_places_free(places, count);
    free(parent);
    return found;
}

static int open_dir(const char *dir, bool with_base, struct ora_voice **voice, struct ora_err *err);

/* The clone and its base fit: same family, no chain, and the weights that the clone was made with. */
static int check_base(const struct ora_voice *v, struct ora_err *err)
{
    const struct ora_yaml_node *sha = ora_yaml_get(v->family_config, "base_sha256");
    const char *want = sha && sha->kind == ORA_YAML_SCALAR ? sha->text : "";
    if (strcmp(v->base->family, v->family) != 0)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s' is of family '%s', its base '%s' of '%s'", v->name,
                           v->family, v->base_name, v->base->family);
    if (v->base->base_name)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s': its base '%s' is itself a cloned voice", v->name,
                           v->base_name);
    if (strcmp(want, v->base->model_sha256) != 0)
        return ora_err_set(
            err, ORA_E_VOICE,
            "voice '%s' was made with a base '%s' of SHA-256 %.16s…, the one in %s has %.16s…: "
            "import that base again, or make the voice anew with this one by `oratorio voice add`",
            v->name, v->base_name, *want ? want : "(none)", v->base->dir, v->base->model_sha256);
    return 0;
}

/* The voice whose networks v speaks with. */
static int open_base(struct ora_voice *v, struct ora_err *err)
{
    if (!v->base_name)
        return 0;
    char *dir = folder_of(v->base_name, v->dir);
    if (!dir)
        return ora_err_set(err, ORA_E_VOICE,
                           "voice '%s': its base '%s' is neither beside it nor where voices are looked for: "
                           "import it under that name (`oratorio voice import %s`)",
                           v->name, v->base_name, v->family);
    int rc = open_dir(dir, false, &v->base, err);
    free(dir);
    if (rc < 0)
        return ora_err_wrap(err, "voice '%s': its base", v->name);
    v->weights_random = v->weights_random || v->base->weights_random;
    return check_base(v, err);
}

static int open_dir(const char *dir, bool with_base, struct ora_voice **voice, struct ora_err *err)
{
    char *real = realpath(dir, NULL), *yaml = NULL, *bytes = NULL;
    size_t len;
    int64_t recorded;
    *voice = NULL;
    if (!real)
        return ora_err_errno(err, errno, "%s", dir);
    yaml = ora_path_join(real, "voice.yaml");
    int rc = ora_file_read(yaml, YAML_MAX_BYTES, &bytes, &len, err);
    if (rc == 0)
        rc = ora_voice_read(bytes, len, real, voice, &recorded, err);
    if (rc == 0)
        rc = check_weights(*voice, recorded, err);
    if (rc == 0 && with_base)
        rc = open_base(*voice, err);
    if (rc < 0)
        ora_voice_close(voice);
    free(bytes);
    free(yaml);
    free(real);
    return rc;
}

int ora_voice_open_dir(const char *dir, struct ora_voice **voice, struct ora_err *err)
{
    return open_dir(dir, true, voice, err);
}

/* ---- by name or path ------------------------------------------------------------------------ */

static int open_path(const char *path, bool with_base, struct ora_voice **voice, struct ora_err *err)
{
    if (is_dir(path)) {
        if (!holds_voice(path))
            return ora_err_set(err, ORA_E_NOT_FOUND, "%s: a folder without voice.yaml is not a voice", path);
        return open_dir(path, with_base, voice, err);
    }
    if (!ora_file_exists(path))
        return ora_err_set(err, ORA_E_NOT_FOUND, "%s: there is no such voice folder", path);
    if (strcmp(ora_path_base(path), "voice.yaml") != 0)
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "%s: not a voice folder; a model file becomes one by `oratorio voice import`",
                           path);
    char *dir = ora_path_dir(path);
    int rc = open_dir(dir, with_base, voice, err);
    free(dir);
    return rc;
}

struct names {
    char *item[NAMES_MAX];
    size_t count;
};

static int collect_name(void *ctx, const struct ora_voice *voice, const char *dir, const struct ora_err *why)
{
    struct names *n = ctx;
    (void)why;
    if (n->count < NAMES_MAX)
        n->item[n->count++] = ora_xstrdup(voice ? voice->name : ora_path_base(dir));
    return 0;
}

static int not_found(const char *name, struct ora_err *err)
{
    struct names *names = ora_xcalloc(1, sizeof *names);
    struct ora_str searched = ORA_STR_INIT;
    size_t count;
    char **places = ora_voice_places(&count);
    for (size_t i = 0; i < count; i++)
        ora_str_addf(&searched, "%s%s", i ? ", " : "", places[i]);
    ora_voice_places_free(places, count);
    (void)ora_voice_list(collect_name, names, NULL);
    const char *near = NULL;
    for (size_t i = 0; i < names->count && !near && strlen(name) >= 3; i++)
        near = strstr(names->item[i], name) ? names->item[i] : NULL; /* "joe" for "en_US-joe-medium" */
    if (!near)
        near = ora_nearest(name, (const char *const *)names->item, names->count);
    int rc = ora_err_set(err, ORA_E_NOT_FOUND,
                         "no voice '%.64s'%s%s%s; searched %s; 'oratorio voice import' makes one (the source "
                         "tree's deploy/fetch-voice fetches the default)",
                         name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "",
                         ora_str_c(&searched));
    for (size_t i = 0; i < names->count; i++)
        free(names->item[i]);
    free(names);
    ora_str_release(&searched);
    return rc;
}

static int open_named(const char *dir, const char *name, bool with_base, struct ora_voice **voice,
                      struct ora_err *err)
{
    int rc = open_dir(dir, with_base, voice, err);
    if (rc == 0 && strcmp((*voice)->name, name) != 0) {
        rc = ora_err_set(err, ORA_E_VOICE,
                         "%s/voice.yaml: its name is '%s', its folder's is '%s': records need one name", dir,
                         (*voice)->name, name);
        ora_voice_close(voice);
    }
    return rc;
}

static int open_voice(const char *name, bool with_base, struct ora_voice **voice, struct ora_err *err)
{
    size_t count;
    int rc = 1;
    *voice = NULL;
    if (strcmp(name, "tone") == 0)
        return ora_voice_parse(builtin_tone, sizeof builtin_tone - 1, "(built in)", voice, err);
    if (strchr(name, '/') || ora_ends_with(name, ".yaml") || ora_ends_with(name, ".onnx"))
        return open_path(name, with_base, voice, err);
    if (!ora_voice_name_ok(name))
        return ora_err_set(err, ORA_E_BAD_USAGE, "'%.80s' cannot be a voice's name", name);
    char **places = ora_voice_places(&count);
    for (size_t i = 0; i < count && rc == 1; i++) {
        char *dir = ora_path_join(places[i], name);
        if (holds_voice(dir))
            rc = open_named(dir, name, with_base, voice, err);
        free(dir);
    }
    ora_voice_places_free(places, count);
    return rc == 1 ? not_found(name, err) : rc;
}

int ora_voice_open(const char *name, struct ora_voice **voice, struct ora_err *err)
{
    return open_voice(name, true, voice, err);
}

int ora_voice_open_alone(const char *name, struct ora_voice **voice, struct ora_err *err)
{
    return open_voice(name, false, voice, err);
}

/* ---- all ------------------------------------------------------------------------------------ */

static bool seen_before(const char *name, char **places, size_t place)
{
    bool seen = strcmp(name, "tone") == 0;
    for (size_t i = 0; i < place && !seen; i++) {
        char *dir = ora_path_join(places[i], name);
        seen = holds_voice(dir);
        free(dir);
    }
    return seen;
}

static int list_dir(const char *dir, const char *name, ora_voice_list_fn *fn, void *ctx)
{
    struct ora_err why = {0};
    struct ora_voice *v = NULL;
    (void)open_named(dir, name, true, &v, &why);
    bool usable = v != NULL;
    struct ora_err ignored = {0}; /* why has what is wrong */
    if (!usable)
        (void)open_named(dir, name, false, &v, &ignored);
    int rc = fn(ctx, v, dir, usable ? NULL : &why);
    ora_voice_close(&v);
    return rc;
}

static int list_place(char **places, size_t place, ora_voice_list_fn *fn, void *ctx)
{
    struct dirent **entries;
    int rc = 0, n = scandir(places[place], &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char *dir = ora_path_join(places[place], name);
        if (rc >= 0 && ora_voice_name_ok(name) && holds_voice(dir) && !seen_before(name, places, place))
            rc = list_dir(dir, name, fn, ctx);
        free(dir);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return rc < 0 ? rc : 0; /* a place that is not there holds no voices */
}

int ora_voice_list(ora_voice_list_fn *fn, void *ctx, struct ora_err *err)
{
    struct ora_voice *tone = NULL;
    size_t count;
    int rc = ora_voice_open("tone", &tone, err);
    if (rc < 0)
        return rc;
    char **places = ora_voice_places(&count);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = list_place(places, i, fn, ctx);
    if (rc >= 0)
        rc = fn(ctx, tone, tone->dir, NULL);
    ora_voice_places_free(places, count);
    ora_voice_close(&tone);
    return rc < 0 ? rc : 0;
}

/* ---- use ------------------------------------------------------------------------------------ */

int ora_voice_verify(const struct ora_voice *voice, struct ora_err *err)
{
    if (!voice->weights_path)
        return 0;
    int rc = ora_weights_verify(voice->weights_path, voice->model_sha256, err);
    return rc < 0 ? ora_err_wrap(err, "voice '%s'", voice->name) : 0;
}

int ora_voice_speaker(const struct ora_voice *voice, const char *name_or_number, int *speaker,
                      struct ora_err *err)
{
    for (int i = 0; voice->speaker_names && i < voice->speaker_count; i++) {
        if (strcmp(voice->speaker_names[i], name_or_number) == 0) {
            *speaker = i;
            return 0;
        }
    }
    char *end;
    errno = 0;
    long v = strtol(name_or_number, &end, 10);
    if (end != name_or_number && !*end && !errno && v >= 0 && v < voice->speaker_count) {
        *speaker = (int)v;
        return 0;
    }
    const char *near = voice->speaker_names
                           ? ora_nearest(name_or_number, (const char *const *)voice->speaker_names,
                                         (size_t)voice->speaker_count)
                           : NULL;
    return ora_err_set(err, ORA_E_BAD_USAGE,
                       "voice '%s' has no speaker '%.64s'%s%s%s; it has %d, numbered from 0", voice->name,
                       name_or_number, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "",
                       voice->speaker_count);
}
