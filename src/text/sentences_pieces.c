/*
 * Pieces of what is too long: of all places in the second half of what a piece may hold, the one of the best
 * kind, and of those the one that leaves the pieces of like length.
 */
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "text/brackets.h"
#include "text/chars.h"
#include "text/html.h"
#include "text/sentences_inner.h"

enum { CUT_SENTENCE, CUT_CLAUSE, CUT_COMMA, CUT_SPACE, CUT_KINDS };
enum { MARKS_BACK = 16 }; /* closing marks and spaces looked at before a cut */

static bool is_clause_mark(uint32_t cp)
{
    return cp == ';' || cp == ':' || cp == 0x2013 || cp == 0x2014 || cp == 0x2026 || cp == 0xFF1B ||
           cp == 0xFF1A || cp == 0x061B || cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F;
}

static bool is_comma(uint32_t cp)
{
    return cp == ',' || cp == 0x060C || cp == 0x3001 || cp == 0xFF0C;
}

/* What kind of place is text[at], before which `cp` ends; CUT_KINDS for none. */
static int kind_of_cut(const char *text, size_t len, size_t at, uint32_t cp)
{
    size_t end, back = at, start;
    bool wide_mark = ora_cp_is_cjk(cp) && (is_clause_mark(cp) || is_comma(cp));
    bool dash = cp == 0x2014 || cp == 0x2013;
    if (!ora_cp_is_space(cp) && !wide_mark && !dash)
        return CUT_KINDS;
    if (at < len && ora_cp_is_closer(ora_cp_at(text, len, at, &end)) && !ora_cp_is_space(cp))
        return CUT_KINDS;
    for (int steps = 0; back && steps < MARKS_BACK; steps++) {
        uint32_t c = ora_cp_before(text, back, &start);
        if (!ora_cp_is_space(c) && !ora_cp_is_closer(c))
            return is_clause_mark(c) || c == '-' ? CUT_CLAUSE : is_comma(c) ? CUT_COMMA : CUT_SPACE;
        back = start;
    }
    return CUT_SPACE;
}

/* The last grapheme boundary at most max_chars code points after `from`. */
static int grapheme_cut(struct ora_sentences *s, const char *text, size_t len, size_t from, size_t max_chars,
                        size_t *cut, struct ora_err *err)
{
    enum { CONTEXT_CHARS = 32 };
    UErrorCode status = U_ZERO_ERROR;
    size_t at = from, limit = from, end;
    int32_t units, limit_units = 0;
    for (size_t i = 0; i < max_chars + CONTEXT_CHARS && at < len; i++, at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (i < max_chars) {
            limit = end;
            limit_units += cp > 0xFFFF ? 2 : 1;
        }
    }
    int rc = ora_sentences_widen(s, text + from, at - from, &units, err);
    if (rc < 0)
        return rc;
    ubrk_setText(s->grapheme, s->wide, units, &status);
    int32_t b =
        ubrk_isBoundary(s->grapheme, limit_units) ? limit_units : ubrk_preceding(s->grapheme, limit_units);
    *cut = limit;
    if (U_FAILURE(status) || b <= 0) /* one grapheme longer than the limit */
        return 0;
    at = from;
    for (int32_t unit = 0; unit < b; at = end)
        unit += ora_cp_at(text, len, at, &end) > 0xFFFF ? 2 : 1;
    *cut = at;
    return 0;
}

/* A cut inside [[ ]] goes before it; behind it where nothing is spoken before: such a piece may be longer
 * than the limit. The marks that follow belong to it then. */
static void leave_bracket(const struct ora_sentences *s, const char *text, size_t len, size_t from,
                          size_t *cut)
{
    size_t start, end, next;
    if (!ora_sentences_in_bracket(s, *cut, &start, &end))
        return;
    if (start > from && ora_has_words(text + from, start - from)) {
        *cut = start;
        return;
    }
    bool space = false;
    for (*cut = end; *cut < len; *cut = next) {
        uint32_t cp = ora_cp_at(text, len, *cut, &next);
        if ((space && !ora_cp_is_space(cp)) || u_isalnum((UChar32)cp) || strncmp(text + *cut, "[[", 2) == 0)
            break;
        space = ora_cp_is_space(cp);
    }
}

/* One cut after `from`, in a rest of `chars` code points. */
static int one_cut(struct ora_sentences *s, const char *text, size_t len, size_t from, size_t chars,
                   size_t max_chars, size_t *next_end, size_t *cut, struct ora_err *err)
{
    size_t parts = (chars + max_chars - 1) / max_chars, target = (chars + parts - 1) / parts;
    size_t best[CUT_KINDS] = {0}, distance[CUT_KINDS], bracket, bracket_end;
    for (size_t i = 1, at = from, end; i <= max_chars && at < len; i++, at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        while (*next_end < s->inner.count && s->inner.at[*next_end] < end)
            ++*next_end;
        if (i < target / 2 || end == len || ora_sentences_in_bracket(s, end, &bracket, &bracket_end))
            continue;
        bool sentence = *next_end < s->inner.count && s->inner.at[*next_end] == end;
        int kind = sentence ? CUT_SENTENCE : kind_of_cut(text, len, end, cp);
        size_t off = i > target ? i - target : target - i;
        if (kind < CUT_KINDS && (!best[kind] || off < distance[kind])) {
            best[kind] = end;
            distance[kind] = off;
        }
    }
    for (int kind = 0; kind < CUT_KINDS; kind++)
        if (best[kind]) {
            *cut = best[kind];
            return 0;
        }
    int rc = grapheme_cut(s, text, len, from, target, cut, err);
    if (rc == 0)
        leave_bracket(s, text, len, from, cut);
    return rc;
}

static size_t count_chars(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

int ora_sentences_pieces(struct ora_sentences *s, const char *text, size_t len, size_t max_chars,
                         const size_t **ends, size_t *count, struct ora_err *err)
{
    size_t next_end = 0, from = 0;
    char *masked = ora_html_masked(text, len);
    text = masked ? masked : text;
    int rc = ora_sentences_into(s, text, len, &s->inner, err);
    s->pieces.count = 0;
    for (size_t chars = count_chars(text, len), cut = 0; rc == 0 && chars > max_chars; from = cut) {
        rc = one_cut(s, text, len, from, chars, max_chars, &next_end, &cut, err);
        if (rc == 0) {
            chars -= count_chars(text + from, cut - from);
            ora_offsets_push(&s->pieces, cut);
            while (next_end && s->inner.at[next_end - 1] > cut) /* one_cut looked further than it cut */
                next_end--;
        }
    }
    if (rc == 0 && from < len)
        ora_offsets_push(&s->pieces, len);
    *ends = s->pieces.at;
    *count = s->pieces.count;
    free(masked);
    return rc;
}
