#include "base/arena.h"

#include <stdint.h>

#include "base/test.h"

ORA_TEST(aligns_and_counts)
{
    struct ora_arena a;
    ORA_REQUIRE(ora_arena_init(&a, 1024, NULL) == 0);
    float *x = ora_arena_floats(&a, 3), *y = ora_arena_floats(&a, 5);
    ORA_CHECK_INT((uintptr_t)x % 64, 0);
    ORA_CHECK_INT((char *)y - (char *)x, 64);
    size_t mark = ora_arena_mark(&a);
    ORA_CHECK(ora_arena_alloc(&a, 512));
    ora_arena_reset(&a, mark);
    ORA_CHECK_INT(a.used_bytes, 128);
    ORA_CHECK_INT(a.peak_bytes, 128 + 512);
    ora_arena_release(&a);
}

ORA_TEST(refuses_more_than_planned)
{
    struct ora_arena a;
    ORA_REQUIRE(ora_arena_init(&a, 128, NULL) == 0);
    ORA_CHECK(ora_arena_alloc(&a, 129) == NULL);
    ORA_CHECK(ora_arena_alloc(&a, SIZE_MAX) == NULL);
    ORA_CHECK(ora_arena_floats(&a, SIZE_MAX / 2) == NULL);
    ORA_CHECK(ora_arena_alloc(&a, 128) != NULL);
    ORA_CHECK(ora_arena_alloc(&a, 1) == NULL);
    ora_arena_release(&a);
}
