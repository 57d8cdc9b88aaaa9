/*
 * Launch: workers on this host (or in this Slurm allocation) by mpirun, as children of the coordinator.
 *
 *     ora_launcher_create(&options, run, &l, &err);   // clears what a dead coordinator left, too
 *     ora_launcher_start(l, 2, &err);                 // an mpirun with two ranks; may be called again
 *     ora_launcher_reap(l);                           // after SIGCHLD, or now and then
 *     ora_launcher_end(l, SIGTERM);                   // to each mpirun's process group
 *     ora_launcher_destroy(&l);                       // none may run any more
 *
 * Each mpirun has a process group of its own (Ctrl-C reaches only the coordinator), a log
 * RUN/logs/mpirun.log, and a folder for what Open MPI leaves lying when it is killed. Its exit status means
 * nothing: the ledger says what was done.
 */
#ifndef COORDINATOR_LAUNCH_H
#define COORDINATOR_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/run.h"

struct ora_launcher_options { /* strings are copied */
    const char *endpoint, *key_file;
    const char *worker_program; /* NULL: beside this program */
};

struct ora_launcher;

int ora_launcher_create(const struct ora_launcher_options *options, struct ora_run *run,
                        struct ora_launcher **l, struct ora_err *err);
void ora_launcher_destroy(struct ora_launcher **l);
int ora_launcher_start(struct ora_launcher *l, uint32_t workers, struct ora_err *err);
void ora_launcher_reap(struct ora_launcher *l);
size_t ora_launcher_running(const struct ora_launcher *l); /* mpiruns that live */
void ora_launcher_end(struct ora_launcher *l, int signal);

#endif
