/* Batches: how utterances fall into them. No database, voices by a table of their own. */
#include "job/ingest.h"

#include <stdio.h>
#include <string.h>

#include "base/test.h"

/* Slow settings leave a quarter of the characters in a minute; a faster speaker makes less sound of each. */
static double minute_chars(void *ctx, const struct ora_manner *m)
{
    return *(const double *)ctx * m->speed / (m->settings ? 4 : 1);
}

/* Batches of `count` utterances of 40 characters, every second one with settings where `mixed` says so. */
static uint64_t batches_of(const char *yaml, double minute, int count, bool mixed)
{
    struct ora_err err = {0};
    struct ora_job *job = ora_job_parse(yaml, strlen(yaml), "job.yaml", ora_test_tmpdir(), &err);
    struct ora_ingest_voices voices = {.ctx = &minute, .minute_chars = minute_chars};
    struct ora_ingest *in;
    char text[41];
    memset(text, 'a', 40);
    text[40] = '\0';
    ORA_CHECK(job != NULL);
    ORA_CHECK_OK(ora_ingest_begin(&in, NULL, job, &voices, &err), err);
    ORA_CHECK_OK(ora_ingest_input(in, 0, &err), err);
    json_t *settings = json_pack("{s:i}", "steps", 32);
    for (int i = 0; i < count; i++) {
        struct ora_item item = {.kind = ORA_ITEM_UTTERANCE,
                                .doc_id = "d",
                                .id = "u",
                                .text = text,
                                .text_len = 40,
                                .speed = -1,
                                .settings = mixed && i % 2 ? settings : NULL};
        ORA_CHECK_OK(ora_ingest_item(in, &item, &err), err);
    }
    ORA_CHECK_OK(ora_ingest_end(in, &err), err);
    uint64_t batches = ora_ingest_totals(in)->batches;
    json_decref(settings);
    ora_ingest_free(&in);
    ora_job_free(&job);
    return batches;
}

#define HEAD "inputs: a.txt\nvoice: tone\n"

ORA_TEST(a_batch_is_a_minute_of_work)
{
    static const struct {
        const char *yaml;
        double minute; /* characters, by default settings */
        bool mixed;
        uint64_t want; /* of 24 utterances of 40 characters */
    } cases[] = {
        {HEAD, 0, false, 5}, /* nothing is known */
        {HEAD, 80, false, 12},
        {HEAD, 10, false, 24}, /* one is too much: alone, but never dropped */
        {HEAD, 400, true, 6},  /* 0.1 + 0.4 minutes a pair */
        {HEAD "speed: 2\n", 80, false, 6},
        {HEAD "settings: {steps: 32}\n", 320, false, 12},
        {HEAD "batch: {chars: 480}\n", 80, false, 2}, /* what the job says goes */
        {HEAD "batch: {utterances: 3}\n", 1e9, false, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ORA_CHECK_INT(batches_of(cases[i].yaml, cases[i].minute, 24, cases[i].mixed), cases[i].want);
}

/* The first are small, so that workers end a small job together; later ones grow to what a kill may cost. The
 * wanted numbers were counted by a script of its own: 200 characters, a 64th of those before, 3000. */
ORA_TEST(batches_grow)
{
    static const struct {
        int utterances; /* of 40 characters */
        uint64_t want;
    } cases[] = {{5, 1}, {6, 2}, {250, 50}, {2000, 186}, {10000, 312}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ORA_CHECK_INT(batches_of(HEAD, 0, cases[i].utterances, false), cases[i].want);
        ORA_CHECK_INT(batches_of(HEAD "batch: {chars: 3000}\n", 0, cases[i].utterances, false),
                      (cases[i].utterances + 74) / 75);
    }
}

static int no_q(void *ctx, const struct ora_manner *m, const char *text, struct ora_err *why)
{
    ++*(int *)ctx;
    if (strcmp(text, "a [[-]]") == 0)
        return ora_err_set(why, ORA_E_NO_WORDS, "silence");
    return strchr(text, 'q') ? ora_err_set(why, ORA_E_BAD_INPUT, "\"q\" is no phone of %s", m->voice) : 0;
}

struct seen {
    int taken, rejected;
    char why[64];
};

static void see(void *ctx, const struct ora_item *item, const struct ora_manner *m, uint32_t chars,
                const char *code, const char *reason)
{
    struct seen *s = ctx;
    (void)item, (void)m, (void)chars;
    s->taken += !code;
    s->rejected += code != NULL;
    if (code)
        snprintf(s->why, sizeof s->why, "%s: %s", code, reason);
}

/* What the family says of a text's phones rejects the line; texts without any are not asked about. */
static void check_phones(const char *yaml, const char *const *texts, int asked, struct seen want)
{
    struct ora_err err = {0};
    struct ora_job *job = ora_job_parse(yaml, strlen(yaml), "job.yaml", ora_test_tmpdir(), &err);
    struct ora_ingest *in;
    struct seen seen = {0};
    int count = 0;
    struct ora_ingest_voices voices = {.ctx = &count, .check_phones = no_q};
    ORA_CHECK(job != NULL);
    ORA_CHECK_OK(ora_ingest_begin(&in, NULL, job, &voices, &err), err);
    ORA_CHECK_OK(ora_ingest_input(in, 0, &err), err);
    ora_ingest_watch(in, see, &seen);
    for (; *texts; texts++) {
        struct ora_item item = {
            .kind = ORA_ITEM_UTTERANCE, .doc_id = "d", .id = "u", .text = *texts, .speed = -1};
        item.text_len = strlen(*texts);
        ORA_CHECK_OK(ora_ingest_item(in, &item, &err), err);
    }
    ORA_CHECK_OK(ora_ingest_end(in, &err), err);
    ORA_CHECK_INT(count, asked);
    ORA_CHECK_INT(seen.taken, want.taken);
    ORA_CHECK_INT(seen.rejected, want.rejected);
    ORA_CHECK_STR(seen.why, want.why);
    ora_ingest_free(&in);
    ora_job_free(&job);
}

ORA_TEST(phones_are_checked)
{
    static const char *const texts[] = {"a q", "a [[b]]", "a [[q]]", NULL}, *const phones[] = {"a b", "q",
                                                                                               NULL};
    check_phones(HEAD, texts, 2, (struct seen){2, 1, "bad-phones: \"q\" is no phone of tone"});
    check_phones(HEAD, (const char *const[]){"a [[-]]", NULL}, 1, (struct seen){0, 1, "no-words: silence"});
    check_phones(HEAD "text: {phonemes: true}\n", phones, 2,
                 (struct seen){1, 1, "bad-phones: \"q\" is no phone of tone"});
}
