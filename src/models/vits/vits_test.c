/* The whole family on small voices made by a formula: bits under any cut of the work, memory, times, errors.
 */
#include "models/vits/speech.h"

#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/vits/model.h"
#include "models/vits/tiny_voice.h"

extern const struct ora_family ora_family_vits;

static const struct tiny_voice_shape SMALL = {
    .hidden = 24, .inter = 20, .head_dim = 12, .ffn = 40, .first_channels = 64, .speakers = 1};
static const struct tiny_voice_shape HIGH = {.hidden = 32,
                                             .inter = 32,
                                             .head_dim = 16,
                                             .ffn = 48,
                                             .first_channels = 64,
                                             .type_1 = true,
                                             .deterministic = true,
                                             .speakers = 3};

/* ---- counting allocations -------------------------------------------------------------------- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
static long allocations;

void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}
#endif

/* ---- a voice, open --------------------------------------------------------------------------- */

struct stage {
    struct ora_voice *voice;
    struct ora_model *m;
    struct ora_arena arena;
};

static bool stage_open(struct stage *s, const struct tiny_voice_shape *shape, const char *kernels, int chunk)
{
    struct ora_err err = {0};
    struct ora_open_options o = {
        .kernels = kernels, .cache_dir = ora_test_tmpdir(), .decode_chunk_frames = chunk};
    struct ora_limits limits = {.max_chars = 100};
    struct ora_plan plan;
    memset(s, 0, sizeof *s);
    if (tiny_voice_make(ora_test_tmpdir(), shape, &s->voice, &err) < 0 ||
        ora_family_vits.open(s->voice, &o, &s->m, &err) < 0 ||
        ora_family_vits.plan(s->m, &limits, &plan, &err) < 0 ||
        ora_arena_init(&s->arena, plan.arena_bytes, &err) < 0) {
        ORA_FAIL("%s", err.message);
        return false;
    }
    return true;
}

static void stage_close(struct stage *s)
{
    ora_arena_release(&s->arena);
    ora_family_vits.close(&s->m);
    tiny_voice_free(&s->voice);
}

struct heard {
    float *pcm;
    size_t samples;
    struct ora_phone phone[512];
    size_t phones;
    struct ora_word word[64];
    size_t words;
    char phonemes[2048];
    uint32_t segments, dropped;
    int64_t cuts;
    int rc;
    char why[sizeof((struct ora_err *)0)->message];
};

static int listen(void *ctx, size_t index, int rc, const struct ora_spoken *spoken, const struct ora_err *why)
{
    struct heard *h = &((struct heard *)ctx)[index];
    h->rc = rc;
    if (rc < 0) {
        snprintf(h->why, sizeof h->why, "%s", why->message);
        return 0;
    }
    h->samples = spoken->samples;
    h->pcm = ora_xmalloc(spoken->samples * sizeof *h->pcm);
    memcpy(h->pcm, spoken->pcm, spoken->samples * sizeof *h->pcm);
    h->phones = spoken->phone_count < 512 ? spoken->phone_count : 512;
    memcpy(h->phone, spoken->phones, h->phones * sizeof *h->phone);
    h->words = spoken->word_count < 64 ? spoken->word_count : 64;
    memcpy(h->word, spoken->words, h->words * sizeof *h->word);
    snprintf(h->phonemes, sizeof h->phonemes, "%s", spoken->phonemes);
    h->segments = spoken->segments;
    h->dropped = spoken->dropped_phonemes;
    h->cuts = spoken->forced_cuts;
    return 0;
}

static struct ora_request request(const char *id, const char *text)
{
    struct ora_request q = {.id = id, .text = text, .speed = 1, .seed = 7, .sentence_pause_ms = 100};
    ora_settings_init(&ora_family_vits, NULL, &q.settings, NULL);
    return q;
}

static void speak(struct stage *s, const struct ora_request *q, size_t count, struct heard *out)
{
    struct ora_err err = {0};
    memset(out, 0, count * sizeof *out);
    ORA_CHECK_OK(ora_family_vits.synth(s->m, &s->arena, q, count, listen, out, &err), err);
}

static bool same(const struct heard *a, const struct heard *b)
{
    return a->samples == b->samples && a->samples && !memcmp(a->pcm, b->pcm, a->samples * sizeof *a->pcm);
}

/* ---- cases ----------------------------------------------------------------------------------- */

ORA_TEST(bits_do_not_depend_on_chunks_or_levels)
{
    static const struct {
        const char *kernels;
        int chunk;
    } row[] = {{NULL, 1}, {NULL, 7}, {NULL, 1000}, {"scalar", 0}, {"avx2", 5}, {"avx512", 13}};
    const struct tiny_voice_shape *shape[] = {&SMALL, &HIGH};
    for (int v = 0; v < 2; v++) {
        static struct heard first, other;
        struct stage s;
        struct ora_request q = request("u", "hello");
        ORA_REQUIRE(stage_open(&s, shape[v], NULL, 0));
        speak(&s, &q, 1, &first);
        ORA_CHECK_INT(first.rc, 0);
        stage_close(&s);
        for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
            const struct ora_kernels *k = ora_kernels_find(row[i].kernels, NULL);
            if (!k)
                continue; /* not of this processor */
            ORA_REQUIRE(stage_open(&s, shape[v], row[i].kernels, row[i].chunk));
            speak(&s, &q, 1, &other);
            if (!same(&first, &other))
                ORA_FAIL("shape %d: %s in chunks of %d differs", v,
                         row[i].kernels ? row[i].kernels : "the best", row[i].chunk);
            free(other.pcm);
            stage_close(&s);
        }
        free(first.pcm);
    }
}

/* Decibels of a over its difference from b. */
static double snr_db(const struct heard *a, const struct heard *b)
{
    double signal = 0, error = 0;
    for (size_t i = 0; i < a->samples && a->samples == b->samples; i++) {
        signal += (double)a->pcm[i] * a->pcm[i];
        error += ((double)a->pcm[i] - b->pcm[i]) * ((double)a->pcm[i] - b->pcm[i]);
    }
    return signal > 0 ? 10 * log10(signal / error) : 0;
}

/* Winograd levels: bits of their own, the same at both and under any chunks; 80 dB of the direct ones, the
 * bar of whole waveforms; and not the direct level under another name. */
ORA_TEST(winograd_bits_do_not_depend_on_chunks)
{
    static const struct {
        const char *kernels;
        int chunk;
    } row[] = {{"avx2-wino", 0},   {"avx2-wino", 1},   {"avx2-wino", 7},   {"avx2-wino", 1000},
               {"avx512-wino", 0}, {"avx512-wino", 5}, {"avx512-wino", 13}};
    struct tiny_voice_shape shape[2] = {SMALL, HIGH};
    struct ora_err err = {0};
    if (!ora_kernels_find("avx2-wino", &err))
        ORA_SKIP(err.message);
    for (int v = 0; v < 2; v++) {
        static struct heard direct, first, other;
        struct stage s;
        struct ora_request q = request("u", "hello");
        shape[v].hidden = 48;
        shape[v].first_channels = 256;
        for (size_t i = 0; i < 1 + sizeof row / sizeof *row; i++) {
            const char *kernels = i ? row[i - 1].kernels : "avx2";
            if (!ora_kernels_find(kernels, NULL))
                continue; /* not of this processor */
            ORA_REQUIRE(stage_open(&s, &shape[v], kernels, i ? row[i - 1].chunk : 0));
            speak(&s, &q, 1, i == 0 ? &direct : i == 1 ? &first : &other);
            if (i == 1 && !(snr_db(&direct, &first) >= 80 && !same(&direct, &first)))
                ORA_FAIL("shape %d: %.1f dB from the direct level", v, snr_db(&direct, &first));
            if (i > 1 && !same(&first, &other))
                ORA_FAIL("shape %d: %s in chunks of %d differs", v, kernels, row[i - 1].chunk);
            if (i > 1)
                free(other.pcm);
            stage_close(&s);
        }
        free(direct.pcm);
        free(first.pcm);
    }
}

ORA_TEST(neighbours_and_order_change_nothing)
{
    static struct heard both[3], alone;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct ora_request q[3] = {request("one", "bad abode"), request("two", "hello"),
                               request("one", "bad abode")};
    speak(&s, q, 3, both);
    speak(&s, &q[1], 1, &alone);
    ORA_CHECK(same(&both[1], &alone));
    ORA_CHECK(same(&both[0], &both[2]));
    free(alone.pcm);
    q[1].seed = 8;
    speak(&s, &q[1], 1, &alone);
    ORA_CHECK(!same(&both[1], &alone));
    for (int i = 0; i < 3; i++)
        free(both[i].pcm);
    free(alone.pcm);
    stage_close(&s);
}

ORA_TEST(phones_fill_the_utterance_and_words_lie_in_it)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct ora_request q = request("u", "Hello xx World.");
    speak(&s, &q, 1, &h);
    ORA_CHECK_STR(h.phonemes, "hello  world.");
    ORA_CHECK_INT(h.dropped, 2);
    ORA_CHECK_INT(h.phones, 15);
    uint32_t at = 0;
    for (size_t i = 0; i < h.phones; i++) {
        ORA_CHECK_INT(h.phone[i].start, at);
        at += h.phone[i].count;
    }
    ORA_CHECK_INT(at, h.samples);
    ORA_CHECK_STR(h.phone[0].symbol, "^");
    ORA_CHECK_STR(h.phone[14].symbol, "$");
    ORA_REQUIRE(h.words == 3);
    ORA_CHECK_INT(h.word[0].start, h.phone[1].start);
    ORA_CHECK_INT(h.word[1].flags, ORA_WORD_UNKNOWN);
    ORA_CHECK_INT(h.word[2].text_start, 9);
    ORA_CHECK_INT(h.word[2].start, h.phone[8].start);
    free(h.pcm);
    stage_close(&s);
}

ORA_TEST(sentences_are_joined_with_a_pause)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct ora_request q = request("u", "abc\nhello.");
    q.text_is_phonemes = true;
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.segments, 2);
    ORA_CHECK_STR(h.phonemes, "abc\nhello.");
    size_t pauses = 0;
    for (size_t i = 0; i < h.phones; i++)
        if (!strcmp(h.phone[i].symbol, "_")) {
            pauses++;
            ORA_CHECK_INT(h.phone[i].count, 1600);
            for (uint32_t j = 0; j < h.phone[i].count; j++)
                ORA_CHECK(h.pcm[h.phone[i].start + j] == 0);
        }
    ORA_CHECK_INT(pauses, 1);
    free(h.pcm);
    stage_close(&s);
}

/* Piper's phoneme_silence: a run of its own on each side, whatever pauses there are between sentences. */
ORA_TEST(silences_stand_behind_their_symbols)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct vits_symbol *comma = (struct vits_symbol *)vits_symbol_find(&s.m->symbols, ",", 1);
    ORA_REQUIRE(comma);
    comma->silence_s = 0.05f;
    s.m->symbols.silences = true;
    struct ora_request q = request("u", "abc, hello, low,");
    q.text_is_phonemes = true;
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.rc, 0);
    ORA_CHECK_INT(h.segments, 3);
    ORA_CHECK_STR(h.phonemes, "abc,\n hello,\n low,");
    uint32_t silences = 0, at = 0;
    for (size_t i = 0; i < h.phones; at += h.phone[i++].count) {
        ORA_CHECK_INT(h.phone[i].start, at);
        silences += !strcmp(h.phone[i].symbol, "_") && h.phone[i].count == 800;
    }
    ORA_CHECK_INT(at, h.samples);
    ORA_CHECK_INT(silences, 3);
    ORA_CHECK_STR(h.phone[h.phones - 1].symbol, "_");
    free(h.pcm);
    stage_close(&s);
}

ORA_TEST(too_long_a_sentence_is_cut_and_nothing_is_lost)
{
    static struct heard h;
    struct stage s;
    struct ora_str text = ORA_STR_INIT;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    for (int i = 0; i < 150; i++)
        ora_str_add(&text, "hello world, ");
    struct ora_request q = request("u", ora_str_c(&text));
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.rc, 0);
    ORA_CHECK(h.segments >= 2 && h.cuts == (int64_t)h.segments - 1);
    size_t letters = 0;
    for (const char *c = h.phonemes; *c; c++)
        letters += *c != ' ' && *c != '\n';
    ORA_CHECK_INT(letters, strlen(h.phonemes) < sizeof h.phonemes - 1 ? 150 * 11 : letters);
    free(h.pcm);
    ora_str_release(&text);
    stage_close(&s);
}

/* Text that lasts longer than the buffer of a usual plan, a sentence a line. */
static void long_text(struct ora_str *text)
{
    for (int i = 0; i < 60; i++)
        ora_str_add(text, "hello world, hallo welt.\n");
}

static int note_map(void *ctx, size_t index, int rc, const struct ora_spoken *spoken,
                    const struct ora_err *why)
{
    ORA_CHECK(rc < 0 || spoken->map);
    return listen(ctx, index, rc, spoken, why);
}

/* The same bits through a file and in one piece of memory; pauses longer than the buffer too. */
ORA_TEST(what_is_too_long_for_the_buffer_goes_through_a_file)
{
    static struct heard in_memory, in_file;
    struct stage s;
    struct ora_arena large;
    struct ora_err err = {0};
    struct ora_str text = ORA_STR_INIT;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    ORA_CHECK_OK(ora_arena_init(&large, s.arena.size_bytes + (96 << 20), &err), err);
    long_text(&text);
    const struct {
        const char *text;
        uint32_t pause_ms;
    } cases[] = {{ora_str_c(&text), 100}, {"hello.\nhello.\nhello.", 200000}};
    for (size_t i = 0; i < 2; i++) {
        struct ora_request q = request("u", cases[i].text);
        q.text_is_phonemes = true;
        q.sentence_pause_ms = cases[i].pause_ms;
        memset(&in_memory, 0, sizeof in_memory);
        memset(&in_file, 0, sizeof in_file);
        ORA_CHECK_OK(ora_family_vits.synth(s.m, &large, &q, 1, listen, &in_memory, &err), err);
        ORA_CHECK_OK(ora_family_vits.synth(s.m, &s.arena, &q, 1, note_map, &in_file, &err), err);
        ORA_CHECK(in_memory.samples > (size_t)VITS_FRAMES_MAX * (size_t)s.m->cfg.hop);
        ORA_CHECK(same(&in_memory, &in_file));
        free(in_memory.pcm);
        free(in_file.pcm);
    }
    ora_str_release(&text);
    ora_arena_release(&large);
    stage_close(&s);
}

/* A limit on files stands for the full disk: the request fails and says so, the next is spoken. */
ORA_TEST(a_full_disk_fails_the_request_by_name)
{
    static struct heard h[2];
    struct stage s;
    struct rlimit was;
    struct ora_str text = ORA_STR_INIT;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0) && getrlimit(RLIMIT_FSIZE, &was) == 0);
    s.m->spool_dir = ora_test_tmpdir();
    long_text(&text);
    struct ora_request q[2] = {request("long", ora_str_c(&text)), request("short", "hello.")};
    q[0].text_is_phonemes = q[1].text_is_phonemes = true;
    struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = was.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    speak(&s, q, 2, h);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, handler);
    ORA_CHECK_INT(h[0].rc, ORA_E_DISK_FULL);
    ORA_CHECK(strstr(h[0].why, ora_test_tmpdir()) != NULL);
    ORA_CHECK(h[1].rc == 0 && h[1].samples);
    free(h[1].pcm);
    ora_str_release(&text);
    stage_close(&s);
}

ORA_TEST(a_slow_voice_is_cut_by_its_frames)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct ora_request q = request("u", "hello world, hello world, hello world, hello world");
    q.settings.value[VITS_LENGTH_SCALE] = 20;
    q.speed = 0.5;
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.rc, 0);
    ORA_CHECK(h.segments > 1);
    ORA_CHECK(h.samples > (size_t)VITS_FRAMES_MAX * 256);
    free(h.pcm);
    stage_close(&s);
}

ORA_TEST(speakers_differ_and_unknown_ones_are_refused)
{
    static struct heard h[3];
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &HIGH, NULL, 0));
    struct ora_request q[3] = {request("u", "hello"), request("u", "hello"), request("u", "hello")};
    q[1].speaker = 2;
    q[2].speaker = 3;
    speak(&s, q, 3, h);
    ORA_CHECK(h[0].rc == 0 && h[1].rc == 0);
    ORA_CHECK(!same(&h[0], &h[1]));
    ORA_CHECK_INT(h[2].rc, ORA_E_BAD_INPUT);
    free(h[0].pcm);
    free(h[1].pcm);
    stage_close(&s);
}

ORA_TEST(what_cannot_be_spoken_is_rejected_and_the_rest_goes_on)
{
    static struct heard h[2];
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    struct ora_request q[2] = {request("u", "☃ ☃"), request("v", "hello")};
    q[0].text_is_phonemes = true;
    speak(&s, q, 2, h);
    ORA_CHECK_INT(h[0].rc, ORA_E_BAD_INPUT);
    ORA_CHECK(strstr(h[0].why, "nothing") != NULL);
    ORA_CHECK_INT(h[1].rc, 0);
    free(h[0].pcm);
    free(h[1].pcm);
    stage_close(&s);
}

ORA_TEST(a_text_without_words_is_rejected_by_name)
{
    static const char *const texts[] = {"!!!", "\u201C\u2026\u201D", "?"};
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, &SMALL, NULL, 0));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ora_request q = request("u", texts[i]);
        speak(&s, &q, 1, &h);
        ORA_CHECK_INT(h.rc, ORA_E_NO_WORDS);
        ORA_CHECK(strstr(h.why, "no-words") != NULL);
    }
    stage_close(&s);
}

/* From ids to samples nothing is allocated, whatever the length; and the plan is enough. */
ORA_TEST(a_run_allocates_nothing_and_stays_within_its_plan)
{
#ifndef COUNTS_ALLOCATIONS
    ORA_SKIP("the sanitizer has its own malloc");
#else
    const struct tiny_voice_shape *shape[] = {&SMALL, &HIGH};
    for (int v = 0; v < 2; v++) {
        struct stage s;
        struct ora_err err = {0};
        ORA_REQUIRE(stage_open(&s, shape[v], NULL, 0));
        static int32_t ids[VITS_IDS_MAX];
        static uint32_t forced[VITS_IDS_MAX];
        for (int i = 0; i < VITS_IDS_MAX; i++)
            ids[i] = i % 16, forced[i] = 3;
        static float pcm[VITS_FRAMES_MAX * 256];
        struct vits_run r = {.ids = ids,
                             .count = VITS_IDS_MAX,
                             .noise_scale = 0.667f,
                             .noise_w = 0.8f,
                             .length_scale = 1,
                             .forced = forced};
        struct ora_arena exact;
        ORA_CHECK_OK(ora_arena_init(&exact, vits_run_bytes(s.m), &err), err);
        struct ora_fpu_state fpu = ora_fpu_enter();
        long before = allocations;
        ORA_CHECK_OK(vits_run_durations(s.m, &exact, &r, &err), err);
        ORA_CHECK_INT(r.total, VITS_FRAMES_MAX);
        ORA_CHECK_OK(vits_run_samples(s.m, &exact, &r, pcm, &err), err);
        ORA_CHECK_INT(allocations - before, 0);
        ora_fpu_leave(fpu);
        ora_arena_release(&exact);
        stage_close(&s);
    }
#endif
}

ORA_TEST(a_voice_of_another_shape_is_refused_by_name)
{
    struct ora_err err = {0};
    struct ora_voice *voice;
    struct ora_model *m = NULL;
    struct tiny_voice_shape shape = SMALL;
    shape.head_dim = 7; /* 24 is no multiple of it */
    ORA_CHECK_OK(tiny_voice_make(ora_test_tmpdir(), &shape, &voice, &err), err);
    struct ora_open_options o = {.cache_dir = ora_test_tmpdir()};
    ORA_CHECK_INT(ora_family_vits.open(voice, &o, &m, &err), ORA_E_VOICE);
    ORA_CHECK(m == NULL && strstr(err.message, "heads of 7") != NULL);
    tiny_voice_free(&voice);
}

ORA_TEST(describes_itself)
{
    struct stage s;
    struct ora_err err = {0};
    json_t *facts = NULL;
    ORA_REQUIRE(stage_open(&s, &HIGH, NULL, 0));
    ORA_CHECK_OK(ora_family_vits.describe(s.m, &facts, &err), err);
    ORA_CHECK_INT(json_integer_value(json_object_get(facts, "speakers")), 3);
    ORA_CHECK_INT(json_integer_value(json_object_get(json_object_get(facts, "dims"), "hop")), 256);
    ORA_CHECK(json_is_array(json_object_get(facts, "untrained_symbols")));
    json_decref(facts);
    stage_close(&s);
}
