/* The user's lexicon: loading, matching, and its place before the normaliser. */
#include "text/lexicon.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/test.h"
#include "text/rules.h"

static struct ora_lexicon *parse(const char *data)
{
    struct ora_lexicon *l = NULL;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_lexicon_parse("words.tsv", data, strlen(data), &l, &err), err);
    return l;
}

static const char words[] = "# how we say it\n"
                            "Nguyen\tWin\n"
                            "new york\tNoo Yawk\r\n"
                            "New York City\tthe City\n"
                            "new\tnoo\n"
                            "US\tyou ess\n"
                            "don't\tdo not\n"
                            "gif\t[[dʒˈɪf]]\n"
                            "C++\tsee plus plus\n"
                            "\n"
                            "straße\tstrasse\n"
                            "one\ttwo\n"
                            "two\tthree\n"
                            "Dr.\tDoktor 5\n";

ORA_TEST(replaces_whole_words)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"Mr Nguyen", "Mr Win"},
        {"nguyen NGUYEN", "nguyen NGUYEN"},            /* a capital in the key: only as written */
        {"New York, NEW  YORK", "Noo Yawk, Noo Yawk"}, /* small letters match any case, one space any space */
        {"New York City", "the City"},                 /* the longest */
        {"new york city", "Noo Yawk city"},
        {"newer renew", "newer renew"}, /* whole words */
        {"US us", "you ess us"},
        {"don’t don't DON'T", "do not do not do not"},
        {"a gif.", "a [[dʒˈɪf]]."},
        {"C++ and C", "see plus plus and C"},
        {"STRAßE", "strasse"},
        {"one two", "two three"}, /* what was said is not looked at again */
        {"", ""},
        {"Dr. Who", "Doktor 5 Who"},
    };
    struct ora_lexicon *l = parse(words);
    ORA_REQUIRE(l != NULL);
    ORA_CHECK_INT(ora_lexicon_count(l), 12);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str out = ORA_STR_INIT;
        struct ora_span *said;
        size_t count;
        ora_lexicon_apply(l, cases[i].text, strlen(cases[i].text), &out, &said, &count);
        ORA_CHECK_STR(ora_str_c(&out), cases[i].want);
        for (size_t k = 0; k < count; k++)
            ORA_CHECK(said[k].start + said[k].len <= out.len);
        free(said);
        ora_str_release(&out);
    }
    ora_lexicon_close(&l);
}

ORA_TEST(exact_case_goes_before_any_case)
{
    struct ora_lexicon *l = parse("polish\tpollish\nPolish\tPoe-lish\n");
    struct ora_str out = ORA_STR_INIT;
    struct ora_span *said;
    size_t count;
    ora_lexicon_apply(l, "Polish polish POLISH", 20, &out, &said, &count);
    ORA_CHECK_STR(ora_str_c(&out), "Poe-lish pollish pollish");
    ORA_CHECK_INT(count, 3);
    free(said);
    ora_str_release(&out);
    ora_lexicon_close(&l);
}

ORA_TEST(errors_name_file_and_line)
{
    static const struct {
        const char *data, *message;
    } cases[] = {
        {"a\tb\nword\n", "words.tsv:2: no tab"},
        {"\tb\n", "words.tsv:1: the word is blank"},
        {"a\t  \n", "words.tsv:1: the respelling is blank"},
        {"a\tb\tc\n", "words.tsv:1: more than two fields"},
        {"a\tb\n# x\na\tc\n", "words.tsv:3: \"a\" was given on line 1 already"},
        {"a\t[[b\n", "words.tsv:1: \"[[\" and \"]]\" do not match"},
        {"a\tb]] [[c\n", "words.tsv:1: \"[[\" and \"]]\" do not match"},
        {"ok\tfine\na\xFF\tb\n", "words.tsv:2: not UTF-8 text at byte 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_lexicon *l;
        struct ora_err err = {0};
        ORA_CHECK_INT(ora_lexicon_parse("words.tsv", cases[i].data, strlen(cases[i].data), &l, &err),
                      ORA_E_FORMAT);
        ORA_CHECK(l == NULL);
        if (!strstr(err.message, cases[i].message))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, cases[i].message);
    }
    struct ora_lexicon *l;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_lexicon_open("/no/such/lexicon.tsv", &l, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, "lexicon.tsv") != NULL);
}

ORA_TEST(a_long_key_is_refused)
{
    struct ora_lexicon *l;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    while (s.len < 300)
        ora_str_addc(&s, 'a');
    ora_str_add(&s, "\tb\n");
    ORA_CHECK_INT(ora_lexicon_parse("w", s.data, s.len, &l, &err), ORA_E_FORMAT);
    ora_str_release(&s);
}

/* The rules respect what the lexicon said, and normalise the rest. */
ORA_TEST(before_the_normaliser)
{
    struct ora_text_rules *rules;
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "lexicon.tsv");
    static const char data[] = "\xEF\xBB\xBFHAL 9000\tHAL 9000\nkm\tclicks\ngif\t[[dʒˈɪf 5]]\n";
    ORA_CHECK_OK(ora_file_write_atomic(path, data, sizeof data - 1, 0644, &err), err);
    ORA_REQUIRE(ora_text_rules_open(path, "en-us", &rules, &err) == 0);
    struct ora_str out = ORA_STR_INIT;
    ORA_CHECK_OK(
        ora_text_normalise(rules, NULL, false, "HAL 9000 ran 5 km & made 2 gifs, 1 gif.", &out, &err), err);
    ORA_CHECK_STR(out.data, "HAL 9000 ran five clicks and made two gifs, one [[dʒˈɪf 5]].");
    ora_str_release(&out);
    ora_text_rules_close(&rules);
    ORA_CHECK(rules == NULL);
    free(path);
}

ORA_TEST(ten_thousand_entries)
{
    struct ora_str data = ORA_STR_INIT, out = ORA_STR_INIT;
    struct ora_span *said;
    size_t count;
    for (int i = 0; i < 10000; i++)
        ora_str_addf(&data, "word%d of it\tW%d\n", i, i);
    struct ora_lexicon *l = parse(data.data);
    ORA_REQUIRE(l != NULL);
    ORA_CHECK_INT(ora_lexicon_count(l), 10000);
    const char *text = "a word9999 of it and word12345 of it, Word17 Of It";
    ora_lexicon_apply(l, text, strlen(text), &out, &said, &count);
    ORA_CHECK_STR(out.data, "a W9999 and word12345 of it, W17");
    free(said);
    ora_str_release(&out);
    ora_str_release(&data);
    ora_lexicon_close(&l);
}
