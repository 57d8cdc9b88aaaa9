/* Normalising: pairs of a text and what is to be spoken. Each pair is checked twice: normalising its own
 * output changes nothing. */
#include "text/rules.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "base/utf8.h"

struct pair {
    const char *text, *want;
};

static unsigned below(uint32_t *state, size_t n)
{
    *state = *state * 1664525u + 1013904223u;
    return (unsigned)((*state >> 8) % n);
}

static char *normalised(const char *lang, const char *text)
{
    struct ora_str out = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_text_normalise(NULL, lang, false, text, &out, &err), err);
    return ora_str_detach(&out);
}

static void check(const char *lang, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *once = normalised(lang, pairs[i].text), *twice = normalised(lang, once);
        if (strcmp(once, pairs[i].want) != 0)
            ORA_FAIL("\"%s\"\n  gave   \"%s\"\n  wanted \"%s\"", pairs[i].text, once, pairs[i].want);
        if (strcmp(once, twice) != 0)
            ORA_FAIL("\"%s\" is not stable: it becomes \"%s\"", once, twice);
        free(once);
        free(twice);
    }
}

static const struct pair american[] = {
#define PAIR(text_, spoken_) {text_, spoken_},
#include "text/normalise_pairs.def"
#undef PAIR
};

ORA_TEST(american_english)
{
    check("en-us", american, sizeof american / sizeof *american);
}

ORA_TEST(in_a_heading_a_lone_i_is_a_number)
{
    static const struct pair headings[] = {
        {"I", "one"},
        {"I.", "one."},
        {"V", "five"},
        {"I. Who Am I?", "one. Who Am I?"},
        {"I. Introduction", "one. Introduction"},
        {"I: The Garden", "one: The Garden"},
        {"I Am Born", "I Am Born"},
    };
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        struct ora_str out = ORA_STR_INIT;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_text_normalise(NULL, "en", true, headings[i].text, &out, &err), err);
        ORA_CHECK_STR(ora_str_c(&out), headings[i].want);
        ora_str_release(&out);
    }
}

static const struct pair british[] = {
    {"101 and 2005", "one hundred and one and two thousand and five"},
    {"1,234", "one thousand two hundred and thirty-four"},
    {"12/11/2020", "the twelfth of November twenty twenty"},
    {"31/12/1999", "the thirty-first of December nineteen ninety-nine"},
    {"2020-11-12", "the twelfth of November twenty twenty"},
    {"May 3", "May the third"},
    {"3 May 1821", "the third of May eighteen twenty-one"},
    {"£5.50", "five pounds and fifty pence"},
    {"50p", "fifty pence"},
    {"1p", "one penny"},
    {"5 km", "five kilometres"},
    {"10 m²", "ten square metres"},
    {"10%", "ten per cent"},
    {"Mr Jones", "Mister Jones"},
    {"1066", "one thousand and sixty-six"},
    {"in 1999", "in nineteen ninety-nine"},
};

ORA_TEST(british_english)
{
    check("en-gb", british, sizeof british / sizeof *british);
}

/* Other languages are cleaned and nothing else. */
ORA_TEST(other_languages_are_only_cleaned)
{
    static const struct pair pairs[] = {
        {"Dr. Müller hat 3,5 kg am 3. Mai.", "Dr. Müller hat 3,5 kg am 3. Mai."},
        {"1\u00A0234\u00A0567 Euro", "1234567 Euro"},
        {"\uFB01nden \uFF44\uFF41\uFF53", "finden das"},
        {"Wort\u200Bgrenze Silben\u00ADtrennung", "Wort grenze Silbentrennung"},
        {"  Raum\t\n zwischen \r\n Wörtern ", "Raum zwischen Wörtern"},
        {"\aGlocke\x1B[1m", "Glocke [1m"},
        {"====== Titel ======", "== Titel =="},
        {"\U0001F44D\U0001F3FD gut", "\U0001F44D gut"},
        {"\u2167. Kapitel", "VIII. Kapitel"},
        {"می\u200Cروم", "می\u200Cروم"},
    };
    check("de", pairs, sizeof pairs / sizeof *pairs);
}

ORA_TEST(raw_phonemes_are_left_alone)
{
    static const struct pair pairs[] = {
        {"say [[tə 5 mˈɑː & 3]] 5 times", "say [[tə 5 mˈɑː & 3]] five times"},
        {"a [[", "a [["},
        {"[[[[ 5 ]]", "[[[[ 5 ]]"},
    };
    check("en-us", pairs, sizeof pairs / sizeof *pairs);
}

/* Only brackets that stand together in the text as it was given open phonemes. */
ORA_TEST(brackets_that_are_text_open_nothing)
{
    static const struct pair cases[] = {
        {"&#91;&#91;b&#93;&#93;", "[ [b]]"},
        {"&lbrack;[b]]", "[ [b]]"},
        {"［［b］］", "[ [b]]"},
        {"[\xE2\x80\x8D[b]] [\xEE\x80\x80[b]]", "[ [b]] [ [b]]"},
        {"[<i>[b]]</i>", "[ [b]]"},
        {"[\\[[b]]", "[ [b]]"},
        {"&#91;[[b]]", "[ [[b]]"},
    };
    check("en-us", cases, sizeof cases / sizeof *cases);
}

ORA_TEST(bad_utf8_is_an_error)
{
    struct ora_str out = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_text_normalise(NULL, "en", false, "ab\xFF", &out, &err), ORA_E_BAD_INPUT);
    ORA_CHECK(strstr(err.message, "byte 2") != NULL);
    ora_str_release(&out);
}

/* Texts put together at random from what rules look for: no crash, valid UTF-8, and stable on the second
 * pass. */
ORA_TEST(random_texts)
{
    static const char *const parts[] = {
        " ",      " ",      " ",      ".",      ",",   ":",      "-",    "/",    "\u2013", "\u2014",
        "$",      "\u00A3", "%",      "\u00B0", "C",   "I",      "IV",   "5",    "12",     "99",
        "1999",   "000",    "st",     "s",      "th",  "a.m.",   "pm",   "May",  "Jan.",   "Dr.",
        "St.",    "No.",    "p.",     "km",     "m",   "k",      "'",    "\"",   "(",      ")",
        "#",      "&",      "@",      "www.",   "com", "x",      "of",   "the",  "[[",     "]]",
        "\u2212", "^",      "\u00B2", "\u00BD", "...", "\u2026", "e.g.", "etc.", "_",      "*",
        "+",      "=",      "~",      "<",      ">",   "Henry",  "and",
    };
    uint32_t state = 12345;
    for (int round = 0; round < 4000; round++) {
        struct ora_str text = ORA_STR_INIT;
        for (unsigned n = below(&state, 24); n--;)
            ora_str_add(&text, parts[below(&state, sizeof parts / sizeof *parts)]);
        char *once = normalised(round % 2 ? "en-us" : "en-gb", ora_str_c(&text));
        ORA_CHECK_INT(ora_utf8_valid_prefix(once, strlen(once)), strlen(once));
        free(once);
        ora_str_release(&text);
    }
}

/* What a quadratic rule would choke on. */
ORA_TEST(long_texts_take_linear_time)
{
    static const char *const parts[] = {"5",    ".",      "5.", "5-",   "[[",    "a.",    "http://a",
                                        "a@b.", "IV ",    "'",  "... ", "5 ",    "$",     "-",
                                        "(",    "1,234,", "<a", "/a",   "3.1, ", "&amp;", "<p>"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        struct ora_str text = ORA_STR_INIT;
        while (text.len < 400000)
            ora_str_add(&text, parts[k]);
        char *once = normalised("en", text.data);
        ORA_CHECK(strlen(once) < 20 * text.len);
        free(once);
        ora_str_release(&text);
    }
}
