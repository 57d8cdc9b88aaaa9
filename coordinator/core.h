/*
 * Core of the coordinator: who is here, who holds what, and what follows from a message or from time passing.
 * Pure: no socket, database, file or clock; effects (coordinator/effects.h) say what is to be done, tests
 * read them.
 *
 * One turn of the loop:
 *
 *     ora_core_message(core, peer, msg, now, fx);          // for each message that waits
 *     ora_core_tick(core, now, fx);                        // silence, deadlines
 *     ora_core_schedule(core, open_batches, now, fx);      // leases wished for
 *     for (i = 0; i < fx->row_count; i++)                  // in one transaction
 *         ora_core_settle(core, i, outcome, batch, err, fx);   // may add rows and sends
 *     … commit, and only then send …
 *
 * Threads: one.
 */
#ifndef COORDINATOR_CORE_H
#define COORDINATOR_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/admission.h"
#include "coordinator/effects.h"

struct ora_now {
    int64_t mono_ms; /* silence is measured in it */
    int64_t wall_ms; /* deadlines in the database are told in it */
};

struct ora_core_config { /* strings are copied */
    const char *run_id, *job_yaml, *audio_dir;
    const char *arithmetic;     /* the run's class: a worker must have a level of it */
    const char *kernels;        /* and this level of the class; NULL or "auto": any */
    const char *machine;        /* of this program: workers with the same are local */
    uint32_t beat_ms;           /* how often workers beat */
    uint32_t silence_ms;        /* a worker that was silent for so long is lost */
    uint32_t worker_silence_ms; /* told to workers: leave when the coordinator was silent for so long */
    int64_t lease_ms;           /* deadline of a lease from now */
    uint32_t expected_workers;  /* that were started for this run; 0: nobody knows */
    uint64_t epoch;             /* random, another one for each start: makes tokens unique */
};

/* A worker as others see it. */
struct ora_core_seat {
    const char *worker;
    bool present; /* connected and heard of */
    bool local;
    int pid;
    uint64_t start_time;
    size_t leases;
    uint32_t credit;
};

struct ora_core;

struct ora_core *ora_core_create(const struct ora_core_config *config);
void ora_core_destroy(struct ora_core **core);

/* Before the first turn: workers and leases as the database has them. They stand until their deadlines, or
 * until the worker comes back, or is known to be dead. */
void ora_core_restore_worker(struct ora_core *core, const struct ora_worker_info *info, struct ora_now now);
void ora_core_restore_lease(struct ora_core *core, uint32_t batch, const char *worker, const char *token,
                            int64_t deadline_ms);

void ora_core_message(struct ora_core *core, uint64_t peer, const struct ora_wire_msg *msg,
                      struct ora_now now, struct ora_effects *fx);
/* A frame that did not decode: the peer is told why, loses its leases and is not heard again. */
void ora_core_bad_frame(struct ora_core *core, uint64_t peer, const char *why, struct ora_effects *fx);
/* A send to this peer failed: it must say HELLO again before it is believed to hold anything. */
void ora_core_unreachable(struct ora_core *core, uint64_t peer);
/* The process of a local worker is no more. */
void ora_core_died(struct ora_core *core, const char *worker, struct ora_effects *fx);
void ora_core_tick(struct ora_core *core, struct ora_now now, struct ora_effects *fx);
/* Leases for those who want them; open_batches: how many are NEW. */
void ora_core_schedule(struct ora_core *core, uint64_t open_batches, struct ora_now now,
                       struct ora_effects *fx);
/* What became of row effect `index`: outcome as its function of job/run.h returned it (LEASE: 1 with *batch,
 * 0 none; FINISH: 1 taken, 0 stale, negative: the file could not be committed and err says why). */
void ora_core_settle(struct ora_core *core, size_t index, int outcome, const struct ora_batch *batch,
                     const struct ora_err *err, struct ora_effects *fx);
/* No more leases; workers finish what is in work (or, mode ORA_DRAIN_AT_ONCE, stop). */
void ora_core_drain(struct ora_core *core, uint32_t mode, struct ora_effects *fx);
/* Pauses the run: as drain, and `why` is what the user will read. The first reason stays. */
void ora_core_pause(struct ora_core *core, const char *why, struct ora_effects *fx);

const char *ora_core_paused(const struct ora_core *core);       /* the reason, or NULL */
const char *ora_core_last_trouble(const struct ora_core *core); /* why a worker last left or gave back; "" */
bool ora_core_draining(const struct ora_core *core);
size_t ora_core_seats(const struct ora_core *core);
struct ora_core_seat ora_core_seat(const struct ora_core *core, size_t index);
size_t ora_core_present(const struct ora_core *core);
/* Workers that joined since the start, those that came back not counted. */
uint64_t ora_core_joins(const struct ora_core *core, bool local_only);
const struct ora_admission *ora_core_admission(const struct ora_core *core); /* who was turned away */
size_t ora_core_leases(const struct ora_core *core);
/* Finished inside the batches in work, as the workers' beats tell: for progress, the ledger knows nothing of
 * it. */
struct ora_core_in_work {
    uint64_t utterances;
    double audio_s;
};
struct ora_core_in_work ora_core_in_work(const struct ora_core *core);
bool ora_core_token_is_current(const struct ora_core *core, const char *token);

#endif
