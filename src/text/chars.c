/*
 * Characters. Plain ASCII, nearly all of most corpora, takes short ways; ICU answers for the rest.
 */
#include "text/chars.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/html.h"

uint32_t ora_cp_at(const char *text, size_t len, size_t at, size_t *end)
{
    uint32_t cp = 0xFFFD;
    size_t n = ora_utf8_decode(text + at, len - at, &cp);
    *end = at + (n ? n : 1);
    return n ? cp : 0xFFFD;
}

uint32_t ora_cp_before(const char *text, size_t at, size_t *start)
{
    size_t s = at, end;
    do
        s--;
    while (s && at - s < 4 && ((unsigned char)text[s] & 0xC0) == 0x80);
    *start = s;
    return ora_cp_at(text, at, s, &end);
}

bool ora_cp_is_space(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || (cp >= 9 && cp <= 13);
    return u_isUWhiteSpace((UChar32)cp);
}

bool ora_cp_is_dropped(uint32_t cp)
{
    if (cp < 0x80)
        return (cp < 0x20 && !(cp >= 9 && cp <= 13)) || cp == 0x7F;
    switch (cp) {
    case 0x00AD: /* soft hyphen */
    case 0x200B:
    case 0x200E:
    case 0x200F:
    case 0x2060:
    case 0x2061:
    case 0x2062:
    case 0x2063:
    case 0x2064:
    case 0xFEFF:
        return true;
    case 0x0085:
        return false;
    default:
        return (cp >= 0x80 && cp <= 0x9F) || (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x206F);
    }
}

bool ora_cp_is_closer(uint32_t cp)
{
    if (cp < 0x80)
        return cp == '"' || cp == '\'' || cp == ')' || cp == ']' || cp == '}' || cp == '*' || cp == '_';
    switch (u_charType((UChar32)cp)) {
    case U_END_PUNCTUATION:
    case U_FINAL_PUNCTUATION:
        return true;
    case U_INITIAL_PUNCTUATION: /* in some languages the same mark closes: German “, French-style » « reversed
                                 */
        return cp == 0x201C || cp == 0x2018 || cp == 0x00AB || cp == 0x2039;
    default:
        return false;
    }
}

bool ora_cp_is_opener(uint32_t cp)
{
    if (cp < 0x80)
        return cp == '"' || cp == '\'' || cp == '(' || cp == '[' || cp == '{' || cp == '*' || cp == '_';
    switch (u_charType((UChar32)cp)) {
    case U_START_PUNCTUATION:
    case U_INITIAL_PUNCTUATION:
        return true;
    default:
        return cp == 0x00BB || cp == 0x203A || cp == 0x00BF || cp == 0x00A1;
    }
}

bool ora_cp_is_cjk(uint32_t cp)
{
    return (cp >= 0x2E80 && cp <= 0x312F) || (cp >= 0x31A0 && cp <= 0x4DBF) ||
           (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xF900 && cp <= 0xFAFF) ||
           (cp >= 0xFE30 && cp <= 0xFE4F) || (cp >= 0xFF00 && cp <= 0xFFEF) ||
           (cp >= 0x20000 && cp <= 0x3FFFD);
}

static bool is_word(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z');
    return (U_MASK(u_charType((UChar32)cp)) & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
}

bool ora_has_words(const char *text, size_t len)
{
    for (size_t at = 0, end, mark; at < len; at = mark ? at + mark : end) {
        mark = text[at] == '<' ? ora_html_tag(text, len, at) : 0;
        if (is_word(ora_cp_at(text, len, at, &end)))
            return true;
    }
    return false;
}

static bool is_stroke(uint32_t cp)
{
    if (cp < 0x80)
        return cp > ' ' && !is_word(cp);
    if (U_MASK(u_charType((UChar32)cp)) & U_GC_P_MASK)
        return true;
    /* Signs that printers draw lines and breaks with: section and pilcrow, bullets, box drawing, shapes,
     * dingbat stars and florets. */
    return cp == 0x00A7 || cp == 0x00B6 || cp == 0x00B7 || cp == 0x2042 || cp == 0x2022 ||
           (cp >= 0x2500 && cp <= 0x25FF) || cp == 0x2605 || cp == 0x2606 || (cp >= 0x2720 && cp <= 0x274B) ||
           (cp >= 0x2758 && cp <= 0x2767) || cp == 0x00B0 || cp == 0x223C;
}

bool ora_is_ornament(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp) && !ora_cp_is_dropped(cp) && !is_stroke(cp))
            return false;
    }
    return true;
}

void ora_clean(struct ora_str *out, const char *text, size_t len, bool *space)
{
    ora_str_reserve(out, out->len + len + 1);
    for (size_t at = 0, end; at < len; at = end) {
        unsigned char c = (unsigned char)text[at];
        if (c > ' ' && c < 0x7F) {
            for (end = at + 1; end < len && (unsigned char)text[end] > ' ' && (unsigned char)text[end] < 0x7F;
                 end++)
                ;
        } else {
            uint32_t cp = ora_cp_at(text, len, at, &end);
            if (ora_cp_is_dropped(cp)) {
                ora_brackets_part(out, text + end, len - end);
                continue;
            }
            if (ora_cp_is_space(cp)) {
                if (!*space)
                    ora_str_addc(out, ' ');
                *space = true;
                continue;
            }
        }
        ora_str_addn(out, text + at, end - at);
        *space = false;
    }
}

void ora_trim_end(struct ora_str *s)
{
    while (s->len && s->data[s->len - 1] == ' ')
        s->data[--s->len] = '\0';
}

/* Everything below U+0300 is composed; its first byte in UTF-8 is below 0xCC. */
static bool surely_composed(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0xCC)
            return false;
    return true;
}

const char *ora_nfc(const char *text, size_t *len, struct ora_str *scratch)
{
    if (surely_composed(text, *len) || *len > INT32_MAX / 8)
        return text;
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    int32_t units = 0, composed = 0, bytes = 0, cap = (int32_t)*len + 1;
    UChar *wide = ora_xmalloc((size_t)cap * sizeof *wide), *norm = NULL;
    const char *result = text;
    u_strFromUTF8(wide, cap, &units, text, (int32_t)*len, &status);
    if (U_FAILURE(status) || unorm2_quickCheck(nfc, wide, units, &status) == UNORM_YES ||
        unorm2_isNormalized(nfc, wide, units, &status))
        goto out;
    int32_t norm_cap = 3 * units + 16; /* NFC never grows UTF-16 by more than three times */
    norm = ora_xmalloc((size_t)norm_cap * sizeof *norm);
    composed = unorm2_normalize(nfc, wide, units, norm, norm_cap, &status);
    ora_str_clear(scratch);
    ora_str_reserve(scratch, (size_t)composed * 3 + 1);
    u_strToUTF8(scratch->data, (int32_t)scratch->cap, &bytes, norm, composed, &status);
    if (U_SUCCESS(status)) {
        scratch->len = (size_t)bytes;
        scratch->data[bytes] = '\0';
        *len = (size_t)bytes;
        result = scratch->data;
    }
out:
    free(wide);
    free(norm);
    return result;
}
