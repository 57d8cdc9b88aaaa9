/*
 * Strings: a growable byte string that is always NUL-terminated, and the few list helpers everyone needs.
 *
 *     struct ora_str s = ORA_STR_INIT;
 *     ora_str_addf(&s, "%s/%06u.tar", dir, n);
 *     … s.data, s.len …
 *     ora_str_release(&s);
 */
#ifndef ORA_BASE_STR_H
#define ORA_BASE_STR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct ora_str {
    char *data; /* never NULL after the first add; use ora_str_c() to read an empty one */
    size_t len;
    size_t cap;
};

#define ORA_STR_INIT {NULL, 0, 0}

void ora_str_release(struct ora_str *s);
void ora_str_clear(struct ora_str *s); /* keeps the memory */
void ora_str_reserve(struct ora_str *s, size_t cap);
void ora_str_add(struct ora_str *s, const char *text);
void ora_str_addn(struct ora_str *s, const char *bytes, size_t n);
void ora_str_addc(struct ora_str *s, char c);
void ora_str_addf(struct ora_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ora_str_vaddf(struct ora_str *s, const char *fmt, va_list ap);
const char *ora_str_c(const struct ora_str *s); /* "" when empty */
char *ora_str_detach(struct ora_str *s);        /* caller frees; never NULL */

char *ora_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a fresh string; caller frees */

bool ora_starts_with(const char *s, const char *prefix);
/* Has it the form of a BCP-47 language tag ("en", "pt-BR", "zh-Hans-CN")? */
bool ora_lang_tag_ok(const char *tag);
bool ora_ends_with(const char *s, const char *suffix);
/* The candidate nearest to `word` by edit distance, or NULL when none is near enough to be meant ("did you mean"). */
const char *ora_nearest(const char *word, const char *const *candidates, size_t count);

#endif
