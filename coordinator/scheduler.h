/*
 * Scheduler: whose turn it is. Pure arithmetic on who holds and wants how many leases.
 *
 * Batches go out lowest number first, so what is left to decide is only how many to whom: the one who holds
 * least comes first; a queue ahead of the work in hand is filled only while enough batches are left for
 * everybody, so that at the end of a run no worker sits beside the full queue of another. Everybody is also
 * who was started and has not arrived yet: the first one of a short run must not take it all.
 */
#ifndef COORDINATOR_SCHEDULER_H
#define COORDINATOR_SCHEDULER_H

#include <stddef.h>
#include <stdint.h>

struct ora_want {
    uint32_t credit; /* leases wanted in all */
    uint32_t leases; /* held, granted ones included as they are granted */
};

enum { ORA_SCHEDULER_NOBODY = -1 };

/* The index of the next one to get a lease, or ORA_SCHEDULER_NOBODY. expected: workers that were started,
 * here or not yet; open_batches: not leased yet. */
long ora_scheduler_next(const struct ora_want *wants, size_t count, uint32_t expected, uint64_t open_batches);

#endif
