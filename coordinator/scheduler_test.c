#include "coordinator/scheduler.h"

#include "base/test.h"

static const struct {
    const char *what;
    struct ora_want wants[3];
    uint64_t open;
    long next;
    uint32_t expected;
} cases[] = {
    {"nothing is open", {{2, 0}, {2, 0}, {2, 0}}, 0, ORA_SCHEDULER_NOBODY, 0},
    {"nobody wants", {{0, 0}, {2, 2}, {0, 0}}, 9, ORA_SCHEDULER_NOBODY, 0},
    {"the one who holds least", {{4, 3}, {4, 1}, {4, 2}}, 99, 1, 0},
    {"credit bounds", {{1, 1}, {4, 2}, {0, 0}}, 99, 1, 0},
    {"the last one goes to the idle", {{2, 1}, {2, 0}, {2, 1}}, 1, 1, 0},
    {"no queue is filled when few are left", {{2, 1}, {2, 1}, {2, 1}}, 5, ORA_SCHEDULER_NOBODY, 0},
    {"a queue is filled while enough are left", {{2, 1}, {2, 1}, {2, 1}}, 6, 0, 0},
    {"the first to arrive leaves the others theirs", {{2, 1}}, 2, ORA_SCHEDULER_NOBODY, 2},
    {"but takes ahead what is enough for all", {{2, 1}}, 4, 0, 2},
    {"more came than were expected", {{2, 1}, {2, 1}, {2, 1}}, 5, ORA_SCHEDULER_NOBODY, 1},
};

ORA_TEST(next_by_case)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long next = ora_scheduler_next(cases[i].wants, 3, cases[i].expected, cases[i].open);
        if (next != cases[i].next)
            ORA_FAIL("%s: %ld, wanted %ld", cases[i].what, next, cases[i].next);
    }
}
