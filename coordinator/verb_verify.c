/* oratorio verify: the store against the ledger, and a sample rendered again against the PCM that was
 * recorded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "job/verify.h"
#include "render/render.h"

static const char text[] = "First every batch file's SHA-256 is compared with the ledger's, then a sample of "
                           "utterances is rendered again, and the\n"
                           "SHA-256 of their PCM is compared. The sample is drawn from the run's id, so that "
                           "the same call checks the same utterances;\n"
                           "--sample 0 checks the files only.\n\n"
                           "Example:\n"
                           "  oratorio verify runs/book --sample 50\n";

struct bad_files {
    struct ora_run *run;
    uint64_t count;
};

struct tally {
    uint64_t checked, different;
    const char *want; /* PCM SHA-256 of the row in work */
};

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct tally *t = ctx;
    (void)err;
    t->checked++;
    if (r->rc < 0 || strcmp(r->pcm_sha256, t->want) != 0)
        t->different++;
    return 0;
}

static int verify_sample(struct ora_run *r, uint32_t sample, struct tally *t, struct ora_err *err)
{
    struct ora_renderer *renderer = NULL;
    struct ora_run_rows *rows = NULL;
    struct ora_run_row row;
    struct ora_run_filter filter = {.state = ORA_UTT_DONE, .doc = -1, .chapter = -1, .sample = sample};
    int rc = ora_renderer_create(&ora_run_job(r)->render, &renderer, err);
    if (rc == 0)
        rc = ora_run_rows_open(r, &filter, &rows, err);
    while (rc == 0 && (rc = ora_run_rows_next(rows, &row, err)) > 0) {
        uint64_t before = t->different;
        t->want = row.pcm_sha256;
        rc = ora_renderer_run(renderer, &row.utt, 1, NULL, on_rendered, t, err);
        if (t->different > before)
            printf("different: %s (rendered at level %s, here %s)\n", row.utt.id, row.kernel_level,
                   ora_renderer_level(renderer));
    }
    ora_run_rows_close(&rows);
    ora_renderer_destroy(&renderer);
    return rc;
}

/* An utterance of the batch whose file is bad, so that the repair can be told. */
static char *first_id_of_batch(struct ora_run *r, uint32_t batch)
{
    struct ora_run_filter filter = {.state = ORA_UTT_DONE, .doc = -1, .chapter = -1};
    struct ora_run_rows *rows = NULL;
    struct ora_run_row row;
    char *id = NULL;
    if (ora_run_rows_open(r, &filter, &rows, NULL) < 0)
        return NULL;
    while (!id && ora_run_rows_next(rows, &row, NULL) > 0)
        if (row.batch == batch)
            id = ora_xstrdup(row.utt.id);
    ora_run_rows_close(&rows);
    return id;
}

static int on_bad_file(void *ctx, const char *path, const char *what)
{
    struct bad_files *bad = ctx;
    bad->count++;
    printf("file: %s: %s\n", path, what);
    char *id = first_id_of_batch(bad->run, (uint32_t)strtoul(ora_path_base(path), NULL, 10));
    if (id)
        printf("  repair: oratorio retry %s --id %s, then oratorio run on its job\n", ora_run_dir(bad->run),
               id);
    free(id);
    return 0;
}

static int run(int argc, char **argv)
{
    long sample = 20;
    const struct ora_option options[] = {
        {.name = "sample",
         .arg = "N",
         .help = "utterances to render again (default: 20)",
         .type = ORA_OPT_INT,
         .value = &sample,
         .min = 0,
         .max = 1000000},
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_verify, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct ora_err err = {0};
    struct ora_run *r = NULL;
    struct tally t = {0};
    uint64_t files = 0;
    struct bad_files bad = {0};
    struct ora_progress ledger = {0};
    char *dir = ora_find_run(args.item[0], &err);
    int rc = dir ? ora_run_open(dir, ORA_RUN_READ, &r, &err) : err.code;
    bad.run = r;
    if (rc == 0)
        rc = ora_run_progress(r, &ledger, &err);
    if (rc == 0)
        rc = ora_run_verify_files(r, on_bad_file, &bad, &files, &err);
    if (rc == 0 && sample > 0)
        rc = verify_sample(r, (uint32_t)sample, &t, &err);
    if (rc < 0)
        fprintf(stderr, "oratorio verify: %s\n", err.message);
    uint64_t open = ledger.utterances - ledger.done - ledger.rejected - ledger.failed;
    if (rc == 0 && open)
        printf("unfinished: %llu utterances are open and were not checked\n", (unsigned long long)open);
    if (rc >= 0)
        printf("%llu batch files checked, %llu bad; %llu utterances rendered again, %llu different\n",
               (unsigned long long)files, (unsigned long long)bad.count, (unsigned long long)t.checked,
               (unsigned long long)t.different);
    ora_run_close(&r);
    free(dir);
    return rc < 0 ? ora_exit_code_of_error(rc) : bad.count || t.different ? 1 : 0;
}

const struct ora_verb ora_verb_verify = {
    .name = "verify",
    .synopsis = "RUN [--sample N]",
    .summary = "check a run's files and render a sample again",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
