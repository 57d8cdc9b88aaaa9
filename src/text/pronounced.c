/* A sorted table, asked once a word; and the letter A, which espeak-ng reads as the article nearly
 * everywhere. */
#include "text/pronounced.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

static const struct pronounced {
    const char *written, *sounds;
} words[] = {
#define WORD(written_, sounds_) {written_, sounds_},
#include "text/pronounced.def"
#undef WORD
};

enum { LONGEST = 16 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether a letter, digit or inner apostrophe of any script stands right before. */
static bool goes_on_before(const char *text, size_t at)
{
    size_t s = at;
    uint32_t cp = 0;
    while (s && ((unsigned char)text[--s] & 0xC0) == 0x80)
        ;
    if (s == at || !ora_utf8_decode(text + s, at - s, &cp))
        return false;
    return u_isalnum((UChar32)cp) || cp == '_' ||
           (s && (cp == '\'' || cp == 0x2019) && is_letter(text[s - 1]));
}

static bool goes_on_after(const char *text, size_t len, size_t at)
{
    uint32_t cp = 0;
    if (at >= len || !ora_utf8_decode(text + at, len - at, &cp))
        return false;
    return u_isalnum((UChar32)cp) || cp == '_' || u_charType((UChar32)cp) == U_NON_SPACING_MARK;
}

static const struct pronounced *find(const char *word, size_t len)
{
    size_t low = 0, high = sizeof words / sizeof *words;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strncasecmp(word, words[mid].written, len);
        if (order == 0 && words[mid].written[len])
            order = -1;
        if (order == 0)
            return words[mid].written[0] <= 'Z' && word[0] > 'Z' ? NULL : &words[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

/* "'s" at text[at]: its bytes, or 0. */
static size_t possessive(const char *text, size_t len, size_t at)
{
    static const char *const forms[] = {"'s", "\u2019s", "'S", "\u2019S"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t n = strlen(forms[i]);
        if (len - at >= n && !memcmp(text + at, forms[i], n) && !goes_on_after(text, len, at + n))
            return n;
    }
    return 0;
}

static const char *ending_of(const char *sounds)
{
    char last = sounds[strlen(sounds) - 1];
    return strchr("szSZ", last) ? "I2z" : strchr("ptkfT", last) ? "s" : "z";
}

static bool starts_with_digit(const char *text, size_t len)
{
    static const char *const digits[] = {"zero", "one", "two",   "three", "four",
                                         "five", "six", "seven", "eight", "nine"};
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
        size_t n = strlen(digits[i]);
        if (len >= n && !memcmp(text, digits[i], n))
            return len == n || text[n] == ' ' || text[n] == ',';
    }
    return false;
}

/* Whether the "A" at text[at], a word of its own, is the letter and no article: before another letter ("A
 * B"), with a stop ("J. A. Smith"), or behind a small word or a letter and not before a title ("vitamin A",
 * "of A Tale"). */
static bool is_letter_a(const char *text, size_t len, size_t at)
{
    size_t next = at + 2, word = at ? at - 1 : 0;
    if (at + 1 == len || text[at + 1] != ' ')
        next = len;
    if (at + 2 <= len && text[at + 1] == '.' && (at + 2 == len || text[at + 2] == ' '))
        return true;
    bool capital = next < len && text[next] >= 'A' && text[next] <= 'Z';
    if (capital)
        return text[next] != 'I' && (next + 1 == len || !is_letter(text[next + 1])) &&
               !(next + 1 < len && strchr("'&", text[next + 1]));
    if (at < 2 || text[at - 1] != ' ')
        return false;
    if (text[at - 2] == ',' && next < len) /* in a code: "E zero, A seven" */
        return starts_with_digit(text + next, len - next);
    if (!is_letter(text[at - 2]))
        return false;
    while (word && is_letter(text[word - 1]))
        word--;
    return text[word] >= 'a' || (at - 1 - word == 1 && text[word] != 'I');
}

size_t ora_pronounced_at(const char *text, size_t len, size_t at, struct ora_str *sounds)
{
    size_t n = 0;
    if (!is_letter(text[at]))
        return 0;
    while (n <= LONGEST && at + n < len && is_letter(text[at + n]))
        n++;
    if (n == 1 && text[at] == 'A' && !goes_on_before(text, at) && !goes_on_after(text, len, at + 1) &&
        is_letter_a(text, len, at)) {
        ora_str_add(sounds, "'eI");
        return 1;
    }
    if (n < 3 || n > LONGEST || goes_on_after(text, len, at + n) || goes_on_before(text, at))
        return 0;
    const struct pronounced *p = find(text + at, n);
    if (!p)
        return 0;
    ora_str_add(sounds, p->sounds);
    size_t s = possessive(text, len, at + n);
    if (s)
        ora_str_add(sounds, ending_of(p->sounds));
    return n + s;
}
