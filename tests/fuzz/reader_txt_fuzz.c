/* Any bytes as plain text: prose, or one utterance a line. */
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return reader_fuzz(data, size, ORA_FORMAT_TXT, size % 4 ? ORA_LAYOUT_PROSE : ORA_LAYOUT_LINES);
}
