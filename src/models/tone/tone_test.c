#include "models/tone/tone.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/test.h"

struct heard {
    size_t emitted, failed;
    char sha256[65]; /* of the last one's pcm */
    char message[768];
    float peak, jump; /* largest sample, largest step between two samples */
    struct ora_phone phone[64];
    struct ora_word word[64];
    struct ora_spoken spoken; /* the last one's counts; its pointers are gone */
};

static int hear(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct heard *h = ctx;
    ORA_CHECK_INT(index, h->emitted + h->failed);
    if (rc < 0) {
        h->failed++;
        snprintf(h->message, sizeof h->message, "%s", why->message);
        return 0;
    }
    h->emitted++;
    h->spoken = *s;
    ora_sha256_of(s->pcm, s->samples * sizeof *s->pcm, h->sha256);
    for (size_t i = 0; i < s->samples; i++) {
        h->peak = fmaxf(h->peak, fabsf(s->pcm[i]));
        h->jump = fmaxf(h->jump, fabsf(s->pcm[i] - (i ? s->pcm[i - 1] : 0)));
    }
    for (size_t i = 0; i < s->phone_count && i < 64; i++)
        h->phone[i] = s->phones[i];
    for (size_t i = 0; i < s->word_count && i < 64; i++)
        h->word[i] = s->words[i];
    return 0;
}

static struct ora_request request(const char *text)
{
    struct ora_request q = {.id = "u1", .text = text, .speed = 1};
    for (size_t i = 0; ora_family_tone.settings[i].name; i++)
        q.settings.value[i] = ora_family_tone.settings[i].fallback;
    return q;
}

static struct heard say(const struct ora_request *q, size_t count, uint32_t max_chars)
{
    struct ora_voice v = {.name = "tone", .family = "tone", .sample_rate_hz = 16000, .speaker_count = 2};
    struct ora_open_options options = {0};
    struct ora_limits limits = {max_chars};
    struct ora_model *m = NULL;
    struct ora_plan plan = {0};
    struct ora_arena arena = {0};
    struct ora_err err = {0};
    struct heard h = {0};
    ORA_CHECK_OK(ora_family_tone.open(&v, &options, &m, &err), err);
    ORA_CHECK_OK(ora_family_tone.plan(m, &limits, &plan, &err), err);
    ORA_CHECK_OK(ora_arena_init(&arena, plan.arena_bytes, &err), err);
    ORA_CHECK_OK(ora_family_tone.synth(m, &arena, q, count, hear, &h, &err), err);
    ORA_CHECK_INT(arena.used_bytes, 0);
    ora_arena_release(&arena);
    ora_family_tone.close(&m);
    return h;
}

ORA_TEST(sine_is_a_sine)
{
    static float t[97];
    for (size_t n = 1; n <= 97; n++) {
        ora_tone_sine(t, n, 1);
        for (size_t i = 0; i < n; i++)
            ORA_CHECK_NEAR(t[i], sin(2 * M_PI * (double)i / (double)n), 1e-7);
    }
}

ORA_TEST(phones_and_words_have_times)
{
    struct ora_request q = request("h\u00e9 b\u00a0c");
    struct heard h = say(&q, 1, 10);
    ORA_REQUIRE(h.emitted == 1);
    ORA_CHECK_INT(h.spoken.samples, 6 * 320);
    ORA_CHECK_INT(h.spoken.frames, 6);
    ORA_CHECK_INT(h.spoken.phone_count, 4);
    ORA_CHECK_STR(h.phone[1].symbol, "\u00e9");
    ORA_CHECK_INT(h.phone[2].start, 3 * 320);
    ORA_CHECK_INT(h.phone[2].count, 320);
    ORA_CHECK_INT(h.spoken.word_count, 3);
    ORA_CHECK_INT(h.word[0].text_len, 3);
    ORA_CHECK_INT(h.word[0].count, 2 * 320);
    ORA_CHECK_INT(h.word[2].text_start, 7);
    ORA_CHECK_INT(h.word[2].start, 5 * 320);
    ORA_CHECK(h.peak > 0.25f && h.peak < 0.31f);
}

/* The largest step of a 3.2 kHz sine of 0.3 at 16 kHz is 0.36; a click would be a step at a boundary of
 * phones. */
ORA_TEST(phones_start_and_end_at_zero)
{
    struct ora_request low = request("\x01\x01 \x01"); /* 0x01: a low tone, its own steps are small */
    struct heard h = say(&low, 1, 10);
    ORA_CHECK(h.jump < 0.06f);
}

ORA_TEST(bits_are_promised)
{
    struct ora_request q = request("The same bytes, everywhere.");
    struct heard a = say(&q, 1, 27), b = say(&q, 1, 500);
    ORA_CHECK_STR(a.sha256, b.sha256);
    ORA_CHECK_STR(a.sha256, "873918445fad46775ae1c9877e3c3481748f343c2fcd6eeef807e956f3632d12");
    q.speaker = 1;
    b = say(&q, 1, 27);
    ORA_CHECK(strcmp(a.sha256, b.sha256) != 0);
}

ORA_TEST(speed_and_phone_ms)
{
    struct ora_request q = request("abcd");
    q.speed = 2;
    ORA_CHECK_INT(say(&q, 1, 4).spoken.samples, 4 * 160);
    q.settings.value[0] = 40;
    ORA_CHECK_INT(say(&q, 1, 4).spoken.samples, 4 * 320);
    q.speed = 0.01; /* the longest phone is 80 ms, so that a plan covers every request */
    ORA_CHECK_INT(say(&q, 1, 4).spoken.samples, 4 * 1280);
}

ORA_TEST(neighbours_do_not_matter)
{
    struct ora_request q[3] = {request("one"), request("two longer"), request("three")};
    struct heard together = say(q, 3, 10), alone = say(&q[2], 1, 10);
    ORA_CHECK_INT(together.emitted, 3);
    ORA_CHECK_STR(together.sha256, alone.sha256);
}

ORA_TEST(one_bad_request_is_told_and_the_rest_go_on)
{
    struct ora_request q[5] = {request("fine"), request("bad\xff"), request("speaker"), request("x\u2620"),
                               request("fine")};
    q[2].speaker = 2;
    q[3].settings.value[2] = 0x2620;
    struct heard h = say(q, 5, 10);
    ORA_CHECK_INT(h.emitted, 2);
    ORA_CHECK_INT(h.failed, 3);
    ORA_CHECK_STR(h.message, "utterance 'u1': the text has the code point of setting 'fail_on'");
    q[0] = request("a text longer than was planned for");
    h = say(q, 1, 1);
    ORA_CHECK_INT(h.failed, 1);
    ORA_CHECK_STR(h.message, "utterance 'u1': 34 code points are more than was planned for");
}

ORA_TEST(crashes_when_asked_to)
{
    struct ora_request q = request("x\u2620");
    q.settings.value[1] = 0x2620;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        say(&q, 1, 10);
        _exit(0);
    }
    int status = 0;
    ORA_REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
    ORA_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
