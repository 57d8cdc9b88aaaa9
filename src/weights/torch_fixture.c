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

static void header(struct ora_str *out, const struct zip_part *p, uint32_t crc)
{
    number(out, 0, 2); /* flags */
    number(out, p->method, 2);
    number(out, 0, 4); /* time */
    number(out, crc, 4);
    number(out, p->bytes, 4);
    number(out, p->bytes, 4);
    number(out, strlen(p->name), 2);
    number(out, 0, 2); /* extra */
}

void zip_file(const struct zip_part *parts, size_t count, bool with_crc, struct ora_str *out)
{
    struct ora_str directory = ORA_STR_INIT;
    for (size_t i = 0; i < count; i++) {
        const struct zip_part *p = &parts[i];
        uint32_t crc = with_crc ? ora_crc32(0, p->data, p->bytes) : 0;
        ora_str_add(&directory, "PK\1\2");
        number(&directory, 20, 2);
        number(&directory, 20, 2);
        header(&directory, p, crc);
        number(&directory, 0, 2 + 2 + 2 + 4); /* comment, disk, attributes */
        number(&directory, out->len, 4);
        ora_str_add(&directory, p->name);
        ora_str_add(out, "PK\3\4");
        number(out, 20, 2);
        header(out, p, crc);
        ora_str_add(out, p->name);
        ora_str_addn(out, p->data, p->bytes);
    }
    size_t at = out->len;
    ora_str_addn(out, directory.data ? directory.data : "", directory.len);
    ora_str_add(out, "PK\5\6");
    number(out, 0, 4);
    number(out, count, 2);
    number(out, count, 2);
    number(out, directory.len, 4);
    number(out, at, 4);
    number(out, 0, 2);
    ora_str_release(&directory);
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
