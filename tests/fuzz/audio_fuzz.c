/* Clips that a damaged store may hold: decoding ends, within the bound, whatever the bytes are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "audio/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX_SAMPLES = 1 << 20 };
    static struct ora_decoded d; /* kept, as views keep it */
    struct ora_err err = {0};
    int rc = ora_decode(&d, data, size, MAX_SAMPLES, &err);
    if (rc == 0 && (d.samples > MAX_SAMPLES || d.samples > d.cap))
        abort();
    if ((rc < 0) != (err.code < 0))
        abort();
    return 0;
}
