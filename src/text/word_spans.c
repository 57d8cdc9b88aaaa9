/*
 * Word spans: which phonemes of a sentence are whose.
 *
 * espeak-ng gives a sentence's phonemes without telling their words: it runs words together ("of the" →
 * ʌvðə), expands others into several, and weakens what it would say alone ("to" → tə). So every word is asked
 * for on its own, the phonemes of all words in a row are aligned to the sentence's by edit distance (in a
 * band round the diagonal), and the space-separated groups of the sentence go to the words whose phonemes lie
 * in them. A group with two owners makes them merged; a group without one goes to the words that found
 * nothing beside it.
 */
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/ipa.h"
#include "text/phonemes.h"
#include "text/word_phonemes.h"

/* ---- what is aligned ---- */

/* A phoneme letter: stress, length and combining marks are left out, they change with the context. */
struct letter {
    uint32_t cp;
    uint32_t owner; /* words: index of the word; sentence: index of the group */
};

struct letters {
    struct letter *at;
    size_t count, cap;
};

struct group {
    uint32_t first, count; /* code points of the sentence's phonemes */
    uint32_t letters;
};

static void add_letter(struct letters *l, uint32_t cp, size_t owner)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 128;
        l->at = ora_xrealloc(l->at, l->cap * sizeof *l->at);
    }
    l->at[l->count++] = (struct letter){cp, (uint32_t)owner};
}

/* Cuts the sentence at spaces into groups, and its letters into l. */
static struct group *groups_of(const char *phonemes, struct letters *l, size_t *count)
{
    size_t len = strlen(phonemes), n, groups = 0, cap = 32;
    uint32_t index = 0;
    struct group *g = ora_xmalloc(cap * sizeof *g);
    bool open = false;
    for (size_t at = 0; at < len; at += n, index++) {
        uint32_t cp = 0xFFFD;
        n = ora_utf8_decode(phonemes + at, len - at, &cp);
        n = n ? n : 1;
        if (cp == ' ' || ora_ipa_is_clause_mark(cp)) {
            open = false;
            continue;
        }
        if (!open) {
            if (groups == cap) {
                cap *= 2;
                g = ora_xrealloc(g, cap * sizeof *g);
            }
            g[groups++] = (struct group){index, 0, 0};
            open = true;
        }
        g[groups - 1].count++;
        if (ora_ipa_is_letter(cp)) {
            g[groups - 1].letters++;
            add_letter(l, cp, groups - 1);
        }
    }
    *count = groups;
    return g;
}

/* ---- the words of the text ---- */

static bool is_dash_or_space(uint32_t cp)
{
    return u_isUWhiteSpace((UChar32)cp) || cp == 0x2013 || cp == 0x2014;
}

static bool is_word_char(uint32_t cp)
{
    int8_t t = u_charType((UChar32)cp);
    return u_isalnum((UChar32)cp) || t == U_NON_SPACING_MARK || t == U_COMBINING_SPACING_MARK ||
           t == U_OTHER_SYMBOL || t == U_CURRENCY_SYMBOL || t == U_MATH_SYMBOL || cp == '%' || cp == '&' ||
           cp == '@' || cp == '#';
}

/* The next word in text[*at..end), trimmed of the marks round it; false when there is none. */
static bool next_word(const char *text, size_t *at, size_t end, struct ora_text_word *w)
{
    size_t n;
    while (*at < end) {
        size_t start = 0, stop = 0;
        const char *close;
        if (end - *at >= 4 && !memcmp(text + *at, "[[", 2) &&
            (close = memmem(text + *at, end - *at, "]]", 2))) {
            *w = (struct ora_text_word){(uint32_t)*at, (uint32_t)(close + 2 - (text + *at))};
            *at += w->len;
            return true;
        }
        for (size_t first = *at; *at < end; *at += n) {
            uint32_t cp = 0xFFFD;
            n = ora_utf8_decode(text + *at, end - *at, &cp);
            n = n ? n : 1;
            if (is_dash_or_space(cp) || (*at > first && end - *at >= 4 && !memcmp(text + *at, "[[", 2)))
                break;
            if (is_word_char(cp)) {
                start = stop ? start : *at;
                stop = *at + n;
            }
        }
        if (stop) {
            *w = (struct ora_text_word){(uint32_t)start, (uint32_t)(stop - start)};
            return true;
        }
        uint32_t cp;
        if (*at < end && (n = ora_utf8_decode(text + *at, end - *at, &cp)) && is_dash_or_space(cp))
            *at += n;
    }
    return false;
}

static struct ora_text_word *words_of(const char *text, size_t start, size_t end, size_t *count)
{
    size_t cap = 32, n = 0;
    struct ora_text_word *w = ora_xmalloc(cap * sizeof *w), next;
    while (next_word(text, &start, end, &next)) {
        if (n == cap) {
            cap *= 2;
            w = ora_xrealloc(w, cap * sizeof *w);
        }
        w[n++] = next;
    }
    *count = n;
    return w;
}

/* ---- alignment ---- */

enum {
    SAME = 0,
    ALIKE = 2,
    UNLIKE = 5,
    GAP = 3,
    FAR = 1 << 28
}; /* costs; two gaps are dearer than an unlike pair */
enum { PAIR = 1, SKIP_WORD = 2, SKIP_SENTENCE = 3 };
enum { MAX_TABLE_BYTES = 32 << 20 };

static int pair_cost(uint32_t a, uint32_t b)
{
    if (a == b)
        return SAME;
    return ora_ipa_is_vowel(a) == ora_ipa_is_vowel(b) ? ALIKE : UNLIKE;
}

/* For each letter of a the letter of b it is paired with, or SIZE_MAX. false when the two are too different
 * in length. */
static bool align(const struct letters *a, const struct letters *b, size_t *pairs)
{
    size_t n = a->count, m = b->count, apart = n > m ? n - m : m - n, half = apart + 32;
    size_t width = 2 * half + 1, bytes;
    if (apart > 512 || !ora_size_mul(n + 1, width, &bytes) || bytes > MAX_TABLE_BYTES)
        return false;
    unsigned char *table = ora_trymalloc(bytes);
    int *row = ora_xmalloc(2 * (width + 1) * sizeof *row), *previous = row + width + 1;
    if (!table) {
        free(row);
        return false;
    }
    /* Column k of row i stands for j = i + k - half: the band follows the diagonal. */
    for (size_t i = 0; i <= n; i++) {
        int *t = row;
        row = previous;
        previous = t;
        for (size_t k = 0; k < width; k++) {
            size_t j = i + k - half; /* wraps for j < 0 */
            int best = FAR;
            unsigned char move = 0;
            if (i + k < half || j > m) {
                row[k] = FAR;
                continue;
            }
            if (i == 0 && j == 0)
                best = 0;
            if (i && j && previous[k] + pair_cost(a->at[i - 1].cp, b->at[j - 1].cp) < best) {
                best = previous[k] + pair_cost(a->at[i - 1].cp, b->at[j - 1].cp);
                move = PAIR;
            }
            if (i && k + 1 < width && previous[k + 1] + GAP < best) {
                best = previous[k + 1] + GAP;
                move = SKIP_WORD;
            }
            if (j && k && row[k - 1] + GAP < best) {
                best = row[k - 1] + GAP;
                move = SKIP_SENTENCE;
            }
            row[k] = best;
            table[i * width + k] = move;
        }
    }
    for (size_t i = 0; i < n; i++)
        pairs[i] = SIZE_MAX;
    for (size_t i = n, j = m; i || j;) {
        unsigned char move = table[i * width + (j + half - i)];
        if (move == PAIR)
            pairs[--i] = --j;
        else if (move == SKIP_WORD)
            i--;
        else if (move == SKIP_SENTENCE)
            j--;
        else
            break;
    }
    free(table);
    free(row < previous ? row : previous);
    return true;
}

/* ---- from pairs to spans ---- */

struct claim {
    uint32_t first, last; /* groups; first > last: none */
    uint32_t same;        /* letters of the word found as they are */
    uint32_t letters;     /* letters of the word alone */
};

/* A word claims a group when enough of the shorter of the two was paired between them: a third, as points of
 * two a letter. */
static void settle(struct claim *c, const struct group *g, size_t group, unsigned points)
{
    uint32_t shorter = c->letters < g->letters ? c->letters : g->letters;
    if (points == 0 || 3 * points < 2 * shorter)
        return;
    if (c->first > c->last) {
        c->first = c->last = (uint32_t)group;
    } else {
        c->last = (uint32_t)group;
    }
}

static void claim_groups(struct claim *claims, const struct letters *words, const struct letters *sentence,
                         const size_t *pairs, const struct group *groups)
{
    for (size_t i = 0; i < words->count;) {
        uint32_t word = words->at[i].owner, group = UINT32_MAX;
        unsigned points = 0;
        for (; i < words->count && words->at[i].owner == word; i++) {
            if (pairs[i] == SIZE_MAX)
                continue;
            const struct letter *s = &sentence->at[pairs[i]];
            if (s->owner != group) {
                if (group != UINT32_MAX)
                    settle(&claims[word], &groups[group], group, points);
                group = s->owner;
                points = 0;
            }
            bool same = s->cp == words->at[i].cp;
            points += same ? 2 : ora_ipa_is_vowel(s->cp) == ora_ipa_is_vowel(words->at[i].cp);
            claims[word].same += same;
        }
        if (group != UINT32_MAX)
            settle(&claims[word], &groups[group], group, points);
    }
}

static bool has_claim(const struct claim *c)
{
    return c->first <= c->last;
}

/* Groups that nobody claims go to the words beside them that found nothing, else to the word before them. */
static void give_the_rest(struct claim *claims, size_t words, size_t groups, uint32_t *flags)
{
    uint32_t next_group = 0;
    for (size_t i = 0; i <= words; i++) {
        uint32_t until = (uint32_t)groups;
        if (i < words && !has_claim(&claims[i]))
            continue;
        if (i < words)
            until = claims[i].first;
        if (until > next_group) {
            size_t lost = i;
            while (lost && !has_claim(&claims[lost - 1]))
                lost--;
            for (size_t k = lost; k < i; k++) {
                claims[k].first = next_group;
                claims[k].last = until - 1;
                flags[k] |= ORA_SPAN_APPROXIMATE;
            }
            if (lost == i && i) {
                claims[i - 1].last = until - 1;
                flags[i - 1] |= ORA_SPAN_APPROXIMATE;
            }
        }
        if (i < words && claims[i].last + 1 > next_group)
            next_group = claims[i].last + 1;
    }
}

/* Words that share a group share the union of what they claim. */
static void merge(struct claim *claims, size_t words, uint32_t *flags)
{
    for (size_t i = 0; i < words;) {
        size_t end = i + 1;
        if (!has_claim(&claims[i])) {
            i = end;
            continue;
        }
        uint32_t last = claims[i].last;
        while (end < words && has_claim(&claims[end]) && claims[end].first <= last) {
            last = claims[end].last > last ? claims[end].last : last;
            end++;
        }
        for (size_t k = i; k < end && end - i > 1; k++) {
            claims[k].first = claims[i].first;
            claims[k].last = last;
            flags[k] |= ORA_SPAN_MERGED;
        }
        i = end;
    }
}

static void fill_spans(struct ora_word_span *spans, const struct ora_text_word *words, size_t count,
                       const struct claim *claims, const struct group *groups, const uint32_t *flags)
{
    for (size_t i = 0; i < count; i++) {
        spans[i] =
            (struct ora_word_span){.text_start = words[i].start, .text_len = words[i].len, .flags = flags[i]};
        if (!has_claim(&claims[i])) {
            spans[i].flags = ORA_SPAN_UNKNOWN;
            continue;
        }
        const struct group *first = &groups[claims[i].first], *last = &groups[claims[i].last];
        spans[i].first = first->first;
        spans[i].count = last->first + last->count - first->first;
        if (2 * claims[i].same < claims[i].letters && claims[i].letters > 2)
            spans[i].flags |= ORA_SPAN_APPROXIMATE;
    }
}

int ora_word_spans(const char *espeak_voice, const char *text, const struct ora_phoneme_sentence *s,
                   struct ora_word_span **spans, size_t *count, struct ora_err *err)
{
    struct letters alone = {0}, sentence = {0};
    size_t words_count, groups_count;
    struct ora_text_word *words = words_of(text, s->text_start, s->text_start + s->text_len, &words_count);
    struct group *groups = groups_of(s->phonemes, &sentence, &groups_count);
    struct ora_str *ipa = ora_xcalloc(words_count + 1, sizeof *ipa);
    struct claim *claims = ora_xcalloc(words_count + 1, sizeof *claims);
    uint32_t *flags = ora_xcalloc(words_count + 1, sizeof *flags);
    size_t *pairs = NULL;
    *spans = NULL;
    *count = 0;
    int rc = ora_word_phonemes(espeak_voice, text, words, words_count, ipa, err);
    if (rc < 0)
        goto out_free;
    for (size_t i = 0; i < words_count; i++) {
        size_t before = alone.count, n;
        for (size_t at = 0; at < ipa[i].len; at += n) {
            uint32_t cp = 0xFFFD;
            n = ora_utf8_decode(ipa[i].data + at, ipa[i].len - at, &cp);
            n = n ? n : 1;
            if (ora_ipa_is_letter(cp))
                add_letter(&alone, cp, i);
        }
        claims[i] = (struct claim){.first = 1, .last = 0, .letters = (uint32_t)(alone.count - before)};
    }
    pairs = ora_xcalloc(alone.count + 1, sizeof *pairs);
    if (groups_count && align(&alone, &sentence, pairs)) {
        claim_groups(claims, &alone, &sentence, pairs, groups);
        give_the_rest(claims, words_count, groups_count, flags);
        merge(claims, words_count, flags);
    }
    *spans = ora_xcalloc(words_count + 1, sizeof **spans);
    *count = words_count;
    fill_spans(*spans, words, words_count, claims, groups, flags);
out_free:
    for (size_t i = 0; i < words_count; i++)
        ora_str_release(&ipa[i]);
    free(ipa);
    free(words);
    free(groups);
    free(claims);
    free(flags);
    free(pairs);
    free(alone.at);
    free(sentence.at);
    return rc;
}
