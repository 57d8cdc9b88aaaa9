/* oratorio status: what a run has come to, read from its database while it may be working. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "coordinator/cancel.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"

static const char text[] =
    "Reads only, so it may be called at any time, also while the run works. Where nobody works on it (the "
    "coordinator was stopped or\n"
    "killed), it says so, and counts no workers.\n\n"
    "Examples:\n"
    "  oratorio status runs/book\n"
    "  oratorio status book --json | jq .ledger\n";

static int print_json(struct ora_run *r, const struct ora_report *report, unsigned workers,
                      struct ora_err *err)
{
    json_t *json = ora_report_json(r, report, err);
    if (!json)
        return err->code;
    json_object_set_new(json, "workers", json_integer(workers));
    char *s = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (s)
        puts(s);
    free(s);
    return 0;
}

static int count_worker(void *ctx, const struct ora_worker_info *info)
{
    (void)info;
    ++*(unsigned *)ctx;
    return 0;
}

static int print_text(struct ora_run *r, const struct ora_report *report, unsigned workers,
                      struct ora_err *err)
{
    struct ora_str s = ORA_STR_INIT;
    ora_str_addf(&s, "run:        %s (%s%s%s)\n", ora_run_dir(r), report->end, report->why[0] ? ": " : "",
                 report->why);
    const struct ora_progress *l = &report->ledger;
    if (ora_report_exit_code(l) == 3)
        ora_str_addf(&s, "progress:   %.0f%%, %u worker%s\n",
                     100.0 * (double)(l->done + l->rejected + l->failed) / (double)l->utterances, workers,
                     workers == 1 ? "" : "s");
    int rc = ora_report_text(r, report, &s, err);
    if (rc == 0)
        fputs(ora_str_c(&s), stdout);
    ora_str_release(&s);
    return rc;
}

/* Rows of leases and workers outlive a coordinator that was killed: only its lock tells that it works. */
static int look(struct ora_run *r, struct ora_report *report, unsigned *workers, struct ora_err *err)
{
    bool working = ora_run_is_worked_on(ora_run_dir(r)); /* first: it may end while we read */
    int rc = ora_run_progress(r, &report->ledger, err);
    if (rc == 0 && working)
        rc = ora_run_each_worker(r, count_worker, workers, err);
    bool finished = ora_report_exit_code(&report->ledger) != 3;
    report->end = finished ? "finished" : working ? "working" : "unfinished";
    if (!finished && !working)
        report->why = "nobody works on it now; the same command goes on";
    return rc;
}

static int run(int argc, char **argv)
{
    bool json = false;
    const struct ora_option options[] = {
        {.name = "json",
         .help = "one JSON object (as RUN/report.json, and workers)",
         .type = ORA_OPT_FLAG,
         .value = &json},
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_status, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    struct ora_run *r = NULL;
    struct ora_report report = {.why = ""};
    char *dir = ora_find_run(args.item[0], &err);
    int rc = dir ? ora_run_open(dir, ORA_RUN_READ, &r, &err) : err.code;
    unsigned workers = 0;
    if (rc == 0)
        rc = look(r, &report, &workers, &err);
    if (rc == 0)
        rc = json ? print_json(r, &report, workers, &err) : print_text(r, &report, workers, &err);
    ora_run_close(&r);
    free(dir);
    if (rc < 0) {
        fprintf(stderr, "oratorio status: %s\n", err.message);
        return ora_exit_code_of_error(rc);
    }
    return ora_report_exit_code(&report.ledger);
}

const struct ora_verb ora_verb_status = {
    .name = "status",
    .synopsis = "RUN [--json]",
    .summary = "tell how far a run is",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
