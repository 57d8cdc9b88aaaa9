/* Numbers in words. */
#include "text/normalise_number.h"

#include "base/test.h"

ORA_TEST(cardinals)
{
    static const struct {
        uint64_t v;
        const char *american, *british;
    } cases[] = {
        {0, "zero", "zero"},
        {7, "seven", "seven"},
        {19, "nineteen", "nineteen"},
        {20, "twenty", "twenty"},
        {42, "forty-two", "forty-two"},
        {100, "one hundred", "one hundred"},
        {115, "one hundred fifteen", "one hundred and fifteen"},
        {1000, "one thousand", "one thousand"},
        {1005, "one thousand five", "one thousand and five"},
        {12345, "twelve thousand three hundred forty-five", "twelve thousand three hundred and forty-five"},
        {1000000, "one million", "one million"},
        {1000001, "one million one", "one million and one"},
        {2000300, "two million three hundred", "two million three hundred"},
        {UINT64_C(3000000000), "three billion", "three billion"},
        {ORA_EN_MAX_CARDINAL,
         "nine hundred ninety-nine trillion nine hundred ninety-nine billion nine hundred ninety-nine "
         "million nine hundred ninety-nine "
         "thousand nine hundred ninety-nine",
         "nine hundred and ninety-nine trillion nine hundred and ninety-nine billion nine hundred and "
         "ninety-nine million nine hundred "
         "and ninety-nine thousand nine hundred and ninety-nine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str a = ORA_STR_INIT, b = ORA_STR_INIT;
        ora_en_cardinal(&a, cases[i].v, false);
        ora_en_cardinal(&b, cases[i].v, true);
        ORA_CHECK_STR(a.data, cases[i].american);
        ORA_CHECK_STR(b.data, cases[i].british);
        ora_str_release(&a);
        ora_str_release(&b);
    }
}

ORA_TEST(ordinals)
{
    static const struct {
        uint64_t v;
        const char *want;
    } cases[] = {{1, "first"},
                 {2, "second"},
                 {3, "third"},
                 {4, "fourth"},
                 {5, "fifth"},
                 {8, "eighth"},
                 {9, "ninth"},
                 {11, "eleventh"},
                 {12, "twelfth"},
                 {13, "thirteenth"},
                 {20, "twentieth"},
                 {21, "twenty-first"},
                 {30, "thirtieth"},
                 {42, "forty-second"},
                 {99, "ninety-ninth"},
                 {100, "one hundredth"},
                 {101, "one hundred first"},
                 {112, "one hundred twelfth"},
                 {1000, "one thousandth"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_en_ordinal(&s, cases[i].v, false);
        ORA_CHECK_STR(s.data, cases[i].want);
        ora_str_release(&s);
    }
}

ORA_TEST(years_and_decades)
{
    static const struct {
        unsigned year;
        const char *said, *decade;
    } cases[] = {{1999, "nineteen ninety-nine", NULL},
                 {1905, "nineteen oh five", NULL},
                 {1900, "nineteen hundred", "nineteen hundreds"},
                 {2000, "two thousand", "two thousands"},
                 {2005, "two thousand five", NULL},
                 {2010, "twenty ten", "twenty tens"},
                 {2024, "twenty twenty-four", NULL},
                 {1066, "ten sixty-six", NULL},
                 {1005, "one thousand five", NULL},
                 {1990, "nineteen ninety", "nineteen nineties"},
                 {90, "ninety", "nineties"},
                 {476, "four hundred seventy-six", NULL},
                 {1800, "eighteen hundred", "eighteen hundreds"},
                 {3000, "three thousand", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str y = ORA_STR_INIT, d = ORA_STR_INIT;
        ora_en_year(&y, cases[i].year, false);
        ORA_CHECK_STR(y.data, cases[i].said);
        ora_en_decade(&d, cases[i].year);
        if (cases[i].decade)
            ORA_CHECK_STR(d.data, cases[i].decade);
        ora_str_release(&y);
        ora_str_release(&d);
    }
}

ORA_TEST(digits_and_plurals)
{
    struct ora_str s = ORA_STR_INIT;
    ora_en_digits(&s, "00-7", 4);
    ORA_CHECK_STR(s.data, "zero zero seven");
    static const char *const pairs[][2] = {
        {"half", "halves"}, {"one sixth", "one sixths"}, {"twenty", "twenties"}, {"six", "sixes"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ora_str_clear(&s);
        ora_str_add(&s, pairs[i][0]);
        ora_en_pluralise(&s);
        ORA_CHECK_STR(s.data, pairs[i][1]);
    }
    ora_str_release(&s);
}
