/* oratorio export: makes one view of a run, in its place or in another folder. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "views/views.h"

static const char text[] =
    "Views: jsonl (manifest.jsonl), ljspeech (metadata.csv and wavs/), chapters (one FLAC or WAV a "
    "chapter).\n"
    "Without DIR the view is made in RUN/views/VIEW. An unfinished run gives what is done.\n\n"
    "Examples:\n"
    "  oratorio export runs/corpus ljspeech\n"
    "  oratorio export runs/book chapters /media/player/book\n";

static int run(int argc, char **argv)
{
    const struct ora_option options[] = {{0}};
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_export, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    struct ora_run *r = NULL;
    char *dir = ora_find_run(args.item[0], &err);
    int rc = dir ? ora_run_open(dir, ORA_RUN_READ, &r, &err) : err.code;
    if (rc == 0)
        rc = ora_view_make(r, args.item[1], args.count > 2 ? args.item[2] : NULL, &err);
    if (rc < 0)
        fprintf(stderr, "oratorio export: %s\n", err.message);
    else if (args.count > 2)
        printf("%s\n", args.item[2]);
    else
        printf("%s/views/%s\n", dir, args.item[1]);
    ora_run_close(&r);
    free(dir);
    return rc < 0 ? ora_exit_code_of_error(rc) : 0;
}

const struct ora_verb ora_verb_export = {
    .name = "export",
    .synopsis = "RUN VIEW [DIR]",
    .summary = "make a view of a run: jsonl, ljspeech, chapters",
    .text = text,
    .min_args = 2,
    .max_args = 3,
    .run = run,
};
