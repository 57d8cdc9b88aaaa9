/* Any text through the normaliser: valid UTF-8 comes out, and not more than numbers in words can make of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const langs[] = {"en-us", "en-gb", "de", "xx"};
    struct ora_str out = ORA_STR_INIT;
    struct ora_err err = {0};
    if (size < 1 || size > 8192)
        return 0;
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    size_t len = strlen(text);
    int rc = ora_text_normalise(NULL, langs[data[0] % 4], data[0] & 4, text, &out, &err);
    if ((ora_utf8_valid_prefix(text, len) == len) != (rc == 0))
        abort();
    if (rc == 0 && (ora_utf8_valid_prefix(ora_str_c(&out), out.len) != out.len || out.len > 64 * len + 64))
        abort();
    ora_str_release(&out);
    free(text);
    return 0;
}
