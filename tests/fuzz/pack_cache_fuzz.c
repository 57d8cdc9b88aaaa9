/* Any bytes as a cache file of packed weights: told sound or not, without reading past them. */
#include <string.h>

#include "nn/pack_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_pack_expect e;
    memset(&e, 0, sizeof e);
    /* the expectation that the size alone could meet, so that the checksum is reached */
    e.bytes = size > ORA_PACK_HEADER_BYTES ? size - ORA_PACK_HEADER_BYTES : 0;
    ora_pack_image_fault(data, size, &e);
    if (size >= 80) { /* and the one that the header itself asks for */
        memcpy(e.key, data + 40, sizeof e.key);
        memcpy(&e.digest, data + 24, sizeof e.digest);
        ora_pack_image_fault(data, size, &e);
    }
    return 0;
}
