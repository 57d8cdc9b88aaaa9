#include "audio/writer.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

static const struct ora_audio_tags tags = {.title = "One: the \xC3\x89"
                                                    "cole",
                                           .album = "A story",
                                           .track = "1",
                                           .comment = "ai_generated=true",
                                           .license = "CC0-1.0"};

static int write_file(const char *path, enum ora_codec codec, struct ora_err *err)
{
    int16_t s[1000];
    for (int i = 0; i < 1000; i++)
        s[i] = (int16_t)(i * 31);
    struct ora_audio_writer *w;
    int rc = ora_audio_writer_open(path, codec, 22050, &tags, &w, err);
    for (int k = 0; rc == 0 && k < 20; k++) {
        rc = ora_audio_writer_put(w, s, 1000, err);
        if (rc == 0)
            rc = ora_audio_writer_silence(w, 5000, err);
    }
    if (rc < 0)
        return rc;
    ORA_CHECK_INT(ora_audio_writer_samples(w), 120000);
    return ora_audio_writer_close(&w, err);
}

static bool contains(const char *data, size_t n, const char *what)
{
    return memmem(data, n, what, strlen(what)) != NULL;
}

ORA_TEST(streams_read_back_with_tags_and_the_same_bytes)
{
    const enum ora_codec codecs[] = {ORA_CODEC_FLAC, ORA_CODEC_WAV};
    for (size_t c = 0; c < 2; c++) {
        struct ora_err err = {0};
        char *p1 = ora_path_join(ora_test_tmpdir(), "1"), *p2 = ora_path_join(ora_test_tmpdir(), "2");
        ORA_CHECK_OK(write_file(p1, codecs[c], &err), err);
        usleep(1100000);
        ORA_CHECK_OK(write_file(p2, codecs[c], &err), err);
        char *data = NULL, sum1[65], sum2[65];
        size_t n = 0;
        ORA_CHECK_OK(ora_file_read(p1, 1 << 24, &data, &n, &err), err);
        ORA_REQUIRE(n > 4);
        ORA_CHECK(!memcmp(data, codecs[c] == ORA_CODEC_FLAC ? "fLaC" : "RIFF", 4));
        ORA_CHECK(contains(data, n,
                           "One: the \xC3\x89"
                           "cole"));
        ORA_CHECK(contains(data, n, "ai_generated=true"));
        struct ora_decoded d = {0};
        ORA_CHECK_OK(ora_decode(&d, data, n, 1 << 24, &err), err);
        ORA_CHECK_INT(d.samples, 120000);
        if (d.samples == 120000)
            ORA_CHECK(d.s16[5999] == 0 && d.s16[6500] == 31 * 500);
        ora_file_sha256(p1, sum1, NULL);
        ora_file_sha256(p2, sum2, NULL);
        if (strcmp(sum1, sum2))
            ORA_FAIL("%s differs", ora_codec_name(codecs[c]));
        ora_decoded_release(&d);
        free(data), free(p1), free(p2);
    }
}

ORA_TEST(nothing_is_no_file)
{
    struct ora_err err = {0};
    struct ora_audio_writer *w;
    char *p = ora_path_join(ora_test_tmpdir(), "empty.flac");
    ORA_CHECK_OK(ora_audio_writer_open(p, ORA_CODEC_FLAC, 22050, NULL, &w, &err), err);
    ORA_CHECK_INT(ora_audio_writer_close(&w, &err), ORA_E_STATE);
    ORA_CHECK(!w && !ora_file_exists(p));
    free(p);
}

ORA_TEST(a_file_that_cannot_be_written_is_removed)
{
    const char *path = "/nonexistent/folder/x.flac";
    struct ora_err err = {0};
    struct ora_audio_writer *w = NULL;
    ORA_CHECK_INT(ora_audio_writer_open(path, ORA_CODEC_FLAC, 22050, NULL, &w, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(strstr(err.message, path));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {50000, 50000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        char *p = ora_path_join(ora_test_tmpdir(), "limited.wav");
        int rc = ora_audio_writer_open(p, ORA_CODEC_WAV, 22050, NULL, &w, &err);
        if (rc == 0)
            rc = ora_audio_writer_silence(w, 1000000, &err);
        if (rc == 0)
            _exit(1);
        printf("%s\n", err.message);
        ora_audio_writer_abort(&w);
        fflush(stdout);
        _exit(ora_file_exists(p) || !strstr(err.message, "limited.wav") ? 2 : 0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    ORA_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
