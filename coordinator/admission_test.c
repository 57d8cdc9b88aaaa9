/* Who is taken at which level, and what is kept of those who are not. */
#include "coordinator/admission.h"

#include <string.h>

#include "base/test.h"

static struct ora_wire_hello hello(const char *host, const char *const *levels, size_t count)
{
    return (struct ora_wire_hello){.worker = "w",
                                   .run_id = "run",
                                   .host = host,
                                   .machine = "",
                                   .engine_version = ORA_VERSION,
                                   .levels = levels,
                                   .level_count = count};
}

ORA_TEST(the_best_level_of_the_class_or_the_one_asked_for)
{
    static const char *const levels[] = {"future-level", "blas", "scalar"};
    static const struct {
        const char *arithmetic, *kernels, *level;
    } cases[] = {
        {"f32-direct", "auto", "scalar"}, {"f32-direct", NULL, "scalar"}, {"f32-blas", "blas", "blas"},
        {"f32-direct", "blas", NULL},     {"split", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_admission a;
        struct ora_err why = {0};
        struct ora_wire_hello m = hello("n1", levels, 3);
        ora_admission_init(&a, cases[i].arithmetic, cases[i].kernels, "here");
        ORA_CHECK_STR(ora_admission_level(&a, &m, &why), cases[i].level);
        ORA_CHECK_INT(a.turned_away, cases[i].level == NULL);
        ora_admission_release(&a);
    }
}

ORA_TEST(each_reason_is_kept_once)
{
    static const char *const levels[] = {"scalar"};
    struct ora_admission a;
    struct ora_err why = {0};
    ora_admission_init(&a, "f32-blas", "auto", "here");
    for (int i = 0; i < 500; i++) {
        char host[16];
        snprintf(host, sizeof host, "n%d", i % 100);
        struct ora_wire_hello m = hello(host, levels, 1);
        m.machine = i < 3 ? "here" : i < 6 ? "there" : "";
        ORA_CHECK(!ora_admission_level(&a, &m, &why));
    }
    ORA_CHECK_INT(a.turned_away, 500);
    ORA_CHECK_INT(a.turned_away_local, 3);
    ORA_CHECK_INT(a.reason_count, ORA_ADMISSION_REASONS);
    ORA_CHECK(strstr(a.reason[0], "arithmetic f32-blas needs blas (") &&
              strstr(a.reason[0], "host n0 has scalar"));
    ORA_CHECK(strstr(a.reason[1], "host n1 "));
    ora_admission_release(&a);
}

ORA_TEST(another_version_renders_nothing)
{
    static const char *const levels[] = {"scalar"}, *const versions[] = {"0.0.9", ""};
    for (size_t i = 0; i < 2; i++) {
        struct ora_admission a;
        struct ora_err why = {0};
        struct ora_wire_hello m = hello("n1", levels, 1);
        m.engine_version = versions[i];
        ora_admission_init(&a, "f32-direct", "auto", "here");
        ORA_CHECK(!ora_admission_level(&a, &m, &why));
        ORA_CHECK_HAS(why.message, i ? "host n1 has version (none told)" : "host n1 has version 0.0.9");
        ORA_CHECK_HAS(why.message, ORA_VERSION);
        ora_admission_release(&a);
    }
}
