/* UAX #29 word boundaries without a state machine: the two code points at the position, and the one beyond
 * each. */
#include "text/word_break.h"

#include <stdint.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

typedef int wb; /* UWordBreakValues */

static bool is_extension(wb v)
{
    return v == U_WB_EXTEND || v == U_WB_FORMAT || v == U_WB_ZWJ;
}

static wb class_of(uint32_t cp)
{
    /* A colon joins letters in Swedish abbreviations only; CLDR's root rules part words at it, and so does
     * everyone's ear. */
    return cp == ':' ? U_WB_OTHER : u_getIntPropertyValue((UChar32)cp, UCHAR_WORD_BREAK);
}

/* The class of the code point that ends at *at, over extensions (WB4); moves *at to its start. -1 at the
 * text's start. */
static wb class_before(const char *text, size_t *at)
{
    while (*at) {
        uint32_t cp = 0;
        size_t end = *at, s = end;
        while (s && ((unsigned char)text[--s] & 0xC0) == 0x80)
            ;
        ora_utf8_decode(text + s, end - s, &cp);
        *at = s;
        wb v = class_of(cp);
        if (!is_extension(v))
            return v;
    }
    return -1;
}

/* The class of the code point at *at; moves *at behind it and its extensions. -1 at the text's end. */
static wb class_after(const char *text, size_t len, size_t *at)
{
    wb found = -1;
    while (*at < len) {
        uint32_t cp = 0xFFFD;
        size_t n = ora_utf8_decode(text + *at, len - *at, &cp);
        wb v = class_of(cp);
        if (found >= 0 && !is_extension(v))
            break;
        if (found < 0)
            found = v;
        *at += n ? n : 1;
    }
    return found;
}

static bool is_letter(wb v)
{
    return v == U_WB_ALETTER || v == U_WB_HEBREW_LETTER;
}

/* WB6, WB7, WB11, WB12: marks that join letters, or digits, on both sides. */
static bool joins(wb mark, bool letters)
{
    if (mark == U_WB_MIDNUMLET || mark == U_WB_SINGLE_QUOTE)
        return true;
    return mark == (letters ? U_WB_MIDLETTER : U_WB_MIDNUM);
}

bool ora_word_boundary(const char *text, size_t len, size_t at)
{
    if (at == 0 || at >= len)
        return true;
    size_t right = at, left = at;
    uint32_t cp = 0, previous = 0;
    ora_utf8_decode(text + at, len - at, &cp);
    size_t s = at;
    while (s && ((unsigned char)text[--s] & 0xC0) == 0x80)
        ;
    ora_utf8_decode(text + s, at - s, &previous);
    wb first = class_of(previous), second = class_of(cp);
    if (first == U_WB_CR && second == U_WB_LF)
        return false;
    if (first == U_WB_CR || first == U_WB_LF || first == U_WB_NEWLINE || second == U_WB_CR ||
        second == U_WB_LF || second == U_WB_NEWLINE)
        return true;
    if (first == U_WB_WSEGSPACE && second == U_WB_WSEGSPACE)
        return false;
    if (is_extension(second))
        return false; /* WB4 */
    class_after(text, len, &right);
    wb a = class_before(text, &left), b = second;
    if (a < 0)
        return true;
    wb before = class_before(text, &left), beyond = class_after(text, len, &right);
    if (is_letter(a) && is_letter(b))
        return false;
    if ((is_letter(a) && joins(b, true) && is_letter(beyond)) ||
        (joins(a, true) && is_letter(before) && is_letter(b)))
        return false;
    /* Hebrew: a quote ends an abbreviation, a double quote stands inside one (WB7a-c). */
    if (a == U_WB_HEBREW_LETTER &&
        (b == U_WB_SINGLE_QUOTE || (b == U_WB_DOUBLE_QUOTE && beyond == U_WB_HEBREW_LETTER)))
        return false;
    if (a == U_WB_DOUBLE_QUOTE && before == U_WB_HEBREW_LETTER && b == U_WB_HEBREW_LETTER)
        return false;
    if ((a == U_WB_NUMERIC || is_letter(a)) && (b == U_WB_NUMERIC || (a == U_WB_NUMERIC && is_letter(b))))
        return false;
    if ((a == U_WB_NUMERIC && joins(b, false) && beyond == U_WB_NUMERIC) ||
        (joins(a, false) && before == U_WB_NUMERIC && b == U_WB_NUMERIC))
        return false;
    if (a == U_WB_KATAKANA && b == U_WB_KATAKANA)
        return false;
    bool word_a = is_letter(a) || a == U_WB_NUMERIC || a == U_WB_KATAKANA || a == U_WB_EXTENDNUMLET;
    bool word_b = is_letter(b) || b == U_WB_NUMERIC || b == U_WB_KATAKANA;
    if ((word_a && b == U_WB_EXTENDNUMLET) || (a == U_WB_EXTENDNUMLET && word_b))
        return false;
    return true;
}

size_t ora_word_end(const char *text, size_t len, size_t at)
{
    do {
        at++;
        while (at < len && ((unsigned char)text[at] & 0xC0) == 0x80)
            at++;
    } while (at < len && !ora_word_boundary(text, len, at));
    return at;
}
