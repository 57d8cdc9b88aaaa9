/*
 * ustar: the 512-byte header of POSIX.1-1988 tar, the one form that every tar reader knows. Everything that
 * could differ between two machines is fixed: mtime 0, mode 0444, uid and gid 0, no owner names.
 */
#ifndef ORA_DATASET_USTAR_H
#define ORA_DATASET_USTAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ORA_USTAR_BLOCK = 512, ORA_USTAR_NAME_MAX = 100, ORA_USTAR_END = 2 * ORA_USTAR_BLOCK };

/* The header of a regular file. BAD_INPUT: the name is empty or over 100 bytes; LIMIT: over 8 GiB - 1. */
int ora_ustar_header(const char *name, uint64_t bytes, unsigned char block[ORA_USTAR_BLOCK],
                     struct ora_err *err);

/* Zero bytes that follow `bytes` of data. */
static inline size_t ora_ustar_padding(uint64_t bytes)
{
    return (size_t)(-bytes % ORA_USTAR_BLOCK);
}

#endif
