/*
 * Plain text. Paragraphs end at blank lines, at lines of ornament, before list items, and before a line that
 * is indented after one that ended a sentence (books set without blank lines). Headings are told by
 * text/headings.h. Lines of verse without a mark at their end get a comma. The marks that typists use for
 * emphasis (_so_, *so*) and for footnotes ("word.[12]") are taken off.
 */
#include "text/prose.h"

#include <string.h>
#include <unicode/uchar.h>

#include "text/chars.h"
#include "text/headings.h"
#include "text/lines.h"
#include "text/txt_line.h"

enum { HEADING_LINES = 3, SETEXT_SLACK = 6, WIDE_LINE = 62, VERSE_LINE = 60, NARROWEST_PAGE = 45 };

struct txt {
    struct ora_prose prose;
    size_t indent;     /* of the line before */
    bool item;         /* the paragraph is a list's item */
    bool bare_heading; /* "CHAPTER I" came last: its title may follow */
    struct ora_str line;
};

/* ---- paragraphs ---- */

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

/* Titles set right above their text, as pages turned to text have them: a short line between a sentence's end
 * and a full line, which had room for the next word. Only where lines are wrapped wide: verse has short lines
 * everywhere. */
static void part_titles(struct ora_para *para)
{
    size_t width = 0, len, next_len;
    bool ended = true;
    for (size_t i = 0; i < para->marks; i++) {
        para_line(para, i, &len);
        width = len > width ? len : width;
    }
    for (size_t i = 0; width >= WIDE_LINE && width <= 2 * WIDE_LINE && i + 1 < para->marks; i++) {
        const char *line = para_line(para, i, &len), *next = para_line(para, i + 1, &next_len);
        bool stops = ora_txt_ends_sentence(line, len);
        if (ended && !stops && len && len * 5 < width * 3 && next_len * 5 > width * 4 && *next >= 'A' &&
            *next <= 'Z')
            para->mark[i].parted = para->mark[i + 1].parted = true;
        ended = stops;
    }
}

/* ---- verse ---- */

static size_t first_word(const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    return space ? (size_t)(space - line) : len;
}

/* Lines that their writer ended, not the edge of the page: at least three, short, each with a capital; and
 * most of them had room for the word that follows. A poem, an address, a row of names. */
static bool is_verse(const struct ora_para *para)
{
    size_t width = NARROWEST_PAGE, len, next_len, roomy = 0, end;
    for (size_t i = 0; i < para->marks; i++) {
        const char *line = para_line(para, i, &len);
        size_t at = 0;
        uint32_t cp = 0;
        while (at < len && ora_cp_is_opener(cp = ora_cp_at(line, len, at, &end)))
            at = end;
        if (!len || len > VERSE_LINE || !u_isUUppercase((UChar32)cp) || para->mark[i].parted)
            return false;
        width = len > width ? len : width;
    }
    for (size_t i = 0; i + 1 < para->marks; i++) {
        para_line(para, i, &len);
        const char *next = para_line(para, i + 1, &next_len);
        roomy += len + 1 + first_word(next, next_len) <= width;
    }
    return para->marks >= 3 && 2 * roomy >= para->marks - 1;
}

/* A line of verse that ends without a mark ends with a comma: it is read with a pause. */
static void mark_line_ends(struct ora_para *para)
{
    struct ora_str text = ORA_STR_INIT;
    size_t len, start;
    for (size_t i = 0; i < para->marks; i++) {
        const char *line = para_line(para, i, &len);
        bool last = i + 1 == para->marks;
        para->mark[i].at = text.len;
        ora_str_addn(&text, line, len);
        if (!last && u_isalnum((UChar32)ora_cp_before(line, len, &start)))
            ora_str_addc(&text, ',');
        if (!last)
            ora_str_addc(&text, ' ');
    }
    ora_str_release(&para->text);
    para->text = text;
    para->space = false;
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
    if (para->text.len)
        part_titles(para);
    if (para->text.len && !t->prose.continued && !t->prose.bad_line && is_verse(para))
        mark_line_ends(para);
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
    if (ora_txt_is_blank(text, len)) {
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
    bool keep, ended = ora_txt_ends_sentence(p->para.text.data, p->para.text.len);
    size_t mark = ora_txt_item_mark(text, len, indent, &keep);
    bool begins = (mark && (ended || t->item)) || (ended && indent >= t->indent + 2);
    int rc = begins && p->para.text.len ? end_paragraph(t, err) : 0;
    if (rc < 0)
        return rc;
    bool fresh = p->para.text.len == 0;
    size_t skip = fresh && !keep ? mark : 0;
    t->item = t->item || (fresh && mark);
    t->indent = indent;
    ora_txt_take_marks_off(&t->line, text + skip, len - skip);
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
        ora_txt_take_marks_off(&t->line, text, len);
        ora_para_add(&p->para, t->line.data, t->line.len);
        return ora_prose_grown(p, err);
    }
    size_t indent = ora_txt_indent(text, len);
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
