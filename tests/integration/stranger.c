/* A peer with the run's key and no manners: sends frames that are none, frames of kinds that a worker never
 * sends, and a frame of another version, each over a connection of its own. Ends with 0 when each was
 * answered with REFUSED. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/keyfile.h"
#include "wire/wire.h"

enum { PATIENCE_MS = 20000 };

static bool is_refused(const struct ora_str *frame)
{
    struct ora_wire_msg *msg = NULL;
    bool yes = ora_wire_decode(frame->data, frame->len, &msg, NULL) == 0 && msg->kind == ORA_WIRE_REFUSED;
    ora_wire_free(&msg);
    return yes;
}

static bool refused(const char *endpoint, const struct ora_net_ticket *ticket, const struct ora_str *hello,
                    const void *bytes, size_t len)
{
    struct ora_net_client *c = NULL;
    struct ora_str frame = ORA_STR_INIT;
    bool yes = false;
    int64_t end = ora_clock_mono_ms() + PATIENCE_MS, again = 0;
    if (ora_net_client_open(endpoint, &ticket->keys, &c, NULL) < 0)
        return false;
    while (!yes && ora_clock_mono_ms() < end) {
        if (ora_clock_mono_ms() >= again) {
            if (hello)
                ora_net_client_send(c, hello->data, hello->len, NULL);
            ora_net_client_send(c, bytes, len, NULL);
            again = ora_clock_mono_ms() + 100;
        }
        ora_net_client_wait(c, NULL, 0, 50, NULL);
        while (ora_net_client_recv(c, &frame, NULL) > 0)
            yes = yes || is_refused(&frame);
    }
    ora_net_client_close(&c, 0);
    ora_str_release(&frame);
    return yes;
}

int main(int argc, char **argv)
{
    static const unsigned char another_version[] = {0x08, 0x63, 0x7a, 0x00};
    struct ora_net_ticket ticket;
    struct ora_err err = {0};
    if (argc != 3 || ora_net_ticket_read(argv[2], &ticket, &err) < 0) {
        fprintf(stderr, "stranger ENDPOINT KEY: %s\n", err.message);
        return 2;
    }
    struct ora_str hello = ORA_STR_INIT, drain = ORA_STR_INIT;
    struct ora_wire_msg h = {
        .kind = ORA_WIRE_HELLO,
        .hello = {.worker = "stranger-1", .run_id = ticket.run_id, .host = "nowhere", .machine = "x"}};
    struct ora_wire_msg d = {.kind = ORA_WIRE_DRAIN, .drain = {.mode = ORA_DRAIN_AT_ONCE}};
    ora_wire_encode(&h, &hello, &err);
    ora_wire_encode(&d, &drain, &err);
    bool ok = refused(argv[1], &ticket, NULL, "garbage", 7) && refused(argv[1], &ticket, NULL, "", 0) &&
              refused(argv[1], &ticket, &hello, "\xff\xff\xff\xff\xff", 5) &&
              refused(argv[1], &ticket, NULL, another_version, sizeof another_version) &&
              refused(argv[1], &ticket, &hello, drain.data, drain.len);
    ora_str_release(&hello);
    ora_str_release(&drain);
    return ok ? 0 : 1;
}
