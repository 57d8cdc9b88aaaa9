/* Supervisor: the rank's main program after the launch: socket, beats, credit, the engine's life.
 * worker/core.c decides. */
#ifndef WORKER_SUPERVISOR_H
#define WORKER_SUPERVISOR_H

#include "base/err.h"
#include "worker/launch.h"

/* Runs until the worker leaves; returns its exit status: 0 drained or told to stop, 1 refused or of no use
 * here, 3 the coordinator was silent; or a negative error. */
int ora_supervisor_run(const struct ora_launch *launch, int patience_s, struct ora_err *err);

#endif
