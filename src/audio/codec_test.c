#include "audio/codec.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audio/pcm.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/test.h"

/* A tone that wanders, with a little of everything. */
static float *signal_of(size_t n)
{
    float *x = ora_xmalloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.4 * sin(0.03 * (double)i) + 0.2 * sin(0.00001 * (double)i * (double)i));
    return x;
}

static const enum ora_codec codecs[] = {ORA_CODEC_FLAC, ORA_CODEC_WAV, ORA_CODEC_WAV_F32};

ORA_TEST(what_goes_in_comes_out)
{
    const size_t lengths[] = {1, 2, 15, 4095, 4096, 12800, 100000};
    const int rates[] = {8000, 16000, 22050, 24000, 44100, 48000};
    for (size_t c = 0; c < 3; c++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
            size_t n = lengths[l];
            int rate = rates[l % 6];
            float *x = signal_of(n);
            int16_t *s = ora_xmalloc((n + 1) * sizeof *s);
            ora_pcm_to_s16(x, n, s);
            struct ora_encoder e;
            struct ora_bytes file;
            ora_encoder_init(&e, ora_test_tmpdir());
            struct ora_decoded d = {0};
            struct ora_err err = {0};
            ORA_CHECK_OK(ora_encode(&e, codecs[c], rate, s, x, n, &file, &err), err);
            ORA_CHECK_OK(ora_decode(&d, file.data, file.len, 1 << 20, &err), err);
            ORA_CHECK_INT(d.samples, n);
            ORA_CHECK_INT(d.sample_rate_hz, rate);
            ORA_CHECK_INT(d.is_float, codecs[c] == ORA_CODEC_WAV_F32);
            if (d.samples == n && n)
                ORA_CHECK(d.is_float ? !memcmp(d.f32, x, n * sizeof *x) : !memcmp(d.s16, s, n * sizeof *s));
            ora_encoder_release(&e);
            ora_decoded_release(&d);
            free(x), free(s);
        }
}

/* The second encoding meets a used buffer and another second of the day. */
ORA_TEST(same_samples_same_bytes)
{
    float *x = signal_of(30000);
    int16_t *s = ora_xmalloc(30000 * sizeof *s);
    ora_pcm_to_s16(x, 30000, s);
    for (size_t c = 0; c < 3; c++) {
        struct ora_encoder e;
        struct ora_bytes file;
        ora_encoder_init(&e, ora_test_tmpdir());
        struct ora_err err = {0};
        char first[65], second[65];
        ORA_CHECK_OK(ora_encode(&e, codecs[c], 22050, s, x, 30000, &file, &err), err);
        ora_sha256_of(file.data, file.len, first);
        usleep(1100000);
        ORA_CHECK_OK(ora_encode(&e, codecs[c], 16000, s, x, 29000, &file, &err), err);
        ORA_CHECK_OK(ora_encode(&e, codecs[c], 22050, s, x, 30000, &file, &err), err);
        ora_sha256_of(file.data, file.len, second);
        ORA_CHECK_STR(first, second);
        ora_encoder_release(&e);
    }
    free(x), free(s);
}

/* Short ones in memory, and a long one of which even the file does not stay there. */
ORA_TEST(pieces_make_the_file_of_the_whole)
{
    const size_t lengths[] = {3, 5000, 9 << 20};
    for (size_t c = 0; c < 3; c++)
        for (size_t l = 0; l < 3; l++) {
            size_t n = lengths[l];
            float *x = signal_of(n);
            int16_t *s = ora_xmalloc(n * sizeof *s);
            ora_pcm_to_s16(x, n, s);
            struct ora_encoder e;
            struct ora_bytes file;
            struct ora_err err = {0};
            char whole[65], pieces[65];
            ora_encoder_init(&e, ora_test_tmpdir());
            ORA_CHECK_OK(ora_encode(&e, codecs[c], 22050, s, x, n, &file, &err), err);
            ORA_CHECK_INT(file.map != NULL, file.len > ORA_ENCODED_KEEP_BYTES);
            ORA_CHECK(n < 1 << 20 || file.map);
            ora_sha256_of(file.data, file.len, whole);
            ORA_CHECK_OK(ora_encode_begin(&e, codecs[c], 22050, &err), err);
            for (size_t at = 0, some = 1; at < n; at += some, some = some * 5 % 70001 + 1) {
                some = some < n - at ? some : n - at;
                ORA_CHECK_OK(codecs[c] == ORA_CODEC_WAV_F32 ? ora_encode_f32(&e, x + at, some, &err)
                                                            : ora_encode_s16(&e, s + at, some, &err),
                             err);
            }
            ORA_CHECK_OK(ora_encode_end(&e, &file, &err), err);
            ora_sha256_of(file.data, file.len, pieces);
            ORA_CHECK_STR(pieces, whole);
            ora_encoder_release(&e);
            free(x), free(s);
        }
}

/* A limit on files stands for the full disk. The encoder is good for the next. */
ORA_TEST(a_full_disk_is_told)
{
    enum { LONG = 9 << 20 };
    struct rlimit was;
    struct ora_encoder e;
    struct ora_bytes file;
    struct ora_err err = {0};
    float *x = signal_of(LONG);
    ORA_REQUIRE(getrlimit(RLIMIT_FSIZE, &was) == 0);
    struct rlimit small = {.rlim_cur = 10 << 20, .rlim_max = was.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ora_encoder_init(&e, ora_test_tmpdir());
    setrlimit(RLIMIT_FSIZE, &small);
    ORA_CHECK_INT(ora_encode(&e, ORA_CODEC_WAV_F32, 22050, NULL, x, LONG, &file, &err), ORA_E_DISK_FULL);
    ORA_CHECK(strstr(err.message, ora_test_tmpdir()) != NULL);
    ORA_CHECK_OK(ora_encode(&e, ORA_CODEC_WAV_F32, 22050, NULL, x, 1000, &file, &err), err);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, handler);
    ora_encoder_release(&e);
    free(x);
}

ORA_TEST(flac_has_no_tags_and_counts_its_samples)
{
    struct ora_encoder e;
    struct ora_bytes file;
    ora_encoder_init(&e, ora_test_tmpdir());
    struct ora_err err = {0};
    int16_t s[100] = {0};
    ORA_CHECK_OK(ora_encode(&e, ORA_CODEC_FLAC, 22050, s, NULL, 100, &file, &err), err);
    ORA_REQUIRE(file.len > 42);
    ORA_CHECK(!memcmp(file.data, "fLaC", 4));
    ORA_CHECK_INT(file.data[21] & 15, 0); /* STREAMINFO: 36 bits of total samples */
    ORA_CHECK_INT(file.data[25], 100);
    for (size_t i = 0; i + 5 < file.len; i++)
        ORA_CHECK(memcmp(file.data + i, "DATE=", 5) != 0);
    ora_encoder_release(&e);
}

ORA_TEST(decoding_is_bounded)
{
    struct ora_encoder e;
    struct ora_bytes file;
    ora_encoder_init(&e, ora_test_tmpdir());
    struct ora_decoded d = {0};
    struct ora_err err = {0};
    float *x = signal_of(50000);
    int16_t *s = ora_xmalloc(50000 * sizeof *s);
    ora_pcm_to_s16(x, 50000, s);
    for (size_t c = 0; c < 3; c++) {
        ORA_CHECK_OK(ora_encode(&e, codecs[c], 22050, s, x, 50000, &file, &err), err);
        ORA_CHECK_INT(ora_decode(&d, file.data, file.len, 49999, &err), ORA_E_LIMIT);
        ORA_CHECK_OK(ora_decode(&d, file.data, file.len, 50000, &err), err);
        for (size_t cut = 0; codecs[c] == ORA_CODEC_FLAC && cut < file.len; cut += file.len / 13 + 1)
            ORA_CHECK(ora_decode(&d, file.data, cut, 1 << 20, &err) < 0);
    }
    ORA_CHECK_INT(ora_encode(&e, ORA_CODEC_FLAC, 22050, s, NULL, 0, &file, &err), ORA_E_BAD_INPUT);
    ORA_CHECK_INT(ora_decode(&d, "not audio at all", 16, 1 << 20, &err), ORA_E_FORMAT);
    ORA_CHECK_INT(ora_decode(&d, "", 0, 1 << 20, &err), ORA_E_FORMAT);
    ora_encoder_release(&e);
    ora_decoded_release(&d);
    free(x), free(s);
}

ORA_TEST(names)
{
    ORA_CHECK_STR(ora_codec_name(ORA_CODEC_WAV_F32), "wav-f32");
    ORA_CHECK_STR(ora_codec_extension(ORA_CODEC_WAV_F32), "wav");
    ORA_CHECK_STR(ora_codec_extension(ORA_CODEC_FLAC), "flac");
}
