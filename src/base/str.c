/* Strings: growth by doubling, one exit for formatted text. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ora_str_release(struct ora_str *s)
{
    free(s->data);
    *s = (struct ora_str)ORA_STR_INIT;
}

void ora_str_clear(struct ora_str *s)
{
    s->len = 0;
    if (s->data)
        s->data[0] = '\0';
}

void ora_str_reserve(struct ora_str *s, size_t cap)
{
    if (cap + 1 <= s->cap)
        return;
    size_t want = s->cap ? s->cap : 32;
    while (want < cap + 1)
        want *= 2;
    s->data = ora_xrealloc(s->data, want);
    s->cap = want;
    s->data[s->len] = '\0';
}

void ora_str_addn(struct ora_str *s, const char *bytes, size_t n)
{
    ora_str_reserve(s, s->len + n);
    if (n)
        memcpy(s->data + s->len, bytes, n);
    s->len += n;
    s->data[s->len] = '\0';
}

void ora_str_add(struct ora_str *s, const char *text)
{
    ora_str_addn(s, text, strlen(text));
}

void ora_str_addc(struct ora_str *s, char c)
{
    ora_str_addn(s, &c, 1);
}

void ora_str_vaddf(struct ora_str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n > 0) {
        ora_str_reserve(s, s->len + (size_t)n);
        vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

void ora_str_addf(struct ora_str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(s, fmt, ap);
    va_end(ap);
}

const char *ora_str_c(const struct ora_str *s)
{
    return s->data ? s->data : "";
}

char *ora_str_detach(struct ora_str *s)
{
    ora_str_reserve(s, s->len);
    char *p = s->data;
    *s = (struct ora_str)ORA_STR_INIT;
    return p;
}

char *ora_fmt(const char *fmt, ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    return ora_str_detach(&s);
}

bool ora_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool ora_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static bool is_ascii_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ora_lang_tag_ok(const char *tag)
{
    size_t total = strlen(tag), part = 0;
    bool first = true;
    if (total > 35) /* what RFC 5646, 4.4.1 asks implementations to take */
        return false;
    for (const char *p = tag;; p++) {
        if (*p == '-' || !*p) {
            if (part < (first ? 2u : 1u) || part > 8)
                return false;
            if (!*p)
                return true;
            first = false;
            part = 0;
        } else if (is_ascii_alpha(*p) || (!first && *p >= '0' && *p <= '9')) {
            part++;
        } else {
            return false;
        }
    }
}

enum { WORD_MAX = 63 };

static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

const char *ora_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t limit = strlen(word) / 3 + 1, best_distance = limit + 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = edit_distance(word, candidates[i]);
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
