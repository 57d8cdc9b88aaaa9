/* Money in English text: "$5.50", "£3m", "US$5", "20 €", "5 USD", "a $5 note". */
#include <stdlib.h>
#include <string.h>

#include "text/normalise_en.h"
#include "text/normalise_number.h"

struct currency {
    const char *sign, *code; /* sign: UTF-8 */
    const char *one, *many;
    const char *cent, *cents; /* NULL: hundredths are read as decimals */
};

static const struct currency currencies[] = {
    {"$", "USD", "dollar", "dollars", "cent", "cents"},
    {"£", "GBP", "pound", "pounds", "penny", "pence"},
    {"€", "EUR", "euro", "euros", "cent", "cents"},
    {"¥", "JPY", "yen", "yen", NULL, NULL},
    {"₹", "INR", "rupee", "rupees", "paisa", "paise"},
    {"₽", "RUB", "ruble", "rubles", NULL, NULL},
    {"₩", "KRW", "won", "won", NULL, NULL},
    {"₿", "BTC", "bitcoin", "bitcoins", NULL, NULL},
    {NULL, "CHF", "Swiss franc", "Swiss francs", NULL, NULL},
    {NULL, "CNY", "yuan", "yuan", NULL, NULL},
    {NULL, "CAD", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {NULL, "AUD", "Australian dollar", "Australian dollars", "cent", "cents"},
    {NULL, "SEK", "Swedish crown", "Swedish crowns", NULL, NULL},
    {NULL, "PLN", "zloty", "zlotys", NULL, NULL},
};

static const struct {
    const char *letters, *country;
} dollars[] = {{"US", "US"},       {"A", "Australian"},   {"AU", "Australian"}, {"C", "Canadian"},
               {"CA", "Canadian"}, {"NZ", "New Zealand"}, {"HK", "Hong Kong"},  {"S", "Singapore"}};

static const struct currency *by_sign(const struct ora_en *n, size_t i)
{
    const struct ora_token *t = ora_en_at(n, i);
    for (size_t k = 0; t->kind == ORA_TOKEN_MARK && k < sizeof currencies / sizeof *currencies; k++)
        if (currencies[k].sign && t->len == strlen(currencies[k].sign) &&
            !memcmp(n->text + t->start, currencies[k].sign, t->len))
            return &currencies[k];
    return NULL;
}

static const struct currency *by_code(const struct ora_en *n, size_t i)
{
    for (size_t k = 0; k < sizeof currencies / sizeof *currencies; k++)
        if (ora_en_word_exact(n, i, currencies[k].code))
            return &currencies[k];
    return NULL;
}

/* "m", "bn", "k" touching the number, or a word over a space. */
static const char *magnitude(const struct ora_en *n, size_t i, size_t *tokens)
{
    static const struct {
        const char *letters, *word;
    } tight[] = {{"k", "thousand"}, {"K", "thousand"},  {"m", "million"},   {"M", "million"},
                 {"mn", "million"}, {"mm", "million"},  {"bn", "billion"},  {"b", "billion"},
                 {"B", "billion"},  {"tn", "trillion"}, {"trn", "trillion"}};
    static const char *const words[] = {"hundred", "thousand", "million", "billion", "trillion"};
    for (size_t k = 0; k < sizeof tight / sizeof *tight; k++) {
        if (ora_en_word_exact(n, i, tight[k].letters)) {
            *tokens = 1;
            return tight[k].word;
        }
    }
    size_t at = i + (ora_en_is(n, i, ORA_TOKEN_SPACE) || ora_en_mark(n, i, '-'));
    for (size_t k = 0; at > i && k < sizeof words / sizeof *words; k++) {
        if (ora_en_word(n, at, words[k])) {
            *tokens = 2;
            return words[k];
        }
    }
    if (at > i && (ora_en_word_exact(n, at, "bn") || ora_en_word_exact(n, at, "m"))) {
        *tokens = 2;
        return ora_en_word_exact(n, at, "bn") ? "billion" : "million";
    }
    *tokens = 0;
    return NULL;
}

/* "a $5 note": one of a kind of five dollars. */
static bool is_attribute(const struct ora_en *n, size_t start, size_t end)
{
    bool article =
        ora_en_word(n, ora_en_previous(n, start), "a") || ora_en_word(n, ora_en_previous(n, start), "an");
    bool noun = (ora_en_is(n, end, ORA_TOKEN_SPACE) || ora_en_mark(n, end, '-')) &&
                ora_en_is(n, end + 1, ORA_TOKEN_WORD) &&
                !ora_en_word_in(n, end + 1, " a an and or of in to for on at per each the more is was ");
    return article && noun;
}

static void say_small_change(struct ora_en *n, const struct ora_amount *a, const struct currency *c)
{
    unsigned cents = (unsigned)strtoul(a->fraction, NULL, 10);
    ora_en_cardinal(ora_en_out(n), cents, n->british);
    ora_en_say(n, cents == 1 ? c->cent : c->cents);
}

static void say_money(struct ora_en *n, const struct ora_amount *a, const struct currency *c,
                      const char *times, const char *country, bool attribute)
{
    bool hundredths = c->cent && !times && strlen(a->fraction) == 2 && a->spellable;
    if (hundredths && a->value == 0 && strcmp(a->fraction, "00") != 0) {
        say_small_change(n, a, c);
        return;
    }
    struct ora_amount whole = *a;
    if (hundredths)
        whole.fraction[0] = '\0';
    ora_en_say_amount(n, &whole);
    if (times)
        ora_en_say(n, times);
    if (country)
        ora_en_say(n, country);
    ora_en_say(n, attribute || (ora_en_is_one(&whole) && !times) ? c->one : c->many);
    if (hundredths && strcmp(a->fraction, "00") != 0) {
        ora_en_say(n, "and");
        say_small_change(n, a, c);
    }
}

/* "/month" after money. */
static size_t per(struct ora_en *n, size_t i)
{
    if (!ora_en_mark(n, i, '/') || !ora_en_is(n, i + 1, ORA_TOKEN_WORD))
        return 0;
    ora_en_say(n, "per");
    return 1;
}

/* The end of an amount of money at token i, said: in "$5–10" the first number only gets "to". */
static size_t money_at(struct ora_en *n, size_t start, size_t i, const struct currency *c,
                       const char *country)
{
    struct ora_amount a, b;
    size_t tokens;
    if (!ora_en_amount(n, i, &a))
        return 0;
    size_t at = i + a.tokens;
    size_t second = at + 1 + (by_sign(n, at + 1) == c);
    if ((ora_en_mark(n, at, '-') || ora_en_mark(n, at, 0x2013)) && ora_en_amount(n, second, &b) &&
        b.value >= a.value) {
        ora_en_say_amount(n, &a);
        ora_en_say(n, "to");
        a = b;
        at = second + b.tokens;
    }
    const char *times = magnitude(n, at, &tokens);
    at += tokens;
    if (!times && ora_en_is(n, at, ORA_TOKEN_WORD) && ora_en_at(n, at)->len < 3)
        return 0;
    say_money(n, &a, c, times, country, is_attribute(n, start, at));
    return at + per(n, at) - start;
}

/* "$5", "US$5" */
size_t ora_rule_currency(struct ora_en *n, size_t i)
{
    const char *country = NULL;
    size_t sign = i;
    for (size_t k = 0; k < sizeof dollars / sizeof *dollars; k++) {
        if (ora_en_word_exact(n, i, dollars[k].letters) && ora_en_mark(n, i + 1, '$')) {
            country = dollars[k].country;
            sign = i + 1;
        }
    }
    const struct currency *c = by_sign(n, sign);
    return c ? money_at(n, i, sign + 1 + ora_en_is(n, sign + 1, ORA_TOKEN_SPACE), c, country) : 0;
}

/* "EUR 20" */
size_t ora_rule_currency_code(struct ora_en *n, size_t i)
{
    const struct currency *c = by_code(n, i);
    if (!c || !ora_en_is(n, i + 1, ORA_TOKEN_SPACE) || !ora_en_is(n, i + 2, ORA_TOKEN_NUMBER))
        return 0;
    return money_at(n, i, i + 2, c, NULL);
}

/* "20 €", "20€", "5¢", "50p", "5 USD" */
size_t ora_rule_currency_after(struct ora_en *n, size_t i)
{
    struct ora_amount a;
    if (!ora_en_amount(n, i, &a))
        return 0;
    size_t at = i + a.tokens, space = ora_en_is(n, at, ORA_TOKEN_SPACE);
    if (ora_en_mark(n, at + space, 0xA2)) {
        ora_en_say_amount(n, &a);
        ora_en_say(n, ora_en_is_one(&a) ? "cent" : "cents");
        return a.tokens + space + 1;
    }
    if (n->british && ora_en_word_exact(n, at, "p")) {
        ora_en_say_amount(n, &a);
        ora_en_say(n, ora_en_is_one(&a) ? "penny" : "pence");
        return a.tokens + 1;
    }
    const struct currency *c = by_sign(n, at + space);
    if (!c && space)
        c = by_code(n, at + 1);
    /* "5 $3 tickets": the sign belongs to what follows it. */
    if (!c || (c->sign && ora_en_is(n, at + space + 1, ORA_TOKEN_NUMBER)))
        return 0;
    say_money(n, &a, c, NULL, NULL, false);
    return a.tokens + space + 1;
}
