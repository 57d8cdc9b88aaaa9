/* Small torch files for tests: what torch.save writes for one tensor, byte by byte. */
#include "weights/torch_fixture.h"

#include <string.h>

#include "weights/zip.h"

static void number(struct ora_str *out, uint64_t n, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ora_str_addc(out, (char)(i < 8 ? n >> (8 * i) : 0));
}

/* ---- pickles -------------------------------------------------------------------------------------- */

static void text(struct ora_str *out, const char *s)
{
    ora_str_addc(out, 'X');
    number(out, strlen(s), 4);
    ora_str_add(out, s);
}

static void integer(struct ora_str *out, uint32_t n)
{
    ora_str_addc(out, 'J');
    number(out, n, 4);
}

static void numbers(struct ora_str *out, const uint32_t *n, uint32_t count)
{
    ora_str_addc(out, '(');
    for (uint32_t i = 0; i < count; i++)
        integer(out, n[i]);
    ora_str_addc(out, 't');
}

static void tensor(const struct torch_file *f, bool stream, struct ora_str *out)
{
    ora_str_add(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    text(out, "storage");
    ora_str_addf(out, "ctorch\n%s\n", f->storage_class);
    text(out, f->key);
    text(out, f->location);
    integer(out, f->promised);
    ora_str_add(out, stream ? "NtQ" : "tQ");
    integer(out, f->offset);
    numbers(out, f->size, f->rank);
    numbers(out, f->stride, f->rank);
    ora_str_add(out, "\x89"
                     "ccollections\nOrderedDict\n)RtR");
}

void torch_file_pickle(const struct torch_file *f, bool stream, struct ora_str *out)
{
    ora_str_add(out, "\x80\x02}");
    text(out, "state_dict");
    ora_str_addc(out, '}');
    text(out, "dit");
    ora_str_add(out, "ccollections\nOrderedDict\n)R(");
    ora_str_addn(out, f->extra ? f->extra : "", f->extra_len);
    text(out, "a");
    tensor(f, stream, out);
    ora_str_add(out, "uss.");
}

/* ---- zip ------------------------------------------------------------------------------------------ */

static void header(struct ora_str *out, const struct zip_part *p, uint32_t crc, bool wide, size_t extra)
{
    number(out, 0, 2); /* flags */
    number(out, p->method, 2);
    number(out, 0, 4); /* time */
    number(out, crc, 4);
    number(out, wide ? 0xffffffff : p->bytes, 4);
    number(out, wide ? 0xffffffff : p->bytes, 4);
    number(out, strlen(p->name), 2);
    number(out, extra, 2);
}

static void wide_numbers(struct ora_str *out, const uint64_t *n, size_t count)
{
    number(out, 1, 2);
    number(out, 8 * count, 2);
    for (size_t i = 0; i < count; i++)
        number(out, n[i], 8);
}

static void entry(struct ora_str *out, struct ora_str *directory, const struct zip_part *p, uint32_t crc,
                  bool wide)
{
    const uint64_t numbers_of[] = {p->bytes, p->bytes, out->len};
    ora_str_add(directory, "PK\1\2");
    number(directory, 20, 2);
    number(directory, 20, 2);
    header(directory, p, crc, wide, wide ? 28 : 0);
    number(directory, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes */
    number(directory, wide ? 0xffffffff : out->len, 4);
    ora_str_add(directory, p->name);
    ora_str_add(out, "PK\3\4");
    number(out, 20, 2);
    header(out, p, crc, wide, wide ? 20 : 0);
    ora_str_add(out, p->name);
    if (wide) {
        wide_numbers(directory, numbers_of, 3);
        wide_numbers(out, numbers_of, 2);
    }
    ora_str_addn(out, p->data, p->bytes);
}

static void wide_end(struct ora_str *out, size_t count, size_t bytes, size_t at)
{
    size_t here = out->len;
    ora_str_add(out, "PK\6\6");
    number(out, 44, 8);
    number(out, 0, 2 + 2 + 4 + 4); /* versions, disks */
    number(out, count, 8);
    number(out, count, 8);
    number(out, bytes, 8);
    number(out, at, 8);
    ora_str_add(out, "PK\6\7");
    number(out, 0, 4);
    number(out, here, 8);
    number(out, 1, 4);
}

static void archive(const struct zip_part *parts, size_t count, bool with_crc, bool wide, struct ora_str *out)
{
    struct ora_str directory = ORA_STR_INIT;
    for (size_t i = 0; i < count; i++)
        entry(out, &directory, &parts[i], with_crc ? ora_crc32(0, parts[i].data, parts[i].bytes) : 0, wide);
    size_t at = out->len;
    ora_str_addn(out, directory.data ? directory.data : "", directory.len);
    if (wide)
        wide_end(out, count, directory.len, at);
    ora_str_add(out, "PK\5\6");
    number(out, 0, 4);
    number(out, wide ? 0xffff : count, 2);
    number(out, wide ? 0xffff : count, 2);
    number(out, wide ? 0xffffffff : directory.len, 4);
    number(out, wide ? 0xffffffff : at, 4);
    number(out, 0, 2);
    ora_str_release(&directory);
}

void zip_file(const struct zip_part *parts, size_t count, bool with_crc, struct ora_str *out)
{
    archive(parts, count, with_crc, false, out);
}

void zip64_file(const struct zip_part *parts, size_t count, struct ora_str *out)
{
    archive(parts, count, true, true, out);
}

/* ---- the two containers --------------------------------------------------------------------------- */

void torch_file_zip(const struct torch_file *f, struct ora_str *out)
{
    struct ora_str pickle = ORA_STR_INIT;
    torch_file_pickle(f, false, &pickle);
    const struct zip_part parts[] = {{"x/data.pkl", pickle.data, pickle.len, 0},
                                     {"x/byteorder", "little", 6, 0},
                                     {"x/data/0", (const char *)f->values, f->value_count * sizeof(float), 0},
                                     {"x/version", "3\n", 2, 0}};
    zip_file(parts, 4, true, out);
    ora_str_release(&pickle);
}

void torch_file_stream(const struct torch_file *f, struct ora_str *out)
{
    ora_str_addn(out, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    ora_str_addn(out, "\x80\x02M\xe9\x03.", 6);
    ora_str_add(out, "\x80\x02}(");
    text(out, "little_endian");
    ora_str_add(out, "\x88u.");
    torch_file_pickle(f, true, out);
    ora_str_add(out, "\x80\x02](");
    text(out, f->key);
    ora_str_add(out, "e.");
    number(out, f->value_count, 8);
    ora_str_addn(out, (const char *)f->values, f->value_count * sizeof(float));
}
