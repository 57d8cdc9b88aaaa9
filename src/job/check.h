/*
 * Check: a job's voices, speakers and settings against what this machine has. The job's own and
 * its inputs' must be right or nothing begins; what a single record asks for is checked as ingest meets it,
 * and a record that asks for what is not there is rejected alone.
 *
 *     rc = ora_job_check_create(job, &check, &err);
 *     voices = ora_job_check_voices(check);        // for ora_ingest_begin; borrows check
 *     ora_job_check_free(&check);
 */
#ifndef ORA_JOB_CHECK_H
#define ORA_JOB_CHECK_H

#include "job/ingest.h"
#include "voice/voice.h"

struct ora_job_check;

/* Errors name the job file and the field. */
int ora_job_check_create(const struct ora_job *job, struct ora_job_check **check, struct ora_err *err);
void ora_job_check_free(struct ora_job_check **check);
struct ora_ingest_voices ora_job_check_voices(struct ora_job_check *check);
/* The language whose rules cut the texts: the job's, or its voice's. */
const char *ora_job_check_lang(const struct ora_job_check *check);
/* An open voice, or NULL with *why; borrowed. Opened at most once. */
const struct ora_voice *ora_job_check_voice(struct ora_job_check *check, const char *name,
                                            struct ora_err *why);
/* What the manner's speech costs (family.h): zeros for a voice or settings that are not there. */
void ora_job_check_cost(struct ora_job_check *check, const struct ora_manner *manner, struct ora_cost *cost);
/* One row of `voices` for each voice that was met. */
int ora_job_check_write_voices(const struct ora_job_check *check, struct ora_db *db, struct ora_err *err);

#endif
