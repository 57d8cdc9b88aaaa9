/* Markdown: blocks, inline markup, chapters. */
#include "base/test.h"
#include "text/md_inline.h"
#include "text/reader_testing.h"

struct md_case {
    const char *input, *want;
};

static void check(const struct md_case *c, size_t count)
{
    struct ora_reading how = {.structure = true};
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < count; i++) {
        struct ora_err err = {0};
        int rc = ora_reading_of(&how, "a.md", c[i].input, strlen(c[i].input), &got, &err);
        const char *body = strchr(ora_str_c(&got), '\n'); /* behind the DOCUMENT line */
        if (rc < 0)
            ORA_FAIL("case %zu: %s", i, err.message);
        else if (strcmp(body ? body + 1 : "", c[i].want) != 0)
            ORA_FAIL("case %zu: %s\n got\n%swanted\n%s", i, c[i].input, body ? body + 1 : "", c[i].want);
    }
    ora_str_release(&got);
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

ORA_TEST(inline_markup)
{
    static const struct md_case cases[] = {
        {"**bold** *it* _it_ __bold__ ***both*** ~~old~~", "C \nS bold it it bold both old\n"},
        {"un*believ*able snake_case_name 5*3*2 a * b", "C \nS unbelievable snake_case_name 532 a * b\n"},
        {"*a **b** c* and **a *b* c**", "C \nS a b c and a b c\n"},
        {"a *b c", "C \nS a *b c\n"},
        {"say [[hh ax]] \\[[x]] \\[\\[x]] `if [[ x ]]` \\[x] [\\[x]]",
         "C \nS say [[hh ax]] \\[[x]] \\[[x]] if \\[[ x ]] [x] [(x]]\n"},
        {"&#91;&#91;x]] &lbrack;[x]] [&#91;x]] [<b>[x]]</b> *[*[x]] [[[1]](#n)]",
         "C \nS [ [x]] [ [x]] [ [x]] [ [x]] [ [x]] [ [1]]\n"},
        {"`code *raw*` and ``a`b``", "C \nS code *raw* and a`b\n"},
        {"[link](http://x.y/a_b_c \"Title\") and [ref][r] and [alone]", "C \nS link and ref and [alone]\n"},
        {"[*emph* link](u) ![alt *text*](i.png) [![badge](a)](b)", "C \nS emph link alt text badge\n"},
        {"[a](x(y)z) b", "C \nS a b\n"},
        {"A note.[^1] More.[^long-name]", "C \nS A note.\nS More.\n"},
        {"H<sub>2</sub>O <b>bold</b> a<br>b <!-- gone --> c <http://x.y> 1 < 2 > 0",
         "C \nS H2O bold a b c http://x.y 1 < 2 > 0\n"},
        {"&amp; &eacute; &#233; &#x263A; &nbsp; &unknown; AT&T",
         "C \nS & \xC3\xA9 \xC3\xA9 \xE2\x98\xBA &unknown; AT&T\n"},
        {"\\*not\\* \\[x\\](y) \\\\", "C \nS *not* [x](y) \\\n"},
        {"hard  \nbreak\\\nhere", "C \nS hard break here\n"},
        {"[over\nlines](u) end", "C \nS over lines end\n"},
        {"[broken](no end", "C \nS [broken](no end\n"},
    };
    CHECK(cases);
}

ORA_TEST(blocks)
{
    static const struct md_case cases[] = {
        {"One\ntwo.\n\nThree.", "C \nX blank 3\nS One two.\nS Three.\n"},
        {"- a\n- b\n  c\n\n  d\n* e", "C \nS a\nX blank 4\nS b c\nS d\nS e\n"},
        {"1. First.\n2) Second.\n   more", "C \nS 1. First.\nS 2) Second. more\n"},
        {"It was in\n1984. It rained.", "C \nS It was in 1984.\nS It rained.\n"},
        {"- [ ] task\n- [x] done", "C \nS task\nS done\n"},
        {"> a\n> b\n>\n> > c", "C \nX blank 3\nS a b\nS c\n"},
        {"```\ncode\n\nmore\n```\nText", "X code 1-5\nC \nS Text\n"},
        {"~~~ c\n```\n~~~\nText", "X code 1-3\nC \nS Text\n"},
        {"Text\n\n    code\n\nText", "C \nX blank 2\nX code 3\nX blank 4\nS Text\nS Text\n"},
        {"a\n\n***\n\nb\n\n- - -\n",
         "C \nX blank 2\nX ornament 3\nX blank 4\nS a\nX blank 6\nX ornament 7\nS b\n"},
        {"Head | B\n--- | ---\n1 | two\n| 3 | |\n\nText",
         "C \nX table-rule 2\nS Head, B\nS 1, two\nX blank 5\nS 3\nS Text\n"},
        {"Intro\nA|B\n-|-\n", "C \nS Intro\nX table-rule 3\nS A, B\n"},
        {"<!-- a\nb -->\nText <!-- x\ny --> z", "X comment 1-2\nC \nS Text z\n"},
        {"<script>\nvar x;\n</script>\n<div>\n\nText\n\n</div>",
         "X markup 1-4\nX blank 5\nC \nX blank 7\nX markup 8\nS Text\n"},
        {"[a]: http://x\n[^1]: Note one.\n[^2]: Note two.",
         "X link-definition 1\nC \nS Note one.\nS Note two.\n"},
        {"---\ntitle: x\n---\nText", "X front-matter 1-3\nC \nS Text\n"},
        {"+++\ntitle = \"x\"\n+++\nText", "X front-matter 1-3\nC \nS Text\n"},
        {"---\nText\n---\nmore", "X ornament 1\nC Text\nH Text\nS more\n"},
        {"Text\n```\nopen", "C \nX code 2-3\nR not-closed 2 a-line2\nS Text\n"},
        {"caf\xE9 \xC3\xA9\nmore \xC3\xA9\n\nok", "R bad-utf8 1-2 a-line1\nX blank 3\nC \nS ok\n"},
    };
    CHECK(cases);
}

ORA_TEST(chapters)
{
    static const struct md_case cases[] = {
        {"# A\na\n# B\nb\n## C\nc", "C A\nH A\nS a\nC B\nH B\nS b\nH C\nS c\n"},
        {"# Book\n## One\na\n## Two\nb\n### Sub\nc",
         "C Book \xE2\x80\x93 One\nH Book\nH One\nS a\nC Two\nH Two\nS b\nH Sub\nS c\n"},
        {"Title\n===\nPart\n---\na", "C Title \xE2\x80\x93 Part\nH Title\nH Part\nS a\n"},
        {"### A ###\n\na", "X blank 2\nC A\nH A\nS a\n"},
        {"# *A* `b` {#id}\n#\n#hashtag", "X ornament 2\nC A b\nH A b\nS #hashtag\n"},
        {"```\n# no\n```\n# A\na\n# B", "X code 1-3\nC A\nH A\nS a\nC B\nH B\n"},
    };
    CHECK(cases);
}

ORA_TEST(entities)
{
    size_t used;
    ORA_CHECK_INT(ora_md_entity("&amp;x", 6, &used), '&');
    ORA_CHECK_INT(used, 5);
    ORA_CHECK_INT(ora_md_entity("&yuml;", 6, &used), 0xFF);
    ORA_CHECK_INT(ora_md_entity("&#0;", 4, &used), 0xFFFD);
    ORA_CHECK_INT(ora_md_entity("&#x110000;", 10, &used), 0xFFFD);
    ORA_CHECK_INT(ora_md_entity("&#;", 3, &used), 0);
    ORA_CHECK_INT(ora_md_entity("&#x;", 4, &used), 0);
    ORA_CHECK_INT(ora_md_entity("&;", 2, &used), 0);
    ORA_CHECK_INT(ora_md_entity("& a;", 4, &used), 0);
}
