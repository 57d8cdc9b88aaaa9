/* NORMALISATION.md tells the truth: every row is what the code does today. */
#include <stdlib.h>

#include "base/file.h"
#include "base/test.h"
#include "text/normalise_clean.h"
#include "text/normalise_zh.h"
#include "text/phonemes.h"
#include "text/rules.h"

/* The sentences of a text, parted as the table parts them. */
static char *heard(const char *text, bool raw)
{
    struct ora_phoneme_text p;
    struct ora_err err = {0};
    struct ora_str s = ORA_STR_INIT;
    ORA_CHECK_OK(raw ? ora_phonemes_raw("en-us", text, &p, &err) : ora_phonemes_of("en-us", text, &p, &err),
                 err);
    for (size_t i = 0; i < p.count; i++)
        ora_str_addf(&s, "%s%s", i ? " ‖ " : "", p.sentence[i].phonemes);
    while (s.len && s.data[s.len - 1] == ' ')
        s.data[--s.len] = '\0';
    ora_phoneme_text_release(&p);
    return ora_str_detach(&s);
}

/* The next cell of a row, without its backticks; NULL at the end. */
static char *cell(char **row)
{
    char *start = *row, *end = strstr(start, " | ");
    if (!end)
        end = strstr(start, " |");
    if (!end)
        return NULL;
    *row = end + (end[2] ? 3 : 2);
    *end = '\0';
    if (*start == '`') {
        start++;
        end[-1] = '\0';
    }
    return start;
}

static void check_row(char *row)
{
    char *text = cell(&row), *alone = cell(&row), *given = cell(&row), *is_heard = cell(&row);
    struct ora_str out = ORA_STR_INIT;
    struct ora_err err = {0};
    if (!is_heard) {
        ORA_FAIL("a row of fewer than four cells");
        return;
    }
    char *got = heard(text, true);
    ORA_CHECK_STR(got, alone);
    free(got);
    ORA_CHECK_OK(ora_text_normalise(NULL, "en-us", false, text, &out, &err), err);
    ORA_CHECK_STR(ora_str_c(&out), given);
    got = heard(ora_str_c(&out), false);
    ORA_CHECK_STR(got, is_heard);
    free(got);
    ora_str_release(&out);
}

/* A row of the Chinese table: a text, and what it is given. */
static void check_chinese(char *row)
{
    char *text = cell(&row), *given = cell(&row);
    struct ora_str clean = ORA_STR_INIT, out = ORA_STR_INIT;
    if (!given) {
        ORA_FAIL("a row of fewer than two cells");
        return;
    }
    ora_text_clean(text, strlen(text), &clean);
    ora_normalise_zh(ora_str_c(&clean), clean.len, NULL, 0, false, &out);
    ORA_CHECK_STR(ora_str_c(&out), given);
    ora_str_release(&out);
    ora_str_release(&clean);
}

ORA_TEST(every_row_is_true)
{
    bool chinese = false;
    char *data = NULL, *save = NULL;
    size_t len, rows = 0;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_read(ORA_TABLE, 1 << 20, &data, &len, &err), err);
    for (char *line = strtok_r(data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        chinese |= !strncmp(line, "## Chinese", 10);
        if (strncmp(line, "| ", 2) != 0 || !strncmp(line, "| text |", 8))
            continue;
        (chinese ? check_chinese : check_row)(line + 2);
        rows++;
    }
    ORA_CHECK(rows > 100);
    free(data);
}
