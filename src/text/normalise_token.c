/* Cutting a text into the normaliser's tokens: one pass, no look-back. */
#include "text/normalise_token.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "base/utf8.h"

static bool is_mark(uint32_t cp)
{
    int8_t t = u_charType((UChar32)cp);
    return t == U_NON_SPACING_MARK || t == U_COMBINING_SPACING_MARK || t == U_ENCLOSING_MARK;
}

static bool is_letter(uint32_t cp)
{
    return u_isalpha((UChar32)cp) || is_mark(cp);
}

static uint32_t kind_of(uint32_t cp)
{
    if (cp >= '0' && cp <= '9')
        return ORA_TOKEN_NUMBER;
    if (u_isUWhiteSpace((UChar32)cp))
        return ORA_TOKEN_SPACE;
    return is_letter(cp) ? ORA_TOKEN_WORD : ORA_TOKEN_MARK;
}

static uint32_t peek(const char *text, size_t len, size_t at, size_t *n)
{
    uint32_t cp = 0;
    *n = 0;
    if (at >= len)
        return 0;
    *n = ora_utf8_decode(text + at, len - at, &cp);
    if (!*n) {
        *n = 1;
        cp = 0xFFFD;
    }
    return cp;
}

/* The end of the token of this kind that starts at `at`. */
static size_t token_end(const char *text, size_t len, size_t at, uint32_t kind)
{
    size_t n, m;
    peek(text, len, at, &n);
    at += n;
    if (kind == ORA_TOKEN_MARK)
        return at;
    while (at < len) {
        uint32_t cp = peek(text, len, at, &n);
        if (kind == ORA_TOKEN_WORD && (cp == '\'' || cp == 0x2019)) {
            /* "don't", but not the closing quote of 'this' */
            if (!is_letter(peek(text, len, at + n, &m)) || !m)
                return at;
        } else if (kind_of(cp) != kind) {
            return at;
        }
        at += n;
    }
    return at;
}

/* "[[" … "]]" starting here, or 0. */
static size_t raw_phonemes(const char *text, size_t len, size_t at)
{
    if (len - at < 4 || text[at] != '[' || text[at + 1] != '[')
        return 0;
    const char *close = memmem(text + at + 2, len - at - 2, "]]", 2);
    return close ? (size_t)(close + 2 - (text + at)) : 0;
}

void ora_tokens_of(const char *text, size_t len, const struct ora_span *protected_, size_t protected_count,
                   struct ora_token **tokens, size_t *count)
{
    size_t cap = 64, n = 0, next = 0;
    bool brackets = true; /* false once no "]]" can follow: keeps "[[[[[…" linear */
    struct ora_token *t = ora_xmalloc(cap * sizeof *t);
    for (size_t at = 0; at < len;) {
        size_t used, end;
        uint32_t cp = peek(text, len, at, &used), kind;
        while (next < protected_count && protected_[next].start + protected_[next].len <= at)
            next++;
        size_t limit = next < protected_count ? protected_[next].start : len, raw;
        if (at >= limit) {
            kind = ORA_TOKEN_PROTECTED;
            end = protected_[next].start + protected_[next].len;
        } else if (brackets && cp == '[' && at + 1 < len && text[at + 1] == '[') {
            raw = raw_phonemes(text, len, at);
            brackets = raw != 0;
            kind = raw ? ORA_TOKEN_PROTECTED : ORA_TOKEN_MARK;
            end = at + (raw ? raw : 1);
        } else {
            kind = kind_of(cp);
            end = token_end(text, limit, at, kind);
        }
        if (n == cap) {
            cap *= 2;
            t = ora_xrealloc(t, cap * sizeof *t);
        }
        t[n++] = (struct ora_token){kind, (uint32_t)at, (uint32_t)(end - at), cp};
        at = end;
    }
    *tokens = t;
    *count = n;
}
