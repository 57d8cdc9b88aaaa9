/*
 * MPI_Init, one split by host, one broadcast, MPI_Finalize, and nothing of MPI ever after. Measured with Open
 * MPI 4.1 under `mpirun --enable-recovery`: ranks that have finalized outlive the death of another rank, of
 * mpirun itself, and of a host; ranks that are still inside MPI hang or die with it. A rank that dies before
 * MPI_Init makes the others hang in it: hence the watchdog.
 */
#include "worker/launch.h"

#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium/utils.h>

enum { WATCHDOG_S = 60 };

struct notice { /* what rank 0 tells all */
    int code;
    char message[256];
    char endpoint[ORA_ENDPOINT_SIZE];
    struct ora_net_ticket ticket;
};

static void on_watchdog(int signal)
{
    static const char text[] = "oratorio-worker: MPI did not start within 60 s\n";
    (void)signal;
    if (write(2, text, sizeof text - 1) < 0)
        _exit(4);
    _exit(4);
}

static int read_notice(const char *endpoint, const char *key_file, struct notice *n)
{
    struct ora_err err = {0};
    *n = (struct notice){0};
    if (strlen(endpoint) >= sizeof n->endpoint)
        n->code = ora_err_set(&err, ORA_E_BAD_USAGE, "the endpoint is too long");
    else
        n->code = ora_net_ticket_read(key_file, &n->ticket, &err);
    snprintf(n->endpoint, sizeof n->endpoint, "%s", endpoint);
    snprintf(n->message, sizeof n->message, "%.*s", (int)sizeof n->message - 1, err.message);
    return n->code;
}

static void by_mpi(const char *endpoint, const char *key_file, struct ora_launch *l, struct notice *n)
{
    MPI_Comm node;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &l->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &l->size);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, l->rank, MPI_INFO_NULL, &node);
    MPI_Comm_rank(node, &l->local_rank);
    MPI_Comm_size(node, &l->local_size);
    MPI_Comm_free(&node);
    if (l->rank == 0)
        read_notice(endpoint, key_file, n);
    MPI_Bcast(n, sizeof *n, MPI_BYTE, 0, MPI_COMM_WORLD);
    MPI_Finalize();
}

int ora_launch_join(const char *endpoint, const char *key_file, struct ora_launch *l, struct ora_err *err)
{
    struct notice n = {0};
    *l = (struct ora_launch){.size = 1, .local_size = 1};
    if (getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK")) {
        struct sigaction watchdog = {.sa_handler = on_watchdog}, old;
        sigaction(SIGALRM, &watchdog, &old);
        alarm(WATCHDOG_S);
        by_mpi(endpoint, key_file, l, &n);
        alarm(0);
        sigaction(SIGALRM, &old, NULL);
    } else {
        read_notice(endpoint, key_file, &n);
    }
    l->ticket = n.ticket;
    memcpy(l->endpoint, n.endpoint, sizeof l->endpoint);
    int code = n.code;
    if (code < 0)
        ora_err_set(err, code, "%s", n.message);
    sodium_memzero(&n, sizeof n);
    return code;
}
