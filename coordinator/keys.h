/* Keys of a run: RUN/keys/server.key (the coordinator's) and RUN/keys/worker.key (what lets workers join),
 * made once, kept for ever, so that a coordinator that was started again is the same to its workers. */
#ifndef COORDINATOR_KEYS_H
#define COORDINATOR_KEYS_H

#include "net/keyfile.h"

/* *worker_key: path of worker.key, absolute; the caller frees it. */
int ora_keys_prepare(const char *run_dir, const char *run_id, struct ora_net_server_keys *keys,
                     char **worker_key, struct ora_err *err);

#endif
