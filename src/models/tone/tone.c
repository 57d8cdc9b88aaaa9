/*
 * Family `tone`. A phone of P samples is k whole turns of a sine, so it starts and ends at zero; a ramp at
 * both ends takes the corner off where a tone meets another or silence. One table of a turn in P steps serves
 * all k: step k.
 *
 * All of a request lies in the arena: the table, the ramp, pcm, phones, words. Their sizes follow from the
 * text's length, so plan() and synth() share layout().
 */
#include "models/tone/tone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { SET_PHONE_MS, SET_CRASH_ON, SET_FAIL_ON, SET_SLEEP_MS };

enum {
    PHONE_MS_MAX = 40,
    PHONE_MS_LONGEST = 80, /* whatever the speed: it bounds the arena */
    TURNS_LOWEST = 4,      /* turns in 20 ms: 200 Hz … */
    TURNS_RANGE = 61,      /* … to 3.2 kHz */
    TOGETHER_MAX = 64,
};
static const double amplitude = 0.3;

static const struct ora_setting_def settings[] = {
    [SET_PHONE_MS] = {"phone_ms", ORA_SETTING_NUMBER, 20, 1, PHONE_MS_MAX, NULL,
                      "length of a phone at speed 1"},
    [SET_CRASH_ON] = {"crash_on", ORA_SETTING_INTEGER, 0, 0, 0x10ffff, NULL,
                      "test aid: a text with this code point aborts the process (0: never)"},
    [SET_FAIL_ON] = {"fail_on", ORA_SETTING_INTEGER, 0, 0, 0x10ffff, NULL,
                     "test aid: a text with this code point is refused (0: never)"},
    [SET_SLEEP_MS] = {"sleep_ms", ORA_SETTING_INTEGER, 0, 0, 600000, NULL,
                      "test aid: what each request takes beside its work"},
    {0},
};

struct ora_model {
    int sample_rate_hz;
    int speaker_count;
    int together; /* requests whose crash comes before the first is spoken */
};

/* ---- life ----------------------------------------------------------------------------------- */

static void tone_close(struct ora_model **model)
{
    free(*model);
    *model = NULL;
}

/* Test aid in voice.yaml, `tone: {together: N}`: N requests go through one stage before the first of them is
 * spoken, as in families that run many at once; a text that crashes does it there. */
static int read_together(const struct ora_voice *voice, int *together, struct ora_err *err)
{
    const struct ora_yaml_node *n = ora_yaml_get(voice->family_config, "together");
    int64_t v = 1;
    int rc = ora_yaml_is_null(n) ? 0 : ora_yaml_integer(n, 1, TOGETHER_MAX, &v, err);
    *together = (int)v;
    return rc;
}

static int tone_open(const struct ora_voice *voice, const struct ora_open_options *options,
                     struct ora_model **model, struct ora_err *err)
{
    (void)options;
    *model = NULL;
    if (voice->sample_rate_hz < 8000 || voice->sample_rate_hz > 96000)
        return ora_err_set(err, ORA_E_VOICE,
                           "voice '%s': sample_rate_hz is %d, family tone does 8000 to 96000", voice->name,
                           voice->sample_rate_hz);
    *model = ora_xcalloc(1, sizeof **model);
    (*model)->sample_rate_hz = voice->sample_rate_hz;
    (*model)->speaker_count = voice->speaker_count;
    int rc = read_together(voice, &(*model)->together, err);
    if (rc < 0)
        tone_close(model);
    return rc;
}

static const char *tone_level(const struct ora_model *model)
{
    (void)model;
    return "scalar";
}

static int tone_describe(const struct ora_model *model, json_t **facts, struct ora_err *err)
{
    *facts = json_pack("{s:s, s:i, s:i}", "phone", "a sine, its frequency from the code point",
                       "sample_rate_hz", model->sample_rate_hz, "speakers", model->speaker_count);
    return *facts ? 0 : ora_err_set(err, ORA_E_NO_MEMORY, "no memory for a voice's facts");
}

/* ---- what a request needs ------------------------------------------------------------------- */

struct layout {
    float *table, *ramp; /* a turn in phone_samples steps; the rising edge, ramp_samples of it */
    float *pcm;
    struct ora_phone *phones;
    struct ora_word *words;
};

static size_t align64(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static size_t ramp_of(size_t phone_samples)
{
    return phone_samples / 8;
}

/* Bytes for a text of `units` code points, at least one; 0 on overflow. */
static size_t layout_bytes(size_t units, size_t phone_samples)
{
    size_t pcm, phones, words, total = align64(2 * phone_samples * sizeof(float));
    if (!ora_size_mul(units, phone_samples * sizeof(float), &pcm) || !ora_size_add(pcm, 64, &pcm) ||
        !ora_size_mul(units, sizeof(struct ora_phone), &phones) || !ora_size_add(phones, 64, &phones) ||
        !ora_size_mul(units, sizeof(struct ora_word), &words) || !ora_size_add(words, 64, &words) ||
        !ora_size_add(total, pcm, &total) || !ora_size_add(total, phones, &total) ||
        !ora_size_add(total, words, &total) || !ora_size_add(total, 3 * 64, &total))
        return 0;
    return total;
}

static bool take(struct layout *l, struct ora_arena *arena, size_t units, size_t phone_samples)
{
    l->table = ora_arena_floats(arena, phone_samples);
    l->ramp = ora_arena_floats(arena, ramp_of(phone_samples));
    l->pcm = ora_arena_floats(arena, units * phone_samples);
    l->phones = ora_arena_alloc(arena, units * sizeof *l->phones);
    l->words = ora_arena_alloc(arena, units * sizeof *l->words);
    return l->table && l->ramp && l->pcm && l->phones && l->words;
}

static size_t phone_samples_of(const struct ora_model *m, double phone_ms, double speed)
{
    double ms = speed > 0 ? phone_ms / speed : phone_ms;
    if (ms > PHONE_MS_LONGEST)
        ms = PHONE_MS_LONGEST;
    size_t n = (size_t)(ms * m->sample_rate_hz / 1000 + 0.5);
    return n ? n : 1;
}

static int tone_plan(const struct ora_model *model, const struct ora_limits *limits, struct ora_plan *plan,
                     struct ora_err *err)
{
    size_t units = limits->max_chars ? limits->max_chars : 1;
    plan->arena_bytes = layout_bytes(units, phone_samples_of(model, PHONE_MS_LONGEST, 1));
    plan->max_batch = (uint32_t)model->together;
    if (!plan->arena_bytes)
        return ora_err_set(err, ORA_E_LIMIT, "max_chars %u is too large", limits->max_chars);
    return 0;
}

/* ---- speaking ------------------------------------------------------------------------------- */

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

static void speak_phone(float *out, const struct layout *l, size_t n, uint32_t cp, int speaker)
{
    size_t step = (TURNS_LOWEST + (cp + (uint32_t)speaker * 7u) % TURNS_RANGE) % n;
    size_t ramp = ramp_of(n), at = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = l->table[at];
        at += step;
        if (at >= n)
            at -= n;
    }
    for (size_t i = 0; i < ramp; i++) {
        out[i] *= l->ramp[i];
        out[n - 1 - i] *= l->ramp[i];
    }
}

/* Fills l from the text; the counts stand in *s. */
static void speak(const struct ora_request *q, size_t n, const struct layout *l, struct ora_spoken *s)
{
    size_t len = strlen(q->text);
    struct ora_word *word = NULL;
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t cp;
        used = ora_utf8_decode(q->text + at, len - at, &cp);
        uint32_t start = (uint32_t)s->samples;
        float *out = l->pcm + s->samples;
        s->samples += n;
        s->frames++;
        if (is_space(cp)) {
            memset(out, 0, n * sizeof *out);
            word = NULL;
            continue;
        }
        speak_phone(out, l, n, cp, q->speaker);
        struct ora_phone *phone = &l->phones[s->phone_count++];
        *phone = (struct ora_phone){.start = start, .count = (uint32_t)n};
        memcpy(phone->symbol, q->text + at, used);
        if (!word) {
            word = &l->words[s->word_count++];
            *word = (struct ora_word){.text_start = (uint32_t)at, .start = start};
        }
        word->text_len = (uint32_t)(at + used) - word->text_start;
        word->count = (uint32_t)s->samples - word->start;
    }
}

static bool has(const char *text, double wanted)
{
    size_t len = strlen(text);
    uint32_t cp;
    for (size_t at = 0; wanted > 0 && at < len; at += ora_utf8_decode(text + at, len - at, &cp)) {
        (void)ora_utf8_decode(text + at, len - at, &cp);
        if (cp == (uint32_t)wanted)
            return true;
    }
    return false;
}

static void crash(const struct ora_request *q)
{
    if (has(q->text, q->settings.value[SET_CRASH_ON]))
        abort();
}

static int test_aids(const struct ora_request *q, struct ora_err *why)
{
    long ms = (long)q->settings.value[SET_SLEEP_MS];
    if (ms > 0) {
        struct timespec t = {ms / 1000, ms % 1000 * 1000000};
        while (nanosleep(&t, &t) < 0 && errno == EINTR)
            ;
    }
    crash(q);
    if (has(q->text, q->settings.value[SET_FAIL_ON]))
        return ora_err_set(why, ORA_E_BAD_INPUT,
                           "utterance '%s': the text has the code point of setting 'fail_on'", q->id);
    return 0;
}

static int check(const struct ora_model *m, const struct ora_request *q, struct ora_err *why)
{
    size_t len = strlen(q->text);
    size_t valid = ora_utf8_valid_prefix(q->text, len);
    if (valid != len)
        return ora_err_set(why, ORA_E_BAD_INPUT, "utterance '%s': byte %zu is not UTF-8", q->id, valid);
    if (len == 0 || len > UINT32_MAX)
        return ora_err_set(why, ORA_E_BAD_INPUT, "utterance '%s': a text of %zu bytes", q->id, len);
    if (q->speaker < 0 || q->speaker >= m->speaker_count)
        return ora_err_set(why, ORA_E_BAD_INPUT, "utterance '%s': speaker %d, the voice has 0 to %d", q->id,
                           q->speaker, m->speaker_count - 1);
    return test_aids(q, why);
}

static int speak_request(const struct ora_model *m, struct ora_arena *arena, const struct ora_request *q,
                         size_t index, ora_emit_fn *emit, void *ctx)
{
    struct ora_err why = {0};
    struct layout l;
    int rc = check(m, q, &why);
    if (rc < 0)
        return emit(ctx, index, rc, NULL, &why);

    size_t n = phone_samples_of(m, q->settings.value[SET_PHONE_MS], q->speed);
    size_t units = ora_utf8_length(q->text, strlen(q->text));
    if (!layout_bytes(units, n) || units * n > UINT32_MAX || !take(&l, arena, units, n)) {
        rc = ora_err_set(&why, ORA_E_LIMIT, "utterance '%s': %zu code points are more than was planned for",
                         q->id, units);
        return emit(ctx, index, rc, NULL, &why);
    }
    ora_tone_sine(l.table, n, amplitude);
    for (size_t i = 0; i < ramp_of(n); i++)
        l.ramp[i] = (float)(i + 1) / (float)(ramp_of(n) + 1);
    struct ora_spoken s = {
        .pcm = l.pcm,
        .sample_rate_hz = m->sample_rate_hz,
        .normalized_text = q->text,
        .phonemes = q->text,
        .phones = l.phones,
        .words = l.words,
        .segments = 1,
    };
    speak(q, n, &l, &s);
    return emit(ctx, index, 0, &s, NULL);
}

static int tone_synth(const struct ora_model *model, struct ora_arena *arena,
                      const struct ora_request *requests, size_t count, ora_emit_fn *emit, void *emit_ctx,
                      struct ora_err *err)
{
    (void)err; /* whatever goes wrong goes wrong with one request */
    size_t mark = ora_arena_mark(arena);
    int rc = 0;
    for (size_t i = 0; model->together > 1 && i < count; i++)
        crash(&requests[i]);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = speak_request(model, arena, &requests[i], i, emit, emit_ctx);
        ora_arena_reset(arena, mark);
    }
    return rc < 0 ? rc : 0;
}

const struct ora_family ora_family_tone = {
    .name = "tone",
    .summary = "no weights: a sine a character, for tests and for trying things out",
    .settings = settings,
    .usual = {.audio_s_per_char = 0.02, .core_s_per_audio_s = 0.0005},
    .open = tone_open,
    .close = tone_close,
    .plan = tone_plan,
    .synth = tone_synth,
    .level = tone_level,
    .describe = tone_describe,
};
