#include "weights/safetensors.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

/* A file in memory: 8-byte length, header, `data_bytes` of data. */
static size_t make(unsigned char *out, const char *header, size_t data_bytes)
{
    uint64_t n = strlen(header);
    memcpy(out, &n, 8);
    memcpy(out + 8, header, n);
    for (size_t i = 0; i < data_bytes; i++)
        out[8 + n + i] = (unsigned char)i;
    return 8 + n + data_bytes;
}

static void write_sample(const char *path, char sha256[65])
{
    struct ora_err err = {0};
    struct ora_weights_writer *wr = NULL;
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[16] = {7};
    const int64_t n = -5;
    ORA_CHECK_OK(ora_weights_writer_create(path, &wr, &err), err);
    ORA_REQUIRE(wr);
    ORA_CHECK_OK(ora_weights_writer_meta(wr, "family", "tiny", &err), err);
    ORA_CHECK_OK(ora_weights_writer_meta(wr, "hop", "256", &err), err);
    ORA_CHECK_OK(ora_weights_writer_declare(wr, "z.weight", ORA_F32, ORA_SHAPE(2, 3), &err), err);
    ORA_CHECK_OK(ora_weights_writer_declare(wr, "empty", ORA_F32, ORA_SHAPE(0, 3), &err), err);
    ORA_CHECK_OK(ora_weights_writer_declare(wr, "a \"quoted\"", ORA_F32, ORA_SHAPE(16), &err), err);
    ORA_CHECK_OK(ora_weights_writer_declare(wr, "scalar", ORA_I64, (struct ora_shape){0}, &err), err);
    ORA_CHECK_INT(ora_weights_writer_declare(wr, "scalar", ORA_I64, ORA_SHAPE(1), &err), ORA_E_FORMAT);
    ORA_CHECK_OK(ora_weights_writer_put(wr, a, 10, &err), err); /* pieces need not be whole elements */
    ORA_CHECK_OK(ora_weights_writer_put(wr, (const char *)a + 10, sizeof a - 10, &err), err);
    ORA_CHECK_OK(ora_weights_writer_put(wr, b, sizeof b, &err), err);
    ORA_CHECK_INT(ora_weights_writer_commit(wr, sha256, &err), ORA_E_INTERNAL); /* scalar is missing */
    ORA_CHECK_INT(ora_weights_writer_put(wr, a, 9, &err), ORA_E_INTERNAL);      /* one byte too many */
    ORA_CHECK(!ora_file_exists(path));
    ORA_CHECK_OK(ora_weights_writer_put(wr, &n, sizeof n, &err), err);
    ORA_CHECK_OK(ora_weights_writer_commit(wr, sha256, &err), err);
    ora_weights_writer_destroy(&wr);
}

ORA_TEST(writes_and_reads_back)
{
    struct ora_err err = {0};
    struct ora_weights *w = NULL;
    char *path = ora_path_join(ora_test_tmpdir(), "m.safetensors");
    char said[65], real[65];
    write_sample(path, said);
    ORA_CHECK_OK(ora_file_sha256(path, real, &err), err);
    ORA_CHECK_STR(said, real);
    ORA_CHECK_OK(ora_weights_open(path, &w, &err), err);
    ORA_REQUIRE(w);
    ORA_CHECK_INT(ora_weights_count(w), 4); /* padding is not seen */
    ORA_CHECK_INT(ora_weights_align(w), 64);
    ORA_CHECK_STR(ora_weights_at(w, 0)->name, "a \"quoted\"");
    ORA_CHECK_STR(ora_weights_meta(w, "family"), "tiny");
    ORA_CHECK_STR(ora_weights_meta(w, "other"), NULL);

    const float *z = NULL;
    const void *n = NULL;
    ORA_CHECK_OK(ora_weights_bind(w, &z, ORA_SHAPE(2, 3), &err, "%s.weight", "z"), err);
    ORA_CHECK(z && z[0] == 1 && z[5] == 6 && (uintptr_t)z % 64 == 0);
    ORA_CHECK_OK(ora_weights_bind_as(w, ORA_I64, &n, (struct ora_shape){0}, &err, "scalar"), err);
    ORA_CHECK(n && *(const int64_t *)n == -5);
    ORA_CHECK_INT(ora_weights_findf(w, "%s", "empty")->bytes, 0);
    ora_weights_close(&w);
    free(path);
}

ORA_TEST(same_input_same_bytes)
{
    char *a = ora_path_join(ora_test_tmpdir(), "a"), *b = ora_path_join(ora_test_tmpdir(), "b");
    char sha_a[65], sha_b[65];
    write_sample(a, sha_a);
    write_sample(b, sha_b);
    ORA_CHECK_STR(sha_a, sha_b);
    free(a);
    free(b);
}

ORA_TEST(uncommitted_leaves_nothing)
{
    struct ora_err err = {0};
    struct ora_weights_writer *wr = NULL;
    char *path = ora_path_join(ora_test_tmpdir(), "never");
    char *tmp = ora_fmt("%s.tmp-%ld", path, (long)getpid());
    ORA_CHECK_OK(ora_weights_writer_create(path, &wr, &err), err);
    ORA_CHECK(ora_file_exists(tmp));
    ora_weights_writer_destroy(&wr);
    ORA_CHECK(!ora_file_exists(tmp) && !ora_file_exists(path));
    char *missing = ora_path_join(ora_test_tmpdir(), "none/x");
    ORA_CHECK_INT(ora_weights_writer_create(missing, &wr, &err), ORA_E_NOT_FOUND);
    ORA_CHECK(wr == NULL);
    free(missing);
    free(tmp);
    free(path);
}

ORA_TEST(bind_names_what_was_wanted_and_found)
{
    static unsigned char file[4096];
    struct ora_err err = {0};
    struct ora_weights *w = NULL;
    const float *p = NULL;
    int64_t v = 0;
    size_t len = make(file,
                      "{\"__metadata__\":{\"hop\":\"25x\"},"
                      "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                      "\"h\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[24,28]}}",
                      28);
    ORA_CHECK_OK(ora_weights_parse(file, len, "m", &w, &err), err);
    ORA_REQUIRE(w);
    ORA_CHECK_INT(ora_weights_bind(w, &p, ORA_SHAPE(3, 2), &err, "w"), ORA_E_VOICE);
    ORA_CHECK_STR(err.message, "m: tensor 'w': wanted F32 [3, 2], found F32 [2, 3]");
    ORA_CHECK_INT(ora_weights_bind(w, &p, ORA_SHAPE(2), &err, "h"), ORA_E_VOICE);
    ORA_CHECK_STR(err.message, "m: tensor 'h': wanted F32 [2], found BF16 [2]");
    ORA_CHECK_INT(ora_weights_bind(w, &p, ORA_SHAPE(2), &err, "x.%d", 3), ORA_E_VOICE);
    ORA_CHECK_STR(err.message, "m: tensor 'x.3' is missing, wanted F32 [2]");
    ORA_CHECK_INT(ora_weights_meta_int(w, "hop", 1, 9, &v, &err), ORA_E_VOICE);
    ORA_CHECK_STR(err.message, "m: metadata 'hop' is '25x', wanted a whole number from 1 to 9");
    ORA_CHECK(p == NULL);
    ora_weights_close(&w);
}

#define ENTRY(shape, begin, end)                                                                             \
    "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

ORA_TEST(refuses_bad_headers)
{
    static const struct {
        const char *header;
        size_t data;
        const char *message; /* after "m: " */
    } cases[] = {
        {"[]", 0, "the header is not a JSON map: another kind of value"},
        {"{", 0, "the header is not a JSON map: string or '}' expected near end of file"},
        {"{\"a\":" ENTRY("[1]", 0, 4) ",\"a\":" ENTRY("[1]", 4, 8) "}", 8,
         "the header is not a JSON map: duplicate object key near '\"a\"'"},
        {"{\"__metadata__\":3}", 0, "'__metadata__' is not a map"},
        {"{\"__metadata__\":{\"a\":3}}", 0, "metadata 'a' is not a string"},
        {"{\"a\":3}", 0, "tensor 'a': 'dtype' is missing or is not a string"},
        {"{\"a\":{\"dtype\":\"Q4\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
         "tensor 'a': type 'Q4' is not one that can be read"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4,
         "tensor 'a': 'shape' is missing or is not a list"},
        {"{\"a\":" ENTRY("[-1]", 0, 4) "}", 4, "tensor 'a': dimension 0 is not a whole number >= 0"},
        {"{\"a\":" ENTRY("[1.5]", 0, 4) "}", 4, "tensor 'a': dimension 0 is not a whole number >= 0"},
        {"{\"a\":" ENTRY("[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, "tensor 'a': 9 dimensions, at most 8 are read"},
        {"{\"a\":" ENTRY("[4611686018427387904,2]", 0, 0) "}", 0,
         "tensor 'a': shape [4611686018427387904, 2] is too large"},
        {"{\"a\":" ENTRY("[4294967296,4294967296]", 0, 0) "}", 0,
         "tensor 'a': shape [4294967296, 4294967296] is too large"},
        {"{\"a\":" ENTRY("[2]", 4, 0) "}", 4, "tensor 'a': 'data_offsets' is missing or is not [begin, end]"},
        {"{\"a\":" ENTRY("[2]", -4, 4) "}", 4,
         "tensor 'a': 'data_offsets' is missing or is not [begin, end]"},
        {"{\"a\":" ENTRY("[2]", 0, 4) "}", 4, "tensor 'a': [2] of F32 needs 8 bytes, its offsets give 4"},
        {"{\"a\":" ENTRY("[1]", 0, 4) ",\"b\":" ENTRY("[2]", 2, 10) "}", 10,
         "tensor 'b': starts at byte 2 of the data, overlapping what ends at byte 4"},
        {"{\"a\":" ENTRY("[1]", 0, 4) ",\"b\":" ENTRY("[1]", 8, 12) "}", 12,
         "tensor 'b': starts at byte 8 of the data, leaving a hole after byte 4"},
        {"{\"a\":" ENTRY("[2]", 0, 8) "}", 7,
         "tensor 'a': ends at byte 8 of the data, but the file has only 7 (truncated?)"},
        {"{\"a\":" ENTRY("[2]", 0, 8) "}", 9, "1 bytes after the last tensor"},
        {"{\"\":" ENTRY("[2]", 0, 8) "}", 8, "tensor '': a name of 0 bytes, wanted 1 to 255"},
    };
    static unsigned char file[4096];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ora_err err = {0};
        struct ora_weights *w = NULL;
        size_t len = make(file, cases[i].header, cases[i].data);
        ORA_CHECK_INT(ora_weights_parse(file, len, "m", &w, &err), ORA_E_FORMAT);
        ORA_CHECK_STR(err.message[0] ? err.message + 3 : "", cases[i].message);
        ORA_CHECK(w == NULL);
        ora_weights_close(&w);
    }
}

ORA_TEST(refuses_bad_lengths)
{
    struct ora_err err = {0};
    struct ora_weights *w = NULL;
    unsigned char file[16] = {0};
    ORA_CHECK_INT(ora_weights_parse(file, 7, "m", &w, &err), ORA_E_FORMAT);
    memset(file, 0xff, 8);
    ORA_CHECK_INT(ora_weights_parse(file, 16, "m", &w, &err), ORA_E_FORMAT);
    memset(file, 0, 8);
    file[0] = 9;
    ORA_CHECK_INT(ora_weights_parse(file, 16, "m", &w, &err), ORA_E_FORMAT);
    ORA_CHECK_STR(err.message, "m: the header needs 9 bytes, the file has 16 (truncated?)");
}

/* Every prefix and every changed byte of a real file: an error or a file, never a crash. */
ORA_TEST(survives_mutations)
{
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "mutate");
    char sha[65], *data = NULL;
    size_t len = 0, refused = 0;
    write_sample(path, sha);
    ORA_CHECK_OK(ora_file_read(path, 1 << 20, &data, &len, &err), err);
    ORA_REQUIRE(data);
    struct ora_weights *w = NULL;
    for (size_t cut = 0; cut < len; cut++) {
        ORA_CHECK(ora_weights_parse(data, cut, "m", &w, &err) < 0);
        ora_weights_close(&w);
    }
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            data[i] ^= (char)(1u << bit);
            refused += ora_weights_parse(data, len, "m", &w, &err) < 0;
            ora_weights_close(&w);
            data[i] ^= (char)(1u << bit);
        }
    }
    ORA_CHECK(refused > 1000);
    free(data);
    free(path);
}
