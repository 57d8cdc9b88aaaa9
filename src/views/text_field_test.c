#include "views/text_field.h"

#include "base/test.h"

ORA_TEST(fields_do_not_break_a_list)
{
    const char *const cases[][2] = {
        {"plain", "plain"},
        {"a|b\tc\nd\re", "a b c d e"},
        {"\"Yes,\" she said. \"No.\"", "\xE2\x80\x9CYes,\xE2\x80\x9D she said. \xE2\x80\x9CNo.\xE2\x80\x9D"},
        {"\"never closed", "\xE2\x80\x9Cnever closed"},
        {"a 5\" pipe", "a 5\" pipe"},
        {"", ""},
        {"\xE2\x80\x9Cso\xE2\x80\x9D", "\xE2\x80\x9Cso\xE2\x80\x9D"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_text_field(&s, cases[i][0]);
        ORA_CHECK_STR(ora_str_c(&s), cases[i][1]);
        ora_str_release(&s);
    }
}

ORA_TEST(slugs)
{
    const char *const cases[][2] = {
        {"Chapter 1: The Well", "chapter-1-the-well"},
        {"  \xE2\x80\x9C"
         "Caf\xC3\xA9\xE2\x80\x9D \xE2\x80\x94 again! ",
         "caf\xC3\xA9-again"},
        {"../../etc/passwd", "etc-passwd"},
        {"***", ""},
        {"", ""},
        {"\xD0\x93\xD0\xBB\xD0\xB0\xD0\xB2\xD0\xB0 2", "\xD0\x93\xD0\xBB\xD0\xB0\xD0\xB2\xD0\xB0-2"},
        {"bad \xFF bytes", "bad-bytes"},
        {"one two three four five", "one-two-three-four"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_text_slug(&s, cases[i][0], 18);
        ORA_CHECK_STR(ora_str_c(&s), cases[i][1]);
        ora_str_release(&s);
    }
}
