/*
 * Markdown, block by block (CommonMark's blocks, GitHub's tables, footnotes, front matter of YAML or TOML).
 *
 * A paragraph is collected raw, its inner markup is taken off at its end (text/md_inline.h). Spoken:
 * headings, paragraphs, list items (with their numbers), quotes, footnotes where they stand, and tables, a
 * row an utterance, its cells parted by commas. Structure, counted and not spoken: code blocks, rules, link
 * definitions, front matter, comments, scripts.
 *
 * Chapters: headings of level 1 where the text has several; else (one title, or none) those of level 2; else
 * those of the highest level there is. What there is is read off the first MiB.
 */
#include "text/prose.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/chars.h"
#include "text/lines.h"
#include "text/md_inline.h"
#include "text/md_line.h"

enum { RAW_BYTES = 64 * 1024 };

struct md {
    struct ora_prose prose;
    struct ora_para heading; /* scratch */
    struct ora_str raw;      /* the paragraph in hand; lines parted by '\n' */
    uint64_t raw_line;       /* of its first line */
    uint64_t last_line;
    int chapter_level;
    int quote;          /* '>' deep */
    size_t list_indent; /* where the text of the list item begins; 0 outside of lists */
    bool item;          /* the paragraph in hand is a list's */
    bool after_blank;
    bool table;
    char fence; /* in a code block opened by three or more of these */
    size_t fence_len;
    uint64_t opened_line; /* of that block, or of the one skipped */
    const char *skip_to;  /* in a comment, script or style that ends here */
    const char *skip_kind;
    char front; /* in front matter that ends with three of these */
};

/* ---- the paragraph in hand ---- */

static int flush(struct md *m, struct ora_err *err)
{
    if (m->raw.len)
        ora_md_inline(&m->prose.para, m->raw.data, m->raw.len, m->raw_line);
    if (m->prose.bad_line) {
        ora_para_line(&m->prose.para, m->raw_line ? m->raw_line : m->prose.bad_line);
        ora_para_line(&m->prose.para, m->last_line);
    }
    ora_str_clear(&m->raw);
    m->raw_line = 0;
    m->item = false;
    return ora_prose_paragraph(&m->prose, err);
}

static void append(struct md *m, uint64_t line, struct ora_md_span x)
{
    if (!m->raw_line)
        m->raw_line = line;
    else
        ora_str_addc(&m->raw, '\n');
    ora_str_addn(&m->raw, x.s, x.n);
    m->last_line = line;
}

/* What has grown long leaves up to its last space; the rest stays. */
static int spill(struct md *m, uint64_t line, struct ora_err *err)
{
    if (m->raw.len < RAW_BYTES)
        return 0;
    size_t cut = m->raw.len;
    while (cut && m->raw.data[cut - 1] != ' ')
        cut--;
    cut = cut ? cut : m->raw.len;
    ora_md_inline(&m->prose.para, m->raw.data, cut, m->raw_line);
    memmove(m->raw.data, m->raw.data + cut, m->raw.len - cut + 1);
    m->raw.len -= cut;
    m->raw_line = line;
    return ora_prose_grown(&m->prose, err);
}

static int heading(struct md *m, int level, struct ora_md_span x, uint64_t line, uint64_t last_line,
                   struct ora_err *err)
{
    /* "Title {#anchor .class}" */
    const char *brace = x.n && x.s[x.n - 1] == '}' ? memrchr(x.s, '{', x.n) : NULL;
    if (brace && brace > x.s && brace[-1] == ' ' && strchr("#.:", brace[1]))
        x.n = (size_t)(brace - x.s);
    ora_para_clear(&m->heading);
    ora_md_inline(&m->heading, x.s, x.n, line);
    const struct ora_str *text = &m->heading.text;
    if (!text->len || !ora_has_words(text->data, text->len)) {
        int rc = 0;
        for (uint64_t i = line; rc == 0 && i <= last_line; i++)
            rc = ora_prose_structure(&m->prose, i, "ornament", err);
        return rc;
    }
    return ora_prose_heading(&m->prose, level, level <= m->chapter_level, text->data, text->len, line,
                             last_line, err);
}

static int atx_heading(struct md *m, int level, struct ora_md_span x, uint64_t line, struct ora_err *err)
{
    int rc = flush(m, err);
    x = ora_md_trimmed((struct ora_md_span){x.s + level, x.n - (size_t)level});
    size_t end = x.n;
    while (end && x.s[end - 1] == '#')
        end--;
    if (!end || x.s[end - 1] == ' ')
        x = ora_md_trimmed((struct ora_md_span){x.s, end});
    return rc < 0 ? rc : heading(m, level, x, line, line, err);
}

static int setext_heading(struct md *m, int level, uint64_t line, struct ora_err *err)
{
    struct ora_str raw = m->raw;
    uint64_t first = m->raw_line;
    m->raw = (struct ora_str)ORA_STR_INIT;
    m->raw_line = 0;
    int rc = heading(m, level, (struct ora_md_span){raw.data, raw.len}, first, line, err);
    ora_str_release(&raw);
    return rc;
}

/* ---- tables ---- */

static int table_row(struct md *m, struct ora_md_span x, uint64_t line, struct ora_err *err)
{
    struct ora_str row = ORA_STR_INIT;
    size_t from = 0;
    for (size_t i = 0; i <= x.n; i++) {
        if (i < x.n && !(x.s[i] == '|' && !(i && x.s[i - 1] == '\\')))
            continue;
        struct ora_md_span cell = ora_md_trimmed((struct ora_md_span){x.s + from, i - from});
        if (cell.n)
            ora_str_addf(&row, "%s%.*s", row.len ? ", " : "", (int)cell.n, cell.s);
        from = i + 1;
    }
    int rc = flush(m, err);
    if (rc == 0 && !ora_has_words(ora_str_c(&row), row.len)) {
        rc = ora_prose_structure(&m->prose, line, "table-rule", err);
    } else if (rc == 0) {
        append(m, line, (struct ora_md_span){row.data, row.len});
        rc = flush(m, err);
    }
    ora_str_release(&row);
    return rc;
}

/* The delimiter row makes the line above it a table's head; what stands before that line is a paragraph. */
static int begin_table(struct md *m, uint64_t line, struct ora_err *err)
{
    const char *nl = memrchr(m->raw.data, '\n', m->raw.len);
    struct ora_str head = ORA_STR_INIT;
    ora_str_add(&head, nl ? nl + 1 : m->raw.data);
    m->raw.len = nl ? (size_t)(nl - m->raw.data) : 0;
    m->raw.data[m->raw.len] = '\0';
    m->raw_line = nl ? m->raw_line : 0;
    int rc = table_row(m, (struct ora_md_span){head.data, head.len}, line - 1, err);
    ora_str_release(&head);
    m->table = true;
    return rc < 0 ? rc : ora_prose_structure(&m->prose, line, "table-rule", err);
}

/* ---- blocks that are not read ---- */

/* Inside code, front matter, comments and scripts: 1 when the line was taken. */
static int unread_line(struct md *m, struct ora_md_span x, uint64_t line, struct ora_err *err)
{
    struct ora_md_span t = ora_md_trimmed(x);
    if (m->fence) {
        if (ora_md_run_of(t, m->fence) >= m->fence_len && ora_md_run_of(t, m->fence) == t.n)
            m->fence = 0;
        int rc = ora_prose_structure(&m->prose, line, "code", err);
        return rc < 0 ? rc : 1;
    }
    if (m->front) {
        if (line > 1 && t.n == 3 &&
            (ora_md_run_of(t, m->front) == 3 || (m->front == '-' && ora_md_run_of(t, '.') == 3)))
            m->front = 0;
        else if (t.n > 6 && strncmp(t.s, "title", 5) == 0 && (t.s[5] == ':' || t.s[5] == ' ')) {
            struct ora_md_span v = ora_md_trimmed((struct ora_md_span){t.s + 6, t.n - 6});
            while (v.n && strchr("=\"' ", v.s[0]))
                v.s++, v.n--;
            while (v.n && strchr("\"' ", v.s[v.n - 1]))
                v.n--;
            if (v.n && !m->prose.e->announced) {
                ora_str_clear(&m->prose.e->doc_title);
                ora_str_addn(&m->prose.e->doc_title, v.s, v.n);
            }
        }
        int rc = ora_prose_structure(&m->prose, line, "front-matter", err);
        return rc < 0 ? rc : 1;
    }
    if (m->skip_to) {
        if (memmem(x.s, x.n, m->skip_to, strlen(m->skip_to)))
            m->skip_to = NULL;
        int rc = ora_prose_structure(&m->prose, line, m->skip_kind, err);
        return rc < 0 ? rc : 1;
    }
    return 0;
}

/* A line that opens a block which is not read: 1 when it did. */
static int open_unread(struct md *m, struct ora_md_span x, uint64_t line, struct ora_err *err)
{
    static const struct {
        const char *opens, *closes, *kind;
    } blocks[] = {
        {"<!--", "-->", "comment"}, {"<script", "</script>", "markup"}, {"<style", "</style>", "markup"}};
    size_t fence = ora_md_fence_run(x);
    int rc;
    if (fence) {
        m->fence = x.s[0];
        m->fence_len = fence;
        m->opened_line = line;
        rc = flush(m, err);
        rc = rc < 0 ? rc : ora_prose_structure(&m->prose, line, "code", err);
        return rc < 0 ? rc : 1;
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && !m->raw_line; i++) {
        size_t n = strlen(blocks[i].opens);
        if (x.n < n || strncasecmp(x.s, blocks[i].opens, n) != 0)
            continue;
        const char *end = memmem(x.s, x.n, blocks[i].closes, strlen(blocks[i].closes));
        if (end && (size_t)(end - x.s) + strlen(blocks[i].closes) < x.n)
            return 0; /* text follows: the inline reader takes the tag off */
        m->skip_to = end ? NULL : blocks[i].closes;
        m->skip_kind = blocks[i].kind;
        m->opened_line = line;
        rc = ora_prose_structure(&m->prose, line, blocks[i].kind, err);
        return rc < 0 ? rc : 1;
    }
    return 0;
}

/* ---- a line ---- */

/* Takes off "> > "; a deeper quote begins a new paragraph. */
static int strip_quote(struct md *m, struct ora_md_span *x, struct ora_err *err)
{
    int depth = 0;
    size_t bytes;
    while (ora_md_indent_of(*x, &bytes) <= 3 && bytes < x->n && x->s[bytes] == '>') {
        bytes++;
        bytes += bytes < x->n && x->s[bytes] == ' ';
        *x = (struct ora_md_span){x->s + bytes, x->n - bytes};
        depth++;
    }
    int rc = depth > m->quote && m->raw_line ? flush(m, err) : 0;
    if (depth || !m->raw_line)
        m->quote = depth;
    return rc;
}

/* Takes off list marks; numbers are kept as text. */
static int strip_items(struct md *m, struct ora_md_span *x, size_t indent, uint64_t line, struct ora_err *err)
{
    bool number, first;
    size_t mark;
    for (int depth = 0; depth < 8 && (mark = ora_md_item_mark(*x, &number, &first)); depth++) {
        if (m->raw_line && !m->item && number && !first) /* "…in\n1984. It was" */
            return 0;
        int rc = flush(m, err);
        if (rc < 0)
            return rc;
        indent += mark;
        m->list_indent = indent;
        if (number)
            append(m, line, (struct ora_md_span){x->s, mark});
        *x = (struct ora_md_span){x->s + mark, x->n - mark};
        m->item = true;
        if (x->n > 3 && x->s[0] == '[' && strchr(" xX", x->s[1]) && x->s[2] == ']' && x->s[3] == ' ')
            *x = (struct ora_md_span){x->s + 4, x->n - 4};
        if (number) {
            ora_str_addn(&m->raw, x->s, x->n);
            *x = (struct ora_md_span){x->s + x->n, 0};
            return 0;
        }
    }
    return 0;
}

static int block(struct md *m, struct ora_md_span x, size_t indent, uint64_t line, struct ora_err *err)
{
    size_t note;
    int level, rc = open_unread(m, x, line, err);
    if (rc)
        return rc;
    if (x.n > 4 && x.s[0] == '<' && x.s[1] == '<') {
        rc = flush(m, err);
        rc = rc < 0 ? rc : ora_prose_marker(&m->prose, x.s, x.n, line, err);
        if (rc)
            return rc;
    }
    if ((level = ora_md_heading_level(x)))
        return atx_heading(m, level, x, line, err);
    if (m->raw.len && !m->item && !m->prose.bad_line && (level = ora_md_underline_level(x)))
        return setext_heading(m, level, line, err);
    if (m->raw.len && ora_md_is_delimiter_row(x) && memchr(m->raw.data, '|', m->raw.len))
        return begin_table(m, line, err);
    if (m->table && memchr(x.s, '|', x.n))
        return table_row(m, x, line, err);
    m->table = false;
    if (ora_md_is_rule(x)) {
        rc = flush(m, err);
        return rc < 0 ? rc : ora_prose_scene_break(&m->prose, line, err);
    }
    if (ora_md_is_definition(x, &note) && (!m->raw_line || memmem(x.s, x.n, "://", 3))) {
        rc = flush(m, err);
        return rc < 0 ? rc : ora_prose_structure(&m->prose, line, "link-definition", err);
    }
    if (note) {
        if ((rc = flush(m, err)) < 0)
            return rc;
        x = (struct ora_md_span){x.s + note, x.n - note};
    }
    rc = strip_items(m, &x, indent, line, err);
    if (rc < 0 || !x.n)
        return rc;
    if (m->item && !m->raw_line) { /* what stands in an item may be a block again */
        if ((rc = open_unread(m, x, line, err)))
            return rc;
        if ((level = ora_md_heading_level(x)))
            return atx_heading(m, level, x, line, err);
    }
    append(m, line, x);
    return spill(m, line, err);
}

static int whole_line(struct md *m, struct ora_md_span x, uint64_t line, struct ora_err *err)
{
    size_t bytes;
    int rc = unread_line(m, x, line, err);
    if (rc)
        return rc < 0 ? rc : 0;
    rc = strip_quote(m, &x, err);
    if (rc < 0)
        return rc;
    if (!ora_md_trimmed(x).n) {
        rc = flush(m, err);
        m->after_blank = true;
        m->table = false;
        return rc < 0 ? rc : ora_prose_structure(&m->prose, line, "blank", err);
    }
    bool number, first, after_blank = m->after_blank;
    size_t indent = ora_md_indent_of(x, &bytes);
    x = ora_md_trimmed(x);
    m->after_blank = false;
    if (after_blank && indent < m->list_indent && !ora_md_item_mark(x, &number, &first))
        m->list_indent = 0;
    size_t inner = indent > m->list_indent ? indent - m->list_indent : 0;
    if (inner >= 4 && !m->raw_line && !(m->list_indent && ora_md_item_mark(x, &number, &first)))
        return ora_prose_structure(&m->prose, line, "code", err);
    rc = block(m, x, indent, line, err);
    return rc < 0 ? rc : 0;
}

static int add_line(struct md *m, const struct ora_line *line, struct ora_err *err)
{
    struct ora_md_span x = {line->text, line->len};
    if (ora_prose_check(&m->prose, line->number, line->offset, x.s, x.n)) {
        if (!m->raw_line)
            m->raw_line = line->number;
        m->last_line = line->number;
        return 0;
    }
    if (line->starts && line->ends)
        return whole_line(m, x, line->number, err);
    if (line->starts)
        append(m, line->number, x);
    else
        ora_str_addn(&m->raw, x.s, x.n);
    return spill(m, line->number, err);
}

static int end_unread(struct md *m, struct ora_err *err)
{
    char reason[160];
    if (!m->fence && !m->skip_to)
        return 0;
    snprintf(reason, sizeof reason, "%s is never closed: nothing from line %llu on was read",
             m->fence ? "a code block" : "a comment or script", (unsigned long long)m->opened_line);
    return ora_emit_rejected(m->prose.e, m->opened_line, m->opened_line, NULL, "", 0, "not-closed", reason,
                             err);
}

int ora_prose_read_md(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err)
{
    struct md m = {.raw = ORA_STR_INIT};
    struct ora_line line;
    const char *bytes;
    size_t len;
    bool whole;
    ora_prose_init(&m.prose, e);
    m.prose.empty_kind = "markup";
    int rc = ora_lines_peek(lines, &bytes, &len, &whole, err);
    if (rc == 0) {
        m.chapter_level = ora_md_chapter_level(bytes, len);
        m.front = ora_md_front_matter(bytes, len);
    }
    while (rc == 0 && (rc = ora_lines_next(lines, &line, err)) > 0)
        rc = add_line(&m, &line, err);
    if (rc == 0)
        rc = flush(&m, err);
    if (rc == 0)
        rc = ora_prose_end(&m.prose, err);
    if (rc == 0)
        rc = end_unread(&m, err);
    ora_prose_release(&m.prose);
    ora_para_release(&m.heading);
    ora_str_release(&m.raw);
    return rc;
}
