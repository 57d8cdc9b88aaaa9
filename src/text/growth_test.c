/* No text is slow: reading, splitting, normalising and masking take time as its length does. */
#include "text/growth.h"

#include <stdlib.h>

#include "base/test.h"
#include "text/normalise.h"
#include "text/normalise_zh.h"
#include "text/phonemes_mask.h"
#include "text/reader_testing.h"
#include "text/rules.h"
#include "text/sentences.h"

/* What is bounded by a length of its own, as an address is, is linear only from there on. */
enum { UNITS = 500, UNITS_OF_ADDRESSES = 2500 };

static void check_all(const char *what, void (*run)(void *, const char *, size_t), void *ctx, size_t units)
{
    for (size_t i = 0; i < ora_growth_text_count; i++) {
        const struct ora_growth_text *t = &ora_growth_texts[i];
        double growth = ora_growth_of(run, ctx, t, units);
        if (growth > ORA_GROWTH_LINEAR)
            ORA_FAIL("%s: \"%s\", \"%s\" …, \"%s\": eight times the text takes %.0f times as long", what,
                     t->head, t->unit, t->tail, growth);
    }
}

static void split(void *ctx, const char *text, size_t len)
{
    const size_t *ends;
    size_t count;
    struct ora_err err = {0};
    if (memchr(text, '\n', len)) /* the reader leaves none */
        return;
    ORA_CHECK_OK(ora_sentences_split(ctx, text, len, &ends, &count, &err), err);
    ORA_CHECK_OK(ora_sentences_pieces(ctx, text, len, 600, &ends, &count, &err), err);
}

ORA_TEST(splitting)
{
    static const char *const langs[] = {"en", "zh"};
    for (size_t i = 0; i < 2; i++) {
        struct ora_err err = {0};
        struct ora_sentences *s = ora_sentences_create(langs[i], &err);
        check_all(langs[i], split, s, UNITS);
        ora_sentences_destroy(&s);
    }
}

static void read_file(void *ctx, const char *text, size_t len)
{
    struct ora_reading how = {0};
    struct ora_str got = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_reading_of(&how, ctx, text, len, &got, &err), err);
    ora_str_release(&got);
}

ORA_TEST(reading)
{
    check_all("txt", read_file, "a.txt", UNITS);
    check_all("md", read_file, "a.md", UNITS);
}

static void normalise(void *ctx, const char *text, size_t len)
{
    struct ora_str out = ORA_STR_INIT;
    struct ora_err err = {0};
    (void)len;
    ORA_CHECK_OK(ora_text_normalise(NULL, ctx, false, text, &out, &err), err);
    ora_str_release(&out);
}

ORA_TEST(normalising)
{
    check_all("en", normalise, "en", UNITS_OF_ADDRESSES);
}

static void normalise_zh(void *ctx, const char *text, size_t len)
{
    struct ora_str out = ORA_STR_INIT;
    (void)ctx;
    ora_normalise_zh(text, len, NULL, 0, false, &out);
    ora_str_release(&out);
}

ORA_TEST(normalising_chinese)
{
    check_all("zh", normalise_zh, NULL, UNITS);
}

static void mask(void *ctx, const char *text, size_t len)
{
    struct ora_masked m = {0};
    ora_mask(ctx, text, len, &m);
    ora_masked_release(&m);
}

ORA_TEST(masking)
{
    check_all("en-us", mask, "en-us", UNITS);
    check_all("hi", mask, "hi", UNITS);
}
