/* Texts of MegaTTS 3: languages, chunks and their spans, phones in texts, splitting, words. The vocabulary is
 * the 256 bytes, so that ids are bytes. */
#include "models/megatts3/text.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "base/utf8.h"
#include "models/megatts3/symbols.h"
#include "text/bpe.h"
#include "text/growth.h"
#include "text/rules.h"

static struct mega_text *bytes_text(void)
{
    struct ora_err err = {0};
    struct mega_text *text;
    ORA_CHECK_OK(mega_text_open_bytes(&text, &err), err);
    return text;
}

/* A part as text: its phones in < >, or the bytes of its ids; * when the prompt round them is not right. */
static void show_part(const struct mega_chunk_part *p, struct ora_str *s)
{
    const struct mega_g2p_dims *d = &mega_dims_official.g2p;
    if (p->phones) {
        ora_str_add(s, "<");
        mega_symbols_print(p->phones, (size_t)p->count, s);
        ora_str_add(s, ">");
        return;
    }
    bool right = p->count > 3 && p->ids[0] == d->bot && p->ids[p->count - 2] == d->bos &&
                 p->ids[p->count - 1] == d->speech_start + 145;
    for (int k = 1; k < p->count - 2; k++)
        ora_str_addc(s, (char)p->ids[k]);
    if (!right)
        ora_str_add(s, "*");
}

/* Chunks with "|" between them, parts with "+", what normalized says where it differs from the parts' text.
 */
static char *shown(const struct mega_script *script)
{
    struct ora_str s = ORA_STR_INIT;
    for (size_t i = 0; i < script->chunks; i++) {
        const struct mega_chunk *c = &script->chunk[i];
        ora_str_add(&s, i ? " | " : "");
        for (size_t k = 0; k < c->parts; k++) {
            const struct mega_chunk_part *p = &c->part[k];
            ora_str_add(&s, k ? "+" : "");
            size_t before = s.len;
            show_part(p, &s);
            if (p->start < c->start || p->start + p->len > c->start + c->len)
                ora_str_add(&s, " (outside)");
            if (p->ids && (s.len - before != p->len ||
                           memcmp(s.data + before, script->normalized.data + p->start, p->len) != 0))
                ora_str_add(&s, " (span)");
        }
    }
    return ora_str_detach(&s);
}

static char *made(const struct mega_text *text, struct mega_text_request r)
{
    struct mega_script script;
    struct ora_err err = {0};
    if (mega_script_make(text, &r, &script, &err) < 0)
        return ora_fmt("error: %s", err.message);
    char *s = shown(&script);
    mega_script_release(&script);
    return s;
}

ORA_TEST(what_is_spoken)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"Hello world.", "Hello world."},
        {"你好，世界。", "你好，世界。"},
        {"I have 25 cats", "I have twenty five cats"},
        {"我有25只猫", "我有二十五只猫"},
        {"用 iPhone 15 打电话", "用 iPhone 十五打电话"},
        {"first line\nsecond line", "first line. second line"},
        {"first line,\n\n second line\n", "first line, second line"},
        {"第一行\n第二行\n", "第一行。第二行"},
        {"第一行！\r\n第二行", "第一行！第二行"},
        {"《红楼梦》和【注】", "红楼梦和(注)"},
        {"「好」", "\"好\""},
        {"say <Reserved_TTS_5> now", "say now"},
        {"说<|endoftext|>吧<BOT>", "说吧"},
        {"a <b>c</b> d", "a c d"},
        {"Good 🙂 day", "Good day"},
        {"I love 🍕 and 🍣!", "I love and!"},
        {"好👍🏽的", "好的"},
        {"Mrs. Smith", "Misses Smith"},
        {"say [[hh ax l ow]] to 5", "say+<hh ax l ow>+to five"},
        {"我说[[ni3 hao3]]。", "我说+<n3 i3 h3 ao3>+<。>"},
        {"[[n i3 h ao3]]", "<n3 i3 h3 ao3>"},
        {"[[n i3]], he said.", "<n3 i3>+, he said."},
        {"a [[ b", "error: \"[[\" is not closed: expected \"]]\""},
        {"a [[ ]] b", "error: nothing stands in \"[[ ]]\""},
        {"a [[hh [[ax]] b", "error: \"[[\" is not closed"},
        {"a \\[[ b", "a [ b"},
        {"a \\[[5 q]] b", "a [five q]] b"},
        {"说 \\[[好]]", "说 (好))"},
        {"\\[[好]]", "(好))"},
        {"a[b[c]] d", "a[b[c]] d"},
        {"[[sil]]", "error: \"[[sil]]\" has nothing but silence"},
        {"[[sil:500]]… [[。 sil]]!", "error: \"[[sil:500]]"},
        {"[[sil]] a", "<sil>+a"},
        {"[[sil n]]", "<sil n>"},
        {"a &#91;&#91;zz&#93;&#93; &lbrack;&lbrack;n i3]] d", "a [ [zz]] [ [n i three]] d"},
        {"［［zz］］ [<b>[zz]]</b> [\xE2\x80\x8B[zz]]", "[ [zz]] [ [zz]] [ [zz]]"},
        {"[《[x》]] 好 [🍕[x]]", "( (x))好 ((x))"},
        {"a &#91;[[n i3]] d", "a [+<n3 i3>+d"},
        {"[[hh:9 ax]]", "error: \"hh:9\": a duration is 10 to 10000 milliseconds, a whole number"},
        {"[[n:-60]]", "error: \"n:-60\": a duration is 10 to 10000 milliseconds, a whole number"},
        {"[[hh:10001 ax]]", "error: \"hh:10001\": a duration is 10 to 10000 milliseconds"},
        {"[[5 q]]", "error: \"5\" is no phone"},
        {"", "error: nothing is left to speak of \"\""},
        {" \n ", "error: nothing is left"},
        {"🙂🙂", "error: nothing is left"},
        {"……", "error: nothing is left"},
        {"<Reserved_TTS_5>", "error: nothing is left"},
        {"\xFF", "error: text is not UTF-8 at byte 0"},
        {"A", "A"},
        {"好", "好"},
        {"日本語の漢字", "日本语の汉字"},
        {"日本語とカタカナ",
         "error: foreign-script: 5 of 8 letters are neither Latin nor Chinese; most of them are Kat"},
        {"Привет, мир 2024!",
         "error: foreign-script: 9 of 9 letters are neither Latin nor Chinese; most of them are Cyr"},
        {"مرحبا", "error: foreign-script: 5 of 5 letters"},
        {"こんにちは", "error: foreign-script: 5 of 5 letters"},
        {"안녕하세요", "error: foreign-script: 5 of 5 letters"},
        {"[[ni3 hao3]] привет", "error: foreign-script: 6 of 6 letters"},
        {"Привет, my friend", "Привет, my friend"},
        {"他说привет就走了", "error: foreign-script: 6 of 11 letters"},
        {"他说привет然后就走了", "他说привет然后就走了"},
        {"The π of Ω", "The π of Ω"},
        {"Ærøskøbing", "Ærøskøbing"},
        {"One. Two", "One. Two"},
    };
    struct mega_text *text = bytes_text();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = made(text, (struct mega_text_request){.text = cases[i].text});
        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0 ||
            (strncmp(got, "error", 5) != 0 && strcmp(got, cases[i].want) != 0))
            ORA_FAIL("\"%s\"\n  gave   \"%s\"\n  wanted \"%s\"", cases[i].text, got, cases[i].want);
        free(got);
    }
    mega_text_close(&text);
}

ORA_TEST(every_english_pair)
{
    static const struct {
        const char *text, *want;
    } pairs[] = {
#define PAIR(text_, spoken_) {text_, spoken_},
#include "models/megatts3/text_pairs.def"
#undef PAIR
    };
    struct mega_text *text = bytes_text();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *got = made(text, (struct mega_text_request){.text = pairs[i].text});
        if (strcmp(got, pairs[i].want) != 0)
            ORA_FAIL("\"%s\"\n  gave   \"%s\"\n  wanted \"%s\"", pairs[i].text, got, pairs[i].want);
        free(got);
    }
    mega_text_close(&text);
}

ORA_TEST(language_by_characters_then_by_lang)
{
    struct mega_text *text = bytes_text();
    char *a = made(text, (struct mega_text_request){.text = "123", .lang = "zh-CN"});
    char *b = made(text, (struct mega_text_request){.text = "123", .lang = "en"});
    char *c = made(text, (struct mega_text_request){.text = "123 ok", .lang = "zh"});
    ORA_CHECK_STR(a, "一百二十三");
    ORA_CHECK_STR(b, "one hundred twenty three");
    ORA_CHECK_STR(c, "one hundred twenty three ok");
    free(a);
    free(b);
    free(c);
    mega_text_close(&text);
}

ORA_TEST(phones_alone_tell_their_language)
{
    static const struct {
        const char *text;
        bool is_phonemes;
        const char *lang, *want;
    } cases[] = {
        {"[[ni3 hao3]]", false, NULL, "zh"},
        {"[[ni3 hao3]]", false, "en-GB", "zh"},
        {"[[ni3 hao3]], [[b:50 a4:90]]!", false, "zh-TW", "zh-TW"},
        {"[[n0 i0]]", false, NULL, "zh"},
        {"[[hh ax l ow]]", false, "zh", "en"},
        {"[[ni3 hh ax]]", false, NULL, "en"},
        {"so [[ni3 hao3]]", false, NULL, "en"},
        {"好 [[hh ax]]", false, NULL, "zh"},
        {"n i3\nh ao3 。", true, NULL, "zh"},
        {"hh ax l ow", true, "en-GB", "en-GB"},
        {"n i3\nhh ax", true, "en", ""},
    };
    struct mega_text *text = bytes_text();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_script script;
        struct ora_err err = {0};
        struct mega_text_request r = {
            .text = cases[i].text, .text_is_phonemes = cases[i].is_phonemes, .lang = cases[i].lang};
        ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
        if (strcmp(script.lang, cases[i].want) != 0)
            ORA_FAIL("\"%s\" is \"%s\", not \"%s\"", cases[i].text, script.lang, cases[i].want);
        mega_script_release(&script);
    }
    mega_text_close(&text);
}

ORA_TEST(particles_and_title_marks)
{
    struct mega_text *text = bytes_text();
    char *a = made(text, (struct mega_text_request){.text = "啊，那儿的《花儿》呃很好看"});
    char *b = made(text, (struct mega_text_request){.text = "啊，那儿的《花儿》呃很好看", .reference = true});
    ORA_CHECK_STR(a, "啊，那儿的花儿呃很好看");
    ORA_CHECK_STR(b, "，那的《花》很好看");
    free(a);
    free(b);
    mega_text_close(&text);
}

ORA_TEST(a_lexicon_may_give_words_and_phones)
{
    char *path = ora_path_join(ora_test_tmpdir(), "lexicon.tsv");
    static const char rows[] = "Nguyen\tWin\ngif\t[[jh ih f]]\n行长\t[[hang2 zhang3]]\n";
    struct ora_text_rules *rules = NULL;
    struct ora_err err = {0};
    struct mega_text *text = bytes_text();
    ORA_CHECK_OK(ora_file_write_atomic(path, rows, sizeof rows - 1, 0600, &err), err);
    ORA_CHECK_OK(ora_text_rules_open(path, "en", &rules, &err), err);
    char *a = made(text, (struct mega_text_request){.text = "Nguyen has 2 gif", .rules = rules});
    ORA_CHECK_STR(a, "Win has two+<jh ih f>");
    free(a);
    a = made(text, (struct mega_text_request){.text = "a [gif]", .rules = rules});
    ORA_CHECK_STR(a, "a [+<jh ih f>");
    free(a);
    a = made(text, (struct mega_text_request){.text = "他是行长吗？", .rules = rules});
    ORA_CHECK_STR(a, "他是+<h2 ang2 zh3 ang3>+吗？");
    free(a);
    ora_text_rules_close(&rules);
    mega_text_close(&text);
    free(path);
}

ORA_TEST(phones_instead_of_a_text)
{
    struct mega_text *text = bytes_text();
    char *a = made(
        text, (struct mega_text_request){.text = "n i3 h ao3 。\n\nhh ax l ow", .text_is_phonemes = true});
    ORA_CHECK_STR(a, "<n3 i3 h3 ao3 。> | <hh ax l ow>");
    free(a);
    a = made(text, (struct mega_text_request){.text = "n i3 xx", .text_is_phonemes = true});
    ORA_CHECK(strstr(a, "\"xx\" is no phone") != NULL);
    free(a);
    /* a long line is cut, never between a bare initial and its final */
    struct ora_str line = ORA_STR_INIT;
    for (int i = 0; i < 300; i++)
        ora_str_add(&line, "n i3 ");
    struct mega_script script;
    struct ora_err err = {0};
    struct mega_text_request r = {.text = line.data, .text_is_phonemes = true};
    ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
    ORA_CHECK(script.chunks >= 3);
    int total = 0;
    for (size_t i = 0; i < script.chunks; i++) {
        const struct mega_chunk_part *p = script.chunk[i].part;
        ORA_CHECK(p->count <= 240);
        for (int k = 0; k < p->count; k++)
            ORA_CHECK_INT(p->phones[k], (total + k) % 2 ? 201 + 6 * 25 + 2 : 201 + 6 * 54 + 2);
        total += p->count;
    }
    ORA_CHECK_INT(total, 600);
    mega_script_release(&script);
    ora_str_release(&line);
    mega_text_close(&text);
}

ORA_TEST(phones_of_a_chunk)
{
    struct mega_text *text = bytes_text();
    struct mega_script script;
    struct ora_err err = {0};
    struct mega_text_request r = {.text = "say [[hh:50 ax]] now"};
    ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
    ORA_REQUIRE(script.chunks == 1 && script.chunk[0].parts == 3);
    int32_t first[] = {133, 115, 801}, last[] = {126, 105, 801}, out[16], frames[16];
    const int32_t *generated[] = {first, NULL, last};
    int written[] = {3, 0, 3};
    size_t n = mega_chunk_phones(&script.chunk[0], generated, written, out, frames);
    struct ora_str s = ORA_STR_INIT;
    mega_symbols_print(out, n, &s);
    ORA_CHECK_STR(ora_str_c(&s), "sil s ey hh ax n aw");
    for (size_t i = 0; i < n; i++)
        ORA_CHECK_INT(frames[i], i == 3 ? 5 : 0);
    ora_str_release(&s);
    mega_script_release(&script);
    mega_text_close(&text);
}

static void check_split(const char *phrase, const char *want)
{
    struct mega_text *text = bytes_text();
    struct mega_script script;
    struct mega_chunk halves[2];
    struct ora_err err = {0};
    struct mega_text_request r = {.text = phrase};
    ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
    ORA_REQUIRE(script.chunks == 1);
    int rc = mega_chunk_split(text, &script, &script.chunk[0], halves, &err);
    if (rc < 0) {
        ORA_CHECK_INT(rc, ORA_E_LIMIT);
        ORA_CHECK_STR("cannot", want);
    } else {
        struct mega_script both = {.normalized = script.normalized, .chunk = halves, .chunks = 2};
        char *got = shown(&both);
        ORA_CHECK_STR(got, want);
        free(got);
        mega_chunk_release(&halves[0]);
        mega_chunk_release(&halves[1]);
    }
    mega_script_release(&script);
    mega_text_close(&text);
}

ORA_TEST(splitting_at_the_best_place)
{
    check_split("one two. three four", "one two. | three four");
    check_split("one two, three four five six", "one two, | three four five six");
    check_split("one two three four", "one two | three four");
    check_split("a, one two three four five six", "a, one two three | four five six");
    check_split("他来了。我走了", "他来了。 | 我走了");
    check_split("春夏秋冬", "春夏 | 秋冬");
    check_split("xxxxxxxx", "xxxx | xxxx");
    check_split("say [[hh ax l ow hh ax l ow]]", "say | <hh ax l ow hh ax l ow>");
    check_split("\"one two.\" three four five", "\"one two.\" | three four five");
    check_split("x", "cannot");
    check_split("x!!!", "cannot");
    check_split("[[hh ax]]", "<hh> | <ax>");
    check_split("[[hh]]", "cannot");
    check_split("[[n i3 h ao3]]!", "<n3 i3> | <h3 ao3>");
}

/* What the reference would leave too long is cut before it is tried. */
ORA_TEST(long_texts_are_cut_and_nothing_is_lost)
{
    static const char *const units[] = {"word ", "x", "字", "ab，", "字a", "Ω ", "[[hh ax]] ", "a ]] ", "3 "};
    struct mega_text *text = bytes_text();
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        struct ora_str s = ORA_STR_INIT;
        while (s.len < 6000)
            ora_str_add(&s, units[u]);
        struct mega_script script;
        struct ora_err err = {0};
        struct mega_text_request r = {.text = s.data};
        ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
        size_t end = 0;
        for (size_t i = 0; i < script.chunks; i++) {
            const struct mega_chunk *c = &script.chunk[i];
            ORA_CHECK(c->start >= end && c->start - end <= 1 && c->len > 0);
            ORA_CHECK_INT(ora_utf8_valid_prefix(script.normalized.data + c->start, c->len), c->len);
            end = c->start + c->len;
            for (size_t k = 0; k < c->parts; k++)
                ORA_CHECK(c->part[k].count < 900);
        }
        ORA_CHECK(script.normalized.len - end <= 1);
        mega_script_release(&script);
        ora_str_release(&s);
    }
    mega_text_close(&text);
}

static void make_script(void *ctx, const char *s, size_t len)
{
    struct mega_script script;
    struct mega_text_request r = {.text = s, .lang = "zh"};
    (void)len;
    if (mega_script_make(ctx, &r, &script, NULL) < 0)
        return;
    for (size_t i = 0; i < script.chunks; i++) {
        struct mega_chunk halves[2];
        struct mega_word *word;
        mega_chunk_words(&script, &script.chunk[i], &word);
        free(word);
        if (mega_chunk_split(ctx, &script, &script.chunk[i], halves, NULL) == 0) {
            mega_chunk_release(&halves[0]);
            mega_chunk_release(&halves[1]);
        }
    }
    mega_script_release(&script);
}

ORA_TEST(no_text_is_slow)
{
    static const struct ora_growth_text more[] = {
        {"", "中a", ""}, {"", "[<b>[", ""}, {"", "[[a]]я", ""},
        {"中", "a", ""}, {"中", "—", "中"}, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "—", ""},
    };
    struct mega_text *text = bytes_text();
    for (size_t i = 0; i < ora_growth_text_count + sizeof more / sizeof *more; i++) {
        const struct ora_growth_text *t =
            i < ora_growth_text_count ? &ora_growth_texts[i] : &more[i - ora_growth_text_count];
        double growth = ora_growth_of(make_script, text, t, 500);
        if (growth > ORA_GROWTH_LINEAR)
            ORA_FAIL("\"%s\", \"%s\" …, \"%s\": eight times the text takes %.0f times as long", t->head,
                     t->unit, t->tail, growth);
    }
    mega_text_close(&text);
}

/* Marks without words do not draw the cut to the edge: each half has half of the letters. */
ORA_TEST(a_row_of_marks_does_not_hold_up_the_cut)
{
    struct mega_text *text = bytes_text();
    struct ora_str s = ORA_STR_INIT;
    struct mega_script script;
    struct ora_err err = {0};
    for (int i = 0; i < 600; i++)
        ora_str_addc(&s, 'a');
    for (int i = 0; i < 18000; i++)
        ora_str_add(&s, "—");
    ORA_CHECK_OK(mega_script_make(text, &(struct mega_text_request){.text = s.data}, &script, &err), err);
    ORA_CHECK_INT(script.chunks, 4);
    for (size_t i = 0; i + 1 < script.chunks; i++)
        ORA_CHECK_INT(script.chunk[i].len, 150);
    mega_script_release(&script);
    ora_str_release(&s);
    mega_text_close(&text);
}

ORA_TEST(words)
{
    struct mega_text *text = bytes_text();
    struct mega_script script;
    struct ora_err err = {0};
    struct mega_text_request r = {.text = "It's 你好, MP3 [[hh ax]] naïve-ish!"};
    ORA_CHECK_OK(mega_script_make(text, &r, &script, &err), err);
    struct ora_str s = ORA_STR_INIT;
    for (size_t i = 0; i < script.chunks; i++) {
        struct mega_word *word;
        size_t n = mega_chunk_words(&script, &script.chunk[i], &word);
        for (size_t k = 0; k < n; k++)
            ora_str_addf(&s, "%.*s%s ", (int)word[k].len, script.normalized.data + word[k].start,
                         word[k].is_han ? "_" : "");
        free(word);
    }
    ORA_CHECK_STR(ora_str_c(&s), "It's 你_ 好_ MP 三_ naïve ish ");
    ora_str_release(&s);
    mega_script_release(&script);
    mega_text_close(&text);
}

ORA_TEST(a_vocabulary_that_reaches_into_speech_is_refused)
{
    struct mega_g2p_dims dims = mega_dims_official.g2p;
    struct mega_text *text = bytes_text();
    struct ora_err err = {0};
    mega_text_close(&text);
    struct ora_str vocab = ORA_STR_INIT;
    ora_bpe_byte_vocabulary(&vocab);
    dims.bot = 255;
    struct mega_text_files files = {
        .name = "bytes", .vocab = vocab.data, .vocab_bytes = vocab.len, .merges = "", .dims = &dims};
    ORA_CHECK_INT(mega_text_open(&files, &text, &err), ORA_E_FORMAT);
    ORA_CHECK(strstr(err.message, "<BOT> (255)") != NULL);
    ora_str_release(&vocab);
}
