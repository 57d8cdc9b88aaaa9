/*
 * Unit tests: a file of ORA_TEST cases is one program; each case is one ctest entry (cmake/OraBuild.cmake).
 *
 *     ORA_TEST(rejects_overlong)
 *     {
 *         ORA_CHECK_INT(ora_utf8_decode("\xC0\x80", 2, &cp), 0);
 *     }
 *
 * `prog` runs every case, `prog NAME` one, `prog --list` names them. A failed check prints file, line and values
 * and the case goes on; ORA_REQUIRE ends it. ORA_SKIP("why") reports the case as not run (exit 77).
 */
#ifndef ORA_BASE_TEST_H
#define ORA_BASE_TEST_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct ora_test_case {
    const char *name;
    void (*run)(void);
    struct ora_test_case *next;
};

void ora_test_register(struct ora_test_case *c);
void ora_test_failed(void);
void ora_test_skip(const char *why);
const char *ora_test_tmpdir(void); /* a fresh folder for this program, removed at the end */

#define ORA_TEST(name_)                                                                                      \
    static void test_##name_(void);                                                                          \
    __attribute__((constructor)) static void register_##name_(void)                                          \
    {                                                                                                        \
        static struct ora_test_case c = {#name_, test_##name_, NULL};                                        \
        ora_test_register(&c);                                                                               \
    }                                                                                                        \
    static void test_##name_(void)

#define ORA_FAIL(...)                                                                                        \
    (printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), printf("\n"), ora_test_failed())
#define ORA_CHECK(cond) ((cond) ? (void)0 : (void)ORA_FAIL("not true: %s", #cond))
#define ORA_REQUIRE(cond)                                                                                    \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            ORA_FAIL("not true: %s", #cond);                                                                 \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)
#define ORA_CHECK_INT(got, want)                                                                             \
    do {                                                                                                     \
        long long g_ = (long long)(got), w_ = (long long)(want);                                             \
        if (g_ != w_)                                                                                        \
            ORA_FAIL("%s is %lld, wanted %lld", #got, g_, w_);                                               \
    } while (0)
#define ORA_CHECK_STR(got, want)                                                                             \
    do {                                                                                                     \
        const char *g_ = (got), *w_ = (want);                                                                \
        if (!g_ || !w_ ? g_ != w_ : strcmp(g_, w_) != 0)                                                     \
            ORA_FAIL("%s is \"%s\", wanted \"%s\"", #got, g_ ? g_ : "(null)", w_ ? w_ : "(null)");           \
    } while (0)
#define ORA_CHECK_NEAR(got, want, tol)                                                                       \
    do {                                                                                                     \
        double g_ = (got), w_ = (want), t_ = (tol);                                                          \
        if (!(fabs(g_ - w_) <= t_))                                                                          \
            ORA_FAIL("%s is %.9g, wanted %.9g within %.3g", #got, g_, w_, t_);                               \
    } while (0)
/* Fails with the message in err when rc is negative. */
#define ORA_CHECK_OK(rc, err)                                                                                \
    do {                                                                                                     \
        if ((rc) < 0)                                                                                        \
            ORA_FAIL("%s: %s", #rc, (err).message);                                                          \
    } while (0)
/* Is `part` somewhere in the text? For messages. */
#define ORA_CHECK_HAS(text, part)                                                                            \
    do {                                                                                                     \
        const char *t_ = (text), *p_ = (part);                                                               \
        if (!t_ || !strstr(t_, p_))                                                                          \
            ORA_FAIL("%s is \"%s\", wanted \"%s\" in it", #text, t_ ? t_ : "(null)", p_);                    \
    } while (0)
#define ORA_SKIP(why)                                                                                        \
    do {                                                                                                     \
        ora_test_skip(why);                                                                                  \
        return;                                                                                              \
    } while (0)

#endif
