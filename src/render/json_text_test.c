#include "render/json_text.h"

#include <jansson.h>

#include "base/test.h"

ORA_TEST(strings_are_read_back_by_jansson)
{
    const char *const texts[] = {"",
                                 "plain",
                                 "\"quotes\" and \\",
                                 "tab\tline\nreturn\r\b\f",
                                 "\x01\x1f\x7f",
                                 "caf\xC3\xA9 \xE2\x80\x9Cso\xE2\x80\x9D \xF0\x9F\x98\x80",
                                 "a|b/c"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_json_string(&s, texts[i], strlen(texts[i]));
        json_t *v = json_loads(ora_str_c(&s), JSON_DECODE_ANY, NULL);
        ORA_CHECK_STR(json_string_value(v), texts[i]);
        json_decref(v);
        ora_str_release(&s);
    }
}

ORA_TEST(broken_utf8_becomes_a_mark)
{
    struct ora_str s = ORA_STR_INIT;
    ora_json_string(&s,
                    "a\xFF"
                    "b\xC3",
                    4);
    ORA_CHECK_STR(ora_str_c(&s), "\"a\xEF\xBF\xBD"
                                 "b\xEF\xBF\xBD\"");
    ora_str_clear(&s);
    ora_json_string(&s, NULL, 0);
    ORA_CHECK_STR(ora_str_c(&s), "\"\"");
    ora_str_release(&s);
}

ORA_TEST(numbers)
{
    struct ora_str s = ORA_STR_INIT;
    const struct {
        uint64_t samples, rate;
        int decimals;
        const char *want;
    } seconds[] = {{0, 22050, 4, "0.0000"},
                   {22050, 22050, 4, "1.0000"},
                   {1, 22050, 6, "0.000045"},
                   {12800, 16000, 6, "0.800000"},
                   {22049, 22050, 4, "1.0000"},
                   {1, 3, 0, "0"},
                   {2, 3, 0, "1"},
                   {79380000000, 22050, 6, "3600000.000000"}};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        ora_str_clear(&s);
        ora_json_seconds(&s, seconds[i].samples, seconds[i].rate, seconds[i].decimals);
        ORA_CHECK_STR(ora_str_c(&s), seconds[i].want);
    }
    const struct {
        double value;
        int decimals;
        const char *want;
    } fixed[] = {{-21.4449, 2, "-21.44"}, {0, 2, "0.00"},   {-0.001, 2, "0.00"},
                 {-INFINITY, 2, "null"},  {NAN, 2, "null"}, {1234.56789, 3, "1234.568"},
                 {1e300, 2, "null"},      {7.5, 0, "8"}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        ora_str_clear(&s);
        ora_json_fixed(&s, fixed[i].value, fixed[i].decimals);
        ORA_CHECK_STR(ora_str_c(&s), fixed[i].want);
    }
    const struct {
        double value;
        const char *want;
    } real[] = {{1, "1.0"}, {0.667, "0.667"}, {0, "0.0"}, {1e-12, "1e-12"}, {1e20, "1e+20"}, {-3, "-3.0"}};
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        ora_str_clear(&s);
        ora_json_real(&s, real[i].value);
        ORA_CHECK_STR(ora_str_c(&s), real[i].want);
    }
    ora_str_clear(&s);
    ora_json_uint(&s, UINT64_MAX);
    ORA_CHECK_STR(ora_str_c(&s), "18446744073709551615");
    ora_str_release(&s);
}
