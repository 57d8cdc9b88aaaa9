/* Opening a voice: damaged files, other formats, positions that bound what may be spoken. */
#include "models/megatts3/model.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/test.h"
#include "models/megatts3/tiny_clone.h"

extern const struct ora_family ora_family_megatts3;

/* Inverts a byte of the data, `back` bytes before the end. */
static void flip(const char *path, size_t back)
{
    struct ora_err err = {0};
    char *bytes = NULL;
    size_t len = 0;
    ORA_CHECK_OK(ora_file_read(path, 64 << 20, &bytes, &len, &err), err);
    ORA_REQUIRE(len > back);
    bytes[len - back] = (char)~bytes[len - back];
    ORA_CHECK_OK(ora_file_write_atomic(path, bytes, len, 0644, &err), err);
    free(bytes);
}

static int open_and_close(const struct ora_voice *v, const char *cache_dir, struct ora_err *err)
{
    struct ora_open_options o = {.kernels = "auto", .cache_dir = cache_dir};
    struct ora_model *m = NULL;
    int rc = ora_family_megatts3.open(v, &o, &m, err);
    ora_family_megatts3.close(&m);
    return rc;
}

static int packs(const char *dir)
{
    glob_t g = {0};
    char *pattern = ora_path_join(dir, "*.pack");
    int n = glob(pattern, 0, NULL, &g) == 0 ? (int)g.gl_pathc : 0;
    globfree(&g);
    free(pattern);
    return n;
}

ORA_TEST(a_damaged_clone_is_refused)
{
    struct ora_voice *v;
    struct ora_err err = {0};
    ORA_CHECK_OK(tiny_clone_make(ora_test_tmpdir(), &v, &err), err);
    ORA_CHECK_OK(open_and_close(v, ora_test_tmpdir(), &err), err);
    flip(v->weights_path, 9);
    ORA_CHECK_INT(open_and_close(v, ora_test_tmpdir(), &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, v->weights_path) && strstr(err.message, "it is damaged"));
    flip(v->weights_path, 9);
    ORA_CHECK_OK(open_and_close(v, ora_test_tmpdir(), &err), err);
    tiny_clone_free(&v);
}

ORA_TEST(voices_of_another_format_are_refused)
{
    struct ora_voice *v;
    struct ora_err err = {0};
    ORA_CHECK_OK(tiny_clone_make(ora_test_tmpdir(), &v, &err), err);
    v->sample_rate_hz = 22050;
    ORA_CHECK_INT(open_and_close(v, ora_test_tmpdir(), &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "sample_rate_hz is 22050, wanted 24000"));
    v->sample_rate_hz = MEGA_SAMPLE_RATE;
    v->base->speaker_count = 2;
    ORA_CHECK_INT(open_and_close(v, ora_test_tmpdir(), &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, "voice 'base': voice.yaml has 2 speakers, wanted 1"));
    tiny_clone_free(&v);
}

/* Nothing is kept of it that would be used when the base is sound again. */
ORA_TEST(a_damaged_base_is_not_packed)
{
    struct ora_voice *v;
    struct ora_err err = {0};
    char *cache = ora_path_join(ora_test_tmpdir(), "cold");
    ORA_CHECK_OK(tiny_clone_make(ora_test_tmpdir(), &v, &err), err);
    flip(v->base->weights_path, 100000);
    ORA_CHECK_INT(open_and_close(v, cache, &err), ORA_E_VOICE);
    ORA_CHECK(strstr(err.message, v->base->weights_path) && strstr(err.message, "it is damaged"));
    ORA_CHECK_INT(packs(cache), 0);
    flip(v->base->weights_path, 100000);
    ORA_CHECK_OK(open_and_close(v, cache, &err), err);
    ORA_CHECK_INT(packs(cache), MEGA_NETWORKS);
    free(cache);
    tiny_clone_free(&v);
}

/* The prompt has 20 latents, a second is 25. */
ORA_TEST(positions_bound_the_sequence)
{
    static const struct {
        char max_pos[8];
        int frames; /* a chunk may have; 0: refused */
    } cases[] = {{"2048", 6000}, {"270", 1000}, {"45", 100}, {"44", 0}, {"20", 0}};
    struct ora_open_options o = {.kernels = "auto", .cache_dir = ora_test_tmpdir()};
    struct ora_voice *v;
    struct ora_err err = {0};
    ORA_CHECK_OK(tiny_clone_make(ora_test_tmpdir(), &v, &err), err);
    const struct ora_yaml_node *dims = ora_yaml_get(v->base->family_config, "dims");
    struct ora_yaml_node *n = (struct ora_yaml_node *)ora_yaml_get(ora_yaml_get(dims, "dit"), "max_pos");
    ORA_REQUIRE(n);
    const char *was = n->text;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_model *m = NULL;
        n->text = (char *)cases[i].max_pos;
        int rc = ora_family_megatts3.open(v, &o, &m, &err);
        ORA_CHECK_INT(rc, cases[i].frames ? 0 : ORA_E_VOICE);
        if (rc == 0)
            ORA_CHECK_INT(m->max_chunk_frames, cases[i].frames);
        else
            ORA_CHECK(strstr(err.message, "'dit.max_pos'"));
        ora_family_megatts3.close(&m);
    }
    n->text = (char *)was;
    tiny_clone_free(&v);
}
