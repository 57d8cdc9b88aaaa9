/* Cleaning, code point by code point. */
#include "models/megatts3/script_clean.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/utf8.h"
#include "text/brackets.h"
#include "text/chars.h"

/* ---- before
 * ------------------------------------------------------------------------------------------------- */

static size_t letters_end(const char *text, size_t len, size_t at, const char *also)
{
    while (at < len && ((text[at] >= 'a' && text[at] <= 'z') || strchr(also, text[at])) && text[at])
        at++;
    return at;
}

/* The length of an added token's literal at text[at] = '<', or 0. */
static size_t literal_at(const char *text, size_t len, size_t at)
{
    static const char *const whole[] = {"<BOT>", "<BOS>", "<tool_call>", "</tool_call>"};
    static const char reserved[] = "<Reserved_TTS_";
    size_t left = len - at, n = sizeof reserved - 1;
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++)
        if (left >= strlen(whole[k]) && !memcmp(text + at, whole[k], strlen(whole[k])))
            return strlen(whole[k]);
    if (left > n && !memcmp(text + at, reserved, n)) {
        size_t end = at + n;
        while (end < len && text[end] >= '0' && text[end] <= '9')
            end++;
        return end > at + n && end < len && text[end] == '>' ? end + 1 - at : 0;
    }
    if (left > 4 && text[at + 1] == '|') {
        size_t end = letters_end(text, len, at + 2, "_");
        return end > at + 2 && end + 1 < len && text[end] == '|' && text[end + 1] == '>' ? end + 2 - at : 0;
    }
    return 0;
}

static bool is_line_end(uint32_t cp)
{
    return (cp >= 0x0A && cp <= 0x0D) || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

/* Whether out ends with a mark that already parts what follows from it, perhaps with closing quotes behind
 * it. */
static bool ends_with_mark(const struct ora_str *out)
{
    size_t at = out->len;
    while (at) {
        size_t start;
        uint32_t cp = ora_cp_before(out->data, at, &start);
        if (!ora_cp_is_space(cp) && !ora_cp_is_closer(cp))
            return (cp < 128 && strchr(".,;:!?-", (int)cp)) || cp == 0x2026 || cp == 0x2014 || cp == 0x3001 ||
                   cp == 0x3002 || cp == 0xFF0C || cp == 0xFF1B || cp == 0xFF1A || cp == 0xFF01 ||
                   cp == 0xFF1F;
        at = start;
    }
    return true; /* nothing to end */
}

/* White space with a line end in it. */
static void end_line(bool is_zh, struct ora_str *out)
{
    if (!ends_with_mark(out)) {
        ora_trim_end(out);
        ora_str_add(out, is_zh ? "。" : ".");
    }
    if (out->len && !is_zh)
        ora_str_addc(out, ' ');
}

static size_t space_end(const char *text, size_t len, size_t at, bool *line_end)
{
    size_t end;
    *line_end = false;
    for (; at < len; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_space(cp))
            break;
        *line_end |= is_line_end(cp);
    }
    return at;
}

/* What stands for a mark that the G2P stumbles over, NULL where it may stay. */
static const char *instead_of(uint32_t cp)
{
    switch (cp) {
    case 0x300A: /* 《》〈〉 */
    case 0x300B:
    case 0x3008:
    case 0x3009:
        return "";
    case 0x300C: /* 「 『 */
    case 0x300E:
        return "“";
    case 0x300D: /* 」 』 */
    case 0x300F:
        return "”";
    case 0x3010: /* 【 〔 〖 */
    case 0x3014:
    case 0x3016:
        return "（";
    case 0x3011:
    case 0x3015:
    case 0x3017:
        return "）";
    default:
        return NULL;
    }
}

static void add_decomposed(uint32_t cp, struct ora_str *out)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[20];
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
    int32_t n = U_FAILURE(status) ? -1 : unorm2_getDecomposition(nfkc, (UChar32)cp, units, 20, &status);
    for (int32_t i = 0; i < n;) {
        char utf8[4];
        UChar32 d;
        U16_NEXT(units, i, n, d);
        /* "m2" would be a code: the power is written as one */
        ora_str_addn(out, utf8, ora_utf8_encode(d == '2' ? 0xB2 : d == '3' ? 0xB3 : (uint32_t)d, utf8));
    }
}

void mega_clean_before(const char *text, size_t len, bool is_zh, bool keep_marks, struct ora_str *out)
{
    bool line_end;
    for (size_t at = 0, end; at < len; at = end) {
        size_t n = ora_bracket_at(text, len, at);
        if (n) {
            ora_str_addn(out, text + at, n);
            end = at + n;
            continue;
        }
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (cp >= 0x3371 && cp <= 0x33DF) { /* ㎡ and its like: "m2" */
            add_decomposed(cp, out);
            continue;
        }
        const char *mark = keep_marks ? NULL : instead_of(cp);
        if (cp == '<' && (n = literal_at(text, len, at))) {
            ora_str_addc(out, ' ');
            end = at + n;
        } else if (ora_cp_is_space(cp)) {
            end = space_end(text, len, at, &line_end);
            if (line_end && end < len)
                end_line(is_zh, out);
            else
                ora_str_addc(out, ' ');
        } else if (mark) {
            ora_str_add(out, mark);
        } else {
            if (at && text[at - 1] != '[')
                ora_brackets_part(out, text + at, 1);
            ora_str_addn(out, text + at, end - at);
        }
    }
}

/* ---- after
 * -------------------------------------------------------------------------------------------------- */

static bool word_is(const char *word, size_t len, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == len && !strncasecmp(*list, word, len))
            return true;
    return false;
}

/* Whether the hyphen at `at` joins the two words of a number below a hundred. */
static bool joins_number(const char *text, size_t len, size_t at)
{
    static const char *const tens[] = {"twenty",  "thirty", "forty",  "fifty", "sixty",
                                       "seventy", "eighty", "ninety", NULL};
    static const char *const ones[] = {"one",   "two",     "three",  "four",   "five",  "six",    "seven",
                                       "eight", "nine",    "first",  "second", "third", "fourth", "fifth",
                                       "sixth", "seventh", "eighth", "ninth",  NULL};
    size_t start = at, end = at + 1;
    while (start && (text[start - 1] | 32) >= 'a' && (text[start - 1] | 32) <= 'z' && at - start < 16)
        start--;
    while (end < len && (text[end] | 32) >= 'a' && (text[end] | 32) <= 'z' && end - at < 16)
        end++;
    return word_is(text + start, at - start, tens) && word_is(text + at + 1, end - at - 1, ones);
}

static bool is_picture(uint32_t cp)
{
    if (cp < 128 || cp == 0xB0)
        return false;
    int8_t type = u_charType((UChar32)cp);
    return type == U_OTHER_SYMBOL || type == U_PRIVATE_USE_CHAR || type == U_UNASSIGNED ||
           type == U_FORMAT_CHAR || type == U_ENCLOSING_MARK || (cp >= 0xFE00 && cp <= 0xFE0F) ||
           (cp >= 0x1F3FB && cp <= 0x1F3FF);
}

/* Words that the reference's normaliser never leaves as they are, so that the G2P has not met them: what
 * stands for the word text[at..), and its length. */
static const char *reference_word(const char *text, size_t len, size_t at, size_t *n)
{
    static const char *const words[][2] = {{"Mrs", "Misses"}, {"www", "WWW"}, {"Ms", "Miz"}};
    bool starts = at == 0 || !(u_isalnum((unsigned char)text[at - 1]) || (unsigned char)text[at - 1] >= 0x80);
    for (size_t k = 0; starts && k < sizeof words / sizeof *words; k++) {
        *n = strlen(words[k][0]);
        if (len - at >= *n && !memcmp(text + at, words[k][0], *n) &&
            (at + *n == len ||
             !(u_isalnum((unsigned char)text[at + *n]) || (unsigned char)text[at + *n] >= 0x80)))
            return words[k][1];
    }
    return NULL;
}

void mega_clean_after(const char *text, size_t len, bool is_zh, struct ora_str *out)
{
    bool space = true, picture = false; /* one was left out since the last letter or mark */
    size_t base = out->len;
    for (size_t at = 0, end; at < len; at = end) {
        size_t n = ora_bracket_at(text, len, at);
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (n)
            end = at + n;
        if (!n &&
            (ora_cp_is_space(cp) || is_picture(cp) || (cp == '-' && !is_zh && joins_number(text, len, at)))) {
            bool gone = is_zh && !ora_cp_is_space(cp);
            if (!space && !gone)
                ora_str_addc(out, ' ');
            space |= !gone;
            picture |= is_picture(cp);
            continue;
        }
        if (picture && cp < 128 && strchr(".,!?;:", (int)cp)) /* "pizza 🍕!" */
            ora_trim_end(out);
        picture = false;
        const char *word = n || is_zh ? NULL : reference_word(text, len, at, &n);
        if (word) {
            ora_str_add(out, word);
            end = at + n;
        } else {
            ora_str_addn(out, text + at, end - at);
        }
        space = false;
    }
    if (out->len > base)
        ora_trim_end(out);
}

bool mega_has_speech(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        if (ora_bracket_at(text, len, at))
            return true;
        if (u_isalnum((UChar32)ora_cp_at(text, len, at, &end)))
            return true;
    }
    return false;
}
