/* Protobuf wire format: every length is compared with what is left of its parent before it is used. */
#include "weights/protobuf.h"

#include <string.h>

int ora_pb_varint(struct ora_pb_span *m, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (m->p == m->end)
            return -1;
        unsigned char byte = *m->p++;
        if (shift == 63 && byte > 1)
            return -1;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = v;
            return 0;
        }
    }
    return -1;
}

static int fixed(struct ora_pb_span *m, size_t bytes, uint64_t *value)
{
    if ((size_t)(m->end - m->p) < bytes)
        return -1;
    *value = 0;
    memcpy(value, m->p, bytes); /* little-endian, like the host */
    m->p += bytes;
    return 0;
}

static int payload(struct ora_pb_span *m, struct ora_pb_field *f, const char **fault)
{
    *fault = "a value is cut short";
    switch (f->wire) {
    case ORA_PB_VARINT:
        return ora_pb_varint(m, &f->value);
    case ORA_PB_FIXED64:
        return fixed(m, 8, &f->value);
    case ORA_PB_FIXED32:
        return fixed(m, 4, &f->value);
    case ORA_PB_BYTES:
        if (ora_pb_varint(m, &f->value) < 0)
            return -1;
        *fault = "a length goes beyond the end of what holds it (cut short?)";
        if (f->value > (size_t)(m->end - m->p))
            return -1;
        f->data = m->p;
        f->len = (size_t)f->value;
        m->p += f->len;
        return 0;
    }
    *fault = "an unknown wire type";
    return -1;
}

int ora_pb_next(struct ora_pb_span *m, struct ora_pb_field *f, const char **fault)
{
    uint64_t key;
    *f = (struct ora_pb_field){.at = m->p};
    if (m->p == m->end)
        return 0;
    *fault = "a field's key is cut short";
    if (ora_pb_varint(m, &key) < 0)
        return -1;
    *fault = "a field's number is out of range";
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return -1;
    f->number = (uint32_t)(key >> 3);
    f->wire = (enum ora_pb_wire)(key & 7);
    return payload(m, f, fault) < 0 ? -1 : 1;
}
