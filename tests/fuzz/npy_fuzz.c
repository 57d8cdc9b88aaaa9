/* .npy files: header and elements. */
#include <stdint.h>
#include <string.h>

#include "weights/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_npy a;
    struct ora_err err = {0};
    double sum = 0;
    if (ora_npy_parse(&a, data, size, "fuzz.npy", &err) < 0)
        return 0;
    for (size_t i = 0; i < a.count; i++) {
        float v;
        memcpy(&v, a.data + 4 * i, sizeof v);
        sum += (double)v;
    }
    return sum > 1e300 ? -1 : 0; /* -1: not worth keeping */
}
