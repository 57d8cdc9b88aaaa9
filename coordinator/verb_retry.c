/* oratorio retry: reopens whole batches, so that `run` renders them again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"

static const char text[] =
    "A batch is the unit of file and commit, so it is reopened whole: its file is removed and all its "
    "utterances are rendered again.\n"
    "Rejected utterances stay rejected. Then call `oratorio run` on the job.\n\n"
    "Examples:\n"
    "  oratorio retry runs/book --failed           every batch with a failed utterance\n"
    "  oratorio retry runs/book --id story-000017  the batch of this utterance\n";

static int run(int argc, char **argv)
{
    bool failed = false;
    const char *id = NULL;
    const struct ora_option options[] = {
        {.name = "failed",
         .help = "every batch with a failed utterance (the default without --id)",
         .type = ORA_OPT_FLAG,
         .value = &failed},
        {.name = "id",
         .arg = "ID",
         .help = "the batch of this utterance",
         .type = ORA_OPT_TEXT,
         .value = &id},
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_retry, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    struct ora_run *r = NULL;
    char *dir = ora_find_run(args.item[0], &err);
    int rc = dir ? ora_run_open(dir, ORA_RUN_WRITE, &r, &err) : err.code;
    if (rc == 0)
        rc = ora_run_retry(r, failed || !id, id, ora_clock_wall_ms(), &err);
    ora_run_close(&r);
    if (rc < 0)
        fprintf(stderr, "oratorio retry: %s\n", err.message);
    else
        printf("%s: %d batch%s reopened\n", dir, rc, rc == 1 ? "" : "es");
    free(dir);
    return rc < 0 ? ora_exit_code_of_error(rc) : 0;
}

const struct ora_verb ora_verb_retry = {
    .name = "retry",
    .synopsis = "RUN [--failed] [--id ID]",
    .summary = "reopen batches for rendering again",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
