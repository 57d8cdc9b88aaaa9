/* Vocabularies, merges, ranks and texts as anybody may write them: refused with a message, or an encoder
 * whose ids give back the very bytes of the text. First byte: what the rest is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/bpe.h"
#include "text/chars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct ora_bpe *bpe, const char *text, size_t len)
{
    struct ora_ids ids = {0};
    struct ora_err err = {0};
    struct ora_str back = ORA_STR_INIT, scratch = ORA_STR_INIT;
    int rc = ora_bpe_encode(bpe, text, len, &ids, &err);
    if ((rc == 0) != (ora_utf8_valid_prefix(text, len) == len))
        abort();
    for (size_t i = 0; rc == 0 && i < ids.count; i++)
        if (!ora_bpe_token(bpe, ids.id[i], &back))
            abort();
    if (rc == 0) {
        const char *nfc = ora_nfc(text, &len, &scratch);
        if (back.len != len || (len && memcmp(back.data, nfc, len) != 0))
            abort();
    }
    ora_ids_release(&ids);
    ora_str_release(&back);
    ora_str_release(&scratch);
}

/* The bytes, with what the input adds to them: its first line as tokens, the rest as merges. */
static int open_merges(const char *rest, size_t len, struct ora_bpe **bpe, struct ora_err *err)
{
    struct ora_str vocab = ORA_STR_INIT;
    const char *line = memchr(rest, '\n', len);
    size_t tokens = line ? (size_t)(line - rest) : len;
    ora_bpe_byte_vocabulary(&vocab);
    vocab.len--;
    ora_str_addn(&vocab, rest, tokens);
    ora_str_add(&vocab, "}");
    struct ora_bpe_files files = {"fuzz", vocab.data, vocab.len, rest + tokens, len - tokens};
    int rc = ora_bpe_open(&files, bpe, err);
    ora_str_release(&vocab);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char small[] = ",\"ab\":256,\"abc\":257,\"aa\":258,\"Ġa\":259\na b\nab c\na a\nĠ a\n";
    static struct ora_bpe *bytes;
    struct ora_bpe *bpe = NULL;
    struct ora_err err = {0};
    if (size < 2 || size > 1 << 16)
        return 0;
    const char *rest = (const char *)data + 1;
    size_t len = size - 1, half = data[0] >> 2 < len ? data[0] >> 2 : len;
    int rc = 0;
    switch (data[0] % 4) {
    case 0:
        rc = ora_bpe_open(&(struct ora_bpe_files){"fuzz", rest, len - half, rest + len - half, half}, &bpe,
                          &err);
        break;
    case 1:
        rc = ora_bpe_open_ranks("fuzz", rest, len, &bpe, &err);
        break;
    case 2:
        rc = open_merges(rest, len, &bpe, &err);
        break;
    default:
        if (!bytes && open_merges(small, sizeof small - 1, &bytes, &err) < 0)
            abort();
        check_text(bytes, rest, len);
    }
    if (rc < 0 && (bpe || !err.message[0]))
        abort();
    if (bpe)
        check_text(bpe, rest, len);
    ora_bpe_close(&bpe);
    return 0;
}
