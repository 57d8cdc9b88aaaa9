/*
 * Splitting a chunk, and its words.
 *
 * The best place is behind the strongest mark that leaves at least a quarter of the text on either side, the
 * nearest to the middle of its kind; a weaker place near the middle is better than a strong one at the edge,
 * since what must be split has to become shorter. Only when nothing lies there does any place do.
 */
#include "models/megatts3/script.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "models/megatts3/chunks.h"
#include "models/megatts3/script_clean.h"
#include "models/megatts3/symbols.h"
#include "text/brackets.h"
#include "text/chars.h"

enum place { SENTENCE, CLAUSE, LESSER, WORD, CHARACTER, NOWHERE };

/* What lies between two neighbouring code points. */
static enum place place_between(uint32_t before, uint32_t after)
{
    if (ora_cp_is_closer(after) && !ora_cp_is_space(before))
        return NOWHERE;
    switch (before) { /* a full-width mark, or a half-width one that white space follows */
    case 0x3002:
    case 0xFF01:
    case 0xFF1F:
        return SENTENCE;
    case '.':
    case '!':
    case '?':
        return ora_cp_is_space(after) ? SENTENCE : NOWHERE;
    case 0xFF0C:
    case 0xFF1B:
    case 0xFF1A:
        return CLAUSE;
    case ',':
    case ';':
    case ':':
        return ora_cp_is_space(after) ? CLAUSE : NOWHERE;
    case 0x3001:
    case 0x2026:
    case 0x2014:
        return LESSER;
    default:
        break;
    }
    if (ora_cp_is_space(before) || ora_cp_is_space(after))
        return WORD;
    if (u_charType((UChar32)after) == U_NON_SPACING_MARK ||
        u_charType((UChar32)after) == U_COMBINING_SPACING_MARK || before == 0x200D || after == 0x200D)
        return NOWHERE;
    if (mega_is_han(before) != mega_is_han(after) && u_isalnum((UChar32)before) && u_isalnum((UChar32)after))
        return WORD;
    return CHARACTER;
}

static struct mega_chunk half(const char *text, const struct mega_chunk *c, size_t start, size_t end)
{
    size_t next;
    while (start < end && ora_cp_is_space(ora_cp_at(text, end, start, &next)))
        start = next;
    while (end > start && ora_cp_is_space(ora_cp_before(text, end, &next)))
        end = next;
    return (struct mega_chunk){.start = (uint32_t)start,
                               .len = (uint32_t)(end - start),
                               .is_zh = c->is_zh,
                               .is_phones = c->is_phones};
}

/* Where cutting at byte `at` of a text of which start..end is spoken would be among all places: smaller is
 * better. */
static uint64_t cost_of(enum place kind, size_t at, size_t start, size_t end)
{
    size_t in = at - start, len = end - start, off = 2 * in > len ? 2 * in - len : len - 2 * in;
    uint64_t edge = 2 * off > len; /* outside the middle half */
    return edge << 40 | (uint64_t)kind << 32 | off;
}

/* A run of marks is no part of what must become shorter: the middle is that of what is spoken. */
static void spoken_span(const char *text, const struct mega_chunk *c, size_t *first, size_t *last)
{
    size_t end = c->start + c->len, next;
    *first = *last = end;
    for (size_t at = c->start; at < end; at = next) {
        size_t n = ora_bracket_at(text, end, at);
        uint32_t cp = ora_cp_at(text, end, at, &next);
        next = n ? at + n : next;
        if (!n && !u_isalnum((UChar32)cp))
            continue;
        *first = *first == end ? at : *first;
        *last = next;
    }
}

/* A chunk in which nothing but one [[ ]] is spoken: its halves are phones. */
static bool cut_bracket(const char *text, const struct mega_chunk *c, size_t at, struct mega_chunk halves[2])
{
    size_t end = c->start + c->len, n = at < end ? ora_bracket_at(text, end, at) : 0;
    if (!n)
        return false;
    struct mega_chunk inner = {
        .start = (uint32_t)at + 2, .len = (uint32_t)n - 4, .is_zh = c->is_zh, .is_phones = true};
    return mega_cut_phones(text, &inner, halves);
}

bool mega_cut_text(const char *text, const struct mega_chunk *c, struct mega_chunk halves[2])
{
    size_t end = c->start + c->len, best_at = 0, next, first, last;
    uint64_t best = UINT64_MAX;
    uint32_t before = 0;
    spoken_span(text, c, &first, &last);
    for (size_t at = c->start; at < last; at = next) {
        size_t n = ora_bracket_at(text, end, at);
        uint32_t cp = ora_cp_at(text, end, at, &next);
        enum place kind = before ? place_between(before, cp) : NOWHERE;
        if (n) {
            next = at + n;
            kind = before ? WORD : NOWHERE;
            cp = 0x3001; /* behind a bracket one may cut */
        }
        uint64_t cost = kind != NOWHERE && at > first ? cost_of(kind, at, first, last) : UINT64_MAX;
        if (cost < best) {
            best = cost;
            best_at = at;
        }
        before = cp;
    }
    if (!best_at)
        return cut_bracket(text, c, first, halves);
    halves[0] = half(text, c, c->start, best_at);
    halves[1] = half(text, c, best_at, end);
    return true;
}

static size_t word_end_at(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t'))
        at++;
    while (at < end && text[at] != ' ' && text[at] != '\t')
        at++;
    return at;
}

/* Whether the words round `at` are the same phones when they are parted: a bare initial may not leave its
 * final. The second word is read with the one behind it, which may be its final. */
static bool may_part(const char *text, size_t start, size_t at, size_t end)
{
    struct ora_ids whole = {0}, halves = {0};
    size_t len = word_end_at(text, word_end_at(text, at, end), end);
    bool same = mega_symbols_read(text + start, len - start, &whole, NULL) == 0 &&
                mega_symbols_read(text + start, at - start, &halves, NULL) == 0 &&
                mega_symbols_read(text + at, len - at, &halves, NULL) == 0 && halves.count == whole.count &&
                !memcmp(halves.id, whole.id, whole.count * sizeof *whole.id);
    ora_ids_release(&whole);
    ora_ids_release(&halves);
    return same;
}

bool mega_cut_phones(const char *text, const struct mega_chunk *c, struct mega_chunk halves[2])
{
    size_t end = c->start + c->len, best_at = 0, next, word = c->start;
    uint64_t best = UINT64_MAX;
    uint32_t mark = 0;
    bool space = false;
    for (size_t at = c->start; at < end; at = next) {
        uint32_t cp = ora_cp_at(text, end, at, &next);
        if (ora_cp_is_space(cp)) {
            space = true;
            continue;
        }
        if (space) {
            uint64_t cost = cost_of(place_between(mark, ' '), at, c->start, end);
            if (cost < best && may_part(text, word, at, end)) {
                best = cost;
                best_at = at;
            }
            word = at;
        }
        space = false;
        mark = cp;
    }
    if (!best_at)
        return false;
    halves[0] = half(text, c, c->start, best_at);
    halves[1] = half(text, c, best_at, end);
    return true;
}

int mega_chunk_split(const struct mega_text *text, const struct mega_script *script,
                     const struct mega_chunk *chunk, struct mega_chunk halves[2], struct ora_err *err)
{
    const char *all = ora_str_c(&script->normalized);
    if (!(chunk->is_phones ? mega_cut_phones : mega_cut_text)(all, chunk, halves))
        return ora_err_set(err, ORA_E_LIMIT, "\"%.*s\" cannot be cut any further",
                           (int)(chunk->len < 60 ? chunk->len : 60), all + chunk->start);
    for (int i = 0; i < 2; i++) {
        int rc = mega_chunk_fill(text, all, &halves[i], err);
        if (rc == 0 && halves[i].parts)
            continue;
        if (rc == 0)
            rc = ora_err_set(err, ORA_E_LIMIT, "\"%.*s\" cannot be cut any further",
                             (int)(chunk->len < 60 ? chunk->len : 60), all + chunk->start);
        mega_chunk_release(&halves[0]);
        if (i)
            mega_chunk_release(&halves[1]);
        return rc;
    }
    return 0;
}

/* ---- words
 * -------------------------------------------------------------------------------------------------- */

static bool in_word(uint32_t cp)
{
    return (u_isalnum((UChar32)cp) && !mega_is_han(cp)) || u_charType((UChar32)cp) == U_NON_SPACING_MARK ||
           u_charType((UChar32)cp) == U_COMBINING_SPACING_MARK;
}

/* The end of the word that starts at `at`: an apostrophe between letters belongs to it. */
static size_t word_end(const char *text, size_t end, size_t at)
{
    size_t next, after;
    while (at < end) {
        uint32_t cp = ora_cp_at(text, end, at, &next);
        bool apostrophe =
            (cp == '\'' || cp == 0x2019) && next < end && in_word(ora_cp_at(text, end, next, &after));
        if (!in_word(cp) && !apostrophe)
            break;
        at = next;
    }
    return at;
}

size_t mega_chunk_words(const struct mega_script *script, const struct mega_chunk *chunk,
                        struct mega_word **words)
{
    const char *text = ora_str_c(&script->normalized);
    size_t end = chunk->start + chunk->len, count = 0, cap = 0, next;
    *words = NULL;
    for (size_t at = chunk->start; at < end && !chunk->is_phones; at = next) {
        size_t n = ora_bracket_at(text, end, at);
        uint32_t cp = ora_cp_at(text, end, at, &next);
        bool han = mega_is_han(cp);
        if (n)
            next = at + n;
        if (n || (!han && !u_isalnum((UChar32)cp)))
            continue;
        if (!han)
            next = word_end(text, end, next);
        if (count == cap) {
            cap = cap ? 2 * cap : 16;
            *words = ora_xrealloc(*words, cap * sizeof **words);
        }
        (*words)[count++] = (struct mega_word){(uint32_t)at, (uint32_t)(next - at), han};
    }
    return count;
}
