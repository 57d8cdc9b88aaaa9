/*
 * Report: what a run came to, for people (a few lines on stdout) and for programs (RUN/report.json).
 */
#ifndef COORDINATOR_REPORT_H
#define COORDINATOR_REPORT_H

#include <jansson.h>

#include "base/str.h"
#include "job/run.h"

struct ora_report {
    struct ora_progress ledger;
    double wall_s;           /* of this call; 0 when nothing was rendered */
    double rendered_audio_s; /* of this call; 0: report.json keeps the speed that an earlier one had */
    const char *end; /* "finished", "stopped", "paused"; of status "finished", "working", "unfinished" */
    const char *why; /* paused, unfinished: the reason; else "" */
};

json_t *ora_report_json(struct ora_run *run, const struct ora_report *r,
                        struct ora_err *err); /* fresh; NULL on error */
int ora_report_text(struct ora_run *run, const struct ora_report *r, struct ora_str *out,
                    struct ora_err *err);
/* Writes RUN/report.json. */
int ora_report_write(struct ora_run *run, const struct ora_report *r, struct ora_err *err);
/* 0 all done, 1 finished with rejections or failures, 3 unfinished. */
int ora_report_exit_code(const struct ora_progress *ledger);

#endif
