/* Measuring with real processes: the family without weights, and ways to fail. */
#include "tune/measure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "tune/crew.h"
#include "tune/keep.h"
#include "tune/sentences.h"
#include "voice/voice.h"

ORA_TEST(numbers_of_workers_to_try)
{
    static const struct {
        uint32_t most;
        const char *want;
    } cases[] = {
        {1, ""}, {2, ""}, {3, "2 "}, {4, "2 3 "}, {16, "2 3 4 6 8 12 "}, {64, "2 3 4 6 8 12 16 24 32 48 "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t counts[32];
        struct ora_str list = ORA_STR_INIT;
        size_t n = ora_tune_counts(cases[i].most, counts, 32);
        for (size_t k = 0; k < n; k++)
            ora_str_addf(&list, "%u ", counts[k]);
        ORA_CHECK_STR(ora_str_c(&list), cases[i].want);
        ora_str_release(&list);
    }
}

ORA_TEST(a_quota_is_shared_by_the_workers)
{
    ORA_CHECK_NEAR(ora_tune_share(0, 4), 1, 0);
    ORA_CHECK_NEAR(ora_tune_share(1.5, 1), 1, 0);
    ORA_CHECK_NEAR(ora_tune_share(1.5, 2), 0.75, 0);
    ORA_CHECK_NEAR(ora_tune_share(0.5, 1), 0.5, 0);
}

ORA_TEST(every_language_has_sentences_of_its_own)
{
    static const char *const langs[] = {"en-US", "de", "fr-CA", "es", "it", "zh-CN", "xx", NULL};
    for (size_t i = 0; langs[i]; i++) {
        const char *const *s = ora_tune_sentences(langs[i]);
        ORA_CHECK(s[0] && s[1] && s[2]);
        ORA_CHECK(strlen(s[0]) < strlen(s[1]));
    }
    ORA_CHECK(ora_tune_sentences(NULL) == ora_tune_sentences("en"));
}

/* A measurement of `tone` on a host of so many cores; the caller frees *result. */
static int measured(uint32_t cores, double round_s, double budget_s, uint64_t free_bytes,
                    struct ora_tune_result **result, struct ora_str *notes, struct ora_err *err)
{
    struct ora_voice *voice = NULL;
    struct ora_tune_key key;
    struct ora_levels here;
    struct ora_host host = {.name = "h", .cores = cores};
    ORA_CHECK_OK(ora_levels_here(&here, err), *err);
    ORA_CHECK_OK(ora_voice_open("tone", &voice, err), *err);
    ora_tune_key_of(&host, &here, voice, "f32-direct", &key);
    struct ora_tune_options o = {.voice = voice,
                                 .named = "tone",
                                 .key = &key,
                                 .here = &here,
                                 .round_s = round_s,
                                 .budget_s = budget_s,
                                 .free_bytes = free_bytes};
    *result = ora_xcalloc(1, sizeof **result);
    int rc = ora_tune_measure(&o, *result, notes, err);
    ora_voice_close(&voice);
    return rc;
}

ORA_TEST(every_number_of_workers_is_timed)
{
    struct ora_tune_result *r;
    struct ora_str notes = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(measured(4, 0.02, 60, 0, &r, &notes, &err), err);
    static const uint32_t want[] = {1, 4, 3, 2}; /* one level: tone has no kernels */
    ORA_CHECK_INT(r->row_count, 4);
    for (size_t i = 0; i < r->row_count; i++) {
        ORA_CHECK_INT(r->row[i].workers, want[i]);
        ORA_CHECK_STR(r->row[i].level, "scalar");
        ORA_CHECK(r->row[i].audio_s_per_wall_s > 1);
        ORA_CHECK(r->row[i].core_s_per_audio_s > 0);
        ORA_CHECK(r->row[i].memory_bytes > 1000000);
    }
    ORA_CHECK(r->row[1].memory_bytes > r->row[0].memory_bytes);
    ORA_CHECK(r->audio_s_per_char > 0.001 && r->audio_s_per_char < 1);
    ORA_CHECK(r->start_s > 0);
    ORA_CHECK_INT(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
    ora_str_release(&notes);
    free(r);
}

ORA_TEST(workers_stop_where_memory_does)
{
    struct ora_tune_result *r;
    struct ora_str notes = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(measured(64, 0.02, 60, 8 << 20, &r, &notes, &err), err);
    ORA_CHECK_HAS(ora_str_c(&notes), "fit the memory that is free");
    for (size_t i = 0; i < r->row_count; i++)
        ORA_CHECK(r->row[i].workers < 16);
    ora_str_release(&notes);
    free(r);
}

ORA_TEST(what_the_budget_does_not_reach_is_told)
{
    struct ora_tune_result *r;
    struct ora_str notes = ORA_STR_INIT;
    struct ora_err err = {0};
    double begin_s = ora_clock_mono_s();
    ORA_CHECK_OK(measured(16, 0.4, 3, 0, &r, &notes, &err), err);
    ORA_CHECK(ora_clock_mono_s() - begin_s < 30);
    ORA_CHECK(r->row_count >= 1);
    ORA_CHECK_HAS(ora_str_c(&notes), "workers were not tried");
    ora_str_release(&notes);
    free(r);
}

ORA_TEST(a_voice_that_is_too_slow_is_refused_before_anybody_waits)
{
    struct ora_tune_result *r;
    struct ora_str notes = ORA_STR_INIT;
    struct ora_err err = {0};
    double begin_s = ora_clock_mono_s();
    ORA_CHECK_INT(measured(2, 0.02, 1e-5, 0, &r, &notes, &err), ORA_E_UNSUPPORTED);
    ORA_CHECK_HAS(err.message, "voice tone speaks too slowly");
    ORA_CHECK_HAS(err.message, "--budget");
    ORA_CHECK(ora_clock_mono_s() - begin_s < 5);
    ora_str_release(&notes);
    free(r);
}

static struct ora_crew_options tone_crew(void)
{
    return (struct ora_crew_options){
        .voice = "tone", .level = "scalar", .sentences = ora_tune_sentences("en"), .patience_s = 20};
}

ORA_TEST(a_process_that_cannot_open_the_voice_says_why)
{
    struct ora_crew_options o = tone_crew();
    struct ora_crew *crew;
    struct ora_crew_start start;
    struct ora_err err = {0};
    o.voice = "nobody";
    ORA_CHECK_OK(ora_crew_create(&o, 2, &crew, &err), err);
    ORA_CHECK_INT(ora_crew_grow(crew, 1, &start, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_HAS(err.message, "nobody");
    ora_crew_destroy(&crew);
}

/* Children of this process, by /proc. */
static pid_t a_child(void)
{
    pid_t found = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[300], line[512] = "", *after;
        int parent;
        snprintf(path, sizeof path, "/proc/%.200s/stat", e->d_name);
        FILE *f = fopen(path, "re");
        if (f && fgets(line, sizeof line, f) && (after = strrchr(line, ')')) &&
            sscanf(after, ") %*c %d", &parent) == 1 && parent == getpid())
            found = atoi(e->d_name);
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return found;
}

ORA_TEST(a_process_that_is_killed_ends_the_measurement)
{
    struct ora_crew_options o = tone_crew();
    struct ora_crew *crew;
    struct ora_crew_start start;
    struct ora_crew_round round;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_crew_create(&o, 1, &crew, &err), err);
    ORA_CHECK_OK(ora_crew_grow(crew, 1, &start, &err), err);
    ORA_CHECK_OK(ora_crew_work(crew, 1, 0.01, &round, &err), err);
    pid_t pid = a_child();
    ORA_REQUIRE(pid > 0);
    kill(pid, SIGKILL);
    ORA_CHECK_INT(ora_crew_work(crew, 1, 0.01, &round, &err), ORA_E_CRASH);
    ORA_CHECK_HAS(err.message, "signal 9");
    ora_crew_destroy(&crew);
}

/* A program that is killed while it measures leaves no process behind. */
ORA_TEST(processes_die_with_their_parent)
{
    int ends[2];
    char byte;
    ORA_REQUIRE(pipe(ends) == 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct ora_crew_options o = tone_crew();
        struct ora_crew *crew;
        struct ora_crew_start start;
        close(ends[0]);
        ora_crew_create(&o, 2, &crew, NULL);
        ora_crew_grow(crew, 2, &start, NULL);
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    ORA_CHECK_INT(read(ends[0], &byte, 1), 1);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    /* the processes held the writing end, too: its end is theirs */
    ORA_CHECK_INT(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}
