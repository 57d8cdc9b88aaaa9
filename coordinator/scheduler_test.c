#include "coordinator/scheduler.h"

#include "base/test.h"

static const struct {
    const char *what;
    struct ora_want wants[3];
    uint64_t open;
    long next;
} cases[] = {
    {"nothing is open", {{2, 0}, {2, 0}, {2, 0}}, 0, ORA_SCHEDULER_NOBODY},
    {"nobody wants", {{0, 0}, {2, 2}, {0, 0}}, 9, ORA_SCHEDULER_NOBODY},
    {"the one who holds least", {{4, 3}, {4, 1}, {4, 2}}, 99, 1},
    {"credit bounds", {{1, 1}, {4, 2}, {0, 0}}, 99, 1},
    {"the last one goes to the idle", {{2, 1}, {2, 0}, {2, 1}}, 1, 1},
    {"no queue is filled when few are left", {{2, 1}, {2, 1}, {2, 1}}, 5, ORA_SCHEDULER_NOBODY},
    {"a queue is filled while enough are left", {{2, 1}, {2, 1}, {2, 1}}, 6, 0},
};

ORA_TEST(next_by_case)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long next = ora_scheduler_next(cases[i].wants, 3, cases[i].open);
        if (next != cases[i].next)
            ORA_FAIL("%s: %ld, wanted %ld", cases[i].what, next, cases[i].next);
    }
}
