/*
 * The English normaliser: the table of rules, the loop over tokens, and what rules share.
 *
 * The order of the table is the order of trust: what is recognised by the longest pattern comes first (a
 * telephone number before a range, a range before a number), so that a rule need not know those after it.
 */
#include "text/normalise_en.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/abbreviations.h"
#include "text/normalise.h"
#include "text/normalise_number.h"

enum { W = ORA_TOKEN_WORD, N = ORA_TOKEN_NUMBER, M = ORA_TOKEN_MARK };

const struct ora_en_rule ora_en_rules[] = {
    {"address", W | N, ora_rule_address},
    {"path", W | M, ora_rule_path},
    {"option", M, ora_rule_option},
    {"digest", W | N, ora_rule_digest},
    {"phone", N | M, ora_rule_phone},
    {"iso-date", N, ora_rule_iso_date},
    {"slash-date", N, ora_rule_slash_date},
    {"book", W, ora_rule_book},
    {"weekday", W, ora_rule_weekday},
    {"day-month", N, ora_rule_day_month},
    {"month-day", W, ora_rule_month_day},
    {"time", N, ora_rule_time},
    {"hour", N, ora_rule_hour},
    {"currency", W | M, ora_rule_currency},
    {"currency-code", W, ora_rule_currency_code},
    {"minus", M, ora_rule_minus},
    {"to", M, ora_rule_to},
    {"ratio", N, ora_rule_ratio},
    {"height", N, ora_rule_height},
    {"standard", N, ora_rule_standard},
    {"version", N, ora_rule_version},
    {"mixed", N, ora_rule_mixed},
    {"fraction", N, ora_rule_fraction},
    {"vulgar", M, ora_rule_vulgar},
    {"range", N, ora_rule_range},
    {"decade", N | M, ora_rule_decade},
    {"ordinal", N, ora_rule_ordinal},
    {"by", N, ora_rule_by},
    {"currency-after", N, ora_rule_currency_after},
    {"unit", N, ora_rule_unit},
    {"year", N, ora_rule_year},
    {"number", N, ora_rule_number},
    {"point", M, ora_rule_point},
    {"dotted", W | M, ora_rule_dotted},
    {"era", W, ora_rule_era},
    {"title", W, ora_rule_title},
    {"abbreviation", W, ora_rule_abbreviation},
    {"roman-numeral", W, ora_rule_roman},
    {"superscript", M, ora_rule_superscript},
    {"ellipsis", M, ora_rule_ellipsis},
    {"pause", M, ora_rule_pause},
    {"emphasis", M, ora_rule_emphasis},
    {"symbol", M, ora_rule_symbol},
    {"between", M, ora_rule_between},
    {NULL, 0, NULL},
};

static const struct ora_token nothing = {ORA_TOKEN_END, 0, 0, 0};

const struct ora_token *ora_en_at(const struct ora_en *n, size_t i)
{
    return i < n->count ? &n->tokens[i] : &nothing;
}

bool ora_en_is(const struct ora_en *n, size_t i, uint32_t kinds)
{
    return (ora_en_at(n, i)->kind & kinds) != 0;
}

bool ora_en_mark(const struct ora_en *n, size_t i, uint32_t cp)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_MARK && t->cp == cp;
}

bool ora_en_dash(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_MARK &&
           (t->cp == '-' || t->cp == 0x2013 || t->cp == 0x2014 || t->cp == 0x2212);
}

const char *ora_en_text(const struct ora_en *n, size_t i)
{
    return n->text + ora_en_at(n, i)->start;
}

bool ora_en_word(const struct ora_en *n, size_t i, const char *word)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_WORD && t->len == strlen(word) &&
           !strncasecmp(n->text + t->start, word, t->len);
}

bool ora_en_word_exact(const struct ora_en *n, size_t i, const char *word)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_WORD && t->len == strlen(word) && !memcmp(n->text + t->start, word, t->len);
}

bool ora_en_word_in(const struct ora_en *n, size_t i, const char *list)
{
    const struct ora_token *t = ora_en_at(n, i);
    if (t->kind != ORA_TOKEN_WORD)
        return false;
    for (const char *p = list + 1; *p;) {
        const char *e = strchr(p, ' ');
        if ((size_t)(e - p) == t->len && !strncasecmp(p, n->text + t->start, t->len))
            return true;
        p = e + 1;
    }
    return false;
}

bool ora_en_capital(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    return t->kind == ORA_TOKEN_WORD && u_isUUppercase((UChar32)t->cp);
}

bool ora_en_attached(const struct ora_en *n, size_t i)
{
    return ora_en_is(n, i, ORA_TOKEN_WORD | ORA_TOKEN_NUMBER);
}

size_t ora_en_previous(const struct ora_en *n, size_t i)
{
    if (i >= 2 && ora_en_is(n, i - 1, ORA_TOKEN_SPACE) && ora_en_is(n, i - 2, ORA_TOKEN_WORD))
        return i - 2;
    return SIZE_MAX;
}

bool ora_en_starts(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i - 1);
    if (t->kind & (ORA_TOKEN_SPACE | ORA_TOKEN_PROTECTED) || t->kind == ORA_TOKEN_END)
        return true;
    return t->kind == ORA_TOKEN_MARK && (t->cp == 0x201C || t->cp == 0x2018 || t->cp == 0x2014 ||
                                         t->cp == 0x00AB || (t->cp < 128 && strchr("([{\"'<", (int)t->cp)));
}

bool ora_en_dot_ends(const struct ora_en *n, size_t i)
{
    return ora_en_mark(n, i, '.') && ora_dot_at("en", n->text, n->len, ora_en_at(n, i)->start) == ORA_DOT_END;
}

/* Whether a word said now would touch what stands before it. */
static bool needs_space(const struct ora_en *n)
{
    size_t at = n->out->len;
    uint32_t cp = 0;
    if (at <= n->base)
        return false;
    while (at > n->base && ((unsigned char)n->out->data[--at] & 0xC0) == 0x80)
        ;
    ora_utf8_decode(n->out->data + at, n->out->len - at, &cp);
    if (cp < 128)
        return u_isalnum((UChar32)cp) || strchr(".,;:!?)]}%*+=", (int)cp);
    return u_isalnum((UChar32)cp) || u_charType((UChar32)cp) == U_NON_SPACING_MARK;
}

struct ora_str *ora_en_out(struct ora_en *n)
{
    if (needs_space(n))
        ora_str_addc(n->out, ' ');
    n->said = true;
    return n->out;
}

void ora_en_say(struct ora_en *n, const char *words)
{
    ora_str_add(ora_en_out(n), words);
}

bool ora_en_amount(const struct ora_en *n, size_t i, struct ora_amount *a)
{
    const struct ora_token *t = ora_en_at(n, i);
    *a = (struct ora_amount){.tokens = 1};
    if (t->kind != ORA_TOKEN_NUMBER || t->len >= sizeof a->whole)
        return false;
    size_t len = t->len;
    memcpy(a->whole, n->text + t->start, len);
    /* Groups of exactly three after one of one to three: "1,234,567". */
    while (len <= sizeof a->whole - 4 && (a->grouped || len <= 3) && ora_en_mark(n, i + a->tokens, ',') &&
           ora_en_is(n, i + a->tokens + 1, ORA_TOKEN_NUMBER) && ora_en_at(n, i + a->tokens + 1)->len == 3) {
        memcpy(a->whole + len, ora_en_text(n, i + a->tokens + 1), 3);
        len += 3;
        a->tokens += 2;
        a->grouped = true;
    }
    const struct ora_token *f = ora_en_at(n, i + a->tokens + 1);
    if (ora_en_mark(n, i + a->tokens, '.') && f->kind == ORA_TOKEN_NUMBER && f->len < sizeof a->fraction &&
        !(ora_en_mark(n, i + a->tokens + 2, '.') && ora_en_is(n, i + a->tokens + 3, ORA_TOKEN_NUMBER))) {
        memcpy(a->fraction, n->text + f->start, f->len);
        a->tokens += 2;
    }
    a->value = strtoull(a->whole, NULL, 10);
    a->spellable = a->value <= ORA_EN_MAX_CARDINAL && (len == 1 || a->whole[0] != '0');
    return true;
}

void ora_en_say_amount(struct ora_en *n, const struct ora_amount *a)
{
    struct ora_str *out = ora_en_out(n);
    if (a->spellable)
        ora_en_cardinal(out, a->value, n->british);
    else
        ora_en_digits(out, a->whole, strlen(a->whole));
    if (a->fraction[0]) {
        ora_str_add(out, " point ");
        ora_en_digits(out, a->fraction, strlen(a->fraction));
    }
}

bool ora_en_is_one(const struct ora_amount *a)
{
    return a->value == 1 && !a->fraction[0];
}

long ora_en_integer(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    long v = 0;
    if (t->kind != ORA_TOKEN_NUMBER || t->len > 9)
        return -1;
    for (uint32_t k = 0; k < t->len; k++)
        v = 10 * v + (n->text[t->start + k] - '0');
    return v;
}

unsigned ora_en_roman(const char *word, size_t len)
{
    static const struct {
        const char *numeral;
        unsigned value, times;
    } parts[] = {{"M", 1000, 3}, {"CM", 900, 1}, {"D", 500, 1}, {"CD", 400, 1}, {"C", 100, 3},
                 {"XC", 90, 1},  {"L", 50, 1},   {"XL", 40, 1}, {"X", 10, 3},   {"IX", 9, 1},
                 {"V", 5, 1},    {"IV", 4, 1},   {"I", 1, 3}};
    unsigned value = 0;
    size_t at = 0;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        size_t l = strlen(parts[p].numeral);
        for (unsigned k = 0; k < parts[p].times && len - at >= l && !memcmp(word + at, parts[p].numeral, l);
             k++) {
            value += parts[p].value;
            at += l;
        }
    }
    return at == len ? value : 0;
}

/* Copies token i as it stands, apart from what a rule said just before it. */
static void copy(struct ora_en *n, size_t i)
{
    const struct ora_token *t = &n->tokens[i];
    if (n->said && ora_en_attached(n, i) && needs_space(n))
        ora_str_addc(n->out, ' ');
    ora_str_addn(n->out, n->text + t->start, t->len);
    n->said = false;
}

static size_t apply(struct ora_en *n, size_t i)
{
    for (const struct ora_en_rule *r = ora_en_rules; r->name; r++) {
        if (!(r->starts & n->tokens[i].kind))
            continue;
        size_t used = r->fn(n, i);
        if (used)
            return used;
    }
    return 0;
}

bool ora_lang_is_english(const char *lang)
{
    return !lang || !*lang || (!strncasecmp(lang, "en", 2) && (!lang[2] || lang[2] == '-' || lang[2] == '_'));
}

bool ora_lang_is_british(const char *lang)
{
    static const char *const regions[] = {"gb", "uk", "au", "nz", "ie", "za", "in", "029"};
    if (!lang || !ora_lang_is_english(lang) || strlen(lang) < 5)
        return false;
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        if (!strncasecmp(lang + 3, regions[i], strlen(regions[i])))
            return true;
    return false;
}

void ora_normalise(const char *lang, bool heading, const char *text, size_t len,
                   const struct ora_span *protected_, size_t protected_count, struct ora_str *out)
{
    struct ora_token *tokens;
    struct ora_en n = {.text = text,
                       .len = len,
                       .british = ora_lang_is_british(lang),
                       .heading = heading,
                       .out = out,
                       .base = out->len};
    if (!ora_lang_is_english(lang)) {
        ora_str_addn(out, text, len);
        return;
    }
    ora_tokens_of(text, len, protected_, protected_count, &tokens, &n.count);
    n.tokens = tokens;
    for (size_t i = 0; i < n.count;) {
        size_t used = apply(&n, i);
        if (!used) {
            copy(&n, i);
            used = 1;
        }
        i += used;
    }
    free(tokens);
}
