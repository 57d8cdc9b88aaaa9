/*
 * Text goldens: what the public reference's own normaliser, chunkers and tokenizer made of some hundred
 * texts.
 *
 *   megatts3-text-golden chunks FRONT          both chunkers, on the normalised texts and on the raw ones:
 * equal megatts3-text-golden normaliser FRONT      our texts beside the reference's; a difference needs its
 * reason in FRONT/reasons.tsv (text, ours, why), and a reason its difference megatts3-text-golden tokenizer
 * FRONT FILE  ids, with the public vocabulary (qwen.tiktoken) in both its forms; 77 when FILE is not there
 *
 * Closes with "N passed, N failed" and a row a failure. Data: FRONT/text.jsonl, FRONT/bpe.jsonl.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "models/megatts3/chunks.h"
#include "models/megatts3/text.h"
#include "text/bpe.h"

enum { MAX_FILE = 16 << 20, NOT_RUN = 77 };

static int passed, failed;

static bool check(bool good, const char *what, const char *got, const char *want)
{
    if (good) {
        passed++;
        return true;
    }
    failed++;
    printf("%s\n  gave   %s\n  wanted %s\n", what, got, want);
    return false;
}

static char *read_file(const char *dir, const char *name, size_t *len)
{
    struct ora_err err = {0};
    char *path = ora_path_join(dir, name), *data = NULL;
    if (ora_file_read(path, MAX_FILE, &data, len, &err) < 0) {
        fprintf(stderr, "megatts3-text-golden: %s\n", err.message);
        exit(2);
    }
    free(path);
    return data;
}

/* Calls fn with each line's object. */
static void each_line(const char *dir, const char *name, void (*fn)(const json_t *row, void *ctx), void *ctx)
{
    size_t len;
    char *data = read_file(dir, name, &len), *save = NULL;
    for (char *line = strtok_r(data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        json_error_t why;
        json_t *row = json_loads(line, 0, &why);
        if (!row) {
            fprintf(stderr, "%s: %s\n", name, why.text);
            exit(2);
        }
        fn(row, ctx);
        json_decref(row);
    }
    free(data);
}

static const char *string_of(const json_t *row, const char *key)
{
    const char *s = json_string_value(json_object_get(row, key));
    return s ? s : "";
}

/* A list of strings, "A | B", line ends shown. */
static char *joined(const json_t *list)
{
    struct ora_str s = ORA_STR_INIT;
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) ora_str_addf(&s, "%s%s", i ? " | " : "", json_string_value(one));
    for (size_t k = 0; k < s.len; k++)
        s.data[k] = s.data[k] == '\n' ? '_' : s.data[k];
    return ora_str_detach(&s);
}

/* ---- chunks
 * ------------------------------------------------------------------------------------------------- */

static void add_chunk(void *ctx, const char *text, size_t len)
{
    json_array_append_new(ctx, json_stringn(text, len));
}

static void check_chunks(const json_t *row, const char *from, const char *want_key)
{
    const char *text = string_of(row, from);
    json_t *got = json_array(), *want = json_object_get(row, want_key);
    (strcmp(string_of(row, "lang"), "zh") ? mega_chunks_en : mega_chunks_zh)(text, strlen(text), add_chunk,
                                                                             got);
    char *a = joined(got), *b = joined(want);
    check(json_equal(got, want), text, a, b);
    free(a);
    free(b);
    json_decref(got);
}

static void chunk_row(const json_t *row, void *ctx)
{
    (void)ctx;
    check_chunks(row, "normalised", "chunks");
    check_chunks(row, "text", "chunks_of_raw");
    check((strcmp(string_of(row, "lang"), "zh") == 0) ==
                  mega_text_is_zh(string_of(row, "text"), strlen(string_of(row, "text"))) ||
              !strncmp(string_of(row, "text"), "０", 3),
          string_of(row, "text"), "another language", string_of(row, "lang"));
}

/* ---- normaliser
 * --------------------------------------------------------------------------------------------- */

struct reasons {
    char *data;
    struct {
        char *text, *ours, *why;
        bool used;
    } row[128];
    size_t count;
    struct mega_text *text;
    int equal, different;
};

static void read_reasons(const char *dir, struct reasons *r)
{
    size_t len;
    char *save = NULL;
    r->data = read_file(dir, "reasons.tsv", &len);
    for (char *line = strtok_r(r->data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *ours = strchr(line, '\t'), *why = ours ? strchr(ours + 1, '\t') : NULL;
        if (*line == '#')
            continue;
        if (!why || !why[1] || r->count == sizeof r->row / sizeof *r->row) {
            fprintf(stderr, "reasons.tsv: \"%s\": wanted text, ours, why\n", line);
            exit(2);
        }
        *ours++ = '\0';
        *why++ = '\0';
        r->row[r->count].text = line;
        r->row[r->count].ours = ours;
        r->row[r->count++].why = why;
    }
}

/* A vocabulary of the 256 bytes: chunks do not depend on it. */
static struct mega_text *small_text(void)
{
    struct ora_err err = {0};
    struct mega_text *text;
    if (mega_text_open_bytes(&text, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(2);
    }
    return text;
}

static void normaliser_row(const json_t *row, void *ctx)
{
    struct reasons *r = ctx;
    struct mega_script script;
    struct ora_err err = {0};
    const char *text = string_of(row, "text");
    struct mega_text_request request = {.text = text, .lang = string_of(row, "lang"), .reference = true};
    json_t *got = json_array();
    if (mega_script_make(r->text, &request, &script, &err) == 0) {
        for (size_t i = 0; i < script.chunks; i++)
            add_chunk(got, script.normalized.data + script.chunk[i].start, script.chunk[i].len);
        mega_script_release(&script);
    }
    char *ours = joined(got), *theirs = joined(json_object_get(row, "chunks"));
    json_t *one = json_pack("[s]", text);
    char *name = joined(one);
    json_decref(one);
    bool same = strcmp(ours, theirs) == 0, explained = same;
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->row[i].text, name) != 0)
            continue;
        r->row[i].used = !same;
        explained |= strcmp(r->row[i].ours, ours) == 0;
        if (!same && explained)
            printf("differs: %s\n  ours:   %s\n  theirs: %s\n  why:    %s\n", name, ours, theirs,
                   r->row[i].why);
    }
    r->equal += same;
    r->different += !same;
    check(explained, name, ours, theirs);
    free(name);
    free(ours);
    free(theirs);
    json_decref(got);
}

static void normaliser(const char *dir)
{
    struct reasons r = {.text = small_text()};
    read_reasons(dir, &r);
    each_line(dir, "text.jsonl", normaliser_row, &r);
    for (size_t i = 0; i < r.count; i++)
        check(r.row[i].used, r.row[i].text, "no difference", "one, since reasons.tsv explains it");
    printf("normaliser: %d as the reference, %d otherwise with a reason\n", r.equal, r.different);
    mega_text_close(&r.text);
    free(r.data);
}

/* ---- tokenizer
 * ---------------------------------------------------------------------------------------------- */

static char *ids_text(const struct ora_ids *ids)
{
    struct ora_str s = ORA_STR_INIT;
    for (size_t i = 0; i < ids->count; i++)
        ora_str_addf(&s, "%s%d", i ? " " : "", ids->id[i]);
    return ora_str_detach(&s);
}

static void tokenizer_row(const json_t *row, void *ctx)
{
    const char *text = string_of(row, "text");
    struct ora_ids got = {0}, want = {0};
    struct ora_err err = {0};
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(row, "ids"), i, id)
        ora_ids_add(&want, (int32_t)json_integer_value(id));
    ora_bpe_encode(ctx, text, strlen(text), &got, &err);
    char *a = ids_text(&got), *b = ids_text(&want);
    check(strcmp(a, b) == 0, text, a, b);
    free(a);
    free(b);
    ora_ids_release(&got);
    ora_ids_release(&want);
}

/* With the prompt that the G2P is given. */
static void prompts(const struct mega_text *text)
{
    static const char *const cases[][2] = {
        {"Hello world.", "151665 9707 1879 13 151666 151812"},
        {"你好，世界。", "151665 108386 3837 99489 1773 151666 151812"},
        {"It's 3 o'clock; don't worry.",
         "151665 2132 594 220 18 297 62410 26 1513 944 10955 13 151666 151812"},
        {"  two  spaces", "151665 220 1378 220 12621 151666 151812"},
        {"Maya在2024年", "151665 11109 64 18493 17 15 17 19 7948 151666 151812"},
        {"cafe\xCC\x81", "151665 924 58858 151666 151812"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_ids ids = {0};
        struct ora_err err = {0};
        int count = 0;
        mega_text_ids(text, cases[i][0], strlen(cases[i][0]), &ids.id, &count, &err);
        ids.count = (size_t)count;
        char *got = ids_text(&ids);
        check(strcmp(got, cases[i][1]) == 0, cases[i][0], got, cases[i][1]);
        free(got);
        ora_ids_release(&ids);
    }
}

static void in_alphabet(const char *bytes, size_t len, bool json, struct ora_str *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned b = (unsigned char)bytes[i], cp = b;
        bool same = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
        if (!same)
            cp = 0x100 + (b < 0x21 ? b : b == 0xAD ? 67 : b - 0x7F + 33);
        if (json && (cp == '"' || cp == '\\'))
            ora_str_addc(out, '\\');
        if (cp < 128) {
            ora_str_addc(out, (char)cp);
        } else {
            ora_str_addc(out, (char)(0xC0 | cp >> 6));
            ora_str_addc(out, (char)(0x80 | (cp & 63)));
        }
    }
}

/* vocab.json and merges.txt as they are published, made from the ranks: a token was learnt by merging the two
 * that its bytes become when only those learnt before it are merged. */
static void files_of(const struct ora_bpe *ranks, struct ora_str *vocab, struct ora_str *merges)
{
    struct ora_str bytes = ORA_STR_INIT;
    ora_str_add(vocab, "{");
    ora_str_add(merges, "#version: 0.2\n");
    for (int32_t id = 0; (size_t)id < ora_bpe_tokens(ranks); id++) {
        ora_str_clear(&bytes);
        ora_bpe_token(ranks, id, &bytes);
        ora_str_add(vocab, id ? ",\"" : "\"");
        in_alphabet(bytes.data, bytes.len, true, vocab);
        ora_str_addf(vocab, "\":%d", id);
        int32_t parts[2];
        if (ora_bpe_halves(ranks, id, parts)) {
            ora_str_clear(&bytes);
            ora_bpe_token(ranks, parts[0], &bytes);
            in_alphabet(bytes.data, bytes.len, false, merges);
            ora_str_addc(merges, ' ');
            ora_str_clear(&bytes);
            ora_bpe_token(ranks, parts[1], &bytes);
            in_alphabet(bytes.data, bytes.len, false, merges);
            ora_str_addc(merges, '\n');
        }
    }
    ora_str_add(vocab, "}");
    ora_str_release(&bytes);
}

/* The files that MegaTTS 3's release has, by what is known of their SHA-256. */
static void check_sha(const char *name, const struct ora_str *s, const char *want)
{
    char hex[65];
    ora_sha256_of(s->data, s->len, hex);
    hex[16] = '\0';
    check(strcmp(hex, want) == 0, name, hex, want);
}

static int tokenizer(const char *dir, const char *path)
{
    struct ora_bpe *ranks = NULL, *files = NULL;
    struct mega_text *text = NULL;
    struct ora_str vocab = ORA_STR_INIT, merges = ORA_STR_INIT;
    struct ora_err err = {0};
    size_t len;
    char *data = NULL;
    if (!ora_file_exists(path)) {
        printf("not run: %s is not there: tests/qwen-vocabulary gets it\n", path);
        return NOT_RUN;
    }
    int rc = ora_file_read(path, MAX_FILE, &data, &len, &err);
    if (rc == 0)
        rc = ora_bpe_open_ranks("qwen.tiktoken", data, len, &ranks, &err);
    if (rc == 0) {
        each_line(dir, "bpe.jsonl", tokenizer_row, ranks);
        files_of(ranks, &vocab, &merges);
        check_sha("vocab.json", &vocab, "ca10d7e9fb3ed185");
        check_sha("merges.txt", &merges, "8831e4f1a0444713");
        struct ora_bpe_files f = {"qwen", vocab.data, vocab.len, merges.data, merges.len};
        struct mega_text_files m = {"qwen",    vocab.data, merges.data,
                                    vocab.len, merges.len, &mega_dims_official.g2p};
        rc = ora_bpe_open(&f, &files, &err);
        if (rc == 0)
            rc = mega_text_open(&m, &text, &err);
    }
    if (rc == 0) {
        each_line(dir, "bpe.jsonl", tokenizer_row, files);
        prompts(text);
    }
    if (rc < 0)
        check(false, path, err.message, "a vocabulary");
    mega_text_close(&text);
    ora_bpe_close(&files);
    ora_bpe_close(&ranks);
    ora_str_release(&vocab);
    ora_str_release(&merges);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int rc = 0;
    if (argc == 3 && !strcmp(argv[1], "chunks"))
        each_line(argv[2], "text.jsonl", chunk_row, NULL);
    else if (argc == 3 && !strcmp(argv[1], "normaliser"))
        normaliser(argv[2]);
    else if (argc == 4 && !strcmp(argv[1], "tokenizer"))
        rc = tokenizer(argv[2], argv[3]);
    else
        rc = 2;
    if (rc == 2)
        fprintf(stderr,
                "usage: megatts3-text-golden chunks|normaliser FRONT | tokenizer FRONT qwen.tiktoken\n");
    if (rc)
        return rc;
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
