/* What server and client share of ZeroMQ. Internal to src/net. */
#ifndef ORA_NET_SOCKET_H
#define ORA_NET_SOCKET_H

#include <zmq.h>

#include "net/net.h"

enum { ORA_NET_MAX_FRAME = 32 << 20, ORA_NET_MAX_FDS = 16 };

struct ora_net_option {
    int name;
    const void *value;
    size_t size;
};

int ora_net_error(struct ora_err *err, const char *what); /* from zmq_errno() */
int ora_net_set(void *socket, int name, const void *value, size_t size, struct ora_err *err);
int ora_net_set_int(void *socket, int name, int value, struct ora_err *err);
int ora_net_set_common(void *socket, struct ora_err *err); /* linger, heartbeats, bounds */
/* One part into *frame (replaced); *more tells whether another follows. 1, or 0 when nothing is there. */
int ora_net_recv_part(void *socket, struct ora_str *frame, int *more, struct ora_err *err);
/* zmq_poll over sockets and descriptors; EINTR counts as "time over". */
int ora_net_poll(void *const *sockets, size_t socket_count, struct pollfd *fds, size_t fd_count,
                 int timeout_ms, struct ora_err *err);

#endif
