#include "base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/process.h"
#include "base/str.h"
#include "base/test.h"

enum { KEEP = 100000, LONG = 40 << 20 };

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761u >> 11);
}

/* `bytes` of them, in pieces of all sizes. */
static int fill(struct ora_spool *s, size_t bytes, struct ora_err *err)
{
    static unsigned char piece[70001];
    int rc = 0;
    for (size_t at = 0, n = 1; rc == 0 && at < bytes; at += n, n = n * 7 % sizeof piece + 1) {
        n = n < bytes - at ? n : bytes - at;
        for (size_t i = 0; i < n; i++)
            piece[i] = byte_at(at + i);
        rc = ora_spool_put(s, at, piece, n, err);
    }
    return rc;
}

static size_t wrong_bytes(const struct ora_bytes *b, size_t from)
{
    size_t wrong = 0;
    for (size_t i = from; i < b->len; i++)
        wrong += b->data[i] != byte_at(i);
    return wrong;
}

static size_t files_in(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    ORA_CHECK(d != NULL);
    for (struct dirent *e; d && (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return n;
}

/* Resident pages of this process, of its own and of files. */
static size_t resident_kb(void)
{
    size_t kb = ora_process_memory_bytes("VmRSS") / 1024;
    ORA_CHECK(kb > 0);
    return kb;
}

ORA_TEST(what_is_put_is_read_from_memory_and_from_a_file)
{
    const size_t sizes[] = {0, 1, 65536, KEEP - 1, KEEP, KEEP + 1, 3000001, 5};
    struct ora_spool s;
    ora_spool_init(&s, ora_test_tmpdir(), KEEP);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ora_err err = {0};
        struct ora_bytes b;
        unsigned char some[16];
        ORA_CHECK_OK(fill(&s, sizes[i], &err), err);
        ORA_CHECK_OK(ora_spool_read(&s, &b, &err), err);
        ORA_CHECK_INT(b.len, sizes[i]);
        ORA_CHECK_INT(b.map != NULL, sizes[i] > KEEP);
        ORA_CHECK_INT(wrong_bytes(&b, 0), 0);
        ora_bytes_rest(&b, 0, b.len);
        ORA_CHECK_INT(wrong_bytes(&b, 0), 0); /* they come back */
        ORA_CHECK_INT(ora_spool_get(&s, 0, some, 16), sizes[i] < 16 ? sizes[i] : 16);
        ORA_CHECK_INT(ora_spool_get(&s, sizes[i], some, 16), 0);
        ORA_CHECK_INT(files_in(ora_test_tmpdir()), 0);
        ora_spool_clear(&s);
    }
    ora_spool_release(&s);
}

ORA_TEST(what_is_there_can_be_written_over)
{
    for (size_t bytes = KEEP / 2; bytes < 4 * KEEP; bytes *= 4) {
        struct ora_err err = {0};
        struct ora_spool s;
        struct ora_bytes b;
        char got[6] = "";
        ora_spool_init(&s, ora_test_tmpdir(), KEEP);
        ORA_CHECK_OK(fill(&s, bytes, &err), err);
        ORA_CHECK_OK(ora_spool_read(&s, &b, &err), err);
        ORA_CHECK_OK(ora_spool_put(&s, 0, "first", 5, &err), err);
        ORA_CHECK_OK(ora_spool_put(&s, bytes - 2, "tail", 4, &err), err);
        ORA_CHECK_INT(ora_spool_put(&s, bytes + 3, "x", 1, &err), ORA_E_INTERNAL);
        ORA_CHECK_OK(ora_spool_read(&s, &b, &err), err);
        ORA_CHECK_INT(b.len, bytes + 2);
        ORA_CHECK(!memcmp(b.data, "first", 5));
        ORA_CHECK(!memcmp(b.data + bytes - 2, "tail", 4));
        ORA_CHECK_INT(ora_spool_get(&s, bytes - 2, got, 5), 4);
        ORA_CHECK_STR(got, "tail");
        ora_spool_release(&s);
    }
}

/* 40 MB go through in a few: a block that is read and let go leaves nothing behind. */
ORA_TEST(a_long_spool_is_flat_in_memory)
{
    enum { BLOCK = 1 << 16, MOST_KB = 4096 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    ORA_SKIP("the sanitizer's shadow is counted too");
#endif
    struct ora_err err = {0};
    struct ora_spool s;
    struct ora_bytes b;
    ora_spool_init(&s, ora_test_tmpdir(), KEEP);
    size_t before = resident_kb(), most = 0, sum = 0;
    ORA_CHECK_OK(fill(&s, LONG, &err), err);
    ORA_CHECK_OK(ora_spool_read(&s, &b, &err), err);
    for (size_t at = 0; at < b.len; at += BLOCK) {
        for (size_t i = at; i < at + BLOCK && i < b.len; i += 64)
            sum += b.data[i];
        ora_bytes_rest(&b, at, BLOCK);
        most = resident_kb() > most ? resident_kb() : most;
    }
    ORA_CHECK(sum > 0);
    ORA_CHECK(most < before + MOST_KB);
    ora_spool_release(&s);
}

/* A limit on files stands for the full disk: the same error, and nothing is left. */
ORA_TEST(a_full_disk_is_told_with_its_folder)
{
    struct rlimit was;
    struct ora_err err = {0};
    struct ora_spool s;
    ORA_REQUIRE(getrlimit(RLIMIT_FSIZE, &was) == 0);
    struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = was.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ora_spool_init(&s, ora_test_tmpdir(), KEEP);
    ORA_CHECK_INT(fill(&s, 3 << 20, &err), ORA_E_DISK_FULL);
    ORA_CHECK(strstr(err.message, ora_test_tmpdir()) != NULL);
    ora_spool_release(&s);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, handler);
    ORA_CHECK_INT(files_in(ora_test_tmpdir()), 0);
}

ORA_TEST(a_folder_that_is_not_there_is_named)
{
    struct ora_err err = {0};
    struct ora_spool s;
    char *missing = ora_fmt("%s/none", ora_test_tmpdir());
    ora_spool_init(&s, missing, 0);
    ORA_CHECK_INT(ora_spool_put(&s, 0, "x", 1, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, missing) != NULL);
    ora_spool_release(&s);
    free(missing);
}
