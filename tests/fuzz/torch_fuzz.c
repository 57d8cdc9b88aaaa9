/* Any bytes as a torch file, zip or stream: refused with a reason, or tensors of which every byte can be
 * read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weights/torch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tensor(const struct ora_tensor *t)
{
    unsigned char sum = 0;
    const unsigned char *p = t->data;
    if (t->bytes != t->count * ora_dtype_bytes(t->dtype) || (t->bytes && !p))
        abort();
    for (size_t i = 0; i < t->bytes; i++)
        sum = (unsigned char)(sum + p[i]);
    volatile unsigned char used = sum; /* so that the reads are done */
    (void)used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"state_dict", "dit"};
    struct ora_err err = {0};
    struct ora_torch *t = NULL;
    const struct ora_tensor *x;
    if (ora_torch_parse(data, size, "fuzz", keys, 2, &t, &err) < 0) {
        if (t || !err.message[0])
            abort();
        return 0;
    }
    for (size_t i = 0; (x = ora_torch_at(t, i)); i++) {
        read_tensor(x);
        if (ora_torch_find(t, x->name) != x)
            abort();
    }
    ora_torch_verify(t, &err);
    ora_torch_close(&t);
    return 0;
}
