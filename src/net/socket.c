/*
 * The options and calls that server and client have in common. Heartbeats: a link that was cut is noticed
 * within 3-5 s at both ends (without them a cut shows only when TCP gives up, many minutes later).
 */
#include "net/socket.h"

#include <errno.h>

int ora_net_error(struct ora_err *err, const char *what)
{
    int e = zmq_errno();
    int code = e == EADDRINUSE ? ORA_E_BUSY
               : e == EACCES   ? ORA_E_PERMISSION
               : e == EINVAL   ? ORA_E_BAD_USAGE
                               : ORA_E_NETWORK;
    return ora_err_set(err, code, "%s: %s", what, zmq_strerror(e));
}

int ora_net_set(void *socket, int name, const void *value, size_t size, struct ora_err *err)
{
    return zmq_setsockopt(socket, name, value, size) == 0 ? 0
                                                          : ora_net_error(err, "setting a socket's options");
}

int ora_net_set_int(void *socket, int name, int value, struct ora_err *err)
{
    return ora_net_set(socket, name, &value, sizeof value, err);
}

int ora_net_set_common(void *socket, struct ora_err *err)
{
    static const struct {
        int name, value;
    } options[] = {
        {ZMQ_LINGER, 0},           {ZMQ_HEARTBEAT_IVL, 1000},  {ZMQ_HEARTBEAT_TIMEOUT, 4000},
        {ZMQ_HEARTBEAT_TTL, 5000}, {ZMQ_HANDSHAKE_IVL, 10000}, {ZMQ_TCP_KEEPALIVE, 1},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof options / sizeof *options; i++)
        rc = ora_net_set_int(socket, options[i].name, options[i].value, err);
    int64_t max = ORA_NET_MAX_FRAME; /* libzmq drops a peer that announces more, before it allocates */
    return rc < 0 ? rc : ora_net_set(socket, ZMQ_MAXMSGSIZE, &max, sizeof max, err);
}

int ora_net_recv_part(void *socket, struct ora_str *frame, int *more, struct ora_err *err)
{
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    int rc = 1;
    if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
        rc = zmq_errno() == EAGAIN || zmq_errno() == EINTR ? 0 : ora_net_error(err, "receiving");
    } else {
        ora_str_clear(frame);
        ora_str_addn(frame, zmq_msg_data(&msg), zmq_msg_size(&msg));
        *more = zmq_msg_more(&msg);
    }
    zmq_msg_close(&msg);
    return rc;
}

int ora_net_poll(void *const *sockets, size_t socket_count, struct pollfd *fds, size_t fd_count,
                 int timeout_ms, struct ora_err *err)
{
    zmq_pollitem_t items[ORA_NET_MAX_FDS + 4];
    if (socket_count + fd_count > sizeof items / sizeof *items)
        return ora_err_set(err, ORA_E_INTERNAL, "waiting for %zu descriptors, at most %d can be", fd_count,
                           (int)ORA_NET_MAX_FDS);
    for (size_t i = 0; i < socket_count; i++)
        items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    for (size_t i = 0; i < fd_count; i++)
        items[socket_count + i] = (zmq_pollitem_t){
            .fd = fds[i].fd,
            .events = (short)((fds[i].events & POLLIN ? ZMQ_POLLIN : 0) |
                              (fds[i].events & POLLOUT ? ZMQ_POLLOUT : 0)),
        };
    int n = zmq_poll(items, (int)(socket_count + fd_count), timeout_ms);
    if (n < 0 && zmq_errno() != EINTR)
        return ora_net_error(err, "waiting for messages");
    for (size_t i = 0; i < fd_count; i++) {
        short got = n > 0 ? items[socket_count + i].revents : 0;
        fds[i].revents = (short)((got & ZMQ_POLLIN ? POLLIN : 0) | (got & ZMQ_POLLOUT ? POLLOUT : 0) |
                                 (got & ZMQ_POLLERR ? POLLERR : 0));
    }
    return 0;
}
