#include "coordinator/scheduler.h"

enum { BATCHES_A_WORKER_FOR_QUEUES = 2 };

long ora_scheduler_next(const struct ora_want *wants, size_t count, uint32_t expected, uint64_t open_batches)
{
    long best = ORA_SCHEDULER_NOBODY;
    uint64_t willing = 0;
    if (open_batches == 0)
        return best;
    for (size_t i = 0; i < count; i++) {
        willing += wants[i].credit > 0;
        if (wants[i].leases < wants[i].credit && (best < 0 || wants[i].leases < wants[best].leases))
            best = (long)i;
    }
    if (willing < expected)
        willing = expected;
    if (best >= 0 && wants[best].leases > 0 && open_batches < BATCHES_A_WORKER_FOR_QUEUES * willing)
        return ORA_SCHEDULER_NOBODY;
    return best;
}
