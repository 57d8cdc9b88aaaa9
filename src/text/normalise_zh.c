/*
 * The Chinese normaliser: code points, the table of rules, and what they share. The order of the table is the
 * order of trust, longest patterns first, as in the English one; there are no tokens, since Chinese has no
 * spaces to make them.
 */
#include "text/normalise_zh.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/chars.h"
#include "text/normalise_zh_rules.h"

static ora_zh_rule_fn *const rules[] = {
    ora_zh_rule_address,    ora_zh_rule_dotted,   ora_zh_rule_phone,    ora_zh_rule_date,
    ora_zh_rule_time,       ora_zh_rule_year,     ora_zh_rule_month,    ora_zh_rule_money,
    ora_zh_rule_money_code, ora_zh_rule_ordinal,  ora_zh_rule_to,       ora_zh_rule_sign,
    ora_zh_rule_version,    ora_zh_rule_percent,  ora_zh_rule_ratio,    ora_zh_rule_fraction,
    ora_zh_rule_vulgar,     ora_zh_rule_code,     ora_zh_rule_range,    ora_zh_rule_quantity,
    ora_zh_rule_power,      ora_zh_rule_operator, ora_zh_rule_particle, ora_zh_rule_symbol,
};

uint32_t ora_zh_at(const struct ora_zh *z, size_t i)
{
    return i < z->count ? z->cp[i] : 0;
}

bool ora_zh_digit(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return cp >= '0' && cp <= '9';
}

bool ora_zh_latin(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i) | 32;
    return cp >= 'a' && cp <= 'z';
}

static bool is_han(uint32_t cp)
{
    return (cp >= 0x3400 && cp <= 0x9FFF) || (cp >= 0x20000 && cp <= 0x3FFFF) || cp == 0x3007;
}

bool ora_zh_han(const struct ora_zh *z, size_t i)
{
    return is_han(ora_zh_at(z, i));
}

static size_t matches(const struct ora_zh *z, size_t i, const char *word, size_t len)
{
    size_t n = 0;
    for (size_t at = 0, end; at < len; at = end, n++)
        if (ora_cp_at(word, len, at, &end) != ora_zh_at(z, i + n))
            return 0;
    return n;
}

size_t ora_zh_is(const struct ora_zh *z, size_t i, const char *word)
{
    return matches(z, i, word, strlen(word));
}

size_t ora_zh_in(const struct ora_zh *z, size_t i, const char *list)
{
    for (size_t len; *list; list += len + (list[len] == ' ')) {
        len = strcspn(list, " ");
        size_t n = matches(z, i, list, len);
        if (n)
            return n;
    }
    return 0;
}

bool ora_zh_before(const struct ora_zh *z, size_t i, size_t window, const char *list)
{
    for (size_t k = 1; k <= window && k <= i; k++) {
        uint32_t cp = ora_zh_at(z, i - k);
        if (cp == 0x3002 || cp == '!' || cp == '?')
            return false;
        if (ora_zh_in(z, i - k, list))
            return true;
    }
    return false;
}

bool ora_zh_minus(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return cp == '-' || cp == 0x2212 || cp == 0x2013;
}

bool ora_zh_dash(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return ora_zh_minus(z, i) || cp == '~' || cp == 0x2014 || cp == 0x301C;
}

bool ora_zh_colon(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return cp == ':' || cp == 0x2236;
}

/* ---- saying
 * ------------------------------------------------------------------------------------------------- */

/* Chinese is written without spaces; only beside other writing one is kept. */
static bool is_chinese(uint32_t cp)
{
    return is_han(cp) || (cp >= 0x3000 && cp <= 0x303F) || (cp >= 0xFF00 && cp <= 0xFFEF) || cp == 0x201C ||
           cp == 0x201D || cp == 0x2026 || cp == 0x2014;
}

static void before(struct ora_zh *z, uint32_t next)
{
    size_t start;
    bool owed = z->space && z->out->len > z->base;
    z->space = false;
    if (!owed)
        return;
    uint32_t last = ora_cp_before(z->out->data, z->out->len, &start);
    bool last_is_mark = last < 128 && strchr(".,!?;:()\"", (int)last);
    if (is_chinese(next) && (is_chinese(last) || last_is_mark))
        return;
    if (last != ' ')
        ora_str_addc(z->out, ' ');
}

struct ora_str *ora_zh_out(struct ora_zh *z)
{
    before(z, 0x4E00);
    return z->out;
}

void ora_zh_say(struct ora_zh *z, const char *words)
{
    size_t end;
    if (!*words)
        return;
    before(z, ora_cp_at(words, strlen(words), 0, &end));
    ora_str_add(z->out, words);
}

/* A mark or letter in half width: letters and digits are that already. */
static const char *half_of(uint32_t cp)
{
    switch (cp) {
    case 0x3002:
        return ".";
    case 0x201C:
    case 0x201D:
        return "\"";
    case 0x2018:
    case 0x2019:
        return "'";
    default:
        return NULL;
    }
}

static void copy(struct ora_zh *z, size_t i)
{
    char utf8[5] = {0};
    uint32_t cp = ora_zh_at(z, i);
    const char *half = half_of(cp);
    if (!half)
        ora_utf8_encode(cp, utf8);
    before(z, cp);
    ora_str_add(z->out, half ? half : utf8);
    z->quantity = is_han(cp) && z->quantity ? z->quantity - 1 : 0;
}

/* ---- the loop
 * ----------------------------------------------------------------------------------------------- */

/* Code points are looked at as simplified and half-width ones; marks keep their width until they are written,
 * since "3，500" is no number of four digits. */
static size_t decode(const char *text, size_t len, uint32_t *cp)
{
    size_t n = 0;
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t c = ora_cp_at(text, len, at, &end);
        if (c >= 0xFF01 && c <= 0xFF5E)
            c -= 0xFEE0;
        cp[n++] = c == 0xFFE5 ? 0xA5 : c;
    }
    ora_zh_simplify(cp, n);
    return n;
}

static void plain(struct ora_zh *z, const char *text, size_t len, uint32_t *cp)
{
    z->cp = cp;
    z->count = decode(text, len, cp);
    for (size_t i = 0; i < z->count;) {
        size_t used = 0;
        if (ora_cp_is_space(z->cp[i])) {
            z->space = true;
            i++;
            continue;
        }
        for (size_t k = 0; k < sizeof rules / sizeof *rules && !used; k++)
            used = rules[k](z, i);
        if (!used) {
            copy(z, i);
            used = 1;
        }
        i += used;
    }
}

static void kept(struct ora_zh *z, const char *text, size_t len)
{
    if (!len)
        return;
    if (z->space && z->out->len > z->base)
        ora_str_addc(z->out, ' ');
    z->space = false;
    z->quantity = 0;
    ora_str_addn(z->out, text, len);
}

void ora_normalise_zh(const char *text, size_t len, const struct ora_span *protected_, size_t protected_count,
                      bool drop_particles, struct ora_str *out)
{
    struct ora_zh z = {.out = out, .base = out->len, .drop_particles = drop_particles};
    uint32_t *cp = ora_xmalloc((len + 1) * sizeof *cp);
    size_t next = 0;
    bool brackets = true;
    for (size_t at = 0; at < len;) {
        size_t stop = len, end = len;
        while (next < protected_count && protected_[next].start < at)
            next++;
        if (next < protected_count) {
            stop = protected_[next].start;
            end = stop + protected_[next].len;
        }
        const char *open = brackets ? memmem(text + at, stop - at, "[[", 2) : NULL;
        const char *close = open ? memmem(open, len - (size_t)(open - text), "]]", 2) : NULL;
        brackets = !open || close; /* one that is not closed: nor is any after it */
        if (close) {
            stop = (size_t)(open - text);
            end = (size_t)(close + 2 - text);
        }
        plain(&z, text + at, stop - at, cp);
        kept(&z, text + stop, end - stop);
        at = end;
    }
    free(cp);
}
