/* Any bytes: refused, or a message within all bounds that can be encoded again. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_wire_msg *msg = NULL;
    struct ora_err err = {0};
    if (ora_wire_decode(data, size, &msg, &err) == 0) {
        struct ora_str frame = ORA_STR_INIT;
        if (ora_wire_encode(msg, &frame, &err) < 0)
            abort();
        ora_str_release(&frame);
    }
    ora_wire_free(&msg);
    return 0;
}
