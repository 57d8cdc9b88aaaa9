/* Normalising Chinese: pairs of a text and what is to be spoken, class by class. */
#include "text/normalise_zh.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "base/utf8.h"
#include "text/normalise_clean.h"

struct pair {
    const char *text, *want;
};

static const struct pair pairs[] = {
#define PAIR(text_, spoken_) {text_, spoken_},
#include "text/normalise_zh_pairs.def"
#undef PAIR
};

static char *spoken(const char *text, bool drop)
{
    struct ora_str clean = ORA_STR_INIT, out = ORA_STR_INIT;
    ora_text_clean(text, strlen(text), &clean);
    ora_normalise_zh(ora_str_c(&clean), clean.len, NULL, 0, drop, &out);
    ora_str_release(&clean);
    return ora_str_detach(&out);
}

ORA_TEST(every_pair)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *once = spoken(pairs[i].text, false), *twice = spoken(once, false);
        if (strcmp(once, pairs[i].want) != 0)
            ORA_FAIL("\"%s\"\n  gave   \"%s\"\n  wanted \"%s\"", pairs[i].text, once, pairs[i].want);
        if (strcmp(once, twice) != 0)
            ORA_FAIL("\"%s\" is not stable: it becomes \"%s\"", once, twice);
        free(once);
        free(twice);
    }
    ORA_CHECK(sizeof pairs / sizeof *pairs > 250);
}

ORA_TEST(particles_of_the_reference)
{
    static const struct pair cases[] = {
        {"呃,这个呃我想啊,你好啊!", ",这个我想,你好!"},
        {"那儿的花儿很好看,一会儿见。", "那的花很好看,一会见."},
        {"女儿和儿子去托儿所", "女儿和儿子去托儿所"},
        {"台儿庄", "台儿庄"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = spoken(cases[i].text, true);
        ORA_CHECK_STR(got, cases[i].want);
        free(got);
    }
}

ORA_TEST(protected_spans_are_left_alone)
{
    struct ora_str out = ORA_STR_INIT;
    static const char text[] = "有3个3和3個";
    struct ora_span said[] = {{3, 4}, {11, 4}};
    ora_normalise_zh(text, strlen(text), said, 2, false, &out);
    ORA_CHECK_STR(ora_str_c(&out), "有3个三和3個");
    ora_str_release(&out);
}

static unsigned below(uint32_t *state, size_t n)
{
    *state = *state * 1664525u + 1013904223u;
    return (unsigned)((*state >> 8) % n);
}

ORA_TEST(random_texts)
{
    static const char *const parts[] = {
        "1",    "2",    "20",   "100", "2024", "05", ".",  ",",           ":",    "-", "/",  "~",
        "%",    "年",   "月",   "日",  "点",   "个", "第", "元",          "¥",    "$", "km", "/h",
        "℃",    " ",    "，",   "。",  "a",    "GB", "+",  "=",           "×",    "^", "²",  "½",
        "电话", "比分", "[[",   "]]",  "儿",   "啊", "@",  "www",         ".com", "(", ")",  "周",
        "St.",  "电話", "U.S.", "#",   "&",    "_",  "0",  "13812345678",
    };
    uint32_t state = 4711;
    for (int round = 0; round < 6000; round++) {
        struct ora_str text = ORA_STR_INIT;
        for (unsigned n = below(&state, 20); n--;)
            ora_str_add(&text, parts[below(&state, sizeof parts / sizeof *parts)]);
        char *once = spoken(ora_str_c(&text), round % 2);
        ORA_CHECK_INT(ora_utf8_valid_prefix(once, strlen(once)), strlen(once));
        free(once);
        ora_str_release(&text);
    }
}

/* What a quadratic rule would choke on. */
ORA_TEST(long_texts_take_linear_time)
{
    static const char *const parts[] = {"5", "1.", "1,234,", "5-", "[[",  "1:2:", "1/",   "电话1",
                                        "$", "年", "a.b@",   "x²", "+1 ", "= ",   "1-2-", "  "};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        struct ora_str text = ORA_STR_INIT;
        while (text.len < 200000)
            ora_str_add(&text, parts[k]);
        char *once = spoken(text.data, false);
        ORA_CHECK(strlen(once) < 20 * text.len);
        free(once);
        ora_str_release(&text);
    }
}
