/*
 * Views: layouts made from a run's store, read by the tools people already use. One file a view; the table is
 * views.c.
 *
 *     ora_view_make(run, "ljspeech", NULL, &err);       // RUN/views/ljspeech
 *
 * A view is made in a temporary folder beside its place and renamed, so that a broken one never has its name;
 * making it again replaces it. Rows that are not done are left out (the jsonl view lists them in
 * rejected.jsonl).
 */
#ifndef ORA_VIEWS_VIEWS_H
#define ORA_VIEWS_VIEWS_H

#include "job/run.h"

struct ora_view {
    const char *name;
    const char *summary;                                                    /* one line for --help */
    int (*make)(struct ora_run *run, const char *dir, struct ora_err *err); /* writes into an empty folder */
};

const struct ora_view *ora_view_find(const char *name); /* NULL when unknown */
const struct ora_view *ora_view_at(size_t index);       /* NULL past the last */
/* dir NULL: RUN/views/<name>. Errors: BAD_USAGE (unknown view, with "did you mean"), IO, DISK_FULL. */
int ora_view_make(struct ora_run *run, const char *name, const char *dir, struct ora_err *err);

#endif
