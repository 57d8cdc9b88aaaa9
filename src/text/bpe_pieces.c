/* The pattern by hand, code point by code point: each alternative is a run of one class, so no backtracking
 * is needed beyond remembering where the run's last line end or last code point was. */
#include "text/bpe_pieces.h"

#include <stdbool.h>
#include <stdint.h>
#include <unicode/uchar.h>

#include "text/chars.h"

enum kind { SPACE, LINE_END, LETTER, NUMBER, MARK };

static enum kind kind_of(uint32_t cp)
{
    if (cp < 0x80) {
        if (cp == '\n' || cp == '\r')
            return LINE_END;
        if ((cp | 32) >= 'a' && (cp | 32) <= 'z')
            return LETTER;
        if (cp >= '0' && cp <= '9')
            return NUMBER;
        return ora_cp_is_space(cp) ? SPACE : MARK;
    }
    uint32_t category = U_MASK(u_charType((UChar32)cp));
    if (category & U_GC_L_MASK)
        return LETTER;
    if (category & U_GC_N_MASK)
        return NUMBER;
    return ora_cp_is_space(cp) ? SPACE : MARK;
}

static bool at_kind(const char *text, size_t len, size_t at, enum kind wanted, size_t *end)
{
    return at < len && kind_of(ora_cp_at(text, len, at, end)) == wanted;
}

static size_t run_of(const char *text, size_t len, size_t at, enum kind wanted)
{
    size_t end;
    while (at_kind(text, len, at, wanted, &end))
        at = end;
    return at;
}

/* 's and its like, whatever the case; the long s folds to s. */
static size_t contraction(const char *text, size_t len)
{
    uint32_t a = 0, b = 0;
    size_t end = 1, end_b;
    if (len < 2 || text[0] != '\'')
        return 0;
    a = (uint32_t)u_foldCase((UChar32)ora_cp_at(text, len, 1, &end), U_FOLD_CASE_DEFAULT);
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return end;
    if (end >= len)
        return 0;
    b = (uint32_t)u_foldCase((UChar32)ora_cp_at(text, len, end, &end_b), U_FOLD_CASE_DEFAULT);
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
        return end_b;
    return 0;
}

static size_t white_space(const char *text, size_t len)
{
    size_t at = 0, end, last = 0, after_line_end = 0;
    while (at < len) {
        enum kind c = kind_of(ora_cp_at(text, len, at, &end));
        if (c != SPACE && c != LINE_END)
            break;
        last = at;
        at = end;
        if (c == LINE_END)
            after_line_end = at;
    }
    if (after_line_end)
        return after_line_end;
    return at == len || last == 0 ? at : last;
}

size_t ora_bpe_piece(const char *text, size_t len)
{
    size_t end, next, n = contraction(text, len);
    if (n)
        return n;
    enum kind first = kind_of(ora_cp_at(text, len, 0, &end));
    if (first == LETTER)
        return run_of(text, len, end, LETTER);
    if ((first == SPACE || first == MARK) && at_kind(text, len, end, LETTER, &next))
        return run_of(text, len, next, LETTER);
    if (first == NUMBER)
        return end;
    if (first == MARK || (text[0] == ' ' && at_kind(text, len, end, MARK, &next)))
        return run_of(text, len, run_of(text, len, end, MARK), LINE_END);
    return white_space(text, len);
}
