#include "net/net.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"

enum { PATIENCE_MS = 10000 };

struct both {
    struct ora_net_server_keys server;
    struct ora_net_client_keys client;
};

static struct both make_keys(void)
{
    struct both k;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_net_pair_make(&k.server.server, &err), err);
    ORA_CHECK_OK(ora_net_pair_make(&k.client.client, &err), err);
    memcpy(k.server.client_public, k.client.client.public_key, ORA_NET_KEY_SIZE);
    memcpy(k.client.server_public, k.server.server.public_key, ORA_NET_KEY_SIZE);
    return k;
}

/* The client says `text` until the server hears it. */
static bool heard(struct ora_net_server *s, struct ora_net_client *c, const char *text, uint64_t *peer,
                  int patience_ms)
{
    struct ora_str frame = ORA_STR_INIT;
    bool got = false;
    int64_t end = ora_clock_mono_ms() + patience_ms;
    while (!got && ora_clock_mono_ms() < end) {
        ora_net_client_send(c, text, strlen(text), NULL);
        ora_net_server_wait(s, NULL, 0, 20, NULL);
        while (ora_net_server_recv(s, peer, &frame, NULL) > 0)
            got = got || strcmp(ora_str_c(&frame), text) == 0;
    }
    ora_str_release(&frame);
    return got;
}

ORA_TEST(frames_go_both_ways)
{
    struct both k = make_keys();
    struct ora_err err = {0};
    struct ora_net_server *s = NULL;
    struct ora_net_client *c = NULL;
    ORA_CHECK_OK(ora_net_server_open("tcp://127.0.0.1:*", &k.server, &s, &err), err);
    ORA_REQUIRE(s);
    ORA_CHECK_OK(ora_net_client_open(ora_net_server_endpoint(s), &k.client, &c, &err), err);
    uint64_t peer = 0;
    ORA_CHECK(heard(s, c, "hello", &peer, PATIENCE_MS));
    ORA_CHECK_OK(ora_net_server_send(s, peer, "you", 3, &err), err);
    struct ora_str frame = ORA_STR_INIT;
    int got = 0;
    for (int64_t end = ora_clock_mono_ms() + PATIENCE_MS; !got && ora_clock_mono_ms() < end;) {
        ora_net_client_wait(c, NULL, 0, 50, &err);
        got = ora_net_client_recv(c, &frame, &err);
    }
    ORA_CHECK_STR(ora_str_c(&frame), "you");
    ora_str_release(&frame);
    ora_net_client_close(&c, 0);
    ora_net_server_close(&s);
}

ORA_TEST(a_descriptor_wakes_the_wait)
{
    struct both k = make_keys();
    struct ora_err err = {0};
    struct ora_net_server *s = NULL;
    ORA_CHECK_OK(ora_net_server_open("tcp://127.0.0.1:*", &k.server, &s, &err), err);
    int ends[2];
    ORA_REQUIRE(s && pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    ORA_CHECK_OK(ora_net_server_wait(s, &fd, 1, PATIENCE_MS, &err), err);
    ORA_CHECK(fd.revents & POLLIN);
    close(ends[0]);
    close(ends[1]);
    ora_net_server_close(&s);
}

ORA_TEST(a_client_with_another_key_is_turned_away)
{
    ora_log_setup(2, ORA_LOG_NONE, "test");
    struct both k = make_keys(), other = make_keys();
    struct ora_err err = {0};
    struct ora_net_server *s = NULL;
    struct ora_net_client *wrong = NULL, *right = NULL;
    ORA_CHECK_OK(ora_net_server_open("tcp://127.0.0.1:*", &k.server, &s, &err), err);
    ORA_REQUIRE(s);
    /* It knows the server's public key, but its own key is not the run's. */
    memcpy(other.client.server_public, k.client.server_public, ORA_NET_KEY_SIZE);
    ORA_CHECK_OK(ora_net_client_open(ora_net_server_endpoint(s), &other.client, &wrong, &err), err);
    uint64_t peer;
    for (int64_t end = ora_clock_mono_ms() + PATIENCE_MS;
         !ora_net_server_refusals(s) && ora_clock_mono_ms() < end;)
        ORA_CHECK(!heard(s, wrong, "let me in", &peer, 50));
    ORA_CHECK(ora_net_server_refusals(s) > 0);
    ORA_CHECK_OK(ora_net_client_open(ora_net_server_endpoint(s), &k.client, &right, &err), err);
    ORA_CHECK(heard(s, right, "hello", &peer, PATIENCE_MS)); /* the check can pass too */
    ora_net_client_close(&wrong, 0);
    ora_net_client_close(&right, 0);
    ora_net_server_close(&s);
}

ORA_TEST(a_client_that_trusts_another_server_says_nothing)
{
    struct both k = make_keys(), other = make_keys();
    struct ora_err err = {0};
    struct ora_net_server *s = NULL;
    struct ora_net_client *c = NULL;
    ORA_CHECK_OK(ora_net_server_open("tcp://127.0.0.1:*", &k.server, &s, &err), err);
    ORA_REQUIRE(s);
    struct ora_net_client_keys keys = k.client;
    memcpy(keys.server_public, other.client.server_public, ORA_NET_KEY_SIZE);
    ORA_CHECK_OK(ora_net_client_open(ora_net_server_endpoint(s), &keys, &c, &err), err);
    uint64_t peer;
    ORA_CHECK(!heard(s, c, "hello", &peer, 500));
    ora_net_client_close(&c, 0);
    ora_net_server_close(&s);
}

ORA_TEST(a_server_started_again_on_its_port_is_found)
{
    struct both k = make_keys();
    struct ora_err err = {0};
    struct ora_net_server *s = NULL, *second = NULL;
    struct ora_net_client *c = NULL;
    ORA_CHECK_OK(ora_net_server_open("tcp://127.0.0.1:*", &k.server, &s, &err), err);
    ORA_REQUIRE(s);
    char endpoint[256];
    snprintf(endpoint, sizeof endpoint, "%s", ora_net_server_endpoint(s));
    ORA_CHECK_OK(ora_net_client_open(endpoint, &k.client, &c, &err), err);
    uint64_t before, after;
    ORA_CHECK(heard(s, c, "one", &before, PATIENCE_MS));
    ORA_CHECK_INT(ora_net_server_open(endpoint, &k.server, &second, &err), ORA_E_BUSY);
    ora_net_server_close(&s);
    ORA_CHECK_OK(ora_net_server_open(endpoint, &k.server, &s, &err), err);
    ORA_REQUIRE(s);
    ORA_CHECK(heard(s, c, "two", &after, PATIENCE_MS));
    ora_net_client_close(&c, 0);
    for (int64_t end = ora_clock_mono_ms() + PATIENCE_MS; ora_clock_mono_ms() < end;) {
        if (ora_net_server_send(s, after, "x", 1, &err) < 0)
            break; /* a peer that is gone is an error, not silence */
        ora_net_server_wait(s, NULL, 0, 20, &err);
    }
    ORA_CHECK_INT(err.code, ORA_E_NETWORK);
    ora_net_server_close(&s);
}
