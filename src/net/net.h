/*
 * Net: channels between one server (the coordinator) and its clients (workers): frames of bytes, always
 * encrypted. The only code that knows ZeroMQ.
 *
 *     ora_net_server_open("tcp://127.0.0.1:*", &keys, &server, &err);
 *     … ora_net_server_endpoint(server) has the real port …
 *     for (;;) {
 *         ora_net_server_wait(server, fds, count, timeout_ms, &err);   // messages, and fds of yours
 *         while (ora_net_server_recv(server, &peer, &frame, &err) > 0)
 *             ora_net_server_send(server, peer, reply, len, &err);
 *     }
 *
 * Security: CURVE on every endpoint, loopback too (a login node has other users). The server lets in the one
 * client key of its run and nobody else; a client speaks only to the server whose public key it was given.
 * Delivery is at most once: frames sent around a cut are lost, without a word to either side. A peer number
 * names one connection: after a reconnect the same client has another. Threads: a channel belongs to the
 * thread that opened it.
 */
#ifndef ORA_NET_NET_H
#define ORA_NET_NET_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { ORA_NET_KEY_SIZE = 41 }; /* Z85 text of 32 bytes and a NUL */

struct ora_net_pair {
    char public_key[ORA_NET_KEY_SIZE], secret_key[ORA_NET_KEY_SIZE];
};

/* What a client needs: its own pair and the server's public key. */
struct ora_net_client_keys {
    struct ora_net_pair client;
    char server_public[ORA_NET_KEY_SIZE];
};

/* What a server needs: its own pair and the public key of those it lets in. */
struct ora_net_server_keys {
    struct ora_net_pair server;
    char client_public[ORA_NET_KEY_SIZE];
};

int ora_net_pair_make(struct ora_net_pair *pair, struct ora_err *err);

/* ---- server ---- */

struct ora_net_server;

/* BUSY: the port is taken. */
int ora_net_server_open(const char *endpoint, const struct ora_net_server_keys *keys,
                        struct ora_net_server **s, struct ora_err *err);
void ora_net_server_close(struct ora_net_server **s);                /* what is not sent yet is dropped */
const char *ora_net_server_endpoint(const struct ora_net_server *s); /* with the port it got */
/* Waits until a frame can be read, a descriptor of fds is ready (its revents is set) or the time is over. */
int ora_net_server_wait(struct ora_net_server *s, struct pollfd *fds, size_t count, int timeout_ms,
                        struct ora_err *err);
/* 1 and a frame, or 0 when there is none. */
int ora_net_server_recv(struct ora_net_server *s, uint64_t *peer, struct ora_str *frame, struct ora_err *err);
/* NETWORK: the peer is gone, or does not take what it is sent. */
int ora_net_server_send(struct ora_net_server *s, uint64_t peer, const void *data, size_t len,
                        struct ora_err *err);
/* Clients turned away for their key since the server was opened. */
uint64_t ora_net_server_refusals(const struct ora_net_server *s);

/* ---- client ---- */

struct ora_net_client;

/* Returns at once; connects, and connects again after a loss, in the background. */
int ora_net_client_open(const char *endpoint, const struct ora_net_client_keys *keys,
                        struct ora_net_client **c, struct ora_err *err);
void ora_net_client_close(struct ora_net_client **c,
                          int linger_ms); /* waits so long for what was sent last */
int ora_net_client_wait(struct ora_net_client *c, struct pollfd *fds, size_t count, int timeout_ms,
                        struct ora_err *err);
int ora_net_client_recv(struct ora_net_client *c, struct ora_str *frame, struct ora_err *err);
/* NETWORK: not connected now. */
int ora_net_client_send(struct ora_net_client *c, const void *data, size_t len, struct ora_err *err);

#endif
