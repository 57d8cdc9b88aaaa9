/*
 * Without a ZAP handler a CURVE server of libzmq lets in every client that knows the server's public key,
 * whatever the client's own key is; this is what authenticates. It is answered by the server's own loop: a
 * handshake waits at most one turn.
 */
#include "net/zap.h"

#include <string.h>

#include <sodium/utils.h>
#include <zmq.h>

#include "base/log.h"

enum { MAX_PARTS = 8, MAX_PART = 256, REQUEST_PARTS = 7 };

struct question {
    char part[MAX_PARTS][MAX_PART];
    int len[MAX_PARTS];
    int count;
};

int ora_net_zap_open(struct ora_net_zap *z, void *context, const char *client_public, struct ora_err *err)
{
    *z = (struct ora_net_zap){0};
    if (!zmq_z85_decode(z->allowed, client_public))
        return ora_err_set(err, ORA_E_FORMAT, "the client's public key is no Z85 text of 40 characters");
    z->socket = zmq_socket(context, ZMQ_REP);
    int linger = 0;
    if (!z->socket || zmq_setsockopt(z->socket, ZMQ_LINGER, &linger, sizeof linger) < 0 ||
        zmq_bind(z->socket, "inproc://zeromq.zap.01") < 0) {
        ora_err_set(err, ORA_E_NETWORK, "the key check cannot start: %s", zmq_strerror(zmq_errno()));
        ora_net_zap_close(z);
        return ORA_E_NETWORK;
    }
    return 0;
}

static int read_question(void *socket, struct question *q)
{
    int more = 1;
    size_t size = sizeof more;
    for (q->count = 0; more; q->count++) {
        char rest[MAX_PART];
        bool keep = q->count < MAX_PARTS;
        int n = zmq_recv(socket, keep ? q->part[q->count] : rest, MAX_PART, ZMQ_DONTWAIT);
        if (n < 0)
            return 0;
        if (keep)
            q->len[q->count] = n < MAX_PART ? n : MAX_PART;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) < 0)
            return 0;
    }
    return 1;
}

static bool is_text(const struct question *q, int i, const char *text)
{
    return i < q->count && q->len[i] == (int)strlen(text) && memcmp(q->part[i], text, (size_t)q->len[i]) == 0;
}

/* Parts: version, request id, domain, address, routing id, mechanism, the client's key. */
static bool lets_in(const struct ora_net_zap *z, const struct question *q)
{
    return q->count == REQUEST_PARTS && is_text(q, 0, "1.0") && is_text(q, 5, "CURVE") && q->len[6] == 32 &&
           sodium_memcmp(q->part[6], z->allowed, 32) == 0;
}

void ora_net_zap_answer(struct ora_net_zap *z)
{
    struct question q;
    while (read_question(z->socket, &q)) {
        bool ok = lets_in(z, &q);
        if (!ok) {
            z->refusals++;
            ora_log(ORA_LOG_WARN, "a client at %.*s was turned away: its key is not this run's",
                    q.count > 3 ? q.len[3] : 0, q.part[3]);
        }
        const char *status = ok ? "200" : "400", *why = ok ? "" : "key not known";
        zmq_send(z->socket, "1.0", 3, ZMQ_SNDMORE);
        zmq_send(z->socket, q.part[1], q.count > 1 ? (size_t)q.len[1] : 0, ZMQ_SNDMORE);
        zmq_send(z->socket, status, 3, ZMQ_SNDMORE);
        zmq_send(z->socket, why, strlen(why), ZMQ_SNDMORE);
        zmq_send(z->socket, "", 0, ZMQ_SNDMORE);
        zmq_send(z->socket, "", 0, 0);
    }
}

void ora_net_zap_close(struct ora_net_zap *z)
{
    if (z->socket)
        zmq_close(z->socket);
    z->socket = NULL;
}
