/* Opening and ending a run: the steps that `run` and `serve` share. */
#include "coordinator/open_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "dataset/store.h"
#include "tune/host.h"
#include "views/views.h"

struct ora_job *ora_read_job(const char *what, const char *precision, struct ora_err *err)
{
    bool is_file = ora_ends_with(what, ".yaml") || ora_ends_with(what, ".yml");
    struct ora_job *job = is_file ? ora_job_read(what, err) : ora_job_of_text(what, err);
    if (job && precision && ora_job_set_precision(job, precision, err) < 0)
        ora_job_free(&job);
    return job;
}

static char *folder_for(const struct ora_open_request *q, const struct ora_job *job)
{
    char *dir = q->out ? ora_xstrdup(q->out) : ora_fmt("runs/%s", job->name);
    for (int i = 2; q->new_run && ora_file_exists(dir); i++) {
        free(dir);
        dir = q->out ? ora_fmt("%s-%d", q->out, i) : ora_fmt("runs/%s-%d", job->name, i);
    }
    return dir;
}

/* While the inputs are read nothing is begun yet that could be finished: the half-made job table has no name,
 * and the same command starts anew. */
static void leave_ingest(int number)
{
    static const char text[] = "oratorio: stopped while reading the inputs; the same command begins again\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(3);
    _exit(3);
}

static void catch_signals(void (*handler)(int))
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], handler);
}

static void on_ingest(void *ctx, const struct ora_ingest_stats *s)
{
    struct ora_progress_printer *p = ctx;
    if (!s->utterances)
        return;
    struct ora_str n = ORA_STR_INIT;
    ora_count_text(s->utterances, &n);
    ora_progress_note(p, "reading: %s utterances so far", n.data);
    ora_str_release(&n);
}

/* Lines as one: "a; b". */
static char *on_one_line(const char *lines)
{
    struct ora_str out = ORA_STR_INIT;
    for (const char *p = lines; *p; p++)
        if (*p != '\n')
            ora_str_addc(&out, *p);
        else if (p[1])
            ora_str_add(&out, "; ");
    return ora_str_detach(&out);
}

static int open_existing(const char *dir, const struct ora_job *job, struct ora_run **run,
                         struct ora_err *err)
{
    struct ora_str what = ORA_STR_INIT;
    int rc = ora_run_open(dir, ORA_RUN_WRITE, run, err);
    if (rc < 0)
        return rc;
    rc = ora_run_changed(*run, job, &what, err);
    if (rc == 0) /* other views and limits are welcome */
        rc = ora_run_adopt_job(*run, job, err);
    if (rc > 0) {
        char *changes = on_one_line(ora_str_c(&what));
        rc = ora_err_set(err, ORA_E_BAD_USAGE,
                         "%s was made from other inputs or settings; --new makes another run, --out DIR "
                         "another folder. Changed: %s",
                         dir, changes);
        free(changes);
    }
    ora_str_release(&what);
    if (rc < 0)
        ora_run_close(run);
    return rc;
}

int ora_open_or_make_run(const struct ora_open_request *q, struct ora_run **run, struct ora_err *err)
{
    struct ora_job *job = ora_read_job(q->what, q->precision, err);
    if (!job)
        return err->code;
    char *dir = folder_for(q, job);
    int rc;
    if (ora_run_exists(dir)) {
        rc = open_existing(dir, job, run, err);
    } else {
        catch_signals(leave_ingest);
        rc = ora_run_create(dir, job, on_ingest, q->printer, run, err);
        catch_signals(SIG_DFL);
        struct ora_progress l;
        if (rc == 0 && (rc = ora_run_progress(*run, &l, err)) == 0)
            ora_progress_note(q->printer, "%s: %llu utterance%s in %llu batch%s, %llu rejected", dir,
                              (unsigned long long)(l.utterances - l.rejected),
                              l.utterances - l.rejected == 1 ? "" : "s", (unsigned long long)l.batches,
                              l.batches == 1 ? "" : "es", (unsigned long long)l.rejected);
    }
    free(dir);
    ora_job_free(&job);
    return rc;
}

char *ora_find_run(const char *named, struct ora_err *err)
{
    if (ora_run_exists(named))
        return ora_xstrdup(named);
    char *under = ora_fmt("runs/%s", named);
    if (!strchr(named, '/') && ora_run_exists(under))
        return under;
    free(under);
    ora_err_set(err, ORA_E_NOT_FOUND, "%s: no run is there (no run.sqlite in it, nor in runs/%s)", named,
                named);
    return NULL;
}

static int keep_none(void *ctx, const char *token)
{
    (void)ctx, (void)token;
    return 0;
}

/* What a coordinator that was killed after its last commit had no time to remove. */
static int sweep_finished(struct ora_run *run, struct ora_err *err)
{
    char *audio = ora_path_join(ora_run_dir(run), "audio");
    int rc = ora_store_sweep(audio, keep_none, NULL, err);
    free(audio);
    return rc;
}

int ora_end_run(struct ora_run *run, const struct ora_report *report, bool quiet, struct ora_err *err)
{
    int rc = 0;
    const struct ora_job *job = ora_run_job(run);
    bool finished = ora_report_exit_code(&report->ledger) != 3;
    if (finished)
        rc = sweep_finished(run, err);
    if (finished)
        for (size_t i = 0; rc == 0 && i < job->view_count; i++)
            rc = ora_view_make(run, job->views[i], NULL, err);
    if (rc == ORA_E_NOT_FOUND || rc == ORA_E_FORMAT)
        ora_err_wrap(err, "a file is damaged ('oratorio verify %s' tells which, and how to mend it)",
                     ora_run_dir(run));
    if (rc == 0)
        rc = ora_report_write(run, report, err);
    if (rc < 0 || quiet)
        return rc;
    struct ora_str text = ORA_STR_INIT;
    rc = ora_report_text(run, report, &text, err);
    if (rc == 0)
        fputs(ora_str_c(&text), stdout);
    ora_str_release(&text);
    return rc;
}

char *ora_join_line(const char *endpoint, const char *key_file)
{
    struct ora_host host;
    ora_host_read("/", &host);
    return ora_fmt("mpirun --enable-recovery%s -n %u oratorio-worker --connect %s --key %s",
                   geteuid() == 0 ? " --allow-run-as-root" : "", host.cores ? host.cores : 1, endpoint,
                   key_file);
}

int ora_exit_code_of_error(int rc)
{
    switch (rc) {
    case ORA_E_BAD_USAGE:
    case ORA_E_BAD_INPUT:
    case ORA_E_NOT_FOUND:
    case ORA_E_FORMAT:
    case ORA_E_UNSUPPORTED:
    case ORA_E_PERMISSION:
    case ORA_E_LIMIT:
    case ORA_E_VOICE:
        return 2;
    default:
        return 3;
    }
}
