/* What the pickle reader's machine (pickle.c) and tree (pickle_tree.c) share. */
#ifndef ORA_WEIGHTS_PICKLE_PRIVATE_H
#define ORA_WEIGHTS_PICKLE_PRIVATE_H

#include "weights/pickle.h"

enum { ORA_PICKLE_BLOCK = 1024, ORA_PICKLE_BLOCKS = ORA_PICKLE_VALUES_MAX / ORA_PICKLE_BLOCK };

struct ora_pickle {
    struct ora_pickle_value *block[ORA_PICKLE_BLOCKS];
    size_t count; /* of values */
    struct ora_pickle_value *root;
};

/* There must be room: count < ORA_PICKLE_VALUES_MAX. NULL: no memory. */
struct ora_pickle_value *ora_pickle_new_value(struct ora_pickle *p, enum ora_pickle_kind kind);
/* False: more than ORA_PICKLE_VALUES_MAX, or no memory. */
bool ora_pickle_add_items(struct ora_pickle_value *to, struct ora_pickle_value *const *items, size_t count);

#endif
