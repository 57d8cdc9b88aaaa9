/*
 * Core of a worker's supervisor: what it does when something happens, without doing it. Events go in with the
 * time, effects come out as a list; no socket, process, file or clock is touched here, so tests read what
 * would happen.
 *
 *     ora_worker_core_tick(core, now, fx);                  // HELLO, beats, engine, silence
 *     ora_worker_core_message(core, msg, frame, now, fx);   // from the coordinator
 *     ora_worker_core_engine(core, msg, frame, now, fx);    // from the engine
 *     … each effect of fx is done …
 *
 * A lease goes QUEUED → IN_WORK (at the engine) → KEPT (its result waits for ACK) → forgotten. Whatever is
 * held is told in every HELLO, so that a coordinator that was started again knows it; what it does not know
 * any more it names in WELCOME. Threads: one.
 */
#ifndef WORKER_CORE_H
#define WORKER_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/wire.h"

enum ora_worker_op {
    ORA_WORKER_SEND,         /* frame → coordinator; when it cannot be sent it is lost, and that is fine */
    ORA_WORKER_ENGINE_START, /* frame: the WELCOME that it is to get first */
    ORA_WORKER_ENGINE_SEND,  /* frame → engine */
    ORA_WORKER_ENGINE_KILL,  /* with `code` as signal; its death comes back as an event */
    ORA_WORKER_DROP_PART,    /* batch, token: remove the part file, if any */
    ORA_WORKER_LEAVE,        /* end the program with exit status `code`; frame: why, as text */
};

struct ora_worker_effect {
    enum ora_worker_op op;
    struct ora_str frame;
    uint32_t batch;
    char token[ORA_WIRE_TOKEN_MAX + 1];
    int code;
};

struct ora_worker_effects {
    struct ora_worker_effect *item;
    size_t count, cap;
};

void ora_worker_effects_clear(struct ora_worker_effects *fx); /* keeps the list's memory */
void ora_worker_effects_release(struct ora_worker_effects *fx);

/* Who this worker is; strings are borrowed for the core's life. */
struct ora_worker_identity {
    const char *worker, *run_id, *host, *machine;
    const char *const *levels; /* kernel levels that this host has, best first */
    size_t level_count;
    uint32_t pid, cores;
    uint64_t start_time, free_memory_bytes;
    int64_t patience_ms; /* how long to wait for a first WELCOME */
};

struct ora_worker_core;

struct ora_worker_core *ora_worker_core_create(const struct ora_worker_identity *who, int64_t now_ms);
void ora_worker_core_destroy(struct ora_worker_core **core);

void ora_worker_core_tick(struct ora_worker_core *core, int64_t now_ms, struct ora_worker_effects *fx);
void ora_worker_core_message(struct ora_worker_core *core, const struct ora_wire_msg *msg,
                             const struct ora_str *frame, int64_t now_ms, struct ora_worker_effects *fx);
void ora_worker_core_engine(struct ora_worker_core *core, const struct ora_wire_msg *msg,
                            const struct ora_str *frame, int64_t now_ms, struct ora_worker_effects *fx);
/* The engine ended: by a signal (> 0), or by itself with an exit status. rowid: the utterance that was in
 * work, 0: none. */
void ora_worker_core_engine_ended(struct ora_worker_core *core, int signal, int status, uint64_t rowid,
                                  int64_t now_ms, struct ora_worker_effects *fx);
/* A SEND found no connection: HELLO is tried again soon. */
void ora_worker_core_unsent(struct ora_worker_core *core, int64_t now_ms);
/* What the engine has in work, and the beats of its model: a change shows that it moves. Call before each
 * tick. */
void ora_worker_core_engine_at(struct ora_worker_core *core, uint64_t rowid, uint64_t beats, int64_t now_ms);
/* SIGTERM or SIGINT: once finishes what is in work and returns the rest, twice returns all at once. */
void ora_worker_core_stop(struct ora_worker_core *core, int64_t now_ms, struct ora_worker_effects *fx);
/* For the next beat: the engine's memory, and what is finished of the batch in work. */
void ora_worker_core_figures(struct ora_worker_core *core, uint64_t rss_bytes, uint32_t in_work,
                             uint32_t in_work_audio_ms);
/* When the next tick is due at the latest. */
int64_t ora_worker_core_due_ms(const struct ora_worker_core *core);

#endif
