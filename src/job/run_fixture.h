/* Runs for tests: a folder with a run of hand-made items, without reader or voices. */
#ifndef ORA_JOB_RUN_FIXTURE_H
#define ORA_JOB_RUN_FIXTURE_H

#include "job/run.h"

struct ora_fixture {
    const char *yaml;          /* of the job, without inputs; may be "" */
    uint32_t utterances;       /* ids u000000 …, text of `chars` letters */
    uint32_t chars;            /* 0: 40 */
    uint32_t reject_every;     /* every n-th item is a refused record; 0: none */
    uint32_t per_chapter;      /* 0: one chapter */
    const char *const *voices; /* alternating; NULL: the job's */
    uint32_t voice_count;
};

struct ora_job *ora_fixture_job(const char *yaml, struct ora_err *err);
int ora_fixture_create(const char *dir, const struct ora_fixture *f, struct ora_run **run,
                       struct ora_err *err);
/* A result in which all open utterances of the batch are done; free with ora_fixture_result_free. */
struct ora_batch_result *ora_fixture_result(const struct ora_batch *batch, const char *token);
void ora_fixture_result_free(struct ora_batch_result **r);
/* Worker "w1" leases and finishes one batch, all done; its number, or -1 when none was left. Checks inside.
 */
int ora_fixture_finish_one(struct ora_run *run);
int ora_fixture_join(struct ora_run *run, const char *worker, struct ora_err *err);
/* Compares every counter with a count of the rows; 0 when the ledger balances, else says what does not. */
int ora_fixture_audit(struct ora_run *run, struct ora_err *err);

#endif
