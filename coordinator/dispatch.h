/*
 * Dispatch: one turn of the coordinator's loop: messages in, the core asked, rows written in one transaction,
 * then, and only then, messages out.
 *
 * An error from a turn is an error of the database or the channel: the run must pause; leases stand in the
 * database.
 */
#ifndef COORDINATOR_DISPATCH_H
#define COORDINATOR_DISPATCH_H

#include "coordinator/core.h"
#include "job/run.h"
#include "net/net.h"

enum { ORA_DISPATCH_MESSAGES = 256 }; /* at most, in one turn */

struct ora_dispatch {
    struct ora_run *run;
    struct ora_core *core;
    struct ora_net_server *server;
    const char *audio_dir;
    struct ora_effects fx;      /* what was wished for between turns joins the next one */
    struct ora_progress ledger; /* as of the last commit */
    struct ora_wire_msg *message[ORA_DISPATCH_MESSAGES]; /* of this turn: rows borrow from them */
    size_t message_count;
    struct ora_str frame;
    bool moved; /* the last turn wrote rows: another may follow from it at once */
};

int ora_dispatch_init(struct ora_dispatch *d,
                      struct ora_err *err); /* the fields above `fx` are the caller's */
void ora_dispatch_release(struct ora_dispatch *d);
struct ora_now ora_dispatch_now(void);
/* Waits for messages or fds at most timeout_ms, then takes a turn. */
int ora_dispatch_turn(struct ora_dispatch *d, struct pollfd *fds, size_t count, int timeout_ms,
                      struct ora_err *err);
static inline bool ora_dispatch_finished(const struct ora_dispatch *d)
{
    return d->ledger.batches_done == d->ledger.batches;
}

#endif
