/* The cache of packed weights: made once, then mapped; whatever is done to the file, the weights are right.
 */
#include "nn/pack_cache.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

struct model {
    struct ora_conv conv;
    const float *vector;
    int taps;   /* of the conv: another layout when changed */
    int writes; /* WRITE runs of bind */
    bool fail;
};

static float weights[16 * 16 * 5];

static int bind(void *model, struct ora_packer *p, struct ora_err *err)
{
    struct model *m = model;
    struct ora_conv_spec s = {.in = 16, .out = 16, .taps = m->taps, .dilation = 1, .weights = weights};
    ora_packer_conv(p, &s, &m->conv);
    ora_packer_vector(p, weights, 40, 1.0f, &m->vector);
    m->writes += p->mode == ORA_PACK_WRITE;
    return m->fail ? ora_err_set(err, ORA_E_VOICE, "tensor missing") : 0;
}

static const struct ora_pack_id id = {
    .voice_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", .family = "test"};

static const struct ora_kernels *level(void)
{
    return ora_kernels_find("scalar", NULL);
}

static void fill(void)
{
    ora_log_setup(2, ORA_LOG_NONE, "test"); /* the warnings are meant here */
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        weights[i] = (float)i;
}

static bool right(const struct model *m)
{
    const float *w = m->conv.weights;
    return w && w[1] == weights[16 * m->taps] && m->vector[39] == 39.0f && m->vector[40] == 0.0f;
}

/* Opens, checks the numbers, and releases; tells whether this call packed. */
static bool open_once(const char *dir, int taps)
{
    struct model m = {.taps = taps};
    struct ora_pack_cache c;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &id, level(), bind, &m, &err), err);
    ORA_CHECK(right(&m));
    ORA_CHECK_INT(m.writes, c.made);
    bool made = c.made;
    ora_pack_cache_release(&c);
    return made;
}

static char *fresh_dir(const char *name)
{
    fill();
    return ora_path_join(ora_test_tmpdir(), name);
}

/* The one .pack file of a folder. */
static char *only_pack(const char *dir)
{
    char *command = ora_fmt("ls %s/*.pack", dir), line[4096] = "";
    FILE *f = popen(command, "r");
    free(command);
    if (f && fgets(line, sizeof line, f))
        line[strcspn(line, "\n")] = 0;
    if (f)
        pclose(f);
    return ora_xstrdup(line);
}

ORA_TEST(made_once_then_mapped)
{
    char *dir = fresh_dir("once");
    ORA_CHECK(open_once(dir, 3));
    ORA_CHECK(!open_once(dir, 3));
    ORA_CHECK(open_once(dir, 5)); /* another layout is another file */
    ORA_CHECK(!open_once(dir, 3));
    ORA_CHECK(!open_once(dir, 5));
    free(dir);
}

ORA_TEST(damage_is_found_and_mended)
{
    char *dir = fresh_dir("damage"), *data;
    size_t len;
    struct ora_err err = {0};
    open_once(dir, 3);
    char *path = only_pack(dir);
    ORA_CHECK_OK(ora_file_read(path, 1 << 20, &data, &len, &err), err);
    for (size_t at = 0; at < len; at += at < ORA_PACK_HEADER_BYTES ? 5 : 331) {
        bool in_padding =
            at >= 72 && at < ORA_PACK_HEADER_BYTES; /* zeros behind the header's fields mean nothing */
        data[at] ^= 0x40;
        ORA_CHECK_OK(ora_file_write_atomic(path, data, len, 0644, &err), err);
        data[at] ^= 0x40;
        ORA_CHECK(open_once(dir, 3) == !in_padding);
        ORA_CHECK(open_once(dir, 3) == false);
    }
    size_t cuts[] = {0, 1, 71, 255, 256, 300, len - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        ORA_CHECK_OK(ora_file_write_atomic(path, data, cuts[i], 0644, &err), err);
        ORA_CHECK(open_once(dir, 3));
    }
    char *longer = ora_xcalloc(1, len + 64);
    memcpy(longer, data, len);
    ORA_CHECK_OK(ora_file_write_atomic(path, longer, len + 64, 0644, &err), err);
    ORA_CHECK(open_once(dir, 3));
    free(longer);
    free(data);
    free(path);
    free(dir);
}

ORA_TEST(other_voice_level_or_sources_have_another_file)
{
    char *dir = fresh_dir("keys");
    struct ora_pack_id other = id;
    struct ora_err err = {0};
    open_once(dir, 3);
    for (int i = 0; i < 3; i++) {
        struct model m = {.taps = 3};
        struct ora_pack_cache c;
        const struct ora_kernels *k = level();
        other = id;
        if (i == 0)
            other.voice_sha256 = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        else if (i == 1)
            other.sources = "of another build";
        else
            k = ora_kernels_find("blas", NULL);
        ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &other, k, bind, &m, &err), err);
        ORA_CHECK(c.made);
        ora_pack_cache_release(&c);
    }
    ORA_CHECK(!open_once(dir, 3));
    free(dir);
}

/* An empty file of a name, last used so many days ago. */
static char *leave(const char *dir, const char *name, int days)
{
    char *path = ora_path_join(dir, name);
    struct timespec when[2] = {{.tv_sec = time(NULL) - (time_t)days * 24 * 60 * 60}};
    struct ora_err err = {0};
    when[1] = when[0];
    ORA_CHECK_OK(ora_file_write_atomic(path, "", 0, 0644, &err), err);
    ORA_CHECK_INT(utimensat(AT_FDCWD, path, when, 0), 0);
    return path;
}

ORA_TEST(packs_that_nobody_uses_go)
{
    char *dir = fresh_dir("unused"), *own;
    static const struct {
        const char *name;
        int days;
        bool stays;
    } others[] = {{"test-001122334455-scalar-0123456789abcdef.pack", ORA_PACK_KEEP_DAYS + 1, false},
                  {"test-001122334455-scalar-0123456789abcdef.pack.lock", ORA_PACK_KEEP_DAYS + 1, false},
                  {"test-001122334455-scalar-0123456789abcdee.pack", ORA_PACK_KEEP_DAYS - 1, true},
                  {"test-001122334455-scalar-0123456789abcdee.pack.lock", ORA_PACK_KEEP_DAYS + 1, true},
                  {"test-001122334455-scalar-0123456789abcded.pack.tmp-7", ORA_PACK_KEEP_DAYS + 1, false},
                  {"test-001122334455-scalar-0123456789abcded.pack.tmp-8", 1, true},
                  {"test-001122334455-scalar-wino-0123456789abcdef.pack", ORA_PACK_KEEP_DAYS + 1, true},
                  {"test-001122334466-scalar-0123456789abcdef.pack", ORA_PACK_KEEP_DAYS + 1, true},
                  {"other", ORA_PACK_KEEP_DAYS + 1, true}};
    char *paths[sizeof others / sizeof *others];
    ORA_CHECK(open_once(dir, 3));
    own = only_pack(dir);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        paths[i] = leave(dir, others[i].name, others[i].days);
    char *name = ora_fmt("%s.tmp-9", strrchr(own, '/') + 1), *killed = leave(dir, name, 0);
    free(leave(dir, strrchr(own, '/') + 1, ORA_PACK_KEEP_DAYS + 1)); /* damaged, so it is made anew */
    ORA_CHECK(open_once(dir, 3));
    ORA_CHECK(ora_file_exists(own) && !ora_file_exists(killed));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (ora_file_exists(paths[i]) != others[i].stays)
            ORA_FAIL("%s", others[i].name);
        free(paths[i]);
    }
    free(killed);
    free(name);
    free(own);
    free(dir);
}

ORA_TEST(use_is_noted)
{
    char *dir = fresh_dir("used"), *own;
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct stat st;
    ORA_CHECK(open_once(dir, 3));
    own = only_pack(dir);
    ORA_CHECK_INT(utimensat(AT_FDCWD, own, old, 0), 0);
    ORA_CHECK(!open_once(dir, 3));
    ORA_CHECK(stat(own, &st) == 0 && st.st_mtime > 1000);
    free(own);
    free(dir);
}

ORA_TEST(without_a_folder_memory_is_private)
{
    char *dir = fresh_dir("blocked");
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_write_atomic(dir, "x", 1, 0644, &err), err); /* a file where the folder should be */
    ORA_CHECK(open_once(dir, 3));
    ORA_CHECK(open_once(dir, 3));
    free(dir);
}

/* Only when it packs, and once for all networks of one file. */
ORA_TEST(the_source_is_hashed_before_it_is_packed)
{
    char *dir = fresh_dir("source"), *path = ora_path_join(ora_test_tmpdir(), "weights");
    char hex[65];
    struct model m = {.taps = 3};
    struct ora_pack_cache c;
    struct ora_err err = {0};
    struct ora_pack_source source = {.path = path};
    struct ora_pack_id of = id;
    ORA_CHECK_OK(ora_file_write_atomic(path, "damaged", 7, 0644, &err), err);
    ora_sha256_of("whole", 5, hex);
    of.voice_sha256 = hex;
    of.source = &source;
    ORA_CHECK_INT(ora_pack_cache_open(&c, dir, &of, level(), bind, &m, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, path) && !source.sound && m.writes == 0);
    ORA_CHECK_OK(ora_file_write_atomic(path, "whole", 5, 0644, &err), err);
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &of, level(), bind, &m, &err), err);
    ORA_CHECK(c.made && source.sound);
    ora_pack_cache_release(&c);
    ORA_CHECK_INT(unlink(path), 0);
    of.family = "other";
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &of, level(), bind, &m, &err), err);
    ORA_CHECK(c.made);
    ora_pack_cache_release(&c);
    source.sound = false;
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &of, level(), bind, &m, &err), err);
    ORA_CHECK(!c.made);
    ora_pack_cache_release(&c);
    free(path);
    free(dir);
}

ORA_TEST(a_failing_bind_leaves_nothing)
{
    char *dir = fresh_dir("failing");
    struct model m = {.taps = 3, .fail = true};
    struct ora_pack_cache c;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_pack_cache_open(&c, dir, &id, level(), bind, &m, &err), ORA_E_VOICE);
    ORA_CHECK(c.map.data == NULL && c.private_memory == NULL);
    ORA_CHECK_STR(err.message, "tensor missing");
    free(dir);
}

/* Many engines start at once: one packs, all get the same numbers. */
ORA_TEST(many_processes_make_it_once)
{
    enum { PROCESSES = 8 };
    char *dir = fresh_dir("many");
    int makers = 0;
    fflush(stdout);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct model m = {.taps = 3};
            struct ora_pack_cache c;
            int rc = ora_pack_cache_open(&c, dir, &id, level(), bind, &m, NULL);
            _exit(rc < 0 || !right(&m) ? 2 : c.made);
        }
        ORA_REQUIRE(pid > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        ORA_CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 2);
        makers += WEXITSTATUS(status) == 1;
    }
    ORA_CHECK_INT(makers, 1);
    free(dir);
}

/* Larger than what is held back of a file in the making. */
enum { WIDTH = 512, LAYERS = 24 };
struct large {
    struct ora_conv conv[LAYERS];
    const float *vector[LAYERS];
    float *weights;
    int writes;
};

static int bind_large(void *model, struct ora_packer *p, struct ora_err *err)
{
    struct large *m = model;
    (void)err;
    for (int i = 0; i < LAYERS; i++) {
        struct ora_conv_spec s = {.in = WIDTH,
                                  .out = WIDTH,
                                  .taps = 1,
                                  .dilation = 1,
                                  .weights = m->weights + i,
                                  .bias = m->weights + 7 * i};
        ora_packer_conv(p, &s, &m->conv[i]);
        ora_packer_vector(p, m->weights + i, 40, 1.0f, &m->vector[i]);
    }
    m->writes += p->mode == ORA_PACK_WRITE;
    return 0;
}

static struct large large_make(void)
{
    struct large m = {.weights = ora_xmalloc((WIDTH * WIDTH + LAYERS) * sizeof *m.weights)};
    for (int i = 0; i < WIDTH * WIDTH + LAYERS; i++)
        m.weights[i] = (float)i;
    return m;
}

/* What goes to the file piece by piece is what lies in memory as a whole. */
ORA_TEST(a_large_file_is_written_as_it_is_packed)
{
    char *dir = fresh_dir("large"), *blocked = ora_path_join(dir, "file");
    struct large m = large_make(), other = m;
    struct ora_pack_cache mapped, whole;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_pack_cache_open(&mapped, dir, &id, level(), bind_large, &m, &err), err);
    ORA_CHECK(mapped.made && !mapped.private_memory && m.writes == 1);
    ORA_CHECK_OK(ora_file_write_atomic(blocked, "", 0, 0644, &err), err);
    ORA_CHECK_OK(ora_pack_cache_open(&whole, blocked, &id, level(), bind_large, &other, &err), err);
    ORA_CHECK(whole.private_memory && whole.bytes == mapped.bytes && whole.bytes > (size_t)24 << 20);
    ORA_CHECK(!memcmp((char *)whole.private_memory + ORA_PACK_HEADER_BYTES,
                      mapped.map.data + ORA_PACK_HEADER_BYTES, whole.bytes));
    ora_pack_cache_release(&mapped);
    ora_pack_cache_release(&whole);
    free(m.weights);
    free(blocked);
    free(dir);
}

static long pages_now(void)
{
    long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident;
}

static long pages_at_end;
static int bind_watched(void *model, struct ora_packer *p, struct ora_err *err)
{
    int rc = bind_large(model, p, err);
    if (p->mode == ORA_PACK_WRITE)
        pages_at_end = pages_now();
    return rc;
}

ORA_TEST(packing_takes_little_memory)
{
    char *dir = fresh_dir("little");
    struct large m = large_make();
    struct ora_pack_cache c;
    struct ora_err err = {0};
    long before = pages_now();
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &id, level(), bind_watched, &m, &err), err);
    ORA_CHECK(before > 0 && pages_at_end > 0 && (pages_at_end - before) * 4096 < (long)c.bytes / 2);
    ora_pack_cache_release(&c);
    free(m.weights);
    free(dir);
}

/* The disk fills while the file is written: nothing of it is left, and the weights are right. */
ORA_TEST(a_full_disk_leaves_memory)
{
    char *dir = fresh_dir("full");
    struct large m = large_make();
    struct ora_pack_cache c;
    struct ora_err err = {0};
    struct rlimit all, little;
    getrlimit(RLIMIT_FSIZE, &all);
    little = (struct rlimit){.rlim_cur = 18 << 20, .rlim_max = all.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    ORA_CHECK_OK(ora_pack_cache_open(&c, dir, &id, level(), bind_large, &m, &err), err);
    setrlimit(RLIMIT_FSIZE, &all);
    ORA_CHECK(c.made && c.private_memory && m.writes == 2);
    ORA_CHECK(m.vector[LAYERS - 1][39] == (float)(39 + LAYERS - 1) && m.vector[0][39] == 39.0f);
    char *pattern = ora_path_join(dir, "*pack*[!k]"); /* all but the lock */
    glob_t found = {0};
    ORA_CHECK_INT(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
    globfree(&found);
    ora_pack_cache_release(&c);
    free(pattern);
    free(m.weights);
    free(dir);
}
