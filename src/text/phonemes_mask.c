/* Masking, one code point at a time. */
#include "text/phonemes_mask.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/abbreviations.h"
#include "text/normalise.h"
#include "text/phonemes_espeak.h"
#include "text/phonemes_foreign.h"
#include "text/phonemes_raw.h"
#include "text/pronounced.h"

/* What a run without spaces may reach before it is parted, and with a row of marks at its end. */
enum { TIRED_RUN_BYTES = 70, MAX_RUN_BYTES = 90 };

/* Single letters with dots, counted while espeak-ng would take them for one abbreviation
 * (text/phonemes_espeak.h). */
struct dotted {
    size_t row, letters;
};

/* Takes the next code point; true when it is a dot that makes the row too long. */
static bool dotted_too_long(struct dotted *d, uint32_t cp)
{
    if (cp == '.') {
        d->row += d->letters == 1;
        d->letters = 0;
        return d->row > ORA_ESPEAK_MAX_DOTTED_LETTERS / 2;
    }
    if (u_isalnum((UChar32)cp)) {
        if (++d->letters == 2)
            d->row = 0;
    } else if (u_getCombiningClass((UChar32)cp) == 0) {
        if (d->letters)
            d->row = 0;
        d->letters = 0;
    }
    return false;
}

static void step(struct ora_masked *m, size_t source)
{
    if (m->count == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 16;
        m->edit = ora_xrealloc(m->edit, m->cap * sizeof *m->edit);
    }
    m->edit[m->count++] = (struct ora_mask_edit){m->text.len, source};
}

static bool hides_dot(const char *lang, const char *text, size_t len, size_t at)
{
    size_t next = at + 1;
    switch (ora_dot_at(lang, text, len, at)) {
    case ORA_DOT_INITIAL:
    case ORA_DOT_ORDINAL:
        return true;
    case ORA_DOT_ABBREVIATION:
        /* Before a small letter espeak-ng ends nothing, and knows the word better with its dot. */
        while (next < len && (text[next] == ' ' || text[next] == '"' || text[next] == ')'))
            next++;
        return !(next < len && text[next] >= 'a' && text[next] <= 'z' && next > at + 1);
    default:
        return false;
    }
}

static bool is_dropped(uint32_t cp)
{
    switch (u_charType((UChar32)cp)) {
    case U_FORMAT_CHAR:
        return cp != 0x200C && cp != 0x200D; /* the joiners choose letter forms */
    case U_PRIVATE_USE_CHAR:
    case U_UNASSIGNED:
    case U_SURROGATE:
        return true;
    default:
        return cp >= 0xFE00 && cp <= 0xFE0F;
    }
}

static bool is_sign(uint32_t cp)
{
    int8_t t = u_charType((UChar32)cp);
    return (cp < 128 && cp && strchr("*%&#@/_~^+=<>|$\\`", (int)cp)) || t == U_MATH_SYMBOL ||
           t == U_CURRENCY_SYMBOL || t == U_OTHER_SYMBOL;
}

static bool is_blank(uint32_t cp)
{
    return u_isUWhiteSpace((UChar32)cp) || u_charType((UChar32)cp) == U_CONTROL_CHAR || cp == 0x200B;
}

/* ---- brackets ---- */

enum { BESIDE = 16 }; /* code points looked at beside a bracket */

/* Brackets that stand open: whether each came after a space. Deeper ones than bits are taken as those round
 * words. */
struct brackets {
    uint64_t spaced;
    unsigned depth;
};

static bool is_open(char c)
{
    return c == '(' || c == '[';
}

static bool is_close(char c)
{
    return c == ')' || c == ']';
}

/* "[[" and "]]" are not brackets round words. */
static bool is_double(const char *text, size_t len, size_t at)
{
    return (at && text[at - 1] == text[at]) || (at + 1 < len && text[at + 1] == text[at]);
}

static uint32_t cp_at(const char *text, size_t len, size_t at)
{
    uint32_t cp = 0;
    if (at < len)
        ora_utf8_decode(text + at, len - at, &cp);
    return cp;
}

/* Whether a pause makes sense beside this: a word, a number, a quotation; not another mark, and not nothing.
 */
static bool wants_pause(uint32_t cp)
{
    int8_t t = cp ? u_charType((UChar32)cp) : U_SPACE_SEPARATOR;
    return u_isalnum((UChar32)cp) || t == U_CURRENCY_SYMBOL || t == U_OTHER_SYMBOL ||
           t == U_NON_SPACING_MARK || t == U_COMBINING_SPACING_MARK || t == U_OTHER_NUMBER || cp == '%' ||
           cp == '&' || cp == '#' || cp == '@';
}

static bool is_quote(uint32_t cp)
{
    int8_t t = u_charType((UChar32)cp);
    return cp == '"' || cp == '\'' || t == U_INITIAL_PUNCTUATION || t == U_FINAL_PUNCTUATION;
}

/* What was said last: before quotes, spaces and brackets. */
static uint32_t last_said(const struct ora_masked *m)
{
    size_t at = m->text.len;
    uint32_t cp = 0;
    for (int k = 0; at && k < BESIDE; k++) {
        size_t end = at;
        while (at && ((unsigned char)m->text.data[--at] & 0xC0) == 0x80)
            ;
        cp = cp_at(m->text.data, end, at);
        if (cp != ' ' && !is_quote(cp) && !(cp < 128 && (is_open((char)cp) || is_close((char)cp))))
            return cp;
    }
    return 0;
}

/* What comes next, behind spaces and quotes. */
static uint32_t next_said(const char *text, size_t len, size_t at)
{
    uint32_t cp = 0;
    for (int k = 0; at < len && k < BESIDE && ((cp = cp_at(text, len, at)) == ' ' || is_quote(cp)); k++)
        at += U8_LENGTH(cp);
    return at >= len ? 0 : cp == '[' && ora_raw_phonemes_at(text, len, at) ? 'x' : cp;
}

/* " (" after a word becomes ", ": espeak-ng gives brackets no pause, a reader does. */
static bool pause_before(const struct ora_masked *m, const char *text, size_t len, size_t at)
{
    return text[at] == ' ' && at + 1 < len && is_open(text[at + 1]) && !is_double(text, len, at + 1) &&
           wants_pause(last_said(m)) && wants_pause(next_said(text, len, at + 2));
}

/* ") " before a word becomes ", "; not behind "f(x)" and "word(s)". */
static bool pause_after(struct brackets *b, const struct ora_masked *m, const char *text, size_t len,
                        size_t at)
{
    bool round_words = b->depth == 0 || (b->depth <= 64 && (b->spaced >> (b->depth - 1) & 1));
    b->depth -= b->depth > 0;
    return round_words && at + 1 < len && text[at + 1] == ' ' && wants_pause(last_said(m)) &&
           wants_pause(next_said(text, len, at + 1));
}

static void open_bracket(struct brackets *b, const char *text, size_t at)
{
    uint64_t bit = b->depth < 64 ? UINT64_C(1) << b->depth : 0;
    bool tight = at && text[at - 1] != ' ' && !is_open(text[at - 1]) &&
                 (text[at - 1] & 0x80 || u_isalnum(text[at - 1]));
    b->spaced = tight ? b->spaced & ~bit : b->spaced | bit;
    b->depth++;
}

/* What the byte of a bracket, or of the space before one, becomes: ',', ' ' or 0 for itself. */
static char bracket_as(struct brackets *b, const struct ora_masked *m, const char *text, size_t len,
                       size_t at)
{
    if (text[at] == ' ')
        return pause_before(m, text, len, at) ? ',' : 0;
    if ((text[at] == '[' || text[at] == ']') && is_double(text, len, at))
        return 0;
    if (is_open(text[at])) {
        open_bracket(b, text, at);
        return at && m->text.len && m->text.data[m->text.len - 1] == ',' && text[at - 1] == ' ' ? ' ' : 0;
    }
    return is_close(text[at]) && pause_after(b, m, text, len, at) ? ',' : 0;
}

/* A made-up word for raw phonemes. */
static void put_stand_in(struct ora_masked *m, const char *text, size_t at, size_t bytes)
{
    if ((m->raw_count & (m->raw_count - 1)) == 0)
        m->raw = ora_xrealloc(m->raw, (m->raw_count ? 2 * m->raw_count : 1) * sizeof *m->raw);
    m->raw[m->raw_count++] = (struct ora_mask_raw){at, bytes};
    ora_str_add(&m->text, ora_raw_phonemes_stand_in(text, at, bytes));
    step(m, at + bytes);
}

/* A word that espeak-ng would misread, by its sounds: "[[b'oUaz]]", which it takes only after a space. */
static size_t put_sounds(struct ora_masked *m, const char *text, size_t len, size_t at)
{
    struct ora_str sounds = ORA_STR_INIT;
    size_t n = ora_pronounced_at(text, len, at, &sounds);
    if (n) {
        if (m->text.len && m->text.data[m->text.len - 1] != ' ')
            ora_str_addc(&m->text, ' ');
        step(m, at);
        ora_str_addf(&m->text, "[[%s]]", ora_str_c(&sounds));
        step(m, at + n);
        m->sounds = true;
    }
    ora_str_release(&sounds);
    return n;
}

void ora_mask(const char *lang, const char *text, size_t len, struct ora_masked *m)
{
    struct dotted dotted = {0, 0};
    struct brackets open = {0, 0};
    size_t n, run = 0;
    uint32_t last = 0;
    bool english = ora_lang_is_english(lang);
    bool alone = false; /* the last letter is one that stands alone */
    bool signs = ora_parts_signs(lang);
    bool brackets = true; /* false once no "]]" can follow: keeps "[[[[[…" linear */
    step(m, 0);
    for (size_t at = 0; at < len; at += n) {
        uint32_t cp = 0xFFFD;
        size_t raw = brackets && text[at] == '[' ? ora_raw_phonemes_at(text, len, at) : 0;
        if (raw) {
            n = raw;
            dotted = (struct dotted){0, 0};
            put_stand_in(m, text, at, raw);
            run = 0;
            continue;
        }
        if (english && (n = put_sounds(m, text, len, at)) != 0) {
            dotted = (struct dotted){0, 0};
            last = 'x';
            alone = false;
            run = 0;
            continue;
        }
        if (brackets && text[at] == '[' && at + 1 < len && text[at + 1] == '[')
            brackets = memmem(text + at, len - at, "]]", 2) != NULL;
        n = ora_utf8_decode(text + at, len - at, &cp);
        n = n ? n : 1;
        bool too_long = dotted_too_long(&dotted, cp);
        char instead = bracket_as(&open, m, text, len, at);
        if (instead) {
            ora_str_addc(&m->text, instead);
            last = (uint32_t)instead;
            alone = false;
            run = 0;
            continue;
        }
        if (too_long || is_blank(cp) || ora_unspeakable(lang, cp) ||
            (cp == '.' && hides_dot(lang, text, len, at))) {
            ora_str_addc(&m->text, ' ');
            if (n != 1)
                step(m, at + n);
            run = 0;
            continue;
        }
        if (is_dropped(cp)) {
            step(m, at + n);
            continue;
        }
        bool mark = u_getCombiningClass((UChar32)cp) != 0;
        bool part =
            (signs && last == cp && is_sign(cp)) || (run && !mark && ora_stands_alone(lang, cp) != alone);
        if (part) {
            ora_str_addc(&m->text, ' ');
            step(m, at);
            run = 0;
        }
        alone = mark ? alone : ora_stands_alone(lang, cp);
        last = cp;
        /* Not after a clause mark, which would become one by the space. */
        if (run + n > MAX_RUN_BYTES || (run + n > TIRED_RUN_BYTES && !strchr(".,:;?!", text[at - 1]))) {
            ora_str_addc(&m->text, ' ');
            step(m, at);
            run = 0;
        }
        /* Only words' sounds may stand in double brackets. */
        if (cp == '[' && m->text.len && m->text.data[m->text.len - 1] == '[') {
            ora_str_addc(&m->text, ' ');
            step(m, at);
        }
        run += n;
        ora_str_addn(&m->text, text + at, n);
    }
    step(m, len);
}

size_t ora_mask_source(const struct ora_masked *m, size_t masked)
{
    size_t low = 0, high = m->count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (m->edit[mid].masked <= masked)
            low = mid;
        else
            high = mid;
    }
    size_t source = m->edit[low].source + (masked - m->edit[low].masked), last = m->edit[m->count - 1].source;
    return source < last ? source : last;
}

void ora_masked_release(struct ora_masked *m)
{
    ora_str_release(&m->text);
    free(m->edit);
    free(m->raw);
    *m = (struct ora_masked){0};
}
