#include "coordinator/progress.h"

#include <jansson.h>

#include "base/test.h"

ORA_TEST(durations_and_sizes)
{
    static const struct {
        double s;
        const char *text;
    } row[] = {{0, "0.0 s"},      {9.94, "9.9 s"},      {9.96, "10 s"},     {59.6, "1 m 00 s"},
               {200, "3 m 20 s"}, {3599.6, "1 h 00 m"}, {3720, "1 h 02 m"}, {-1, "?"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct ora_str s = ORA_STR_INIT;
        ora_duration_text(row[i].s, &s);
        ORA_CHECK_STR(s.data, row[i].text);
        ora_str_release(&s);
    }
    static const struct {
        uint64_t n;
        const char *bytes, *count;
    } size[] = {{0, "0 B", "0"},
                {999, "999 B", "999"},
                {1000, "1.0 kB", "1,000"},
                {1234567, "1.2 MB", "1,234,567"},
                {412000000, "412 MB", "412,000,000"}};
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        struct ora_str a = ORA_STR_INIT, b = ORA_STR_INIT;
        ora_bytes_text(size[i].n, &a);
        ora_count_text(size[i].n, &b);
        ORA_CHECK_STR(a.data, size[i].bytes);
        ORA_CHECK_STR(b.data, size[i].count);
        ora_str_release(&a);
        ora_str_release(&b);
    }
}

ORA_TEST(line_and_json)
{
    struct ora_service_state s = {
        .ledger = {.utterances = 1500, .done = 747, .rejected = 2, .failed = 1, .audio_s = 3661},
        .workers = 2,
        .rate_audio_s = 41.26,
        .eta_s = 90};
    struct ora_str line = ORA_STR_INIT, json = ORA_STR_INIT;
    ora_progress_line(&s, &line);
    ORA_CHECK_STR(line.data, "750/1,500 utterances (50%), 1 h 01 m of audio, 41.3x real time, 2 workers, 2 "
                             "rejected, 1 failed, 1 m 30 s left");
    s.workers = 0; /* whoever left cannot say how long the others take */
    ora_str_clear(&line);
    ora_progress_line(&s, &line);
    ORA_CHECK_STR(line.data, "750/1,500 utterances (50%), 1 h 01 m of audio, no worker is here, 2 rejected, "
                             "1 failed");
    s.workers = 1, s.rate_audio_s = 0, s.eta_s = -1; /* nothing was finished yet */
    ora_str_clear(&line);
    ora_progress_line(&s, &line);
    ORA_CHECK_STR(line.data, "750/1,500 utterances (50%), 1 h 01 m of audio, 1 worker, 2 rejected, 1 failed");
    s.workers = 2, s.rate_audio_s = 41.26, s.eta_s = 90;
    s.in_work = 30, s.in_work_audio_s = 60;
    ora_str_clear(&line);
    ora_progress_line(&s, &line);
    ORA_CHECK(ora_starts_with(line.data, "780/1,500 utterances (52%), 1 h 02 m of audio"));
    ora_progress_json(&s, &json);
    json_t *o = json_loads(json.data, 0, NULL);
    ORA_REQUIRE(o);
    ORA_CHECK_INT(json_integer_value(json_object_get(o, "done")), 747);
    ORA_CHECK_NEAR(json_real_value(json_object_get(o, "eta_s")), 90, 0.01);
    json_decref(o);
    s.eta_s = -1;
    ora_str_clear(&json);
    ora_progress_json(&s, &json);
    ORA_CHECK(strstr(json.data, "\"eta_s\":null"));
    ora_str_release(&line);
    ora_str_release(&json);
}
