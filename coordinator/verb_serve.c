/* oratorio serve: the coordinator of a run that exists, alone; workers are started elsewhere. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "coordinator/cancel.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "coordinator/service.h"

static const char text[] =
    "Opens a run that `oratorio run` made and waits for workers until the ledger balances. Prints the line "
    "that starts workers\n"
    "elsewhere, with the key file that they need (0600; copy it only over a safe path). Its -n is the number "
    "of workers, "
    "one a core of\n"
    "this host: put there what the other machine has. More may join at any time, by the same line.\n\n"
    "Examples:\n"
    "  oratorio serve runs/corpus --listen 'tcp://10.0.0.5:5555'\n"
    "  mpirun --enable-recovery -n 16 oratorio-worker --connect tcp://10.0.0.5:5555 --key "
    "runs/corpus/keys/worker.key\n";

static void on_ready(void *ctx, const char *endpoint, const char *key_file)
{
    (void)ctx;
    char *line = ora_join_line(endpoint, key_file);
    puts(line);
    fflush(stdout);
    free(line);
}

struct serve_context {
    struct ora_progress_printer printer;
    const char *dir; /* of the run */
};

static void on_turned_away(void *ctx, const char *why)
{
    struct serve_context *c = ctx;
    ora_progress_note(&c->printer, "a worker was turned away: %s", why);
}

static void on_progress(void *ctx, const struct ora_service_state *state)
{
    ora_progress_show(&((struct serve_context *)ctx)->printer, state, ora_clock_mono_ms(), false);
}

static bool asked_to_stop(void *ctx)
{
    return ora_cancel_asked(((struct serve_context *)ctx)->dir);
}

static int serve(struct ora_run *run, const char *listen, struct serve_context *c, bool quiet,
                 struct ora_err *err)
{
    struct ora_service_options o = {.run = run,
                                    .stay = true,
                                    .listen = listen,
                                    .on_ready = on_ready,
                                    .on_turned_away = on_turned_away,
                                    .on_progress = on_progress,
                                    .asked_to_stop = asked_to_stop,
                                    .ctx = c};
    c->dir = ora_run_dir(run);
    ora_cancel_clear(c->dir);
    struct ora_service_summary sum = {0};
    struct ora_progress before;
    int rc = ora_run_progress(run, &before, err);
    if (rc == 0 && ora_report_exit_code(&before) == 3)
        rc = ora_service_run(&o, &sum, err);
    struct ora_report report = {.wall_s = sum.wall_s,
                                .end = sum.end == ORA_SERVICE_FINISHED ? "finished" : "stopped",
                                .why = sum.why};
    if (rc == 0)
        rc = ora_run_progress(run, &report.ledger, err);
    if (rc == 0) {
        report.rendered_audio_s = report.ledger.audio_s - before.audio_s;
        rc = ora_end_run(run, &report, quiet, err);
    }
    return rc < 0 ? ora_exit_code_of_error(rc) : ora_report_exit_code(&report.ledger);
}

static int run(int argc, char **argv)
{
    const char *listen = NULL;
    bool quiet = false, json = false;
    const struct ora_option options[] = {
        ORA_OPTION_LISTEN(&listen),
        {.name = "quiet",
         .help = "print nothing but errors and the line for workers",
         .type = ORA_OPT_FLAG,
         .value = &quiet,
         .letter = 'q'},
        ORA_OPTION_JSON_PROGRESS(&json),
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_serve, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct serve_context c = {0};
    ora_progress_init(&c.printer, quiet ? ORA_PROGRESS_QUIET : json ? ORA_PROGRESS_JSON : ORA_PROGRESS_AUTO);
    struct ora_err err = {0};
    struct ora_run *r = NULL;
    char *dir = ora_find_run(args.item[0], &err);
    int code = 2;
    if (dir && ora_run_open(dir, ORA_RUN_WRITE, &r, &err) == 0)
        code = serve(r, listen, &c, quiet, &err);
    else if (err.code)
        code = ora_exit_code_of_error(err.code);
    ora_run_close(&r);
    free(dir);
    if (err.code)
        fprintf(stderr, "oratorio serve: %s\n", err.message);
    return code;
}

const struct ora_verb ora_verb_serve = {
    .name = "serve",
    .synopsis = "RUN [OPTION]...",
    .summary = "coordinate a run whose workers are started elsewhere",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
