/*
 * Launch: how a worker gets to know where it belongs. Under mpirun (or srun) rank 0 reads the key file and
 * broadcasts what is in it, so that only one host must see the file; started by hand, a worker reads it
 * itself. The only code that knows MPI.
 */
#ifndef WORKER_LAUNCH_H
#define WORKER_LAUNCH_H

#include "base/err.h"
#include "net/keyfile.h"

enum { ORA_ENDPOINT_SIZE = 256 };

struct ora_launch {
    char endpoint[ORA_ENDPOINT_SIZE];
    struct ora_net_ticket ticket;
    int rank, size;             /* 0 of 1 by hand */
    int local_rank, local_size; /* on this host */
};

/* endpoint and key_file as given on the command line. After it returns MPI is over, for good. */
int ora_launch_join(const char *endpoint, const char *key_file, struct ora_launch *launch,
                    struct ora_err *err);

#endif
