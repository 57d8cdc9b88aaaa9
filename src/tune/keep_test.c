/* What is kept, and every way in which it is not: nothing there, unreadable, half, another host's, stale. */
#include "tune/keep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"

static struct ora_voice voice = {.name = (char *)"v", .family = (char *)"tone", .model_sha256 = "aa"};
static const struct ora_host host = {.name = "node/1", .cpu = "A CPU", .cores = 4};
static const struct ora_levels here = {.name = {"avx512", "avx2", "avx2-wino"}, .count = 3};

static struct ora_tune_result *made(void)
{
    struct ora_tune_result *r = ora_xcalloc(1, sizeof *r);
    struct ora_tune_row row = {.level = "avx2", .workers = 2, .audio_s_per_wall_s = 3};
    ora_tune_key_of(&host, &here, &voice, "f32-direct", &r->key);
    ora_tune_add_row(r, &row, NULL);
    return r;
}

/* Loads under `key`; checks what is said when there is none. */
static void loads(const char *dir, const struct ora_tune_key *key, bool want, const char *says)
{
    struct ora_tune_result *back = ora_xcalloc(1, sizeof *back);
    struct ora_str why = ORA_STR_INIT;
    ORA_CHECK_INT(ora_tune_load(dir, key, back, &why), want);
    ORA_CHECK_HAS(ora_str_c(&why), says);
    ora_str_release(&why);
    free(back);
}

ORA_TEST(is_kept_and_found)
{
    char *dir = ora_path_join(ora_test_tmpdir(), "a/deep/cache");
    struct ora_tune_result *r = made();
    struct ora_err err = {0};
    loads(dir, &r->key, false, "none was made");
    ORA_CHECK_OK(ora_tune_save(dir, r, &err), err);
    loads(dir, &r->key, true, "");
    char *path = ora_tune_path(dir, &r->key);
    ORA_CHECK_HAS(path, "/tune/node_1_v_f32-direct.json");
    free(path);
    free(r);
    free(dir);
}

ORA_TEST(what_has_changed_is_told)
{
    struct ora_tune_result *r = made();
    struct ora_err err = {0};
    const char *dir = ora_test_tmpdir();
    struct ora_tune_key k = r->key;
    ORA_CHECK_OK(ora_tune_save(dir, r, &err), err);
    k.cores = 2;
    loads(dir, &k, false, "made with 4 cores, and here are 2 now");
    k = r->key;
    strcpy(k.cpu, "Another");
    loads(dir, &k, false, "another processor (A CPU)");
    k = r->key;
    strcpy(k.engine, "99");
    loads(dir, &k, false, "made by version " ORA_VERSION);
    k = r->key;
    ora_tune_key_of(&host, &(struct ora_levels){.name = {"avx2", "avx2-wino"}, .count = 2}, &voice,
                    "f32-direct", &k); /* held to it, or another processor of the same name */
    loads(dir, &k, false, "made with levels avx512,avx2, and here are avx2 now");
    k = r->key;
    k.voice_sha256[0] = 'x';
    loads(dir, &k, false, "before the voice changed");
    k = r->key;
    strcpy(k.host, "node_1"); /* which has the same file name */
    loads(dir, &k, false, "made on host node/1");
    k = r->key;
    strcpy(k.arithmetic, "f32-wino"); /* which has another */
    loads(dir, &k, false, "none was made");
    free(r);
}

ORA_TEST(a_clone_hangs_on_its_base)
{
    struct ora_voice base = {.model_sha256 = "bb"}, clone = voice;
    struct ora_tune_key a, b, c;
    clone.base = &base;
    ora_tune_key_of(&host, &here, &voice, "f32-direct", &a);
    ora_tune_key_of(&host, &here, &clone, "f32-direct", &b);
    strcpy(base.model_sha256, "cc");
    ora_tune_key_of(&host, &here, &clone, "f32-direct", &c);
    ORA_CHECK(strcmp(a.voice_sha256, b.voice_sha256) != 0);
    ORA_CHECK(strcmp(b.voice_sha256, c.voice_sha256) != 0);
}

ORA_TEST(a_damaged_file_is_none)
{
    struct ora_tune_result *r = made();
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), "damaged"), *path = ora_tune_path(dir, &r->key);
    ORA_CHECK_OK(ora_tune_save(dir, r, &err), err);
    ORA_CHECK_INT(truncate(path, 100), 0); /* half-written by another program */
    loads(dir, &r->key, false, "is damaged: not JSON");
    ORA_CHECK_INT(truncate(path, 2 << 20), 0);
    loads(dir, &r->key, false, "cannot be read");
    ORA_CHECK_INT(unlink(path), 0);
    ORA_CHECK_INT(mkdir(path, 0755), 0); /* as unreadable as it gets for root */
    loads(dir, &r->key, false, "cannot be read");
    ORA_CHECK(ora_tune_save(dir, r, &err) < 0);
    ORA_CHECK_INT(rmdir(path), 0);
    ORA_CHECK_OK(ora_tune_save(dir, r, &err), err);
    loads(dir, &r->key, true, "");
    free(path);
    free(dir);
    free(r);
}

ORA_TEST(no_folder_is_an_error_of_saving_alone)
{
    struct ora_tune_result *r = made();
    struct ora_err err = {0};
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "nowhere", 1);
    loads(NULL, &r->key, false, "none was made");
    ORA_CHECK_INT(ora_tune_save(NULL, r, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_HAS(err.message, "XDG_CACHE_HOME");
    free(r);
}
