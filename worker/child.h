/*
 * Child: the engine as a process of the supervisor. Started by exec of this same program, never by a bare
 * fork: the supervisor has threads (libzmq's), and what they hold at a fork stays locked for ever in the
 * child.
 */
#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "worker/frames.h"
#include "worker/slate.h"

struct ora_child {
    pid_t pid; /* 0: none runs */
    struct ora_frame_pipe pipe;
    struct ora_slate *slate; /* stays mapped over the engine's lives */
    int slate_fd;
};

int ora_child_init(struct ora_child *c, struct ora_err *err);
int ora_child_start(struct ora_child *c, struct ora_err *err);
/* Has it ended? 1: *signal or *status is set and the socket closed (what it had written is in pipe.in). */
int ora_child_ended(struct ora_child *c, int *signal, int *status);
void ora_child_kill(struct ora_child *c, int signal);
void ora_child_release(struct ora_child *c); /* closes its socket, waits a moment, then kills it */
uint64_t ora_child_rss_bytes(const struct ora_child *c);

#endif
