/*
 * Nothing is lost in silence: over generated texts, every letter of the input stands in order in what the
 * reader tells, and every line of the input is part of an utterance, structure, or a rejection.
 */
#include <stdlib.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "base/test.h"
#include "text/chars.h"
#include "text/reader_testing.h"

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

static void add_letters(struct ora_str *out, const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end)
        if (u_isalpha((UChar32)ora_cp_at(text, len, at, &end)))
            ora_str_addn(out, text + at, end - at);
}

struct account {
    struct ora_str letters;
    bool *line; /* told of, by number */
    size_t lines;
    uint32_t chapters, docs;
    uint64_t utterances;
};

static int book_item(void *ctx, const struct ora_item *i, struct ora_err *err)
{
    struct account *a = ctx;
    (void)err;
    if (i->kind == ORA_ITEM_DOCUMENT || i->kind == ORA_ITEM_CHAPTER)
        return 0;
    for (uint64_t n = i->line; n <= i->last_line && n <= a->lines; n++)
        a->line[n] = true;
    ORA_CHECK(i->line && i->line <= i->last_line && i->last_line <= a->lines);
    if (i->kind == ORA_ITEM_UTTERANCE) {
        add_letters(&a->letters, i->text, i->text_len);
        a->utterances++;
        ORA_CHECK(i->text_len && i->text[0] != ' ' && i->text[i->text_len - 1] != ' ');
    }
    return 0;
}

static const char *const words[] = {"the",
                                    "storm",
                                    "Alice",
                                    "Dr. Smith",
                                    "e.g.",
                                    "\xC3\xA9t\xC3\xA9",
                                    "\xE4\xBD\xA0\xE5\xA5\xBD",
                                    "J. R. Tolkien",
                                    "well-known",
                                    "\xD0\xBC\xD0\xB8\xD1\x80",
                                    "3.14",
                                    "I",
                                    "CHAPTER",
                                    "don\xE2\x80\x99t",
                                    "snake_case",
                                    "x"};
static const char *const stops[] = {". ",   "! ", "? ", "... ",           "\xE2\x80\xA6 ",
                                    ".\" ", ", ", "; ", " \xE2\x80\x94 ", "?\xE2\x80\x9D ",
                                    " ",    " ",  " ",  "\xE3\x80\x82"};

static void add_words(struct dice *d, struct ora_str *raw, const char *gap)
{
    for (size_t n = 1 + roll(d, 30); n; n--) {
        ora_str_add(raw, words[roll(d, sizeof words / sizeof *words)]);
        ora_str_add(raw, roll(d, 4) ? " " : roll(d, 3) ? stops[roll(d, sizeof stops / sizeof *stops)] : gap);
    }
}

static void make_txt(struct dice *d, struct ora_str *raw)
{
    static const char *const blocks[] = {"\n\n",
                                         "\r\n\r\n",
                                         "\n* * *\n",
                                         "\n\nCHAPTER II\n\n",
                                         "\n\nPART ONE\n\nChapter 3: The Storm\n\n",
                                         "\n-----\n",
                                         "\n\n\n",
                                         "\n- ",
                                         "\n    ",
                                         "\nTitle\n=====\n",
                                         "\n\n\xF0\x9F\x98\x80\n\n",
                                         "\r",
                                         "\n\n!!!\n\n",
                                         "\n1. ",
                                         "\n\n\xE2\x80\x8B\n\n"};
    for (size_t n = 1 + roll(d, 12); n; n--) {
        add_words(d, raw, "\n");
        ora_str_add(raw, blocks[roll(d, sizeof blocks / sizeof *blocks)]);
    }
}

/* Markdown with the letters that must be heard. */
static void make_md(struct dice *d, struct ora_str *raw, struct ora_str *heard)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"", ""},
                 {"# ", ""},
                 {"- ", ""},
                 {"1. ", ""},
                 {"> ", ""},
                 {"**", "**"},
                 {"`", "`"},
                 {"[", "](http://hidden.example/path)"},
                 {"![", "](img.png \"hidden\")"},
                 {"<b>", "</b>"},
                 {"~~", "~~"},
                 {"[^n]: ", ""},
                 {"### ", " ###"}};
    for (size_t n = 1 + roll(d, 12); n; n--) {
        struct ora_str text = ORA_STR_INIT;
        size_t kind = roll(d, sizeof kinds / sizeof *kinds);
        for (size_t w = 1 + roll(d, 8); w; w--)
            ora_str_addf(&text, "%s%s", text.len ? " " : "", words[roll(d, 12)]);
        ora_str_addf(raw, "%s%s%s\n\n", kinds[kind].open, text.data, kinds[kind].close);
        if (roll(d, 6) == 0)
            ora_str_add(raw, "```\nhidden\n```\n\n");
        if (roll(d, 6) == 0)
            ora_str_add(raw, "<!-- hidden -->\n");
        if (roll(d, 6) == 0) {
            ora_str_add(raw, "One ends.\n<!-- hidden -->\n<b></b>\nTwo ends.\n\n");
            ora_str_add(&text, "OneendsTwoends");
        }
        add_letters(heard, text.data, text.len);
        ora_str_release(&text);
    }
}

static size_t count_lines(const char *s, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += s[i] == '\n' || (s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n'));
    return lines + (n && s[n - 1] != '\n' && s[n - 1] != '\r');
}

static void check_account(const char *name, const struct ora_str *raw, const struct ora_str *heard,
                          uint32_t max_chars, int round)
{
    struct account a = {.lines = count_lines(raw->data, raw->len)};
    struct ora_reading how = {.limits = {.max_chars = max_chars}, .also = book_item, .also_ctx = &a};
    struct ora_str told = ORA_STR_INIT;
    struct ora_err err = {0};
    a.line = ora_xcalloc(a.lines + 2, sizeof *a.line);
    ORA_CHECK_OK(ora_reading_of(&how, name, raw->data, raw->len, &told, &err), err);
    if (strcmp(ora_str_c(&a.letters), ora_str_c(heard)) != 0)
        ORA_FAIL("round %d: letters lost or changed\ninput:\n%s\ngot    %s\nwanted %s", round, raw->data,
                 ora_str_c(&a.letters), ora_str_c(heard));
    for (size_t n = 1; n <= a.lines; n++)
        if (!a.line[n])
            ORA_FAIL("round %d: line %zu of %zu is told of nowhere\n%s", round, n, a.lines, raw->data);
    free(a.line);
    ora_str_release(&a.letters);
    ora_str_release(&told);
}

ORA_TEST(txt_loses_nothing)
{
    struct dice d = {7};
    for (int round = 0; round < 400; round++) {
        struct ora_str raw = ORA_STR_INIT, heard = ORA_STR_INIT;
        make_txt(&d, &raw);
        add_letters(&heard, raw.data, raw.len);
        check_account("a.txt", &raw, &heard, round % 3 ? 400 : 40, round);
        ora_str_release(&raw);
        ora_str_release(&heard);
    }
}

ORA_TEST(md_loses_nothing)
{
    struct dice d = {9};
    for (int round = 0; round < 400; round++) {
        struct ora_str raw = ORA_STR_INIT, heard = ORA_STR_INIT;
        make_md(&d, &raw, &heard);
        check_account("a.md", &raw, &heard, 400, round);
        ora_str_release(&raw);
        ora_str_release(&heard);
    }
}

ORA_TEST(one_long_paragraph)
{
    /* 1.5 MB in one line, then in lines without a blank: sentences leave while it is read. */
    for (int wrapped = 0; wrapped < 2; wrapped++) {
        struct ora_str raw = ORA_STR_INIT, heard = ORA_STR_INIT;
        for (int i = 0; i < 60000; i++)
            ora_str_addf(&raw, "Sentence number %d ends.%c", i, wrapped && i % 3 == 0 ? '\n' : ' ');
        add_letters(&heard, raw.data, raw.len);
        check_account("a.txt", &raw, &heard, 400, wrapped);
        check_account("a.md", &raw, &heard, 400, wrapped);
        ora_str_release(&raw);
        ora_str_release(&heard);
    }
}

ORA_TEST(no_stop_anywhere)
{
    struct ora_str raw = ORA_STR_INIT, heard = ORA_STR_INIT;
    for (int i = 0; i < 300000; i++)
        ora_str_add(&raw, i % 7 ? "word " : "wor");
    add_letters(&heard, raw.data, raw.len);
    check_account("a.txt", &raw, &heard, 400, 0);
    check_account("a.md", &raw, &heard, 400, 0);
    ora_str_release(&raw);
    ora_str_release(&heard);
}
