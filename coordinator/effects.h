/*
 * Effects: what the coordinator's core wants done, as two plain lists. Rows are applied in order in one
 * transaction; sends go out only after it was committed, so no worker ever hears of what a crash could undo.
 */
#ifndef COORDINATOR_EFFECTS_H
#define COORDINATOR_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "job/run.h"
#include "wire/wire.h"

enum ora_row_op {
    ORA_ROW_JOIN,      /* info: the worker is here */
    ORA_ROW_LEFT,      /* why */
    ORA_ROW_LEASE,     /* token, deadline: the next NEW batch; settled with the batch, or with none */
    ORA_ROW_FINISH,    /* result: commit the file, then the rows; settled with taken or not */
    ORA_ROW_GIVE_BACK, /* batch, token, counts, why */
    ORA_ROW_CRASHED,   /* batch, token, rowid, signal */
    ORA_ROW_RENEW,     /* deadline of all the worker's leases */
    ORA_ROW_LOST,      /* all the worker's leases are given back */
};

struct ora_row_effect {
    enum ora_row_op op;
    char worker[ORA_WIRE_MAX_NAME + 1];
    char token[ORA_WIRE_TOKEN_MAX + 1];
    uint32_t batch;
    const struct ora_batch_result *result; /* FINISH: lives as long as the message it came in */
    struct ora_worker_info info;           /* JOIN: likewise */
    int64_t deadline_ms;
    bool counts;
    char why[512];
    uint64_t rowid;
    int signal;
};

struct ora_send_effect {
    uint64_t peer;
    struct ora_str frame;
};

struct ora_effects {
    struct ora_row_effect *row;
    size_t row_count, row_cap;
    struct ora_send_effect *send;
    size_t send_count, send_cap;
};

void ora_effects_clear(struct ora_effects *fx); /* keeps the memory */
void ora_effects_release(struct ora_effects *fx);
struct ora_row_effect *ora_effects_row(struct ora_effects *fx, enum ora_row_op op, const char *worker);
/* Encodes; LIMIT when the message is over a bound of the wire. */
int ora_effects_send(struct ora_effects *fx, uint64_t peer, const struct ora_wire_msg *msg,
                     struct ora_err *err);
/* What the core says about itself, which is within the wire's bounds; peer 0 is nobody. */
void ora_effects_say(struct ora_effects *fx, uint64_t peer, const struct ora_wire_msg *msg);
void ora_effects_ack(struct ora_effects *fx, uint64_t peer, uint32_t batch, const char *token, bool taken);
void ora_effects_refuse(struct ora_effects *fx, uint64_t peer, const char *why);

#endif
