/* Tags and entities: what is read of them, and what is none. */
#include "text/html.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "text/chars.h"
#include "text/sentences.h"

ORA_TEST(tags_are_taken_off)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"<b>bold</b> text", "bold text"},
        {"H<sub>2</sub>O", "H2O"},
        {"x<sup>2</sup>", "x²"},
        {"one<br/>two<br> three", "one, two,  three"},
        {"<p>One.</p><p>Two</p> <p>Three</p>", "One. Two. Three"},
        {"<br><br/><hr>", ""},
        {"<h1>Title</h1>Text", "Title. Text"},
        {"<a href=\"x.html?a>b\" title='c'>link</a>", "link"},
        {"a <!-- not this --> b", "a  b"},
        {"<?xml version=\"1.0\"?><!DOCTYPE html><x>y</x>", "y"},
        {"<para id=\"3\">y</para><empty/>", "y"},
        {"<script>if (a < b) {}</script>c", "c"},
        {"a < b and c > d", "a < b and c > d"},
        {"x<y and <file> or <your name>", "x<y and <file> or <your name>"},
        {"<<CHAPTER>> <3 <- <", "<<CHAPTER>> <3 <- <"},
        {"<a b>", "<a b>"},
        {"<b", "<b"},
        {"<img alt=\"", "<img alt=\""},
        {"你好<br>世界<p>好", "你好， 世界。 好"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str out = ORA_STR_INIT;
        ora_html_take_off(cases[i].text, strlen(cases[i].text), &out);
        ORA_CHECK_STR(ora_str_c(&out), cases[i].want);
        ora_str_release(&out);
    }
}

ORA_TEST(entities_are_decoded)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"salt &amp; pepper", "salt & pepper"},
        {"&amp;amp; &amp;amp;eacute;", "& é"},
        {"caf&eacute; &#8212; &#x2019;", "café — ’"},
        {"Use the &lt;b&gt; tag, &lt;/b&gt; too", "Use the ‹b› tag, ‹/b› too"},
        {"5 &lt; 6 &gt; 4", "5 < 6 > 4"},
        {"AT&T, Q&A; &unknown; & &;", "AT&T, Q&A; &unknown; & &;"},
        {"[[h&lt;b]]", "[[h&lt;b]]"},
        {"&#91;&#91;ni3 hao3&#93;&#93;", "[ [ni3 hao3]]"},
        {"&lbrack;[x]] [&#x5B;y]] &amp;lbrack;&lbrack;z", "[ [x]] [ [y]] [ [z"},
        {"&#91;[[a]]", "[ [[a]]"},
        {"[<b>[x]]</b>", "[ [x]]"},
        {"&amp", "&amp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_str out = ORA_STR_INIT;
        ora_html_take_off(cases[i].text, strlen(cases[i].text), &out);
        ORA_CHECK_STR(ora_str_c(&out), cases[i].want);
        ora_str_release(&out);
    }
}

ORA_TEST(tags_alone_are_no_words)
{
    ORA_CHECK(!ora_has_words("</p> <br/>", 10));
    ORA_CHECK(ora_has_words("<p>a", 4));
    ORA_CHECK(ora_has_words("<file>", 6));
}

ORA_TEST(sentences_end_at_stops_beside_tags)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {"<b>Hello.</b> World is here.", 2}, {"He came. <i>She</i> went.", 2},
        {"<p>Hello there.</p>", 1},          {"See <a href=\"x. Y. html\">this</a> page.", 1},
        {"It is <b>3.5</b> m.</p>", 1},
    };
    struct ora_err err = {0};
    struct ora_sentences *s = ora_sentences_create("en", &err);
    ORA_REQUIRE(s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t *ends;
        size_t count = 0;
        ORA_CHECK_OK(ora_sentences_split(s, cases[i].text, strlen(cases[i].text), &ends, &count, &err), err);
        if (count != cases[i].count)
            ORA_FAIL("%zu sentences of \"%s\"", count, cases[i].text);
    }
    ora_sentences_destroy(&s);
}

/* Time is linear in what opens and never closes. */
ORA_TEST(many_openings_are_no_trouble)
{
    static const char *const seeds[] = {"<", "<!--", "<script>", "<a b=\"", "&amp;", "<p>", "[[<"};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct ora_str text = ORA_STR_INIT, out = ORA_STR_INIT;
        while (text.len < 200000)
            ora_str_add(&text, seeds[i]);
        ora_html_take_off(ora_str_c(&text), text.len, &out);
        ORA_CHECK(out.len <= text.len);
        ora_str_release(&text);
        ora_str_release(&out);
    }
}
