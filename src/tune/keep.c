/* Keep: the key, its file's name, and the two ways between file and result. */
#include "tune/keep.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

enum { FILE_BYTES_MAX = 1 << 20 };

/* A cloned voice is its own file and the base whose networks it speaks with. */
static void hash_voice(const struct ora_voice *v, char hex[65])
{
    struct ora_sha256 h;
    ora_sha256_init(&h);
    for (; v; v = v->base)
        ora_sha256_update(&h, v->model_sha256, strlen(v->model_sha256));
    ora_sha256_hex(&h, hex);
}

static void list_levels(const struct ora_levels *here, const char *arithmetic, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < here->count; i++) {
        const char *class_ = ora_arithmetic_of_level(here->name[i]);
        if (!class_ || strcmp(class_, arithmetic) != 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used ? "," : "", here->name[i]);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}

void ora_tune_key_of(const struct ora_host *host, const struct ora_levels *here,
                     const struct ora_voice *voice, const char *arithmetic, struct ora_tune_key *key)
{
    *key = (struct ora_tune_key){.cores = host->cores};
    snprintf(key->host, sizeof key->host, "%s", host->name);
    snprintf(key->cpu, sizeof key->cpu, "%s", host->cpu);
    snprintf(key->engine, sizeof key->engine, "%s", ORA_VERSION);
    snprintf(key->voice, sizeof key->voice, "%s", voice->name);
    snprintf(key->arithmetic, sizeof key->arithmetic, "%s", arithmetic);
    hash_voice(voice, key->voice_sha256);
    list_levels(here, arithmetic, key->levels, sizeof key->levels);
}

/* ---- files
 * --------------------------------------------------------------------------------------------------- */

static void add_as_name(struct ora_str *out, const char *text)
{
    for (; *text; text++)
        ora_str_addc(out, isalnum((unsigned char)*text) || strchr("-.", *text) ? *text : '_');
}

char *ora_tune_path(const char *dir, const struct ora_tune_key *key)
{
    char *own = dir ? ora_fmt("%s", dir) : ora_cache_dir();
    if (!own)
        return NULL;
    struct ora_str path = ORA_STR_INIT;
    ora_str_addf(&path, "%s/tune/", own);
    add_as_name(&path, key->host);
    ora_str_addc(&path, '_');
    add_as_name(&path, key->voice);
    ora_str_addc(&path, '_');
    add_as_name(&path, key->arithmetic);
    ora_str_add(&path, ".json");
    free(own);
    return ora_str_detach(&path);
}

bool ora_tune_load(const char *dir, const struct ora_tune_key *key, struct ora_tune_result *result,
                   struct ora_str *why)
{
    struct ora_err err = {0};
    char *path = ora_tune_path(dir, key), *bytes = NULL;
    size_t len;
    bool ok = false;
    if (!path || !ora_file_exists(path))
        ora_str_add(why, "none was made");
    else if (ora_file_read(path, FILE_BYTES_MAX, &bytes, &len, &err) < 0)
        ora_str_addf(why, "it cannot be read: %s", err.message);
    else if (ora_tune_parse(bytes, len, result, &err) < 0)
        ora_str_addf(why, "%s is damaged: %s", path, err.message);
    else
        ok = !ora_tune_differs(&result->key, key, why);
    free(bytes);
    free(path);
    return ok;
}

int ora_tune_save(const char *dir, const struct ora_tune_result *result, struct ora_err *err)
{
    char *path = ora_tune_path(dir, &result->key), *folder = path ? ora_path_dir(path) : NULL;
    char *text = ora_tune_to_json(result);
    int rc = 0;
    if (!path)
        rc = ora_err_set(err, ORA_E_NOT_FOUND,
                         "there is no cache folder: neither XDG_CACHE_HOME nor HOME is an absolute path");
    else if (!text)
        rc = ora_err_set(err, ORA_E_INTERNAL, "the measurement cannot be written as JSON");
    if (rc == 0)
        rc = ora_file_mkdirs(folder, 0755, err);
    if (rc == 0)
        rc = ora_file_write_atomic(path, text, strlen(text), 0644, err);
    free(text);
    free(folder);
    free(path);
    return rc;
}

const char *ora_tune_prefer(const struct ora_voice *voice, const char *arithmetic)
{
    struct ora_host host;
    struct ora_levels here;
    struct ora_tune_key key;
    struct ora_str why = ORA_STR_INIT;
    struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
    const char *level = NULL;
    ora_host_read("/", &host);
    if (ora_levels_here(&here, NULL) < 0)
        here.count = 0;
    ora_tune_key_of(&host, &here, voice, arithmetic, &key);
    if (ora_tune_load(NULL, &key, r, &why))
        level =
            ora_precision_level(arithmetic, r->row[ora_tune_choose(r, NULL)].level, &here, "this host", NULL);
    ora_str_release(&why);
    free(r);
    return level;
}
