/*
 * torch files: what torch.save writes is read; what lies about its bytes, names a class of its own, or was
 * cut or changed anywhere is refused with a reason, and nothing is read out of bounds (the asan preset
 * watches).
 */
#include "weights/torch.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"
#include "weights/torch_fixture.h"
#include "weights/pickle.h"
#include "weights/zip.h"

static const char *const dit[] = {"state_dict", "dit"};

/* The bytes in memory of their own, so that a read behind them is seen. */
static int parse(const void *bytes, size_t len, struct ora_torch **t, struct ora_err *err)
{
    return ora_torch_parse(bytes, len, "x.ckpt", dit, 2, t, err);
}

static void make(const struct torch_file *f, bool stream, struct ora_str *out)
{
    if (stream)
        torch_file_stream(f, out);
    else
        torch_file_zip(f, out);
}

static void check_values(const struct torch_file *f, const float *want, size_t count)
{
    for (int stream = 0; stream < 2; stream++) {
        struct ora_str file = ORA_STR_INIT;
        struct ora_torch *t = NULL;
        struct ora_err err = {0};
        make(f, stream, &file);
        ORA_CHECK_OK(parse(file.data, file.len, &t, &err), err);
        const struct ora_tensor *a = t ? ora_torch_find(t, "a") : NULL;
        ORA_CHECK(a && a->dtype == ORA_F32 && a->count == count);
        for (size_t i = 0; a && i < a->count; i++) {
            float v;
            memcpy(&v, (const char *)a->data + 4 * i, 4);
            ORA_CHECK_NEAR(v, want[i], 0);
        }
        if (t)
            ORA_CHECK_OK(ora_torch_verify(t, &err), err);
        ora_torch_close(&t);
        ora_str_release(&file);
    }
}

static void check_refused(const struct torch_file *f, const char *why)
{
    for (int stream = 0; stream < 2; stream++) {
        struct ora_str file = ORA_STR_INIT;
        struct ora_torch *t = NULL;
        struct ora_err err = {0};
        make(f, stream, &file);
        ORA_CHECK(parse(file.data, file.len, &t, &err) < 0);
        ORA_CHECK(!t);
        ORA_CHECK_HAS(err.message, why);
        ora_torch_close(&t);
        ora_str_release(&file);
    }
}

/* ---- what is read --------------------------------------------------------------------------------- */

ORA_TEST(both_containers_are_read)
{
    struct torch_file f = TORCH_FILE_INIT;
    check_values(&f, (float[]){1, 2, 3, 4, 5, 6}, 6);
    f.location = "cuda:0";
    check_values(&f, (float[]){1, 2, 3, 4, 5, 6}, 6);
}

ORA_TEST(views_are_read_in_row_major_order)
{
    struct torch_file f = TORCH_FILE_INIT;
    f.size[0] = 3, f.size[1] = 2, f.stride[0] = 1, f.stride[1] = 3; /* transposed */
    check_values(&f, (float[]){1, 4, 2, 5, 3, 6}, 6);
    f = (struct torch_file)TORCH_FILE_INIT; /* a column: [2, 1] with any stride of the 1 */
    f.size[1] = 1, f.stride[1] = 99, f.offset = 1;
    check_values(&f, (float[]){2, 5}, 2);
    f = (struct torch_file)TORCH_FILE_INIT; /* a slice */
    f.rank = 1, f.size[0] = 2, f.stride[0] = 1, f.offset = 4;
    check_values(&f, (float[]){5, 6}, 2);
    f = (struct torch_file)TORCH_FILE_INIT; /* nothing */
    f.size[0] = 0, f.offset = 6;
    check_values(&f, NULL, 0);
    f = (struct torch_file)TORCH_FILE_INIT; /* a scalar */
    f.rank = 0, f.offset = 2;
    check_values(&f, (float[]){3}, 1);
}

/* _metadata of an OrderedDict, entries that are no tensors, parameters, memo. */
ORA_TEST(what_state_dicts_carry_besides_is_passed_over)
{
    static const char extra[] = "X\1\0\0\0sK\7X\1\0\0\0t(K\1G\x3f\xf0\0\0\0\0\0\0Nt";
    struct torch_file f = TORCH_FILE_INIT;
    f.extra = extra, f.extra_len = sizeof extra - 1;
    check_values(&f, (float[]){1, 2, 3, 4, 5, 6}, 6);
}

ORA_TEST(the_wanted_dict_is_found_or_told)
{
    struct torch_file f = TORCH_FILE_INIT;
    struct ora_str file = ORA_STR_INIT;
    struct ora_torch *t = NULL;
    struct ora_err err = {0};
    torch_file_zip(&f, &file);
    ORA_CHECK(ora_torch_parse(file.data, file.len, "x.ckpt", (const char *const[]){"state_dict", "dur"}, 2,
                              &t, &err) < 0);
    ORA_CHECK_HAS(err.message, "'dur' is a nothing, wanted a dict of tensors");
    ORA_CHECK_OK(ora_torch_parse(file.data, file.len, "x.ckpt", NULL, 0, &t, &err), err);
    ORA_CHECK_INT(ora_torch_count(t), 0);
    ORA_CHECK_INT(ora_torch_others(t), 1);
    ora_torch_close(&t);
    ora_str_release(&file);
}

/* ---- what is refused ------------------------------------------------------------------------------ */

ORA_TEST(elements_that_are_not_there_are_refused)
{
    struct torch_file f = TORCH_FILE_INIT;
    f.promised = 1500, f.rank = 1, f.size[0] = 1500, f.stride[0] = 1;
    check_refused(&f, "promises 1500 elements");
    f.promised = 0x7fffffff;
    check_refused(&f, "promises 2147483647 elements");
    f = (struct torch_file)TORCH_FILE_INIT;
    f.offset = 1;
    check_refused(&f, "[2, 3] at element 1 reaches beyond its storage, which has 6 elements");
    f = (struct torch_file)TORCH_FILE_INIT;
    f.stride[0] = 4;
    check_refused(&f, "reaches beyond its storage");
    f.stride[0] = 0x7fffffff, f.size[0] = 0x7fffffff;
    check_refused(&f, "reaches beyond its storage");
    f = (struct torch_file)TORCH_FILE_INIT;
    f.rank = 4;
    for (int i = 0; i < 4; i++)
        f.size[i] = 0x7fffffff;
    check_refused(&f, "is too large");
}

ORA_TEST(strides_that_overlap_are_refused)
{
    struct torch_file f = TORCH_FILE_INIT;
    f.stride[0] = 0;
    check_refused(&f, "strides make elements overlap");
    f.stride[0] = 1;
    check_refused(&f, "strides make elements overlap");
    f = (struct torch_file)TORCH_FILE_INIT; /* one element spread over a billion */
    f.size[0] = f.size[1] = 30000, f.stride[0] = f.stride[1] = 0;
    check_refused(&f, "strides make elements overlap");
    f.size[0] = 0xffffffff; /* -1 */
    check_refused(&f, "are not whole numbers");
}

ORA_TEST(keys_and_locations_are_words)
{
    static const char *const keys[] = {"../../etc/passwd", "a/b", "", "0.0", "0\n"};
    static const char *const locations[] = {"c/.", "", "meta", "cuda:", "cuda:x", "cuda:1234", "/dev/null"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct torch_file f = TORCH_FILE_INIT;
        f.key = keys[i];
        check_refused(&f, "key is not a short word");
    }
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        struct torch_file f = TORCH_FILE_INIT;
        f.location = locations[i];
        check_refused(&f, "its location is not 'cpu' or 'cuda:N'");
    }
    struct torch_file f = TORCH_FILE_INIT;
    f.storage_class = "QUInt8Storage";
    check_refused(&f, "class 'torch.QUInt8Storage' is not one");
    f.storage_class = "DoubleStorage";
    check_refused(&f, "has 24 ");
}

/* Opcodes in the place of one more entry of the dict: X1 key, then these. */
ORA_TEST(everything_but_tensors_is_refused_by_name)
{
    static const struct {
        const char *ops;
        size_t len;
        const char *why;
    } table[] = {
#define OPS(s) s, sizeof(s) - 1
        {OPS("cos\nsystem\nX\4\0\0\0true\x85R"), "class 'os.system' is not one that a file of tensors needs"},
        {OPS("c__builtin__\neval\n(tR"), "class '__builtin__.eval'"},
        {OPS("\x8c\x05posix\x8c\x06system\x93"), "class 'posix.system'"},
        {OPS("cnumpy.core.multiarray\n_reconstruct\n)R"), "class 'numpy.core.multiarray._reconstruct'"},
        {OPS("c\x1b[2J\nx\n"), "class '?[2J.x'"},
        {OPS("ctorch\nload\n)R"), "class 'torch.load'"},
        {OPS("ctorch\nFloatStorage\n)R"), "a call of 'torch.FloatStorage' with 0 arguments: refused"},
        {OPS("ccollections\nOrderedDict\n]\x85R"), "a call of 'collections.OrderedDict' with 1 arguments"},
        {OPS("ccollections\nOrderedDict\n)\x81"), "opcode 0x81 (NEWOBJ)"},
        {OPS("(icollections\nOrderedDict\n"), "opcode 0x69 (INST)"},
        {OPS("(ccollections\nOrderedDict\no"), "opcode 0x6f (OBJ)"},
        {OPS("\x82\1"), "opcode 0x82 (EXT1)"},
        {OPS("P1\n"), "opcode 0x50 (PERSID)"},
        {OPS("}N]b"), "state (a list) is set on a None"},
        {OPS("K\1K\2\x86}b"), "state (a dict) is set on a tuple"},
        {OPS("K\1)R"), "a call of a int with a tuple"},
        {OPS("h\x09"), "memo slot 9 was never filled"},
        {OPS("Nr\xff\xff\xff\xff"), "memo slot 4294967295, at most"},
        {OPS("Nr\xff\xff\x0f\0"), NULL},
        {OPS("X\xff\xff\xff\xff"), "ends in the middle"},
        {OPS("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "ends in the middle"},
        {OPS("\x8b\xff\xff\xff\xff"), "ends in the middle"},
        {OPS("\x95\xff\xff\xff\xff\xff\xff\xff\x7f"), "ends in the middle"},
        {OPS("X\1\0\0\0\xff"), "a string that is not UTF-8"},
        {OPS(")Q"), "a persistent id that is not"},
        {OPS("NQ"), "a persistent id that is not"},
        {OPS("ctorch._utils\n_rebuild_tensor_v2\n)R"), "is not made of a storage"},
        {OPS("ctorch._utils\n_rebuild_parameter\n)R"), "is not made of a storage"},
        {OPS("ctorch._utils\n_rebuild_parameter\n}\x85R"), "is not made of a storage"},
        {OPS("a"), "finds no value on the stack"},
        {OPS("Na"), "opcode 0x61 wants a list, finds a string"},
        {OPS("NNs"), "opcode 0x73 wants a dict, finds a string"},
        {OPS("s"), "finds no value on the stack"},
        {OPS("\x87"), "a mark inside a tuple"},
        {OPS("111"), "finds no mark on the stack"},
        {OPS("N."), "values are left on the stack"},
        {OPS("\xfe"), "opcode 0xfe (no pickle opcode)"},
        {OPS("\x80\x01"), "protocol 1, wanted 2 to 5"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ora_str extra = ORA_STR_INIT;
        ora_str_addn(&extra, "X\1\0\0\0k", 6);
        ora_str_addn(&extra, table[i].ops, table[i].len);
        struct torch_file f = TORCH_FILE_INIT;
        f.extra = extra.data, f.extra_len = extra.len;
        if (table[i].why)
            check_refused(&f, table[i].why);
        else
            check_values(&f, (float[]){1, 2, 3, 4, 5, 6}, 6);
        ora_str_release(&extra);
    }
}

ORA_TEST(a_name_stands_once)
{
    struct torch_file f = TORCH_FILE_INIT;
    struct ora_str one = ORA_STR_INIT, extra = ORA_STR_INIT;
    torch_file_pickle(&f, false, &one);
    const char *at = memmem(one.data, one.len, "X\1\0\0\0a", 6); /* the entry of "a" up to its end, "uss." */
    ora_str_addn(&extra, at, (size_t)(one.data + one.len - 4 - at));
    f.extra = extra.data, f.extra_len = extra.len;
    struct ora_str file = ORA_STR_INIT;
    struct ora_torch *t = NULL;
    struct ora_err err = {0};
    torch_file_zip(&f, &file);
    ORA_CHECK_INT(parse(file.data, file.len, &t, &err), ORA_E_FORMAT);
    ORA_CHECK_HAS(err.message, "two tensors are called 'a'");
    ora_str_release(&one), ora_str_release(&extra), ora_str_release(&file);
}

/* ---- bombs ---------------------------------------------------------------------------------------- */

static void check_bomb(const struct ora_str *pickle, int code, const char *why)
{
    struct ora_pickle *p = NULL;
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_pickle_parse(pickle->data, pickle->len, "bomb", NULL, 0, &p, NULL, &err), code);
    if (code < 0)
        ORA_CHECK_HAS(err.message, why);
    ora_pickle_free(&p);
}

ORA_TEST(depth_and_sharing_cost_no_more_than_bytes)
{
    struct ora_str deep = ORA_STR_INIT, shared = ORA_STR_INIT, many = ORA_STR_INIT;
    ora_str_add(&deep, "\x80\x02");
    for (int i = 0; i < 200000; i++)
        ora_str_addc(&deep, ']');
    for (int i = 0; i < 199999; i++)
        ora_str_addc(&deep, 'a');
    ora_str_addc(&deep, '.');
    check_bomb(&deep, 0, NULL);

    ora_str_add(&shared, "\x80\x02]q"); /* each list holds the one before it ten times: 10^200 leaves */
    ora_str_addc(&shared, 0);
    for (int i = 1; i < 200; i++) {
        ora_str_add(&shared, "](");
        for (int k = 0; k < 10; k++) {
            ora_str_addc(&shared, 'h');
            ora_str_addc(&shared, (char)(i - 1));
        }
        ora_str_add(&shared, "eq");
        ora_str_addc(&shared, (char)i);
        ora_str_add(&shared, "0");
    }
    ora_str_add(&shared, "h\xc7"
                         "0.");
    check_bomb(&shared, 0, NULL);

    ora_str_add(&many, "\x80\x02(");
    for (int i = 0; i <= ORA_PICKLE_VALUES_MAX; i++)
        ora_str_addc(&many, 'N');
    ora_str_add(&many, "t.");
    check_bomb(&many, ORA_E_LIMIT, "more than 1048576 values");
    ora_str_release(&deep), ora_str_release(&shared), ora_str_release(&many);
}

/* A list that contains itself: nothing walks into it. */
ORA_TEST(a_list_may_contain_itself)
{
    static const char extra[] = "X\1\0\0\0k]q\x05h\x05"
                                "a";
    struct torch_file f = TORCH_FILE_INIT;
    f.extra = extra, f.extra_len = sizeof extra - 1;
    check_values(&f, (float[]){1, 2, 3, 4, 5, 6}, 6);
}

/* ---- archives ------------------------------------------------------------------------------------- */

static void check_archive(const struct zip_part *parts, size_t count, const char *why)
{
    struct ora_str file = ORA_STR_INIT;
    struct ora_zip *z = NULL;
    struct ora_err err = {0};
    zip_file(parts, count, true, &file);
    int rc = ora_zip_parse(file.data, file.len, "x.zip", &z, &err);
    if (why) {
        ORA_CHECK(rc < 0);
        ORA_CHECK_HAS(err.message, why);
    } else {
        ORA_CHECK_OK(rc, err);
        ORA_CHECK_INT(ora_zip_count(z), count);
    }
    ora_zip_close(&z);
    ora_str_release(&file);
}

ORA_TEST(archives_are_stored_and_stay_in_their_folder)
{
    static const char *const escapes[] = {"../x", "a/../../x", "/etc/passwd", "a\\b",
                                          "C:x",  "..",        "a/..",        "x\n"};
    check_archive((struct zip_part[]){{"a/b", "12", 2, 0}, {"a/..c", "", 0, 0}}, 2, NULL);
    check_archive((struct zip_part[]){{"a/b", "12", 2, 8}}, 1, "entry 'a/b' is compressed (method 8)");
    check_archive((struct zip_part[]){{"a/b", "12", 2, 0}, {"a/b", "34", 2, 0}}, 2,
                  "two entries are called 'a/b'");
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        check_archive(&(struct zip_part){escapes[i], "1", 1, 0}, 1, "name is not one of a file inside");
}

ORA_TEST(archives_beyond_four_gigabytes_have_wider_records)
{
    static const struct zip_part parts[] = {{"a/b", "12", 2, 0}, {"a/c", "345", 3, 0}};
    struct ora_str file = ORA_STR_INIT;
    struct ora_zip *z = NULL;
    struct ora_err err = {0};
    zip64_file(parts, 2, &file);
    ORA_CHECK_OK(ora_zip_parse(file.data, file.len, "x.zip", &z, &err), err);
    const struct ora_zip_entry *e = z ? ora_zip_find(z, "a/c") : NULL;
    ORA_CHECK(e && e->bytes == 3 && memcmp(e->data, "345", 3) == 0 && ora_zip_check(z, e, &err) == 0);
    ora_zip_close(&z);
    for (size_t bit = 0; bit < 8 * file.len; bit++) { /* in bounds, whatever is changed */
        char *copy = ora_xmalloc(file.len);
        memcpy(copy, file.data, file.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        if (ora_zip_parse(copy, file.len, "x.zip", &z, &err) == 0)
            for (size_t i = 0; i < ora_zip_count(z); i++)
                (void)ora_zip_check(z, ora_zip_at(z, i), &err);
        ora_zip_close(&z);
        free(copy);
    }
    ora_str_release(&file);
}

/* Two entries of the directory with the same header before their data. */
ORA_TEST(entries_that_overlap_are_refused)
{
    struct ora_str file = ORA_STR_INIT;
    struct ora_zip *z = NULL;
    struct ora_err err = {0};
    zip_file(
        (struct zip_part[]){{"a", "1", 1, 0}, {"b", "PK\3\4 and so on, long enough to be a header", 43, 0}},
        2, true, &file);
    char *directory = memmem(file.data, file.len, "PK\1\2", 4);
    char *second = memmem(directory + 4, 60, "PK\1\2", 4);
    second[42] = 0; /* where b's header is: a's */
    ORA_CHECK(ora_zip_parse(file.data, file.len, "x.zip", &z, &err) < 0);
    ORA_CHECK_HAS(err.message, "differ");
    second[46] = 'a';
    ORA_CHECK(ora_zip_parse(file.data, file.len, "x.zip", &z, &err) < 0);
    ora_str_release(&file);
}

ORA_TEST(damage_is_found_by_the_checksum)
{
    struct torch_file f = TORCH_FILE_INIT;
    struct ora_str file = ORA_STR_INIT;
    struct ora_torch *t = NULL;
    struct ora_err err = {0};
    torch_file_zip(&f, &file);
    char *value = memmem(file.data, file.len, f.values, sizeof f.values);
    value[2] ^= 1;
    ORA_CHECK_OK(parse(file.data, file.len, &t, &err), err);
    ORA_CHECK_INT(ora_torch_verify(t, &err), ORA_E_FORMAT);
    ORA_CHECK_HAS(err.message, "entry 'x/data/0' is damaged: its CRC-32 is");
    ora_torch_close(&t);
    ora_str_release(&file);
}

ORA_TEST(crc32_has_its_known_values)
{
    ORA_CHECK_INT(ora_crc32(0, "123456789", 9), 0xcbf43926);
    ORA_CHECK_INT(ora_crc32(0, "", 0), 0);
    ORA_CHECK_INT(ora_crc32(ora_crc32(0, "12345", 5), "6789", 4), 0xcbf43926);
    ORA_CHECK_INT(ora_crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
}

/* ---- every cut, every bit ------------------------------------------------------------------------- */

ORA_TEST(a_file_cut_anywhere_is_refused)
{
    for (int stream = 0; stream < 2; stream++) {
        struct torch_file f = TORCH_FILE_INIT;
        struct ora_str file = ORA_STR_INIT;
        make(&f, stream, &file);
        for (size_t len = 0; len < file.len; len++) {
            char *cut = ora_xmalloc(len + !len);
            struct ora_torch *t = NULL;
            struct ora_err err = {0};
            memcpy(cut, file.data, len);
            if (parse(cut, len, &t, &err) == 0)
                ORA_FAIL("%s: %zu of %zu bytes were read as a file", stream ? "stream" : "zip", len,
                         file.len);
            else if (!err.message[0])
                ORA_FAIL("no reason");
            ora_torch_close(&t);
            free(cut);
        }
        ora_str_release(&file);
    }
}

/* Read, then: a zip either fails or is found damaged, unless the bit means nothing (a time stamp); a stream
 * has no checksum, so only its bounds are watched. */
ORA_TEST(a_file_with_any_bit_changed_stays_in_bounds)
{
    for (int stream = 0; stream < 2; stream++) {
        struct torch_file f = TORCH_FILE_INIT;
        struct ora_str file = ORA_STR_INIT;
        size_t other = 0;
        make(&f, stream, &file);
        for (size_t bit = 0; bit < 8 * file.len; bit++) {
            char *copy = ora_xmalloc(file.len);
            struct ora_torch *t = NULL;
            struct ora_err err = {0};
            memcpy(copy, file.data, file.len);
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            if (parse(copy, file.len, &t, &err) == 0 && ora_torch_verify(t, &err) == 0) {
                const struct ora_tensor *a = ora_torch_at(t, 0);
                other += !a || a->count != 6 || !a->data || memcmp(a->data, f.values, sizeof f.values) != 0;
            } else if (!err.message[0]) {
                ORA_FAIL("bit %zu: no reason", bit);
            }
            ora_torch_close(&t);
            free(copy);
        }
        if (!stream)
            ORA_CHECK_INT(other, 0);
        ora_str_release(&file);
    }
}
