/* The whole family on a cloned voice of mini size made by formulas: bits under any company, times, limits,
 * odd texts. */
#include "models/megatts3/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/test.h"
#include "models/megatts3/g2p_cache.h"
#include "models/megatts3/reading.h"
#include "models/megatts3/settings.h"
#include "models/megatts3/speak.h"
#include "models/megatts3/tiny_clone.h"

extern const struct ora_family ora_family_megatts3;

/* ---- a voice, open ----------------------------------------------------------------------------------------
 */

struct stage {
    struct ora_voice *voice;
    struct ora_model *m;
    struct ora_arena arena;
};

static bool stage_open(struct stage *s, const char *kernels)
{
    struct ora_err err = {0};
    struct ora_open_options o = {.kernels = kernels, .cache_dir = ora_test_tmpdir()};
    struct ora_limits limits = {.max_chars = 600};
    struct ora_plan plan;
    memset(s, 0, sizeof *s);
    if (tiny_clone_make(ora_test_tmpdir(), &s->voice, &err) < 0 ||
        ora_family_megatts3.open(s->voice, &o, &s->m, &err) < 0 ||
        ora_family_megatts3.plan(s->m, &limits, &plan, &err) < 0 ||
        ora_arena_init(&s->arena, plan.arena_bytes, &err) < 0) {
        ORA_FAIL("%s", err.message);
        return false;
    }
    return true;
}

static void stage_close(struct stage *s)
{
    ora_arena_release(&s->arena);
    ora_family_megatts3.close(&s->m);
    tiny_clone_free(&s->voice);
}

struct heard {
    float *pcm;
    size_t samples;
    struct ora_phone *phone;
    struct ora_word *word;
    size_t phones, words;
    char *phonemes, *text;
    uint32_t segments;
    int64_t splits;
    int rc;
    struct ora_err why;
};

static void *copy(const void *from, size_t bytes)
{
    return memcpy(ora_xmalloc(bytes + 1), from, bytes);
}

static int listen(void *ctx, size_t index, int rc, const struct ora_spoken *spoken, const struct ora_err *why)
{
    struct heard *h = &((struct heard *)ctx)[index];
    h->rc = rc;
    if (rc < 0) {
        h->why = *why;
        return 0;
    }
    h->samples = spoken->samples;
    h->pcm = copy(spoken->pcm, spoken->samples * sizeof *h->pcm);
    h->phones = spoken->phone_count;
    h->phone = copy(spoken->phones, h->phones * sizeof *h->phone);
    h->words = spoken->word_count;
    h->word = copy(spoken->words, h->words * sizeof *h->word);
    h->phonemes = ora_xstrdup(spoken->phonemes);
    h->text = ora_xstrdup(spoken->normalized_text);
    h->segments = spoken->segments;
    h->splits = spoken->forced_cuts;
    return 0;
}

static void forget(struct heard *h)
{
    free(h->pcm);
    free(h->phone);
    free(h->word);
    free(h->phonemes);
    free(h->text);
    memset(h, 0, sizeof *h);
}

static struct ora_request request(const char *id, const char *text)
{
    struct ora_request q = {.id = id, .text = text, .speed = 1, .seed = 7, .sentence_pause_ms = 100};
    for (size_t i = 0; mega_settings[i].name; i++)
        q.settings.value[i] = mega_settings[i].fallback;
    q.settings.value[MEGA_STEPS] = 2;
    return q;
}

/* As little sound as may be. */
static void hurry(struct ora_request *q)
{
    q->settings.value[MEGA_STEPS] = 1;
    q->settings.value[MEGA_ALPHA] = 0.1;
    q->settings.value[MEGA_SILENCE_STOP_MS] = q->settings.value[MEGA_SILENCE_COMMA_MS] = 0;
}

static void speak(struct stage *s, const struct ora_request *q, size_t count, struct heard *out)
{
    struct ora_err err = {0};
    memset(out, 0, count * sizeof *out);
    ORA_CHECK_OK(ora_family_megatts3.synth(s->m, &s->arena, q, count, listen, out, &err), err);
    ORA_CHECK_INT((int)s->arena.used_bytes, 0);
}

static bool same(const struct heard *a, const struct heard *b)
{
    return a->samples == b->samples && a->samples && !memcmp(a->pcm, b->pcm, a->samples * sizeof *a->pcm);
}

/* ---- cases ------------------------------------------------------------------------------------------------
 */

ORA_TEST(bits_do_not_depend_on_the_level)
{
    static const char *const level[] = {"scalar", "avx2", "avx512"};
    static struct heard first, other;
    struct stage s;
    struct ora_request q = request("u", "Is it?"); /* the scalar level takes its time */
    hurry(&q);
    ORA_REQUIRE(stage_open(&s, NULL));
    speak(&s, &q, 1, &first);
    ORA_CHECK_OK(first.rc, first.why);
    stage_close(&s);
    for (size_t i = 0; i < sizeof level / sizeof *level; i++) {
        if (!ora_kernels_find(level[i], NULL))
            continue; /* not of this processor */
        ORA_REQUIRE(stage_open(&s, level[i]));
        speak(&s, &q, 1, &other);
        if (!same(&first, &other))
            ORA_FAIL("%s differs", level[i]);
        forget(&other);
        stage_close(&s);
    }
    forget(&first);
}

ORA_TEST(neighbours_and_order_change_nothing)
{
    static struct heard all[5], alone;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q[5] = {request("one", "Then the others."), request("two", "Is it over?"),
                               request("one", "Then the others."), request("none", "..."),
                               request("three", "他们在这里。Then it is. 再见！")};
    speak(&s, q, 5, all);
    ORA_CHECK(same(&all[0], &all[2]));
    for (int i = 0; i < 5; i++) {
        speak(&s, &q[i], 1, &alone);
        ORA_CHECK_INT(alone.rc, all[i].rc);
        if (all[i].rc == 0 && !same(&all[i], &alone))
            ORA_FAIL("request %d differs alone", i);
        forget(&alone);
    }
    q[1].seed = 8;
    speak(&s, &q[1], 1, &alone);
    ORA_CHECK(!same(&all[1], &alone));
    forget(&alone);
    for (int i = 0; i < 5; i++)
        forget(&all[i]);
    stage_close(&s);
}

ORA_TEST(phones_fill_the_utterance_and_words_lie_in_it)
{
    static struct heard h;
    struct stage s;
    static const char text[] =
        "It is there, in the north, and the others are on it at noon, as the inner tent is "
        "on it then. Another one is then over there at the inn, on an iron hinter.";
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q = request("u", text);
    q.sentence_pause_ms = 3000;
    speak(&s, &q, 1, &h);
    ORA_CHECK_OK(h.rc, h.why);
    ORA_CHECK(h.segments > 1);
    size_t at = 0, paused = 0;
    for (size_t i = 0; i < h.phones; i++) {
        ORA_CHECK_INT(h.phone[i].start, (int)at);
        at += h.phone[i].count;
        paused += !strcmp(h.phone[i].symbol, "_");
    }
    ORA_CHECK_INT((int)at, (int)h.samples);
    ORA_CHECK(paused > 0);
    ORA_CHECK(h.words > 20);
    for (size_t i = 0; i < h.words; i++) {
        ORA_CHECK(h.word[i].text_start + h.word[i].text_len <= strlen(h.text));
        ORA_CHECK(h.word[i].start + h.word[i].count <= h.samples);
        ORA_CHECK(!!(h.word[i].flags & ORA_WORD_UNKNOWN) == !h.word[i].count);
    }
    forget(&h);
    stage_close(&s);
}

ORA_TEST(phonemes_can_be_given_again)
{
    static struct heard first, again;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q = request("u", "The rain is over, then.");
    speak(&s, &q, 1, &first);
    ORA_CHECK_OK(first.rc, first.why);
    q.text = first.phonemes;
    q.text_is_phonemes = true;
    speak(&s, &q, 1, &again);
    ORA_CHECK_OK(again.rc, again.why);
    ORA_CHECK_STR(again.phonemes, first.phonemes);
    ORA_CHECK(same(&first, &again));
    forget(&again);
    forget(&first);
    stage_close(&s);
}

/* What the record says is what was asked for, inside a text, at its end, and before another chunk; the
 * model's own phones follow what they hear before them. */
ORA_TEST(given_durations_are_kept)
{
    static const struct {
        const char *text;
        int first; /* phone that has the first duration */
        int ms[4];
    } cases[] = {
        {"[[n:60 i3:120 h:70 ao3:1500]]", 1, {60, 120, 70, 1500}},
        {"[[sil:400 hh:80 ax ow:200]]", 0, {400, 80, 0, 200}},
        {"[[hh:80 ow:210]] it is there, in the north, and the others are on it at noon, as the inner tent is "
         "on "
         "it then. Another one is there at the inn, on an iron hinter.",
         1,
         {80, 210}},
        {"[[hh:80 ow:210]] [[b:50 a4:90]].", 1, {80, 210, 50, 90}},
    };
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct heard h;
        struct ora_request q = request("u", cases[c].text);
        q.settings.value[MEGA_ALPHA] = 1.7;
        q.speed = 1.1;
        speak(&s, &q, 1, &h);
        ORA_CHECK_OK(h.rc, h.why);
        for (int i = 0; h.rc == 0 && i < 4; i++) {
            int got = (int)h.phone[cases[c].first + i].count;
            if (cases[c].ms[i] && got != cases[c].ms[i] * MEGA_SAMPLE_RATE / 1000)
                ORA_FAIL("%.30s: phone %d has %d samples, not %d ms", cases[c].text, i, got, cases[c].ms[i]);
        }
        forget(&h);
    }
    stage_close(&s);
}

/* Lines of phones are chunks: the cross-fade to the next takes nothing of a given phone. */
ORA_TEST(a_given_last_phone_keeps_its_length_before_the_next_chunk)
{
    struct stage s;
    struct heard h;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q = request("u", "hh:80 ow:210\nb:50 a4:90");
    q.text_is_phonemes = true;
    speak(&s, &q, 1, &h);
    ORA_CHECK_OK(h.rc, h.why);
    ORA_CHECK_INT(h.segments, 2);
    ORA_REQUIRE(h.rc == 0 && h.phones > 6);
    ORA_CHECK_STR(h.phone[2].symbol, "ow");
    ORA_CHECK_INT(h.phone[2].count, 210 * 24);
    ORA_CHECK_STR(h.phone[3].symbol, "sil");
    ORA_CHECK_STR(h.phone[h.phones - 1].symbol, "a4");
    ORA_CHECK_INT(h.phone[h.phones - 1].count, 90 * 24);
    forget(&h);
    stage_close(&s);
}

/* Past the steps whose table fits, and at the limit's edge of a block. */
ORA_TEST(many_steps_are_spoken_alone_and_in_company)
{
    static const int steps[] = {MEGA_TABLE_STEPS, MEGA_TABLE_STEPS + 1, 2 * MEGA_TABLE_STEPS + 2, 1};
    struct stage s;
    struct ora_request q[4];
    struct heard all[4], one;
    ORA_REQUIRE(stage_open(&s, NULL));
    for (int i = 0; i < 4; i++) {
        q[i] = request("u", "[[hh:80 ow:200]]");
        q[i].settings.value[MEGA_STEPS] = steps[i];
    }
    speak(&s, q, 4, all);
    for (int i = 0; i < 4; i++) {
        speak(&s, &q[i], 1, &one);
        ORA_CHECK_OK(one.rc, one.why);
        ORA_CHECK(one.samples == all[i].samples &&
                  !memcmp(one.pcm, all[i].pcm, one.samples * sizeof *one.pcm));
        forget(&one);
    }
    for (int i = 0; i < 4; i++)
        forget(&all[i]);
    stage_close(&s);
}

ORA_TEST(speed_and_alpha_set_the_length)
{
    static struct heard usual, slow, also;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q = request("u", "There is another one in the north of the inner land");
    speak(&s, &q, 1, &usual);
    q.speed = 0.5;
    speak(&s, &q, 1, &slow);
    q.speed = 1;
    q.settings.value[MEGA_ALPHA] = 2;
    speak(&s, &q, 1, &also);
    ORA_CHECK(slow.samples > usual.samples * 3 / 2);
    ORA_CHECK(same(&slow, &also));
    forget(&usual);
    forget(&slow);
    forget(&also);
    stage_close(&s);
}

ORA_TEST(what_is_too_long_is_split_and_what_cannot_be_split_fails)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_request q = request("u", "one other then over another then inner rain");
    q.settings.value[MEGA_MAX_CHUNK_SECONDS] = 4;
    speak(&s, &q, 1, &h);
    ORA_CHECK_OK(h.rc, h.why);
    ORA_CHECK(h.splits > 0 && h.segments == 1 + (uint32_t)h.splits);
    forget(&h);
    q.settings.value[MEGA_MAX_CHUNK_SECONDS] = 2;
    q.settings.value[MEGA_SILENCE_STOP_MS] = 2500;
    q.text = "ax 。";
    q.text_is_phonemes = true;
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.rc, ORA_E_RUNAWAY);
    ORA_CHECK(strstr(h.why.message, "max_chunk_seconds") != NULL);
    forget(&h);
    s.m->weights_random = false; /* now an end is wanted, and there is none */
    q = request("u", "other then over");
    s.m->g2p_limit = 5;
    speak(&s, &q, 1, &h);
    ORA_CHECK_INT(h.rc, ORA_E_RUNAWAY);
    ORA_CHECK(strstr(h.why.message, "did not come to an end") != NULL);
    forget(&h);
    stage_close(&s);
}

/* The language model's end for `text`, and nothing before it, as if it had been read so. */
static void reads_nothing(const struct stage *s, const char *text)
{
    int32_t *ids, end = MEGA_G2P_END;
    int count;
    struct ora_err err = {0};
    ORA_CHECK_OK(mega_text_ids(s->m->text, text, strlen(text), &ids, &count, &err), err);
    struct mega_g2p_chunk chunk = {.ids = ids,
                                   .count = count,
                                   .out = &end,
                                   .limit = mega_reading_limit(s->m, count),
                                   .written = 1,
                                   .ended = true};
    mega_g2p_cache_put(s->m->readings, &chunk);
    free(ids);
}

/* Words without a phone are the model's failure, whole or half of what was cut; silence is the text's. */
ORA_TEST(words_that_are_read_as_nothing_fail)
{
    static const struct {
        const char *text, *nothing;
        int rc;
        const char *says;
    } cases[] = {
        {"over there", "over there", ORA_E_RUNAWAY, "'over there': the language model reads no phones in it"},
        {"one other then over another then inner rain", "one other then over", ORA_E_RUNAWAY,
         "'one other then over': the language model reads no phones in it"},
        {"[[sil]]", NULL, ORA_E_NO_WORDS,
         "\"[[sil]]\" has nothing but silence and marks: expected a phone that sounds"},
    };
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heard h;
        struct ora_request q = request("u", cases[i].text);
        q.settings.value[MEGA_MAX_CHUNK_SECONDS] = 4;
        if (cases[i].nothing)
            reads_nothing(&s, cases[i].nothing);
        speak(&s, &q, 1, &h);
        ORA_CHECK_INT(h.rc, cases[i].rc);
        ORA_CHECK_STR(h.why.message, cases[i].says);
        forget(&h);
    }
    stage_close(&s);
}

/* Pieces that are too long are all cut in the same round: rounds grow with the logarithm of their number. */
ORA_TEST(what_is_too_long_is_cut_in_few_rounds)
{
    struct stage s;
    struct ora_err err = {0};
    struct ora_str text = ORA_STR_INIT;
    ORA_REQUIRE(stage_open(&s, NULL));
    for (int i = 0; i < 40; i++)
        ora_str_add(&text, "Then one of the others is over there in the inner land again. ");
    struct ora_request q = request("u", ora_str_c(&text));
    q.settings.value[MEGA_MAX_CHUNK_SECONDS] = 4;
    struct mega_utterance u = {0};
    struct mega_batch b = {.m = s.m, .utterance = &u, .count = 1};
    ORA_CHECK_OK(ora_compute_init(&b.c, s.m->k, &s.arena, &err), err);
    mega_utterance_read(s.m, &q, &u);
    ORA_CHECK_OK(mega_speak_phones(&b, &err), err);
    ORA_CHECK_OK(u.rc, u.why);
    ORA_CHECK(u.splits > 30);
    ORA_CHECK(b.rounds <= 6);
    for (int i = 0; i < u.count; i++)
        ORA_CHECK(u.segment[i].frames > 0 && u.segment[i].frames <= 400);
    mega_utterance_release(&u);
    ora_str_release(&text);
    stage_close(&s);
}

/* Each with what becomes of it: sound, the text that was spoken, or why there is none. */
ORA_TEST(odd_texts_give_a_clear_result)
{
    struct ora_str endless = ORA_STR_INIT, han = ORA_STR_INIT, words = ORA_STR_INIT;
    for (int i = 0; i < 2000; i++)
        ora_str_addc(&endless, 'e');
    for (int i = 0; i < 700; i++)
        ora_str_add(&han, "\xE5\xA4\xA9");
    while (words.len < 2000)
        ora_str_add(&words, "over the inner land ");
    const struct {
        const char *text;
        int rc;
        const char *says; /* in the error, or in the spoken text; NULL: not asked */
    } cases[] = {
        {"a", 0, "a"},
        {"1", 0, "one"},
        {ora_str_c(&endless), 0, NULL},
        {ora_str_c(&han), 0, NULL},
        {ora_str_c(&words), 0, NULL},
        {"\xF0\x9F\x98\x80", ORA_E_NO_WORDS, "nothing is left to speak of"},
        {"Well \xF0\x9F\x98\x80 then", 0, "Well"},
        {"<Reserved_TTS_5>", ORA_E_NO_WORDS, "nothing is left to speak of \"<Reserved_TTS_5>\""},
        {"say <Reserved_TTS_5> and <|endoftext|> now", 0, "say and now"},
        {"Привет, мир. 你好 world. مرحبا", ORA_E_FOREIGN_SCRIPT, "14 of 21 letters"},
        {"Привет. 你好 world, my world. مر", 0, "world"},
        {"《》", ORA_E_NO_WORDS, "nothing"},
        {"first line\nsecond line\n\nthird", 0, "third"},
        {"...", ORA_E_NO_WORDS, "nothing"},
        {"-", ORA_E_NO_WORDS, "nothing"},
    };
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct heard h;
        struct ora_request q = request("u", cases[i].text);
        hurry(&q);
        speak(&s, &q, 1, &h);
        const char *said = h.rc < 0 ? h.why.message : h.text;
        if (h.rc != cases[i].rc)
            ORA_FAIL("'%.40s': rc %d: %s", cases[i].text, h.rc, said);
        else if (cases[i].says && !strstr(said, cases[i].says))
            ORA_FAIL("'%.40s': \"%s\" does not say \"%s\"", cases[i].text, said, cases[i].says);
        if (h.rc == 0 && (!h.samples || !h.phones))
            ORA_FAIL("'%.40s': no sound", cases[i].text);
        forget(&h);
    }
    ora_str_release(&endless);
    ora_str_release(&han);
    ora_str_release(&words);
    stage_close(&s);
}

ORA_TEST(a_base_alone_is_refused)
{
    struct stage s;
    struct ora_model *m = NULL;
    struct ora_err err = {0};
    ORA_REQUIRE(stage_open(&s, NULL));
    ORA_CHECK_INT(ora_family_megatts3.open(s.voice->base, NULL, &m, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "oratorio voice add") != NULL);
    ORA_CHECK(m == NULL);
    stage_close(&s);
}

ORA_TEST(the_plan_holds_for_the_longest_segment)
{
    static struct heard h;
    struct stage s;
    ORA_REQUIRE(stage_open(&s, NULL));
    struct ora_str text = ORA_STR_INIT;
    for (int i = 0; i < 40; i++)
        ora_str_add(&text, "hh ax l ow ");
    struct ora_request q = request("u", ora_str_c(&text));
    q.text_is_phonemes = true;
    q.settings.value[MEGA_STEPS] = 1;
    q.settings.value[MEGA_ALPHA] = 1.7;
    speak(&s, &q, 1, &h);
    ORA_CHECK_OK(h.rc, h.why);
    ORA_CHECK(h.samples > 40 * MEGA_SAMPLE_RATE);
    ORA_CHECK(s.arena.peak_bytes <= s.arena.size_bytes);
    forget(&h);
    ora_str_release(&text);
    stage_close(&s);
}
