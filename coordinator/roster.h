/*
 * Roster: who is known and what each holds; the coordinator core's memory, without its decisions. And the
 * strangers: peers that were asked who they are, or are not heard any more.
 *
 * Pointers to workers hold until one is added or removed; pointers to leases until one of that worker is.
 */
#ifndef COORDINATOR_ROSTER_H
#define COORDINATOR_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct ora_roster_lease {
    uint32_t batch;
    char token[ORA_WIRE_TOKEN_MAX + 1];
};

struct ora_roster_worker {
    char *id;
    uint64_t peer; /* 0: not connected */
    bool local;    /* its pid means something here */
    int pid;
    uint64_t start_time;
    uint32_t credit;
    uint32_t in_work, in_work_audio_ms; /* finished of the batch in work, as its last beat told */
    struct ora_roster_lease *lease;
    size_t lease_count, lease_cap;
    int64_t deadline_ms; /* of all its leases, wall clock */
    int64_t heard_ms;    /* monotonic */
    bool restored;       /* not heard since this program's start: its leases stand until their deadline */
};

struct ora_roster {
    struct ora_roster_worker *worker;
    size_t count, cap;
};

void ora_roster_release(struct ora_roster *r);
struct ora_roster_worker *ora_roster_find(struct ora_roster *r, const char *id);
struct ora_roster_worker *ora_roster_find_peer(struct ora_roster *r, uint64_t peer);
struct ora_roster_worker *ora_roster_add(struct ora_roster *r, const char *id);
void ora_roster_remove(struct ora_roster *r, struct ora_roster_worker *w); /* the last one takes its place */

struct ora_roster_lease *ora_roster_find_lease(struct ora_roster_worker *w, uint32_t batch,
                                               const char *token);
/* The worker's deadline is the earliest of its leases'. */
void ora_roster_add_lease(struct ora_roster_worker *w, uint32_t batch, const char *token,
                          int64_t deadline_ms);
void ora_roster_remove_lease(struct ora_roster_worker *w, struct ora_roster_lease *l);

enum { ORA_STRANGERS = 64 };

struct ora_strangers { /* the last so many, in a ring */
    struct ora_stranger {
        uint64_t peer;
        int64_t asked_ms;
        bool banned;
    } item[ORA_STRANGERS];
    size_t next;
};

bool ora_strangers_may_ask(struct ora_strangers *s, uint64_t peer,
                           int64_t now_ms); /* once a second; notes it */
void ora_strangers_ban(struct ora_strangers *s, uint64_t peer);
bool ora_strangers_banned(const struct ora_strangers *s, uint64_t peer);

#endif
