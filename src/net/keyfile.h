/*
 * Key files: what a worker needs to join a run (RUN/keys/worker.key), and what the coordinator keeps to be
 * the same server after a restart (RUN/keys/server.key). Text of "name value" lines, mode 0600, refused when
 * others may read it.
 */
#ifndef ORA_NET_KEYFILE_H
#define ORA_NET_KEYFILE_H

#include "net/net.h"

enum { ORA_NET_RUN_ID_SIZE = 65 };

struct ora_net_ticket { /* worker.key */
    char run_id[ORA_NET_RUN_ID_SIZE];
    struct ora_net_client_keys keys;
};

int ora_net_ticket_write(const char *path, const struct ora_net_ticket *ticket, struct ora_err *err);
int ora_net_ticket_read(const char *path, struct ora_net_ticket *ticket, struct ora_err *err);
int ora_net_server_keys_write(const char *path, const struct ora_net_server_keys *keys, struct ora_err *err);
int ora_net_server_keys_read(const char *path, struct ora_net_server_keys *keys, struct ora_err *err);

#endif
