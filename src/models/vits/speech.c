/* Runs a script. All bookkeeping is reserved beforehand, so that between the first run and the last nothing
 * is allocated. */
#include "models/vits/speech.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FRAMES_PER_CHAR = 9 };      /* joe at its own speed: 4 to 6 */
enum { BUFFER_FRAMES_MAX = 8192 }; /* 8 MB, 95 s of joe */
_Static_assert((int)BUFFER_FRAMES_MAX >= (int)VITS_FRAMES_MAX, "one run must fit");

size_t vits_speech_samples(const struct ora_model *m, uint32_t max_chars)
{
    uint64_t frames = (uint64_t)max_chars * FRAMES_PER_CHAR;
    frames = frames < VITS_FRAMES_MAX     ? VITS_FRAMES_MAX
             : frames > BUFFER_FRAMES_MAX ? BUFFER_FRAMES_MAX
                                          : frames;
    return (size_t)frames * (size_t)m->cfg.hop;
}

/* Every token can become a segment of its own: ids and two PADs, BOS and EOS. */
static void reserve(struct vits_speech *s)
{
    const struct vits_script *t = s->script;
    size_t ids = t->ids + 4 * t->tokens + 4;
    s->phone = ora_xcalloc(4 * t->tokens + t->count + 4, sizeof *s->phone);
    s->word = ora_xcalloc(t->spans + 1, sizeof *s->word);
    s->segment = ora_xcalloc(t->tokens + 1, sizeof *s->segment);
    s->ids = ora_xcalloc(ids, sizeof *s->ids);
    s->frames = ora_xcalloc(ids, sizeof *s->frames);
    ora_str_reserve(&s->phonemes, (VITS_SYMBOL_BYTES + 1) * t->tokens + 1);
}

/* What the buffer holds goes behind what the spool has. */
static int empty_buffer(struct vits_speech *s, struct ora_err *err)
{
    int rc = ora_spool_put(&s->spool, s->spool.len, s->buffer, s->held * sizeof *s->buffer, err);
    s->held = 0;
    return rc;
}

/* Room for n more samples at s->buffer + s->held. */
static int make_room(struct vits_speech *s, size_t n, struct ora_err *err)
{
    if (n > UINT32_MAX - s->samples)
        return ora_err_set(err, ORA_E_LIMIT, "more samples than 32 bits can count");
    if (n <= s->buffer_samples - s->held)
        return 0;
    if (n > s->buffer_samples)
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for %zu samples at once", n);
    return empty_buffer(s, err);
}

static void took(struct vits_speech *s, size_t n)
{
    s->held += n;
    s->samples += n;
}

static int all_samples(struct vits_speech *s, struct ora_err *err)
{
    struct ora_bytes bytes;
    s->pcm = s->buffer;
    if (!s->spool.len)
        return 0;
    int rc = empty_buffer(s, err);
    if (rc == 0)
        rc = ora_spool_read(&s->spool, &bytes, err);
    if (rc < 0)
        return rc;
    s->pcm = (const float *)(const void *)bytes.data;
    s->map = bytes.map;
    return 0;
}

static void add_phone(struct vits_speech *s, const char *symbol, uint32_t start, uint32_t count)
{
    struct ora_phone *p = &s->phone[s->phones++];
    memcpy(p->symbol, symbol, strlen(symbol) + 1);
    p->start = start;
    p->count = count;
}

static uint32_t take_frames(const uint32_t **frames, int n)
{
    uint32_t sum = 0;
    for (; n > 0; n--)
        sum += *(*frames)++;
    return sum;
}

/* Phones of a segment, and when its code points sounded. */
static void note_times(struct vits_speech *s, struct vits_sentence *sentence, const struct vits_token *token,
                       size_t count, const uint32_t *frames)
{
    uint32_t hop = (uint32_t)s->m->cfg.hop, at = (uint32_t)s->samples;
    uint32_t n = hop * take_frames(&frames, 2);
    add_phone(s, "^", at, n);
    at += n;
    for (size_t i = 0; i < count; i++, at += n) {
        n = hop * take_frames(&frames, token[i].ids + 1);
        add_phone(s, token[i].text, at, n);
        ora_str_add(&s->phonemes, token[i].text);
        for (uint32_t p = token[i].source; p < token[i].source + token[i].source_count; p++) {
            struct vits_when *w = &sentence->when[p];
            w->first = at < w->first ? at : w->first;
            w->last = at + n > w->last ? at + n : w->last;
        }
    }
    add_phone(s, "$", at, hop * take_frames(&frames, 1));
}

static struct vits_run run_of(const struct vits_speech *s, const int32_t *ids, int count)
{
    const struct ora_request *q = s->request;
    double speed = q->speed > 0 ? q->speed : 1;
    return (struct vits_run){
        .ids = ids,
        .count = count,
        .key = ora_rng_key_of(q->seed, q->id ? q->id : "", (uint32_t)s->segments),
        .noise_scale = (float)q->settings.value[VITS_NOISE_SCALE],
        .noise_w = (float)q->settings.value[VITS_NOISE_W],
        .length_scale = (float)(q->settings.value[VITS_LENGTH_SCALE] / speed),
        .speaker = q->speaker,
    };
}

/* One run; LIMIT when the tokens are too many for one. */
static int speak_segment(struct vits_speech *s, struct vits_sentence *sentence,
                         const struct vits_token *token, size_t count, struct ora_err *err)
{
    int32_t *ids = s->ids + s->ids_count;
    int n = vits_ids_of(&s->m->symbols, token, count, ids, VITS_IDS_MAX);
    if (n > VITS_IDS_MAX)
        return ora_err_set(err, ORA_E_LIMIT, "%d ids; one run has at most %d", n, VITS_IDS_MAX);
    struct vits_run r = run_of(s, ids, n);
    size_t mark = ora_arena_mark(s->arena);
    int rc = vits_run_durations(s->m, s->arena, &r, err);
    size_t samples = rc == 0 ? (size_t)r.total * (size_t)s->m->cfg.hop : 0;
    if (rc == 0)
        rc = make_room(s, samples, err);
    if (rc == 0)
        rc = vits_run_samples(s->m, s->arena, &r, s->buffer + s->held, err);
    if (rc == 0) {
        memcpy(s->frames + s->ids_count, r.frames, (size_t)n * sizeof *r.frames);
        if (s->segments)
            ora_str_addc(&s->phonemes, '\n');
        note_times(s, sentence, token, count, r.frames);
        s->segment[s->segments++] = (struct vits_segment){s->ids_count, n, (uint32_t)s->samples};
        s->ids_count += (size_t)n;
        took(s, samples);
        s->total_frames += (uint32_t)r.total;
    }
    ora_arena_reset(s->arena, mark);
    return rc;
}

/* A run of tokens: whole, or in two halves that are halved again where they must be. */
static int speak_tokens(struct vits_speech *s, struct vits_sentence *sentence, const struct vits_token *token,
                        size_t count, struct ora_err *err)
{
    int rc = speak_segment(s, sentence, token, count, err);
    if (rc != ORA_E_LIMIT || count < 2)
        return rc;
    size_t cut = vits_cut(token, count), next = cut + (!strcmp(token[cut].text, " ") && cut + 1 < count);
    s->cuts++;
    rc = speak_tokens(s, sentence, token, cut, err);
    return rc < 0 ? rc : speak_tokens(s, sentence, token + next, count - next, err);
}

static void note_words(struct vits_speech *s, const struct vits_sentence *t)
{
    for (size_t i = 0; i < t->spans; i++) {
        const struct ora_word_span *span = &t->span[i];
        struct ora_word *w = &s->word[s->words++];
        struct vits_when all = {UINT32_MAX, 0};
        for (uint32_t p = span->first; p < span->first + span->count && p < t->spelling.source_count; p++) {
            all.first = t->when[p].first < all.first ? t->when[p].first : all.first;
            all.last = t->when[p].last > all.last ? t->when[p].last : all.last;
        }
        bool known = !(span->flags & ORA_SPAN_UNKNOWN) && all.first < all.last;
        *w = (struct ora_word){.text_start = span->text_start, .text_len = span->text_len};
        w->flags = (span->flags & ORA_SPAN_MERGED ? ORA_WORD_MERGED : 0u) |
                   (span->flags & ORA_SPAN_APPROXIMATE ? ORA_WORD_APPROXIMATE : 0u) |
                   (known ? 0u : ORA_WORD_UNKNOWN);
        if (known) {
            w->start = all.first;
            w->count = all.last - all.first;
        }
    }
}

static int silence(struct vits_speech *s, size_t samples, struct ora_err *err)
{
    uint32_t start = (uint32_t)s->samples;
    int rc = 0;
    for (size_t left = samples, n; rc == 0 && left; left -= n) {
        n = left < s->buffer_samples ? left : s->buffer_samples;
        rc = make_room(s, n, err);
        if (rc < 0)
            return rc;
        memset(s->buffer + s->held, 0, n * sizeof *s->buffer);
        took(s, n);
    }
    if (samples)
        add_phone(s, "_", start, (uint32_t)samples);
    return 0;
}

static size_t silence_after(const struct vits_speech *s, const struct vits_token *token)
{
    const struct vits_symbol *symbol = vits_symbol_find(&s->m->symbols, token->text, strlen(token->text));
    return symbol ? (size_t)((double)symbol->silence_s * s->m->sample_rate_hz) : 0;
}

/* A sentence, cut behind the symbols that the voice has silences after (Piper's phoneme_silence): each phrase
 * is a run of its own. */
static int speak_sentence(struct vits_speech *s, struct vits_sentence *t, struct ora_err *err)
{
    const struct vits_token *token = t->spelling.token;
    size_t from = 0, count = t->spelling.count;
    int rc = 0;
    for (size_t i = 0; s->m->symbols.silences && rc == 0 && i < count; i++) {
        size_t samples = silence_after(s, &token[i]);
        if (!samples)
            continue;
        rc = speak_tokens(s, t, token + from, i + 1 - from, err);
        if (rc == 0)
            rc = silence(s, samples, err);
        from = i + 1;
    }
    return rc == 0 && from < count ? speak_tokens(s, t, token + from, count - from, err) : rc;
}

int vits_speak(struct vits_speech *s, size_t buffer_samples, struct ora_err *err)
{
    reserve(s);
    s->buffer = ora_arena_floats(s->arena, buffer_samples);
    s->buffer_samples = buffer_samples;
    if (!s->buffer)
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for %zu samples", buffer_samples);
    size_t pause = (size_t)s->request->sentence_pause_ms * (size_t)s->m->sample_rate_hz / 1000;
    int rc = 0;
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (size_t i = 0; rc == 0 && i < s->script->count; i++) {
        struct vits_sentence *t = &s->script->sentence[i];
        rc = i ? silence(s, pause, err) : 0;
        if (rc == 0)
            rc = speak_sentence(s, t, err);
        if (rc == 0)
            note_words(s, t);
    }
    ora_fpu_leave(fpu);
    return rc < 0 ? rc : all_samples(s, err);
}

void vits_speech_release(struct vits_speech *s)
{
    free(s->phone);
    free(s->word);
    free(s->segment);
    free(s->ids);
    free(s->frames);
    ora_spool_release(&s->spool);
    ora_str_release(&s->phonemes);
}

static json_t *segment_detail(const struct vits_speech *s, const struct vits_segment *g)
{
    json_t *ids = json_array(), *frames = json_array();
    for (size_t i = g->first; i < g->first + (size_t)g->count; i++) {
        json_array_append_new(ids, json_integer(s->ids[i]));
        json_array_append_new(frames, json_integer(s->frames[i]));
    }
    return json_pack("{s:I, s:o, s:o}", "start", (json_int_t)g->start, "ids", ids, "frames", frames);
}

json_t *vits_speech_detail(const struct vits_speech *s)
{
    json_t *segments = json_array(), *dropped = json_object();
    for (size_t i = 0; i < s->segments; i++)
        json_array_append_new(segments, segment_detail(s, &s->segment[i]));
    for (size_t i = 0; i < s->script->dropped_kinds; i++)
        json_object_set_new(dropped, s->script->dropped_kind[i].text,
                            json_integer(s->script->dropped_kind[i].count));
    return json_pack("{s:o, s:o, s:i}", "segments", segments, "dropped", dropped, "rewritten",
                     (int)s->script->rewritten);
}
