/* Check: the bounds that both ends of the wire keep; encode calls it before, decode after. Internal to
 * src/wire. */
#ifndef ORA_WIRE_CHECK_H
#define ORA_WIRE_CHECK_H

#include "wire/wire.h"

int ora_wire_check(const struct ora_wire_msg *msg, int code,
                   struct ora_err *err); /* 0, or `code` with the field named */

#endif
