/* ZAP: who may connect (RFC 27/ZAP). libzmq asks over an inproc socket of the same context. Internal to
 * src/net. */
#ifndef ORA_NET_ZAP_H
#define ORA_NET_ZAP_H

#include <stdint.h>

#include "net/net.h"

struct ora_net_zap {
    void *socket; /* REP on inproc://zeromq.zap.01; polled by its owner */
    uint8_t allowed[32];
    uint64_t refusals;
};

int ora_net_zap_open(struct ora_net_zap *z, void *context, const char *client_public, struct ora_err *err);
void ora_net_zap_answer(struct ora_net_zap *z); /* every question that waits */
void ora_net_zap_close(struct ora_net_zap *z);

#endif
