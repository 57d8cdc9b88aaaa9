/* A line of Markdown: what kind of block it begins or belongs to. No state. */
#include "text/md_line.h"

#include <string.h>

#include "text/chars.h"

enum { LEVELS = 6, FRONT_MATTER_BYTES = 16 * 1024 };

struct ora_md_span ora_md_trimmed(struct ora_md_span x)
{
    while (x.n && (*x.s == ' ' || *x.s == '\t'))
        x.s++, x.n--;
    while (x.n && (x.s[x.n - 1] == ' ' || x.s[x.n - 1] == '\t'))
        x.n--;
    return x;
}

size_t ora_md_indent_of(struct ora_md_span x, size_t *bytes)
{
    size_t width = 0, i = 0;
    for (; i < x.n && (x.s[i] == ' ' || x.s[i] == '\t'); i++)
        width = x.s[i] == '\t' ? (width / 4 + 1) * 4 : width + 1;
    *bytes = i;
    return width;
}

size_t ora_md_run_of(struct ora_md_span x, char c)
{
    size_t n = 0;
    while (n < x.n && x.s[n] == c)
        n++;
    return n;
}

int ora_md_heading_level(struct ora_md_span x)
{
    size_t n = ora_md_run_of(x, '#');
    return n >= 1 && n <= LEVELS && (n == x.n || x.s[n] == ' ' || x.s[n] == '\t') ? (int)n : 0;
}

/* "===" or "---" under a line: 1 or 2. */
int ora_md_underline_level(struct ora_md_span x)
{
    if (!x.n || (x.s[0] != '=' && x.s[0] != '-') || ora_md_run_of(x, x.s[0]) != x.n)
        return 0;
    return x.s[0] == '=' ? 1 : 2;
}

size_t ora_md_fence_run(struct ora_md_span x)
{
    if (!x.n || (x.s[0] != '`' && x.s[0] != '~'))
        return 0;
    size_t n = ora_md_run_of(x, x.s[0]);
    return n >= 3 && !(x.s[0] == '`' && memchr(x.s + n, '`', x.n - n)) ? n : 0;
}

/* "---", "* * *", "___", and what else is mere ornament. */
bool ora_md_is_rule(struct ora_md_span x)
{
    return x.n && !ora_md_fence_run(x) && !ora_has_words(x.s, x.n) && ora_is_ornament(x.s, x.n) &&
           !(x.n <= 3 && strchr("\"')].!?|>", x.s[0]));
}

/* "- ", "12. ": the bytes up to the item's text, 0 when it is none; *number when it is one. */
size_t ora_md_item_mark(struct ora_md_span x, bool *number, bool *first)
{
    size_t n = 0;
    while (n < x.n && n < 9 && x.s[n] >= '0' && x.s[n] <= '9')
        n++;
    *number = n > 0;
    *first = n == 1 && x.s[0] == '1';
    if (n && n < x.n && (x.s[n] == '.' || x.s[n] == ')'))
        n++;
    else if (!n && x.n && strchr("-*+", x.s[0]))
        n = 1;
    else
        return 0;
    size_t past = n;
    while (past < x.n && (x.s[past] == ' ' || x.s[past] == '\t'))
        past++;
    return past == n || past == x.n ? 0 : past;
}

/* "|---|:--:|" */
bool ora_md_is_delimiter_row(struct ora_md_span x)
{
    bool dash = false, bar = false;
    for (size_t i = 0; i < x.n; i++) {
        if (!strchr("|-: \t", x.s[i]))
            return false;
        dash = dash || x.s[i] == '-';
        bar = bar || x.s[i] == '|';
    }
    return dash && bar;
}

/* "[label]: target"; the length of "[^label]: " in *note when it is a footnote's text. */
bool ora_md_is_definition(struct ora_md_span x, size_t *note)
{
    *note = 0;
    const char *close = x.n > 3 && x.s[0] == '[' ? memchr(x.s, ']', x.n) : NULL;
    if (!close || close + 1 >= x.s + x.n || close[1] != ':' || close == x.s + 1)
        return false;
    size_t after = (size_t)(close - x.s) + 2;
    while (after < x.n && x.s[after] == ' ')
        after++;
    if (x.s[1] == '^') {
        *note = after;
        return false;
    }
    return after < x.n;
}

static bool next_line(const char **at, const char *end, struct ora_md_span *x)
{
    if (*at >= end)
        return false;
    const char *stop = *at;
    while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
    *x = (struct ora_md_span){*at, (size_t)(stop - *at)};
    *at = stop + 1;
    return true;
}

int ora_md_chapter_level(const char *bytes, size_t len)
{
    size_t count[LEVELS + 1] = {0};
    const char *at = bytes, *end = bytes + len;
    struct ora_md_span x, above = {NULL, 0};
    char fence = 0;
    while (next_line(&at, end, &x)) {
        struct ora_md_span t = ora_md_trimmed(x);
        if (ora_md_fence_run(t) && (!fence || fence == t.s[0]))
            fence = fence ? 0 : t.s[0];
        if (!fence && ora_md_heading_level(t))
            count[ora_md_heading_level(t)]++;
        else if (!fence && above.n && ora_md_underline_level(t) && !ora_md_heading_level(above) &&
                 ora_has_words(above.s, above.n))
            count[ora_md_underline_level(t)]++;
        above = t;
    }
    if (count[1] >= 2)
        return 1;
    if (count[2])
        return 2;
    for (int level = 1; level <= LEVELS; level++)
        if (count[level])
            return level;
    return 1;
}

/* Front matter is what stands between two rules at the very start and looks like "key: value". */
char ora_md_front_matter(const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + (len < FRONT_MATTER_BYTES ? len : FRONT_MATTER_BYTES);
    struct ora_md_span x;
    if (!next_line(&at, end, &x) || ora_md_trimmed(x).n != 3 ||
        (ora_md_run_of(x, '-') != 3 && ora_md_run_of(x, '+') != 3))
        return 0;
    char mark = x.s[0];
    bool pair = false;
    while (next_line(&at, end, &x)) {
        struct ora_md_span t = ora_md_trimmed(x);
        if (t.n == 3 && (ora_md_run_of(t, mark) == 3 || (mark == '-' && ora_md_run_of(t, '.') == 3)))
            return pair ? mark : 0;
        if (!pair && t.n && !memchr(t.s, mark == '+' ? '=' : ':', t.n) && t.s[0] != '#')
            return 0;
        pair = pair || (t.n && t.s[0] != '#');
    }
    return 0;
}
