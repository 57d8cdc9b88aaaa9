/* Pool: the memory of one message: bump allocation within a budget, released at once. Internal to src/wire.
 */
#ifndef ORA_WIRE_POOL_H
#define ORA_WIRE_POOL_H

#include <stddef.h>
#include <protobuf-c/protobuf-c.h>

struct ora_wire_pool {
    struct ora_wire_chunk *chunks;
    size_t left_in_chunk, left_in_budget;
    ProtobufCAllocator allocator; /* for protobuf-c: its free does nothing */
};

void ora_wire_pool_init(struct ora_wire_pool *p, size_t budget);
void ora_wire_pool_release(struct ora_wire_pool *p);
void *ora_wire_pool_alloc(struct ora_wire_pool *p, size_t count,
                          size_t bytes); /* zeroed; NULL over the budget */

#endif
