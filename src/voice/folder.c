/* A voice folder in the making. */
#include "voice/folder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "voice/voice.h"
#include "voice/voice_private.h"

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int ora_voice_folder_init(struct ora_voice_folder *f, const char *name, const char *out_dir, bool replace,
                          struct ora_err *err)
{
    if (!ora_voice_name_ok(name))
        return ora_err_set(
            err, ORA_E_BAD_USAGE,
            "'%.80s' cannot be a voice's name: letters, digits, '.', '_' and '-', at most %d; give another",
            name, ORA_VOICE_NAME_MAX);
    if (strcmp(name, "tone") == 0)
        return ora_err_set(err, ORA_E_BAD_USAGE, "'tone' is the built-in voice's name: give another");
    if (out_dir) {
        f->out_dir = ora_xstrdup(out_dir);
    } else {
        size_t count;
        char **places = ora_voice_places(&count);
        f->out_dir = ora_xstrdup(places[0]);
        ora_voice_places_free(places, count);
    }
    f->name = ora_xstrdup(name);
    f->replace = replace;
    f->final = ora_path_join(f->out_dir, name);
    f->tmp = ora_fmt("%s/.%s.import-%ld", f->out_dir, name, (long)getpid());
    if (!replace && (is_dir(f->final) || ora_file_exists(f->final)))
        return ora_err_set(err, ORA_E_BUSY,
                           "%s is there already: --replace replaces it, or give another name", f->final);
    return 0;
}

int ora_voice_folder_begin(struct ora_voice_folder *f, struct ora_err *err)
{
    f->begun = true;
    int rc = ora_file_remove_tree(f->tmp, err);
    return rc < 0 ? rc : ora_file_mkdirs(f->tmp, 0755, err);
}

int ora_voice_folder_write(const struct ora_voice_folder *f, const char *file, const void *data, size_t len,
                           struct ora_err *err)
{
    char *path = ora_path_join(f->tmp, file);
    int rc = ora_file_write_atomic(path, data, len, 0644, err);
    free(path);
    return rc;
}

/* Reads what was written as every later user will. */
static int read_back(const struct ora_voice_folder *f, struct ora_err *err)
{
    struct ora_voice *v = NULL;
    int rc = ora_voice_open_dir(f->tmp, &v, err);
    ora_voice_close(&v);
    return rc < 0 ? ora_err_wrap(err, "reading the new voice back") : 0;
}

static int give_name(const struct ora_voice_folder *f, struct ora_err *err)
{
    int rc;
    if (!f->replace || !is_dir(f->final))
        return ora_file_rename_durable(f->tmp, f->final, err);
    char *old = ora_fmt("%s/.%s.old-%ld", f->out_dir, f->name, (long)getpid());
    rc = ora_file_rename_durable(f->final, old, err);
    if (rc == 0) {
        rc = ora_file_rename_durable(f->tmp, f->final, err);
        if (rc < 0)
            (void)rename(old, f->final);
        else
            (void)ora_file_remove_tree(old, NULL);
    }
    free(old);
    return rc;
}

int ora_voice_folder_finish(struct ora_voice_folder *f, struct ora_err *err)
{
    int rc = read_back(f, err);
    if (rc == 0)
        rc = give_name(f, err);
    if (rc == 0)
        f->begun = false;
    return rc;
}

void ora_voice_folder_release(struct ora_voice_folder *f)
{
    if (f->begun)
        (void)ora_file_remove_tree(f->tmp, NULL);
    free(f->name);
    free(f->out_dir);
    free(f->final);
    free(f->tmp);
    *f = (struct ora_voice_folder){0};
}

/* ---- parts of voice.yaml -------------------------------------------------------------------- */

/* JSON's strings are YAML's double-quoted ones. */
void ora_voice_yaml_quoted(struct ora_str *out, const char *text)
{
    json_t *s = json_string(text);
    char *quoted = s ? json_dumps(s, JSON_ENCODE_ANY) : NULL;
    ora_str_add(out, quoted ? quoted : "\"?\"");
    free(quoted);
    json_decref(s);
}

void ora_voice_yaml_field(struct ora_str *out, const char *key, const char *text)
{
    if (!text)
        return;
    ora_str_addf(out, "%s: ", key);
    ora_voice_yaml_quoted(out, text);
    ora_str_addc(out, '\n');
}

int ora_voice_yaml_weights(const struct ora_voice_folder *f, bool random, struct ora_str *out,
                           struct ora_err *err)
{
    char *path = ora_path_join(f->tmp, ORA_VOICE_WEIGHTS_FILE), sha[65];
    uint64_t bytes;
    int rc = ora_file_size(path, &bytes, err);
    if (rc == 0)
        rc = ora_file_sha256(path, sha, err);
    if (rc == 0)
        ora_str_addf(out, "weights:\n  file: %s\n  bytes: %llu\n  sha256: %s\n%s", ORA_VOICE_WEIGHTS_FILE,
                     (unsigned long long)bytes, sha, random ? "  random: true\n" : "");
    free(path);
    return rc;
}

int ora_voice_source_read(const char *path, struct ora_voice_source *s, struct ora_err *err)
{
    int rc = ora_file_size(path, &s->bytes, err);
    return rc < 0 ? rc : ora_file_sha256(path, s->sha256, err);
}

void ora_voice_yaml_source(struct ora_str *out, const char *shown_as, const struct ora_voice_source *s,
                           const char *origin)
{
    ora_str_add(out, "    - name: ");
    ora_voice_yaml_quoted(out, shown_as);
    ora_str_addf(out, "\n      bytes: %llu\n      sha256: %s\n", (unsigned long long)s->bytes, s->sha256);
    if (origin) {
        ora_str_add(out, "      origin: ");
        ora_voice_yaml_quoted(out, origin);
        ora_str_addc(out, '\n');
    }
}
