/* Any bytes as a pickle: refused with a reason, or values of which every one can be looked at. */
#include <stdint.h>
#include <stdlib.h>

#include "weights/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ora_pickle_class classes[] = {{"torch", "FloatStorage", ORA_PICKLE_NAMED},
                                                  {"torch._utils", "_rebuild_tensor_v2", ORA_PICKLE_CALLED},
                                                  {"collections", "OrderedDict", ORA_PICKLE_MAKES_DICT}};
enum { CLASSES = sizeof classes / sizeof *classes };

static size_t look_at(const struct ora_pickle_value *v)
{
    size_t sum = 0;
    switch (v->kind) {
    case ORA_PICKLE_TEXT:
    case ORA_PICKLE_BIG:
        for (uint32_t i = 0; i < v->count; i++)
            sum += (unsigned char)v->text[i];
        break;
    case ORA_PICKLE_CLASS:
        if (v->number < 0 || v->number >= CLASSES)
            abort();
        break;
    case ORA_PICKLE_DICT:
        if (v->count % 2)
            abort();
        sum += ora_pickle_get(v, "state_dict") != NULL; /* and the items below */
        __attribute__((fallthrough));
    case ORA_PICKLE_LIST:
    case ORA_PICKLE_TUPLE:
    case ORA_PICKLE_CALL:
    case ORA_PICKLE_REF:
        for (uint32_t i = 0; i < v->count; i++)
            sum += v->item[i]->kind;
        break;
    default:
        break;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_pickle *p = NULL;
    const struct ora_pickle_value *v;
    size_t used = 0, sum = 0;
    if (ora_pickle_parse(data, size, "fuzz", classes, CLASSES, &p, &used, &err) < 0) {
        if (p || !err.message[0])
            abort();
        return 0;
    }
    if (used > size || !ora_pickle_root(p))
        abort();
    for (size_t i = 0; (v = ora_pickle_at(p, i)); i++)
        sum += look_at(v);
    if (sum == SIZE_MAX) /* the sum is used, so that the reads are done */
        abort();
    ora_pickle_free(&p);
    return 0;
}
