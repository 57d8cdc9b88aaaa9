/* Byte-level BPE on a vocabulary of a few tokens, where every answer can be worked out by hand. The public
 * Qwen 2.5 vocabulary is tried in tests/golden/megatts3. */
#include "text/bpe.h"

#include <stdlib.h>

#include "base/test.h"
#include "text/bpe_pieces.h"

/* The 256 bytes, then `more`: ", \"ab\": 256". */
static char *vocabulary(const char *more)
{
    struct ora_str s = ORA_STR_INIT;
    ora_bpe_byte_vocabulary(&s);
    s.data[--s.len] = '\0';
    ora_str_addf(&s, "%s}", more);
    return ora_str_detach(&s);
}

static int open_small(const char *more, const char *merges, struct ora_bpe **bpe, struct ora_err *err)
{
    char *vocab = vocabulary(more);
    struct ora_bpe_files files = {"small", vocab, strlen(vocab), merges, strlen(merges)};
    int rc = ora_bpe_open(&files, bpe, err);
    free(vocab);
    return rc;
}

static const char *ids_of(const struct ora_bpe *bpe, const char *text, bool added, struct ora_str *out)
{
    struct ora_ids ids = {0};
    struct ora_err err = {0};
    int rc = added ? ora_bpe_encode_added(bpe, text, strlen(text), &ids, &err)
                   : ora_bpe_encode(bpe, text, strlen(text), &ids, &err);
    ORA_CHECK_OK(rc, err);
    ora_str_clear(out);
    for (size_t i = 0; i < ids.count; i++)
        ora_str_addf(out, "%s%d", i ? " " : "", ids.id[i]);
    ora_ids_release(&ids);
    return ora_str_c(out);
}

static const char more_tokens[] =
    ", \"ab\": 256, \"abc\": 257, \"bc\": 258, \"Ġa\": 259, \"aa\": 260, \"aaaa\": 261";
static const char some_merges[] = "#version: 0.2\na b\nb c\nab c\r\nĠ a\na a\naa aa\n";

ORA_TEST(merges_the_first_learnt_first)
{
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    struct ora_str out = ORA_STR_INIT;
    ORA_CHECK_OK(open_small(more_tokens, some_merges, &bpe, &err), err);
    ORA_REQUIRE(bpe);
    ORA_CHECK_INT(ora_bpe_tokens(bpe), 262);
    ORA_CHECK_INT(ora_bpe_pairs(bpe), 6);
    ORA_CHECK_STR(ids_of(bpe, "abc", false, &out), "257");
    ORA_CHECK_STR(ids_of(bpe, "bc", false, &out), "258");
    ORA_CHECK_STR(ids_of(bpe, "abbc", false, &out), "256 258");
    ORA_CHECK_STR(ids_of(bpe, " abc", false, &out), "32 257"); /* "a b" was learnt before " a" */
    ORA_CHECK_STR(ids_of(bpe, " aa", false, &out), "259 97");
    ORA_CHECK_STR(ids_of(bpe, "aaaaaaa", false, &out), "261 260 97");
    ORA_CHECK_STR(ids_of(bpe, "", false, &out), "");
    ORA_CHECK_STR(ids_of(bpe, "\xC3\xA9", false, &out), "195 169");
    ORA_CHECK_STR(ids_of(bpe, "e\xCC\x81", false, &out), "195 169"); /* NFC */
    ora_str_clear(&out);
    ORA_CHECK(ora_bpe_token(bpe, 259, &out));
    ORA_CHECK_STR(ora_str_c(&out), " a");
    ORA_CHECK(!ora_bpe_token(bpe, 262, &out) && !ora_bpe_token(bpe, -1, &out));
    ora_str_release(&out);
    ora_bpe_close(&bpe);
}

ORA_TEST(added_tokens_only_where_asked_for)
{
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    struct ora_str out = ORA_STR_INIT;
    ORA_CHECK_OK(open_small(more_tokens, some_merges, &bpe, &err), err);
    ORA_REQUIRE(bpe);
    ORA_CHECK_OK(ora_bpe_add(bpe, "<a", 1000, &err), err);
    ORA_CHECK_OK(ora_bpe_add(bpe, "<ab>", 1001, &err), err);
    for (int i = 0; i < 100; i++) {
        char literal[16];
        snprintf(literal, sizeof literal, "<R_%d>", i);
        ORA_CHECK_OK(ora_bpe_add(bpe, literal, 2000 + i, &err), err);
    }
    ORA_CHECK_STR(ids_of(bpe, "<ab>", false, &out), "60 256 62");
    ORA_CHECK_STR(ids_of(bpe, "<ab>", true, &out), "1001");
    ORA_CHECK_STR(ids_of(bpe, "x<abb<R_7><R_70>", true, &out), "120 1000 98 98 2007 2070");
    ORA_CHECK_INT(ora_bpe_add(bpe, "<ab>", 5, &err), ORA_E_BAD_INPUT);
    ORA_CHECK_INT(ora_bpe_add(bpe, "", 5, &err), ORA_E_BAD_INPUT);
    ora_str_release(&out);
    ora_bpe_close(&bpe);
}

/* A row of one letter is one piece: what is quadratic would need minutes here. */
ORA_TEST(long_pieces)
{
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    struct ora_ids ids = {0};
    size_t n = 1 << 20;
    char *text = malloc(n);
    ORA_CHECK_OK(open_small(more_tokens, some_merges, &bpe, &err), err);
    ORA_REQUIRE(bpe && text);
    memset(text, 'a', n);
    ORA_CHECK_OK(ora_bpe_encode(bpe, text, n, &ids, &err), err);
    ORA_CHECK_INT(ids.count, n / 4);
    ora_ids_release(&ids);
    free(text);
    ora_bpe_close(&bpe);
}

ORA_TEST(pieces)
{
    static const char *const cases[] = {
        "It's 3 o'clock",
        "It|'s| |3| o|'clock",
        "I'LL we'Ve",
        "I|'LL| we|'Ve",
        "  two  spaces",
        " | two| | spaces",
        "a\r\n\r\n b\t\tc \n",
        "a|\r\n\r\n| b|\t|\tc| \n",
        "Maya在2024年",
        "Maya在|2|0|2|4|年",
        "你好，世界。",
        "你好|，世界|。",
        "end.\n\nNext",
        "end|.\n\n|Next",
        " ...x",
        " ...|x",
        "\xC2\xA0nbsp",
        "\xC2\xA0nbsp",
        "½Ⅳ",
        "½|Ⅳ",
        "'",
        "'",
        "'\xC5\xBFx",
        "'\xC5\xBF|x",
        "   ",
        "   ",
        "e\xCC\x81",
        "e|\xCC\x81",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i += 2) {
        struct ora_str got = ORA_STR_INIT;
        size_t len = strlen(cases[i]);
        for (size_t at = 0, n; at < len; at += n) {
            n = ora_bpe_piece(cases[i] + at, len - at);
            ORA_REQUIRE(n > 0);
            ora_str_addf(&got, "%s%.*s", at ? "|" : "", (int)n, cases[i] + at);
        }
        ORA_CHECK_STR(ora_str_c(&got), cases[i + 1]);
        ora_str_release(&got);
    }
}

static void check_refused(const char *more, const char *merges, const char *why)
{
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    ORA_CHECK_INT(open_small(more, merges, &bpe, &err), ORA_E_FORMAT);
    ORA_CHECK(!bpe);
    if (!strstr(err.message, why))
        ORA_FAIL("\"%s\" does not say \"%s\"", err.message, why);
    ora_bpe_close(&bpe);
}

ORA_TEST(bad_vocabularies_are_refused_by_name)
{
    check_refused(", \"ab\": 255", "", "255 stands twice");
    check_refused(", \"ab\": -1", "", "the id of \"ab\"");
    check_refused(", \"ab\": 9999999", "", "the id of \"ab\"");
    check_refused(", \"ab\": \"x\"", "", "the id of \"ab\"");
    check_refused(", \"ab\": 256, \"ab\": 257", "", "vocab.json");
    check_refused(", \"a b\": 256", "", "byte alphabet");
    check_refused(", \"\": 256", "", "byte alphabet");
    check_refused(", \"ab\": 256 ]", "", "vocab.json");
    check_refused(", \"ab\": 256", "#version\na b c\n", "merges.txt:2");
    check_refused(", \"ab\": 256", "a b\nb a\n", "merges.txt:2: the merged token");
    check_refused(", \"ab\": 256", "ba b\n", "merges.txt:1: the left token");
    check_refused(", \"ab\": 256", "a b\na b\n", "stands above");
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    struct ora_bpe_files files = {"tiny", "{\"a\": 0}", 8, "", 0};
    ORA_CHECK_INT(ora_bpe_open(&files, &bpe, &err), ORA_E_FORMAT);
    ORA_CHECK(strstr(err.message, "no token for the byte 0x00") != NULL);
}

ORA_TEST(ranks)
{
    struct ora_str s = ORA_STR_INIT, out = ORA_STR_INIT;
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int b = 0; b < 256; b++)
        ora_str_addf(&s, "%c%c== %d\n", digits[b >> 2], digits[(b & 3) << 4], b);
    ora_str_add(&s, "YWI= 256\nYWJj 257\nYmM= 258"); /* ab, abc, bc */
    ORA_CHECK_OK(ora_bpe_open_ranks("ranks", s.data, s.len, &bpe, &err), err);
    ORA_REQUIRE(bpe);
    ORA_CHECK_STR(ids_of(bpe, "abcbc", false, &out), "257 258");
    ora_bpe_close(&bpe);
    ora_str_add(&s, "\nYm! 259\n");
    ORA_CHECK_INT(ora_bpe_open_ranks("ranks", s.data, s.len, &bpe, &err), ORA_E_FORMAT);
    ORA_CHECK(strstr(err.message, "ranks:260") != NULL);
    ora_str_release(&s);
    ora_str_release(&out);
}

ORA_TEST(bad_text_is_an_error)
{
    struct ora_bpe *bpe;
    struct ora_err err = {0};
    struct ora_ids ids = {0};
    ORA_CHECK_OK(open_small("", "", &bpe, &err), err);
    ORA_REQUIRE(bpe);
    ORA_CHECK_INT(ora_bpe_encode(bpe, "a\xFF", 2, &ids, &err), ORA_E_BAD_INPUT);
    ORA_CHECK_INT(ora_bpe_encode(bpe, "\0", 1, &ids, &err), 0);
    ORA_CHECK_INT(ids.count, 1);
    ora_ids_release(&ids);
    ora_bpe_close(&bpe);
}
