/*
 * Sentences: ICU proposes, this file disposes.
 *
 * ICU's rules look at classes of characters, not at words, so every proposed end is judged by what stands on
 * both sides (is_end); and where ICU sees none, ends that it must miss are proposed too ("in 1999. 12 men",
 * "he waited… Then").
 */
#include "text/sentences.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "text/abbreviations.h"
#include "text/brackets.h"
#include "text/chars.h"
#include "text/html.h"
#include "text/sentences_inner.h"

enum { TAG_WORDS = 4, TAG_BYTES = 96, LONG_WORD = 6 };

void ora_offsets_push(struct ora_offsets *o, size_t at)
{
    if (o->count == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 64;
        o->at = ora_xrealloc(o->at, o->cap * sizeof *o->at);
    }
    o->at[o->count++] = at;
}

struct ora_sentences *ora_sentences_create(const char *lang, struct ora_err *err)
{
    struct ora_sentences *s = ora_xcalloc(1, sizeof *s);
    UErrorCode status = U_ZERO_ERROR;
    strncpy(s->lang, lang && *lang ? lang : "en", ORA_SENTENCES_LANG_BYTES - 1);
    s->sentence = ubrk_open(UBRK_SENTENCE, s->lang, NULL, 0, &status);
    s->grapheme = ubrk_open(UBRK_CHARACTER, s->lang, NULL, 0, &status);
    if (U_FAILURE(status)) {
        ora_err_set(err, ORA_E_INTERNAL, "ICU has no sentence rules for '%s': %s", s->lang,
                    u_errorName(status));
        ora_sentences_destroy(&s);
    }
    return s;
}

void ora_sentences_destroy(struct ora_sentences **sentences)
{
    struct ora_sentences *s = *sentences;
    if (!s)
        return;
    if (s->sentence)
        ubrk_close(s->sentence);
    if (s->grapheme)
        ubrk_close(s->grapheme);
    free(s->wide);
    free(s->ends.at);
    free(s->pieces.at);
    free(s->inner.at);
    free(s->brackets.at);
    free(s);
    *sentences = NULL;
}

int ora_sentences_widen(struct ora_sentences *s, const char *text, size_t len, int32_t *units,
                        struct ora_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    if (len > INT32_MAX / 4)
        return ora_err_set(err, ORA_E_LIMIT, "a paragraph of %zu bytes is too long", len);
    if (s->wide_cap < len + 1) {
        s->wide_cap = len + len / 2 + 256;
        s->wide = ora_xrealloc(s->wide, s->wide_cap * sizeof *s->wide);
    }
    u_strFromUTF8(s->wide, (int32_t)s->wide_cap, units, text, (int32_t)len, &status);
    if (U_FAILURE(status))
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8");
    return 0;
}

/* ---- what stands on both sides of a proposed end ---- */

struct sides {
    size_t stop;      /* where the last stop begins: text[stop] is '.', '?', '…' … */
    uint32_t stop_cp; /* 0 when there is none */
    bool quote;       /* a closing quote stands between stop and end */
    size_t next;      /* the first character after opening marks */
    uint32_t next_cp; /* 0 at the end of the text */
};

static bool is_quote(uint32_t cp)
{
    return cp == '"' || cp == '\'' || cp == 0x2019 || cp == 0x201D || cp == 0x00BB || cp == 0x203A ||
           cp == 0x201C || cp == 0x2018 || cp == 0x300D || cp == 0x300F;
}

/* What still belongs to the sentence before: closing marks, footnote signs, emoji. */
static bool is_trailer(uint32_t cp)
{
    if (ora_cp_is_closer(cp) || cp == 0x2020 || cp == 0x2021 || cp == 0x00B9 || cp == 0x00B2 ||
        cp == 0x00B3 || (cp >= 0x2070 && cp <= 0x2079) || cp == 0x200D || cp == 0xFE0F)
        return true;
    return cp > 0x2190 && (U_MASK(u_charType((UChar32)cp)) & (U_GC_SO_MASK | U_GC_SK_MASK)) != 0;
}

static struct sides look(const char *text, size_t len, size_t at)
{
    struct sides x = {0, 0, false, at, 0};
    size_t back = at, start, end;
    while (back) {
        uint32_t cp = ora_cp_before(text, back, &start);
        if (!ora_cp_is_space(cp) && !is_trailer(cp)) {
            x.stop = start;
            x.stop_cp = cp;
            break;
        }
        x.quote = x.quote || is_quote(cp);
        back = start;
    }
    while (x.next < len) {
        uint32_t cp = ora_cp_at(text, len, x.next, &end);
        if (!ora_cp_is_space(cp) && !ora_cp_is_opener(cp)) {
            x.next_cp = cp;
            break;
        }
        x.next = end;
    }
    return x;
}

static bool is_ellipsis(const char *text, const struct sides *x)
{
    return x->stop_cp == 0x2026 || (x->stop_cp == '.' && x->stop && text[x->stop - 1] == '.');
}

/* A word of at least that many small letters stands before the stop. Long ones are no abbreviations, so a
 * small letter may begin the next sentence ("…of packages. dpkg is…"); in a text without capitals two letters
 * must do. */
static bool ends_word(const char *text, size_t stop, int letters)
{
    for (size_t start; letters; letters--, stop = start)
        if (!stop || !u_islower((UChar32)ora_cp_before(text, stop, &start)))
            return false;
    return true;
}

/* "Wait... I mean it": English writes its I with a capital anywhere. */
static bool is_english_i(const char *text, size_t len, size_t at)
{
    return text[at] == 'I' && (at + 1 == len || strchr(" ,'.;:!?-", text[at + 1]) ||
                               strncmp(text + at + 1, "\xE2\x80\x99", 3) == 0);
}

static const char *const said[] = {
    "said",      "asked",     "cried",    "replied",  "answered",  "whispered",   "shouted",   "exclaimed",
    "muttered",  "called",    "added",    "inquired", "enquired",  "returned",    "remarked",  "screamed",
    "yelled",    "murmured",  "repeated", "demanded", "began",     "continued",   "went",      "laughed",
    "sighed",    "snapped",   "growled",  "roared",   "gasped",    "wondered",    "thought",   "says",
    "asks",      "cries",     "replies",  "observed", "responded", "interrupted", "protested", "declared",
    "announced", "stammered", "groaned",  "sobbed",   "told",
};

static bool is_said(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (strlen(said[i]) == n && strncmp(said[i], word, n) == 0)
            return true;
    return false;
}

/* "Really?" Tom Brown asked: within four words, and before any mark, comes a verb of saying. */
static bool is_speech_tag(const char *text, size_t len, size_t at)
{
    size_t limit = len - at > TAG_BYTES ? at + TAG_BYTES : len;
    for (int words = 0; words < TAG_WORDS && at < limit; words++) {
        size_t start = at;
        while (at < limit && text[at] != ' ' && !strchr(",;:!?\"()", text[at]))
            at++;
        size_t n = at - start;
        if (words && is_said(text + start, n > 1 && text[at - 1] == '.' ? n - 1 : n))
            return true;
        if (at == limit || text[at] != ' ' || (text[at - 1] == '.' && n > 4))
            return false;
        at++;
    }
    return false;
}

/* 「はい。」と彼は… and “你好！”他说: in Chinese and Japanese a tag has no capital to tell it by. */
static bool is_cjk_tag(const char *text, size_t len, size_t at)
{
    static const char *const verbs[] = {"说", "道", "问", "喊", "答", "叫", "笑", "說", "問"};
    if (len - at >= 3 && strncmp(text + at, "と", 3) == 0)
        return true;
    for (size_t chars = 0, end; chars < 6 && at < len; chars++, at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        if (!ora_cp_is_cjk(cp) || (cp >= 0x3000 && cp <= 0x303F) || cp >= 0xFF00)
            return false;
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
            if (end - at == 3 && strncmp(text + at, verbs[i], 3) == 0)
                return true;
    }
    return false;
}

/* ---- [[ phones ]], which are never cut ---- */

static void find_brackets(struct ora_sentences *s, const char *text, size_t len)
{
    struct ora_bracket b;
    s->brackets.count = 0;
    for (size_t at = 0; ora_bracket_next(text, len, at, &b); at = b.start + b.len) {
        ora_offsets_push(&s->brackets, b.start);
        ora_offsets_push(&s->brackets, b.start + b.len);
    }
}

bool ora_sentences_in_bracket(const struct ora_sentences *s, size_t at, size_t *start, size_t *end)
{
    size_t low = 0, high = s->brackets.count / 2; /* those before low end at or before `at` */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->brackets.at[2 * mid + 1] <= at)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == s->brackets.count / 2 || s->brackets.at[2 * low] >= at)
        return false;
    *start = s->brackets.at[2 * low];
    *end = s->brackets.at[2 * low + 1];
    return true;
}

static bool in_phonemes(const struct ora_sentences *s, size_t at)
{
    size_t start, end;
    return ora_sentences_in_bracket(s, at, &start, &end);
}

/* ---- judging ---- */

/* Whether a sentence ends at `at`, where ICU or propose() saw a chance. In a text without capitals small
 * letters may begin one. */
static bool is_end(const struct ora_sentences *s, const char *text, size_t len, size_t at)
{
    struct sides x = look(text, len, at);
    bool english = strncasecmp(s->lang, "en", 2) == 0;
    if (!x.next_cp || !x.stop_cp)
        return false;
    if (u_isalnum((UChar32)x.stop_cp)) /* ICU ends a sentence there at a line's end only */
        return false;
    if (x.stop_cp == '.') {
        enum ora_dot dot = ora_dot_at(s->lang, text, len, x.stop);
        bool small_start =
            dot == ORA_DOT_CONTINUED && !x.quote && ends_word(text, x.stop, s->cased ? LONG_WORD : 2);
        if (dot != ORA_DOT_END && !small_start)
            return false;
    } else if (u_islower((UChar32)x.next_cp) && s->cased && !ora_cp_is_cjk(x.stop_cp)) {
        return false;
    }
    if (is_ellipsis(text, &x) && english && is_english_i(text, len, x.next))
        return false;
    if (x.quote && x.stop_cp != '.' && x.next == at &&
        (is_speech_tag(text, len, x.next) || is_cjk_tag(text, len, at)))
        return false;
    if (x.quote && x.stop_cp == 0x3002 && x.next == at && is_cjk_tag(text, len, at))
        return false;
    return !in_phonemes(s, at);
}

/* ---- proposing ---- */

/* The end moves behind trailers that no word touches: « Bonjour ! » Alors; "So it is.* But"; "Great! 👍 Go
 * on." */
static size_t behind_trailers(const char *text, size_t len, size_t at)
{
    for (;;) {
        size_t end, past = at;
        bool trailer = false;
        while (past < len && is_trailer(ora_cp_at(text, len, past, &end))) {
            past = end;
            trailer = true;
        }
        if (!trailer || (past < len && text[past] != ' '))
            return at;
        while (past < len && text[past] == ' ')
            past++;
        at = past;
    }
}

static bool is_wide_opener(uint32_t cp)
{
    return ora_cp_is_opener(cp) && cp >= 0x2018 && cp != 0x201A && cp != 0x201E && cp != 0x2039;
}

/* ICU counts every quote behind a stop as closing, but without spaces the next sentence's opens right there:
 * 他走了。“你好。”“再见。” Where that sentence begins, or `at` when it is no such place. */
static size_t before_wide_openers(const char *text, size_t at)
{
    size_t first = at, start = at;
    uint32_t cp = 0;
    while (first && is_wide_opener(cp = ora_cp_before(text, first, &start)))
        first = start;
    if (first == at)
        return at;
    for (size_t back = first; back; back = start) {
        cp = ora_cp_before(text, back, &start);
        if (cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F || cp == 0xFF61)
            return first;
        if (!ora_cp_is_closer(cp) || is_wide_opener(cp))
            break;
    }
    return at;
}

/* "2. ", "(3.) ", also behind a colon: the label of what follows, not a sentence. */
static bool is_label(const char *text, size_t from, size_t to)
{
    enum { LONGEST = 10 };
    size_t digits = 0, marks = 0;
    size_t near = to - from > LONGEST ? LONGEST : to - from;
    const char *colon = memrchr(text + to - near, ':', near);
    from = colon ? (size_t)(colon - text) + 1 : from;
    for (size_t i = from; i < to; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            digits++;
        else if (strchr("(.) ", text[i]))
            marks++;
        else
            return false;
    }
    return digits && digits <= 3 && marks;
}

static bool has_digit(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] >= '0' && text[i] <= '9')
            return true;
    return false;
}

/* Behind a bracket that stands between two sentences, as references do: "…it is so." [Smith, Works, p. 140]
 * All… text[at] closes it. Where the next sentence begins, or 0. */
static size_t behind_reference(const char *text, size_t len, size_t at)
{
    enum { SHORTEST = 8, LONGEST = 240 };
    char open = text[at] == ']' ? '[' : '(';
    size_t from = at, start, end;
    while (from && at - from < LONGEST && text[from - 1] != open && text[from - 1] != text[at])
        from--;
    if (!from || text[from - 1] != open || at - from < SHORTEST || !memchr(text + from, ' ', at - from) ||
        (open == '(' && !has_digit(text + from, at - from)))
        return 0;
    for (from--; from; from = start) {
        uint32_t cp = ora_cp_before(text, from, &start);
        if (cp == '.' || cp == '?' || cp == '!')
            break;
        if (!ora_cp_is_space(cp) && (!ora_cp_is_closer(cp) || cp == (uint32_t)text[at]))
            return 0;
    }
    if (!from || at + 2 >= len || text[at + 1] != ' ' ||
        !u_isUUppercase((UChar32)ora_cp_at(text, len, at + 2, &end)))
        return 0;
    return at + 2;
}

/* Ends that ICU does not see between two of its own: a full stop before a digit, dots and ellipses before a
 * capital. */
static void propose(const struct ora_sentences *s, struct ora_offsets *ends, const char *text, size_t len,
                    size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        size_t next = text[at] == ']' || text[at] == ')' ? behind_reference(text, len, at) : 0;
        if (next && next < to && !in_phonemes(s, next))
            ora_offsets_push(ends, next);
        if (text[at] != '.' && strncmp(text + at, "\xE2\x80\xA6", 3) != 0)
            continue;
        size_t past = at + (text[at] == '.' ? 1 : 3), end;
        while (past < to && ora_cp_is_closer(ora_cp_at(text, len, past, &end)))
            past = end;
        if (past >= to || text[past] != ' ')
            continue;
        while (past < to && text[past] == ' ')
            past++;
        struct sides x = look(text, len, past);
        bool digit = u_isdigit((UChar32)x.next_cp) && text[at] == '.';
        bool capital = u_isUUppercase((UChar32)x.next_cp), small = u_islower((UChar32)x.next_cp);
        if (past < to && (digit || capital || small) && is_end(s, text, len, past))
            ora_offsets_push(ends, past);
    }
}

static bool has_capitals(const char *text, size_t len)
{
    for (size_t at = 0, end; at < len; at = end)
        if (u_isUUppercase((UChar32)ora_cp_at(text, len, at, &end)))
            return true;
    return false;
}

/* Pieces without words go to the sentence before them, at the start to the one after. */
static void join_wordless(struct ora_offsets *o, const char *text)
{
    size_t kept = 0, start = 0;
    for (size_t i = 0; i < o->count; i++) {
        bool words = ora_has_words(text + start, o->at[i] - start);
        start = o->at[i];
        if (!words && kept)
            o->at[kept - 1] = o->at[i];
        else if (words || i + 1 == o->count)
            o->at[kept++] = o->at[i];
    }
    o->count = kept;
}

int ora_sentences_into(struct ora_sentences *s, const char *text, size_t len, struct ora_offsets *ends,
                       struct ora_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t units;
    ends->count = 0;
    int rc = ora_sentences_widen(s, text, len, &units, err);
    if (rc < 0)
        return rc;
    ubrk_setText(s->sentence, s->wide, units, &status);
    if (U_FAILURE(status))
        return ora_err_set(err, ORA_E_INTERNAL, "ICU: %s", u_errorName(status));
    s->cased = has_capitals(text, len);
    find_brackets(s, text, len);
    size_t byte = 0, last = 0;
    int32_t unit = 0;
    for (int32_t b = ubrk_first(s->sentence); (b = ubrk_next(s->sentence)) != UBRK_DONE;) {
        while (unit < b) {
            size_t end;
            unit += ora_cp_at(text, len, byte, &end) > 0xFFFF ? 2 : 1;
            byte = end;
        }
        propose(s, ends, text, len, last, byte);
        size_t wide = before_wide_openers(text, byte),
               at = wide < byte ? wide : behind_trailers(text, len, byte);
        size_t done = ends->count ? ends->at[ends->count - 1] : 0;
        if (at > done && at < len && !is_label(text, done, at) && is_end(s, text, len, at))
            ora_offsets_push(ends, at);
        last = byte > at ? byte : at;
    }
    if (len)
        ora_offsets_push(ends, len);
    join_wordless(ends, text);
    return 0;
}

int ora_sentences_split(struct ora_sentences *s, const char *text, size_t len, const size_t **ends,
                        size_t *count, struct ora_err *err)
{
    char *masked = ora_html_masked(text, len);
    int rc = ora_sentences_into(s, masked ? masked : text, len, &s->ends, err);
    free(masked);
    *ends = s->ends.at;
    *count = s->ends.count;
    return rc;
}
