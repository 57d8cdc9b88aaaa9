/* Any bytes: refused, or tensors that lie inside them and are found by their names. */
#include <stdint.h>
#include <stdlib.h>

#include "weights/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_weights *w = NULL;
    int64_t v;
    if (ora_weights_parse(data, size, "fuzz", &w, &err) < 0) {
        if (w || !err.message[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < ora_weights_count(w); i++) {
        const struct ora_tensor *t = ora_weights_at(w, i);
        size_t index;
        const uint8_t *p = t->data;
        if (ora_weights_find(w, t->name) != t || (t->bytes && (p < data || p + t->bytes > data + size)))
            abort();
        if (ora_tensor_not_finite(t, &index) && index >= t->count)
            abort();
    }
    (void)ora_weights_meta_int(w, "hop", 1, 1 << 20, &v, &err);
    ora_weights_close(&w);
    return 0;
}
