/*
 * Protobuf wire format, reading: bounded steps over one message's fields. Knows nothing of ONNX.
 *
 *     struct ora_pb_span m = {bytes, bytes + len};
 *     struct ora_pb_field f;
 *     while ((rc = ora_pb_next(&m, &f, &fault)) > 0)
 *         … f.number, f.wire, f.value or f.data/f.len …       // rc < 0: *fault says what, f.at where
 *
 * Source: the protobuf encoding guide. Groups (wire types 3 and 4) are refused: proto3 and ONNX have none.
 */
#ifndef ORA_WEIGHTS_PROTOBUF_H
#define ORA_WEIGHTS_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

enum ora_pb_wire { ORA_PB_VARINT = 0, ORA_PB_FIXED64 = 1, ORA_PB_BYTES = 2, ORA_PB_FIXED32 = 5 };

struct ora_pb_span {
    const unsigned char *p, *end;
};

struct ora_pb_field {
    const unsigned char *at; /* where the field starts: for messages */
    uint32_t number;
    enum ora_pb_wire wire;
    uint64_t value;            /* VARINT, FIXED64, FIXED32 */
    const unsigned char *data; /* BYTES */
    size_t len;
};

/* 1: *f is the next field; 0: the end; -1: malformed, *fault is a phrase and f->at the place. */
int ora_pb_next(struct ora_pb_span *m, struct ora_pb_field *f, const char **fault);
/* One varint; 0, or -1 when it is cut short or longer than 64 bits. */
int ora_pb_varint(struct ora_pb_span *m, uint64_t *value);

#endif
