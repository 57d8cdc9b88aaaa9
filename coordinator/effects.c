#include "coordinator/effects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ora_effects_clear(struct ora_effects *fx)
{
    fx->row_count = 0;
    fx->send_count = 0;
}

void ora_effects_release(struct ora_effects *fx)
{
    for (size_t i = 0; i < fx->send_cap; i++)
        ora_str_release(&fx->send[i].frame);
    free(fx->send);
    free(fx->row);
    *fx = (struct ora_effects){0};
}

struct ora_row_effect *ora_effects_row(struct ora_effects *fx, enum ora_row_op op, const char *worker)
{
    if (fx->row_count == fx->row_cap) {
        fx->row_cap = fx->row_cap ? fx->row_cap * 2 : 32;
        fx->row = ora_xrealloc(fx->row, fx->row_cap * sizeof *fx->row);
    }
    struct ora_row_effect *e = &fx->row[fx->row_count++];
    memset(e, 0, sizeof *e);
    e->op = op;
    snprintf(e->worker, sizeof e->worker, "%s", worker);
    return e;
}

int ora_effects_send(struct ora_effects *fx, uint64_t peer, const struct ora_wire_msg *msg,
                     struct ora_err *err)
{
    if (fx->send_count == fx->send_cap) {
        size_t cap = fx->send_cap ? fx->send_cap * 2 : 32;
        fx->send = ora_xrealloc(fx->send, cap * sizeof *fx->send);
        memset(fx->send + fx->send_cap, 0, (cap - fx->send_cap) * sizeof *fx->send);
        fx->send_cap = cap;
    }
    struct ora_send_effect *e = &fx->send[fx->send_count];
    int rc = ora_wire_encode(msg, &e->frame, err);
    if (rc < 0)
        return rc;
    e->peer = peer;
    fx->send_count++;
    return 0;
}

void ora_effects_say(struct ora_effects *fx, uint64_t peer, const struct ora_wire_msg *msg)
{
    if (peer)
        ora_effects_send(fx, peer, msg, NULL);
}

void ora_effects_ack(struct ora_effects *fx, uint64_t peer, uint32_t batch, const char *token, bool taken)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_ACK, .lease = {.batch = batch, .token = token, .taken = taken}};
    ora_effects_say(fx, peer, &m);
}

void ora_effects_refuse(struct ora_effects *fx, uint64_t peer, const char *why)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_REFUSED, .text = {.why = why}};
    ora_effects_say(fx, peer, &m);
}
