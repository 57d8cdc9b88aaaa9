/* Where [[ ]] begin and end, which are errors, and which are text. */
#include "text/brackets.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/test.h"

static char *found(const char *text)
{
    struct ora_str s = ORA_STR_INIT;
    struct ora_bracket b;
    size_t len = strlen(text);
    for (size_t at = 0; ora_bracket_next(text, len, at, &b); at = b.start + b.len)
        ora_str_addf(&s, "%s%.*s", s.len ? " | " : "", (int)b.len, text + b.start);
    return ora_str_detach(&s);
}

ORA_TEST(brackets)
{
    static const struct {
        const char *text, *found, *error; /* error: part of it, NULL for none */
    } cases[] = {
        {"", "", NULL},
        {"[", "", NULL},
        {"no phones [here] (nor here)", "", NULL},
        {"say [[hh ax]] now", "[[hh ax]]", NULL},
        {"[[a]][[b]]", "[[a]] | [[b]]", NULL},
        {"[[a]", "", "\"[[\" is not closed: expected \"]]\""},
        {"say [[hh ax l ow now", "", "not closed"},
        {"x [[", "", "in \"[[\""},
        {"[[a [[b]]", "[[b]]", "in \"[[a [[b]]\""},
        {"[[a [[b]] c]]", "[[b]]", "not closed"},
        {"[[ ]] x", "[[ ]]", "nothing stands in \"[[ ]]\""},
        {"[[]]", "[[]]", "nothing stands in"},
        {"a[b[1]] ]]", "", NULL},
        {"[[[x]]]", "[[[x]]", NULL},
        {"\\[[not phones]] [[a]]", "[[a]]", NULL},
        {"\\[[[[x]] \\[[", "", NULL},
        {"[[好\n]]", "[[好\n]]", NULL},
        {"[[ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä ä", "", "[[ä ä ä ä ä ä ä ä ä ä ä ä ä\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        char *got = found(cases[i].text);
        int rc = ora_brackets_check(cases[i].text, strlen(cases[i].text), &err);
        if (strcmp(got, cases[i].found) != 0 || (rc < 0) != (cases[i].error != NULL) ||
            (rc < 0 && (rc != ORA_E_BAD_INPUT || !strstr(err.message, cases[i].error))))
            ORA_FAIL("\"%s\": found \"%s\", error \"%s\"", cases[i].text, got, rc < 0 ? err.message : "none");
        free(got);
    }
}

ORA_TEST(escaped_brackets_become_one)
{
    static const char *const cases[][2] = {
        {"plain", "plain"}, {"\\[[a]] b", "[a]] b"}, {"\\[[[[a", "[a"},
        {"x\\[[", "x["},    {"\\[a", "\\[a"},        {"[\\[[a]]", "[ [a]]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_brackets_unescape(cases[i][0], strlen(cases[i][0]), &s);
        ORA_CHECK_STR(ora_str_c(&s), cases[i][1]);
        ora_str_release(&s);
    }
}
