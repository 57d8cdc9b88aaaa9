#include "dataset/store.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

static char *audio_dir(void)
{
    char *dir = ora_path_join(ora_test_tmpdir(), "audio");
    ora_file_remove_tree(dir, NULL);
    ora_file_mkdirs(dir, 0755, NULL);
    return dir;
}

/* A part of batch 5 with one utterance; returns its path. */
static char *part_of(const char *dir, const char *token, const char *audio, enum ora_store_kind kind,
                     char sha[65])
{
    struct ora_err err = {0};
    char *part = ora_store_part_path(dir, 5, token);
    struct ora_store_writer *w;
    struct ora_member a, r;
    struct ora_bytes file = ora_bytes_of(audio, strlen(audio));
    uint64_t bytes;
    ORA_CHECK_OK(ora_store_begin(part, kind, &w, &err), err);
    ORA_CHECK_OK(ora_store_add(w, "u", "flac", &file, "{}\n", 3, &a, &r, &err), err);
    ORA_CHECK_OK(ora_store_finish(&w, sha, &bytes, &err), err);
    return part;
}

static void check_content(const char *final, enum ora_store_kind kind, const char *sha)
{
    char there[65] = "";
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_store_sha256(final, kind, there, &err), err);
    ORA_CHECK_STR(there, sha);
}

ORA_TEST(commit_is_idempotent)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        char sha[65], sha2[65], *dir = audio_dir(), *final = ora_store_final_path(dir, 5, kind);
        ORA_CHECK_STR(ora_path_base(final), kind == ORA_STORE_TAR ? "000005.tar" : "000005");
        char *part = part_of(dir, "aa", "one", kind, sha);
        ORA_CHECK_OK(ora_store_commit(part, final, sha, kind, &err), err);
        ORA_CHECK(!ora_file_exists(part));
        check_content(final, kind, sha);
        /* the result is sent again, without and with a part */
        ORA_CHECK_OK(ora_store_commit(part, final, sha, kind, &err), err);
        char *again = part_of(dir, "bb", "one", kind, sha2);
        ORA_CHECK_STR(sha2, sha);
        ORA_CHECK_OK(ora_store_commit(again, final, sha, kind, &err), err);
        ORA_CHECK(!ora_file_exists(again));
        check_content(final, kind, sha);
        free(part), free(again), free(final), free(dir);
    }
}

ORA_TEST(commit_replaces_what_a_crash_left)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        char old[65], sha[65], *dir = audio_dir(), *final = ora_store_final_path(dir, 5, kind);
        char *left = part_of(dir, "aa", "left over", kind, old),
             *part = part_of(dir, "bb", "current", kind, sha);
        ORA_CHECK_OK(ora_store_commit(left, final, old, kind, &err), err);
        ORA_CHECK_OK(ora_store_commit(part, final, sha, kind, &err), err);
        check_content(final, kind, sha);
        ORA_CHECK_OK(ora_store_sweep(dir, NULL, NULL, &err), err);
        check_content(final, kind, sha);
        free(left), free(part), free(final), free(dir);
    }
}

ORA_TEST(commit_says_what_is_missing)
{
    for (int kind = ORA_STORE_TAR; kind <= ORA_STORE_FILES; kind++) {
        struct ora_err err = {0};
        char old[65], *dir = audio_dir(), *final = ora_store_final_path(dir, 5, kind);
        char *gone = ora_store_part_path(dir, 5, "gone");
        ORA_CHECK_INT(ora_store_commit(gone, final, "00", kind, &err), ORA_E_NOT_FOUND);
        char *part = part_of(dir, "aa", "one", kind, old);
        ORA_CHECK_OK(ora_store_commit(part, final, old, kind, &err), err);
        ORA_CHECK_INT(ora_store_commit(gone, final, "00", kind, &err), ORA_E_NOT_FOUND);
        check_content(final, kind, old);
        free(gone), free(part), free(final), free(dir);
    }
}

static int keep_live(void *ctx, const char *token)
{
    (*(int *)ctx)++;
    return !strcmp(token, "live");
}

ORA_TEST(sweep_keeps_live_parts_and_all_else)
{
    struct ora_err err = {0};
    char sha[65], *dir = audio_dir();
    char *live = part_of(dir, "live", "x", ORA_STORE_TAR, sha),
         *dead = part_of(dir, "dead", "x", ORA_STORE_TAR, sha);
    char *folder = part_of(dir, "dead2", "x", ORA_STORE_FILES, sha);
    const char *others[] = {"000001.tar", ".hidden", ".000005.part", "x.000005.dead.part",
                            ".000005.dead.partial"};
    enum { OTHERS = sizeof others / sizeof *others };
    for (size_t i = 0; i < OTHERS; i++) {
        char *p = ora_path_join(dir, others[i]);
        ora_file_write_atomic(p, "x", 1, 0644, NULL);
        free(p);
    }
    int asked = 0;
    ORA_CHECK_OK(ora_store_sweep(dir, keep_live, &asked, &err), err);
    ORA_CHECK_INT(asked, 3);
    ORA_CHECK(ora_file_exists(live));
    ORA_CHECK(!ora_file_exists(dead));
    ORA_CHECK(!ora_file_exists(folder));
    for (size_t i = 0; i < OTHERS; i++) {
        char *p = ora_path_join(dir, others[i]);
        ORA_CHECK(ora_file_exists(p));
        free(p);
    }
    char *missing = ora_path_join(dir, "none");
    ORA_CHECK_INT(ora_store_sweep(missing, NULL, NULL, &err), ORA_E_NOT_FOUND);
    free(missing);
    free(live), free(dead), free(folder), free(dir);
}
