/*
 * The server: a ROUTER that must be able to deliver (ROUTER_MANDATORY: a peer that is gone is an error, not
 * silence), with libzmq's own routing ids. An id chosen by the client would make a second process of the same
 * name deaf for ever; such peers are not heard.
 */
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/socket.h"
#include "net/zap.h"

struct ora_net_server {
    void *context, *router;
    struct ora_net_zap zap;
    char endpoint[256];
    struct ora_str part;
};

enum { ROUTING_ID_BYTES = 5 }; /* libzmq's own: a zero byte and a 32-bit number */

static int bind_router(struct ora_net_server *s, const char *endpoint, const struct ora_net_server_keys *keys,
                       struct ora_err *err)
{
    int rc;
    if ((rc = ora_net_set_common(s->router, err)) < 0 ||
        (rc = ora_net_set_int(s->router, ZMQ_ROUTER_MANDATORY, 1, err)) < 0 ||
        (rc = ora_net_set_int(s->router, ZMQ_CURVE_SERVER, 1, err)) < 0 ||
        (rc = ora_net_set(s->router, ZMQ_CURVE_SECRETKEY, keys->server.secret_key, ORA_NET_KEY_SIZE, err)) <
            0 ||
        (rc = ora_net_set(s->router, ZMQ_ZAP_DOMAIN, "oratorio", 8, err)) < 0)
        return rc;
    if (zmq_bind(s->router, endpoint) < 0) {
        ora_net_error(err, "listening");
        return ora_err_wrap(err, "%s", endpoint);
    }
    size_t size = sizeof s->endpoint;
    if (zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, s->endpoint, &size) < 0)
        return ora_net_error(err, "asking for the endpoint");
    return 0;
}

int ora_net_server_open(const char *endpoint, const struct ora_net_server_keys *keys,
                        struct ora_net_server **out, struct ora_err *err)
{
    *out = NULL;
    struct ora_net_server *s = ora_xcalloc(1, sizeof *s);
    int rc;
    s->context = zmq_ctx_new();
    if (!s->context) {
        rc = ora_net_error(err, "starting ZeroMQ");
        goto out_close;
    }
    if ((rc = ora_net_zap_open(&s->zap, s->context, keys->client_public, err)) < 0)
        goto out_close;
    s->router = zmq_socket(s->context, ZMQ_ROUTER);
    rc = s->router ? bind_router(s, endpoint, keys, err) : ora_net_error(err, "opening a socket");
    if (rc < 0)
        goto out_close;
    *out = s;
    return 0;
out_close:
    ora_net_server_close(&s);
    return rc;
}

void ora_net_server_close(struct ora_net_server **server)
{
    struct ora_net_server *s = *server;
    if (!s)
        return;
    if (s->router)
        zmq_close(s->router);
    ora_net_zap_close(&s->zap);
    if (s->context)
        zmq_ctx_term(s->context);
    ora_str_release(&s->part);
    free(s);
    *server = NULL;
}

const char *ora_net_server_endpoint(const struct ora_net_server *s)
{
    return s->endpoint;
}

uint64_t ora_net_server_refusals(const struct ora_net_server *s)
{
    return s->zap.refusals;
}

int ora_net_server_wait(struct ora_net_server *s, struct pollfd *fds, size_t count, int timeout_ms,
                        struct ora_err *err)
{
    void *sockets[2] = {s->router, s->zap.socket};
    int rc = ora_net_poll(sockets, 2, fds, count, timeout_ms, err);
    ora_net_zap_answer(&s->zap);
    return rc;
}

static void skip_parts(struct ora_net_server *s, int more)
{
    while (more && ora_net_recv_part(s->router, &s->part, &more, NULL) > 0)
        continue;
}

int ora_net_server_recv(struct ora_net_server *s, uint64_t *peer, struct ora_str *frame, struct ora_err *err)
{
    for (;;) {
        int more = 0, rc = ora_net_recv_part(s->router, &s->part, &more, err);
        if (rc <= 0)
            return rc;
        bool ours = s->part.len == ROUTING_ID_BYTES && s->part.data[0] == 0 && more;
        uint64_t number = 0;
        for (size_t i = 0; ours && i < s->part.len; i++)
            number = number << 8 | (unsigned char)s->part.data[i];
        if (ours && (rc = ora_net_recv_part(s->router, frame, &more, err)) < 0)
            return rc;
        if (ours && !more) {
            *peer = number;
            return 1;
        }
        skip_parts(
            s, more); /* a message of many parts, or of a peer that named itself: not one of our clients */
    }
}

int ora_net_server_send(struct ora_net_server *s, uint64_t peer, const void *data, size_t len,
                        struct ora_err *err)
{
    unsigned char id[ROUTING_ID_BYTES];
    for (int i = ROUTING_ID_BYTES - 1; i >= 0; i--, peer >>= 8)
        id[i] = (unsigned char)peer;
    if (zmq_send(s->router, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_send(s->router, data, len, ZMQ_DONTWAIT) < 0)
        return ora_err_set(err, ORA_E_NETWORK, "the peer cannot be reached: %s", zmq_strerror(zmq_errno()));
    return 0;
}
