/* Any bytes as a lexicon (up to the first NUL), and what follows as the text that it is applied to. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/lexicon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_lexicon *lexicon = NULL;
    struct ora_err err = {0};
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t words = nul ? (size_t)(nul - data) : size;
    if (ora_lexicon_parse("lexicon", (const char *)data, words, &lexicon, &err) < 0) {
        if (lexicon || !err.message[0])
            abort();
        return 0;
    }
    const char *text = nul ? (const char *)nul + 1 : (const char *)data;
    size_t len = nul ? size - words - 1 : size;
    if (ora_utf8_valid_prefix(text, len) == len) {
        struct ora_str out = ORA_STR_INIT;
        struct ora_span *said = NULL;
        size_t count = 0, end = 0;
        ora_lexicon_apply(lexicon, text, len, &out, &said, &count);
        for (size_t i = 0; i < count; i++) {
            if (said[i].start < end || said[i].start + said[i].len > out.len)
                abort();
            end = said[i].start + said[i].len;
        }
        if (ora_utf8_valid_prefix(ora_str_c(&out), out.len) != out.len)
            abort();
        free(said);
        ora_str_release(&out);
    }
    ora_lexicon_close(&lexicon);
    return 0;
}
