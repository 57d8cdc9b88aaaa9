/*
 * Zip: the directory at the file's end is read first, then every entry is compared with the header before its
 * data.
 *
 * Both descriptions must agree, and the entries, laid side by side, may not share a byte: an archive in which
 * two readers could see two different contents is refused.
 */
#include "weights/zip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum {
    END_BYTES = 22, /* end of central directory, without its comment */
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    CENTRAL_BYTES = 46,
    LOCAL_BYTES = 30,
    COMMENT_MAX = 65535,
    FLAG_ENCRYPTED = 1,
    FLAG_SIZES_FOLLOW = 8, /* sizes and CRC stand behind the data (and in the directory) */
    CRC_SLICES = 8,
};

struct ora_zip {
    char *name;
    const unsigned char *base;
    size_t len;
    struct ora_zip_entry *entry; /* sorted by name */
    size_t count;
};

struct directory {
    uint64_t count, offset, bytes;
};

struct extent { /* of one entry, its local header included */
    size_t begin, end;
    const char *name;
};

static uint32_t u16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static uint32_t u32(const unsigned char *p)
{
    return u16(p) | u16(p + 2) << 16;
}
static uint64_t u64(const unsigned char *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

static int bad(const struct ora_zip *z, struct ora_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static int bad(const struct ora_zip *z, struct ora_err *err, int code, const char *fmt, ...)
{
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ora_err_set(err, code, "%s: %s", z->name, what);
}

/* ---- CRC-32 --------------------------------------------------------------------------------------- */

/* Slicing by eight: a table for each byte of a word, so that eight bytes cost eight look-ups and no chain of
 * shifts. */
static uint32_t crc_table[CRC_SLICES][256];

__attribute__((constructor)) static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        crc_table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int s = 1; s < CRC_SLICES; s++)
            crc_table[s][i] = crc_table[s - 1][i] >> 8 ^ crc_table[0][crc_table[s - 1][i] & 255];
}

uint32_t ora_crc32(uint32_t crc, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8) {
        uint32_t a = u32(p) ^ crc, b = u32(p + 4);
        crc = crc_table[7][a & 255] ^ crc_table[6][a >> 8 & 255] ^ crc_table[5][a >> 16 & 255] ^
              crc_table[4][a >> 24] ^ crc_table[3][b & 255] ^ crc_table[2][b >> 8 & 255] ^
              crc_table[1][b >> 16 & 255] ^ crc_table[0][b >> 24];
    }
    for (; len; p++, len--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 255];
    return ~crc;
}

int ora_zip_check(const struct ora_zip *z, const struct ora_zip_entry *e, struct ora_err *err)
{
    uint32_t found = e->crc32 ? ora_crc32(0, e->data, e->bytes) : 0;
    if (found == e->crc32)
        return 0;
    return bad(z, err, ORA_E_FORMAT, "entry '%.128s' is damaged: its CRC-32 is %08x, wanted %08x", e->name,
               found, e->crc32);
}

/* ---- the directory -------------------------------------------------------------------------------- */

static const unsigned char *find_end(const struct ora_zip *z)
{
    size_t most = z->len < END_BYTES + COMMENT_MAX ? z->len : END_BYTES + COMMENT_MAX;
    for (size_t back = END_BYTES; back <= most; back++) {
        const unsigned char *p = z->base + z->len - back;
        if (u32(p) == 0x06054b50u && u16(p + 20) == back - END_BYTES)
            return p;
    }
    return NULL;
}

static int read_end64(const struct ora_zip *z, const unsigned char *end, struct directory *d, size_t *limit,
                      struct ora_err *err)
{
    if (end - z->base < LOCATOR_BYTES || u32(end - LOCATOR_BYTES) != 0x07064b50u)
        return 0;
    const unsigned char *locator = end - LOCATOR_BYTES;
    uint64_t at = u64(locator + 8), room = (uint64_t)(locator - z->base);
    if (u32(locator + 4) != 0 || room < END64_BYTES || at > room - END64_BYTES ||
        u32(z->base + at) != 0x06064b50u)
        return bad(z, err, ORA_E_FORMAT, "the archive's zip64 end record is not where its locator says");
    const unsigned char *p = z->base + at;
    if (u32(p + 16) != 0 || u32(p + 20) != 0 || u64(p + 24) != u64(p + 32))
        return bad(z, err, ORA_E_UNSUPPORTED, "an archive of several disks");
    *d = (struct directory){.count = u64(p + 32), .bytes = u64(p + 40), .offset = u64(p + 48)};
    *limit = at;
    return 0;
}

/* *limit: where the directory must end at the latest. */
static int read_end(const struct ora_zip *z, struct directory *d, size_t *limit, struct ora_err *err)
{
    const unsigned char *end = find_end(z);
    if (!end)
        return bad(z, err, ORA_E_FORMAT, "the archive has no end record (truncated?)");
    if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != u16(end + 10))
        return bad(z, err, ORA_E_UNSUPPORTED, "an archive of several disks");
    *d = (struct directory){.count = u16(end + 10), .bytes = u32(end + 12), .offset = u32(end + 16)};
    *limit = (size_t)(end - z->base);
    int rc = read_end64(z, end, d, limit, err);
    if (rc < 0)
        return rc;
    if (d->offset > *limit || d->bytes != *limit - d->offset)
        return bad(
            z, err, ORA_E_FORMAT,
            "the archive's directory of %llu bytes at byte %llu does not end where its end record begins, at "
            "byte %zu",
            (unsigned long long)d->bytes, (unsigned long long)d->offset, *limit);
    if (d->count > ORA_ZIP_ENTRIES_MAX || d->count > d->bytes / CENTRAL_BYTES)
        return bad(z, err, ORA_E_FORMAT, "%llu entries in a directory of %llu bytes, at most %d are read",
                   (unsigned long long)d->count, (unsigned long long)d->bytes, ORA_ZIP_ENTRIES_MAX);
    return 0;
}

/* ---- entries -------------------------------------------------------------------------------------- */

static bool name_ok(const char *s, size_t len)
{
    if (len == 0 || len > ORA_ZIP_NAME_MAX || memchr(s, 0, len) || ora_utf8_valid_prefix(s, len) != len ||
        s[0] == '/')
        return false;
    for (size_t i = 0, part = 0; i <= len; i++) {
        if (i < len && ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || s[i] == '\\' || s[i] == ':'))
            return false;
        if (i == len || s[i] == '/') {
            if (i - part == 2 && s[part] == '.' && s[part + 1] == '.')
                return false;
            part = i + 1;
        }
    }
    return true;
}

/* The zip64 extra field gives, in this order, those of the three that are all ones in the record. */
static bool widen(const unsigned char *extra, size_t len, uint64_t *size, uint64_t *stored, uint64_t *offset)
{
    while (len >= 4) {
        size_t bytes = u16(extra + 2);
        if (bytes > len - 4)
            return false;
        if (u16(extra) == 1) {
            const unsigned char *p = extra + 4;
            uint64_t *want[] = {size, stored, offset};
            for (int i = 0; i < 3; i++) {
                if (*want[i] != 0xffffffffu)
                    continue;
                if (bytes < 8)
                    return false;
                *want[i] = u64(p);
                p += 8;
                bytes -= 8;
            }
            return true;
        }
        extra += 4 + bytes;
        len -= 4 + bytes;
    }
    return *size != 0xffffffffu && *stored != 0xffffffffu && *offset != 0xffffffffu;
}

/* The header before the data must tell the same story as the directory. */
static int read_local(const struct ora_zip *z, const struct directory *d, const unsigned char *central,
                      uint64_t offset, uint64_t bytes, struct ora_zip_entry *e, struct extent *x,
                      struct ora_err *err)
{
    size_t name_len = u16(central + 28);
    const unsigned char *p = offset > d->offset ? NULL : z->base + offset;
    if (!p || d->offset - offset < LOCAL_BYTES || u32(p) != 0x04034b50u)
        return bad(z, err, ORA_E_FORMAT, "entry '%.128s': there is no header at byte %llu", e->name,
                   (unsigned long long)offset);
    if (u16(p + 8) != 0 || (u16(p + 6) & FLAG_ENCRYPTED) || u16(p + 26) != name_len)
        return bad(z, err, ORA_E_FORMAT, "entry '%.128s': its header and the directory differ", e->name);
    uint64_t start = offset + LOCAL_BYTES + name_len + u16(p + 28);
    if (start > d->offset || bytes > d->offset - start)
        return bad(z, err, ORA_E_FORMAT, "entry '%.128s': %llu bytes are not there (truncated?)", e->name,
                   (unsigned long long)bytes);
    if (memcmp(p + LOCAL_BYTES, e->name, name_len) != 0 ||
        (!(u16(p + 6) & FLAG_SIZES_FOLLOW) && u32(p + 22) != 0xffffffffu && u32(p + 22) != bytes))
        return bad(z, err, ORA_E_FORMAT, "entry '%.128s': its header and the directory differ", e->name);
    e->data = z->base + start;
    e->bytes = bytes;
    e->crc32 = u32(central + 16);
    *x = (struct extent){offset, start + bytes, e->name};
    return 0;
}

/* One record of the directory; *at goes behind it. */
static int read_central(struct ora_zip *z, const struct directory *d, const unsigned char **at,
                        const unsigned char *end, struct extent *x, struct ora_err *err)
{
    const unsigned char *p = *at;
    struct ora_zip_entry *e = &z->entry[z->count];
    if ((size_t)(end - p) < CENTRAL_BYTES || u32(p) != 0x02014b50u)
        return bad(z, err, ORA_E_FORMAT, "the archive's directory breaks off at entry %zu", z->count);
    size_t name_len = u16(p + 28), extra_len = u16(p + 30),
           all = CENTRAL_BYTES + name_len + extra_len + u16(p + 32);
    uint64_t stored = u32(p + 20), bytes = u32(p + 24), offset = u32(p + 42);
    const char *name = (const char *)p + CENTRAL_BYTES;
    if (all > (size_t)(end - p))
        return bad(z, err, ORA_E_FORMAT, "the archive's directory breaks off at entry %zu", z->count);
    if (!name_ok(name, name_len))
        return bad(z, err, ORA_E_FORMAT,
                   "entry %zu: its name is not one of a file inside the archive's folder", z->count);
    e->name = ora_xstrndup(name, name_len);
    z->count++;
    if (u16(p + 10) != 0)
        return bad(z, err, ORA_E_UNSUPPORTED,
                   "entry '%.128s' is compressed (method %u): files of tensors hold stored entries only",
                   e->name, u16(p + 10));
    if (u16(p + 8) & FLAG_ENCRYPTED)
        return bad(z, err, ORA_E_UNSUPPORTED, "entry '%.128s' is encrypted", e->name);
    if (!widen(p + CENTRAL_BYTES + name_len, extra_len, &bytes, &stored, &offset) || stored != bytes)
        return bad(z, err, ORA_E_FORMAT, "entry '%.128s': %llu bytes are stored as %llu", e->name,
                   (unsigned long long)bytes, (unsigned long long)stored);
    *at = p + all;
    return read_local(z, d, p, offset, bytes, e, x, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ora_zip_entry *)a)->name, ((const struct ora_zip_entry *)b)->name);
}

static int by_begin(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int check_extents(const struct ora_zip *z, struct extent *x, struct ora_err *err)
{
    qsort(x, z->count, sizeof *x, by_begin);
    for (size_t i = 1; i < z->count; i++)
        if (x[i].begin < x[i - 1].end)
            return bad(z, err, ORA_E_FORMAT, "entries '%.96s' and '%.96s' overlap", x[i - 1].name, x[i].name);
    qsort(z->entry, z->count, sizeof *z->entry, by_name);
    for (size_t i = 1; i < z->count; i++)
        if (strcmp(z->entry[i - 1].name, z->entry[i].name) == 0)
            return bad(z, err, ORA_E_FORMAT, "two entries are called '%.128s'", z->entry[i].name);
    return 0;
}

static int read_all(struct ora_zip *z, struct ora_err *err)
{
    struct directory d = {0};
    size_t limit = 0;
    int rc = read_end(z, &d, &limit, err);
    if (rc < 0)
        return rc;
    struct extent *x = ora_trymalloc(d.count * sizeof *x);
    z->entry = x ? calloc(d.count ? d.count : 1, sizeof *z->entry) : NULL;
    if (!z->entry)
        rc = bad(z, err, ORA_E_NO_MEMORY, "no memory for %llu entries", (unsigned long long)d.count);
    const unsigned char *at = z->base + d.offset, *end = z->base + limit;
    for (uint64_t i = 0; rc == 0 && i < d.count; i++)
        rc = read_central(z, &d, &at, end, &x[i], err);
    if (rc == 0 && at != end)
        rc = bad(z, err, ORA_E_FORMAT, "%zu bytes follow the last entry of the archive's directory",
                 (size_t)(end - at));
    if (rc == 0)
        rc = check_extents(z, x, err);
    free(x);
    return rc;
}

/* ---- life ----------------------------------------------------------------------------------------- */

int ora_zip_parse(const void *bytes, size_t len, const char *name, struct ora_zip **out, struct ora_err *err)
{
    struct ora_zip *z = ora_xcalloc(1, sizeof *z);
    z->name = ora_xstrdup(name);
    z->base = bytes;
    z->len = len;
    int rc = read_all(z, err);
    if (rc < 0)
        ora_zip_close(&z);
    *out = z;
    return rc;
}

void ora_zip_close(struct ora_zip **out)
{
    struct ora_zip *z = *out;
    if (!z)
        return;
    for (size_t i = 0; i < z->count; i++)
        free(z->entry[i].name);
    free(z->entry);
    free(z->name);
    free(z);
    *out = NULL;
}

size_t ora_zip_count(const struct ora_zip *z)
{
    return z->count;
}

const struct ora_zip_entry *ora_zip_at(const struct ora_zip *z, size_t index)
{
    return index < z->count ? &z->entry[index] : NULL;
}

const struct ora_zip_entry *ora_zip_find(const struct ora_zip *z, const char *name)
{
    for (size_t low = 0, high = z->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, z->entry[middle].name);
        if (order == 0)
            return &z->entry[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
