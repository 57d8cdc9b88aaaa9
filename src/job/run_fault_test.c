/* What dies and what breaks: SIGKILL at any moment, a full disk, damaged files, files of another kind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "job/filesystem.h"
#include "job/run_fixture.h"

static char *folder(const char *name)
{
    return ora_path_join(ora_test_tmpdir(), name);
}

static struct ora_run *make(const char *dir, const struct ora_fixture *f)
{
    struct ora_err err = {0};
    struct ora_run *run = NULL;
    ORA_CHECK_OK(ora_fixture_create(dir, f, &run, &err), err);
    return run;
}

/* Leases and finishes for ever, telling each finished batch through fd once it is committed. */
static void work_until_killed(const char *dir, int fd, unsigned round)
{
    struct ora_err err = {0};
    struct ora_run *run;
    if (ora_run_open(dir, ORA_RUN_WRITE, &run, &err) < 0 || ora_fixture_join(run, "w1", &err) < 0)
        _exit(1);
    for (unsigned i = 0;; i++) {
        struct ora_batch batch;
        char token[32];
        bool duplicate;
        snprintf(token, sizeof token, "r%u-%u", round, i);
        ora_run_begin(run, &err);
        ora_run_expire(run, 1000000, &err);
        if (ora_run_lease(run, "w1", token, 1, 2, &batch, &err) != 1)
            _exit(0);
        ora_run_commit(run, &err);
        struct ora_batch_result *r = ora_fixture_result(&batch, token);
        ora_run_begin(run, &err);
        if (ora_run_finish(run, r, 1, &duplicate, &err) != 1 || ora_run_commit(run, &err) < 0)
            _exit(2);
        uint32_t number = batch.number;
        if (write(fd, &number, sizeof number) != sizeof number)
            _exit(3);
        ora_fixture_result_free(&r);
        ora_batch_release(&batch);
    }
}

ORA_TEST(killed_at_any_moment_the_ledger_balances_and_nothing_acknowledged_is_missing)
{
    enum { BATCHES = 400, ROUNDS = 12 };
    struct ora_err err = {0};
    char *dir = folder("killed");
    struct ora_run *run =
        make(dir, &(struct ora_fixture){.yaml = "batch: {utterances: 2}\nlimits: {attempts: 1000}\n",
                                        .utterances = 2 * BATCHES});
    ora_run_close(&run);
    uint32_t acknowledged = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int fds[2];
        ORA_REQUIRE(pipe(fds) == 0);
        pid_t child = fork();
        if (child == 0) {
            close(fds[0]);
            work_until_killed(dir, fds[1], round);
        }
        close(fds[1]);
        uint32_t number;
        for (unsigned i = 0; i < 3 * round && read(fds[0], &number, sizeof number) == sizeof number; i++)
            acknowledged++;
        usleep(400 * round); /* round 0: while it opens; the others: anywhere in a batch */
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(fds[0], &number, sizeof number) == sizeof number)
            acknowledged++;
        close(fds[0]);
        ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
        ORA_REQUIRE(run);
        ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
        struct ora_progress p;
        ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
        /* at most the one between commit and the write that tells of it is more */
        if (p.batches_done < acknowledged || p.batches_done > acknowledged + round + 1)
            ORA_FAIL("%u batches were acknowledged, the table has %llu", acknowledged,
                     (unsigned long long)p.batches_done);
        ora_run_close(&run);
    }
    ORA_CHECK(acknowledged > 0);
    free(dir);
}

ORA_TEST(an_interrupted_ingest_leaves_no_run_and_the_next_starts_afresh)
{
    struct ora_err err = {0};
    char *dir = folder("half");
    struct ora_run *run = NULL;
    int whole = 0, half = 0;
    for (int i = 0; i < 10; i++) {
        ORA_CHECK_OK(ora_file_remove_tree(dir, &err), err);
        pid_t child = fork();
        if (child == 0) {
            ora_fixture_create(dir, &(struct ora_fixture){.utterances = 30000}, &run, &err);
            _exit(0);
        }
        usleep(2000 + 25000 * (unsigned)i);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        if (ora_run_exists(dir)) {
            ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
            whole++;
        } else {
            ORA_CHECK_INT(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), ORA_E_NOT_FOUND);
            run = make(dir, &(struct ora_fixture){.utterances = 30000});
            half++;
        }
        ORA_REQUIRE(run);
        struct ora_progress p;
        ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
        ORA_CHECK_INT(p.utterances, 30000);
        ora_run_close(&run);
        char *left = ora_path_join(dir, "run.sqlite.ingest");
        ORA_CHECK(whole || !ora_file_exists(left));
        free(left);
    }
    ORA_CHECK(half > 0);
    free(dir);
}

ORA_TEST(a_retry_that_died_before_the_files_were_gone_is_made_good)
{
    struct ora_err err = {0};
    char *dir = folder("retry-died"), *audio = ora_path_join(dir, "audio"),
         *file = ora_path_join(audio, "000000.tar");
    struct ora_batch batch;
    bool duplicate;
    struct ora_run *run = make(dir, &(struct ora_fixture){.utterances = 2});
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    ORA_CHECK_INT(ora_run_lease(run, "w1", "t", 1, 2, &batch, &err), 1);
    struct ora_batch_result *r = ora_fixture_result(&batch, "t");
    ORA_CHECK_INT(ora_run_finish(run, r, 1, &duplicate, &err), 1);
    ORA_CHECK_OK(ora_file_write_atomic(file, "x", 1, 0644, &err), err);
    /* the file cannot be removed: as good as dead after the commit */
    char *aside = ora_path_join(dir, "aside");
    ORA_CHECK_INT(rename(audio, aside), 0);
    ORA_CHECK_OK(ora_file_write_atomic(audio, "", 0, 0644, &err), err);
    ORA_CHECK(ora_run_retry(run, false, "u000000", 5, &err) < 0);
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ora_run_close(&run);
    ORA_CHECK_INT(unlink(audio), 0);
    ORA_CHECK_INT(rename(aside, audio), 0);
    ORA_CHECK(ora_file_exists(file));
    ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
    ORA_CHECK(!ora_file_exists(file));
    ora_run_close(&run);
    ora_fixture_result_free(&r);
    ora_batch_release(&batch);
    free(aside);
    free(file);
    free(audio);
    free(dir);
}

/* In a child, because a limit cannot be raised again. 0: all as it should be. */
static int run_into_the_limit(const char *dir)
{
    struct ora_err err = {0};
    struct ora_run *run;
    struct rlimit limit = {700 * 1024, 700 * 1024};
    signal(SIGXFSZ, SIG_IGN);
    if (ora_run_open(dir, ORA_RUN_WRITE, &run, &err) < 0 || setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 10;
    uint64_t committed = 0;
    for (int i = 0; i < 5000; i++) {
        struct ora_batch batch = {0};
        char token[32];
        bool duplicate;
        snprintf(token, sizeof token, "t%d", i);
        int rc = ora_run_begin(run, &err);
        if (rc == 0)
            rc = ora_run_lease(run, "w1", token, 1, 2, &batch, &err);
        struct ora_batch_result *r = ora_fixture_result(&batch, token);
        if (rc == 1)
            rc = ora_run_finish(run, r, 1, &duplicate, &err);
        if (rc >= 0)
            rc = ora_run_commit(run, &err);
        else
            ora_run_rollback(run);
        ora_fixture_result_free(&r);
        ora_batch_release(&batch);
        if (rc < 0) {
            struct ora_progress p;
            if (ora_err_class_of(rc) != ORA_CLASS_STOP || rc != ORA_E_DISK_FULL)
                return 11;
            if (ora_run_progress(run, &p, &err) < 0 || p.batches_done != committed ||
                ora_fixture_audit(run, &err) < 0)
                return 12;
            return committed > 0 ? 0 : 13;
        }
        committed++;
    }
    return 14; /* the limit was never met */
}

ORA_TEST(a_full_disk_stops_and_loses_nothing)
{
    struct ora_err err = {0};
    char *dir = folder("full");
    struct ora_run *run =
        make(dir, &(struct ora_fixture){.yaml = "batch: {utterances: 2}\n", .utterances = 2000});
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    ora_run_close(&run);
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(run_into_the_limit(dir));
    waitpid(child, &status, 0);
    ORA_CHECK_INT(WEXITSTATUS(status), 0);
    /* with room again, it goes on */
    ORA_CHECK_OK(ora_run_open(dir, ORA_RUN_WRITE, &run, &err), err);
    ORA_REQUIRE(run);
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ora_run_close(&run);
    free(dir);
}

static int ingest_into_the_limit(const char *dir)
{
    struct ora_err err = {0};
    struct ora_run *run;
    struct rlimit limit = {500 * 1024, 500 * 1024};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 10;
    int rc = ora_fixture_create(dir, &(struct ora_fixture){.utterances = 20000}, &run, &err);
    char *left = ora_path_join(dir, "run.sqlite.ingest");
    bool clean = !ora_run_exists(dir) && !ora_file_exists(left);
    free(left);
    return rc != ORA_E_DISK_FULL ? 11 : clean ? 0 : 12;
}

ORA_TEST(a_disk_that_fills_in_ingest_leaves_nothing)
{
    char *dir = folder("full-ingest");
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(ingest_into_the_limit(dir));
    waitpid(child, &status, 0);
    ORA_CHECK_INT(WEXITSTATUS(status), 0);
    free(dir);
}

static void overwrite(const char *dir, long offset, const void *bytes, size_t n)
{
    char *path = ora_path_join(dir, "run.sqlite");
    int fd = open(path, O_WRONLY);
    ORA_CHECK(fd >= 0 && pwrite(fd, bytes, n, offset) == (ssize_t)n);
    close(fd);
    free(path);
}

ORA_TEST(what_is_not_a_run_of_ours_is_told)
{
    static const unsigned char zero[4096], version[4] = {0, 0, 0, 99}, first[4] = {0, 0, 0, 1};
    static const struct {
        const char *name;
        long offset;
        const void *bytes;
        size_t n;
        int code;
        const char *part;
    } cases[] = {
        {"not-sqlite", 0, "this is no database at all", 26, ORA_E_DATABASE, "damaged"},
        {"other-program", 68, zero, 4, ORA_E_FORMAT, "not the job table"},
        {"other-version", 60, version, 4, ORA_E_UNSUPPORTED,
         "schema version 99, this program reads versions 2 to 3"},
        {"first-version", 60, first, 4, ORA_E_UNSUPPORTED, "schema version 1,"},
        {"torn-page", 0, zero, 0, ORA_E_DATABASE, "damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        char *dir = folder(cases[i].name);
        struct ora_run *run = make(dir, &(struct ora_fixture){.utterances = 50});
        ora_run_close(&run);
        if (cases[i].n)
            overwrite(dir, cases[i].offset, cases[i].bytes, cases[i].n);
        else /* every page after the first */
            for (long page = 1; page < 8; page++)
                overwrite(dir, page * 4096, zero, sizeof zero);
        for (int mode = ORA_RUN_READ; mode <= ORA_RUN_WRITE; mode++) {
            ora_err_clear(&err);
            int rc = ora_run_open(dir, (enum ora_run_mode)mode, &run, &err);
            ORA_CHECK(!run);
            if (rc != cases[i].code || !strstr(err.message, cases[i].part))
                ORA_FAIL("%s, mode %d: %d \"%s\"", cases[i].name, mode, rc, err.message);
            if (!strstr(err.message, "run.sqlite"))
                ORA_FAIL("%s: \"%s\" does not name the file", cases[i].name, err.message);
        }
        free(dir);
    }
    struct ora_err err = {0};
    struct ora_run *run;
    ORA_CHECK_INT(ora_run_open("/nowhere/at/all", ORA_RUN_READ, &run, &err), ORA_E_NOT_FOUND);
}

ORA_TEST(network_filesystems_have_names)
{
    ORA_CHECK_STR(ora_network_filesystem(0x6969, "nfs4"), "NFS");
    ORA_CHECK_STR(ora_network_filesystem(0x0bd00bd0, "lustre"), "Lustre");
    ORA_CHECK_STR(ora_network_filesystem(0x47504653, NULL), "GPFS");
    ORA_CHECK_STR(ora_network_filesystem(0x65735546, "fuse.sshfs"), "fuse.sshfs");
    ORA_CHECK_STR(ora_network_filesystem(0x65735546, "fuse.fuse-overlayfs"), NULL);
    ORA_CHECK_STR(ora_network_filesystem(0xef53, "ext4"), NULL);
    ORA_CHECK_STR(ora_network_filesystem(0x794c7630, "overlay"), NULL);
    ORA_CHECK_STR(ora_network_filesystem(0x01021994, "tmpfs"), NULL);
}
