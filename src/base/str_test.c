#include "base/str.h"

#include <stdlib.h>

#include "base/test.h"

ORA_TEST(grows)
{
    struct ora_str s = ORA_STR_INIT;
    ORA_CHECK_STR(ora_str_c(&s), "");
    for (int i = 0; i < 100; i++)
        ora_str_addf(&s, "%d,", i);
    ORA_CHECK_INT(s.len, 290);
    ora_str_clear(&s);
    ora_str_addc(&s, 'x');
    ORA_CHECK_STR(s.data, "x");
    char *p = ora_str_detach(&s);
    ORA_CHECK_STR(p, "x");
    free(p);
}

ORA_TEST(language_tags)
{
    static const char *const good[] = {"en", "en-US", "zh-Hans-CN", "de-1996", "es-419"};
    static const char *const bad[] = {"",    "e",   "en_US", "en US",           "../../etc",
                                      "en-", "-en", "12",    "englishlanguage", "en-toolongpart"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ORA_CHECK(ora_lang_tag_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ORA_CHECK(!ora_lang_tag_ok(bad[i]));
}

ORA_TEST(did_you_mean)
{
    static const char *const words[] = {"voice", "inputs", "max_chars"};
    ORA_CHECK_STR(ora_nearest("voise", words, 3), "voice");
    ORA_CHECK_STR(ora_nearest("max_char", words, 3), "max_chars");
    ORA_CHECK(ora_nearest("zebra", words, 3) == NULL);
}
