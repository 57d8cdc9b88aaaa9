/* Outfile: a file of a view; the first error of writing is kept and told by close. */
#ifndef ORA_VIEWS_OUTFILE_H
#define ORA_VIEWS_OUTFILE_H

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

struct ora_outfile {
    FILE *file;
    char *path;
    int errnum; /* of the first write that failed */
};

int ora_outfile_open(struct ora_outfile *f, const char *dir, const char *name, struct ora_err *err);
/* Writes and clears the string; errors wait for close, DISK_FULL and the like are seen at once. */
int ora_outfile_put(struct ora_outfile *f, struct ora_str *text, struct ora_err *err);
/* Writes all of a small file and closes it, without fsync: for one of thousands. */
int ora_outfile_write_close(struct ora_outfile *f, const void *data, size_t bytes, struct ora_err *err);
/* Flushes, fsyncs, closes. Fine on one that is not open. */
int ora_outfile_close(struct ora_outfile *f, struct ora_err *err);

#endif
