/* Any bytes as a table of tabs or bars. */
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return reader_fuzz(data, size, size % 2 ? ORA_FORMAT_TSV : ORA_FORMAT_LIST, ORA_LAYOUT_LINES);
}
