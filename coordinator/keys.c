#include "coordinator/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium/utils.h>

#include "base/file.h"

static int make(const char *server_path, const char *worker_path, const char *run_id,
                struct ora_net_server_keys *keys, struct ora_err *err)
{
    struct ora_net_ticket ticket = {0};
    int rc = ora_net_pair_make(&keys->server, err);
    if (rc == 0)
        rc = ora_net_pair_make(&ticket.keys.client, err);
    if (rc == 0) {
        snprintf(ticket.run_id, sizeof ticket.run_id, "%s", run_id);
        memcpy(ticket.keys.server_public, keys->server.public_key, ORA_NET_KEY_SIZE);
        memcpy(keys->client_public, ticket.keys.client.public_key, ORA_NET_KEY_SIZE);
        /* The server's last: when it is there, both are. */
        rc = ora_net_ticket_write(worker_path, &ticket, err);
    }
    if (rc == 0)
        rc = ora_net_server_keys_write(server_path, keys, err);
    sodium_memzero(&ticket, sizeof ticket);
    return rc;
}

/* Are both files there, whole, and of this run? A folder may have been given a new run since. */
static bool are_of_this_run(const char *server_path, const char *worker_path, const char *run_id,
                            struct ora_net_server_keys *keys)
{
    struct ora_net_ticket ticket = {0};
    bool yes = ora_net_server_keys_read(server_path, keys, NULL) == 0 &&
               ora_net_ticket_read(worker_path, &ticket, NULL) == 0 && strcmp(ticket.run_id, run_id) == 0 &&
               memcmp(ticket.keys.client.public_key, keys->client_public, ORA_NET_KEY_SIZE) == 0 &&
               memcmp(ticket.keys.server_public, keys->server.public_key, ORA_NET_KEY_SIZE) == 0;
    sodium_memzero(&ticket, sizeof ticket);
    return yes;
}

int ora_keys_prepare(const char *run_dir, const char *run_id, struct ora_net_server_keys *keys,
                     char **worker_key, struct ora_err *err)
{
    *worker_key = NULL;
    char *dir = ora_path_join(run_dir, "keys"), *server_path = ora_path_join(dir, "server.key");
    char *worker_path = ora_path_join(dir, "worker.key");
    int rc = ora_file_mkdirs(dir, 0700, err);
    if (rc == 0 && !are_of_this_run(server_path, worker_path, run_id, keys))
        rc = make(server_path, worker_path, run_id, keys, err);
    if (rc == 0)
        *worker_key = realpath(worker_path, NULL);
    if (rc == 0 && !*worker_key)
        rc = ora_err_set(err, ORA_E_IO, "%s cannot be resolved", worker_path);
    free(worker_path);
    free(server_path);
    free(dir);
    return rc;
}
