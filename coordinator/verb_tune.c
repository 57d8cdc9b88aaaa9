/* oratorio tune: measures levels and workers on this host, for a voice or a job's voices, and keeps it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "coordinator/progress.h"
#include "coordinator/tuning.h"
#include "tune/measure.h"
#include "voice/voice.h"

static const char text[] =
    "Lets 1, 2, ... workers speak a few sentences at each kernel level that this processor has within the "
    "precision, for seconds in\n"
    "all, and tells which level and how many workers are fastest. Neither changes a byte of any audio. What "
    "was measured is kept in\n"
    "the user's cache folder, a file a host, voice and precision; `run` then starts so many workers and "
    "`plan` reckons with it. It is\n"
    "measured again with --again, and whenever host, processor, cores, levels, version or voice are others. "
    "With a JOB: for its voices and its\n"
    "precision. Run it while the machine does nothing else.\n"
    "One worker at each level is always measured. More workers are tried until --budget seconds are over; "
    "what is in hand then is ended,\n"
    "so that a voice may take longer, the more so the slower it speaks.\n\n"
    "Examples:\n"
    "  oratorio tune\n"
    "  oratorio tune --voice en_US-joe-medium --again\n"
    "  oratorio tune jobs/quickstart.yaml\n"
    "  oratorio tune --json | jq '.rows[] | select(.workers == 1)'\n";

enum { VOICES_MAX = 64 };

struct tune {
    const char *voice, *precision, *kernels;
    long budget_s;
    bool again, json;
    struct ora_tuning tuning;
    bool on_terminal;
};

static void on_progress(void *ctx, const char *level, uint32_t workers)
{
    const struct tune *t = ctx;
    if (t->on_terminal)
        fprintf(stderr, "\r\033[Kmeasuring %s, %u worker%s", level, workers, workers == 1 ? "" : "s");
}

/* ---- the table
 * ---------------------------------------------------------------------------------------------- */

static void add_table(const struct ora_tune_result *r, size_t best, struct ora_str *out)
{
    ora_str_add(out, "level         workers  audio s / s  core s / audio h  peak memory\n");
    for (size_t i = 0; i < r->row_count; i++) {
        const struct ora_tune_row *w = &r->row[i];
        struct ora_str memory = ORA_STR_INIT;
        ora_bytes_text(w->memory_bytes, &memory);
        ora_str_addf(out, "%-12s  %7u  %11.1f  %16.1f  %11s%s\n", w->level, w->workers, w->audio_s_per_wall_s,
                     w->core_s_per_audio_s * 3600, ora_str_c(&memory), i == best ? "  <- best" : "");
        ora_str_release(&memory);
    }
}

static void print_text(const struct tune *t, const struct ora_tune_result *r, const char *notes, bool kept)
{
    struct ora_str out = ORA_STR_INIT;
    char day[32];
    size_t best = ora_tune_choose(r, t->tuning.kernels);
    ora_clock_rfc3339(r->measured_ms, day);
    ora_str_addf(&out, "voice %s, precision %s, host %s: %s, %u core%s; measured %.10s in %.1f s\n",
                 r->key.voice, r->key.arithmetic, r->key.host,
                 r->key.cpu[0] ? r->key.cpu : "processor unknown", r->key.cores, r->key.cores == 1 ? "" : "s",
                 day, r->took_s);
    add_table(r, best, &out);
    ora_str_add(&out, notes);
    if (kept)
        ora_str_addf(&out, "a run here starts %u worker%s (level %s)\n", r->row[best].workers,
                     r->row[best].workers == 1 ? "" : "s", r->row[best].level);
    else
        ora_str_addf(&out, "not kept: a run here starts one worker a core unless --workers %u is given\n",
                     r->row[best].workers);
    fputs(ora_str_c(&out), stdout);
    ora_str_release(&out);
}

static void print_json(const struct ora_tune_result *r)
{
    char *doc = ora_tune_to_json(r);
    puts(doc ? doc : "{}");
    free(doc);
}

/* ---- one voice
 * ---------------------------------------------------------------------------------------------- */

static int measure(struct tune *t, const struct ora_voice *voice, const char *named,
                   struct ora_tune_result *r, bool *kept, struct ora_str *notes, struct ora_err *err)
{
    struct ora_tune_key key;
    ora_tune_key_of(&t->tuning.host, &t->tuning.here, voice, t->tuning.arithmetic, &key);
    struct ora_tune_options o = {.voice = voice,
                                 .named = named,
                                 .key = &key,
                                 .here = &t->tuning.here,
                                 .kernels = t->tuning.kernels,
                                 .round_s = 0.5,
                                 .budget_s = (double)t->budget_s,
                                 .quota = t->tuning.host.quota,
                                 .free_bytes = t->tuning.host.free_bytes,
                                 .progress = on_progress,
                                 .ctx = t};
    int rc = ora_tune_measure(&o, r, notes, err);
    if (t->on_terminal)
        fputs("\r\033[K", stderr);
    if (rc < 0)
        return rc;
    struct ora_err why = {0};
    *kept = ora_tune_save(NULL, r, &why) == 0;
    if (!*kept) /* what was measured is worth printing all the same */
        fprintf(stderr, "oratorio tune: not kept: %s\n", why.message);
    return 0;
}

static int tune_voice(struct tune *t, const char *named, struct ora_err *err)
{
    struct ora_voice *voice = NULL;
    struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
    struct ora_str notes = ORA_STR_INIT, why = ORA_STR_INIT;
    int rc = ora_voice_open(named, &voice, err);
    const struct ora_family *f = rc == 0 ? ora_family_find(voice->family) : NULL;
    if (f && f->is_base && f->is_base(voice))
        rc = ora_err_set(err, ORA_E_VOICE, "voice '%s' is a base: it has networks and nobody's voice", named);
    bool had = rc == 0 && !t->again && ora_tuning_of_voice(&t->tuning, voice, r, &why), kept = had;
    if (rc == 0 && !had)
        rc = measure(t, voice, named, r, &kept, &notes, err);
    if (rc == 0 && t->json)
        print_json(r);
    else if (rc == 0)
        print_text(t, r, had ? "kept from then; --again measures anew\n" : ora_str_c(&notes), kept);
    ora_str_release(&notes);
    ora_str_release(&why);
    free(r);
    ora_voice_close(&voice);
    return rc;
}

/* ---- all voices
 * --------------------------------------------------------------------------------------------- */

static void add_voice(struct ora_words *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i], name) == 0)
            return;
    if (list->count < VOICES_MAX)
        list->item[list->count++] = name;
}

static void voices_of(const struct tune *t, const struct ora_job *job, struct ora_words *list)
{
    if (t->voice || !job) {
        add_voice(list, t->voice ? t->voice : ORA_JOB_DEFAULT_VOICE);
        return;
    }
    for (size_t i = 0; i < job->input_count; i++)
        add_voice(list, job->inputs[i].voice ? job->inputs[i].voice : job->voice);
}

static int tune(struct tune *t, const char *job_name, struct ora_err *err)
{
    struct ora_job *job = job_name ? ora_read_job(job_name, NULL, err) : NULL;
    struct ora_words voices = {0};
    if (job_name && !job)
        return err->code;
    voices_of(t, job, &voices);
    int rc = ora_tuning_init(&t->tuning, job, t->precision, t->kernels, err);
    for (size_t i = 0; rc == 0 && i < voices.count; i++) {
        struct ora_err why = {0};
        if (tune_voice(t, voices.item[i], &why) == 0)
            continue;
        if (err->code) /* one message is the verb's last word: the others are told here */
            fprintf(stderr, "oratorio tune: %s\n", why.message);
        else
            *err = why;
    }
    ora_job_free(&job);
    return rc < 0 ? rc : err->code;
}

static int run(int argc, char **argv)
{
    struct tune t = {.budget_s = 60, .on_terminal = isatty(STDERR_FILENO)};
    const struct ora_option options[] = {
        {.name = "voice",
         .arg = "VOICE",
         .help = "name or folder (default: the job's voices, or " ORA_JOB_DEFAULT_VOICE ")",
         .type = ORA_OPT_TEXT,
         .value = &t.voice,
         .letter = 'v'},
        ORA_OPTION_PRECISION(&t.precision),
        {.name = "kernels",
         .arg = "LEVEL",
         .help = "a level to measure throughout, fast or not, e.g. avx2 (default: the job's)",
         .type = ORA_OPT_TEXT,
         .value = &t.kernels},
        {.name = "budget",
         .arg = "SECONDS",
         .help = "for a voice: after them no more workers are tried (default: 60)",
         .type = ORA_OPT_INT,
         .value = &t.budget_s,
         .min = 1,
         .max = 86400},
        {.name = "again",
         .help = "measure even if a measurement is kept",
         .type = ORA_OPT_FLAG,
         .value = &t.again},
        {.name = "json",
         .help = "print what is kept: a JSON object a voice",
         .type = ORA_OPT_FLAG,
         .value = &t.json},
        {0},
    };
    struct ora_words args;
    enum ora_parse parsed = ora_options_parse(&ora_verb_tune, options, argc, argv, &args);
    if (parsed != ORA_PARSE_OK)
        return parsed == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    int rc = tune(&t, args.count ? args.item[0] : NULL, &err);
    if (rc < 0)
        fprintf(stderr, "oratorio tune: %s\n", err.message);
    return rc < 0 ? ora_exit_code_of_error(rc) : 0;
}

const struct ora_verb ora_verb_tune = {
    .name = "tune",
    .synopsis = "[JOB] [OPTION]...",
    .summary = "measure which level and how many workers are fastest here",
    .text = text,
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
