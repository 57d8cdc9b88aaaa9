/* The voice's map, read from voice.yaml and judged against the embedding. */
#include "models/vits/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { SYMBOLS_MAX = 4096, REWRITES_MAX = 256, SPARE_ROWS_LEAST = 16, SILENCE_S_MAX = 10 };

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct vits_symbol *)a)->text, ((const struct vits_symbol *)b)->text);
}

const struct vits_symbol *vits_symbol_find(const struct vits_symbols *s, const char *text, size_t len)
{
    struct vits_symbol key;
    if (len >= sizeof key.text)
        return NULL;
    memcpy(key.text, text, len);
    key.text[len] = 0;
    return bsearch(&key, s->symbol, s->count, sizeof *s->symbol, by_text);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_symbol(struct vits_symbol *out, const struct ora_yaml_node *n, int rows, struct ora_err *err)
{
    if (!n->key[0] || strlen(n->key) >= sizeof out->text)
        return ora_yaml_error(n, err, "a symbol must have 1 to %d bytes", VITS_SYMBOL_BYTES - 1);
    if (n->kind != ORA_YAML_LIST || n->count < 1 || n->count > VITS_SYMBOL_IDS)
        return ora_yaml_error(n, err, "expected a list of 1 to %d ids", VITS_SYMBOL_IDS);
    strcpy(out->text, n->key);
    for (size_t i = 0; i < n->count; i++) {
        int64_t id;
        int rc = ora_yaml_integer(n->item[i], 0, rows - 1, &id, err);
        if (rc < 0)
            return rc;
        out->id[out->ids++] = (int32_t)id;
    }
    return 0;
}

static int read_map(struct vits_symbols *s, const struct ora_yaml_node *map, int rows, struct ora_err *err)
{
    if (map->kind != ORA_YAML_MAP || map->count > SYMBOLS_MAX)
        return ora_yaml_error(map, err, "expected a map of at most %d symbols", SYMBOLS_MAX);
    s->symbol = ora_xcalloc(map->count + 1, sizeof *s->symbol);
    for (size_t i = 0; i < map->count; i++) {
        int rc = read_symbol(&s->symbol[s->count++], map->item[i], rows, err);
        if (rc < 0)
            return rc;
    }
    qsort(s->symbol, s->count, sizeof *s->symbol, by_text);
    static const char *const marks[] = {"_", "^", "$"};
    int32_t *slot[] = {&s->pad, &s->bos, &s->eos};
    for (int i = 0; i < 3; i++) {
        const struct vits_symbol *found = vits_symbol_find(s, marks[i], 1);
        if (!found)
            return ora_yaml_error(map, err, "the symbol '%s' is missing", marks[i]);
        *slot[i] = found->id[0];
    }
    return 0;
}

static int read_rewrites(struct vits_symbols *s, const struct ora_yaml_node *list, struct ora_err *err)
{
    static const char *const keys[] = {"from", "to"};
    if (ora_yaml_is_null(list))
        return 0;
    if (list->kind != ORA_YAML_LIST || list->count > REWRITES_MAX)
        return ora_yaml_error(list, err, "expected a list of at most %d rewrites", REWRITES_MAX);
    s->rewrite = ora_xcalloc(list->count + 1, sizeof *s->rewrite);
    for (size_t i = 0; i < list->count; i++) {
        const char *from, *to;
        int rc = ora_yaml_check_keys(list->item[i], keys, 2, err);
        if (rc < 0)
            return rc;
        const struct ora_yaml_node *a = ora_yaml_get(list->item[i], "from"),
                                   *b = ora_yaml_get(list->item[i], "to");
        if (!a || !b)
            return ora_yaml_error(list->item[i], err, "expected {from: …, to: …}");
        if ((rc = ora_yaml_string(a, &from, err)) < 0 || (rc = ora_yaml_string(b, &to, err)) < 0)
            return rc;
        if (!*from)
            return ora_yaml_error(a, err, "must not be empty");
        s->rewrite[s->rewrite_count++] = (struct vits_rewrite){ora_xstrdup(from), ora_xstrdup(to)};
    }
    return 0;
}

static int read_silences(struct vits_symbols *s, const struct ora_yaml_node *map, struct ora_err *err)
{
    if (ora_yaml_is_null(map))
        return 0;
    if (map->kind != ORA_YAML_MAP || map->count > SYMBOLS_MAX)
        return ora_yaml_error(map, err, "expected a map of at most %d symbols", SYMBOLS_MAX);
    for (size_t i = 0; i < map->count; i++) {
        const struct ora_yaml_node *n = map->item[i];
        struct vits_symbol *symbol = (struct vits_symbol *)vits_symbol_find(s, n->key, strlen(n->key));
        double seconds;
        if (!symbol)
            return ora_yaml_error(n, err, "'%s' is none of the voice's symbols", n->key);
        int rc = ora_yaml_number(n, 0, SILENCE_S_MAX, &seconds, err);
        if (rc < 0)
            return rc;
        symbol->silence_s = (float)seconds;
        s->silences = s->silences || seconds > 0;
    }
    return 0;
}

static int longer_first(const void *a, const void *b)
{
    size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);
    return x > y ? -1 : x < y ? 1 : strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_clusters(struct vits_symbols *s, const struct ora_yaml_node *list, struct ora_err *err)
{
    if (ora_yaml_is_null(list))
        return 0;
    if (list->kind != ORA_YAML_LIST || list->count > SYMBOLS_MAX)
        return ora_yaml_error(list, err, "expected a list of at most %d clusters", SYMBOLS_MAX);
    s->cluster = ora_xcalloc(list->count + 1, sizeof *s->cluster);
    for (size_t i = 0; i < list->count; i++) {
        const char *text;
        int rc = ora_yaml_string(list->item[i], &text, err);
        if (rc < 0)
            return rc;
        s->cluster[s->cluster_count++] = ora_xstrdup(text);
    }
    qsort(s->cluster, s->cluster_count, sizeof *s->cluster, longer_first);
    return 0;
}

static int read_config(struct vits_symbols *s, const struct ora_yaml_node *c, int rows, struct ora_err *err)
{
    static const char *const keys[] = {"phoneme_type", "espeak_voice", "quality",        "rewrites",
                                       "clusters",     "symbols",      "drop_untrained", "silences"};
    static const char *const types[] = {"espeak", "text"};
    const struct ora_yaml_node *type = ora_yaml_get(c, "phoneme_type"),
                               *voice = ora_yaml_get(c, "espeak_voice");
    const struct ora_yaml_node *quality = ora_yaml_get(c, "quality"),
                               *drop = ora_yaml_get(c, "drop_untrained");
    const char *text;
    int rc = ora_yaml_check_keys(c, keys, sizeof keys / sizeof *keys, err), kind = 0;
    if (rc == 0 && type)
        rc = ora_yaml_choice(type, types, 2, &kind, err);
    s->from_text = kind == 1;
    if (rc == 0 && voice && (rc = ora_yaml_string(voice, &text, err)) == 0)
        s->espeak_voice = ora_xstrdup(text);
    if (rc == 0 && quality && (rc = ora_yaml_string(quality, &text, err)) == 0)
        s->quality = ora_xstrdup(text);
    s->drop_untrained = true;
    if (rc == 0 && drop)
        rc = ora_yaml_bool(drop, &s->drop_untrained, err);
    if (rc == 0)
        rc = read_rewrites(s, ora_yaml_get(c, "rewrites"), err);
    if (rc == 0)
        rc = read_clusters(s, ora_yaml_get(c, "clusters"), err);
    if (rc == 0 && !ora_yaml_get(c, "symbols"))
        rc = ora_yaml_error(c, err, "the map 'symbols' is missing");
    if (rc == 0)
        rc = read_map(s, ora_yaml_get(c, "symbols"), rows, err);
    return rc < 0 ? rc : read_silences(s, ora_yaml_get(c, "silences"), err);
}

/* ---- rows that training never saw ------------------------------------------------------------ */

static double norm_of(const float *row, int hidden)
{
    double sum = 0;
    for (int i = 0; i < hidden; i++)
        sum += (double)row[i] * (double)row[i];
    return __builtin_sqrt(sum);
}

static void flag_untrained(struct vits_symbols *s, const float *table, int rows, int hidden, bool english)
{
    int first = 0;
    for (size_t i = 0; i < s->count; i++)
        for (int j = 0; j < s->symbol[i].ids; j++)
            first = s->symbol[i].id[j] >= first ? s->symbol[i].id[j] + 1 : first;
    int spare = rows - first;
    double sum = 0, squares = 0;
    for (int r = first; r < rows; r++) {
        double n = norm_of(table + (size_t)r * (size_t)hidden, hidden);
        sum += n, squares += n * n;
    }
    double mean = spare ? sum / spare : 0, variance = spare ? squares / spare - mean * mean : 0;
    double reach = 4 * __builtin_sqrt(variance > 0 ? variance : 0);
    for (size_t i = 0; i < s->count; i++) {
        struct vits_symbol *y = &s->symbol[i];
        if (y->id[0] == s->pad || y->id[0] == s->bos || y->id[0] == s->eos)
            continue;
        double d = norm_of(table + (size_t)y->id[0] * (size_t)hidden, hidden) - mean;
        y->untrained =
            spare >= SPARE_ROWS_LEAST ? d >= -reach && d <= reach : english && !strcmp(y->text, "ʲ");
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

int vits_symbols_open(struct vits_symbols *s, const struct ora_voice *voice, const float *table, int rows,
                      int hidden, struct ora_err *err)
{
    memset(s, 0, sizeof *s);
    if (!voice->family_config || voice->family_config->kind != ORA_YAML_MAP)
        return ora_err_set(err, ORA_E_VOICE, "voice '%s': voice.yaml has no map 'vits'", voice->name);
    int rc = read_config(s, voice->family_config, table ? rows : INT32_MAX, err);
    if (rc < 0)
        return rc;
    if (!s->espeak_voice)
        s->espeak_voice = ora_xstrdup("en-us");
    if (table)
        flag_untrained(s, table, rows, hidden, ora_starts_with(s->espeak_voice, "en"));
    return 0;
}

void vits_symbols_close(struct vits_symbols *s)
{
    for (size_t i = 0; i < s->rewrite_count; i++) {
        free(s->rewrite[i].from);
        free(s->rewrite[i].to);
    }
    for (size_t i = 0; i < s->cluster_count; i++)
        free(s->cluster[i]);
    free(s->rewrite);
    free(s->cluster);
    free(s->symbol);
    free(s->espeak_voice);
    free(s->quality);
    memset(s, 0, sizeof *s);
}
