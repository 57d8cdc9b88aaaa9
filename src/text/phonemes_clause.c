/*
 * What ends a clause, and how clauses become sentences.
 *
 * The rules for runs of marks ("?!", ".)", "etc.).", "...") are not what one would write from scratch: they
 * are what espeak-ng's reader does, and voices learnt their punctuation from it.
 */
#include "text/phonemes_clause.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "base/utf8.h"

enum kind {
    NO_MARK,
    PERIOD,
    QUESTION,
    EXCLAMATION,
    COMMA,
    COLON,
    SEMICOLON,
    QUIET /* ellipsis, ¿ ¡ */,
    QUIET_STOP /* 。 */
};

static const struct ora_terminator terminators[] = {
    [NO_MARK] = {"", false, true},      [PERIOD] = {".", true, false},  [QUESTION] = {"?", true, false},
    [EXCLAMATION] = {"!", true, false}, [COMMA] = {", ", false, false}, [COLON] = {": ", false, false},
    [SEMICOLON] = {"; ", false, false}, [QUIET] = {"", false, true},    [QUIET_STOP] = {"", true, false},
};

static enum kind kind_of(uint32_t cp)
{
    switch (cp) {
    case '.':
    case 0x0589: /* Armenian */
    case 0x06D4: /* Urdu */
        return PERIOD;
    case '?':
    case 0x037E:
    case 0x061F:
        return QUESTION;
    case '!':
        return EXCLAMATION;
    case ',':
    case 0x060C:
        return COMMA;
    case ':':
        return COLON;
    case ';':
    case 0x061B:
    case 0x2013:
    case 0x2014:
        return SEMICOLON;
    case 0x2026:
    case 0x00A1:
    case 0x00BF:
    case 0x3001:
    case 0xFF0C:
    case 0xFF1A:
    case 0xFF1B:
        return QUIET;
    case 0x0964:
    case 0x0965:
    case 0x3002:
    case 0xFF01:
    case 0xFF0E:
    case 0xFF1F:
    case 0xFF61:
        return QUIET_STOP;
    default:
        return NO_MARK;
    }
}

/* Marks that run together: of "?!" or ".;" only the first speaks. */
static bool runs(uint32_t cp)
{
    return (cp < 128 && cp && strchr(".,:;?!", (int)cp)) || cp == 0x2026;
}

static uint32_t last_of(const char *text, size_t start, size_t end, size_t *at)
{
    uint32_t cp = 0;
    size_t s = end;
    while (s > start && ((unsigned char)text[--s] & 0xC0) == 0x80)
        ;
    *at = s;
    if (s == end || !ora_utf8_decode(text + s, end - s, &cp))
        return 0;
    return cp;
}

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
           cp == 0x3000;
}

struct ora_terminator ora_terminator_of(const char *text, size_t start, size_t end, bool spoken, bool last)
{
    size_t at = end, newlines = 0, stripped = end;
    uint32_t cp;
    while ((cp = last_of(text, start, stripped, &at)) != 0 && is_space(cp)) {
        newlines += cp == '\n';
        stripped = at;
    }
    enum kind kind = spoken ? kind_of(cp) : NO_MARK;
    if (spoken && runs(cp)) {
        size_t first = stripped;
        while (runs(cp = last_of(text, start, first, &at)))
            first = at;
        ora_utf8_decode(text + first, end - first, &cp);
        kind = end - first >= 3 && !strncmp(text + first, "...", 3) ? QUIET : kind_of(cp);
    }
    struct ora_terminator t = terminators[kind];
    bool paragraph = newlines >= 2;
    if (kind == NO_MARK)
        t.ends_sentence = last || paragraph;
    else if (paragraph)
        t = (struct ora_terminator){"", true, false}; /* a blank line swallows the mark before it */
    return t;
}

/* Letters of IPA that NFD leaves alone: nearly every text has no others. */
static bool nfd_inert(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ora_utf8_decode(s + i, len - i, &cp);
        if (!n || !(cp < 0xC0 || cp == 0xE6 || cp == 0xF0 || cp == 0xF8 || (cp >= 0x250 && cp < 0x300)))
            return false;
        i += n;
    }
    return true;
}

static void add_nfd(struct ora_str *out, const char *s, size_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    int32_t n16 = 0, n8 = 0;
    if (nfd_inert(s, len) || U_FAILURE(status)) {
        ora_str_addn(out, s, len);
        return;
    }
    /* A code point becomes at most four by NFD; a byte of UTF-8 at most one unit of UTF-16 before it. */
    int32_t cap = (int32_t)len * 4 + 1;
    UChar *in = ora_xcalloc(len + 1, sizeof *in), *norm = ora_xcalloc((size_t)cap, sizeof *norm);
    char *utf8 = ora_xcalloc((size_t)cap, 3);
    u_strFromUTF8(in, (int32_t)len + 1, &n16, s, (int32_t)len, &status);
    int32_t nn = unorm2_normalize(nfd, in, n16, norm, cap, &status);
    u_strToUTF8(utf8, cap * 3, &n8, norm, nn, &status);
    if (U_SUCCESS(status))
        ora_str_addn(out, utf8, (size_t)n8);
    else
        ora_str_addn(out, s, len);
    free(utf8);
    free(norm);
    free(in);
}

void ora_phonemes_append_raw(struct ora_str *out, const char *ipa, size_t len)
{
    add_nfd(out, ipa, len);
}

void ora_phonemes_append(struct ora_str *out, const char *ipa, size_t len)
{
    const char *p = ipa, *end = ipa + len;
    while (p < end) {
        const char *open = memchr(p, '(', (size_t)(end - p));
        const char *upto = open ? open : end;
        add_nfd(out, p, (size_t)(upto - p));
        const char *close = open ? memchr(open, ')', (size_t)(end - open)) : NULL;
        p = open ? (close ? close + 1 : end) : end;
    }
}

static void add_sentence(struct ora_phoneme_text *out, struct ora_str *phonemes, size_t start, size_t end)
{
    if ((out->count & (out->count - 1)) == 0)
        out->sentence =
            ora_xrealloc(out->sentence, (out->count ? 2 * out->count : 1) * sizeof *out->sentence);
    out->sentence[out->count++] =
        (struct ora_phoneme_sentence){ora_xstrdup(ora_str_c(phonemes)), start, end - start};
    ora_str_clear(phonemes);
}

void ora_clauses_join(const char *text, const struct ora_clauses *clauses, bool spaced,
                      struct ora_phoneme_text *out)
{
    struct ora_str sentence = ORA_STR_INIT;
    size_t start = 0, sentence_start = 0;
    bool spoken_sentence = false, glued = false;
    for (size_t i = 0; i < clauses->count; i++) {
        const struct ora_clause *c = &clauses->clause[i];
        struct ora_terminator t = ora_terminator_of(text, start, c->end, c->phonemes_len > 0, c->last);
        if (c->phonemes_len) {
            if (spaced && glued)
                ora_str_addc(&sentence, ' ');
            ora_phonemes_append(&sentence, clauses->phonemes.data + c->phonemes, c->phonemes_len);
            spoken_sentence = true;
            glued = t.glued;
        }
        ora_str_add(&sentence, t.mark);
        start = c->end;
        if (!t.ends_sentence)
            continue;
        if (spoken_sentence)
            add_sentence(out, &sentence, sentence_start, c->end);
        ora_str_clear(&sentence);
        sentence_start = c->end;
        spoken_sentence = glued = false;
    }
    if (spoken_sentence)
        add_sentence(out, &sentence, sentence_start, start);
    ora_str_release(&sentence);
}
