/*
 * Opening a run from what the user named: a job file, a text, or a run's folder; and what stands at its end.
 */
#ifndef COORDINATOR_OPEN_RUN_H
#define COORDINATOR_OPEN_RUN_H

#include <stdbool.h>

#include "coordinator/progress.h"
#include "coordinator/report.h"
#include "job/run.h"

struct ora_open_request {
    const char *what;      /* a job file, a text, or "-" */
    const char *precision; /* instead of the job's; or NULL */
    const char *out;       /* folder of the run, or NULL: runs/<name> */
    bool new_run;          /* make another folder when the run's exists */
    struct ora_progress_printer *printer;
};

/* A job file (.yaml, .yml), or a bare text as a job with all defaults; precision, unless NULL,
 * stands in for what it says of it. NULL on error. */
struct ora_job *ora_read_job(const char *what, const char *precision, struct ora_err *err);

/* Reads the job, makes the run (ingest) or opens the one that is there. Errors: BAD_USAGE when inputs or
 * settings changed (the message lists what), BUSY when another coordinator works on it. */
int ora_open_or_make_run(const struct ora_open_request *request, struct ora_run **run, struct ora_err *err);

/* The folder of a run as the user named it: a folder with run.sqlite, or a name under runs/. Caller frees. */
char *ora_find_run(const char *named, struct ora_err *err);

/* Makes the job's views and report.json, and prints the report to stdout unless quiet. */
int ora_end_run(struct ora_run *run, const struct ora_report *report, bool quiet, struct ora_err *err);

/* The line that starts workers elsewhere, as many as this host has cores; for root with what Open MPI asks of
 * root. Caller frees. */
char *ora_join_line(const char *endpoint, const char *key_file);

/* 2 for errors of usage, files and jobs; 3 for the others (the run is resumable). */
int ora_exit_code_of_error(int rc);

#endif
