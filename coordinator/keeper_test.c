#include "coordinator/keeper.h"

#include "base/test.h"

ORA_TEST(starts_all_once_and_waits_for_them_to_join)
{
    struct ora_keeper k = {.wanted = 2};
    struct ora_keeper_view v = {.open_batches = 9};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 2);
    v.launching = true;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 2000), 0);
    v.alive = v.joined = 1;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 3000), 0);
    v.alive = v.joined = 2;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 4000), 0);
}

ORA_TEST(no_more_workers_than_batches)
{
    struct ora_keeper k = {.wanted = 8};
    struct ora_keeper_view v = {.open_batches = 3};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 3);
}

ORA_TEST(living_ones_of_before_count)
{
    struct ora_keeper k = {.wanted = 3};
    struct ora_keeper_view v = {.open_batches = 9, .alive = 2};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 1);
}

ORA_TEST(one_that_died_is_replaced)
{
    struct ora_keeper k = {.wanted = 2};
    struct ora_keeper_view v = {.open_batches = 9};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 2);
    v.launching = true;
    v.alive = v.joined = 2;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1200), 0);
    v.batches_done = 3;
    v.alive = 1;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 9000), 1); /* work was done: at once */
}

ORA_TEST(one_that_died_as_soon_as_it_had_joined_is_not_awaited)
{
    struct ora_keeper k = {.wanted = 2};
    struct ora_keeper_view v = {.open_batches = 9};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 2);
    v.launching = true;
    v.joined = 2;
    v.alive = 1;
    int64_t got = 0, now = 1250;
    for (; now < 5000 && !got; now += 250)
        got = ora_keeper_ask(&k, &v, now);
    ORA_CHECK_INT(got, 1);
}

ORA_TEST(those_that_keep_dying_are_given_up)
{
    struct ora_keeper k = {.wanted = 1};
    struct ora_keeper_view v = {.open_batches = 9};
    int64_t now = 1000, got = 0;
    int starts = 0;
    while (got >= 0 && now < 1000000) {
        got = ora_keeper_ask(&k, &v, now);
        starts += got > 0;
        now += 250;
    }
    ORA_CHECK_INT(got, -1);
    ORA_CHECK_INT(starts, ORA_KEEPER_STARTS);
    ORA_CHECK(now > 5000 && now < 60000); /* each later than the one before */
}

ORA_TEST(a_rank_that_never_joins_is_not_awaited_for_ever)
{
    struct ora_keeper k = {.wanted = 2};
    struct ora_keeper_view v = {.open_batches = 9, .launching = true};
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 1000), 2);
    v.alive = v.joined = 1;
    v.batches_done = 1;
    ORA_CHECK_INT(ora_keeper_ask(&k, &v, 20000), 0);
    int64_t got = 0;
    for (int64_t now = 31000; now < 40000 && !got; now += 250)
        got = ora_keeper_ask(&k, &v, now);
    ORA_CHECK_INT(got, 1);
}
