#include "dataset/store.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "dataset/reader.h"

static char *fresh_dir(const char *name)
{
    char *dir = ora_path_join(ora_test_tmpdir(), name);
    ora_file_remove_tree(dir, NULL);
    ora_file_mkdirs(dir, 0755, NULL);
    return dir;
}

/* Three utterances, sizes that do and do not fill a tar block. */
static const struct {
    const char *id, *audio, *record;
} members[] = {
    {"a-000001", "fLaC....", "{\"id\":\"a-000001\"}\n"},
    {"a-000002", "", "{}\n"},
    {"a_Z-000003-s01", "0123456789", "{\"id\":\"a_Z-000003-s01\"}\n"},
};
enum { MEMBERS = sizeof members / sizeof *members };

static int write_all(const char *part, enum ora_store_kind kind, struct ora_member at[MEMBERS][2],
                     char sha[65], uint64_t *bytes, struct ora_err *err)
{
    struct ora_store_writer *w = NULL;
    int rc = ora_store_begin(part, kind, &w, err);
    for (size_t i = 0; rc == 0 && i < MEMBERS; i++) {
        struct ora_bytes audio = ora_bytes_of(members[i].audio, strlen(members[i].audio));
        rc = ora_store_add(w, members[i].id, "flac", &audio, members[i].record, strlen(members[i].record),
                           &at[i][0], &at[i][1], err);
    }
    return rc == 0 ? ora_store_finish(&w, sha, bytes, err) : rc;
}

ORA_TEST(libarchive_reads_the_tar_back)
{
    struct ora_err err = {0};
    struct ora_member at[MEMBERS][2];
    char *dir = fresh_dir("tar"), *part = ora_store_part_path(dir, 7, "t0k"), sha[65];
    uint64_t bytes;
    ORA_CHECK_STR(ora_path_base(part), ".000007.t0k.part");
    ORA_CHECK_OK(write_all(part, ORA_STORE_TAR, at, sha, &bytes, &err), err);
    uint64_t size = 0;
    ora_file_size(part, &size, NULL);
    ORA_CHECK_INT(bytes, size);
    ORA_CHECK_INT(size % 512, 0);
    char again[65];
    ORA_CHECK_OK(ora_store_sha256(part, ORA_STORE_TAR, again, &err), err);
    ORA_CHECK_STR(again, sha);

    struct archive *a = archive_read_new();
    archive_read_support_format_tar(a);
    ORA_REQUIRE(archive_read_open_filename(a, part, 512) == ARCHIVE_OK);
    for (size_t i = 0; i < 2 * MEMBERS; i++) {
        struct archive_entry *e;
        ORA_REQUIRE(archive_read_next_header(a, &e) == ARCHIVE_OK);
        bool audio = i % 2 == 0;
        const char *want = audio ? members[i / 2].audio : members[i / 2].record;
        char *name = ora_fmt("%s.%s", members[i / 2].id, audio ? "flac" : "json"), got[64] = "";
        ORA_CHECK_STR(archive_entry_pathname(e), name);
        ORA_CHECK_INT(archive_entry_size(e), strlen(want));
        ORA_CHECK_INT(archive_entry_mtime(e), 0);
        ORA_CHECK_INT(archive_entry_mode(e) & 07777, 0444);
        ORA_CHECK_INT(archive_entry_uid(e) + archive_entry_gid(e), 0);
        ORA_CHECK_INT(archive_read_data(a, got, sizeof got), strlen(want));
        ORA_CHECK_STR(got, want);
        free(name);
    }
    struct archive_entry *e;
    ORA_CHECK_INT(archive_read_next_header(a, &e), ARCHIVE_EOF);
    archive_read_free(a);
    free(part);
    free(dir);
}

ORA_TEST(same_members_same_bytes)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        struct ora_member at[MEMBERS][2];
        char *dir = fresh_dir("same"), *p1 = ora_store_part_path(dir, 1, "a"),
             *p2 = ora_store_part_path(dir, 1, "b");
        char s1[65] = "", s2[65] = "", s3[65] = "";
        uint64_t b1, b2;
        ORA_CHECK_OK(write_all(p1, kind, at, s1, &b1, &err), err);
        usleep(20000);
        ORA_CHECK_OK(write_all(p2, kind, at, s2, &b2, &err), err);
        ORA_CHECK_STR(s1, s2);
        ORA_CHECK_INT(b1, b2);
        ORA_CHECK_OK(ora_store_sha256(p1, kind, s3, &err), err);
        ORA_CHECK_STR(s1, s3);
        free(p1), free(p2), free(dir);
    }
}

ORA_TEST(reader_finds_members_by_offset)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        struct ora_member at[MEMBERS][2];
        char *dir = fresh_dir("read"), *part = ora_store_part_path(dir, 3, "x"), sha[65];
        char *final = ora_store_final_path(dir, 3, kind);
        uint64_t bytes;
        ORA_CHECK_OK(write_all(part, kind, at, sha, &bytes, &err), err);
        ORA_CHECK_OK(ora_store_commit(part, final, sha, kind, &err), err);
        struct ora_store_reader r;
        struct ora_str s = ORA_STR_INIT;
        ora_store_reader_init(&r, dir, kind);
        for (size_t i = 0; i < MEMBERS; i++) {
            ORA_CHECK_OK(
                ora_store_read(&r, 3, members[i].id, "flac", at[i][0].offset, at[i][0].bytes, &s, &err), err);
            ORA_CHECK_STR(ora_str_c(&s), members[i].audio);
            ORA_CHECK_OK(
                ora_store_read(&r, 3, members[i].id, "json", at[i][1].offset, at[i][1].bytes, &s, &err), err);
            ORA_CHECK_STR(ora_str_c(&s), members[i].record);
        }
        ORA_CHECK_INT(ora_store_read(&r, 3, members[0].id, "json", 1 << 20, 4096, &s, &err), ORA_E_FORMAT);
        ORA_CHECK_INT(ora_store_read(&r, 4, members[0].id, "json", 0, 1, &s, &err), ORA_E_NOT_FOUND);
        ORA_CHECK_INT(ora_store_read(&r, 3, members[0].id, "json", 0, 1ull << 40, &s, &err), ORA_E_LIMIT);
        ora_store_reader_release(&r);
        ora_str_release(&s);
        free(part), free(final), free(dir);
    }
}

ORA_TEST(larger_than_the_buffer)
{
    struct ora_err err = {0};
    size_t n = 700001;
    char *data = ora_xmalloc(n), sha[65], direct[65];
    for (size_t i = 0; i < n; i++)
        data[i] = (char)(i * 2654435761u >> 13);
    char *dir = fresh_dir("large"), *part = ora_store_part_path(dir, 0, "x");
    struct ora_store_writer *w;
    struct ora_member a, r;
    struct ora_bytes file = ora_bytes_of(data, n);
    uint64_t bytes;
    ORA_CHECK_OK(ora_store_begin(part, ORA_STORE_TAR, &w, &err), err);
    ORA_CHECK_OK(ora_store_add(w, "big", "wav", &file, "{}\n", 3, &a, &r, &err), err);
    ORA_CHECK_OK(ora_store_finish(&w, sha, &bytes, &err), err);
    ORA_CHECK(!w);
    ORA_CHECK_INT(a.offset, 512);
    ORA_CHECK_INT(bytes, 512 + 700416 + 1024 + 1024);
    ora_file_sha256(part, direct, NULL);
    ORA_CHECK_STR(sha, direct);
    free(data), free(part), free(dir);
}

ORA_TEST(empty_batch_is_a_valid_archive)
{
    struct ora_err err = {0};
    char *dir = fresh_dir("empty"), *part = ora_store_part_path(dir, 0, "x"), sha[65];
    struct ora_store_writer *w;
    uint64_t bytes;
    ORA_CHECK_OK(ora_store_begin(part, ORA_STORE_TAR, &w, &err), err);
    ORA_CHECK_OK(ora_store_finish(&w, sha, &bytes, &err), err);
    ORA_CHECK_INT(bytes, 1024);
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    archive_read_support_format_tar(a);
    archive_read_open_filename(a, part, 512);
    ORA_CHECK_INT(archive_read_next_header(a, &e), ARCHIVE_EOF);
    archive_read_free(a);
    free(part), free(dir);
}

ORA_TEST(names_that_do_not_fit_are_refused)
{
    char hundred[101];
    memset(hundred, 'n', 100);
    hundred[100] = '\0';
    const struct {
        const char *id, *extension;
    } bad[] = {{"", "flac"}, {"a.b", "flac"}, {"a/b", "flac"},      {"..", "flac"},   {"a b", "flac"},
               {"a", "f.c"}, {"a", ""},       {"\xC3\xA9", "flac"}, {hundred, "flac"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
            struct ora_err err = {0};
            char *dir = fresh_dir("names"), *part = ora_store_part_path(dir, 0, "x"), sha[65];
            struct ora_store_writer *w;
            struct ora_member a, r;
            struct ora_bytes x = ora_bytes_of("x", 1);
            uint64_t bytes;
            ORA_CHECK_OK(ora_store_begin(part, kind, &w, &err), err);
            ORA_CHECK_INT(ora_store_add(w, bad[i].id, bad[i].extension, &x, "{}", 2, &a, &r, &err),
                          ORA_E_BAD_INPUT);
            ORA_CHECK_INT(ora_store_add(w, "fine", "flac", &x, "{}", 2, &a, &r, &err), ORA_E_STATE);
            ORA_CHECK_INT(ora_store_finish(&w, sha, &bytes, &err), ORA_E_STATE);
            ORA_CHECK(!w && !ora_file_exists(part));
            free(part), free(dir);
        }
}

ORA_TEST(abort_leaves_nothing)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        char *dir = fresh_dir("abort"), *part = ora_store_part_path(dir, 0, "x");
        struct ora_store_writer *w = NULL;
        struct ora_member a, r;
        struct ora_bytes x = ora_bytes_of("x", 1);
        ora_store_abort(&w);
        ORA_CHECK_OK(ora_store_begin(part, kind, &w, &err), err);
        ORA_CHECK_OK(ora_store_add(w, "a", "flac", &x, "{}", 2, &a, &r, &err), err);
        ORA_CHECK(ora_file_exists(part));
        ora_store_abort(&w);
        ORA_CHECK(!w && !ora_file_exists(part));
        free(part), free(dir);
    }
}

/* Adds utterances of 10 kB until an error or 10 MB; returns what the writer said last. Nothing may be left.
 */
static int fill(const char *dir, enum ora_store_kind kind)
{
    static const char audio[10000];
    struct ora_err err = {0};
    char *part = ora_store_part_path(dir, 0, "x"), sha[65];
    struct ora_store_writer *w = NULL;
    uint64_t bytes;
    int rc = ora_store_begin(part, kind, &w, &err);
    for (int i = 0; rc == 0 && i < 1000; i++) {
        struct ora_member a, r;
        struct ora_bytes file = ora_bytes_of(audio, sizeof audio);
        char id[16];
        snprintf(id, sizeof id, "u-%06d", i);
        rc = ora_store_add(w, id, "wav", &file, "{}", 2, &a, &r, &err);
    }
    if (rc == 0)
        rc = ora_store_finish(&w, sha, &bytes, &err);
    else
        ora_store_abort(&w);
    if (rc < 0)
        printf("%s\n", err.message);
    if (ora_file_exists(part))
        rc = 1;
    free(part);
    return rc;
}

static int in_child(int (*fn)(void *), void *arg)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn(arg) & 0x7f);
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum { CHILD_SKIP = 77 };

/* A file system of its own (user and mount namespace) that holds 256 KiB. */
static int on_full_disk(void *dir)
{
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", dir, "tmpfs", 0, "size=256k") < 0)
        return CHILD_SKIP;
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++)
        if (fill(dir, kind) != ORA_E_DISK_FULL)
            return 1;
    uint64_t left = 0;
    ora_file_free_bytes(dir, &left, NULL);
    return left < 250 * 1024;
}

ORA_TEST(full_disk_is_said_and_leaves_nothing)
{
    char *dir = fresh_dir("full");
    int rc = in_child(on_full_disk, dir);
    free(dir);
    if (rc == CHILD_SKIP)
        ORA_SKIP("no right to mount a small file system");
    ORA_CHECK_INT(rc, 0);
}

static int with_file_limit(void *dir)
{
    struct rlimit limit = {200000, 200000};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return CHILD_SKIP;
    int rc = fill(dir, ORA_STORE_TAR);
    return rc < 0 ? 0 : 1;
}

ORA_TEST(a_failing_write_leaves_nothing)
{
    char *dir = fresh_dir("limit");
    ORA_CHECK_INT(in_child(with_file_limit, dir), 0);
    free(dir);
}

ORA_TEST(begin_names_the_folder_that_is_missing)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        struct ora_store_writer *w = NULL;
        char *missing = ora_path_join(ora_test_tmpdir(), "none/audio/.000000.x.part");
        ORA_CHECK_INT(ora_store_begin(missing, kind, &w, &err), ORA_E_NOT_FOUND);
        ORA_CHECK(strstr(err.message, missing));
        ORA_CHECK(!w);
        free(missing);
    }
}
