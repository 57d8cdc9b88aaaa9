/*
 * Zip, as a container of arrays: a bounded reader of archives whose entries are stored, never compressed.
 * That is how torch writes them, and it leaves no room for a bomb: an entry is exactly its bytes of the file.
 *
 *     struct ora_zip *z = NULL;
 *     ora_zip_parse(bytes, len, "x.ckpt", &z, &err);
 *     const struct ora_zip_entry *e = ora_zip_find(z, "archive/data.pkl");       // or NULL
 *     ora_zip_check(z, e, &err);                                                // its CRC-32
 *     ora_zip_close(&z);
 *
 * Refused, with the entry's name: compression, encryption, names that leave the folder (absolute, "..", back
 * slashes), two entries of one name, entries that overlap or lie outside the file, archives of several disks.
 * Source: PKWARE's APPNOTE 6.3, sections 4.3-4.5 (zip64 included).
 *
 * Ownership: entries belong to the struct ora_zip and point into the caller's bytes. Threads: read-only after
 * parse.
 */
#ifndef ORA_WEIGHTS_ZIP_H
#define ORA_WEIGHTS_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ORA_ZIP_ENTRIES_MAX = 1 << 17, ORA_ZIP_NAME_MAX = 512 };

struct ora_zip_entry {
    char *name;
    const unsigned char *data;
    size_t bytes;
    uint32_t crc32; /* as recorded; 0 when the writer recorded none */
};

struct ora_zip;

int ora_zip_parse(const void *bytes, size_t len, const char *name, struct ora_zip **z, struct ora_err *err);
void ora_zip_close(struct ora_zip **z);
size_t ora_zip_count(const struct ora_zip *z);
const struct ora_zip_entry *ora_zip_at(const struct ora_zip *z, size_t index); /* sorted by name; or NULL */
const struct ora_zip_entry *ora_zip_find(const struct ora_zip *z, const char *name);
/* FORMAT when the bytes are not those that the recorded CRC-32 was made of. */
int ora_zip_check(const struct ora_zip *z, const struct ora_zip_entry *e, struct ora_err *err);

uint32_t ora_crc32(uint32_t crc, const void *bytes, size_t len); /* start with 0 */

#endif
