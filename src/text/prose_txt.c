/*
 * Plain text. Paragraphs end at blank lines, at lines of ornament, before list items, and before a line that
 * is indented after one that ended a sentence (books set without blank lines). Headings are told by
 * text/headings.h. The marks that typists use for emphasis (_so_, *so*) and for footnotes ("word.[12]") are
 * taken off.
 */
#include "text/prose.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "text/chars.h"
#include "text/headings.h"
#include "text/lines.h"

enum { HEADING_LINES = 3, SETEXT_SLACK = 6 };

struct txt {
    struct ora_prose prose;
    size_t indent;     /* of the line before */
    bool item;         /* the paragraph is a list's item */
    bool bare_heading; /* "CHAPTER I" came last: its title may follow */
    struct ora_str line;
};

/* ---- inside a line
 * --------------------------------------------------------------------------------------------------- */

static bool is_blank(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp) && !ora_cp_is_dropped(cp))
            return false;
    }
    return true;
}

static size_t indent_of(const char *text, size_t len)
{
    size_t width = 0;
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp) || cp == '\f')
            break;
        width += cp == '\t' ? 8 : cp == 0x3000 ? 2 : 1;
    }
    return width;
}

/* "[12]", "[*]" right behind a word or its stop: a footnote's mark. Its length, or 0. */
static size_t footnote_mark(const char *text, size_t len, size_t at)
{
    size_t end = at + 1, digits = 0;
    if (!at || text[at - 1] == ' ' || text[at - 1] == '\t')
        return 0;
    while (end < len && digits < 4 && ((text[end] >= '0' && text[end] <= '9') || text[end] == '*'))
        end++, digits++;
    return digits && end < len && text[end] == ']' ? end + 1 - at : 0;
}

static bool word_at(const char *text, size_t len, size_t at)
{
    size_t end;
    return at < len && u_isalnum((UChar32)ora_cp_at(text, len, at, &end));
}

static bool word_before(const char *text, size_t at)
{
    size_t start;
    return at && u_isalnum((UChar32)ora_cp_before(text, at, &start));
}

/* A run of one to three '_' or '*' on the edge of a word is emphasis: 0 when it is not, else its length. */
static size_t emphasis_mark(const char *text, size_t len, size_t at)
{
    size_t end = at;
    while (end < len && text[end] == text[at])
        end++;
    if (end - at > 3)
        return 0;
    bool before = word_before(text, at), after = word_at(text, len, end);
    bool space_before = !at || text[at - 1] == ' ', space_after = end == len || text[end] == ' ';
    if ((before && after) || (space_before && space_after))
        return 0;
    return end - at;
}

static void take_marks_off(struct ora_str *out, const char *text, size_t len)
{
    size_t from = 0;
    ora_str_clear(out);
    for (size_t at = 0; at < len;) {
        size_t skip = 0;
        if (text[at] == '[')
            skip = footnote_mark(text, len, at);
        else if (text[at] == '_' || text[at] == '*')
            skip = emphasis_mark(text, len, at);
        if (skip) {
            ora_str_addn(out, text + from, at - from);
            from = at + skip;
        } else if (text[at] == '_' || text[at] == '*') {
            while (at + 1 < len && text[at + 1] == text[at])
                at++;
        }
        at += skip ? skip : 1;
    }
    ora_str_addn(out, text + from, len - from);
}

/* "12 And God" on an indented line, "Ge1:2 And", "3:16 For": the number of a verse. Its length with the
 * space, or 0. */
static size_t verse_mark(const char *text, size_t len, size_t indent)
{
    size_t n = 0, digits = 0, second = 0;
    while (n < len && n < 6 && isalnum((unsigned char)text[n]) && !isdigit((unsigned char)text[n]))
        n++;
    for (; n < len && digits < 4 && isdigit((unsigned char)text[n]); n++)
        digits++;
    bool label = digits && n < len && text[n] == ':';
    for (n += label; label && n < len && second < 4 && isdigit((unsigned char)text[n]); n++)
        second++;
    bool verse = label ? second > 0 : digits && indent >= 2 && isdigit((unsigned char)text[0]);
    return verse && n + 1 < len && text[n] == ' ' && text[n + 1] != ' ' ? n + 1 : 0;
}

/* "1. ", "12) ", "4.2.1. ", "4.2 ": the number of an item or a section. Its length with the space, or 0. */
static size_t number_mark(const char *text, size_t len)
{
    size_t n = 0, digits, numbers = 0;
    bool stop = false;
    do {
        for (digits = 0; n < len && digits < 4 && isdigit((unsigned char)text[n]); n++)
            digits++;
        numbers += digits > 0;
        stop = digits && n < len && (text[n] == '.' || (text[n] == ')' && numbers == 1));
        n += stop;
    } while (stop && text[n - 1] == '.' && n < len && isdigit((unsigned char)text[n]));
    return (stop || numbers >= 2) && n + 1 < len && text[n] == ' ' ? n + 1 : 0;
}

/* The length of a list item's mark and its space: a bullet, an arrow, a number, a shell's prompt; else 0.
 * *keep: it is part of the text. */
static size_t item_mark(const char *text, size_t len, size_t indent, bool *keep)
{
    size_t end, number = number_mark(text, len);
    *keep = true;
    if (number || !len)
        return number;
    if (isalnum((unsigned char)text[0]))
        return verse_mark(text, len, indent);
    uint32_t cp = ora_cp_at(text, len, 0, &end);
    while (cp == '#' && end < len && text[end] == '#')
        end++;
    bool dash = cp == '-' || cp == '#' || cp == '$';
    bool bullet = cp == '*' || cp == '+' || cp == 0x2022 || cp == 0x25CF || cp == 0x25AA || cp == 0x2192;
    *keep = dash;
    return (dash || bullet) && end < len && text[end] == ' ' ? end + 1 : 0;
}

static bool ends_sentence(const struct ora_str *s)
{
    size_t at = s->len, start;
    while (at) {
        uint32_t cp = ora_cp_before(s->data, at, &start);
        if (!ora_cp_is_space(cp) && !ora_cp_is_closer(cp))
            return cp == '.' || cp == '!' || cp == '?' || cp == ':' || cp == 0x2026 || cp == 0x3002 ||
                   cp == 0xFF01 || cp == 0xFF1F;
        at = start;
    }
    return true;
}

/* ---- paragraphs
 * ----------------------------------------------------------------------------------------------------- */

/* Line i of the paragraph in hand, trimmed. */
static const char *para_line(const struct ora_para *p, size_t i, size_t *len)
{
    size_t from = p->mark[i].at, to = i + 1 < p->marks ? p->mark[i + 1].at : p->text.len;
    while (to > from && p->text.data[to - 1] == ' ')
        to--;
    *len = to - from;
    return p->text.data + from;
}

static int heading_line(struct txt *t, size_t i, enum ora_heading h, struct ora_err *err)
{
    const struct ora_para *para = &t->prose.para;
    size_t len;
    const char *text = para_line(para, i, &len);
    return ora_prose_heading(&t->prose, (int)h, h != ORA_HEADING_SECTION, text, len, para->mark[i].line,
                             para->mark[i].line, err);
}

/* How many of the paragraph's first lines are headings; their kinds in h[]. */
static size_t heading_lines(struct txt *t, enum ora_heading h[HEADING_LINES])
{
    const struct ora_para *para = &t->prose.para;
    size_t count = 0, len;
    bool bare = t->bare_heading;
    if (t->prose.continued || t->prose.bad_line || para->marks == 0)
        return 0;
    for (; count < para->marks && count < HEADING_LINES; count++) {
        const char *text = para_line(para, count, &len);
        bool under_number = bare, title = bare && ora_heading_is_title(text, len);
        h[count] = ora_heading_of(text, len, &bare);
        if ((!h[count] && title) || (h[count] == ORA_HEADING_SECTION && under_number))
            h[count] = ORA_HEADING_TITLE;
        if (!h[count] || (count && h[count] <= h[count - 1]))
            break;
    }
    /* A title alone opens a text ("CHAPTER I" over its first line); in capitals it must stand alone. */
    t->bare_heading = count == para->marks && bare;
    if (count < para->marks && count && h[count - 1] == ORA_HEADING_SECTION)
        count = 0;
    if (count && count < para->marks) {
        const char *text = para_line(para, count, &len);
        count = ora_heading_of(text, len, NULL) ? 0 : count; /* a table of contents */
    }
    return count;
}

static int end_paragraph(struct txt *t, struct ora_err *err)
{
    struct ora_para *para = &t->prose.para;
    enum ora_heading h[HEADING_LINES];
    size_t count = para->text.len ? heading_lines(t, h) : 0;
    bool bare = t->bare_heading;
    int rc = 0;
    if (para->text.len)
        t->bare_heading = count && bare;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = heading_line(t, i, h[i], err);
    if (rc < 0)
        return rc;
    if (count && count == para->marks)
        ora_para_clear(para);
    else if (count)
        ora_para_keep_from(para, para->mark[count].at);
    t->item = false;
    return ora_prose_paragraph(&t->prose, err);
}

/* "Title" over "=====": true when the line in hand underlines the paragraph of one line above it. */
static bool underlines(const struct txt *t, const char *text, size_t len)
{
    const struct ora_para *para = &t->prose.para;
    if (para->marks != 1 || t->prose.continued || len < 3 || (text[0] != '=' && text[0] != '-') ||
        !ora_has_words(para->text.data, para->text.len))
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] != text[0])
            return false;
    return len + SETEXT_SLACK >= para->text.len && len <= para->text.len + SETEXT_SLACK;
}

static int underlined_heading(struct txt *t, char mark, uint64_t line, struct ora_err *err)
{
    struct ora_para *para = &t->prose.para;
    int rc = ora_prose_heading(&t->prose, mark == '=' ? ORA_HEADING_CHAPTER : ORA_HEADING_SECTION,
                               mark == '=', para->text.data, para->text.len, para->first_line, line, err);
    ora_para_clear(para);
    return rc;
}

/* Lines without text: 1 when this is none of them. */
static int whole_line(struct txt *t, const struct ora_line *line, const char *text, size_t len,
                      struct ora_err *err)
{
    struct ora_prose *p = &t->prose;
    if (len > 4 && text[0] == '<' && text[1] == '<') {
        int rc = ora_prose_marker(p, text, len, line->number, err);
        return rc < 0 ? rc : !rc;
    }
    if (is_blank(text, len)) {
        int rc = end_paragraph(t, err);
        return rc < 0 ? rc : ora_prose_structure(p, line->number, "blank", err);
    }
    if (!ora_has_words(text, len) && ora_is_ornament(text, len)) {
        if (underlines(t, text, len))
            return underlined_heading(t, text[0], line->number, err);
        /* Closing marks on a line of their own still belong to the sentence. */
        if (p->para.text.len && len <= 3 && strchr("\"')].!?", text[0])) {
            ora_para_line(&p->para, line->number);
            ora_para_add(&p->para, text, len);
            return 0;
        }
        int rc = end_paragraph(t, err);
        return rc < 0 ? rc : ora_prose_scene_break(p, line->number, err);
    }
    return 1;
}

/* A line of text, its indent and last blanks taken off. */
static int text_line(struct txt *t, uint64_t number, const char *text, size_t len, size_t indent,
                     struct ora_err *err)
{
    struct ora_prose *p = &t->prose;
    bool keep, ended = ends_sentence(&p->para.text);
    size_t mark = item_mark(text, len, indent, &keep);
    bool begins = (mark && (ended || t->item)) || (ended && indent >= t->indent + 2);
    int rc = begins && p->para.text.len ? end_paragraph(t, err) : 0;
    if (rc < 0)
        return rc;
    bool fresh = p->para.text.len == 0;
    size_t skip = fresh && !keep ? mark : 0;
    t->item = t->item || (fresh && mark);
    t->indent = indent;
    take_marks_off(&t->line, text + skip, len - skip);
    ora_para_line(&p->para, number);
    ora_para_add(&p->para, t->line.data, t->line.len);
    return ora_prose_grown(p, err);
}

static int add_line(struct txt *t, const struct ora_line *line, struct ora_err *err)
{
    struct ora_prose *p = &t->prose;
    const char *text = line->text;
    size_t len = line->len;
    if (ora_prose_check(p, line->number, line->offset, text, len)) {
        ora_para_line(&p->para, line->number);
        return 0;
    }
    if (!line->starts) {
        take_marks_off(&t->line, text, len);
        ora_para_add(&p->para, t->line.data, t->line.len);
        return ora_prose_grown(p, err);
    }
    size_t indent = indent_of(text, len);
    while (len && (text[0] == ' ' || text[0] == '\t' || text[0] == '\f'))
        text++, len--;
    while (line->ends && len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    int rc = line->ends ? whole_line(t, line, text, len, err) : 1;
    return rc <= 0 ? rc : text_line(t, line->number, text, len, indent, err);
}

int ora_prose_read_txt(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err)
{
    struct txt t = {.line = ORA_STR_INIT};
    struct ora_line line;
    int rc;
    ora_prose_init(&t.prose, e);
    while ((rc = ora_lines_next(lines, &line, err)) > 0) {
        rc = add_line(&t, &line, err);
        if (rc < 0)
            break;
    }
    if (rc == 0)
        rc = end_paragraph(&t, err);
    if (rc == 0)
        rc = ora_prose_end(&t.prose, err);
    ora_prose_release(&t.prose);
    ora_str_release(&t.line);
    return rc;
}
