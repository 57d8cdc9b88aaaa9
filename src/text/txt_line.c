/* A line of plain text: what its marks are. No state, no knowledge of other lines. */
#include "text/txt_line.h"

#include <ctype.h>
#include <unicode/uchar.h>

#include "text/brackets.h"
#include "text/chars.h"

bool ora_txt_is_blank(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp) && !ora_cp_is_dropped(cp))
            return false;
    }
    return true;
}

size_t ora_txt_indent(const char *text, size_t len)
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

void ora_txt_take_marks_off(struct ora_str *out, const char *text, size_t len)
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
            ora_brackets_part(out, text + from, len - from);
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

size_t ora_txt_item_mark(const char *text, size_t len, size_t indent, bool *keep)
{
    size_t end, past, number = number_mark(text, len);
    *keep = true;
    if (number || !len)
        return number;
    if (isalnum((unsigned char)text[0]))
        return verse_mark(text, len, indent);
    uint32_t cp = ora_cp_at(text, len, 0, &end);
    while ((cp == '#' || cp == '-') && end < len && end < 3 && (unsigned char)text[end] == cp)
        end++;
    bool dash =
        cp == '-' || cp == 0x2013 || cp == 0x2014; /* an item, speech, or who said it: "-- Mark Twain" */
    bool bullet = cp == '*' || cp == '+' || cp == 0x2022 || cp == 0x25CF || cp == 0x25AA || cp == 0x2192;
    *keep = !bullet;
    if (!(dash || bullet || cp == '#' || cp == '$') || end == len ||
        !ora_cp_is_space(ora_cp_at(text, len, end, &past)))
        return 0;
    return past;
}

bool ora_txt_ends_sentence(const char *text, size_t len)
{
    size_t at = len, start;
    while (at) {
        uint32_t cp = ora_cp_before(text, at, &start);
        if (!ora_cp_is_space(cp) && !ora_cp_is_closer(cp))
            return cp == '.' || cp == '!' || cp == '?' || cp == ':' || cp == 0x2026 || cp == 0x3002 ||
                   cp == 0xFF01 || cp == 0xFF1F;
        at = start;
    }
    return true;
}
