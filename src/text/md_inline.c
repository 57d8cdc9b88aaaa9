/*
 * Markdown inside a paragraph, left to right. Where a mark could open something, its end is looked for within
 * a bound; found, the inner text goes the same way (to a bounded depth), else the mark is text. CommonMark's
 * delimiter algorithm would settle rare nestings differently; what is spoken is the same words either way.
 */
#include "text/md_inline.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/brackets.h"
#include "text/chars.h"
#include "text/html.h"

enum { MAX_DEPTH = 12, LOOK_BYTES = 4096 };

struct inliner {
    struct ora_para *para;
    uint64_t line;
    int depth;
};

static void inlines(struct inliner *in, const char *text, size_t len);

/* Plain text, in which '\n' begins a source line. */
static void put(struct inliner *in, const char *text, size_t len)
{
    while (len) {
        const char *nl = memchr(text, '\n', len);
        size_t n = nl ? (size_t)(nl - text) : len;
        ora_para_add(in->para, text, n);
        if (!nl)
            return;
        ora_para_line(in->para, ++in->line);
        text += n + 1;
        len -= n + 1;
    }
}

/* Behind a mark: a bracket on either side of one opens nothing. Two marked as text ("\[[") stay together. */
static void put_after(struct inliner *in, const char *text, size_t len)
{
    struct ora_str *out = &in->para->text;
    if (out->len < 2 || out->data[out->len - 2] != '\\')
        ora_brackets_part(out, text, len);
    put(in, text, len);
}

/* Code, where a "<b>" is meant to be read and not to be a tag, nor "[[ x ]]" to be phones. */
static void put_literal(struct inliner *in, const char *text, size_t len)
{
    size_t from = 0;
    for (size_t at = 0, n; at < len; at += n ? n : 1) {
        n = 0;
        if (at + 1 < len && text[at] == '[' && text[at + 1] == '[') {
            put_after(in, text + from, at - from);
            put(in, "\\[[", 3);
            from = at + (n = 2);
            continue;
        }
        n = ora_html_tag(text, len, at);
        if (!n)
            continue;
        put(in, text + from, at - from);
        put(in, "\u2039", 3);
        put(in, text + at + 1, n - 2);
        put(in, "\u203A", 3);
        from = at + n;
    }
    put_after(in, text + from, len - from);
}

/* Lines that are passed without a word still count. */
static void pass(struct inliner *in, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            ora_para_line(in->para, ++in->line);
}

static void nested(struct inliner *in, const char *text, size_t len)
{
    if (in->depth >= MAX_DEPTH) {
        put_after(in, text, len);
        return;
    }
    in->depth++;
    inlines(in, text, len);
    in->depth--;
}

static size_t run_of(const char *text, size_t len, size_t at)
{
    size_t n = 0;
    while (at + n < len && text[at + n] == text[at])
        n++;
    return n;
}

/* `code`: the length of the whole span, or 0. */
static size_t code_span(const char *text, size_t len, size_t at, size_t *inner)
{
    size_t n = run_of(text, len, at);
    *inner = n;
    for (size_t i = at + n; i < len; i++) {
        if (text[i] != '`')
            continue;
        size_t m = run_of(text, len, i);
        if (m == n)
            return i + m - at;
        i += m - 1;
    }
    return 0;
}

/* The ']' that closes the '[' at `at`; 0 when there is none. */
static size_t closing_bracket(const char *text, size_t len, size_t at)
{
    int depth = 0;
    size_t inner, limit = len - at > LOOK_BYTES ? at + LOOK_BYTES : len;
    for (size_t i = at; i < limit; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '`')
            i += (inner = code_span(text, limit, i, &inner)) ? inner - 1 : run_of(text, limit, i) - 1;
        else if (text[i] == '[')
            depth++;
        else if (text[i] == ']' && --depth == 0)
            return i;
    }
    return 0;
}

/* "(target "title")" at `at`: its length, or 0. */
static size_t link_target(const char *text, size_t len, size_t at)
{
    int depth = 0;
    char quote = 0;
    size_t limit = len - at > LOOK_BYTES ? at + LOOK_BYTES : len;
    for (size_t i = at; i < limit; i++) {
        char c = text[i];
        if (c == '\\')
            i++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if ((c == '"' || c == '\'') && (text[i - 1] == ' ' || text[i - 1] == '\n'))
            quote = c;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return i + 1 - at;
    }
    return 0;
}

/* A link, an image or a footnote's mark whose '[' stands at `at`; the length used, or 0. */
static size_t link_at(struct inliner *in, const char *text, size_t len, size_t at)
{
    size_t close = closing_bracket(text, len, at), after = close + 1, target = 0;
    if (!close)
        return 0;
    if (text[at + 1] == '^' && close > at + 2 && !memchr(text + at, ' ', close - at))
        return after - at;
    if (after < len && text[after] == '(')
        target = link_target(text, len, after);
    else if (after < len && text[after] == '[' && ora_has_words(text + at, close - at)) {
        size_t end = closing_bracket(text, len, after);
        target = end ? end + 1 - after : 0;
    }
    if (!target)
        return 0;
    nested(in, text + at + 1, close - at - 1);
    pass(in, text + after, target);
    return after + target - at;
}

static bool is_autolink(const char *inner, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (inner[i] == ' ' || inner[i] == '\n')
            return false;
        if ((inner[i] == ':' && i >= 2) || (inner[i] == '@' && i))
            return true;
        if (!isalnum((unsigned char)inner[i]) && !strchr("+.-_", inner[i]))
            return false;
    }
    return false;
}

/* "<…>": an autolink's text stays, a comment and a tag go. The length used, or 0. */
static size_t angle(struct inliner *in, const char *text, size_t len, size_t at)
{
    const char *from = text + at;
    size_t rest = len - at;
    if (rest >= 4 && strncmp(from, "<!--", 4) == 0) {
        const char *end = memmem(from + 4, rest - 4, "-->", 3);
        size_t n = end ? (size_t)(end - from) + 3 : 0;
        pass(in, from, n);
        return n;
    }
    const char *end = memchr(from, '>', rest < LOOK_BYTES ? rest : LOOK_BYTES);
    if (!end || rest < 3 ||
        !(isalpha((unsigned char)from[1]) || from[1] == '/' || from[1] == '!' || from[1] == '?'))
        return 0;
    size_t n = (size_t)(end - from) + 1;
    if (is_autolink(from + 1, n - 2)) {
        put_after(in, from + 1, n - 2);
        return n;
    }
    if (memchr(from + 1, '<', n - 1)) /* "a <b and c < d>" */
        return 0;
    /* Tags inside a word ("H<sub>2</sub>O", "<b>b</b>old") leave no gap; those that part blocks do. */
    static const char *const parting[] = {
        "br", "p",   "/p", "div", "/div", "li",  "/li", "tr",  "/tr", "td",  "/td", "th",  "/th",   "hr",
        "h1", "/h1", "h2", "/h2", "h3",   "/h3", "h4",  "/h4", "ul",  "/ul", "ol",  "/ol", "table", "/table"};
    size_t name = 0;
    while (name + 2 < n && (isalnum((unsigned char)from[1 + name]) || (name == 0 && from[1] == '/')))
        name++;
    for (size_t i = 0; i < sizeof parting / sizeof *parting; i++)
        if (strlen(parting[i]) == name && strncasecmp(from + 1, parting[i], name) == 0)
            ora_para_add(in->para, " ", 1);
    pass(in, from, n);
    return n;
}

/* Where the emphasis that a run of n marks opens at `at` is closed: the place of the closing marks, or 0. */
static size_t closing_marks(const char *text, size_t len, size_t at, size_t n, bool exactly)
{
    size_t limit = len - at > LOOK_BYTES ? at + LOOK_BYTES : len, span, start, end;
    for (size_t i = at + n; i < limit; i++) {
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == '`') {
            size_t code = code_span(text, limit, i, &span);
            i += code ? code - 1 : run_of(text, limit, i) - 1;
        } else if (text[i] == text[at]) {
            size_t m = run_of(text, len, i);
            bool closes = !ora_cp_is_space(ora_cp_before(text, i, &start)) && (exactly ? m == n : m > n);
            if (closes && text[at] == '_' && i + m < len &&
                u_isalnum((UChar32)ora_cp_at(text, len, i + m, &end)))
                closes = false;
            if (closes)
                return i + m - n;
            i += m - 1;
        }
    }
    return 0;
}

/* *so*, **so**, _so_, ~~so~~: the length used, or 0. */
static size_t emphasis(struct inliner *in, const char *text, size_t len, size_t at)
{
    size_t n = run_of(text, len, at), start, end;
    bool inside = at && u_isalnum((UChar32)ora_cp_before(text, at, &start));
    if (n > 3 || at + n >= len || ora_cp_is_space(ora_cp_at(text, len, at + n, &end)) ||
        (text[at] == '~' && n != 2) || (text[at] == '_' && inside))
        return 0;
    size_t close = closing_marks(text, len, at, n, true);
    close = close ? close : closing_marks(text, len, at, n, false);
    if (!close || close <= at + n)
        return 0;
    nested(in, text + at + n, close - at - n);
    return close + n - at;
}

/* "\[" at `at`. Two brackets that are meant as text stay marked so (text/brackets.h). */
static void escaped_bracket(struct inliner *in, const char *text, size_t len, size_t at)
{
    bool escaped_too = at + 3 < len && text[at + 2] == '\\' && text[at + 3] == '[';
    bool opens = (at + 2 < len && text[at + 2] == '[') || escaped_too;
    bool second = at && text[at - 1] == '[' && (at < 2 || text[at - 2] != '\\');
    put_after(in, opens ? "\\[" : second ? "(" : "[", opens ? 2 : 1);
}

/* A construct at text[at]: the bytes it uses, 0 when the character is plain text. */
static size_t construct(struct inliner *in, const char *text, size_t len, size_t at)
{
    size_t used, inner;
    char plain[4];
    switch (text[at]) {
    case '\\':
        if (at + 1 < len && text[at + 1] == '[') {
            escaped_bracket(in, text, len, at);
            return 2;
        }
        if (at + 1 < len && ispunct((unsigned char)text[at + 1])) {
            put_after(in, text[at + 1] == '<' ? "\u2039" : text + at + 1, text[at + 1] == '<' ? 3 : 1);
            return 2;
        }
        return at + 1 < len && text[at + 1] == '\n' ? 1 : 0;
    case '`':
        used = code_span(text, len, at, &inner);
        if (used)
            put_literal(in, text + at + inner, used - 2 * inner);
        return used;
    case '!':
        used = at + 1 < len && text[at + 1] == '[' ? link_at(in, text, len, at + 1) : 0;
        return used ? used + 1 : 0;
    case '[':
        return link_at(in, text, len, at);
    case '<':
        return angle(in, text, len, at);
    case '&': {
        uint32_t cp = ora_md_entity(text + at, len - at, &used);
        if (!cp)
            return 0;
        bool opens = cp == '<' && at + used < len &&
                     (isalpha((unsigned char)text[at + used]) || text[at + used] == '/');
        put_after(in, plain, ora_utf8_encode(cp == '\n' ? ' ' : opens ? 0x2039 : cp, plain));
        return used;
    }
    default:
        return emphasis(in, text, len, at);
    }
}

static void inlines(struct inliner *in, const char *text, size_t len)
{
    size_t from = 0;
    bool after = true; /* a mark stands before `from` */
    for (size_t at = 0; at < len;) {
        if (!text[at] || !strchr("\\`![<&*_~", text[at])) {
            at++;
            continue;
        }
        (after ? put_after : put)(in, text + from, at - from);
        after = after && from == at;
        from = at;
        size_t used = construct(in, text, len, at);
        /* A run that opens nothing is text as a whole: its tail must not open either. */
        at += used ? used
              : text[at] == '`' || text[at] == '*' || text[at] == '_' || text[at] == '~'
                  ? run_of(text, len, at)
                  : 1;
        from = used ? at : from;
        after = after || used;
    }
    (after ? put_after : put)(in, text + from, len - from);
}

void ora_md_inline(struct ora_para *para, const char *raw, size_t len, uint64_t line)
{
    struct inliner in = {para, line, 0};
    ora_para_line(para, line);
    inlines(&in, raw, len);
}
