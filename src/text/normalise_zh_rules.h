/*
 * Inside the Chinese normaliser: what its rules share. A rule looks at the code points from i on (and a few
 * before), says nothing and returns 0 when it is not meant, or says words and returns how many code points
 * they stand for.
 */
#ifndef ORA_TEXT_NORMALISE_ZH_RULES_H
#define ORA_TEXT_NORMALISE_ZH_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "text/normalise_zh.h"

struct ora_zh {
    const uint32_t *cp;
    size_t count;
    struct ora_str *out;
    size_t base;       /* where in out this text starts */
    bool space;        /* a space is owed before the next word */
    unsigned quantity; /* > 0: a number was said, and at most 3 characters of a unit after it */
    bool drop_particles;
};

typedef size_t ora_zh_rule_fn(struct ora_zh *z, size_t i);

/* Code points by index; 0 outside the text. i may be one before the first (SIZE_MAX). */
uint32_t ora_zh_at(const struct ora_zh *z, size_t i);
bool ora_zh_digit(const struct ora_zh *z, size_t i);
bool ora_zh_latin(const struct ora_zh *z, size_t i); /* an ASCII letter */
bool ora_zh_han(const struct ora_zh *z, size_t i);
size_t ora_zh_is(const struct ora_zh *z, size_t i,
                 const char *word); /* its code points when it stands at i, else 0 */
/* The first word of a list ("个 只 条") that stands at i: its code points. */
size_t ora_zh_in(const struct ora_zh *z, size_t i, const char *list);
/* Whether one of the words ends within `window` code points before i. */
bool ora_zh_before(const struct ora_zh *z, size_t i, size_t window, const char *list);
bool ora_zh_dash(const struct ora_zh *z,
                 size_t i); /* - – — ~ and their like, what parts the ends of a range */
bool ora_zh_minus(const struct ora_zh *z, size_t i); /* - − – */
bool ora_zh_colon(const struct ora_zh *z, size_t i);
size_t ora_zh_digits_end(const struct ora_zh *z, size_t i);
/* The value of the digits i..end, at most 9 of them; -1 otherwise. */
long ora_zh_value(const struct ora_zh *z, size_t i, size_t end);

/* Says words, with the space that is owed where it is needed. */
void ora_zh_say(struct ora_zh *z, const char *words);
struct ora_str *ora_zh_out(struct ora_zh *z); /* the same for what is appended by hand and is Chinese */

enum { ORA_ZH_QUANTITY = 4 };

/* Traditional characters become simplified ones. */
void ora_zh_simplify(uint32_t *cp, size_t count);

/* A number as it is written: "1,234.50". */
struct ora_zh_number {
    char whole[24];    /* digits */
    char fraction[64]; /* digits behind the point, maybe "" */
    uint64_t value;
    size_t end;
    bool is_cardinal; /* no leading zeros, not too long */
};
bool ora_zh_number_at(const struct ora_zh *z, size_t i, struct ora_zh_number *n);
void ora_zh_say_number(struct ora_zh *z, const struct ora_zh_number *n);
/* The same before what it counts: 2 is 两. */
void ora_zh_say_count(struct ora_zh *z, const struct ora_zh_number *n);
void ora_zh_say_value(struct ora_zh *z, uint64_t v);
void ora_zh_say_item(struct ora_zh *z, uint64_t v); /* the number of an item in a list: "一、" */
void ora_zh_say_digits(struct ora_zh *z, size_t i, size_t end, bool yao); /* the digits among i..end */

/* Whether i is inside a row of figures and operators with an = in it. */
bool ora_zh_in_sum(const struct ora_zh *z, size_t i);

/* A unit at i ("km/h", "m²"): its code points, *name ("公里") and *per ("小时") or NULL. 0 when there is
 * none. */
size_t ora_zh_unit(const struct ora_zh *z, size_t i, const char **name, const char **per);
/* Whether what stands at i counts things: 两 before it. */
bool ora_zh_counts(const struct ora_zh *z, size_t i);

/* normalise_zh_date.c */
ora_zh_rule_fn ora_zh_rule_date, ora_zh_rule_year, ora_zh_rule_month, ora_zh_rule_time;
/* normalise_zh_code.c */
ora_zh_rule_fn ora_zh_rule_phone, ora_zh_rule_code, ora_zh_rule_version, ora_zh_rule_address,
    ora_zh_rule_dotted;
/* normalise_zh_quantity.c */
ora_zh_rule_fn ora_zh_rule_money, ora_zh_rule_money_code, ora_zh_rule_percent, ora_zh_rule_fraction,
    ora_zh_rule_vulgar, ora_zh_rule_ratio, ora_zh_rule_range, ora_zh_rule_ordinal, ora_zh_rule_quantity;
/* normalise_zh_symbol.c */
ora_zh_rule_fn ora_zh_rule_sign, ora_zh_rule_to, ora_zh_rule_operator, ora_zh_rule_power,
    ora_zh_rule_particle, ora_zh_rule_symbol;

#endif
