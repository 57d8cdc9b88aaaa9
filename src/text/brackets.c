/* Brackets: two bytes at a time. */
#include "text/brackets.h"

#include <string.h>

enum { SHOWN_BYTES = 40 };

/* The first "[[" at or after `from` that no backslash stands before; len when there is none. */
static size_t opening(const char *text, size_t len, size_t from)
{
    while (from < len) {
        const char *p = memmem(text + from, len - from, "[[", 2);
        if (!p)
            return len;
        size_t at = (size_t)(p - text);
        if (!at || text[at - 1] != '\\')
            return at;
        from = at + 2 + strspn(p + 2, "["); /* "\[[[" is all text */
    }
    return len;
}

/* Where the "]]" of the "[[" at `at` begins; len when the next "[[" or the end comes first. */
static size_t closing(const char *text, size_t len, size_t at)
{
    for (size_t i = at + 2; i + 1 < len; i++) {
        if (text[i] == ']' && text[i + 1] == ']')
            return i;
        if (text[i] == '[' && text[i + 1] == '[')
            break;
    }
    return len;
}

bool ora_bracket_next(const char *text, size_t len, size_t from, struct ora_bracket *b)
{
    for (size_t at = opening(text, len, from); at < len; at = opening(text, len, at + 2)) {
        size_t close = closing(text, len, at);
        if (close == len)
            continue;
        *b = (struct ora_bracket){at, close + 2 - at};
        return true;
    }
    return false;
}

size_t ora_bracket_at(const char *text, size_t len, size_t at)
{
    if (len - at < 4 || text[at] != '[' || text[at + 1] != '[')
        return 0;
    size_t close = closing(text, len, at);
    return close == len ? 0 : close + 2 - at;
}

/* As much of it as a message shows, never half a character. */
static int shown(const char *text, size_t len)
{
    if (len <= SHOWN_BYTES)
        return (int)len;
    len = SHOWN_BYTES;
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return (int)len;
}

int ora_brackets_check(const char *text, size_t len, struct ora_err *err)
{
    for (size_t at = opening(text, len, 0), close; at < len; at = opening(text, len, close + 2)) {
        close = closing(text, len, at);
        if (close == len)
            return ora_err_set(
                err, ORA_E_BAD_INPUT,
                "\"[[\" is not closed: expected \"]]\" behind the phones in \"%.*s\" (brackets "
                "that are text are written \"\\[[\")",
                shown(text + at, len - at), text + at);
        if (strspn(text + at + 2, " \t\r\n") >= close - at - 2)
            return ora_err_set(err, ORA_E_BAD_INPUT,
                               "nothing stands in \"%.*s\": expected phones (brackets that are text are "
                               "written \"\\[[\")",
                               shown(text + at, close + 2 - at), text + at);
    }
    return 0;
}

bool ora_brackets_escaped(const char *text, size_t len)
{
    return memmem(text, len, "\\[[", 3) != NULL;
}

void ora_brackets_part(struct ora_str *out, const char *text, size_t len)
{
    if (len && text[0] == '[' && out->len && out->data[out->len - 1] == '[')
        ora_str_addc(out, ' ');
}

void ora_brackets_unescape(const char *text, size_t len, struct ora_str *out)
{
    const char *p;
    for (size_t at = 0, next; at < len; at = next) {
        p = memmem(text + at, len - at, "\\[[", 3);
        next = p ? (size_t)(p - text) : len;
        ora_str_addn(out, text + at, next - at);
        if (!p)
            break;
        ora_brackets_part(out, "[", 1);
        ora_str_addc(out, '[');
        for (next++; next < len && text[next] == '['; next++)
            ;
    }
}
