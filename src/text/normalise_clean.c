/* Cleaning, code point by code point, with the last code point written as the only memory. */
#include "text/normalise_clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/utf8.h"

struct cleaner {
    struct ora_str *out;
    size_t base;      /* where in out this text starts */
    uint32_t last;    /* the code point written last; 0 at the start */
    unsigned repeats; /* how often `last` stands in a row */
    bool space;       /* a space is owed before the next code point */
    bool together;    /* this code point stands right behind the one written last, in the text as well */
};

static void put(struct cleaner *c, uint32_t cp)
{
    char utf8[4];
    if (cp == '[' && c->last == '[' && !c->together) /* it would open phones (text/brackets.h) */
        c->space = true;
    if (c->space && c->out->len > c->base) {
        ora_str_addc(c->out, ' ');
        c->last = ' ';
        c->repeats = 0;
    }
    c->space = false;
    c->repeats = cp == c->last ? c->repeats + 1 : 1;
    c->last = cp;
    ora_str_addn(c->out, utf8, ora_utf8_encode(cp, utf8));
}

/* Compatibility forms that espeak-ng would spell out ("letter F F 4 6") are letters to a reader. */
static bool is_compatibility(uint32_t cp)
{
    return (cp >= 0xFB00 && cp <= 0xFB06) || (cp >= 0xFF01 && cp <= 0xFF5E) ||
           (cp >= 0x1D400 && cp <= 0x1D7FF) || (cp >= 0x2160 && cp <= 0x217F) ||
           (cp >= 0x2080 && cp <= 0x2089) || cp == 0x2103 || cp == 0x2109;
}

static void put_decomposed(struct cleaner *c, uint32_t cp)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[20];
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
    int32_t n = U_FAILURE(status) ? -1 : unorm2_getDecomposition(nfkc, (UChar32)cp, units, 20, &status);
    if (n < 0 || U_FAILURE(status)) {
        put(c, cp);
        return;
    }
    for (int32_t i = 0; i < n;) {
        UChar32 d;
        U16_NEXT(units, i, n, d);
        put(c, (uint32_t)d);
    }
}

static bool is_dropped(uint32_t cp, uint32_t last)
{
    /* The joiners choose letter forms in Arabic and Indic scripts, and are noise elsewhere. */
    if (cp == 0x200C || cp == 0x200D)
        return !(last >= 0x0600 && last < 0x0E00);
    if ((cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0x1F3FB && cp <= 0x1F3FF) || cp == 0xFFFC || cp == 0xFFFD)
        return true;
    switch (u_charType((UChar32)cp)) {
    case U_FORMAT_CHAR:
    case U_PRIVATE_USE_CHAR:
    case U_UNASSIGNED:
    case U_SURROGATE:
        return true;
    default:
        return false;
    }
}

static bool is_space(uint32_t cp)
{
    return u_isUWhiteSpace((UChar32)cp) || cp == 0x200B || u_charType((UChar32)cp) == U_CONTROL_CHAR;
}

/* "1 234 567" with no-break or thin spaces is one number in every language. */
static bool groups_digits(uint32_t cp, uint32_t last, const char *rest, size_t len)
{
    if ((cp != 0xA0 && cp != 0x2009 && cp != 0x202F) || last < '0' || last > '9' || len < 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (rest[i] < '0' || rest[i] > '9')
            return false;
    return len == 3 || rest[3] < '0' || rest[3] > '9';
}

/* Rows of one mark are ornament, not words. */
static bool is_ornament(const struct cleaner *c, uint32_t cp)
{
    if (cp != c->last || c->space || cp > 127)
        return false;
    if (strchr(".!?", (int)cp))
        return c->repeats >= 3;
    return strchr("=_*~#|^<>\\/&%@$`'\"", (int)cp) && c->repeats >= 2;
}

static uint32_t one_of_its_kind(uint32_t cp)
{
    switch (cp) {
    case 0x2010:
    case 0x2011:
    case 0xFE63:
        return '-';
    case 0x2012:
        return 0x2013;
    case 0x2015:
    case 0x2E3A:
    case 0x2E3B:
        return 0x2014;
    case 0x00B4:
    case 0x02BC:
        return 0x2019;
    case 0x2032:
        return '\'';
    case 0x2033:
        return '"';
    default:
        return cp;
    }
}

void ora_text_clean(const char *text, size_t len, struct ora_str *out)
{
    struct cleaner c = {.out = out, .base = out->len};
    size_t n, literal_end = 0; /* of the "[" written last */
    for (size_t at = 0; at < len; at += n) {
        uint32_t cp;
        n = ora_utf8_decode(text + at, len - at, &cp);
        if (!n) {
            n = 1;
            continue;
        }
        if (groups_digits(cp, c.last, text + at + n, len - at - n))
            continue;
        if (is_space(cp)) {
            c.space = true;
            continue;
        }
        if (is_dropped(cp, c.last))
            continue;
        c.together = cp == '[' && literal_end == at;
        literal_end = cp == '[' ? at + n : 0;
        if (is_compatibility(cp))
            put_decomposed(&c, cp);
        else if (!is_ornament(&c, cp = one_of_its_kind(cp)))
            put(&c, cp);
    }
}
