/* From a string of IPA to tokens: rewrites, clusters, the map; every token remembers the code points it came
 * from. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "models/vits/symbols.h"
#include "text/brackets.h"
#include "text/phonemes_clause.h"
#include "text/phonemes_raw.h"

/* A code point on its way: its bytes and where it came from. */
struct point {
    char text[5];
    uint8_t len;
    uint32_t source, source_count;
};

struct points {
    struct point *point;
    size_t count;
};

static struct points decode(const char *text)
{
    size_t len = strlen(text);
    struct points p = {ora_xcalloc(len + 1, sizeof *p.point), 0};
    for (size_t at = 0, n; at < len; at += n) {
        uint32_t cp;
        n = ora_utf8_decode(text + at, len - at, &cp);
        if (n == 0) {
            n = 1;
            continue;
        }
        struct point *o = &p.point[p.count];
        memcpy(o->text, text + at, n);
        o->len = (uint8_t)n;
        o->source = (uint32_t)p.count++;
        o->source_count = 1;
    }
    return p;
}

/* How many points from `at` spell out text; 0 when they do not. */
static size_t matches(const struct points *p, size_t at, const char *text)
{
    size_t n = 0;
    while (*text) {
        if (at + n >= p->count || strncmp(text, p->point[at + n].text, p->point[at + n].len))
            return 0;
        text += p->point[at + n++].len;
    }
    return n;
}

/* Replaces every place of one rewrite, left to right, never looking at what was put in. */
static uint32_t rewrite(struct points *p, const struct vits_rewrite *w)
{
    struct points to = decode(w->to), out = {NULL, 0};
    uint32_t places = 0;
    for (size_t at = 0, n; at < p->count; at += n ? n : 1)
        places += (n = matches(p, at, w->from)) > 0;
    if (places) {
        out.point = ora_xcalloc(p->count + places * to.count + 1, sizeof *out.point);
        for (size_t at = 0, n; at < p->count; at += n ? n : 1) {
            n = matches(p, at, w->from);
            for (size_t i = 0; n && i < to.count; i++) {
                struct point *o = &out.point[out.count++];
                const struct point *from = &p->point[n == to.count ? at + i : at],
                                   *last = &p->point[at + n - 1];
                *o = to.point[i];
                o->source = from->source;
                o->source_count =
                    n == to.count ? from->source_count : last->source + last->source_count - from->source;
            }
            if (!n)
                out.point[out.count++] = p->point[at];
        }
        free(p->point);
        *p = out;
    }
    free(to.point);
    return places;
}

static void count_dropped(struct vits_spelling *w, const char *text)
{
    for (size_t i = 0; i < w->dropped_count; i++)
        if (!strcmp(w->dropped[i].text, text)) {
            w->dropped[i].count++;
            return;
        }
    w->dropped = ora_xrealloc(w->dropped, (w->dropped_count + 1) * sizeof *w->dropped);
    struct vits_dropped *d = &w->dropped[w->dropped_count++];
    strcpy(d->text, text);
    d->count = 1;
}

/* The longest cluster at this place that is a symbol, else one point. */
static size_t token_length(const struct vits_symbols *s, const struct points *p, size_t at)
{
    for (size_t i = 0; i < s->cluster_count; i++) {
        size_t n = matches(p, at, s->cluster[i]);
        if (n && vits_symbol_find(s, s->cluster[i], strlen(s->cluster[i])))
            return n;
    }
    return 1;
}

static void add_token(const struct vits_symbols *s, const struct points *p, size_t at, size_t n,
                      struct vits_spelling *w)
{
    struct vits_token *t = &w->token[w->count];
    const struct point *first = &p->point[at], *last = &p->point[at + n - 1];
    size_t len = 0;
    for (size_t i = 0; i < n && len + p->point[at + i].len < sizeof t->text; i++) {
        memcpy(t->text + len, p->point[at + i].text, p->point[at + i].len);
        len += p->point[at + i].len;
    }
    t->text[len] = 0;
    const struct vits_symbol *y = vits_symbol_find(s, t->text, len);
    if (!y || (y->untrained && s->drop_untrained)) {
        count_dropped(w, t->text);
        return;
    }
    memcpy(t->id, y->id, sizeof t->id);
    t->ids = y->ids;
    t->source = first->source;
    t->source_count = last->source + last->source_count - first->source;
    w->count++;
}

void vits_spell(const struct vits_symbols *s, const char *phonemes, struct vits_spelling *w)
{
    struct points p = decode(phonemes);
    memset(w, 0, sizeof *w);
    w->source_count = (uint32_t)p.count;
    for (size_t i = 0; i < s->rewrite_count; i++)
        w->rewritten += rewrite(&p, &s->rewrite[i]);
    w->cap = p.count + 1;
    w->token = ora_xcalloc(w->cap, sizeof *w->token);
    for (size_t at = 0, n; at < p.count; at += n) {
        n = token_length(s, &p, at);
        add_token(s, &p, at, n, w);
    }
    free(p.point);
}

static uint32_t first_point(const char *text)
{
    uint32_t cp = 0;
    ora_utf8_decode(text, strlen(text), &cp);
    return cp;
}

static int check_bracket(const struct vits_symbols *s, const char *text, size_t len, struct ora_err *err)
{
    struct ora_str ipa = ORA_STR_INIT;
    struct vits_spelling w;
    const char *unknown = NULL;
    ora_phonemes_append_raw(&ipa, text + 2, len - 4);
    vits_spell(s, ora_str_c(&ipa), &w);
    for (size_t i = 0; i < w.dropped_count && !unknown; i++)
        if (!vits_symbol_find(s, w.dropped[i].text, strlen(w.dropped[i].text)))
            unknown = w.dropped[i].text;
    int shown = (int)(len < 80 ? len : 80), rc = 0;
    if (!ora_raw_phonemes_at(text, len, 0))
        rc = ora_err_set(err, ORA_E_BAD_INPUT,
                         "no phonemes stand in \"%.*s\": expected IPA (brackets that are text are written "
                         "\"\\[[\")",
                         shown, text);
    else if (unknown)
        rc = ora_err_set(err, ORA_E_BAD_INPUT,
                         "\"%s\" (U+%04X) in \"%.*s\" is none of the voice's phonemes: expected IPA of its "
                         "symbols (brackets that are text are written \"\\[[\")",
                         unknown, first_point(unknown), shown, text);
    vits_spelling_release(&w);
    ora_str_release(&ipa);
    return rc;
}

int vits_check_phonemes(const struct vits_symbols *s, const char *text, struct ora_err *err)
{
    struct ora_bracket b;
    size_t len = strlen(text);
    if (s->from_text) /* whose letters are the phonemes: brackets have no meaning of their own */
        return 0;
    int rc = ora_brackets_check(text, len, err);
    for (size_t at = 0; rc == 0 && ora_bracket_next(text, len, at, &b); at = b.start + b.len)
        rc = check_bracket(s, text + b.start, b.len, err);
    return rc;
}

void vits_spelling_release(struct vits_spelling *w)
{
    free(w->token);
    free(w->dropped);
    memset(w, 0, sizeof *w);
}

static int put(int32_t *ids, int at, int cap, int32_t id)
{
    if (at < cap)
        ids[at] = id;
    return at + 1;
}

int vits_ids_of(const struct vits_symbols *s, const struct vits_token *token, size_t count, int32_t *ids,
                int cap)
{
    int n = put(ids, put(ids, 0, cap, s->bos), cap, s->pad);
    for (size_t i = 0; i < count; i++) {
        for (int j = 0; j < token[i].ids; j++)
            n = put(ids, n, cap, token[i].id[j]);
        n = put(ids, n, cap, s->pad);
    }
    return put(ids, n, cap, s->eos);
}

static bool is_mark(const struct vits_token *t)
{
    return t->text[0] && !t->text[1] && strchr(".,;:?!", t->text[0]);
}

size_t vits_cut(const struct vits_token *token, size_t count)
{
    size_t best = count / 2, nearest = SIZE_MAX;
    for (int want_mark = 1; want_mark >= 0 && nearest == SIZE_MAX; want_mark--) {
        size_t margin = want_mark ? count / 4 : count / 8;
        for (size_t i = margin ? margin : 1; i < count - margin; i++) {
            bool space = !strcmp(token[i].text, " ");
            size_t far = i > count / 2 ? i - count / 2 : count / 2 - i;
            if (space && (!want_mark || is_mark(&token[i - 1])) && far < nearest)
                nearest = far, best = i;
        }
    }
    return best ? best : 1;
}
