/*
 * HTML: one pass, with a bounded look ahead at every '<' and '&'.
 *
 * A parser would be wrong here: these are texts with some tags, not documents, and an angle bracket that
 * opens nothing must stay. So each mark is judged by its own form, and nothing is balanced.
 */
#include "text/html.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/chars.h"
#include "text/md_inline.h"
#include "text/phonemes_raw.h"

enum { LONGEST_TAG = 2048, LONGEST_COMMENT = 4096, LONGEST_HIDDEN = 16384, LONGEST_ENTITY = 13 };

/* Elements of HTML and SSML whose opening tags are known without attributes. */
static const char elements[] =
    " a abbr acronym address article aside audio b bdi bdo big blink blockquote body br button canvas "
    "caption "
    "center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset "
    "figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe "
    "img input ins kbd label legend li link main map mark menu meta meter nav nobr noscript object ol "
    "optgroup option output p param picture pre progress q rp rt ruby s samp script section select small "
    "source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead "
    "time "
    "title tr track tt u ul var video wbr speak prosody emphasis say-as voice phoneme ";
/* What ends a line, and what ends a sentence. */
static const char breaks[] = " br td th ";
static const char blocks[] = " p div li ul ol dl dt dd tr table h1 h2 h3 h4 h5 h6 hr blockquote pre section "
                             "article header footer title caption figcaption option ";
/* Their text is for machines. */
static const char hidden[] = " script style ";

struct tag {
    const char *name; /* in the text */
    size_t name_len, len;
    bool closing;
};

static bool listed(const char *list, const struct tag *t)
{
    for (const char *p = list + 1; *p;) {
        const char *e = strchr(p, ' ');
        if ((size_t)(e - p) == t->name_len && !strncasecmp(p, t->name, t->name_len))
            return true;
        p = e + 1;
    }
    return false;
}

/* "<!-- … -->", "<!DOCTYPE …>", "<?xml … ?>": their length, or 0. */
static size_t declaration(const char *from, size_t rest)
{
    const char *end = NULL;
    if (rest >= 7 && !memcmp(from, "<!--", 4)) {
        end = memmem(from + 4, (rest < LONGEST_COMMENT ? rest : LONGEST_COMMENT) - 4, "-->", 3);
        return end ? (size_t)(end - from) + 3 : 0;
    }
    if (rest < 4 || !(from[1] == '!' || from[1] == '?') || !isalpha((unsigned char)from[2]))
        return 0;
    end = memchr(from, '>', rest < LONGEST_TAG ? rest : LONGEST_TAG);
    return end ? (size_t)(end - from) + 1 : 0;
}

/* What stands between a tag's name and its '>': attributes, at least one of them with a value. The place of
 * the '>', or 0. */
static size_t attributes(const char *from, size_t rest, size_t at)
{
    bool value = false;
    while (at < rest && from[at] != '>') {
        if (from[at] == '"' || from[at] == '\'') {
            const char *close = memchr(from + at + 1, from[at], rest - at - 1);
            if (!value || !close)
                return 0;
            at = (size_t)(close - from);
        } else if (from[at] == '<') {
            return 0;
        }
        value = value || from[at] == '=';
        at++;
    }
    return value && at < rest ? at : 0;
}

/* "<para>" that "</para>" closes not far behind. */
static bool is_closed(const char *from, size_t rest, const struct tag *t)
{
    char close[48] = "</";
    if (t->name_len + 4 > sizeof close || rest <= t->len)
        return false;
    memcpy(close + 2, t->name, t->name_len);
    close[2 + t->name_len] = '>';
    return memmem(from + t->len, rest - t->len, close, t->name_len + 3) != NULL;
}

static bool read_tag(const char *from, size_t rest, struct tag *t)
{
    size_t at = 1;
    rest = rest < LONGEST_TAG ? rest : LONGEST_TAG;
    *t = (struct tag){.closing = rest > 1 && from[1] == '/'};
    at += t->closing;
    t->name = from + at;
    if (at >= rest || !isalpha((unsigned char)from[at]))
        return false;
    while (at < rest && (isalnum((unsigned char)from[at]) || strchr("-:_", from[at])))
        at++;
    t->name_len = (size_t)(from + at - t->name);
    size_t space = at;
    while (space < rest && (from[space] == ' ' || from[space] == '\n' || from[space] == '\t'))
        space++;
    bool empty = !t->closing && space + 1 < rest && from[space] == '/' && from[space + 1] == '>';
    space += empty;
    if (space < rest && from[space] == '>') {
        t->len = space + 1;
        return t->closing || empty || listed(elements, t) || is_closed(from, rest, t);
    }
    if (t->closing || space == at || empty)
        return false;
    t->len = attributes(from, rest, space) + 1;
    return t->len > 1;
}

size_t ora_html_tag(const char *text, size_t len, size_t at)
{
    struct tag t;
    if (at >= len || text[at] != '<')
        return 0;
    size_t n = declaration(text + at, len - at);
    return n ? n : read_tag(text + at, len - at, &t) ? t.len : 0;
}

size_t ora_html_mark(const char *text, size_t len, size_t at)
{
    size_t used = 0;
    if (at < len && text[at] == '&')
        return ora_md_entity(text + at, len - at, &used) ? used : 0;
    return ora_html_tag(text, len, at);
}

/* ---- what is read ---- */

struct reader {
    const char *text;
    size_t len;
    struct ora_str *out;
    size_t base;                        /* where in out this text starts */
    bool bracket;                       /* a "‹" is open */
    enum { NO_PART, COMMA, STOP } owed; /* before the next word */
};

/* Parts what was read so far from what comes, unless a mark does. */
static void part(struct reader *r)
{
    size_t at = r->out->len, start;
    while (at > r->base && strchr(" \n\t", r->out->data[at - 1]))
        at--;
    if (at > r->base) {
        uint32_t cp = ora_cp_before(r->out->data, at, &start);
        if (u_isalnum((UChar32)cp) || ora_cp_is_closer(cp)) {
            r->out->data[r->out->len = at] = '\0';
            bool cjk = ora_cp_is_cjk(cp);
            ora_str_add(r->out, r->owed == STOP ? (cjk ? "。" : ".") : (cjk ? "，" : ","));
        }
        ora_str_addc(r->out, ' ');
    }
    r->owed = NO_PART;
}

static void add(struct reader *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len && r->owed; i++)
        if (!strchr(" \n\t", text[i]))
            part(r);
    if (r->out->len > r->base)
        ora_brackets_part(r->out, text, len);
    ora_str_addn(r->out, text, len);
}

/* "<sup>2</sup>": the digit is raised. The bytes used, or 0. */
static size_t raised_digit(struct reader *r, const char *from, size_t rest, const struct tag *t)
{
    static const char *const raised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    if (t->closing || t->name_len != 3 || strncasecmp(t->name, "sup", 3) != 0 || rest < t->len + 7 ||
        !isdigit((unsigned char)from[t->len]) || strncasecmp(from + t->len + 1, "</sup>", 6) != 0)
        return 0;
    const char *digit = raised[from[t->len] - '0'];
    add(r, digit, strlen(digit));
    return t->len + 7;
}

/* The whole of "<script>…</script>"; only the tag where nothing near closes it. */
static size_t with_content(const char *from, size_t rest, const struct tag *t)
{
    char close[16] = "</";
    size_t limit = rest < LONGEST_HIDDEN ? rest : LONGEST_HIDDEN;
    memcpy(close + 2, t->name, t->name_len);
    const char *end = memmem(from, limit, close, t->name_len + 2);
    const char *mark = end ? memchr(end, '>', (size_t)(from + limit - end)) : NULL;
    return mark ? (size_t)(mark - from) + 1 : t->len;
}

static size_t take_tag(struct reader *r, size_t at)
{
    struct tag t;
    const char *from = r->text + at;
    size_t rest = r->len - at, n = declaration(from, rest);
    if (n || !read_tag(from, rest, &t))
        return n;
    if ((n = raised_digit(r, from, rest, &t)) != 0)
        return n;
    if (listed(blocks, &t))
        r->owed = STOP;
    else if (listed(breaks, &t) && !r->owed)
        r->owed = COMMA;
    return !t.closing && listed(hidden, &t) ? with_content(from, rest, &t) : t.len;
}

/* An entity, decoded as often as it was encoded ("&amp;amp;"). The bytes used, or 0. */
static size_t take_entity(struct reader *r, size_t at)
{
    size_t used = 0, end;
    char utf8[4];
    uint32_t cp = ora_md_entity(r->text + at, r->len - at, &used);
    if (!cp)
        return 0;
    while (cp == '&' && at + used < r->len) {
        char again[LONGEST_ENTITY + 1] = "&";
        size_t more, rest = r->len - at - used, n = rest < LONGEST_ENTITY ? rest : LONGEST_ENTITY;
        memcpy(again + 1, r->text + at + used, n);
        uint32_t inner = ora_md_entity(again, n + 1, &more);
        if (!inner)
            break;
        cp = inner;
        used += more - 1;
    }
    uint32_t next = at + used < r->len ? ora_cp_at(r->text, r->len, at + used, &end) : ' ';
    if (cp == '<' && (u_isalpha((UChar32)next) || (next < 128 && strchr("/!?", (int)next)))) {
        cp = 0x2039;
        r->bracket = true;
    } else if (cp == '>' && r->bracket) {
        cp = 0x203A;
        r->bracket = false;
    }
    add(r, utf8, ora_utf8_encode(cp, utf8));
    return used;
}

void ora_html_take_off(const char *text, size_t len, struct ora_str *out)
{
    struct reader r = {.text = text, .len = len, .out = out, .base = out->len};
    size_t from = 0;
    bool phonemes = true; /* false once no "]]" can follow: keeps "[[[[[…" linear */
    for (size_t at = 0; at < len;) {
        size_t used = 0, raw = 0;
        if (text[at] == '[' && phonemes && at + 1 < len && text[at + 1] == '[') {
            raw = ora_raw_phonemes_at(text, len, at);
            phonemes = raw || memmem(text + at, len - at, "]]", 2) != NULL;
        } else if (text[at] == '<' || text[at] == '&') {
            add(&r, text + from, at - from);
            from = at;
            used = text[at] == '<' ? take_tag(&r, at) : take_entity(&r, at);
        }
        at += used ? used : raw ? raw : 1;
        from = used ? at : from;
    }
    add(&r, text + from, len - from);
}

char *ora_html_masked(const char *text, size_t len)
{
    char *copy = NULL;
    const char *open = memchr(text, '<', len);
    for (size_t at = open ? (size_t)(open - text) : len, n; at < len;
         open = memchr(text + at, '<', len - at), at = open ? (size_t)(open - text) : len) {
        n = ora_html_tag(text, len, at);
        if (n && !copy) {
            copy = ora_xmalloc(len + 1);
            memcpy(copy, text, len);
            copy[len] = '\0';
        }
        if (n)
            memset(copy + at, '*', n);
        at += n ? n : 1;
    }
    return copy;
}
