/*
 * start_bench VOICE [LEVEL …]: what a worker's start and memory are. Each level in a process of its own,
 * after another that packed its weights: milliseconds from the start of the process to an open voice, to a
 * model that is ready, to the samples of a first short sentence; then memory of its own (anonymous pages: all
 * but mapped weights and code) after that sentence, and after one utterance of the longest that a job's
 * default allows (600 characters), in one sentence and in many. Wall-clock times: a busy machine shows in
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "nn/kernels/kernels.h"
#include "voice/voice.h"

enum { CHARS_USUAL = 600 };

struct engine {
    struct ora_voice *voice;
    const struct ora_family *family;
    struct ora_model *model;
    struct ora_arena arena;
    double audio_s;
};

static double own_mb(void)
{
    return (double)ora_process_memory_bytes("RssAnon") / (1 << 20);
}

static int heard(void *ctx, size_t index, int rc, const struct ora_spoken *spoken, const struct ora_err *why)
{
    struct engine *e = ctx;
    (void)index;
    if (rc < 0)
        fprintf(stderr, "start_bench: %s\n", why->message);
    else
        e->audio_s = (double)spoken->samples / spoken->sample_rate_hz;
    return rc;
}

/* An arena for texts of so many characters, and one such text spoken. */
static int speak(struct engine *e, const char *text, uint32_t max_chars, struct ora_err *err)
{
    struct ora_limits limits = {.max_chars = max_chars};
    struct ora_plan plan;
    struct ora_request q = {.id = "u", .text = text, .speed = 1};
    int rc = ora_settings_init(e->family, e->voice, &q.settings, err);
    if (rc == 0)
        rc = e->family->plan(e->model, &limits, &plan, err);
    if (rc == 0)
        rc = ora_arena_init(&e->arena, plan.arena_bytes, err);
    return rc < 0 ? rc : e->family->synth(e->model, &e->arena, &q, 1, heard, e, err);
}

static char *words(const char *sentence, size_t chars)
{
    size_t len = strlen(sentence);
    char *text = ora_xcalloc(chars + len + 1, 1);
    for (size_t n = 0; n < chars; n += len)
        memcpy(text + n, sentence, len);
    text[chars] = 0;
    return text;
}

/* Speaks the long utterances; prints what the process holds after each. */
static int grow(struct engine *e, struct ora_err *err)
{
    static const char *const sentence[] = {
        "The keeper wrote a number down because a rumour never lit a lamp and ",
        "A rumour never lit a lamp on any coast. "};
    static const char *const name[] = {"one_sentence", "many_sentences"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof name / sizeof *name; i++) {
        char *text = words(sentence[i], CHARS_USUAL);
        ora_arena_release(&e->arena);
        rc = speak(e, text, CHARS_USUAL, err);
        printf(", \"own_mb_%s\": %.1f, \"audio_s_%s\": %.1f", name[i], own_mb(), name[i], e->audio_s);
        free(text);
    }
    return rc;
}

static int run(const char *path, const char *level, double begun)
{
    struct engine e = {0};
    struct ora_err err = {0};
    struct ora_open_options options = {.kernels = level};
    struct ora_fpu_state fpu = ora_fpu_enter();
    int rc = ora_voice_open(path, &e.voice, &err);
    double opened = ora_clock_mono_s(), ready, sounded;
    if (rc == 0) {
        e.family = ora_family_find(e.voice->family);
        rc = e.family->open(e.voice, &options, &e.model, &err);
    }
    ready = ora_clock_mono_s();
    if (rc == 0)
        rc = speak(&e, "Good morning.", CHARS_USUAL, &err);
    sounded = ora_clock_mono_s();
    if (rc == 0) {
        printf("{\"level\": \"%s\", \"voice_ms\": %.1f, \"model_ms\": %.1f, \"first_samples_ms\": %.1f, "
               "\"cpu_ms\": %.1f, \"own_mb\": %.1f",
               e.family->level(e.model), 1e3 * (opened - begun), 1e3 * (ready - begun),
               1e3 * (sounded - begun), 1e3 * ora_clock_thread_cpu_s(), own_mb());
        rc = grow(&e, &err);
        printf("}\n");
    }
    if (rc < 0)
        fprintf(stderr, "start_bench: %s\n", err.message);
    ora_arena_release(&e.arena);
    if (e.model)
        e.family->close(&e.model);
    ora_voice_close(&e.voice);
    ora_fpu_leave(fpu);
    fflush(stdout);
    return rc < 0 ? 1 : 0;
}

/* The level in a process of its own;. */
static int in_process(const char *path, const char *level, bool pack_only)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (pack_only && !freopen("/dev/null", "w", stdout))
            _exit(1);
        _exit(run(path, level, ora_clock_mono_s()));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"avx512", "avx512-wino", "avx2", "avx2-wino"};
    int rc = 0, levels = argc > 2 ? argc - 2 : (int)(sizeof usual / sizeof *usual);
    if (argc < 2) {
        fprintf(stderr, "usage: start_bench VOICE [LEVEL]…\n");
        return 2;
    }
    ora_log_setup(2, ORA_LOG_WARN, "start_bench");
    for (int i = 0; i < levels; i++) {
        const char *level = argc > 2 ? argv[i + 2] : usual[i];
        struct ora_err err = {0};
        if (!ora_kernels_find(level, &err))
            fprintf(stderr, "start_bench: %s\n", err.message);
        else
            rc |= in_process(argv[1], level, true) || in_process(argv[1], level, false);
    }
    return rc;
}
