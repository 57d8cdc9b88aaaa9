/* Where paragraphs are cut. In the cases '|' stands where a sentence must end; it is taken out before
 * splitting. */
#include "text/sentences.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/chars.h"

struct sentence_case {
    const char *lang, *text;
};

static const struct sentence_case cases[] = {
    /* stops */
    {"en", "One."},
    {"en", "One. |Two. |Three."},
    {"en", "Really? |Yes! |Good."},
    {"en", "What?! |No way!! |Oh."},
    {"en", "No stop at the end"},
    {"en", "He left.  |She stayed."},
    {"en", "\"Quoted.\" |Then more."},
    {"en", "\xE2\x80\x9CQuoted.\xE2\x80\x9D |Then more."},
    {"en", "(In brackets.) |Then more."},
    {"en", "He said (and meant it). |Then he left."},
    {"en", "It ended (at last.) |We left."},
    {"en", "[Enter a ghost.] |Who's there?"},
    {"en", "Yes; no: perhaps, he said - and left."},
    {"en", "She stopped \xE2\x80\x94 and went on. |Then she ran."},
    /* titles and abbreviations */
    {"en", "Dr. Smith met Mr. and Mrs. Jones. |They spoke."},
    {"en", "Prof. J. R. R. Tolkien wrote it. |It sold."},
    {"en", "He read e.g. Dickens, i.e. the best, etc. and slept."},
    {"en", "We have apples, pears, etc. |The rest is gone."},
    {"en", "No. 5 is alive. |No. |He is dead."},
    {"en", "See Fig. 3 and pp. 12-14 of vol. 2. |Then stop."},
    {"en", "St. Paul's stands on Main St. |The church is old."},
    {"en", "At 5 p.m. the train left. |It came at 6 a.m. |The crowd slept."},
    {"en", "The U.S. Army came. |He lives in the U.S. |It is large."},
    {"en", "Acme Inc. was sold. |He works for Acme Inc. |The pay is bad."},
    {"en", "John F. Kennedy Jr. flew. |So did W. H. Auden."},
    {"en", "Mt. Everest vs. K2. |Which is higher?"},
    {"en", "On Jan. 6, 1999, it rained. |On Sept. 7 it snowed."},
    {"en", "Capt. Ahab, Lt. Starbuck and Rev. Mapple met. |All drowned."},
    {"en", "Sen. Warren spoke to Gov. Brown. |Nobody heard."},
    {"en", "She has a Ph.D. in physics. |He has none."},
    {"en", "He is 5 ft. 10 in. tall. |She is 6 ft. |They came."},
    {"en", "It weighs 3 lbs. 4 oz. |The rest is fat."},
    {"en", "Ft. Worth is hot. |It ran 10 yds. 2 ft. from here."},
    /* numbers */
    {"en", "Pi is 3.14159. |So it is."},
    {"en", "It cost $5.50. |He paid $6."},
    {"en", "In 1999. |12 men came."},
    {"en", "He left in 1999. |12 men came. |They ate."},
    {"en", "1. Mix the flour. |2 eggs follow."},
    {"en", "Version 2.0.1 is out. |Get it at example.com."},
    {"en", "The time is 10.30. |We go."},
    {"en", "He ran 1,000.5 miles. |Then he stopped."},
    /* ellipses */
    {"en", "Wait... |Then he left."},
    {"en", "Wait... what was that?"},
    {"en", "Wait\xE2\x80\xA6 |Then he left."},
    {"en", "Wait\xE2\x80\xA6 what was that?"},
    {"en", "Wait... I mean it. |Well... I'll go."},
    {"en", "Wait. . . . |Then he left."},
    {"en", "\"I thought...\" |She broke off."},
    {"en", "\xE2\x80\xA6 and so it began."},
    /* speech */
    {"en", "\"Really?\" she asked. |\"Yes!\" he said."},
    {"en", "\"Really?\" Tom asked. |\"Yes!\" Mr. Brown said."},
    {"en", "\"Go!\" the old man cried. |\"Now!\" |Nobody moved."},
    {"en", "\xE2\x80\x9COh, you can\xE2\x80\x99t help that,\xE2\x80\x9D said the Cat: "
           "\xE2\x80\x9Cwe\xE2\x80\x99re all mad here. |I\xE2\x80\x99m mad.\xE2\x80\x9D"},
    {"en", "\xE2\x80\x98What?\xE2\x80\x99 said Alice. |\xE2\x80\x98Nothing.\xE2\x80\x99"},
    {"en", "\"I know.\" |He said nothing more."},
    {"en", "\"One.\" |\"Two.\" |\"Three?\""},
    {"en", "He asked, \"Why?\" |Nobody knew."},
    {"en", "Oh! how lovely. |Alas! poor Yorick."},
    {"en", "'Tis true. |'Twas so."},
    {"en", "He shouted \"Stop!\" and fell."},
    {"en", "Did he say \"No.\"? |Yes."},
    /* references */
    {"en", "\"It is so.\" [cited by Smith, Works, p. 140] |All agree. |Yes."},
    {"en", "It is so. |[Smith, Op. Cit., p. 140] |All agree."},
    {"en", "It is so. |(See the table on page 5) |Then go on."},
    {"en", "Are they ministers? |(I speak as a fool) I am more."},
    {"en", "It is (as he said) Tom who came. |(John) Smith did not."},
    {"en", "So wrote Frederick I. Taylor. |So do I. |Newton knew."},
    /* odd texts */
    {"en", "hello there. |how are you? |fine."},
    {"en", "visit www.example.com. |then leave."},
    {"en", "It has many packages. |dpkg is one of them. |It is old."},
    {"en", "\"I will answer.\" he said. |\"Then answer.\""},
    {"en", "Say [[ h@l'oU. W3:ld ]] now. |Then go."},
    {"en", "I love it. \xF0\x9F\x98\x80 |Really."},
    {"en", "I love it. \xF0\x9F\x98\x80"},
    {"en", "... Then he left."},
    {"en", "\" \" He came."},
    {"en", "Yahoo! is a company."},
    {"en", "The end.\xC2\xB9 |Then more."},
    {"en", "I. |The Period"},
    {"en", "Chapter 3. |It rained."},
    {"en", "What happened next?\xE2\x80\x94nobody knows."},
    {"en", "He is at http://a.b/c.d?e=f. |See there."},
    {"en", "He works at Yahoo! |She does not."},
    {"en", "(1.) First. |(2.) Second."},
    {"en", "Steps: 1. Open it. |2. Close it. |3. Leave."},
    {"en", "He has 3. |She has 4."},
    {"en", "Great! \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD |Go on."},
    {"en", "So they say.* |But who knows?\xE2\x80\xA0 |Nobody."},
    {"en", "Two sentences.Without a space are one."},
    /* Bible */
    {"en", "And God said, Let there be light: and there was light. |And God saw the light."},
    {"en", "The LORD is my shepherd; I shall not want. |He maketh me to lie down."},
    /* German */
    {"de", "Am 3. Mai 1821 starb er. |Es war Nacht."},
    {"de", "Er kam z.B. mit Dr. M\xC3\xBCller. |Sie ging."},
    {"de", "\xE2\x80\x9EKommst du?\xE2\x80\x9C, fragte er. |\xE2\x80\x9EJa.\xE2\x80\x9C |Dann ging er."},
    {"de", "Das kostet 3,50 Euro usw. |Er zahlte."},
    {"de", "Ludwig XIV. war K\xC3\xB6nig. |Er starb."},
    {"de", "Das 19. Jahrhundert begann. |Es endete."},
    {"de", "\xC2\xBBHalt!\xC2\xAB rief er. |\xC2\xBBNein.\xC2\xAB"},
    /* French */
    {"fr", "M. Dupont est l\xC3\xA0. |Il parle."},
    {"fr", "\xC2\xAB Bonjour ! \xC2\xBB |Il entra."},
    {"fr", "\xC2\xAB Bonjour ! \xC2\xBB dit-il. |Elle rit."},
    {"fr", "Quoi ? |Rien !"},
    {"fr", "Mme Curie, n\xC3\xA9"
           "e en 1867, etc. |Elle vint."},
    /* Spanish */
    {"es", "\xC2\xBFQu\xC3\xA9? |\xC2\xA1No! |La Sra. Garc\xC3\xAD"
           "a vino."},
    /* foreign names in Chinese, Japanese and Korean; an opening quote right behind a stop */
    {"zh", "我认识 Dr. Smith 和 Mr. Lee。|他们来了。"},
    {"zh", "Dr. Smith met Mr. Lee. |They spoke."},
    {"zh-CN", "他在 St. Louis 遇见了 J. R. R. Tolkien。|真的。"},
    {"ja", "Dr. Smith と Mr. Lee が来た。|帰った。"},
    {"ko", "Dr. Smith 씨가 왔다. |그는 갔다."},
    {"zh", "He said no. |他走了。"},
    {"zh", "他走了。|“你好，”她说。|“再见！”|“再见。”"},
    {"zh", "真的吗？|“是的。”|她走了！|‘好。’"},
    {"zh", "他走了！|「好。」|『再见。』|（完）她也走了。"},
    {"zh", "他走了。|《红楼梦》很好看。|【注】没有。"},
    {"zh", "他说：“走吧。|我们走。”|她点头。"},
    {"zh", "“你好！”他说。|“好。”她答道。"},
    {"ja", "彼は去った。|「はい。」|彼女も去った。"},
    {"en", "他走了。|“你好。”|再见。"},
    /* Chinese, Japanese, others */
    {"zh", "\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82|\xE5\x86\x8D\xE8\xA7\x81\xEF\xBC\x81"},
    {"zh", "\xE2\x80\x9C\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x81\xE2\x80\x9D\xE4\xBB\x96\xE8\xAF\xB4\xE3\x80\x82|"
           "\xE5\xA5\xB9\xE8\xB5\xB0\xE4\xBA\x86\xE3\x80\x82"},
    {"ja",
     "\xE3\x80\x8C\xE3\x81\xAF\xE3\x81\x84\xE3\x80\x82\xE3\x80\x8D\xE3\x81\xA8\xE8\xA8\x80\xE3\x81\xA3\xE3"
     "\x81\x9F\xE3\x80\x82|\xE5\xBD\xBC\xE3\x81\xAF\xE5\x8E\xBB\xE3\x81\xA3\xE3\x81\x9F\xE3\x80\x82"},
    {"hi", "\xE0\xA4\xAF\xE0\xA4\xB9 \xE0\xA4\x98\xE0\xA4\xB0 \xE0\xA4\xB9\xE0\xA5\x88\xE0\xA5\xA4 "
           "|\xE0\xA4\xB5\xE0\xA4\xB9 \xE0\xA4\x97\xE0\xA4\xAF\xE0\xA4\xBE\xE0\xA5\xA4"},
    {"ru", "\xD0\x9E\xD0\xBD \xD1\x83\xD1\x88\xD1\x91\xD0\xBB. |\xD0\x9E\xD0\xBD\xD0\xB0 "
           "\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xBB\xD0\xB0\xD1\x81\xD1\x8C."},
    {"ar", "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7\xD8\x9F |\xD9\x86\xD8\xB9\xD9\x85."},
    {"el", "\xCE\x93\xCE\xB5\xCE\xB9\xCE\xB1. |\xCE\x9D\xCE\xB1\xCE\xB9."},
    {"ar", "\xD9\x85\xD8\xB1\xD8\xA7\xD8\xAA. |\xD9\x8A\xD9\x85\xD9\x83\xD9\x86."},
    {"ko", "\xEA\xB7\xB8\xEB\x8A\x94 \xEA\xB0\x94\xEB\x8B\xA4. |\xEA\xB7\xB8\xEB\x8A\x94 "
           "\xEC\x99\x94\xEB\x8B\xA4."},
    {"zh", "\xE5\xBC\x80\xE5\x8F\x91\xE3\x80\x82|apt \xE6\x98\xAF\xE3\x80\x82 |APT \xE6\x98\xAF\xE3\x80\x82"},
    {"xx", "One. |Two."},
};

/* Takes the bars out, and puts the sentences found back between bars. */
static void split_case(const struct sentence_case *c, struct ora_str *got)
{
    struct ora_err err = {0};
    struct ora_str plain = ORA_STR_INIT;
    const size_t *ends;
    size_t count, from = 0;
    for (const char *p = c->text; *p; p++)
        if (*p != '|')
            ora_str_addc(&plain, *p);
    struct ora_sentences *s = ora_sentences_create(c->lang, &err);
    ora_str_clear(got);
    if (!s || ora_sentences_split(s, plain.data, plain.len, &ends, &count, &err) < 0) {
        ORA_FAIL("%s: %s", c->text, err.message);
    } else {
        for (size_t i = 0; i < count; i++) {
            ora_str_addf(got, "%s%.*s", i ? "|" : "", (int)(ends[i] - from), plain.data + from);
            from = ends[i];
        }
    }
    ora_sentences_destroy(&s);
    ora_str_release(&plain);
}

ORA_TEST(sentences)
{
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        split_case(&cases[i], &got);
        if (strcmp(ora_str_c(&got), cases[i].text) != 0)
            ORA_FAIL("(%s)\n   got    %s\n   wanted %s", cases[i].lang, ora_str_c(&got), cases[i].text);
    }
    ora_str_release(&got);
}

/* Every piece at most max_chars, nothing lost, and cut where the case has its bars. */
static bool cuts_bracket(const char *text, size_t len, size_t at)
{
    struct ora_bracket b;
    for (size_t from = 0; ora_bracket_next(text, len, from, &b); from = b.start + b.len)
        if (at > b.start && at < b.start + b.len)
            return true;
    return false;
}

/* With nothing that is spoken before it. */
static bool begins_with_bracket(const char *text, size_t len)
{
    struct ora_bracket b;
    return ora_bracket_next(text, len, 0, &b) && !ora_has_words(text, b.start);
}

static void check_pieces(const char *barred, size_t max_chars)
{
    struct ora_err err = {0};
    struct ora_str plain = ORA_STR_INIT, got = ORA_STR_INIT;
    const size_t *ends;
    size_t count, from = 0;
    for (const char *p = barred; *p; p++)
        if (*p != '|')
            ora_str_addc(&plain, *p);
    struct ora_sentences *s = ora_sentences_create("en", &err);
    ORA_REQUIRE(s);
    ORA_CHECK_OK(ora_sentences_pieces(s, plain.data, plain.len, max_chars, &ends, &count, &err), err);
    for (size_t i = 0; i < count; i++) {
        ORA_CHECK(ora_utf8_length(plain.data + from, ends[i] - from) <= max_chars ||
                  begins_with_bracket(plain.data + from, ends[i] - from));
        ora_str_addf(&got, "%s%.*s", i ? "|" : "", (int)(ends[i] - from), plain.data + from);
        from = ends[i];
    }
    ORA_CHECK_INT(from, plain.len);
    ORA_CHECK_STR(ora_str_c(&got), barred);
    ora_sentences_destroy(&s);
    ora_str_release(&plain);
    ora_str_release(&got);
}

ORA_TEST(pieces)
{
    check_pieces("Short.", 20);
    check_pieces("The first one. |The second one.", 20);
    check_pieces("He came, he saw; |he won the war.", 20);
    check_pieces("He came and saw, |he won the war.", 20);
    check_pieces("He came and saw and |he won the whole war.", 24);
    check_pieces("aaaaaaaaaa|aaaaaaaaaa", 10);
    check_pieces("aaaaaaaaaa|aaaaaaaaaa|aaaaaaaaaa", 10);
    check_pieces("1,000,000 |2,000,000 |3,000,000", 16);
    /* A family emoji is one grapheme of five code points. */
    check_pieces("xxxxxxxx|\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7yyy", 10);
    check_pieces("\xE4\xB8\x80\xE4\xB8\x80\xE4\xB8\x80\xE4\xB8\x80\xEF\xBC\x8C|"
                 "\xE4\xB8\x80\xE4\xB8\x80\xE4\xB8\x80\xE4\xB8\x80\xE3\x80\x82",
                 7);
    check_pieces("Say [[ a b c d ]] |and go on then.", 20);
    check_pieces("Say |[[ a b c d e f g h i ]], |and go on.", 10);
    check_pieces("[[ a b c d e f g h i ]]. |Go on.", 10);
    check_pieces("\"[[ a b c d e f g h i ]]\"|[[ a b c d e f g h i ]]", 10);
    check_pieces("Never |closed [[ |a b c d |e f g h i", 12);
}

ORA_TEST(pieces_of_anything)
{
    /* Random texts of words, marks and odd characters: pieces stay in bounds and give the text back. */
    static const char *const bits[] = {
        "a",         "word", " ", ", ", ". ",   "; ", "\xE2\x80\x94",  "\xE4\xB8\x80", "\xF0\x9F\x98\x80",
        "e\xCC\x81", "\"",   "(", ")",  "3.14", "A",  "\xE2\x80\xA6 ", "[[",           "]]"};
    struct ora_err err = {0};
    struct ora_sentences *s = ora_sentences_create("en", &err);
    ORA_REQUIRE(s);
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        struct ora_str text = ORA_STR_INIT;
        const size_t *ends;
        size_t count, from = 0, max = 5 + (size_t)round % 40;
        for (int i = 0; i < 120; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            ora_str_add(&text, bits[(seed >> 33) % (sizeof bits / sizeof *bits)]);
        }
        ORA_CHECK_OK(ora_sentences_pieces(s, text.data, text.len, max, &ends, &count, &err), err);
        for (size_t i = 0; i < count; i++) {
            ORA_CHECK(ends[i] > from &&
                      ora_utf8_valid_prefix(text.data + from, ends[i] - from) == ends[i] - from);
            ORA_CHECK(ora_utf8_length(text.data + from, ends[i] - from) <= max ||
                      begins_with_bracket(text.data + from, ends[i] - from));
            ORA_CHECK(!cuts_bracket(text.data, text.len, ends[i]));
            from = ends[i];
        }
        ORA_CHECK_INT(from, text.len);
        ora_str_release(&text);
    }
    ora_sentences_destroy(&s);
}

ORA_TEST(pieces_leave_sentences_alone)
{
    struct ora_err err = {0};
    struct ora_sentences *s = ora_sentences_create("en", &err);
    const size_t *ends, *pieces;
    size_t count, piece_count;
    ORA_REQUIRE(s);
    ORA_CHECK_OK(ora_sentences_split(s, "One. Two. Three. ", 17, &ends, &count, &err), err);
    ORA_CHECK_OK(ora_sentences_pieces(s, "A, b. C. D. E. F. G. H. I.", 26, 6, &pieces, &piece_count, &err),
                 err);
    ORA_CHECK(count == 3 && ends[0] == 5 && ends[1] == 10 && ends[2] == 17);
    ora_sentences_destroy(&s);
}
