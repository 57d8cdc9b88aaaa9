/* Lines: ends of all kinds, marks, pieces, offsets. */
#include "text/lines.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

static struct ora_lines *open_bytes(const char *bytes, size_t len)
{
    struct ora_err err = {0};
    struct ora_lines *l = NULL;
    char *path = ora_path_join(ora_test_tmpdir(), "lines");
    ORA_CHECK_OK(ora_file_write_atomic(path, bytes, len, 0644, &err), err);
    ORA_CHECK_OK(ora_lines_open(path, &l, &err), err);
    free(path);
    return l;
}

ORA_TEST(ends)
{
    /* Lines as "number@offset:text|". */
    static const char *const cases[][2] = {
        {"", ""},
        {"a", "1@0:a|"},
        {"a\n", "1@0:a|"},
        {"a\nb", "1@0:a|2@2:b|"},
        {"a\r\nb\r\n", "1@0:a|2@3:b|"},
        {"a\rb\r", "1@0:a|2@2:b|"},
        {"a\r\rb", "1@0:a|2@2:|3@3:b|"},
        {"\n\n", "1@0:|2@1:|"},
        {"a\n\rb", "1@0:a|2@2:|3@3:b|"},
        {"\xEF\xBB\xBF"
         "a\n",
         "1@3:a|"},
        {"\xEF\xBB\xBF", ""},
        {"a\xEF\xBB\xBF\n", "1@0:a\xEF\xBB\xBF|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_lines *l = open_bytes(cases[i][0], strlen(cases[i][0]));
        struct ora_str got = ORA_STR_INIT;
        struct ora_line line;
        while (l && ora_lines_next(l, &line, NULL) > 0)
            ora_str_addf(&got, "%d@%d:%.*s|", (int)line.number, (int)line.offset, (int)line.len, line.text);
        ORA_CHECK_STR(ora_str_c(&got), cases[i][1]);
        ora_str_release(&got);
        ora_lines_close(&l);
    }
}

ORA_TEST(long_lines_come_in_pieces)
{
    /* Three-byte characters over several buffers, then a short line. Nothing is lost and no character is cut.
     */
    size_t chars = 1500000, len = chars * 3 + 3;
    char *bytes = ora_xmalloc(len);
    for (size_t i = 0; i < chars; i++)
        memcpy(bytes + 3 * i, "\xE4\xBD\xA0", 3);
    memcpy(bytes + 3 * chars, "\nx\n", 3);
    struct ora_lines *l = open_bytes(bytes, len);
    struct ora_line line;
    size_t total = 0, pieces = 0;
    while (l && ora_lines_next(l, &line, NULL) > 0 && line.number == 1) {
        ORA_CHECK_INT(line.len % 3, 0);
        ORA_CHECK_INT(line.offset, total);
        ORA_CHECK_INT(line.starts, pieces == 0);
        ORA_CHECK(line.len <= ORA_LINE_MAX_BYTES);
        total += line.len;
        pieces++;
    }
    ORA_CHECK_INT(total, chars * 3);
    ORA_CHECK(pieces > 3);
    ORA_CHECK_INT(line.number, 2);
    ORA_CHECK(line.len == 1 && line.starts && line.ends);
    ora_lines_close(&l);
    free(bytes);
}

ORA_TEST(line_ends_at_the_buffers_edge)
{
    /* A CRLF on every offset around the edge of the first buffer is one line end. */
    size_t edge = ORA_LINE_MAX_BYTES + 64 * 1024;
    for (size_t at = edge - 3; at <= edge + 2; at++) {
        char *bytes = ora_xmalloc(edge + 64);
        memset(bytes, 'a', edge + 64);
        for (size_t i = 1000; i < at; i += 1000)
            bytes[i] = '\n';
        memcpy(bytes + at, "\r\n", 2);
        struct ora_lines *l = open_bytes(bytes, edge + 64);
        struct ora_line line;
        uint64_t last = 0;
        size_t len = 0;
        while (l && ora_lines_next(l, &line, NULL) > 0) {
            last = line.number;
            len = line.len;
        }
        ORA_CHECK_INT(last, (at - 1) / 1000 + 2);
        ORA_CHECK_INT(len, edge + 64 - at - 2);
        ora_lines_close(&l);
        free(bytes);
    }
}

ORA_TEST(what_cannot_be_opened)
{
    struct ora_err err = {0};
    struct ora_lines *l = NULL;
    char *missing = ora_fmt("%s/none/input.txt", ora_test_tmpdir());
    ORA_CHECK_INT(ora_lines_open(missing, &l, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, missing) != NULL);
    free(missing);
    ORA_CHECK_INT(ora_lines_open(ora_test_tmpdir(), &l, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(l == NULL);
}
