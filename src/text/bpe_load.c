/*
 * Loading vocabularies: vocab.json + merges.txt, or the ranks of tiktoken. Both are other people's bytes:
 * every length, id and reference is checked, and the memory is bounded by the file's size.
 */
#include <jansson.h>
#include <sodium/utils.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/bpe_tables.h"

/* ---- the byte alphabet
 * -------------------------------------------------------------------------------------- */

/* GPT-2 writes the 188 printable bytes of Latin-1 as themselves, the others as U+0100, U+0101, … in order. */
static bool is_itself(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

static void make_alphabet(int16_t byte_of[512])
{
    unsigned other = 0x100;
    for (unsigned i = 0; i < 512; i++)
        byte_of[i] = -1;
    for (unsigned byte = 0; byte < 256; byte++)
        byte_of[is_itself(byte) ? byte : other++] = (int16_t)byte;
}

void ora_bpe_byte_vocabulary(struct ora_str *vocab)
{
    unsigned other = 0x100;
    for (unsigned byte = 0; byte < 256; byte++)
        ora_str_addf(vocab, "%s\"\\u%04x\": %u", byte ? ", " : "{", is_itself(byte) ? byte : other++, byte);
    ora_str_add(vocab, "}");
}

/* Text in the byte alphabet -> bytes; false for any other letter, for nothing, and for too much. */
static bool bytes_of(const int16_t byte_of[512], const char *text, size_t len, char out[ORA_BPE_MAX_TOKEN],
                     size_t *count)
{
    *count = 0;
    for (size_t at = 0, n; at < len; at += n) {
        uint32_t cp;
        n = ora_utf8_decode(text + at, len - at, &cp);
        if (!n || cp >= 512 || byte_of[cp] < 0 || *count == ORA_BPE_MAX_TOKEN)
            return false;
        out[(*count)++] = (char)byte_of[cp];
    }
    return *count > 0;
}

/* ---- tokens
 * ------------------------------------------------------------------------------------------------- */

static size_t hash_of(const char *bytes, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

static size_t slot_of(const struct ora_bpe *b, const char *bytes, size_t len)
{
    size_t i = hash_of(bytes, len) & (b->by_bytes_slots - 1);
    while (b->by_bytes[i]) {
        const struct ora_bpe_span *t = &b->token[b->by_bytes[i] - 1];
        if (t->len == len && !memcmp(b->bytes.data + t->start, bytes, len))
            break;
        i = (i + 1) & (b->by_bytes_slots - 1);
    }
    return i;
}

int32_t ora_bpe_id_of(const struct ora_bpe *b, const char *bytes, size_t len)
{
    return b->by_bytes_slots ? (int32_t)b->by_bytes[slot_of(b, bytes, len)] - 1 : -1;
}

/* Room for `count` tokens of ids below ORA_BPE_MAX_TOKENS. */
static void make_room(struct ora_bpe *b, size_t count, size_t largest_id)
{
    b->by_bytes_slots = 1024;
    while (b->by_bytes_slots < 2 * (count + 1))
        b->by_bytes_slots *= 2;
    b->by_bytes = ora_xcalloc(b->by_bytes_slots, sizeof *b->by_bytes);
    b->tokens = largest_id + 1;
    b->token = ora_xcalloc(b->tokens, sizeof *b->token);
}

static int add_token(struct ora_bpe *b, const char *bytes, size_t len, int64_t id, const char *name,
                     struct ora_err *err)
{
    if (id < 0 || (uint64_t)id >= b->tokens)
        return ora_err_set(err, ORA_E_FORMAT, "%s: a token has the id %lld; it can be 0 to %d", name,
                           (long long)id, ORA_BPE_MAX_TOKENS - 1);
    if (b->token[id].len)
        return ora_err_set(err, ORA_E_FORMAT, "%s: the id %lld stands twice", name, (long long)id);
    size_t slot = slot_of(b, bytes, len);
    if (b->by_bytes[slot])
        return ora_err_set(err, ORA_E_FORMAT, "%s: the ids %u and %lld are the same token", name,
                           b->by_bytes[slot] - 1, (long long)id);
    b->token[id] = (struct ora_bpe_span){(uint32_t)b->bytes.len, (uint32_t)len, 0};
    ora_str_addn(&b->bytes, bytes, len);
    b->by_bytes[slot] = (uint32_t)id + 1;
    return 0;
}

static int find_bytes(struct ora_bpe *b, const char *name, struct ora_err *err)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        b->byte_id[byte] = ora_bpe_id_of(b, &c, 1);
        if (b->byte_id[byte] < 0)
            return ora_err_set(err, ORA_E_FORMAT, "%s: no token for the byte 0x%02X", name, byte);
    }
    return 0;
}

/* ---- vocab.json
 * --------------------------------------------------------------------------------------------- */

static int largest_id(const json_t *root, const char *name, size_t *largest, struct ora_err *err)
{
    const char *key;
    json_t *value;
    *largest = 0;
    json_object_foreach((json_t *)root, key, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        if (id < 0 || id >= ORA_BPE_MAX_TOKENS)
            return ora_err_set(err, ORA_E_FORMAT,
                               "%s: vocab.json: the id of \"%.40s\" is no integer from 0 to %d", name, key,
                               ORA_BPE_MAX_TOKENS - 1);
        if ((size_t)id > *largest)
            *largest = (size_t)id;
    }
    return 0;
}

static int read_vocab(struct ora_bpe *b, const struct ora_bpe_files *f, const int16_t byte_of[512],
                      struct ora_err *err)
{
    json_error_t why;
    json_t *value, *root = json_loadb(f->vocab, f->vocab_bytes, JSON_REJECT_DUPLICATES, &why);
    const char *key;
    size_t largest, len;
    char bytes[ORA_BPE_MAX_TOKEN];
    int rc = 0;
    if (!json_is_object(root)) {
        rc = ora_err_set(err, ORA_E_FORMAT, "%s: vocab.json: %s", f->name,
                         root ? "not an object of tokens and ids" : why.text);
        goto out;
    }
    if ((rc = largest_id(root, f->name, &largest, err)) < 0)
        goto out;
    make_room(b, json_object_size(root), largest);
    json_object_foreach(root, key, value)
    {
        if (!bytes_of(byte_of, key, strlen(key), bytes, &len)) {
            rc = ora_err_set(err, ORA_E_FORMAT,
                             "%s: vocab.json: \"%.40s\" is not 1 to %d letters of the byte alphabet", f->name,
                             key, ORA_BPE_MAX_TOKEN);
            goto out;
        }
        if ((rc = add_token(b, bytes, len, json_integer_value(value), f->name, err)) < 0)
            goto out;
    }
    rc = find_bytes(b, f->name, err);
out:
    json_decref(root);
    return rc;
}

/* ---- merges.txt
 * --------------------------------------------------------------------------------------------- */

static int read_merge(struct ora_bpe *b, const char *line, size_t len, int32_t order, size_t number,
                      const char *name, const int16_t byte_of[512], struct ora_err *err)
{
    char bytes[2 * ORA_BPE_MAX_TOKEN];
    size_t left, right;
    const char *space = memchr(line, ' ', len);
    if (!space || memchr(space + 1, ' ', len - (size_t)(space + 1 - line)) ||
        !bytes_of(byte_of, line, (size_t)(space - line), bytes, &left) ||
        !bytes_of(byte_of, space + 1, len - (size_t)(space + 1 - line), bytes + left, &right))
        return ora_err_set(err, ORA_E_FORMAT, "%s: merges.txt:%zu: wanted two tokens with a space between",
                           name, number);
    int32_t a = ora_bpe_id_of(b, bytes, left), c = ora_bpe_id_of(b, bytes + left, right),
            both = ora_bpe_id_of(b, bytes, left + right);
    if (a < 0 || c < 0 || both < 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s: merges.txt:%zu: the %s token is not in the vocabulary",
                           name, number,
                           a < 0   ? "left"
                           : c < 0 ? "right"
                                   : "merged");
    if (!ora_bpe_pair_add(b, a, c, order, both))
        return ora_err_set(err, ORA_E_FORMAT, "%s: merges.txt:%zu: this merge stands above already", name,
                           number);
    return 0;
}

static int read_merges(struct ora_bpe *b, const struct ora_bpe_files *f, const int16_t byte_of[512],
                       struct ora_err *err)
{
    const char *text = f->merges, *end = text + f->merges_bytes;
    size_t number = 0;
    int32_t order = 0;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        size_t used = len;
        number++;
        if (used && text[used - 1] == '\r')
            used--;
        bool version = number == 1 && used >= 8 && !memcmp(text, "#version", 8);
        if (used && !version) {
            int rc = read_merge(b, text, used, order++, number, f->name, byte_of, err);
            if (rc < 0)
                return rc;
        }
        text += len + (stop != NULL);
    }
    return 0;
}

int ora_bpe_open(const struct ora_bpe_files *files, struct ora_bpe **bpe, struct ora_err *err)
{
    int16_t byte_of[512];
    *bpe = NULL;
    if (files->vocab_bytes > ORA_BPE_MAX_BYTES || files->merges_bytes > ORA_BPE_MAX_BYTES)
        return ora_err_set(err, ORA_E_LIMIT,
                           "%s: vocab.json of %zu and merges.txt of %zu bytes; at most %d each", files->name,
                           files->vocab_bytes, files->merges_bytes, ORA_BPE_MAX_BYTES);
    struct ora_bpe *b = ora_xcalloc(1, sizeof *b);
    make_alphabet(byte_of);
    int rc = read_vocab(b, files, byte_of, err);
    if (rc == 0)
        rc = read_merges(b, files, byte_of, err);
    if (rc < 0)
        ora_bpe_close(&b);
    *bpe = b;
    return rc;
}

/* ---- ranks
 * -------------------------------------------------------------------------------------------------- */

/* One line of "base64 rank". */
static int read_rank(const char *line, size_t len, size_t number, const char *name, char *bytes,
                     size_t *count, int64_t *rank, struct ora_err *err)
{
    const char *space = memchr(line, ' ', len), *end = NULL;
    *rank = 0;
    bool good = space &&
                sodium_base642bin((unsigned char *)bytes, ORA_BPE_MAX_TOKEN, line, (size_t)(space - line),
                                  NULL, count, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                end == space && *count;
    const char *p = good ? space + 1 : NULL;
    good = good && p < line + len;
    for (; good && p < line + len; p++) {
        good = *p >= '0' && *p <= '9' && *rank < ORA_BPE_MAX_TOKENS;
        *rank = 10 * *rank + (*p - '0');
    }
    if (!good || *rank >= ORA_BPE_MAX_TOKENS)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%zu: wanted base64, a space and a rank below %d", name,
                           number, ORA_BPE_MAX_TOKENS);
    return 0;
}

/* Every way to write a token as two tokens is a merge. */
static void pairs_of_ranks(struct ora_bpe *b)
{
    for (size_t id = 0; id < b->tokens; id++) {
        const char *bytes = b->bytes.data + b->token[id].start;
        for (size_t left = 1; left < b->token[id].len; left++) {
            int32_t l = ora_bpe_id_of(b, bytes, left);
            int32_t r = l < 0 ? -1 : ora_bpe_id_of(b, bytes + left, b->token[id].len - left);
            if (r >= 0)
                ora_bpe_pair_add(b, l, r, (int32_t)id, (int32_t)id);
        }
    }
}

int ora_bpe_open_ranks(const char *name, const void *ranks, size_t bytes, struct ora_bpe **bpe,
                       struct ora_err *err)
{
    const char *text = ranks, *end = text + bytes;
    size_t lines = 0, number = 0, count;
    char token[ORA_BPE_MAX_TOKEN];
    int64_t rank;
    int rc = 0;
    *bpe = NULL;
    if (bytes > ORA_BPE_MAX_BYTES)
        return ora_err_set(err, ORA_E_LIMIT, "%s: %zu bytes; at most %d", name, bytes, ORA_BPE_MAX_BYTES);
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    struct ora_bpe *b = ora_xcalloc(1, sizeof *b);
    make_room(b, lines + 1, ORA_BPE_MAX_TOKENS - 1);
    b->tokens = 0;
    while (text < end && rc == 0) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        number++;
        if (len && (rc = read_rank(text, len, number, name, token, &count, &rank, err)) == 0) {
            if ((size_t)rank >= b->tokens)
                b->tokens = (size_t)rank + 1;
            rc = add_token(b, token, count, rank, name, err);
        }
        text += len + (stop != NULL);
    }
    if (rc == 0)
        rc = find_bytes(b, name, err);
    if (rc == 0)
        pairs_of_ranks(b);
    else
        ora_bpe_close(&b);
    *bpe = b;
    return rc;
}

/* ---- added tokens
 * ------------------------------------------------------------------------------------------- */

static size_t added_slot(const struct ora_bpe *b, const char *literal, size_t len)
{
    size_t i = hash_of(literal, len) & (b->added_slots - 1);
    while (b->added_slot[i]) {
        const struct ora_bpe_added *a = &b->added[b->added_slot[i] - 1];
        if (a->len == len && !memcmp(a->literal, literal, len))
            break;
        i = (i + 1) & (b->added_slots - 1);
    }
    return i;
}

static void added_grow(struct ora_bpe *b)
{
    if (2 * (b->added_count + 1) <= b->added_slots)
        return;
    b->added_slots = b->added_slots ? 2 * b->added_slots : 64;
    b->added = ora_xrealloc(b->added, b->added_slots * sizeof *b->added);
    free(b->added_slot);
    b->added_slot = ora_xcalloc(b->added_slots, sizeof *b->added_slot);
    for (size_t i = 0; i < b->added_count; i++)
        b->added_slot[added_slot(b, b->added[i].literal, b->added[i].len)] = i + 1;
}

/* Keeps the lengths sorted, the longest first; false when there are too many different ones. */
static bool note_length(struct ora_bpe *b, size_t len)
{
    size_t at = 0;
    while (at < b->lengths && b->length[at] > len)
        at++;
    if (at < b->lengths && b->length[at] == len)
        return true;
    if (b->lengths == sizeof b->length / sizeof *b->length)
        return false;
    memmove(b->length + at + 1, b->length + at, (b->lengths - at) * sizeof *b->length);
    b->length[at] = (uint16_t)len;
    b->lengths++;
    return true;
}

int ora_bpe_add(struct ora_bpe *bpe, const char *literal, int32_t id, struct ora_err *err)
{
    size_t len = strlen(literal);
    if (!len || len > ORA_BPE_MAX_TOKEN || id < 0 || id >= ORA_BPE_MAX_TOKENS)
        return ora_err_set(err, ORA_E_BAD_INPUT,
                           "added token \"%.40s\" %d: wanted 1 to %d bytes and an id below %d", literal, id,
                           ORA_BPE_MAX_TOKEN, ORA_BPE_MAX_TOKENS);
    if (!note_length(bpe, len))
        return ora_err_set(err, ORA_E_LIMIT, "added tokens of more than 64 different lengths");
    added_grow(bpe);
    size_t slot = added_slot(bpe, literal, len);
    if (bpe->added_slot[slot])
        return ora_err_set(err, ORA_E_BAD_INPUT, "added token \"%.40s\" stands twice", literal);
    bpe->added[bpe->added_count++] = (struct ora_bpe_added){ora_xstrdup(literal), len, id};
    bpe->added_slot[slot] = bpe->added_count;
    bpe->begins[(unsigned char)literal[0]] = true;
    return 0;
}

const struct ora_bpe_added *ora_bpe_added_at(const struct ora_bpe *b, const char *text, size_t len)
{
    if (!len || !b->begins[(unsigned char)text[0]])
        return NULL;
    for (size_t k = 0; k < b->lengths; k++) {
        if (b->length[k] > len)
            continue;
        size_t slot = added_slot(b, text, b->length[k]);
        if (b->added_slot[slot])
            return &b->added[b->added_slot[slot] - 1];
    }
    return NULL;
}

void ora_bpe_close(struct ora_bpe **bpe)
{
    if (!bpe || !*bpe)
        return;
    struct ora_bpe *b = *bpe;
    for (size_t i = 0; i < b->added_count; i++)
        free(b->added[i].literal);
    free(b->added);
    free(b->added_slot);
    free(b->pair);
    free(b->token);
    free(b->by_bytes);
    ora_str_release(&b->bytes);
    free(b);
    *bpe = NULL;
}
