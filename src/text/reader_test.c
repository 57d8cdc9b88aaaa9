/* The reader from file to items: formats, layouts, ids, encodings, and the account of lines. */
#include "text/reader.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "text/reader_testing.h"

struct reading_case {
    const char *name, *input, *want;
};

static void check_cases(const struct ora_reading *how, const struct reading_case *c, size_t count)
{
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < count; i++) {
        struct ora_err err = {0};
        int rc = ora_reading_of(how, c[i].name, c[i].input, strlen(c[i].input), &got, &err);
        if (rc < 0)
            ORA_FAIL("case %zu (%s): %s", i, c[i].name, err.message);
        else if (strcmp(ora_str_c(&got), c[i].want) != 0)
            ORA_FAIL("case %zu (%s): got\n%swanted\n%s", i, c[i].name, ora_str_c(&got), c[i].want);
    }
    ora_str_release(&got);
}
#define CHECK_CASES(how, cases) check_cases(&(how), cases, sizeof(cases) / sizeof *(cases))

ORA_TEST(txt_prose)
{
    static const struct reading_case cases[] = {
        {"a.txt", "One line.", "D a\nC \nS One line. ~doc\n"},
        {"a.txt", "One line.\r\nOf two. \r\n\r\nNext.\r\n",
         "D a\nC \nS One line.\nS Of two. ~para\nS Next. ~doc\n"},
        {"a.txt", "Mac\rlines.\r\rTwo.\r", "D a\nC \nS Mac lines. ~para\nS Two. ~doc\n"},
        {"a.txt", "\xEF\xBB\xBFWith a mark.\n", "D a\nC \nS With a mark. ~doc\n"},
        {"a.txt", "A hard-\nwrapped exam-\nple -\nhere.",
         "D a\nC \nS A hard-wrapped exam-ple - here. ~doc\n"},
        {"a.txt", "Tabs\tand\f zero\xE2\x80\x8Bwidth.", "D a\nC \nS Tabs and zerowidth. ~doc\n"},
        {"a.txt", "CHAPTER I\n\nIt began.\n\n* * *\n\nLater.\n\nChapter 2: The Storm\n\nRain.",
         "D a\nC CHAPTER I\nH CHAPTER I ~heading\nS It began. ~heading\nS Later. ~chapter\nC Chapter 2: The "
         "Storm\n"
         "H Chapter 2: The Storm ~heading\nS Rain. ~doc\n"},
        {"a.txt",
         "5.2.1. Providing a \"Service\"\n\nIt is.\n\n5.2.2. Using "
         "\xE2\x80\x9Cit\xE2\x80\x9D\n\nSo.\n\n5.2.3. \"Go.\"",
         "D a\nC \nH 5.2.1. Providing a \"Service\" ~heading\nS It is. ~heading\n"
         "H 5.2.2. Using \xE2\x80\x9Cit\xE2\x80\x9D ~heading\nS So. ~para\nS 5.2.3. \"Go.\" ~doc\n"},
        {"a.txt", "PART TWO\n\nCHAPTER I\n\nGo.",
         "D a\nC PART TWO \xE2\x80\x93 CHAPTER I\nH PART TWO ~heading\nH CHAPTER I ~heading\nS Go. ~doc\n"},
        {"a.txt", "Title\n=====\nText.", "D a\nC Title\nH Title ~heading\nS Text. ~doc\n"},
        {"a.txt", "An _odd_ word.[12] Next snake_case.",
         "D a\nC \nS An odd word.\nS Next snake_case. ~doc\n"},
        {"a.txt", "  First paragraph.\n  Second one\ngoes on.",
         "D a\nC \nS First paragraph.\nS Second one goes on. ~doc\n"},
        {"a.txt", "List:\n- one\n- two", "D a\nC \nS List: ~para\nS - one ~para\nS - two ~doc\n"},
        {"a.txt", "\xF0\x9F\x98\x80", "D a\nR no-words 1 a-line1\n"},
        {"a.txt", "", "D a\nR empty 1 a-line1\n"},
        {"a.txt", "?!\n\n...\n", "D a\n"},
        {"a.txt", "Be good.\n-- Mark Twain\n\xE2\x80\x94 Bonjour.\n\xE2\x80\xA2\xC2\xA0One\n\xE2\x80\xA2 Two",
         "D a\nC \nS Be good. ~para\nS -- Mark Twain ~para\nS \xE2\x80\x94 Bonjour. ~para\nS One ~para\nS "
         "Two ~doc\n"},
        {"a.txt",
         "A Short Title\nThis is a long line of text that goes on until the line is full\nand ends here. It "
         "has more to say, and "
         "more, and still more words.\nAnother Title\nAgain the text goes on and on, over all of the line "
         "until here,\nand ends.",
         "D a\nC \nS A Short Title ~para\nS This is a long line of text that goes on until the line is full "
         "and ends here.\n"
         "S It has more to say, and more, and still more words. ~para\nS Another Title ~para\n"
         "S Again the text goes on and on, over all of the line until here, and ends. ~doc\n"},
        {"a.txt", "Roses are red\nViolets are blue;\nSugar is sweet\n  And \"so\" are you\n\nNext.",
         "D a\nC \nS Roses are red, Violets are blue; Sugar is sweet, And \"so\" are you ~para\nS Next. "
         "~doc\n"},
        {"a.txt", "Ann saw the dog run over\nBob and then over the\nother man but not me",
         "D a\nC \nS Ann saw the dog run over Bob and then over the other man but not me ~doc\n"},
        {"a.txt", "One. [pause] Two [break] three.[pause:0.7] Four.",
         "D a\nC \nS One. ~heading\nS Two\nS three. ~para\nS Four. ~doc\n"},
        {"a.txt", "He said [voice:ann]hello. Bye[/voice] and left.\n\n[voice:bob]\n\nOn.",
         "D a\nC \nS He said\nS hello. voice=ann\nS Bye voice=ann\nS and left. ~para\nS On. ~doc "
         "voice=bob\n"},
        {"a.txt",
         "<<METADATA_TITLE:The Book>>\n<<CHAPTER_MARKER:First>>\nText.\n<<CHAPTER_MARKER:Second>>\nMore. "
         "<<x>>",
         "D The Book\nC First\nS Text. ~chapter\nC Second\nS More. <<x>> ~doc\n"},
    };
    struct ora_reading how = {.gaps = true};
    CHECK_CASES(how, cases);
}

ORA_TEST(jsonl)
{
    static const struct reading_case cases[] = {
        {"a.jsonl", "{\"id\":\"a1\",\"text\":\"Hello  world.\\nNext\"}\n",
         "D a\nC \nL a1 Hello world. Next\n"},
        {"a.jsonl", "{\"text\":\"One\"}\n{\"text\":\"Two\"}", "D a\nC \nL a-000001 One\nL a-000002 Two\n"},
        {"a.jsonl",
         "{\"id\":\"a\",\"text\":\"x\",\"voice\":\"joe\",\"speaker_id\":3,\"speed\":1.5,\"language\":\"de\","
         "\"settings\":{\"noise\":0},\"k\":[1]}",
         "D a\nC \nL a x voice=joe speaker=3 lang=de speed=1.5 settings={\"noise\":0} extra={\"k\":[1]}\n"},
        {"a.jsonl", "{\"text\":\"piper\",\"output_file\":\"x.wav\"}", "D a\nC \nL x piper <x.wav\n"},
        {"a.jsonl",
         "{\"custom_id\":\"r\",\"body\":{\"model\":\"m\",\"input\":\"Hi\",\"voice\":\"v\",\"speed\":2}}",
         "D a\nC \nL r Hi voice=v speed=2 extra={\"body\":{\"model\":\"m\"}}\n"},
        {"a.jsonl", "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}",
         "D a\nC \nR duplicate-id 2 a\nL a x\n"},
        {"a.jsonl", "{\"id\":17,\"text\":\"x\"}", "D a\nC \nL 17 x\n"},
        {"a.jsonl", "{\"id\":\"a\",\"txt\":\"x\"}", "D a\nR missing-field 1 a\n"},
        {"a.jsonl", "{\"id\":\"a\",\"phones\":\"n:60 i3:120\"}", "D a\nC \nL a [[n:60 i3:120]]\n"},
        {"a.jsonl", "{\"id\":\"a\",\"phones\":[\"n\"]}", "D a\nR wrong-type 1 a\n"},
        {"a.jsonl", "{\"id\":\"a\",\"phones\":\"n ]] i\"}", "D a\nR bad-value 1 a\n"},
        {"a.jsonl", "{\"id\":\"a\",\"text\":\"hi\",\"phones\":\"n i3\"}", "D a\nR bad-value 1 a\n"},
        {"a.jsonl", "{\"id\":\"a\",\"text\":null,\"phones\":\"n i3\"}",
         "D a\nC \nL a [[n i3]] extra={\"text\":null}\n"},
        {"a.jsonl", "{\"id\":\"a\",\"text\":\"hi\",\"phones\":null}",
         "D a\nC \nL a hi extra={\"phones\":null}\n"},
        {"a.jsonl", "{\"id\":\"a\",\"text\":5}", "D a\nR wrong-type 1 a\n"},
        {"a.jsonl", "{\"text\":\"a\",\"speed\":\"fast\"}", "D a\nR wrong-type 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"a\",\"speed\":-1}", "D a\nR bad-value 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"a\",\"settings\":[]}", "D a\nR wrong-type 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"a\"", "D a\nR bad-json 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"a\",\"text\":\"b\"}", "D a\nR bad-json 1 a-000001\n"},
        {"a.jsonl", "{\"x\":1, \"id\" : \"a b\", \"text\": \"c\",}\n{\"id\":\"q\"",
         "D a\nR bad-json 1 a_b-c8687a08aa\nR bad-json 2 q\n"},
        {"a.jsonl", "{\"id\":\n{\"id\"\n{\"id\": 5,}\n{\"id\":\"\",",
         "D a\nR bad-json 1 a-000001\nR bad-json 2 a-000002\nR bad-json 3 a-000003\nR bad-json 4 a-000004\n"},
        {"a.jsonl", "[\"a\"]", "D a\nR bad-json 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"a\\u0000b\"}", "D a\nR bad-json 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"caf\xE9\"}", "D a\nR bad-utf8 1 a-000001\n"},
        {"a.jsonl", "{\"text\":\"\"}\n{\"text\":\"?!\"}",
         "D a\nC \nR empty 1 a-000001\nR no-words 2 a-000002\n"},
    };
    struct ora_reading how = {0};
    CHECK_CASES(how, cases);
}

ORA_TEST(tables)
{
    static const struct reading_case cases[] = {
        {"a.tsv", "a1\tHello one.\na2\tTwo.\n", "D a\nC \nL a1 Hello one.\nL a2 Two.\n"},
        {"a.tsv", "id\ttext\tspeaker\tnote\na1\tOne.\tbob\tx\na2\tTwo.\t\t\n",
         "D a\nC \nL a1 One. speaker=bob extra={\"note\":\"x\"}\nL a2 Two.\n"},
        {"a.lst", "LJ001-0001|Raw 1 text.|Raw one text.\nLJ001-0002|Same.|Same.\n",
         "D a\nC \nL LJ001-0001 Raw one text. extra={\"raw_text\":\"Raw 1 text.\"}\nL LJ001-0002 Same.\n"},
        {"a.csv", "x.wav|anna|Hello there.\ny.wav|ben|Me too.\n",
         "D a\nC \nL x Hello there. <x.wav speaker=anna\nL y Me too. <y.wav speaker=ben\n"},
        {"meta.lst", "u1|Prompt text.|p.wav|Speak this.\nu2|Other.|q.wav|And this.\n",
         "D meta\nC \nL u1 Speak this. extra={\"prompt_text\":\"Prompt text.\",\"prompt_audio\":\"p.wav\"}\n"
         "L u2 And this. extra={\"prompt_text\":\"Other.\",\"prompt_audio\":\"q.wav\"}\n"},
        {"a.tsv", "# a comment\na1\tOne.\n\n#tag\tTwo.\na3\tx\ty\n",
         "D a\nC \nL a1 One.\nR bad-columns 5 a3\nL tag-595817b89e Two. <#tag\n"},
        {"a.tsv", "id\ttext\tspeed\nb\tSlow.\t0.8\nc\tBad.\tfast\n",
         "D a\nC \nR bad-value 3 c\nL b Slow. speed=0.8\n"},
        {"a.tsv", "a1\t\na2\t!!!\na3\t\xF0\x9F\x98\x80\n",
         "D a\nC \nR empty 1 a1\nR no-words 2 a2\nR no-words 3 a3\n"},
        {"a.tsv", "Only text here.\nAnd here.\n",
         "D a\nC \nL a-000001 Only text here.\nL a-000002 And here.\n"},
        {"a.tsv", "a 1\tSpaces.\na.2\tDots.\n",
         "D a\nC \nL a_1-042a5f2e76 Spaces. <a 1\nL a_2-0baf0d14a1 Dots. <a.2\n"},
    };
    struct ora_reading how = {0};
    CHECK_CASES(how, cases);
}

ORA_TEST(columns_of_the_job)
{
    static const char *const columns[] = {"-", "text", "id", "mood"};
    struct ora_reading how = {.columns = columns, .column_count = 4, .format = ORA_FORMAT_LIST};
    static const struct reading_case cases[] = {
        {"a.txt", "1|Hello.|a|glad\n2|Bye.|b|\n3|x\n",
         "D a\nC \nL a Hello. extra={\"mood\":\"glad\"}\nR bad-columns 3 a-000003\nL b Bye.\n"},
        {"a.txt", "n|text|id|m\n1|Hello.|a|glad\n", "D a\nC \nL a Hello. extra={\"mood\":\"glad\"}\n"},
    };
    CHECK_CASES(how, cases);
}

ORA_TEST(txt_lines)
{
    static const struct reading_case cases[] = {
        {"a.txt", "One. Two.\n\n* * *\n?!\n...\n#tag line\nx\n",
         "D a\nC \nX blank 2\nX ornament 3\nR no-words 4 a-000002\nR no-words 5 a-000003\nL a-000001 One. "
         "Two.\nL a-000004 "
         "#tag line\nL a-000005 x\n"},
        {"a.txt", "caf\xE9\na\tb\n\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D\n",
         "D a\nR bad-utf8 1 a-000001\nC \nL a-000002 a b\nL a-000003 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D\n"},
        {"a.txt",
         "a|b\n--\n\xE2\x80\xAA"
         "ltr\xE2\x80\xAC\n",
         "D a\nC \nX ornament 2\nL a-000001 a|b\nL a-000002 ltr\n"},
    };
    struct ora_reading how = {.layout = ORA_LAYOUT_LINES, .structure = true};
    CHECK_CASES(how, cases);
}

ORA_TEST(nul_bytes)
{
    static const char lines[] = "Good line here.\nA\0B\nMore good.\n",
                      prose[] = "Good line here.\n\nA\0B\nMore.\n\nEnd.";
    struct ora_reading how = {.layout = ORA_LAYOUT_LINES};
    struct ora_str got = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_reading_of(&how, "a.txt", lines, sizeof lines - 1, &got, &err), err);
    ORA_CHECK_STR(got.data,
                  "D a\nC \nR nul-byte 2 a-000002\nL a-000001 Good line here.\nL a-000003 More good.\n");
    how.layout = ORA_LAYOUT_PROSE;
    ORA_CHECK_OK(ora_reading_of(&how, "a.txt", "\0", 1, &got, &err), err);
    ORA_CHECK_STR(got.data, "D a\nR nul-byte 1 a-line1\n");
    ORA_CHECK_OK(ora_reading_of(&how, "a.txt", prose, sizeof prose - 1, &got, &err), err);
    ORA_CHECK_STR(got.data, "D a\nC \nR nul-byte 3-4 a-line3\nS Good line here.\nS End.\n");
    ora_str_release(&got);
}

ORA_TEST(encodings_are_named)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *named; /* in the error */
    } cases[] = {
        {"\xFF\xFEH\0i\0", 6, "UTF-16LE"},
        {"\xFE\xFF\0H\0i", 6, "UTF-16BE"},
        {"H\0e\0l\0l\0o\0 \0y\0o\0u\0.\0", 20, "UTF-16LE"},
        {"\0H\0e\0l\0l\0o\0 \0y\0o\0u\0.", 20, "UTF-16BE"},
        {"\xFF\xFE\0\0H\0\0\0", 8, "UTF-32LE"},
        {"Un caf\xE9 tr\xE8s bon.", 18, "ISO-8859-1"},
        {"Smart \x93quotes\x94 here.", 21, "WINDOWS-1252"},
        {"PK\x03\x04 zip", 8, "ZIP"},
        {"%PDF-1.4", 8, "PDF"},
    };
    struct ora_reading how = {0};
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        int rc = ora_reading_of(&how, "a.txt", cases[i].bytes, cases[i].len, &got, &err);
        if (rc != ORA_E_FORMAT || !strstr(err.message, cases[i].named))
            ORA_FAIL("case %zu: %d '%s', wanted %s named", i, rc, err.message, cases[i].named);
    }
    ora_str_release(&got);
}

ORA_TEST(formats_by_content)
{
    static const struct reading_case cases[] = {
        {"input", "{\"text\":\"J\"}\n", "D input\nC \nL input-000001 J\n"},
        {"input", "a\tOne.\nb\tTwo.\n", "D input\nC \nL a One.\nL b Two.\n"},
        {"input", "a|One.\nb|Two.\n", "D input\nC \nL a One.\nL b Two.\n"},
        {"input", "# Title\n\nText.\n", "D input\nC Title\nH Title\nS Text.\n"},
        {"input", "Just | text.\nOver lines.\n", "D input\nC \nS Just | text.\nS Over lines.\n"},
    };
    struct ora_reading how = {0};
    CHECK_CASES(how, cases);
}

ORA_TEST(a_text_of_ids_and_bars_is_a_list)
{
    static const struct reading_case cases[] = {
        {"a.txt", "clips/one.wav|Hello one.\nclips/two.wav|Two.\n",
         "D a\nC \nL clips_one-7f7cdcb054 Hello one. <clips/one.wav\nL clips_two-4162736192 Two. "
         "<clips/two.wav\n"},
        {"a.txt", "LJ001-0001|Raw 1 text.|Raw one text.\nLJ001-0002|Same.|Same.\n",
         "D a\nC \nL LJ001-0001 Raw one text. extra={\"raw_text\":\"Raw 1 text.\"}\nL LJ001-0002 Same.\n"},
        {"a.txt", "one.wav|Alone.\n", "D a\nC \nL one Alone. <one.wav\n"},
        {"a.txt", "3|4\n", "D a\nC \nS 3|4\n"},
        {"a.txt", "Yes|no.\nUp|down.\n", "D a\nC \nS Yes|no.\nS Up|down.\n"},
        {"a.txt", "See a-b | c.\nIt is 3 | 4.\n", "D a\nC \nS See a-b | c. It is 3 | 4.\n"},
    };
    struct ora_reading how = {0};
    CHECK_CASES(how, cases);
    static const struct reading_case told[] = {
        {"a.txt", "a1|One.\na2|Two.\n", "D a\nC \nL a-000001 a1|One.\nL a-000002 a2|Two.\n"}};
    how.layout = ORA_LAYOUT_LINES;
    CHECK_CASES(how, told);
}

ORA_TEST(unusable_inputs)
{
    static const struct {
        const char *name, *input;
        int code;
        const char *says;
    } cases[] = {
        {"a.json", "[{\"text\":\"a\"},\n{\"text\":\"b\"}]", ORA_E_FORMAT, "jq"},
        {"a.csv", "a,b\nc,d\n", ORA_E_FORMAT, "commas"},
        {"a.tsv", "a\tb\tc\td\te\tf\n", ORA_E_FORMAT, "6 columns"},
        {"a.tsv", "id\ttext\ttext\nx\ty\tz\n", ORA_E_BAD_USAGE, "same"},
    };
    struct ora_reading how = {0};
    struct ora_str got = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        int rc = ora_reading_of(&how, cases[i].name, cases[i].input, strlen(cases[i].input), &got, &err);
        if (rc != cases[i].code || !strstr(err.message, cases[i].says))
            ORA_FAIL("%s: %d '%s', wanted %d and '%s'", cases[i].name, rc, err.message, cases[i].code,
                     cases[i].says);
    }
    how.layout = ORA_LAYOUT_PROSE;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_reading_of(&how, "a.jsonl", "{}", 2, &got, &err), ORA_E_BAD_USAGE);
    ora_str_release(&got);
}

ORA_TEST(splits)
{
    static const struct reading_case cases[] = {
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"One two three. Four five six; seven, eight nine.\"}",
         "D a\nC \nL x-s01 One two three. ~split [1/3]\nL x-s02 Four five six; ~split [2/3]\nL x-s03 seven, "
         "eight nine. ~doc [3/3]\n"},
        {"a.jsonl",
         "{\"id\":\"x-s01\",\"text\":\"Taken.\"}\n{\"id\":\"x\",\"text\":\"One two three. Four five six.\"}",
         "D a\nC \nR duplicate-id 2 x\nL x-s01 Taken. ~doc\n"},
        {"a.jsonl",
         "{\"id\":\"x\",\"text\":\"One two three. Four five six.\"}\n{\"id\":\"x-s02\",\"text\":\"No.\"}",
         "D a\nC \nL x-s01 One two three. ~split [1/2]\nR duplicate-id 2 x-s02\nL x-s02 Four five six. ~doc "
         "[2/2]\n"},
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"Hello ....................................\"}",
         "D a\nC \nR no-words 1 x-s02\nR no-words 1 x-s03\nL x-s01 Hello ........ ~doc [1/3]\n"},
    };
    struct ora_reading how = {.limits = {.max_chars = 20}, .gaps = true};
    CHECK_CASES(how, cases);
}

/* A [[ that is not closed is the error of its line or sentence; the others are not lost. */
ORA_TEST(phones_in_brackets)
{
    static const struct reading_case cases[] = {
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"Say [[hh ax l ow.\"}\n{\"id\":\"y\",\"text\":\"Two. [[a]]\"}",
         "D a\nC \nR bad-phones 1 x\nL y Two. [[a]] ~doc\n"},
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"Say [[ ]] \"}\n{\"id\":\"y\",\"text\":\"A \\\\[[ b a[b[1]]\"}",
         "D a\nC \nR bad-phones 1 x\nL y A \\[[ b a[b[1]] ~doc\n"},
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"One [[two three four five six. Seven eight nine ten.\"}",
         "D a\nC \nR bad-phones 1 x\n"},
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"[[]]\"}\n{\"id\":\"y\",\"text\":\"]]\"}",
         "D a\nC \nR bad-phones 1 x\nR no-words 2 y\n"},
        {"a.jsonl", "{\"id\":\"x\",\"phones\":\"n i3 h ao3 n i3 h ao3 n i3 h ao3\"}",
         "D a\nC \nL x [[n i3 h ao3 n i3 h ao3 n i3 h ao3]] ~doc\n"},
        {"a.jsonl", "{\"id\":\"x\",\"text\":\"A &#91;&#91;b [\\u200b[ c\"}",
         "D a\nC \nL x A &#91;&#91;b [ [ c ~doc\n"},
        {"a.txt", "A [*[b]]*, &#91;&#91;c.\n", "D a\nC \nS A [ [b]], &#91;&#91;c. ~doc\n"},
        {"a.txt", "One [[two. Three.\nFour [[a. b. C]] five.\n",
         "D a\nC \nR bad-phones 1 a-000001\nS Three.\nS Four [[a. b. C]] five. ~doc\n"},
    };
    struct ora_reading how = {.limits = {.max_chars = 30}, .gaps = true};
    CHECK_CASES(how, cases);
}

ORA_TEST(composed)
{
    struct ora_reading how = {0};
    struct ora_str got = ORA_STR_INIT;
    struct ora_err err = {0};
    const char *text = "Cafe\xCC\x81 \xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB.\n";
    ORA_CHECK_OK(ora_reading_of(&how, "a.txt", text, strlen(text), &got, &err), err);
    ORA_CHECK_STR(got.data, "D a\nC \nS Caf\xC3\xA9 \xED\x95\x9C.\n");
    ora_str_release(&got);
}

static int keep_ids(void *ctx, const struct ora_item *i, struct ora_err *err)
{
    (void)err;
    if (i->kind == ORA_ITEM_DOCUMENT || i->kind == ORA_ITEM_UTTERANCE)
        ora_str_addf(ctx, "%s ", i->kind == ORA_ITEM_DOCUMENT ? i->doc_id : i->id);
    if (i->kind == ORA_ITEM_REJECTED)
        ora_str_addf(ctx, "!%s ", i->reason_code);
    return 0;
}

ORA_TEST(one_job_many_inputs)
{
    /* The same name in two folders, and an id that a generated one would have had. */
    struct ora_reader_limits limits = {400, NULL};
    struct ora_err err = {0};
    struct ora_str ids = ORA_STR_INIT;
    static const char
        *const names[] = {"one/a.txt", "given.jsonl", "two/a.txt"},
               *const texts[] = {
                   "First. Second.",
                   "{\"id\":\"a-2-000001\",\"text\":\"Given.\"}\n{\"id\":\"a-000001\",\"text\":\"Taken.\"}",
                   "Third."};
    struct ora_reader *r = ora_reader_create(&limits, &err);
    ORA_REQUIRE(r);
    for (size_t i = 0; i < 3; i++) {
        char *path = ora_path_join(ora_test_tmpdir(), names[i]), *dir = ora_path_dir(path);
        ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
        ORA_CHECK_OK(ora_file_write_atomic(path, texts[i], strlen(texts[i]), 0644, &err), err);
        struct ora_input input = {.path = path};
        ORA_CHECK_OK(ora_reader_input(r, &input, keep_ids, &ids, &err), err);
        free(path);
        free(dir);
    }
    ORA_CHECK_OK(ora_reader_finish(r, keep_ids, &ids, &err), err);
    ORA_CHECK_STR(ids.data, "a a-000001 a-000002 given !duplicate-id a-2-000001 a-2 a-2-000001-x2 ");
    ora_reader_destroy(&r);
    ora_str_release(&ids);
}

static int refuse_second(void *ctx, const struct ora_item *i, struct ora_err *err)
{
    int *left = ctx;
    return i->kind == ORA_ITEM_UTTERANCE && (*left)-- == 0 ? ora_err_set(err, ORA_E_CANCELLED, "enough") : 0;
}

ORA_TEST(the_callback_ends_the_reading)
{
    static const char *const names[] = {"a.txt", "a.md", "a.jsonl"};
    static const char *const texts[] = {"One. Two. Three. Four.", "One.\n\nTwo. Three.\n\nFour.",
                                        "{\"text\":\"1\"}\n{\"text\":\"2\"}\n{\"text\":\"3\"}"};
    for (size_t i = 0; i < 3; i++) {
        int left = 1;
        struct ora_reading how = {.also = refuse_second, .also_ctx = &left};
        struct ora_str got = ORA_STR_INIT;
        struct ora_err err = {0};
        ORA_CHECK_INT(ora_reading_of(&how, names[i], texts[i], strlen(texts[i]), &got, &err),
                      ORA_E_CANCELLED);
        ora_str_release(&got);
    }
}
