/*
 * The client: a DEALER that connects for ever. ZMQ_IMMEDIATE: nothing is queued while the server is away, so
 * that what arrives after a reconnect was sent after it; who sends must know itself what to say again.
 */
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/socket.h"

struct ora_net_client {
    void *context, *dealer;
};

static int connect_dealer(struct ora_net_client *c, const char *endpoint,
                          const struct ora_net_client_keys *keys, struct ora_err *err)
{
    int rc;
    if ((rc = ora_net_set_common(c->dealer, err)) < 0 ||
        (rc = ora_net_set_int(c->dealer, ZMQ_IMMEDIATE, 1, err)) < 0 ||
        (rc = ora_net_set_int(c->dealer, ZMQ_RECONNECT_IVL, 100, err)) < 0 ||
        (rc = ora_net_set_int(c->dealer, ZMQ_RECONNECT_IVL_MAX, 1000, err)) < 0 ||
        (rc = ora_net_set(c->dealer, ZMQ_CURVE_SERVERKEY, keys->server_public, ORA_NET_KEY_SIZE, err)) < 0 ||
        (rc = ora_net_set(c->dealer, ZMQ_CURVE_PUBLICKEY, keys->client.public_key, ORA_NET_KEY_SIZE, err)) <
            0 ||
        (rc = ora_net_set(c->dealer, ZMQ_CURVE_SECRETKEY, keys->client.secret_key, ORA_NET_KEY_SIZE, err)) <
            0)
        return rc;
    if (zmq_connect(c->dealer, endpoint) < 0) {
        ora_net_error(err, "connecting");
        return ora_err_wrap(err, "%s", endpoint);
    }
    return 0;
}

int ora_net_client_open(const char *endpoint, const struct ora_net_client_keys *keys,
                        struct ora_net_client **out, struct ora_err *err)
{
    *out = NULL;
    struct ora_net_client *c = ora_xcalloc(1, sizeof *c);
    int rc;
    c->context = zmq_ctx_new();
    c->dealer = c->context ? zmq_socket(c->context, ZMQ_DEALER) : NULL;
    rc = c->dealer ? connect_dealer(c, endpoint, keys, err) : ora_net_error(err, "starting ZeroMQ");
    if (rc < 0)
        ora_net_client_close(&c, 0);
    *out = c;
    return rc;
}

void ora_net_client_close(struct ora_net_client **client, int linger_ms)
{
    struct ora_net_client *c = *client;
    if (!c)
        return;
    if (c->dealer) {
        zmq_setsockopt(c->dealer, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_close(c->dealer);
    }
    if (c->context)
        zmq_ctx_term(c->context);
    free(c);
    *client = NULL;
}

int ora_net_client_wait(struct ora_net_client *c, struct pollfd *fds, size_t count, int timeout_ms,
                        struct ora_err *err)
{
    void *sockets[1] = {c->dealer};
    return ora_net_poll(sockets, 1, fds, count, timeout_ms, err);
}

int ora_net_client_recv(struct ora_net_client *c, struct ora_str *frame, struct ora_err *err)
{
    int more = 0, rc = ora_net_recv_part(c->dealer, frame, &more, err);
    while (rc > 0 &&
           more) /* the server sends single parts: what is more is not a message, and decodes as none */
        rc = ora_net_recv_part(c->dealer, frame, &more, err);
    return rc;
}

int ora_net_client_send(struct ora_net_client *c, const void *data, size_t len, struct ora_err *err)
{
    if (zmq_send(c->dealer, data, len, ZMQ_DONTWAIT) < 0)
        return ora_err_set(err, ORA_E_NETWORK, "not connected: %s", zmq_strerror(zmq_errno()));
    return 0;
}
