/* oratorio cancel: asks a run to stop leasing, whoever coordinates it. */
#include <stdio.h>
#include <stdlib.h>

#include "coordinator/cancel.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"

static const char text[] = "A working coordinator sees it within a second, lets the workers finish what they "
                           "hold, and exits with 3.\n"
                           "`oratorio run` on the same job goes on later.\n\n"
                           "Example:\n"
                           "  oratorio cancel runs/book\n";

static int run(int argc, char **argv)
{
    const struct ora_option options[] = {{0}};
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_cancel, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    char *dir = ora_find_run(args.item[0], &err);
    int rc = dir ? 0 : err.code;
    if (rc == 0 && !ora_run_is_worked_on(dir))
        printf("%s: nobody works on it now\n", dir);
    else if (rc == 0 && (rc = ora_cancel_ask(dir, &err)) == 0)
        printf("%s: asked to stop; 'oratorio run' on its job goes on later\n", dir);
    if (rc < 0)
        fprintf(stderr, "oratorio cancel: %s\n", err.message);
    free(dir);
    return rc < 0 ? ora_exit_code_of_error(rc) : 0;
}

const struct ora_verb ora_verb_cancel = {
    .name = "cancel",
    .synopsis = "RUN",
    .summary = "stop a run, resumable",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
