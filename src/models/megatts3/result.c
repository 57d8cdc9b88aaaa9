/* Gathers over segments; all arrays are counted first. */
#include "models/megatts3/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/reading.h"
#include "models/megatts3/symbols.h"

/* ---- words ------------------------------------------------------------------------------------------------
 */

/* A word alone in its run of words needs no reading of its own. */
static bool has_neighbour(const struct mega_segment *s, size_t i)
{
    bool before = i > 0 && !s->word[i - 1].word.is_han;
    bool after = i + 1 < s->words && !s->word[i + 1].word.is_han;
    return !s->word[i].word.is_han && (before || after);
}

static void find_words(const struct mega_utterance *u, struct mega_segment *s)
{
    struct mega_word *words = NULL;
    s->words = mega_chunk_words(&u->script, &s->chunk, &words);
    s->word = ora_xcalloc(s->words + 1, sizeof *s->word);
    s->alone = ora_xcalloc(s->words + 1, sizeof *s->alone);
    for (size_t i = 0; i < s->words; i++)
        s->word[i].word = words[i];
    free(words);
}

struct asked {
    struct mega_want *want;
    int32_t **ids; /* owned */
    size_t count, room;
};

static void ask(struct asked *a, int32_t *ids, int count, int limit, struct mega_reading *reading)
{
    if (a->count == a->room) {
        a->room = a->room ? 2 * a->room : 64;
        a->want = ora_xrealloc(a->want, a->room * sizeof *a->want);
        a->ids = ora_xrealloc(a->ids, a->room * sizeof *a->ids);
    }
    a->ids[a->count] = ids;
    a->want[a->count++] = (struct mega_want){ids, count, limit, reading};
}

static void ask_words(const struct ora_model *m, const struct mega_utterance *u, struct mega_segment *s,
                      struct asked *a)
{
    const char *text = ora_str_c(&u->script.normalized);
    for (size_t i = 0; i < s->words; i++) {
        const struct mega_word *w = &s->word[i].word;
        int32_t *ids = NULL;
        int n;
        if (!has_neighbour(s, i) || mega_text_ids(m->text, text + w->start, w->len, &ids, &n, NULL) < 0)
            continue;
        if (n > MEGA_READ_IDS_MAX) {
            free(ids);
            continue;
        }
        ask(a, ids, n, mega_reading_limit(m, n), &s->alone[i]);
        s->word[i].reading = &s->alone[i];
    }
}

int mega_read_words(struct mega_batch *b, struct ora_err *err)
{
    struct asked a = {0};
    for (size_t i = 0; i < b->count; i++) {
        struct mega_utterance *u = &b->utterance[i];
        for (int k = 0; u->rc == 0 && k < u->count; k++) {
            find_words(u, &u->segment[k]);
            ask_words(b->m, u, &u->segment[k], &a);
        }
    }
    int rc = a.count ? mega_read(&b->c, b->m, a.want, a.count, err) : 0;
    for (size_t i = 0; i < a.count; i++)
        free(a.ids[i]);
    free(a.ids);
    free(a.want);
    return rc;
}

/* ---- phones -----------------------------------------------------------------------------------------------
 */

static void add_phone(struct mega_result *r, const char *symbol, uint32_t start, uint32_t count)
{
    struct ora_phone *p = &r->phone[r->phones++];
    snprintf(p->symbol, sizeof p->symbol, "%s", symbol);
    p->start = start;
    p->count = count;
}

/* The segment's phones up to `end`, where the next one begins. */
static void add_phones(struct mega_result *r, const struct mega_segment *s, uint32_t end)
{
    struct ora_str symbol = ORA_STR_INIT;
    uint32_t at = s->start;
    for (int i = 0; i < s->count; i++) {
        uint32_t n = (uint32_t)s->durations[i] * MEGA_HOP;
        ora_str_clear(&symbol);
        mega_symbol_add(s->ids[i], &symbol);
        add_phone(r, ora_str_c(&symbol), at < end ? at : end, at + n < end ? n : at < end ? end - at : 0);
        at += n;
    }
    if (at < end)
        add_phone(r, "_", at, end - at);
    ora_str_release(&symbol);
}

static void add_words(struct mega_result *r, const struct mega_utterance *u, struct mega_segment *s,
                      size_t first)
{
    const struct ora_phone *phone = r->phone + first;
    mega_words_align(ora_str_c(&u->script.normalized), s->word, s->words, s->ids, s->count);
    for (size_t i = 0; i < s->words; i++) {
        const struct mega_spoken_word *w = &s->word[i];
        struct ora_word *to = &r->word[r->words++];
        *to = (struct ora_word){.text_start = w->word.start, .text_len = w->word.len, .flags = w->flags};
        if (w->flags & ORA_WORD_UNKNOWN)
            continue;
        const struct ora_phone *last = &phone[w->first + w->count - 1];
        to->start = phone[w->first].start;
        to->count = last->start + last->count - to->start;
    }
}

static json_t *segment_detail(const struct mega_segment *s)
{
    json_t *ids = json_array(), *frames = json_array();
    for (int i = 0; i < s->count; i++) {
        json_array_append_new(ids, json_integer(s->ids[i]));
        json_array_append_new(frames, json_integer(s->durations[i]));
    }
    return json_pack("{s:I, s:o, s:o}", "start", (json_int_t)s->start, "ids", ids, "frames", frames);
}

void mega_result_make(const struct mega_utterance *u, struct mega_result *r)
{
    size_t phones = 0, words = 0;
    json_t *segments = json_array();
    memset(r, 0, sizeof *r);
    for (int i = 0; i < u->count; i++) {
        phones += (size_t)u->segment[i].count + 1;
        words += u->segment[i].words;
    }
    r->phone = ora_xcalloc(phones + 1, sizeof *r->phone);
    r->word = ora_xcalloc(words + 1, sizeof *r->word);
    for (int i = 0; i < u->count; i++) {
        struct mega_segment *s = &u->segment[i];
        size_t first = r->phones;
        add_phones(r, s, i + 1 < u->count ? u->segment[i + 1].start : (uint32_t)u->samples);
        add_words(r, u, s, first);
        if (i)
            ora_str_addc(&r->phonemes, '\n');
        mega_symbols_print(s->ids + 1, (size_t)s->count - 1, &r->phonemes); /* sil comes by itself */
        r->frames += (uint32_t)(s->frames / MEGA_LATENT_FRAMES);
        json_array_append_new(segments, segment_detail(s));
    }
    r->detail = json_pack("{s:o}", "segments", segments);
}

void mega_result_release(struct mega_result *r)
{
    free(r->phone);
    free(r->word);
    ora_str_release(&r->phonemes);
    json_decref(r->detail);
    memset(r, 0, sizeof *r);
}
