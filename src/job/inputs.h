/* The files that a job reads: what they were at ingest, and whether they still are. */
#ifndef ORA_JOB_INPUTS_H
#define ORA_JOB_INPUTS_H

#include "job/job.h"

struct ora_input_facts {
    const char *file; /* borrowed; "-" is stdin */
    uint64_t bytes;
    int64_t mtime_ns; /* 0: stdin */
    char sha256[65];  /* "" until hashed */
};

int ora_input_stat(const char *file, struct ora_input_facts *f, struct ora_err *err);  /* without sha256 */
int ora_input_facts(const char *file, struct ora_input_facts *f, struct ora_err *err); /* with it */
/* Stdin can be read but once: to its end, hashed, into a file (NULL: hashed only). */
int ora_input_copy_stdin(const char *file, struct ora_input_facts *f, struct ora_err *err);
/* What the reader is told of an input that lies in `file`. Borrows from `in`. */
struct ora_input ora_input_of(const struct ora_job_input *in, const char *file);

#endif
