/*
 * The two chunkers. The Chinese one looks at characters by index, forwards and backwards, so the text is made
 * a row of units first: a unit is a code point, or a whole [[ ]], which counts as many Han characters as it
 * has syllables.
 */
#include "models/megatts3/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/brackets.h"
#include "text/chars.h"

bool mega_text_is_zh(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        size_t n = ora_bracket_at(text, len, at);
        if (n)
            end = at + n;
        else if (mega_is_han(ora_cp_at(text, len, at, &end)))
            return true;
    }
    return false;
}

/* ---- English
 * ------------------------------------------------------------------------------------------------ */

static bool is_full_mark(uint32_t cp)
{
    return cp == 0xFF1B || cp == 0xFF1A || cp == 0xFF0C || cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F;
}

static size_t skip_space(const char *text, size_t len, size_t at)
{
    size_t end;
    while (at < len && ora_cp_is_space(ora_cp_at(text, len, at, &end)))
        at = end;
    return at;
}

/* The end of the piece that starts at `at`, and *next, where the one after it does. */
static size_t piece_end(const char *text, size_t len, size_t at, size_t *next)
{
    for (size_t end; at < len; at = end) {
        size_t n = ora_bracket_at(text, len, at);
        if (n) {
            end = at + n;
            continue;
        }
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (is_full_mark(cp)) {
            *next = end;
            return end;
        }
        if (cp && cp < 128 && strchr(";:,.!?", (int)cp) && (*next = skip_space(text, len, end)) > end)
            return end;
    }
    *next = len;
    return len;
}

static void emit_stripped(const struct ora_str *s, mega_chunk_fn *emit, void *ctx)
{
    size_t start = skip_space(ora_str_c(s), s->len, 0), end = s->len, before;
    while (end > start && ora_cp_is_space(ora_cp_before(s->data, end, &before)))
        end = before;
    if (end > start)
        emit(ctx, s->data + start, end - start);
}

void mega_chunks_en(const char *text, size_t len, mega_chunk_fn *emit, void *ctx)
{
    struct ora_str cur = ORA_STR_INIT;
    for (size_t at = 0, next; at < len; at = next) {
        size_t end = piece_end(text, len, at, &next), bytes = end - at;
        if (cur.len + bytes > MEGA_EN_CHUNK_BYTES) {
            emit_stripped(&cur, emit, ctx);
            ora_str_clear(&cur);
        }
        ora_str_addn(&cur, text + at, bytes);
        if (bytes && (unsigned char)text[end - 1] < 0x80)
            ora_str_addc(&cur, ' ');
    }
    emit_stripped(&cur, emit, ctx);
    ora_str_release(&cur);
}

/* ---- Chinese
 * ------------------------------------------------------------------------------------------------ */

struct unit {
    uint32_t cp; /* 0: a bracket */
    uint32_t start, len, han;
};

static uint32_t syllables(const char *text, size_t len)
{
    uint32_t words = 0;
    for (size_t i = 1; i < len; i++)
        words += text[i] != ' ' && text[i - 1] == ' ';
    return words / 2 + 1;
}

static struct unit *units_of(const char *text, size_t len, size_t *count)
{
    struct unit *u = ora_xmalloc((len + 1) * sizeof *u);
    *count = 0;
    for (size_t at = 0, end; at < len; at = end) {
        size_t n = ora_bracket_at(text, len, at);
        struct unit one = {0};
        if (n)
            end = at + n;
        else
            one.cp = ora_cp_at(text, len, at, &end);
        one.start = (uint32_t)at;
        one.len = (uint32_t)(end - at);
        one.han = n ? syllables(text + at, n) : mega_is_han(one.cp);
        u[(*count)++] = one;
    }
    return u;
}

/* Marks to cut behind: 0 ends of sentences, 1 of clauses, 2 lesser ones. */
static int rank_of(uint32_t cp)
{
    switch (cp) {
    case 0x3002:
    case '.':
    case '!':
    case 0xFF01:
    case '?':
    case 0xFF1F:
        return 0;
    case 0xFF0C:
    case ',':
    case 0xFF1B:
    case ';':
    case 0xFF1A:
    case ':':
        return 1;
    case 0x3001:
    case 0x2026:
    case 0x2014:
    case '-':
    case '~':
    case 0xFF5E:
        return 2;
    default:
        return -1;
    }
}

/* The last unit of the chunk first..i, at or past i when it lies ahead. */
static size_t cut_of(const struct unit *u, size_t count, size_t first, size_t i)
{
    size_t ahead = count - i < MEGA_ZH_LOOK_AHEAD ? count - i : MEGA_ZH_LOOK_AHEAD;
    for (int rank = 0; rank < 3; rank++) {
        for (size_t k = 1; k < ahead; k++)
            if (rank_of(u[i + k].cp) == rank)
                return i + k;
        for (size_t j = i + 1; j-- > first;)
            if (rank_of(u[j].cp) == rank)
                return j;
    }
    return i;
}

static void emit_units(const char *text, const struct unit *u, size_t first, size_t last, mega_chunk_fn *emit,
                       void *ctx)
{
    static const char half[] = ".,!?;:";
    static const char *const full[] = {"。", "，", "！", "？", "；", "："};
    struct ora_str s = ORA_STR_INIT;
    for (size_t i = first; i < last; i++) {
        const char *mark = u[i].cp && u[i].cp < 128 ? strchr(half, (int)u[i].cp) : NULL;
        if (mark)
            ora_str_add(&s, full[mark - half]);
        else
            ora_str_addn(&s, text + u[i].start, u[i].len);
    }
    emit(ctx, ora_str_c(&s), s.len);
    ora_str_release(&s);
}

void mega_chunks_zh(const char *text, size_t len, mega_chunk_fn *emit, void *ctx)
{
    size_t count, first = 0, han = 0;
    struct unit *u = units_of(text, len, &count);
    for (size_t i = 0; i < count; i++) {
        han += u[i].han;
        if (han < MEGA_ZH_CHUNK_HAN)
            continue;
        size_t last = cut_of(u, count, first, i);
        emit_units(text, u, first, last + 1, emit, ctx);
        first = last + 1;
        i = last > i ? last : i;
        han = 0;
        for (size_t j = first; j <= i; j++)
            han += u[j].han;
    }
    if (first < count)
        emit_units(text, u, first, count, emit, ctx);
    free(u);
}
