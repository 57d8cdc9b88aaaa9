/* A sorted table, asked once a word. */
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

size_t ora_pronounced_at(const char *text, size_t len, size_t at, struct ora_str *sounds)
{
    size_t n = 0;
    if (!is_letter(text[at]))
        return 0;
    while (n <= LONGEST && at + n < len && is_letter(text[at + n]))
        n++;
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
