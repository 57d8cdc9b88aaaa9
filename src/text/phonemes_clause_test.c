/* What ends a clause, and how clauses become sentences: pure, without espeak-ng. */
#include "text/phonemes_clause.h"

#include <stdlib.h>

#include "base/test.h"

ORA_TEST(terminators)
{
    static const struct {
        const char *clause;
        bool spoken, last;
        const char *mark;
        bool ends;
    } cases[] = {
        {"Hello.", true, false, ".", true},
        {"Hello. ", true, false, ".", true},
        {"Hello?", true, false, "?", true},
        {"Hello!", true, false, "!", true},
        {"Hello,", true, false, ", ", false},
        {"Hello:", true, false, ": ", false},
        {"Hello;", true, false, "; ", false},
        {"Hello –", true, false, "; ", false},
        {"Hello — ", true, false, "; ", false},
        {"Hello", true, true, "", true},       /* the end of the text without a mark */
        {"Hello", true, false, "", false},     /* cut for its length */
        {"Hello\n\n", true, false, "", true},  /* a blank line */
        {"Hello.\n\n", true, false, "", true}, /* which swallows the mark before it */
        {"Hello?\n\n\n", true, false, "", true},
        {"Hello,\n", true, false, ", ", false},
        {"Hello...", true, false, "", false},
        {"Hello…", true, false, "", false},
        {"Hello..", true, false, ".", true},
        {"Hello?!", true, false, "?", true}, /* of a run the first mark speaks */
        {"Hello!?", true, false, "!", true},
        {"Ltd.;", true, false, ".", true},
        {"e.g.,", true, false, ".", true},
        {"x?,", true, false, "?", true},
        {"¿", true, false, "", false},
        {").", false, false, "", false}, /* nothing was said: no mark */
        {").", false, true, "", true},
        {"", false, true, "", true},
        {"你好。", true, false, "", true},
        {"你好，", true, false, "", false},
        {"مرحبا؟", true, false, "?", true},
        {"مرحبا،", true, false, ", ", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_terminator t =
            ora_terminator_of(cases[i].clause, 0, strlen(cases[i].clause), cases[i].spoken, cases[i].last);
        if (strcmp(t.mark, cases[i].mark) != 0 || t.ends_sentence != cases[i].ends)
            ORA_FAIL("\"%s\": mark \"%s\" end %d, wanted \"%s\" %d", cases[i].clause, t.mark, t.ends_sentence,
                     cases[i].mark, cases[i].ends);
    }
}

ORA_TEST(a_run_of_marks_does_not_reach_into_the_clause_before)
{
    const char *text = "a.?b";
    ORA_CHECK_STR(ora_terminator_of(text, 2, 3, true, false).mark, "?");
    ORA_CHECK_STR(ora_terminator_of(text, 0, 3, true, false).mark, ".");
}

ORA_TEST(phonemes_are_decomposed_and_rid_of_switches)
{
    static const char *const pairs[][2] = {
        {"həlˈoʊ", "həlˈoʊ"},
        {"ç ã", "c\u0327 a\u0303"},
        {"(en)hˈɛloʊ(de) vˈɛlt", "hˈɛloʊ vˈɛlt"},
        {"a (unclosed", "a "},
        {")(x)", ")"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_phonemes_append(&s, pairs[i][0], strlen(pairs[i][0]));
        ORA_CHECK_STR(ora_str_c(&s), pairs[i][1]);
        ora_str_release(&s);
    }
}

static void add(struct ora_clauses *c, const char *phonemes, size_t end, bool last)
{
    c->clause = realloc(c->clause, (c->count + 1) * sizeof *c->clause);
    c->clause[c->count++] = (struct ora_clause){c->phonemes.len, strlen(phonemes), end, last};
    ora_str_add(&c->phonemes, phonemes);
}

ORA_TEST(clauses_join_to_sentences)
{
    const char *text = "One, two... three. \". Four";
    struct ora_clauses c = {0};
    struct ora_phoneme_text out = {0};
    add(&c, "wʌn", 5, false);
    add(&c, "tuː", 12, false);
    add(&c, "θɹiː", 19, false);
    add(&c, "", 22, false); /* a quote and a stop: nothing said */
    add(&c, "fɔːɹ", 26, true);
    ora_clauses_join(text, &c, false, &out);
    ORA_REQUIRE(out.count == 2);
    ORA_CHECK_STR(out.sentence[0].phonemes, "wʌn, tuːθɹiː.");
    ORA_CHECK_STR(out.sentence[1].phonemes, "fɔːɹ");
    ORA_CHECK_INT(out.sentence[0].text_len, 19);
    ORA_CHECK_INT(out.sentence[1].text_start, 19);
    ora_phoneme_text_release(&out);
    ora_clauses_join(text, &c, true, &out);
    ORA_CHECK_STR(out.sentence[0].phonemes, "wʌn, tuː θɹiː.");
    ora_phoneme_text_release(&out);
    ora_clauses_release(&c);
}
