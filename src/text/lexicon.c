/*
 * The user's lexicon: a hash from the first segment of a key, folded, to the keys that start with it, the
 * longest first.
 *
 * Why by the first segment and not a trie of characters: nearly no word of a text starts a key, so what
 * counts is how cheaply a word is dismissed: one hash of its folded code points and, mostly, one empty slot.
 */
#include "text/lexicon.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/word_break.h"

enum { MAX_FILE_BYTES = 64 << 20, MAX_KEY_BYTES = 256, MAX_SAID_BYTES = 1024 };

struct entry {
    char *key, *said;
    size_t key_len;
    uint64_t hash; /* of the key's first segment, folded */
    uint32_t line;
    uint32_t next; /* the next entry of the slot, or NONE: longer keys first, then by line */
    bool any_case; /* the key has no capital: it matches any case */
};

#define NONE UINT32_MAX

struct ora_lexicon {
    struct entry *entry;
    size_t count, cap;
    uint32_t *slot;
    size_t slots; /* a power of two */
};

static uint32_t decode(const char *s, size_t len, size_t at, size_t *n)
{
    uint32_t cp = 0;
    *n = ora_utf8_decode(s + at, len - at, &cp);
    if (!*n) {
        *n = 1;
        return 0xFFFD;
    }
    return cp;
}

static uint32_t fold(uint32_t cp)
{
    /* The two apostrophes are one letter to a reader. */
    return cp == 0x2019 ? '\'' : (uint32_t)u_foldCase((UChar32)cp, U_FOLD_CASE_DEFAULT);
}

/* FNV-1a over folded code points of s[0..len). */
static uint64_t hash_of(const char *s, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    size_t n;
    for (size_t at = 0; at < len; at += n)
        h = (h ^ fold(decode(s, len, at, &n))) * UINT64_C(0x100000001b3);
    return h;
}

static bool is_space(uint32_t cp)
{
    return u_isUWhiteSpace((UChar32)cp);
}

static size_t skip_spaces(const char *s, size_t len, size_t at)
{
    size_t n;
    while (at < len && is_space(decode(s, len, at, &n)))
        at += n;
    return at;
}

/* Bytes of text that match the key at the text's start, or 0. */
static size_t match(const char *key, size_t key_len, const char *text, size_t len, bool exact)
{
    size_t k = 0, t = 0, kn, tn;
    while (k < key_len) {
        if (t >= len)
            return 0;
        uint32_t a = decode(key, key_len, k, &kn), b = decode(text, len, t, &tn);
        if (is_space(a)) {
            if (!is_space(b))
                return 0;
            k = skip_spaces(key, key_len, k);
            t = skip_spaces(text, len, t);
            continue;
        }
        if (exact ? a != b && !(fold(a) == '\'' && fold(b) == '\'') : fold(a) != fold(b))
            return 0;
        k += kn;
        t += tn;
    }
    return t;
}

static size_t first_segment(const char *key, size_t len)
{
    return ora_word_end(key, len, 0);
}

/* ---- loading ---- */

struct field {
    const char *s;
    size_t len;
};

static struct field trim(const char *s, size_t len)
{
    size_t start = skip_spaces(s, len, 0), n;
    while (len > start) {
        size_t at = len;
        while (at > start && ((unsigned char)s[--at] & 0xC0) == 0x80)
            ;
        if (!is_space(decode(s, len, at, &n)))
            break;
        len = at;
    }
    return (struct field){s + start, len - start};
}

static bool brackets_match(struct field f)
{
    bool open = false;
    for (size_t i = 0; i + 1 < f.len; i++) {
        if (!memcmp(f.s + i, open ? "]]" : "[[", 2)) {
            open = !open;
            i++;
        } else if (!memcmp(f.s + i, open ? "[[" : "]]", 2)) {
            return false;
        }
    }
    return !open;
}

static bool has_capital(struct field f)
{
    size_t n;
    for (size_t at = 0; at < f.len; at += n) {
        uint32_t cp = decode(f.s, f.len, at, &n);
        if (u_isUUppercase((UChar32)cp) || u_istitle((UChar32)cp))
            return true;
    }
    return false;
}

static int add_line(struct ora_lexicon *l, const char *name, uint32_t line, struct field text,
                    struct ora_err *err)
{
    const char *tab = memchr(text.s, '\t', text.len);
    if (!tab)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%u: no tab between word and respelling: \"%.*s\"", name,
                           line, (int)(text.len < 60 ? text.len : 60), text.s);
    struct field key = trim(text.s, (size_t)(tab - text.s)),
                 said = trim(tab + 1, text.len - (size_t)(tab + 1 - text.s));
    if (!key.len || !said.len)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%u: the %s is blank", name, line,
                           key.len ? "respelling" : "word");
    if (memchr(said.s, '\t', said.len))
        return ora_err_set(err, ORA_E_FORMAT, "%s:%u: more than two fields", name, line);
    if (key.len > MAX_KEY_BYTES || said.len > MAX_SAID_BYTES)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%u: %s of %zu bytes, at most %d", name, line,
                           key.len > MAX_KEY_BYTES ? "word" : "respelling",
                           key.len > MAX_KEY_BYTES ? key.len : said.len,
                           key.len > MAX_KEY_BYTES ? MAX_KEY_BYTES : MAX_SAID_BYTES);
    if (!brackets_match(said))
        return ora_err_set(err, ORA_E_FORMAT, "%s:%u: \"[[\" and \"]]\" do not match in \"%.*s\"", name, line,
                           (int)said.len, said.s);
    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->entry = ora_xrealloc(l->entry, l->cap * sizeof *l->entry);
    }
    l->entry[l->count++] = (struct entry){.key = ora_xstrndup(key.s, key.len),
                                          .said = ora_xstrndup(said.s, said.len),
                                          .key_len = key.len,
                                          .hash = hash_of(key.s, first_segment(key.s, key.len)),
                                          .line = line,
                                          .any_case = !has_capital(key)};
    return 0;
}

static int read_lines(struct ora_lexicon *l, const char *name, const char *data, size_t len,
                      struct ora_err *err)
{
    size_t at = len >= 3 && !memcmp(data, "\xEF\xBB\xBF", 3) ? 3 : 0;
    for (uint32_t line = 1; at < len; line++) {
        const char *end = memchr(data + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (data + at)) : len - at;
        struct field text = {data + at, n};
        at += n + 1;
        if (text.len && text.s[text.len - 1] == '\r')
            text.len--;
        size_t good = ora_utf8_valid_prefix(text.s, text.len);
        if (good < text.len || memchr(text.s, '\0', text.len))
            return ora_err_set(err, ORA_E_FORMAT, "%s:%u: not UTF-8 text at byte %zu of the line", name, line,
                               good);
        if (trim(text.s, text.len).len == 0 || text.s[0] == '#')
            continue;
        int rc = add_line(l, name, line, text, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Longer keys first, so that the first match of a slot is the longest; equal ones stay in the file's order.
 */
static int longer_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key_len != y->key_len)
        return x->key_len > y->key_len ? -1 : 1;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

static int index_entries(struct ora_lexicon *l, const char *name, struct ora_err *err)
{
    if (l->count)
        qsort(l->entry, l->count, sizeof *l->entry, longer_first);
    for (size_t i = 1; i < l->count; i++)
        if (!strcmp(l->entry[i - 1].key, l->entry[i].key))
            return ora_err_set(err, ORA_E_FORMAT, "%s:%u: \"%s\" was given on line %u already", name,
                               l->entry[i].line, l->entry[i].key, l->entry[i - 1].line);
    l->slots = 16;
    while (l->slots < 2 * l->count)
        l->slots *= 2;
    l->slot = ora_xmalloc(l->slots * sizeof *l->slot);
    memset(l->slot, 0xFF, l->slots * sizeof *l->slot);
    for (size_t i = l->count; i-- > 0;) {
        uint32_t *s = &l->slot[l->entry[i].hash & (l->slots - 1)];
        l->entry[i].next = *s;
        *s = (uint32_t)i;
    }
    return 0;
}

int ora_lexicon_parse(const char *name, const char *data, size_t len, struct ora_lexicon **lexicon,
                      struct ora_err *err)
{
    struct ora_lexicon *l = ora_xcalloc(1, sizeof *l);
    int rc = read_lines(l, name, data, len, err);
    if (rc == 0)
        rc = index_entries(l, name, err);
    if (rc < 0)
        ora_lexicon_close(&l);
    *lexicon = l;
    return rc;
}

int ora_lexicon_open(const char *path, struct ora_lexicon **lexicon, struct ora_err *err)
{
    char *data;
    size_t len;
    *lexicon = NULL;
    int rc = ora_file_read(path, MAX_FILE_BYTES, &data, &len, err);
    if (rc < 0)
        return ora_err_wrap(err, "lexicon");
    rc = ora_lexicon_parse(path, data, len, lexicon, err);
    free(data);
    return rc;
}

void ora_lexicon_close(struct ora_lexicon **lexicon)
{
    if (!lexicon || !*lexicon)
        return;
    for (size_t i = 0; i < (*lexicon)->count; i++) {
        free((*lexicon)->entry[i].key);
        free((*lexicon)->entry[i].said);
    }
    free((*lexicon)->entry);
    free((*lexicon)->slot);
    free(*lexicon);
    *lexicon = NULL;
}

int ora_lexicon_each(const struct ora_lexicon *l, int (*fn)(void *, const char *, uint32_t), void *ctx)
{
    int rc = 0;
    for (size_t i = 0; i < l->count && rc == 0; i++)
        rc = fn(ctx, l->entry[i].said, l->entry[i].line);
    return rc;
}

size_t ora_lexicon_count(const struct ora_lexicon *lexicon)
{
    return lexicon->count;
}

/* ---- applying ---- */

/* The entry for what starts at text[at]; *used: bytes of the text it matches. */
static const struct entry *look_up(const struct ora_lexicon *l, const char *text, size_t len, size_t at,
                                   size_t segment, size_t *used)
{
    uint64_t hash = hash_of(text + at, segment);
    const struct entry *folded = NULL;
    size_t folded_used = 0;
    for (uint32_t i = l->slot[hash & (l->slots - 1)]; i != NONE; i = l->entry[i].next) {
        const struct entry *e = &l->entry[i];
        if (e->hash != hash || (folded && e->key_len < folded->key_len))
            continue;
        size_t n = match(e->key, e->key_len, text + at, len - at, true);
        if (n && ora_word_boundary(text, len, at + n)) {
            *used = n;
            return e;
        }
        if (folded || !e->any_case)
            continue;
        n = match(e->key, e->key_len, text + at, len - at, false);
        if (n && ora_word_boundary(text, len, at + n)) {
            folded = e;
            folded_used = n;
        }
    }
    *used = folded_used;
    return folded;
}

void ora_lexicon_apply(const struct ora_lexicon *lexicon, const char *text, size_t len, struct ora_str *out,
                       struct ora_span **said, size_t *count)
{
    size_t cap = 0;
    *said = NULL;
    *count = 0;
    for (size_t at = 0; at < len;) {
        size_t end = ora_word_end(text, len, at), used;
        const struct entry *e = look_up(lexicon, text, len, at, end - at, &used);
        if (!e) {
            ora_str_addn(out, text + at, end - at);
            at = end;
            continue;
        }
        if (*count == cap) {
            cap = cap ? 2 * cap : 8;
            *said = ora_xrealloc(*said, cap * sizeof **said);
        }
        ora_brackets_part(out, e->said, strlen(e->said));
        (*said)[(*count)++] = (struct ora_span){out->len, strlen(e->said)};
        ora_str_add(out, e->said);
        at += used;
    }
}
