/* Any bytes as JSONL. */
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return reader_fuzz(data, size, ORA_FORMAT_JSONL, ORA_LAYOUT_LINES);
}
