/* oratorio run: makes or opens the run, works until the ledger balances, makes the views, reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "coordinator/cancel.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "coordinator/service.h"
#include "coordinator/tuning.h"

static const char text[] =
    "JOB is a job file (.yaml), a text (.txt .md .jsonl .tsv or a |-separated list), or - for a text on "
    "stdin.\n"
    "The run lives in runs/NAME; the same command again goes on where it stopped, or sees that all is done.\n"
    "Ctrl-C once lets the workers finish what they hold and stops; twice stops at once. Nothing is lost "
    "either way.\n\n"
    "Examples:\n"
    "  oratorio run book.md                        one FLAC a chapter in runs/book/views/chapters\n"
    "  oratorio run jobs/quickstart.yaml --workers 4\n"
    "  oratorio run corpus.yaml --launch none --listen 'tcp://0.0.0.0:5555'\n"
    "                                              starts no worker: others join with oratorio-worker "
    "--connect\n";

struct run_context {
    struct ora_progress_printer printer;
    bool tell_workers; /* print how to join */
    const char *dir;   /* of the run */
};

static void on_ready(void *ctx, const char *endpoint, const char *key_file)
{
    struct run_context *c = ctx;
    if (!c->tell_workers)
        return;
    char *line = ora_join_line(endpoint, key_file);
    ora_progress_note(&c->printer, "workers join with: %s", line);
    free(line);
}

static void on_turned_away(void *ctx, const char *why)
{
    struct run_context *c = ctx;
    ora_progress_note(&c->printer, "a worker was turned away: %s", why);
}

static void on_progress(void *ctx, const struct ora_service_state *state)
{
    struct run_context *c = ctx;
    ora_progress_show(&c->printer, state, ora_clock_mono_ms(), false);
}

static bool asked_to_stop(void *ctx)
{
    return ora_cancel_asked(((struct run_context *)ctx)->dir);
}

static const char *end_text(enum ora_service_end end)
{
    return end == ORA_SERVICE_FINISHED ? "finished" : end == ORA_SERVICE_STOPPED ? "stopped" : "paused";
}

/* Of the job's voices the one that is sure to speak. */
static const char *main_voice(const struct ora_job *job)
{
    for (size_t i = 0; i < job->input_count; i++)
        if (!job->inputs[i].voice)
            return job->voice;
    return job->input_count ? job->inputs[0].voice : job->voice;
}

/* As many as pay on this host, and a line that says why so many. */
static uint32_t default_workers(const struct ora_run *run, struct ora_progress_printer *printer)
{
    const struct ora_job *job = ora_run_job(run);
    struct ora_tuning tuning;
    struct ora_str said = ORA_STR_INIT;
    struct ora_err ignored = {0}; /* a level that is not here is its workers' business */
    ora_tuning_init(&tuning, job, NULL, NULL, &ignored);
    uint32_t workers = ora_tuning_workers(&tuning, main_voice(job), &said);
    if (tuning.level && tuning.host.cores > 1) /* one core has one worker; who cannot is told why soon */
        ora_progress_note(printer, "%s", ora_str_c(&said));
    ora_str_release(&said);
    return workers;
}

/* Works on an open run until it ends; returns the exit code. */
static int work(struct ora_run *run, struct ora_service_options *o, struct run_context *c, bool quiet,
                struct ora_err *err)
{
    struct ora_progress before, after;
    struct ora_service_summary sum = {.end = ORA_SERVICE_FINISHED};
    int rc = ora_run_progress(run, &before, err);
    if (rc == 0 && ora_report_exit_code(&before) == 3) {
        if (o->launch_mpirun && !o->workers)
            o->workers = default_workers(o->run, &c->printer);
        rc = ora_service_run(o, &sum, err);
        if (rc == 0)
            ora_progress_show(&c->printer, &sum.last, ora_clock_mono_ms(), true);
    } else if (rc == 0) {
        ora_progress_note(&c->printer, "nothing left to render");
    }
    if (rc == 0)
        rc = ora_run_progress(run, &after, err);
    if (rc < 0)
        return ora_exit_code_of_error(rc);
    if (sum.end == ORA_SERVICE_PAUSED)
        fprintf(stderr, "oratorio run: paused: %s; the same command goes on\n", sum.why);
    struct ora_report report = {.ledger = after,
                                .wall_s = sum.wall_s,
                                .rendered_audio_s = after.audio_s - before.audio_s,
                                .end = end_text(sum.end),
                                .why = sum.why};
    rc = ora_end_run(run, &report, quiet, err);
    return rc < 0 ? 3 : ora_report_exit_code(&after);
}

static int run(int argc, char **argv)
{
    long workers = 0;
    const char *launch = "mpirun";
    bool quiet = false, json = false;
    struct ora_open_request q = {0};
    struct ora_service_options o = {0};
    const struct ora_option options[] = {
        {.name = "workers",
         .arg = "N",
         .help = "workers to start (default: as 'oratorio tune' measured here, else one a core)",
         .type = ORA_OPT_INT,
         .value = &workers,
         .min = 1,
         .max = 4096,
         .letter = 'w'},
        {.name = "out",
         .arg = "DIR",
         .help = "folder of the run (default: runs/NAME)",
         .type = ORA_OPT_TEXT,
         .value = &q.out,
         .letter = 'o'},
        {.name = "new",
         .help = "make another run when this one exists already",
         .type = ORA_OPT_FLAG,
         .value = &q.new_run},
        ORA_OPTION_PRECISION(&q.precision),
        ORA_OPTION_LISTEN(&o.listen),
        {.name = "launch",
         .arg = "mpirun|none",
         .help = "how workers are started; none: others join",
         .type = ORA_OPT_CHOICE,
         .value = &launch},
        {.name = "quiet",
         .help = "print nothing but errors",
         .type = ORA_OPT_FLAG,
         .value = &quiet,
         .letter = 'q'},
        ORA_OPTION_JSON_PROGRESS(&json),
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_run, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;

    struct run_context c = {.tell_workers = strcmp(launch, "none") == 0};
    ora_progress_init(&c.printer, quiet ? ORA_PROGRESS_QUIET : json ? ORA_PROGRESS_JSON : ORA_PROGRESS_AUTO);
    struct ora_err err = {0};
    q.what = args.item[0];
    q.printer = &c.printer;
    int rc = ora_open_or_make_run(&q, &o.run, &err), code;
    if (rc < 0) {
        code = ora_exit_code_of_error(rc);
    } else {
        o.workers = (uint32_t)workers;
        o.launch_mpirun = strcmp(launch, "mpirun") == 0;
        o.stay = !o.launch_mpirun;
        o.on_ready = on_ready;
        o.on_turned_away = on_turned_away;
        o.on_progress = on_progress;
        o.asked_to_stop = asked_to_stop;
        c.dir = ora_run_dir(o.run);
        ora_cancel_clear(c.dir);
        o.ctx = &c;
        code = work(o.run, &o, &c, quiet, &err);
        ora_run_close(&o.run);
    }
    if (err.code)
        fprintf(stderr, "oratorio run: %s\n", err.message);
    return code;
}

const struct ora_verb ora_verb_run = {
    .name = "run",
    .synopsis = "JOB|TEXT|- [OPTION]...",
    .summary = "render a job, or a text with all defaults",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
