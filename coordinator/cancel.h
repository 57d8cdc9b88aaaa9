/*
 * Cancel: a file in the run's folder asks whoever coordinates the run to stop; the coordinator looks for it
 * as it works and removes it when it starts. A file, because only the coordinator writes the database.
 */
#ifndef COORDINATOR_CANCEL_H
#define COORDINATOR_CANCEL_H

#include <stdbool.h>

#include "base/err.h"

int ora_cancel_ask(const char *run_dir, struct ora_err *err);
bool ora_cancel_asked(const char *run_dir);
void ora_cancel_clear(const char *run_dir);
/* Is a coordinator working on it now (does somebody hold RUN/lock)? The lock goes with its process, however
 * that ended; the database tells only what it last wrote. Yes, where another user's lock may not be read. */
bool ora_run_is_worked_on(const char *run_dir);

#endif
