/* Small files of the release. JSON is compared key by key, so that an error names the key and both values. */
#include "models/megatts3/import_config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "text/bpe.h"

enum { CONFIG_MAX_BYTES = 1 << 20, JSON_MAX_BYTES = 8 << 20 };

/* ---- what is there ------------------------------------------------------------------------------------ */

static bool is_missing(const char *path)
{
    struct stat st;
    return lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

int mega_import_finds(const char *folder, const char *path, bool *there, struct ora_err *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), why = errno;
    *there = fd >= 0;
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    bool folder_leads_nowhere = !is_missing(folder) && access(folder, F_OK) < 0;
    if (is_missing(path) && !folder_leads_nowhere)
        return 0;
    ora_err_errno(err, why, "%s", path);
    return ora_err_wrap(err, "it is there and cannot be read");
}

/* ---- config.yaml ---------------------------------------------------------------------------------- */

/* The value of "key: value" at the start of the line, or NULL. */
static const char *value_in(const char *line, const char *key)
{
    size_t len = strlen(key);
    if (strncmp(line, key, len) != 0 || line[len] != ':')
        return NULL;
    return line + len + 1 + strspn(line + len + 1, " \t");
}

static int read_value(const char *path, int line, const char *key, const char *text, long min, long max,
                      long *value, struct ora_err *err)
{
    char *end;
    size_t len = strcspn(text, "\r\n");
    if (memmem(text, len, "${", 2))
        return ora_err_set(err, ORA_E_UNSUPPORTED,
                           "%s:%d: '%s' is an expression, '%.*s': it is never evaluated, write "
                           "the number",
                           path, line, key, (int)(len < 60 ? len : 60), text);
    errno = 0;
    *value = strtol(text, &end, 10);
    const char *rest = end + strspn(end, " \t");
    if (errno || end == text || (*rest && !strchr("#\r\n", *rest)) || *value < min || *value > max)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%d: '%s' is '%.*s', wanted a whole number from %ld to %ld",
                           path, line, key, (int)(len < 60 ? len : 60), text, min, max);
    return 0;
}

int mega_config_number(const char *path, const char *key, long min, long max, long *value, bool *found,
                       struct ora_err *err)
{
    char *text = NULL;
    size_t len;
    *found = false;
    int rc = ora_file_read(path, CONFIG_MAX_BYTES, &text, &len, err), number = 1;
    if (rc == 0 && strlen(text) != len)
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: a NUL byte in a text file", path);
    for (const char *line = text; rc == 0 && line && *line; number++) {
        const char *v = value_in(line, key);
        if (v && *found)
            rc = ora_err_set(err, ORA_E_FORMAT, "%s:%d: '%s' stands twice", path, number, key);
        else if (v)
            rc = read_value(path, number, key, v, min, max, value, err);
        *found = *found || v;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    free(text);
    return rc;
}

/* ---- the G2P's folder ----------------------------------------------------------------------------- */

static int read_json(const char *folder, const char *file, json_t **object, struct ora_err *err)
{
    char *path = ora_path_join(folder, file), *text = NULL;
    size_t len;
    json_error_t why;
    *object = NULL;
    bool there;
    int rc = mega_import_finds(folder, path, &there, err);
    if (rc == 0 && there && (rc = ora_file_read(path, JSON_MAX_BYTES, &text, &len, err)) == 0) {
        *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
        if (!json_is_object(*object))
            rc = ora_err_set(err, ORA_E_FORMAT, "%s:%d: %s", path, why.line,
                             *object ? "not an object" : why.text);
    }
    free(text);
    free(path);
    return rc;
}

static int want_number(const char *folder, const char *file, const json_t *object, const char *key,
                       double want, struct ora_err *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || (json_is_number(v) && fabs(json_number_value(v) - want) <= 1e-9 * fabs(want)))
        return 0;
    return ora_err_set(err, ORA_E_VOICE, "%s/%s: '%s' is %.9g, wanted %.9g", folder, file, key,
                       json_number_value(v), want);
}

static int check_config(const char *folder, const json_t *c, const struct mega_g2p_dims *d,
                        struct ora_err *err)
{
    const struct {
        const char *key;
        double want;
    } table[] = {{"hidden_size", d->hidden},        {"num_hidden_layers", d->layers},
                 {"num_attention_heads", d->heads}, {"num_key_value_heads", d->kv_heads},
                 {"intermediate_size", d->mlp},     {"vocab_size", d->vocab},
                 {"rope_theta", d->rope_theta},     {"rms_norm_eps", d->eps}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int rc = want_number(folder, "config.json", c, table[i].key, table[i].want, err);
        if (rc < 0)
            return rc;
    }
    if (json_is_false(json_object_get(c, "tie_word_embeddings")))
        return ora_err_set(err, ORA_E_UNSUPPORTED,
                           "%s/config.json: 'tie_word_embeddings' is false, wanted true", folder);
    return 0;
}

static int check_added(const char *folder, const json_t *added, const struct mega_g2p_dims *d,
                       struct ora_err *err)
{
    int rc = want_number(folder, "added_tokens.json", added, "<BOT>", d->bot, err);
    if (rc == 0)
        rc = want_number(folder, "added_tokens.json", added, "<BOS>", d->bos, err);
    return rc < 0 ? rc
                  : want_number(folder, "added_tokens.json", added, "<Reserved_TTS_0>", d->speech_start, err);
}

static int read_bytes(const char *folder, const char *file, char **data, size_t *len, struct ora_err *err)
{
    char *path = ora_path_join(folder, file);
    int rc = ora_file_read(path, ORA_BPE_MAX_BYTES, data, len, err);
    free(path);
    return rc;
}

/* Opened as the engine will, and all its ids below the G2P's own. */
static int check_vocabulary(const char *folder, const struct mega_tokenizer_files *t,
                            const struct mega_g2p_dims *d, struct ora_err *err)
{
    struct ora_bpe *bpe = NULL;
    int rc = ora_bpe_open(
        &(struct ora_bpe_files){folder, t->vocab, t->vocab_bytes, t->merges, t->merges_bytes}, &bpe, err);
    if (rc == 0 && (ora_bpe_tokens(bpe) > (size_t)d->bot || ora_bpe_tokens(bpe) > (size_t)d->speech_start))
        rc = ora_err_set(err, ORA_E_VOICE, "%s/vocab.json: ids up to %zu, wanted below %d", folder,
                         ora_bpe_tokens(bpe) - 1, d->bot < d->speech_start ? d->bot : d->speech_start);
    if (rc == 0 && !ora_bpe_pairs(bpe))
        rc =
            ora_err_set(err, ORA_E_VOICE, "%s/merges.txt has no merges: no text can be read with it", folder);
    ora_bpe_close(&bpe);
    return rc;
}

int mega_tokenizer_files_read(const char *folder, const struct mega_g2p_dims *d,
                              struct mega_tokenizer_files *t, struct ora_err *err)
{
    json_t *config = NULL, *added = NULL;
    *t = (struct mega_tokenizer_files){0};
    int rc = read_json(folder, "config.json", &config, err);
    if (rc == 0 && config)
        rc = check_config(folder, config, d, err);
    if (rc == 0)
        rc = read_json(folder, "added_tokens.json", &added, err);
    if (rc == 0 && added)
        rc = check_added(folder, added, d, err);
    t->config_missing = !config;
    t->added_missing = !added;
    if (rc == 0)
        rc = read_bytes(folder, "vocab.json", &t->vocab, &t->vocab_bytes, err);
    if (rc == 0)
        rc = read_bytes(folder, "merges.txt", &t->merges, &t->merges_bytes, err);
    if (rc == 0)
        rc = check_vocabulary(folder, t, d, err);
    json_decref(config);
    json_decref(added);
    if (rc < 0)
        mega_tokenizer_files_release(t);
    return rc;
}

void mega_tokenizer_files_release(struct mega_tokenizer_files *t)
{
    free(t->vocab);
    free(t->merges);
    *t = (struct mega_tokenizer_files){0};
}
