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
        {"a.txt", "PART TWO\n\nCHAPTER I\n\nGo.",
         "D a\nC PART TWO \xE2\x80\x93 CHAPTER I\nH PART TWO ~heading\nH CHAPTER I ~heading\nS Go. ~doc\n"},
        {"a.txt", "Title\n=====\nText.", "D a\nC Title\nH Title ~heading\nS Text. ~doc\n"},
        {"a.txt", "An _odd_ word.[12] Next snake_case.",
         "D a\nC \nS An odd word.\nS Next snake_case. ~doc\n"},
        {"a.txt", "  First paragraph.\n  Second one\ngoes on.",
         "D a\nC \nS First paragraph.\nS Second one goes on. ~doc\n"},
        {"a.txt", "List:\n- one\n- two", "D a\nC \nS List: ~para\nS - one ~para\nS - two ~doc\n"},
        {"a.txt", "\xF0\x9F\x98\x80", "D a\nR no-words 1\n"},
        {"a.txt", "", "D a\nR empty 1\n"},
        {"a.txt", "?!\n\n...\n", "D a\n"},
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
        {"a.jsonl", "{\"id\":\"a\",\"text\":5}", "D a\nR wrong-type 1 a\n"},
        {"a.jsonl", "{\"text\":\"a\",\"speed\":\"fast\"}", "D a\nR wrong-type 1\n"},
        {"a.jsonl", "{\"text\":\"a\",\"speed\":-1}", "D a\nR bad-value 1\n"},
        {"a.jsonl", "{\"text\":\"a\",\"settings\":[]}", "D a\nR wrong-type 1\n"},
        {"a.jsonl", "{\"text\":\"a\"", "D a\nR bad-json 1\n"},
        {"a.jsonl", "{\"text\":\"a\",\"text\":\"b\"}", "D a\nR bad-json 1\n"},
        {"a.jsonl", "[\"a\"]", "D a\nR bad-json 1\n"},
        {"a.jsonl", "{\"text\":\"a\\u0000b\"}", "D a\nR bad-json 1\n"},
        {"a.jsonl", "{\"text\":\"caf\xE9\"}", "D a\nR bad-utf8 1\n"},
        {"a.jsonl", "{\"text\":\"\"}\n{\"text\":\"?!\"}", "D a\nC \nR empty 1\nR no-words 2\n"},
    };
    struct ora_reading how = {0};
    CHECK_CASES(how, cases);
}
