/*
 * Tuning: what `oratorio tune` kept for a job's voices on this host, and what it means for the job: how many
 * workers, at which level, for how long. Where nothing was kept, one worker a core and the family's estimate.
 *
 *     struct ora_tuning t;
 *     ora_tuning_init(&t, job, NULL, NULL, &err);
 *     workers = ora_tuning_workers(&t, job->voice, &said);   // said: a line that tells where it comes from
 *     ora_tuning_eta(&t, plan, &eta);
 *
 * Threads: reads files, keeps nothing.
 */
#ifndef COORDINATOR_TUNING_H
#define COORDINATOR_TUNING_H

#include "job/plan.h"
#include "nn/kernels/precision.h"
#include "tune/host.h"
#include "tune/keep.h"

struct ora_tuning { /* of a job; may outlive it */
    struct ora_host host;
    struct ora_levels here;
    const char *arithmetic; /* the job's class; NULL: this host has none that it asks for */
    const char *kernels;    /* the level that the job pins, a constant; or NULL */
    const char *level;      /* the best level here that renders it, a constant; NULL: none does */
};

struct ora_eta {
    double seconds;      /* from the command to the end of the last batch; < 0: this host cannot render it */
    uint32_t workers;    /* 0: so */
    char level[24];      /* "": not measured */
    int64_t measured_ms; /* the oldest measurement in it; 0: some voice was not measured */
    char why_not[256];   /* then: why */
    bool spoken;         /* then: the estimate of all of these rests on sentences spoken now (voice/pace.h) */
    bool scaled;         /* then: some voice is too slow for that, and the processor's rate was measured */
    double load;         /* of the host now (host.h) when it is busy enough to matter, else 0 */
};

/* For a job (or NULL), and a precision and a level as a user says them over it; both may be NULL. */
int ora_tuning_init(struct ora_tuning *t, const struct ora_job *job, const char *precision,
                    const char *kernels, struct ora_err *err);
/* What is kept for a voice; false with *why. */
bool ora_tuning_of_voice(const struct ora_tuning *t, const struct ora_voice *voice,
                         struct ora_tune_result *result, struct ora_str *why);
/* Workers to start for a job whose text is mostly `voice`'s (name or path), and why so many. */
uint32_t ora_tuning_workers(const struct ora_tuning *t, const char *voice, struct ora_str *said);
/* Also puts what was measured of a voice (length of speech, work) in the place of what its family foretold.
 * Of a voice that nothing was kept of, its pace is measured now: about a second each. */
void ora_tuning_eta(const struct ora_tuning *t, struct ora_job_plan *plan, struct ora_eta *eta);

#endif
