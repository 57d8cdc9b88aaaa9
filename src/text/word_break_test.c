/* Word boundaries: the same as ICU's break iterator finds, in scripts that need no dictionary. */
#include "text/word_break.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "base/test.h"
#include "base/str.h"

static void compare(const char *text)
{
    UErrorCode status = U_ZERO_ERROR;
    size_t len = strlen(text);
    UText *utext = utext_openUTF8(NULL, text, (int64_t)len, &status);
    UBreakIterator *it = ubrk_open(UBRK_WORD, "en", NULL, 0, &status);
    ubrk_setUText(it, utext, &status);
    ORA_CHECK(U_SUCCESS(status));
    for (size_t at = 0; at <= len; at++) {
        if (at < len && ((unsigned char)text[at] & 0xC0) == 0x80)
            continue;
        bool want = ubrk_isBoundary(it, (int32_t)at), got = ora_word_boundary(text, len, at);
        if (want != got)
            ORA_FAIL("\"%s\" at %zu: %d, ICU says %d", text, at, got, want);
    }
    ubrk_close(it);
    utext_close(utext);
}

ORA_TEST(like_icu)
{
    static const char *const texts[] = {
        "Hello, world.",
        "don't can't 'tis rock 'n' roll",
        "3.14 and 1,234.50 or 1.2.3",
        "well-known U.S.A. example.com",
        "a_b _c_ d__e",
        "naïve café e\u0301te\u0301",
        "Привет, мир!",
        "ελληνικά τώρα",
        "שלום עולם צה\"ל",
        "كيف حالك؟",
        "5km 10:30 p.m. C++ C# #1 me",
        "a\u200Db \u00ADx\u00ADy",
        "line\r\nnext\nlast",
        "double  space\tand tab",
        "カタカナ テスト",
        "x²y ½ €5 20°C",
        ":;:;",
        "...",
        "",
        "'",
        "a'",
        "'a",
        "a.",
        "1.",
        ".1",
        "a:b a·b 1;2",
        "\u2019tis don\u2019t",
        "\u0301 \u0301a",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        compare(texts[i]);
}

ORA_TEST(like_icu_on_random_texts)
{
    static const char *const parts[] = {"a",      "b",      "1", "2",  ".", ",",  "'",
                                        "\"",     ":",      ";", "_",  "-", " ",  "é",
                                        "\u0301", "\u00AD", "א", "ア", "€", "\n", "\u200D"};
    uint32_t state = 7;
    for (int round = 0; round < 3000; round++) {
        struct ora_str s = ORA_STR_INIT;
        for (int n = 0; n < 10; n++) {
            state = state * 1664525u + 1013904223u;
            ora_str_add(&s, parts[(state >> 8) % (sizeof parts / sizeof *parts)]);
        }
        compare(s.data);
        ora_str_release(&s);
    }
}

ORA_TEST(ends)
{
    const char *text = "don't stop";
    ORA_CHECK_INT(ora_word_end(text, strlen(text), 0), 5);
    ORA_CHECK_INT(ora_word_end(text, strlen(text), 5), 6);
    ORA_CHECK_INT(ora_word_end(text, strlen(text), 6), 10);
}
