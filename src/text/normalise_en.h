/*
 * Inside the English normaliser: what its rules share.
 *
 * A rule is a function that looks at the tokens from index i on (and a few before it), says nothing and
 * returns 0 when it is not meant, or says words and returns how many tokens they stand for. The first rule of
 * ora_en_rules that answers wins; a token that none wants is copied. Rules look a bounded number of tokens
 * around them, so that the whole is linear.
 */
#ifndef ORA_TEXT_NORMALISE_EN_H
#define ORA_TEXT_NORMALISE_EN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "text/normalise_token.h"

struct ora_en {
    const char *text;
    size_t len;
    const struct ora_token *tokens;
    size_t count;
    bool british, heading;
    struct ora_str *out;
    size_t base; /* where in out this text starts */
    bool said;   /* the last thing in out was said by a rule: a letter or digit copied next needs a space */
};

typedef size_t ora_en_rule_fn(struct ora_en *n, size_t i);

struct ora_en_rule {
    const char *name;
    uint32_t starts; /* kinds of token that it can start at */
    ora_en_rule_fn *fn;
};

extern const struct ora_en_rule ora_en_rules[];

/* Tokens; any index is allowed, also one before the first (SIZE_MAX). */
const struct ora_token *ora_en_at(const struct ora_en *n, size_t i);
bool ora_en_is(const struct ora_en *n, size_t i, uint32_t kinds);
bool ora_en_mark(const struct ora_en *n, size_t i, uint32_t cp);
bool ora_en_dash(const struct ora_en *n, size_t i);                   /* hyphen, en or em dash, minus */
bool ora_en_word(const struct ora_en *n, size_t i, const char *word); /* whatever the case */
bool ora_en_word_exact(const struct ora_en *n, size_t i, const char *word);
bool ora_en_word_in(const struct ora_en *n, size_t i, const char *list); /* " one two ", whatever the case */
bool ora_en_capital(const struct ora_en *n, size_t i); /* a word with a capital first letter */
bool ora_en_attached(const struct ora_en *n,
                     size_t i); /* a word or number: what would touch the token before it */
const char *ora_en_text(const struct ora_en *n, size_t i);
/* The word before token i, over one space; SIZE_MAX when there is none. */
size_t ora_en_previous(const struct ora_en *n, size_t i);
/* Whether token i starts something: the text, or after a space, an opening bracket, a quote or a dash. */
bool ora_en_starts(const struct ora_en *n, size_t i);

/* Whether the dot that is token i ends a sentence (text/abbreviations.h). */
bool ora_en_dot_ends(const struct ora_en *n, size_t i);

/* Says words, with a space before them where one is needed. */
void ora_en_say(struct ora_en *n, const char *words);
/* The string to append to after a space where one is needed. */
struct ora_str *ora_en_out(struct ora_en *n);

/* A number as it is written: "1,234.50". */
struct ora_amount {
    char whole[20];    /* digits without commas */
    char fraction[64]; /* digits after the point, maybe "" */
    uint64_t value;    /* of whole */
    size_t tokens;
    bool grouped;   /* commas */
    bool spellable; /* no leading zeros, not too long: a cardinal */
};
/* Reads one at token i; false when there is none or it is too long to be one. */
bool ora_en_amount(const struct ora_en *n, size_t i, struct ora_amount *a);
void ora_en_say_amount(struct ora_en *n, const struct ora_amount *a);
bool ora_en_is_one(const struct ora_amount *a);
/* Whether a 4-digit number could be a year: 1000-2099. */
bool ora_en_is_year(const struct ora_en *n, size_t i);
/* Whether the word at token i is what a number before it counts: "people", "years". */
bool ora_en_is_counted(const struct ora_en *n, size_t i);
/* The value of a run of 1-9 digits, or -1. */
long ora_en_integer(const struct ora_en *n, size_t i);
/* The value of a well-formed roman numeral of capital letters below 4000, or 0. */
unsigned ora_en_roman(const char *word, size_t len);

/* Says an address or a path mark by mark: "example dot com slash a". */
void ora_en_say_address(struct ora_en *n, const char *s, size_t len);

/* Rules, by file. */
/* normalise_en_number.c */
ora_en_rule_fn ora_rule_phone, ora_rule_standard, ora_rule_version, ora_rule_fraction, ora_rule_mixed,
    ora_rule_vulgar, ora_rule_decade, ora_rule_ordinal, ora_rule_year;
/* normalise_en_quantity.c */
ora_en_rule_fn ora_rule_range, ora_rule_by, ora_rule_unit, ora_rule_number, ora_rule_point, ora_rule_minus,
    ora_rule_height, ora_rule_to, ora_rule_ratio;
/* normalise_en_money.c */
ora_en_rule_fn ora_rule_currency, ora_rule_currency_code, ora_rule_currency_after;
/* normalise_en_date.c */
ora_en_rule_fn ora_rule_iso_date, ora_rule_slash_date, ora_rule_day_month, ora_rule_month_day,
    ora_rule_weekday, ora_rule_time, ora_rule_hour;
/* normalise_en_address.c */
ora_en_rule_fn ora_rule_address;
/* normalise_en_shell.c */
ora_en_rule_fn ora_rule_path, ora_rule_option, ora_rule_digest, ora_rule_between;
/* normalise_en_word.c */
ora_en_rule_fn ora_rule_title, ora_rule_abbreviation, ora_rule_dotted, ora_rule_era, ora_rule_roman,
    ora_rule_book;
/* normalise_en_symbol.c */
ora_en_rule_fn ora_rule_symbol, ora_rule_ellipsis, ora_rule_emphasis, ora_rule_pause, ora_rule_superscript;

#endif
