/* The choice among rows, the arithmetic of time, and files that are not what was written. */
#include "tune/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/test.h"

static void add(struct ora_tune_result *r, const char *level, uint32_t workers, double rate)
{
    struct ora_err err = {0};
    struct ora_tune_row row = {.workers = workers, .audio_s_per_wall_s = rate, .core_s_per_audio_s = 0.05};
    strcpy(row.level, level);
    ORA_CHECK_OK(ora_tune_add_row(r, &row, &err), err);
}

static struct ora_tune_result *sample(void)
{
    struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
    r->key = (struct ora_tune_key){.host = "n1",
                                   .cpu = "A CPU",
                                   .cores = 8,
                                   .engine = "1",
                                   .voice = "v",
                                   .voice_sha256 = "00ff",
                                   .arithmetic = "f32-direct",
                                   .levels = "avx512,avx2"};
    r->measured_ms = 1700000000123;
    r->took_s = 4.5;
    r->start_s = 0.25;
    r->audio_s_per_char = 0.06;
    r->estimate = (struct ora_tune_estimate){0.05, 0.1};
    add(r, "avx512", 1, 20);
    add(r, "avx2", 1, 15);
    add(r, "avx512", 8, 100);
    add(r, "avx2", 8, 99);
    add(r, "avx512", 4, 80);
    return r;
}

ORA_TEST(fewer_workers_when_more_do_not_pay)
{
    static const struct {
        double at_4, at_6, at_8;
        uint32_t want;
    } cases[] = {
        {80, 110, 120, 8},  /* each core pays */
        {80, 100, 102, 6},  /* siblings of a core give 2 % */
        {100, 101, 102, 4}, /* memory is full with four */
        {100, 90, 80, 4},   /* more make it slower */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
        add(r, "avx2", 1, 26);
        add(r, "avx2", 8, cases[i].at_8);
        add(r, "avx2", 6, cases[i].at_6);
        add(r, "avx2", 4, cases[i].at_4);
        ORA_CHECK_INT(r->row[ora_tune_choose(r, NULL)].workers, cases[i].want);
        free(r);
    }
}

ORA_TEST(the_choice_is_of_one_level)
{
    struct ora_tune_result *r = sample();
    ORA_CHECK_INT(ora_tune_choose(r, NULL), 2);
    ORA_CHECK_INT(ora_tune_choose(r, "avx2"), 3);
    ORA_CHECK_INT(ora_tune_choose(r, "amx"), r->row_count);
    /* fewer workers of another level are not taken for the same level's */
    r->row[1].audio_s_per_wall_s = 99;
    ORA_CHECK_INT(ora_tune_choose(r, NULL), 2);
    free(r);
}

ORA_TEST(rates_between_rows)
{
    struct ora_tune_result *r = sample();
    ORA_CHECK_NEAR(ora_tune_rate(r, "avx512", 1), 20, 0);
    ORA_CHECK_NEAR(ora_tune_rate(r, "avx512", 2), 40, 1e-9);
    ORA_CHECK_NEAR(ora_tune_rate(r, "avx512", 6), 90, 1e-9);
    ORA_CHECK_NEAR(ora_tune_rate(r, "avx512", 64), 100, 0);
    ORA_CHECK_NEAR(ora_tune_rate(r, "amx", 1), 0, 0);
    free(r);
}

ORA_TEST(seconds_scale_with_what_the_family_says)
{
    struct ora_tune_result *r = sample();
    /* the voice speaks 1.2 times longer than foretold: 10 s are 12, of a worker that makes 20 a second */
    ORA_CHECK_NEAR(ora_tune_seconds(r, "avx512", 1, 10, 1), 0.6, 1e-9);
    /* settings that cost four times as much */
    ORA_CHECK_NEAR(ora_tune_seconds(r, "avx512", 1, 10, 4), 2.4, 1e-9);
    /* one of eight, who make 100 together */
    ORA_CHECK_NEAR(ora_tune_seconds(r, "avx512", 8, 10, 1), 0.96, 1e-9);
    ORA_CHECK_NEAR(ora_tune_seconds(r, "amx", 1, 10, 1), 0, 0);
    free(r);
}

ORA_TEST(the_last_batch_decides)
{
    static const double batches[] = {3, 3, 3};
    static const struct {
        uint32_t workers;
        size_t count;
        double want;
    } cases[] = {{1, 3, 9}, {2, 3, 6}, {3, 3, 3}, {8, 3, 3}, {2, 0, 0}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ORA_CHECK_NEAR(ora_tune_makespan(batches, cases[i].count, cases[i].workers), cases[i].want, 1e-12);
}

ORA_TEST(a_file_is_read_as_it_was_written)
{
    struct ora_tune_result *r = sample(), *back = ora_xcalloc(1, sizeof *back);
    struct ora_err err = {0};
    struct ora_str why = ORA_STR_INIT;
    r->best = 2;
    char *text = ora_tune_to_json(r);
    ORA_CHECK_OK(ora_tune_parse(text, strlen(text), back, &err), err);
    ORA_CHECK(!ora_tune_differs(&r->key, &back->key, &why));
    ORA_CHECK_INT(back->row_count, 5);
    ORA_CHECK_INT(back->best, 2);
    ORA_CHECK_INT(back->measured_ms, r->measured_ms);
    ORA_CHECK_NEAR(back->row[4].audio_s_per_wall_s, 80, 1e-9);
    ORA_CHECK_NEAR(back->estimate.core_s_per_audio_s, 0.1, 1e-9);
    /* no piece of it is a file */
    for (size_t len = 0; len + 2 < strlen(text); len += 7)
        ORA_CHECK_INT(ora_tune_parse(text, len, back, NULL), ORA_E_FORMAT);
    free(text);
    ora_str_release(&why);
    free(r);
    free(back);
}

ORA_TEST(a_file_that_was_edited_is_refused)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"\"format\": 2", "\"format\": 1", "format 1"},
        {"\"host\": \"n1\"", "\"host\": 5", "host"},
        {"\"cpu\": \"A CPU\"", "\"cpu\": \"\\u001b[2J\"", "cpu"},
        {"\"levels\": \"avx512,avx2\"", "\"levels\": null", "levels"},
        {"\"level\": \"avx2\"", "\"level\": \"avx3\"", "level"},
        {"\"measured_ms\": 1700000000123", "\"measured_ms\": 1e15", "measured_ms"},
        {"\"cores\": 8", "\"cores\": -8", "cores"},
        {"\"workers\": 4", "\"workers\": 0", "rows"},
        {"\"workers\": 4", "\"workers\": 1e300", "workers"},
        {"\"audio_s_per_wall_s\": 80.0", "\"audio_s_per_wall_s\": 0", "rows"},
        {"\"best\": 2", "\"best\": 5", "best"},
        {"\"level\": \"avx2\"", "\"level\": \"a level of more than twenty-four letters\"", "level"},
        {"\"rows\": [", "\"rows\": [], \"row\": [", "rows"},
        {"\"estimate\": {", "\"estimates\": {", "audio_s_per_char"},
    };
    struct ora_tune_result *r = sample(), *back = ora_xcalloc(1, sizeof *back);
    r->best = 2;
    char *text = ora_tune_to_json(r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        char *at = strstr(text, cases[i].from);
        ORA_REQUIRE(at != NULL);
        char *edited = ora_fmt("%.*s%s%s", (int)(at - text), text, cases[i].to, at + strlen(cases[i].from));
        ORA_CHECK_INT(ora_tune_parse(edited, strlen(edited), back, &err), ORA_E_FORMAT);
        ORA_CHECK_HAS(err.message, cases[i].says);
        free(edited);
    }
    free(text);
    free(r);
    free(back);
}

ORA_TEST(too_many_rows_are_refused)
{
    struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
    struct ora_tune_row row = {.workers = 1};
    for (int i = 0; i < ORA_TUNE_ROWS_MAX; i++)
        ORA_CHECK_INT(ora_tune_add_row(r, &row, NULL), 0);
    ORA_CHECK_INT(ora_tune_add_row(r, &row, NULL), ORA_E_LIMIT);
    free(r);
}
