/* ustar headers: fields of fixed width in octal (POSIX.1-1988, IEEE 1003.1 "ustar Interchange Format"). */
#include "dataset/ustar.h"

#include <stdio.h>
#include <string.h>

/* Octal, zero-filled, NUL-ended: `width` bytes in all. */
static void put_octal(unsigned char *field, size_t width, uint64_t value)
{
    field[--width] = '\0';
    while (width) {
        field[--width] = (unsigned char)('0' + (value & 7));
        value >>= 3;
    }
}

int ora_ustar_header(const char *name, uint64_t bytes, unsigned char block[ORA_USTAR_BLOCK],
                     struct ora_err *err)
{
    enum {
        NAME = 0,
        MODE = 100,
        UID = 108,
        GID = 116,
        SIZE = 124,
        MTIME = 136,
        SUM = 148,
        TYPE = 156,
        MAGIC = 257,
        VERSION = 263,
        DEVMAJOR = 329,
        DEVMINOR = 337
    };
    size_t len = strlen(name);
    if (len == 0 || len > ORA_USTAR_NAME_MAX)
        return ora_err_set(err, ORA_E_BAD_INPUT, "'%.120s': a name in a tar has 1 to %d bytes, this has %zu",
                           name, ORA_USTAR_NAME_MAX, len);
    if (bytes >> 33)
        return ora_err_set(err, ORA_E_LIMIT, "%s: %llu bytes, a member of a tar has less than 8 GiB", name,
                           (unsigned long long)bytes);
    memset(block, 0, ORA_USTAR_BLOCK);
    memcpy(block + NAME, name, len);
    put_octal(block + MODE, 8, 0444);
    put_octal(block + UID, 8, 0);
    put_octal(block + GID, 8, 0);
    put_octal(block + SIZE, 12, bytes);
    put_octal(block + MTIME, 12, 0);
    block[TYPE] = '0';
    memcpy(block + MAGIC, "ustar", 6);
    memcpy(block + VERSION, "00", 2);
    put_octal(block + DEVMAJOR, 8, 0);
    put_octal(block + DEVMINOR, 8, 0);
    /* The checksum is made with its own field taken as blanks; it is written as six digits, NUL, blank. */
    memset(block + SUM, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < ORA_USTAR_BLOCK; i++)
        sum += block[i];
    put_octal(block + SUM, 7, sum);
    return 0;
}
