/* Clauses, then runs of one kind inside them, then characters or words. */
#include "models/megatts3/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "models/megatts3/phones.h"
#include "models/megatts3/symbols.h"

/* ---- phones -----------------------------------------------------------------------------------------------
 */

enum kind { MARK, MANDARIN, ENGLISH };

static enum kind kind_of(int32_t id)
{
    int32_t phone, tone;
    mega_phone_split(id, &phone, &tone);
    return phone >= 3 && phone <= 100 ? MANDARIN : phone >= 101 && phone <= 144 ? ENGLISH : MARK;
}

/* A Mandarin phone that a syllable ends with: every one but the initials. */
static bool is_final(int32_t id)
{
    int32_t phone, tone;
    mega_phone_split(id, &phone, &tone);
    const char *s = mega_phone_symbol(phone);
    return !s || !strchr("bpmfdtnlgkhjqxzcsr", s[0]) || (s[1] && strcmp(s + 1, "h") != 0);
}

/* …r but er: the ending 儿 lies in it. */
static bool is_retroflex(int32_t id)
{
    int32_t phone, tone;
    mega_phone_split(id, &phone, &tone);
    const char *s = mega_phone_symbol(phone);
    size_t n = s ? strlen(s) : 0;
    return n > 1 && s[n - 1] == 'r' && strcmp(s, "er") != 0;
}

/* ---- characters -------------------------------------------------------------------------------------------
 */

static void set(struct mega_spoken_word *w, int first, int count, uint32_t flags)
{
    w->first = first;
    w->count = count;
    w->flags = flags;
}

static bool is_er(const char *text, const struct mega_spoken_word *w)
{
    return w->word.len == 3 && !memcmp(text + w->word.start, "\xE5\x84\xBF", 3);
}

/* Syllables of ids[at..end) to characters; false (and nothing is set) when they are not as many. */
static bool align_characters(const char *text, struct mega_spoken_word *w, size_t count, const int32_t *ids,
                             int at, int end)
{
    for (int pass = 0; pass < 2; pass++) { /* first only counted, then set */
        size_t k = 0;
        int first = at;
        for (int i = at; i < end; i++) {
            if (!is_final(ids[i]))
                continue;
            if (k == count)
                return false;
            bool two = is_retroflex(ids[i]) && k + 1 < count && is_er(text, &w[k + 1]);
            for (int m = 0; m <= two; m++, k++)
                if (pass)
                    set(&w[k], first, i + 1 - first, two ? ORA_WORD_MERGED : 0);
            first = i + 1;
        }
        if (k != count || first != end)
            return false;
    }
    return true;
}

/* ---- words ------------------------------------------------------------------------------------------------
 */

struct lone { /* phones of the words alone, in a row */
    int32_t *id;
    int *owner;
    int count;
};

static bool gather_readings(const struct mega_spoken_word *w, size_t count, struct lone *l)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += w[i].reading ? (size_t)w[i].reading->count : 0;
    *l = (struct lone){ora_xmalloc((n + 1) * sizeof *l->id), ora_xmalloc((n + 1) * sizeof *l->owner), 0};
    for (size_t i = 0; i < count; i++)
        for (int k = 0; w[i].reading && k < w[i].reading->count; k++)
            if (kind_of(w[i].reading->ids[k]) != MARK) {
                l->id[l->count] = w[i].reading->ids[k];
                l->owner[l->count++] = (int)i;
            }
    return l->count > 0;
}

/* owner[j] = the word of phone j of b[0..n), -1 where it stands against nothing; returns how many are equal.
 */
static int match(const struct lone *l, const int32_t *b, int n, int *owner)
{
    enum { STEP = 2, OTHER = 3 }; /* a replacement is better than a gap on both sides */
    size_t width = (size_t)n + 1;
    int *cost = ora_xmalloc(((size_t)l->count + 1) * width * sizeof *cost), equal = 0;
    for (int i = 0; i <= l->count; i++)
        for (int j = 0; j <= n; j++) {
            int *c = &cost[(size_t)i * width + (size_t)j];
            if (!i || !j) {
                *c = STEP * (i + j);
                continue;
            }
            int both = c[-(ptrdiff_t)width - 1] + (l->id[i - 1] == b[j - 1] ? 0 : OTHER);
            int up = c[-(ptrdiff_t)width] + STEP, left = c[-1] + STEP;
            *c = both <= up && both <= left ? both : up <= left ? up : left;
        }
    for (int i = l->count, j = n; j > 0;) {
        const int *c = &cost[(size_t)i * width + (size_t)j];
        bool same = i && l->id[i - 1] == b[j - 1];
        if (i && *c == c[-(ptrdiff_t)width - 1] + (same ? 0 : OTHER)) {
            owner[--j] = l->owner[--i];
            equal += same;
        } else if (i && *c == c[-(ptrdiff_t)width] + STEP) {
            i--;
        } else {
            owner[--j] = -1;
        }
    }
    free(cost);
    return equal;
}

/* One word is the whole run; several share it by their own phones when half of those are found again. */
static bool align_words(struct mega_spoken_word *w, size_t count, const int32_t *ids, int at, int end)
{
    int n = end - at;
    if (count == 1 && n > 0) {
        set(w, at, n, 0);
        return true;
    }
    struct lone l;
    int *owner = ora_xmalloc(((size_t)n + 1) * sizeof *owner);
    bool found = gather_readings(w, count, &l);
    if (found) {
        int equal = match(&l, ids + at, n, owner), most = l.count > n ? l.count : n;
        found = 2 * equal >= most;
    }
    for (int j = 0, last = 0; found && j < n; j++) { /* what stands against nothing follows its neighbour */
        last = owner[j] >= 0 ? owner[j] : last;
        struct mega_spoken_word *x = &w[last];
        if (x->flags & ORA_WORD_UNKNOWN)
            set(x, at + j, 0, ORA_WORD_APPROXIMATE);
        x->count = at + j + 1 - x->first;
    }
    free(l.id);
    free(l.owner);
    free(owner);
    return found;
}

/* ---- runs and clauses -------------------------------------------------------------------------------------
 */

static size_t word_run(const struct mega_spoken_word *w, size_t count)
{
    size_t n = 1;
    while (n < count && w[n].word.is_han == w[0].word.is_han)
        n++;
    return n;
}

static int phone_run(const int32_t *ids, int at, int end)
{
    int n = 1;
    while (at + n < end && kind_of(ids[at + n]) == kind_of(ids[at]))
        n++;
    return n;
}

/* ids[at..end) has no marks. Do the runs of words and phones agree? */
static bool same_runs(const struct mega_spoken_word *w, size_t count, const int32_t *ids, int at, int end)
{
    while (count && at < end) {
        if (w[0].word.is_han != (kind_of(ids[at]) == MANDARIN))
            return false;
        size_t n = word_run(w, count);
        w += n;
        count -= n;
        at += phone_run(ids, at, end);
    }
    return !count && at >= end;
}

static void align_clause(const char *text, struct mega_spoken_word *w, size_t count, const int32_t *ids,
                         int at, int end)
{
    if (!same_runs(w, count, ids, at, end))
        return;
    while (count) {
        size_t n = word_run(w, count);
        int to = at + phone_run(ids, at, end);
        if (w[0].word.is_han)
            align_characters(text, w, n, ids, at, to);
        else
            align_words(w, n, ids, at, to);
        w += n;
        count -= n;
        at = to;
    }
}

/* Is there a mark between two words, one that the model would speak as a pause? */
static bool mark_between(const char *text, uint32_t from, uint32_t to)
{
    while (from < to) {
        uint32_t cp = 0;
        size_t n = ora_utf8_decode(text + from, to - from, &cp);
        if (cp < 128 ? cp && strchr(".,!?;:", (int)cp)
                     : cp == 0x3002 || cp == 0xFF0C || cp == 0xFF01 || cp == 0xFF1F || cp == 0xFF1B ||
                           cp == 0xFF1A || cp == 0x2026 || cp == 0x3001)
            return true;
        from += n ? (uint32_t)n : 1;
    }
    return false;
}

static size_t words_of_clause(const char *text, const struct mega_spoken_word *w, size_t count)
{
    size_t n = 1;
    while (n < count && !mark_between(text, w[n - 1].word.start + w[n - 1].word.len, w[n].word.start))
        n++;
    return n;
}

/* The next run of phones that are no marks, from *at on: sets *at to its start and returns its end. */
static int next_clause(const int32_t *ids, int n, int *at)
{
    while (*at < n && kind_of(ids[*at]) == MARK)
        ++*at;
    int end = *at;
    while (end < n && kind_of(ids[end]) != MARK)
        end++;
    return end;
}

static bool clauses_agree(const char *text, const struct mega_spoken_word *w, size_t count,
                          const int32_t *ids, int n)
{
    int at = 0, end = next_clause(ids, n, &at);
    while (count && at < end) {
        size_t k = words_of_clause(text, w, count);
        w += k;
        count -= k;
        at = end;
        end = next_clause(ids, n, &at);
    }
    return !count && at >= end;
}

/* The segment as one clause: its phones without the marks, then their places put back. */
static void align_whole(const char *text, struct mega_spoken_word *w, size_t count, const int32_t *ids, int n)
{
    int32_t *bare = ora_xmalloc(((size_t)n + 1) * sizeof *bare);
    int *place = ora_xmalloc(((size_t)n + 1) * sizeof *place), kept = 0;
    for (int i = 0; i < n; i++)
        if (kind_of(ids[i]) != MARK) {
            bare[kept] = ids[i];
            place[kept++] = i;
        }
    align_clause(text, w, count, bare, 0, kept);
    for (size_t i = 0; i < count; i++)
        if (!(w[i].flags & ORA_WORD_UNKNOWN)) {
            int last = place[w[i].first + w[i].count - 1];
            w[i].first = place[w[i].first];
            w[i].count = last + 1 - w[i].first;
        }
    free(place);
    free(bare);
}

void mega_words_align(const char *text, struct mega_spoken_word *w, size_t count, const int32_t *ids, int n)
{
    for (size_t i = 0; i < count; i++)
        set(&w[i], 0, 0, ORA_WORD_UNKNOWN);
    if (!clauses_agree(text, w, count, ids, n)) {
        align_whole(text, w, count, ids, n);
        return;
    }
    for (int at = 0, end; count; at = end) {
        size_t k = words_of_clause(text, w, count);
        end = next_clause(ids, n, &at);
        align_clause(text, w, k, ids, at, end);
        w += k;
        count -= k;
    }
}
