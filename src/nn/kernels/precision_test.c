/* Which class words and levels mean on which host, what contradicts what, and who is turned away with which
 * words. Hosts are lists of names: nothing here asks this processor, but the case of the environment. */
#include "nn/kernels/precision.h"

#include <stdlib.h>

#include "base/test.h"
#include "nn/kernels/kernels.h"

static const struct ora_levels amx = {
    {"avx512", "avx2", "amx-split", "amx", "avx512-bf16", "avx512-wino", "avx2-wino", "blas", "scalar"}, 9};
static const struct ora_levels zen4 = {
    {"avx512", "avx2", "avx512-bf16", "avx512-wino", "avx2-wino", "scalar"}, 6};
static const struct ora_levels old = {{"avx2", "avx2-wino", "blas", "scalar"}, 4};
static const struct ora_levels bare = {{"blas", "scalar"}, 2};

#if defined(__x86_64__)
ORA_TEST(every_level_has_a_known_class)
{
    static const char *const classes[][2] = {
        {"scalar", "f32-direct"},  {"avx2", "f32-direct"},
        {"avx512", "f32-direct"},  {"avx512-wino", "f32-wino"},
        {"avx2-wino", "f32-wino"}, {"amx-split", "split"},
        {"amx", "plain"},          {"avx512-bf16", "plain-dp"},
        {"blas", "f32-blas"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (ora_arithmetic_of_level(classes[i][0])) /* a level that does not pay may be gone */
            ORA_CHECK_STR(ora_arithmetic_of_level(classes[i][0]), classes[i][1]);
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        ORA_CHECK(ora_arithmetic_find(k->arithmetic) != NULL);
        ORA_CHECK(k->needs && k->needs[0]);
    }
}

/* What is said, on which host, and the class; NULL: BAD_USAGE whose message has both words of `why`. */
static const struct choice {
    const char *precision, *kernels;
    const struct ora_levels *here;
    const char *class, *why[2];
} choices[] = {
    {NULL, NULL, &zen4, "f32-direct", {0}},
    {NULL, "auto", &amx, "f32-direct", {0}},
    {"exact", NULL, &amx, "f32-direct", {0}},
    {"fast", NULL, &amx, "plain", {0}},
    {"fast", "auto", &old, "f32-wino", {0}},
    {"fast", NULL, &bare, "f32-direct", {0}},
    {"fast", "avx2-wino", &bare, "f32-wino", {0}}, /* the level's, had here or not */
    {"fast", "avx2", &zen4, "f32-direct", {0}},
    {NULL, "avx512-wino", &bare, "f32-wino", {0}},
    {NULL, "blas", &old, "f32-blas", {0}},
    {"split", NULL, &bare, "split", {0}},
    {"plain", "amx", &old, "plain", {0}},
    {"exact", "scalar", &zen4, "f32-direct", {0}},
    {"exact", "avx512-wino", &zen4, NULL, {"'kernels'", "'precision'"}},
    {"f32-wino", "avx2", &zen4, NULL, {"f32-direct", "not f32-wino"}},
    {"fast", "blas", &zen4, NULL, {"f32-blas", "not fast"}},
    {"split", "amx", &amx, NULL, {"plain", "not split"}},
    {"quick", NULL, &zen4, NULL, {"quick", "exact, fast, f32-direct"}},
    {"", NULL, &zen4, NULL, {"no precision", "fast"}},
    {"avx2", NULL, &zen4, NULL, {"no precision", "f32-wino"}},
    {NULL, "avx3", &zen4, NULL, {"no kernel level \"avx3\"", "avx2-wino"}},
    {NULL, "avx", &zen4, NULL, {"no kernel level", "avx512"}},
};

ORA_TEST(words_and_levels)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const struct choice *c = &choices[i];
        const char *class = NULL;
        struct ora_err err = {0};
        int rc = ora_precision_class(c->precision, c->kernels, c->here, &class, &err);
        if (c->class) {
            ORA_CHECK_INT(rc, 0);
            ORA_CHECK_STR(class, c->class);
            continue;
        }
        ORA_CHECK_INT(rc, ORA_E_BAD_USAGE);
        ORA_CHECK(strstr(err.message, c->why[0]));
        ORA_CHECK(strstr(err.message, c->why[1]));
    }
}

ORA_TEST(fast_takes_the_first_of_its_list)
{
    static const char *const levels[] = {"amx", "avx512-bf16", "avx2-wino", "avx2"};
    static const char *const classes[] = {"plain", "plain-dp", "f32-wino", "f32-direct"};
    for (size_t first = 0; first < 4; first++) {
        struct ora_levels here = {.count = 0};
        const char *class = NULL, *wanted = NULL;
        for (size_t i = 4; i-- > first;)
            here.name[here.count++] = levels[i];
        for (size_t i = 4; i-- > first;)
            if (ora_arithmetic_of_level(levels[i]))
                wanted = classes[i];
        ORA_CHECK_INT(ora_precision_class("fast", NULL, &here, &class, NULL), 0);
        ORA_CHECK_STR(class, wanted);
    }
}

ORA_TEST(best_level_of_a_class)
{
    struct ora_err err = {0};
    ORA_CHECK_STR(ora_precision_level("f32-direct", NULL, &zen4, "h", &err), "avx512");
    ORA_CHECK_STR(ora_precision_level("f32-direct", "auto", &bare, "h", &err), "scalar");
    ORA_CHECK_STR(ora_precision_level("f32-wino", NULL, &zen4, "h", &err), "avx512-wino");
    ORA_CHECK_STR(ora_precision_level("f32-wino", "avx2-wino", &zen4, "h", &err), "avx2-wino");
    ORA_CHECK_STR(ora_precision_level("f32-wino", NULL, &old, "h", &err), "avx2-wino");
    ORA_CHECK_STR(ora_precision_level("split", NULL, &amx, "h", &err), "amx-split");
}

ORA_TEST(turned_away_with_what_is_needed)
{
    struct ora_err err = {0};
    ORA_CHECK(!ora_precision_level("f32-wino", NULL, &bare, "host n3", &err));
    ORA_CHECK_INT(err.code, ORA_E_UNSUPPORTED);
    ORA_CHECK_STR(err.message,
                  "arithmetic f32-wino needs avx512-wino (AVX-512 F, BW, VL, DQ) or avx2-wino (AVX2, "
                  "FMA); host n3 has blas, scalar");
    ORA_CHECK(!ora_precision_level("f32-wino", "avx512-wino", &old, "host n3", &err));
    ORA_CHECK(strstr(err.message, "needs avx512-wino (AVX-512") && !strstr(err.message, " or "));
    ORA_CHECK(!ora_precision_level("split", NULL, &zen4, "host n3", &err));
    ORA_CHECK(strstr(err.message, "AMX-BF16"));
    ORA_CHECK(!ora_precision_level("f64", NULL, &zen4, "host n3", &err));
    ORA_CHECK(!ora_precision_level("f32-direct", NULL, &(struct ora_levels){.count = 0}, "host n3", &err));
    ORA_CHECK(strstr(err.message, "host n3 has no level"));
}
#endif

ORA_TEST(held_to_by_the_environment)
{
    struct ora_levels all, here;
    struct ora_err err = {0};
    unsetenv("ORATORIO_KERNELS");
    ORA_REQUIRE(ora_levels_here(&all, &err) == 0);
    ORA_CHECK(all.count >= 2);
    setenv("ORATORIO_KERNELS", "blas,scalar", 1);
    ORA_CHECK_INT(ora_levels_here(&here, &err), 0);
    ORA_CHECK_INT(here.count, 2);
    ORA_CHECK_STR(here.name[0], "blas");
    ORA_CHECK_STR(here.name[1], "scalar");
    setenv("ORATORIO_KERNELS", "scalar,avx3", 1);
    ORA_CHECK_INT(ora_levels_here(&here, &err), ORA_E_BAD_USAGE);
    ORA_CHECK(strstr(err.message, "\"avx3\""));
    setenv("ORATORIO_KERNELS", "scalar,", 1);
    ORA_CHECK_INT(ora_levels_here(&here, &err), ORA_E_BAD_USAGE);
    setenv("ORATORIO_KERNELS", "", 1);
    ORA_CHECK_INT(ora_levels_here(&here, &err), 0);
    ORA_CHECK_INT(here.count, all.count);
    unsetenv("ORATORIO_KERNELS");
}
