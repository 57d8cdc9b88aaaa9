/* The stages. Heap memory holds what an utterance is made of; the arena what a network works with. */
#include "models/megatts3/speak.h"

#include <stdlib.h>
#include <string.h>

#include "audio/level.h"
#include "base/mem.h"
#include "base/rng.h"
#include "models/megatts3/crossfade.h"
#include "models/megatts3/level.h"
#include "models/megatts3/reading.h"
#include "models/megatts3/settings.h"
#include "nn/noise.h"
#include "nn/solver.h"

enum {

    DRAW_DISTURB = 1 << 16, /* tensors of the noise: 0..steps the sampler's, then this */
    FRAME_MS = 10,
    PAUSE_SEEN = 2 * MEGA_SAMPLE_RATE, /* samples in which the silence at a join is looked for */
};

static struct ora_rng_key key_of(const struct mega_utterance *u, int segment)
{
    return ora_rng_key_of(u->request->seed, u->request->id ? u->request->id : "", (uint32_t)segment);
}

/* ---- phones -----------------------------------------------------------------------------------------------
 */

/* How much of a chunk's text a message shows: whole characters. */
static int shown_bytes(const struct mega_utterance *u, const struct mega_chunk *chunk)
{
    int shown = chunk->len < 60 ? (int)chunk->len : 60;
    while (shown > 0 && shown < (int)chunk->len &&
           (ora_str_c(&u->script.normalized)[chunk->start + (uint32_t)shown] & 0xC0) == 0x80)
        shown--;
    return shown;
}

/* Cuts segment `at`; when it cannot be cut, the utterance has failed with `code` and what. */
static bool split(const struct mega_batch *b, struct mega_utterance *u, int at, int code, const char *what)
{
    const struct mega_chunk *chunk = &u->segment[at].chunk;
    struct ora_err why;
    ora_err_set(&why, code, "'%.*s': %s, and it cannot be cut", shown_bytes(u, chunk),
                ora_str_c(&u->script.normalized) + chunk->start, what);
    if (mega_utterance_split(b->m, u, at) == 0)
        return true;
    u->why = why;
    u->rc = why.code;
    return false;
}

/* Texts of more tokens than a reading takes are cut before they are read. */
static void bound_tokens(const struct mega_batch *b, struct mega_utterance *u)
{
    for (int i = 0; u->rc == 0 && i < u->count;) {
        bool fits = true;
        for (size_t p = 0; p < u->segment[i].chunk.parts; p++) {
            const struct mega_chunk_part *part = &u->segment[i].chunk.part[p];
            fits = fits && part->count <= (part->ids ? MEGA_READ_IDS_MAX : MEGA_SEGMENT_PHONES_MAX - 1);
        }
        i += fits || !split(b, u, i, ORA_E_LIMIT, "more tokens than one reading takes");
    }
}

struct wants {
    struct mega_want *at;
    size_t count, room;
};

static void want(struct wants *w, const struct ora_model *m, const struct mega_chunk_part *part,
                 struct mega_reading *reading)
{
    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 64;
        w->at = ora_xrealloc(w->at, w->room * sizeof *w->at);
    }
    w->at[w->count++] = (struct mega_want){.ids = part->ids,
                                           .count = part->count,
                                           .limit = mega_reading_limit(m, part->count),
                                           .reading = reading};
}

/* Every unread part of the batch. */
static int read_all(struct mega_batch *b, struct ora_err *err)
{
    struct wants w = {0};
    for (size_t i = 0; i < b->count; i++) {
        struct mega_utterance *u = &b->utterance[i];
        bound_tokens(b, u);
        for (int s = 0; u->rc == 0 && s < u->count; s++)
            for (size_t p = 0; !u->segment[s].read && p < u->segment[s].chunk.parts; p++)
                if (u->segment[s].chunk.part[p].ids)
                    want(&w, b->m, &u->segment[s].chunk.part[p], &u->segment[s].reading[p]);
    }
    int rc = w.count ? mega_read(&b->c, b->m, w.at, w.count, err) : 0;
    free(w.at);
    return rc;
}

static bool ended(const struct ora_model *m, const struct mega_segment *s)
{
    for (size_t p = 0; p < s->chunk.parts; p++)
        if (s->chunk.part[p].ids && !s->reading[p].ended && !m->weights_random)
            return false;
    return true;
}

/* Words that the model reads as nothing are its failure; phones without a sound in them are the text's. */
static int nothing_read(struct mega_utterance *u, const struct mega_segment *s)
{
    bool words = false;
    for (size_t p = 0; p < s->chunk.parts; p++)
        words = words || s->chunk.part[p].ids;
    int shown = shown_bytes(u, &s->chunk);
    const char *text = ora_str_c(&u->script.normalized) + s->chunk.start;
    if (!words)
        return ora_err_set(&u->why, ORA_E_NO_WORDS, "'%.*s' has nothing but silence", shown, text);
    return ora_err_set(&u->why, ORA_E_RUNAWAY, "'%.*s': the language model reads no phones in it", shown,
                       text);
}

/* Takes the readings; *again when a chunk was cut and its halves are to be read. */
static void take_readings(const struct mega_batch *b, struct mega_utterance *u, bool *again)
{
    for (int i = 0; u->rc == 0 && i < u->count; i++) {
        struct mega_segment *s = &u->segment[i];
        bool cut = false;
        if (s->read)
            continue;
        if (s->reading == NULL || !ended(b->m, s))
            cut = split(b, u, i, ORA_E_RUNAWAY, "the language model did not come to an end");
        else if (!mega_segment_keep(s, i + 1 == u->count))
            u->rc = nothing_read(u, s);
        else if (s->count > MEGA_SEGMENT_PHONES_MAX)
            cut = split(b, u, i, ORA_E_LIMIT, "more phones than one segment takes");
        *again = *again || cut;
        i += cut; /* both halves wait for the next round */
    }
}

/* ---- durations --------------------------------------------------------------------------------------------
 */

/* Segments that wait for codes. */
struct waiting {
    struct mega_duration_chunk *chunk;
    int count;
};

static void gather_waiting(const struct mega_batch *b, struct waiting *w)
{
    size_t most = 0;
    for (size_t i = 0; i < b->count; i++)
        most += (size_t)b->utterance[i].count;
    *w = (struct waiting){ora_xcalloc(most + 1, sizeof *w->chunk), 0};
    for (size_t i = 0; i < b->count; i++) {
        struct mega_utterance *u = &b->utterance[i];
        for (int k = 0; u->rc == 0 && k < u->count; k++) {
            struct mega_segment *s = &u->segment[k];
            if (s->codes)
                continue;
            s->codes = ora_xmalloc((size_t)s->count * sizeof *s->codes);
            w->chunk[w->count++] = (struct mega_duration_chunk){.phones = s->phones,
                                                                .tones = s->tones,
                                                                .n = s->count,
                                                                .forced = s->given_codes,
                                                                .codes = s->codes};
        }
    }
}

/* Codes of every segment that has none, each after the prompt. */
static int predict_all(struct mega_batch *b, struct ora_err *err)
{
    const struct ora_model *m = b->m;
    struct mega_duration_state heard;
    size_t mark = ora_arena_mark(b->c.arena);
    struct ora_fpu_state fpu = ora_fpu_enter();
    struct waiting w;
    int rc = 0;
    gather_waiting(b, &w);
    if (w.count)
        rc = mega_prompt_prime(&b->c, &m->duration, &m->prompt, &heard, m->prompt.phone_count, err);
    if (rc == 0 && w.count)
        rc = mega_duration_batch(&b->c, &m->duration, &heard, w.chunk, w.count, MEGA_DURATION_SEATS, err);
    free(w.chunk);
    ora_fpu_leave(fpu);
    ora_arena_reset(b->c.arena, mark);
    return rc;
}

/* Two uniforms a phone for the disturbance. */
static void draw_disturbance(struct ora_rng_key key, int count, float *choice, float *amount)
{
    for (int i = 0; i < count; i++) {
        uint32_t counter[4] = {(uint32_t)i, 0, DRAW_DISTURB, 0}, word[4];
        ora_philox(key, counter, word);
        choice[i] = (float)(word[0] >> 8) * 0x1p-24f;
        amount[i] = (float)(word[1] >> 8) * 0x1p-24f;
    }
}

static void time_segment(struct mega_utterance *u, int at)
{
    const struct ora_request *q = u->request;
    struct mega_segment *s = &u->segment[at];
    float *draws = ora_xmalloc(2 * (size_t)s->count * sizeof *draws);
    struct mega_timing how = {.first_chunk = at == 0,
                              .last_chunk = at == u->count - 1,
                              .alpha = mega_setting(q, MEGA_ALPHA) / (q->speed > 0 ? q->speed : 1),
                              .disturb = mega_setting(q, MEGA_DUR_DISTURB),
                              .choice = draws,
                              .amount = draws + s->count,
                              .floor_stop = (int)mega_setting(q, MEGA_SILENCE_STOP_MS) / FRAME_MS,
                              .floor_comma = (int)mega_setting(q, MEGA_SILENCE_COMMA_MS) / FRAME_MS,
                              .given = s->given};
    draw_disturbance(key_of(u, at), s->count, draws, draws + s->count);
    mega_durations(s->phones, s->codes, (size_t)s->count, &how, s->durations);
    s->frames = 0;
    for (int i = 0; i < s->count; i++)
        s->frames += s->durations[i];
    free(draws);
}

/* Cuts all that are too long at once: a round reads and predicts anew. Since times hang on the segments'
 * places (noise, first, last) all are timed again in the next round. */
static void time_utterance(const struct mega_batch *b, struct mega_utterance *u, bool *again)
{
    int wanted = 100 * (int)mega_setting(u->request, MEGA_MAX_CHUNK_SECONDS);
    int most = wanted < b->m->max_chunk_frames ? wanted : b->m->max_chunk_frames;
    char what[80];
    for (int i = 0; u->rc == 0 && i < u->count; i++) {
        time_segment(u, i);
        if (u->segment[i].frames <= most)
            continue;
        snprintf(what, sizeof what, "it would take %.1f s, more than max_chunk_seconds of %d",
                 u->segment[i].frames / 100.0, most / 100);
        if (split(b, u, i, ORA_E_RUNAWAY, what))
            *again = true;
        i++; /* the halves wait for the next round */
    }
}

int mega_speak_phones(struct mega_batch *b, struct ora_err *err)
{
    bool again = true;
    int rc = 0;
    while (rc == 0 && again) {
        again = false;
        b->rounds++;
        rc = read_all(b, err);
        for (size_t i = 0; rc == 0 && i < b->count; i++)
            take_readings(b, &b->utterance[i], &again);
        if (again)
            continue;
        mega_model_rest(b->m, MEGA_NET_G2P);
        if (rc == 0)
            rc = predict_all(b, err);
        mega_model_rest(b->m, MEGA_NET_DURATION);
        for (size_t i = 0; rc == 0 && i < b->count; i++)
            time_utterance(b, &b->utterance[i], &again);
    }
    return rc;
}

/* ---- latents ----------------------------------------------------------------------------------------------
 */

struct sampler {
    const struct ora_model *m;
    struct ora_rng_key key;
};

static void draw_noise(void *ctx, int index, float *out, size_t n)
{
    const struct ora_rng_key *key = &((const struct sampler *)ctx)->key;
    for (size_t t = 0; t < n / MEGA_LATENT; t++)
        ora_noise_row(*key, (uint32_t)index, (uint32_t)t, 0, MEGA_LATENT, 1, out + t * MEGA_LATENT);
}

struct joined { /* prompt, then target */
    int32_t *phones, *tones, *mel2ph;
    int frames;
};

static void join_prompt(const struct mega_prompt *p, const struct mega_segment *s, struct joined *j)
{
    size_t before = (size_t)p->phone_count, n = (size_t)s->count;
    j->frames = p->rows * MEGA_LATENT_FRAMES + s->frames;
    j->phones = ora_xmalloc((2 * (before + n) + (size_t)j->frames) * sizeof *j->phones);
    j->tones = j->phones + before + n;
    j->mel2ph = j->tones + before + n;
    memcpy(j->phones, p->phones, before * sizeof *j->phones);
    memcpy(j->phones + before, s->phones, n * sizeof *j->phones);
    memcpy(j->tones, p->tones, before * sizeof *j->tones);
    memcpy(j->tones + before, s->tones, n * sizeof *j->tones);
    size_t at = mega_mel2ph(p->durations, before, j->mel2ph, (size_t)j->frames);
    mega_mel2ph(s->durations, n, j->mel2ph + at, (size_t)j->frames - at);
    for (size_t i = at; i < (size_t)j->frames; i++)
        j->mel2ph[i] += p->phone_count;
}

static void rest_dit(void *ctx)
{
    mega_model_rest(((const struct sampler *)ctx)->m, MEGA_NET_DIT);
}

/* AdaLN vectors of the steps that the segments in work take. */
struct table {
    float *floats;
    int steps;
};

/* They hang on the steps alone, and the weights that make them are a third of the network's: made once for
 * all segments of as many steps, and their pages let go before the rest comes in. Those of very many steps do
 * not fit in memory: the sampler makes them by blocks. */
static int use_table(struct mega_batch *b, struct table *t, int steps, struct ora_err *err)
{
    const struct mega_dit *dit = &b->m->dit;
    size_t floats = mega_dit_table_floats(dit) * (size_t)steps;
    double times[MEGA_TABLE_STEPS];
    if (t->steps == steps)
        return 0;
    free(t->floats);
    *t = (struct table){NULL, steps};
    if (steps > MEGA_TABLE_STEPS)
        return 0;
    *t = (struct table){ora_trymalloc(floats * sizeof(float)), steps};
    if (!t->floats)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for the vectors of %d steps", steps);
    for (int i = 0; i < steps; i++)
        times[i] = ora_sway_time(i, steps);
    int rc = mega_dit_table(&b->c, dit, times, steps, t->floats, err);
    mega_model_rest(b->m, MEGA_NET_DIT);
    return rc;
}

static int sample_segment(struct mega_batch *b, struct mega_utterance *u, int at, struct table *table,
                          struct ora_err *err)
{
    const struct ora_model *m = b->m;
    const struct mega_prompt *p = &m->prompt;
    struct mega_segment *s = &u->segment[at];
    struct sampler sampler = {m, key_of(u, at)};
    int steps = (int)mega_setting(u->request, MEGA_STEPS), rc = use_table(b, table, steps, err);
    if (rc < 0)
        return rc;
    struct joined j;
    join_prompt(p, s, &j);
    struct mega_dit_input in = {.phones = j.phones,
                                .tones = j.tones,
                                .phone_count = p->phone_count + s->count,
                                .mel2ph = j.mel2ph,
                                .frames = j.frames,
                                .prompt = p->latents,
                                .prompt_rows = p->rows};
    struct mega_sampling how = {.steps = steps,
                                .p_w = mega_setting(u->request, MEGA_P_W),
                                .t_w = mega_setting(u->request, MEGA_T_W),
                                .noise = draw_noise,
                                .ctx = &sampler,
                                .table = table->floats,
                                .table_made = rest_dit};
    size_t mark = ora_arena_mark(b->c.arena), rows = (size_t)mega_dit_rows(&in), own = rows - (size_t)p->rows;
    float *x = ora_arena_floats(b->c.arena, rows * MEGA_LATENT);
    rc = x ? mega_dit_sample(&b->c, &m->dit, &in, &how, x, err) : ora_no_room(err, "the latents");
    if (rc == 0) {
        s->latents = ora_xmalloc(own * MEGA_LATENT * sizeof *s->latents);
        memcpy(s->latents, x + (size_t)p->rows * MEGA_LATENT, own * MEGA_LATENT * sizeof *s->latents);
    }
    ora_arena_reset(b->c.arena, mark);
    free(j.phones);
    return rc;
}

int mega_speak_latents(struct mega_batch *b, struct ora_err *err)
{
    struct ora_fpu_state fpu = ora_fpu_enter();
    struct table table = {0};
    int rc = 0;
    for (size_t i = 0; i < b->count; i++)
        for (int s = 0; rc == 0 && b->utterance[i].rc == 0 && s < b->utterance[i].count; s++)
            rc = sample_segment(b, &b->utterance[i], s, &table, err);
    free(table.floats);
    ora_fpu_leave(fpu);
    mega_model_rest(b->m, MEGA_NET_DIT);
    return rc;
}

/* ---- samples ----------------------------------------------------------------------------------------------
 */

/* Does the chunk end a sentence? Between those of one sentence no pause is owed. */
static bool ends_sentence(const struct mega_utterance *u, const struct mega_segment *s)
{
    static const char *const marks[] = {".", "!", "?", "…", "。", "！", "？"};
    const char *text = ora_str_c(&u->script.normalized) + s->chunk.start;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (s->chunk.len >= n && !memcmp(text + s->chunk.len - n, marks[i], n))
            return true;
    }
    return false;
}

/* The pause that the job wants behind segment `at`. */
static size_t wanted_pause(const struct mega_utterance *u, int at)
{
    bool owed = at >= 0 && at + 1 < u->count && ends_sentence(u, &u->segment[at]);
    return owed ? (size_t)u->request->sentence_pause_ms * MEGA_SAMPLE_RATE / 1000 : 0;
}

/* Silence to be put between what there is and the next segment: the job's pause without what both bring. */
static size_t pause_between(const struct mega_utterance *u, size_t want, const float *next, size_t n)
{
    size_t heard = u->samples < PAUSE_SEEN ? u->samples : PAUSE_SEEN;
    struct ora_level before, after;
    ora_level_measure(u->pcm + u->samples - heard, heard, &before);
    ora_level_measure(next, n < PAUSE_SEEN ? n : PAUSE_SEEN, &after);
    size_t own = before.trail + after.lead;
    own = own > MEGA_FADE ? own - MEGA_FADE : 0; /* they lap over each other */
    return want > own ? want - own : 0;
}

/* The segment's own samples in the arena: decoded with as many latents before as its first sample hangs on.
 */
static int decode_segment(struct mega_batch *b, const struct mega_segment *s, float **wave,
                          struct ora_err *err)
{
    const struct mega_prompt *p = &b->m->prompt;
    size_t before = (size_t)(p->rows < MEGA_VAE_REACH ? p->rows : MEGA_VAE_REACH);
    size_t own = (size_t)s->frames / MEGA_LATENT_FRAMES;
    float *z = ora_arena_floats(b->c.arena, (before + own) * MEGA_LATENT);
    *wave = ora_arena_floats(b->c.arena, own * MEGA_LATENT_HOP);
    if (!z || !*wave)
        return ora_no_room(err, "a segment's samples");
    memcpy(z, p->latents + ((size_t)p->rows - before) * MEGA_LATENT, before * MEGA_LATENT * sizeof *z);
    memcpy(z + before * MEGA_LATENT, s->latents, own * MEGA_LATENT * sizeof *z);
    return mega_vae_decode_from(&b->c, &b->m->vae, z, (int)(before + own), (int)before, *wave, err);
}

/* Room for all samples of the utterance, its longest pause behind every segment too. */
static int make_room(struct mega_utterance *u, float **silence, struct ora_err *err)
{
    size_t total = 0, longest = MEGA_FADE;
    for (int i = 0; i < u->count; i++) {
        size_t pause = wanted_pause(u, i) + MEGA_FADE;
        longest = pause > longest ? pause : longest;
        total += (size_t)u->segment[i].frames * MEGA_HOP + pause;
    }
    if (total > UINT32_MAX)
        return u->rc = ora_err_set(&u->why, ORA_E_LIMIT, "more samples than 32 bits can count");
    u->pcm = ora_trymalloc(total * sizeof *u->pcm);
    *silence = ora_trymalloc(longest * sizeof **silence);
    if (!u->pcm || !*silence)
        return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu samples", total);
    memset(*silence, 0, longest * sizeof **silence);
    return 0;
}

/* Loudness is the prompt's, chunk by chunk; then cross-faded to what there is. */
static int add_segment(struct mega_batch *b, struct mega_utterance *u, int at, const float *silence,
                       struct ora_err *err)
{
    struct mega_segment *s = &u->segment[at];
    size_t mark = ora_arena_mark(b->c.arena), n = (size_t)s->frames * MEGA_HOP;
    float *wave;
    int rc = decode_segment(b, s, &wave, err);
    if (rc == 0) {
        mega_level(wave, n, mega_level_gain(b->m->prompt.lufs, mega_loudness(wave, n)));
        size_t pause = wanted_pause(u, at - 1);
        pause = pause ? pause_between(u, pause, wave, n) : 0;
        if (pause)
            u->samples = mega_crossfade(u->pcm, u->samples, silence, pause + MEGA_FADE);
        u->samples = mega_crossfade(u->pcm, u->samples, wave, n);
        s->start = (uint32_t)(u->samples - n);
        s->samples = (uint32_t)n;
    }
    ora_arena_reset(b->c.arena, mark);
    return rc;
}

int mega_speak_wave(struct mega_batch *b, struct mega_utterance *u, struct ora_err *err)
{
    float *silence = NULL;
    struct ora_fpu_state fpu = ora_fpu_enter();
    int rc = make_room(u, &silence, err);
    for (int i = 0; rc == 0 && i < u->count; i++)
        rc = add_segment(b, u, i, silence, err);
    ora_fpu_leave(fpu);
    free(silence);
    return u->rc < 0 ? 0 : rc;
}
