/* Batches: how utterances fall into them. No database, voices by a table of their own. */
#include "job/ingest.h"

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
        {HEAD, 0, false, 1}, /* nothing is known */
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

ORA_TEST(a_batch_has_its_bound_of_characters)
{
    ORA_CHECK_INT(batches_of(HEAD, 1e9, 750, false), 10); /* 3000 */
}
