/*
 * Service: the coordinator of one run while it is being worked on: its socket, its workers, its loop.
 *
 *     struct ora_service_options o = {.run = run, .workers = 2, .launch_mpirun = true, …};
 *     rc = ora_service_run(&o, &summary, &err);
 *
 * Returns when the ledger balances, when it was stopped, or on an error. Signals: SIGINT/SIGTERM once stop
 * leasing and let the workers finish or return what they hold; twice end at once (leases stand in the
 * database; nothing is lost). Threads: call from the main thread; the calling process must have no other
 * threads that take signals.
 */
#ifndef COORDINATOR_SERVICE_H
#define COORDINATOR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "job/run.h"

enum ora_service_end {
    ORA_SERVICE_FINISHED, /* no batch is open */
    ORA_SERVICE_STOPPED,  /* by signal or cancel: resumable */
    ORA_SERVICE_PAUSED,   /* class STOP, or no worker could be had: `why` says it; resumable */
};

struct ora_service_state { /* what progress is made of */
    struct ora_progress ledger;
    uint64_t in_work; /* utterances finished in batches that are not done yet: not in the ledger */
    double in_work_audio_s;
    uint32_t workers; /* connected now */
    double elapsed_s;
    double rate_audio_s; /* audio seconds per wall second, over the last minute */
    double eta_s;        /* < 0: not known yet */
};

struct ora_service_options {
    struct ora_run *run;        /* open for writing */
    uint32_t workers;           /* to start by mpirun */
    bool launch_mpirun;         /* false: none is started, others join */
    bool stay;                  /* serve: wait for workers without end; run --launch none too */
    const char *listen;         /* "tcp://host:port", port 0 or "*": any; NULL: loopback, any port */
    const char *worker_program; /* path of oratorio-worker; NULL: beside this program */
    void (*on_ready)(void *ctx, const char *endpoint, const char *key_file); /* once the socket is bound */
    void (*on_turned_away)(void *ctx, const char *why); /* once a host that cannot compute as the run does;
                                                           may be NULL */
    void (*on_progress)(void *ctx,
                        const struct ora_service_state *state); /* about every 250 ms and at the end */
    bool (*asked_to_stop)(
        void *ctx); /* looked at about every 250 ms: true stops as one SIGINT does; may be NULL */
    void *ctx;
};

struct ora_service_summary {
    enum ora_service_end end;
    char why[512];
    struct ora_service_state last;
    double wall_s;
};

int ora_service_run(const struct ora_service_options *options, struct ora_service_summary *summary,
                    struct ora_err *err);

#endif
