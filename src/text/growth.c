/* Growth: two texts of a kind, timed. */
#include "text/growth.h"

#include <time.h>

#include "base/str.h"

enum { RUNS = 3, TIMES = 8 };

const struct ora_growth_text ora_growth_texts[] = {
    {"", "word ", ""},
    {"", "a", ""},
    {"", "字", ""},
    {"aaaaaaaaaaaaaaaa", "—", ""},
    {"a", "—", "a"},
    {"a", "。", ""},
    {"a", ".", "b"},
    {"a", ") ", "b"},
    {"a", "” ", "b"},
    {"a", "“", "b"},
    {"", "。“", "b"},
    {"", "a. ", ""},
    {"[[a]]", "a. ", ""},
    {"", "[[a]] ", ""},
    {"", "[[", ""},
    {"", "[[a ", ""},
    {"", "\\[[", ""},
    {"a", "]]", ""},
    {"[[", "a ", "]]"},
    {"[[", "n i3 ", "]]"},
    {"", "[[1]]", ""},
    {"", "a，", ""},
    {"", "1", ""},
    {"", "1,", ""},
    {"", "1.", ""},
    {"", "1-", ""},
    {"", "1/", ""},
    {"", "$1", ""},
    {"", "a@", ""},
    {"http://", "a.", ""},
    {"", "<", ""},
    {"", "<b>", ""},
    {"", "&amp;", ""},
    {"", "&", ""},
    {"a", "\xCC\x81", ""},
    {"a", "\xE2\x80\x8D", "a"},
    {"", "\xF0\x9F\x98\x80", "a"},
    {"a", "…", "b"},
    {"", "א", ""},
    {"", "A.", ""},
    {"", "a'", ""},
    {"a", "\n", "b"},
    {"", "a\n", ""},
    {"", "一百", ""},
    {"", "第", ""},
    {"", "《a", ""},
    {"", "- ", "a"},
    {"a", "*", "b"},
    {"", "(a ", ""},
    {"", "Mr. ", "a"},
    {"", "one hundred ", ""},
    {"", "ａ", ""},
};
const size_t ora_growth_text_count = sizeof ora_growth_texts / sizeof *ora_growth_texts;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double least(void (*run)(void *, const char *, size_t), void *ctx, const struct ora_growth_text *text,
                    size_t units)
{
    struct ora_str s = ORA_STR_INIT;
    double best = 1e9;
    ora_str_add(&s, text->head);
    for (size_t i = 0; i < units; i++)
        ora_str_add(&s, text->unit);
    ora_str_add(&s, text->tail);
    for (int i = 0; i < RUNS; i++) {
        double t = seconds();
        run(ctx, ora_str_c(&s), s.len);
        t = seconds() - t;
        best = t < best ? t : best;
    }
    ora_str_release(&s);
    return best;
}

double ora_growth_of(void (*run)(void *ctx, const char *text, size_t len), void *ctx,
                     const struct ora_growth_text *text, size_t units)
{
    double one = least(run, ctx, text, units), many = least(run, ctx, text, TIMES * units);
    return many / (one > 1e-6 ? one : 1e-6);
}
