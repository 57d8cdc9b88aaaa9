/*
 * Numbers in English words.
 *
 * Oratorio spells numbers itself, although espeak-ng would read digits: espeak-ng takes years for cardinals
 * ("one thousand eight hundred twenty one"), and a corpus wants the words that are heard in its transcript.
 */
#include "text/normalise_number.h"

#include <string.h>

static const char *const small[] = {"zero",    "one",     "two",       "three",    "four",
                                    "five",    "six",     "seven",     "eight",    "nine",
                                    "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                   "fifty", "sixty", "seventy", "eighty", "ninety"};

static void below_hundred(struct ora_str *out, unsigned v)
{
    if (v < 20)
        ora_str_add(out, small[v]);
    else
        ora_str_addf(out, "%s%s%s", tens[v / 10], v % 10 ? "-" : "", v % 10 ? small[v % 10] : "");
}

static void below_thousand(struct ora_str *out, unsigned v, bool with_and)
{
    if (v >= 100)
        ora_str_addf(out, "%s hundred%s", small[v / 100], v % 100 ? (with_and ? " and " : " ") : "");
    if (v % 100 || v < 100)
        below_hundred(out, v % 100);
}

void ora_en_cardinal(struct ora_str *out, uint64_t v, bool with_and)
{
    static const struct {
        uint64_t unit;
        const char *name;
    } scale[] = {{UINT64_C(1000000000000), "trillion"},
                 {1000000000, "billion"},
                 {1000000, "million"},
                 {1000, "thousand"}};
    bool any = false;
    for (size_t i = 0; i < sizeof scale / sizeof *scale; i++) {
        if (v < scale[i].unit)
            continue;
        ora_str_add(out, any ? " " : "");
        below_thousand(out, (unsigned)(v / scale[i].unit % 1000), with_and);
        ora_str_addf(out, " %s", scale[i].name);
        v %= scale[i].unit;
        any = true;
    }
    if (v || !any) {
        ora_str_add(out, !any ? "" : with_and && v < 100 ? " and " : " ");
        below_thousand(out, (unsigned)v, with_and);
    }
}

/* Where the last word of the string starts (after a space or hyphen). */
static size_t last_word(const struct ora_str *s)
{
    size_t at = s->len;
    while (at && s->data[at - 1] != ' ' && s->data[at - 1] != '-')
        at--;
    return at;
}

static void replace_last(struct ora_str *out, size_t at, const char *word)
{
    char copy[64];
    strncpy(copy, word, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    out->len = at;
    out->data[at] = '\0';
    ora_str_add(out, copy);
}

void ora_en_ordinal(struct ora_str *out, uint64_t v, bool with_and)
{
    static const struct {
        const char *cardinal, *ordinal;
    } odd[] = {{"one", "first"},    {"two", "second"}, {"three", "third"},   {"five", "fifth"},
               {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};
    ora_en_cardinal(out, v, with_and);
    size_t at = last_word(out);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        if (!strcmp(out->data + at, odd[i].cardinal)) {
            replace_last(out, at, odd[i].ordinal);
            return;
        }
    }
    if (out->data[out->len - 1] == 'y')
        replace_last(out, out->len - 1, "ie");
    ora_str_add(out, "th");
}

void ora_en_year(struct ora_str *out, unsigned year, bool with_and)
{
    unsigned century = year / 100, rest = year % 100;
    if (year < 1000 || year > 9999 || century % 10 == 0) {
        /* 2005, 1066 apart: "ten sixty-six", but "two thousand five". */
        if (century == 10 && rest >= 10) {
            ora_str_add(out, "ten ");
            below_hundred(out, rest);
            return;
        }
        if (century < 10 || century > 99 || rest < 10 || century % 10) {
            ora_en_cardinal(out, year, with_and);
            return;
        }
    }
    below_hundred(out, century);
    if (!rest)
        ora_str_add(out, " hundred");
    else if (rest < 10)
        ora_str_addf(out, " oh %s", small[rest]);
    else {
        ora_str_addc(out, ' ');
        below_hundred(out, rest);
    }
}

void ora_en_pluralise(struct ora_str *out)
{
    size_t at = last_word(out);
    if (!strcmp(out->data + at, "half"))
        replace_last(out, at, "halves");
    else if (out->data[out->len - 1] == 'y')
        replace_last(out, out->len - 1, "ies");
    else
        ora_str_add(out, out->data[out->len - 1] == 'x' ? "es" : "s");
}

void ora_en_decade(struct ora_str *out, unsigned year)
{
    if (year < 100)
        below_hundred(out, year);
    else
        ora_en_year(out, year, false);
    ora_en_pluralise(out);
}

void ora_en_digits(struct ora_str *out, const char *s, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            continue;
        ora_str_addf(out, "%s%s", any ? " " : "", small[s[i] - '0']);
        any = true;
    }
}
