/*
 * ONNX, the reader's ground: a pool with a budget, the place that messages name, and framing with errors.
 *
 * The budget grows with the file, so that a file of tiny empty messages cannot take much more memory than it
 * has bytes.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "weights/onnx_private.h"

/* ---- context: the pool, and where we are ---------------------------------------------------- */

int ora_onnx_fail(struct ora_onnx_reader *r, const unsigned char *at, int code, const char *fmt, ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    ora_str_addf(&s, "%s: byte %zu: ", r->path, (size_t)(at - r->base));
    for (size_t i = 0; i < r->depth; i++) {
        const struct ora_onnx_place *p = &r->place[i];
        ora_str_addf(&s, "%s %zu", p->what, p->index);
        if (p->name && *p->name)
            ora_str_addf(&s, " '%.96s'", p->name);
        ora_str_add(&s, ": ");
    }
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    ora_err_set(r->err, code, "%s", s.data);
    ora_str_release(&s);
    return code;
}

void *ora_onnx_alloc(struct ora_onnx_reader *r, const unsigned char *at, size_t count, size_t bytes, int *rc)
{
    struct ora_onnx_private *priv = r->model->priv;
    size_t want;
    *rc = 0;
    if (!ora_size_mul(count, bytes, &want) || !ora_size_add(want, 15, &want) || want > r->budget) {
        *rc = ora_onnx_fail(r, at, ORA_E_LIMIT, "needs more memory than a file of this size may");
        return NULL;
    }
    want &= ~(size_t)15;
    r->budget -= want;
    if (!priv->pool || priv->pool->size - priv->pool->used < want) {
        size_t size = want > ORA_ONNX_BLOCK_BYTES ? want : ORA_ONNX_BLOCK_BYTES;
        struct ora_onnx_block *b = ora_trymalloc(sizeof *b + size);
        if (!b) {
            *rc = ora_onnx_fail(r, at, ORA_E_NO_MEMORY, "no memory for %zu bytes", size);
            return NULL;
        }
        *b = (struct ora_onnx_block){priv->pool, size, 0};
        priv->pool = b;
    }
    void *p = priv->pool->bytes + priv->pool->used;
    priv->pool->used += want;
    return memset(p, 0, want);
}

int ora_onnx_next(struct ora_onnx_reader *r, struct ora_pb_span *m, struct ora_pb_field *f)
{
    const char *fault;
    int rc = ora_pb_next(m, f, &fault);
    return rc < 0 ? ora_onnx_fail(r, f->at, ORA_E_FORMAT, "%s", fault) : rc;
}

int ora_onnx_expect(struct ora_onnx_reader *r, const struct ora_pb_field *f, enum ora_pb_wire wire)
{
    return f->wire == wire ? 0
                           : ora_onnx_fail(r, f->at, ORA_E_FORMAT, "field %u has wire type %d, wanted %d",
                                           f->number, f->wire, wire);
}

int ora_onnx_tally(struct ora_onnx_reader *r, struct ora_pb_span m, size_t counts[ORA_ONNX_FIELDS])
{
    struct ora_pb_field f;
    int rc;
    memset(counts, 0, ORA_ONNX_FIELDS * sizeof counts[0]);
    while ((rc = ora_onnx_next(r, &m, &f)) > 0)
        if (f.number < ORA_ONNX_FIELDS)
            counts[f.number]++;
    return rc;
}

/* A copy with a NUL. Names are one line of UTF-8, so that messages, files and JSON can hold them. */
int ora_onnx_text(struct ora_onnx_reader *r, const struct ora_pb_field *f, size_t max, bool one_line,
                  const char **out)
{
    int rc = ora_onnx_expect(r, f, ORA_PB_BYTES);
    if (rc < 0)
        return rc;
    if (f->len > max)
        return ora_onnx_fail(r, f->at, ORA_E_LIMIT, "a string of %zu bytes, at most %zu are read", f->len,
                             max);
    if (ora_utf8_valid_prefix((const char *)f->data, f->len) != f->len ||
        (f->len && memchr(f->data, 0, f->len)))
        return ora_onnx_fail(r, f->at, ORA_E_FORMAT, "a string that is not UTF-8 text");
    for (size_t i = 0; one_line && i < f->len; i++)
        if (f->data[i] < 0x20 || f->data[i] == 0x7f)
            return ora_onnx_fail(r, f->at, ORA_E_FORMAT, "a name with a control character");
    char *s = ora_onnx_alloc(r, f->at, f->len + 1, 1, &rc);
    if (!s)
        return rc;
    memcpy(s, f->data, f->len);
    *out = s;
    return 0;
}

int ora_onnx_name(struct ora_onnx_reader *r, const struct ora_pb_field *f, const char **out)
{
    return ora_onnx_text(r, f, ORA_ONNX_NAME_MAX, true, out);
}

void ora_onnx_enter(struct ora_onnx_reader *r, const char *what, size_t index)
{
    r->place[r->depth++] = (struct ora_onnx_place){what, index, NULL};
}

void ora_onnx_leave(struct ora_onnx_reader *r)
{
    r->depth--;
}

/* ---- repeated numbers, packed or not -------------------------------------------------------- */

/* Packed varints: one ends at each byte without the top bit. */
static size_t count_varints(const struct ora_pb_field *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->len; i++)
        n += !(f->data[i] & 0x80);
    return n;
}

int ora_onnx_int64s(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t number, const int64_t **out,
                    size_t *count)
{
    struct ora_pb_field f;
    struct ora_pb_span walk = m;
    size_t n = 0;
    int rc;
    while ((rc = ora_onnx_next(r, &walk, &f)) > 0)
        if (f.number == number)
            n += f.wire == ORA_PB_BYTES ? count_varints(&f) : 1;
    if (rc < 0)
        return rc;
    int64_t *v = ora_onnx_alloc(r, m.p, n, sizeof *v, &rc);
    if (!v)
        return rc;
    *out = v;
    *count = 0;
    while ((rc = ora_onnx_next(r, &m, &f)) > 0) {
        if (f.number != number)
            continue;
        if (f.wire == ORA_PB_BYTES) {
            struct ora_pb_span packed = ora_onnx_span(&f);
            uint64_t value;
            while (packed.p < packed.end) {
                if (ora_pb_varint(&packed, &value) < 0)
                    return ora_onnx_fail(r, f.at, ORA_E_FORMAT, "a packed number is cut short");
                v[(*count)++] = (int64_t)value;
            }
        } else {
            if ((rc = ora_onnx_expect(r, &f, ORA_PB_VARINT)) < 0)
                return rc;
            v[(*count)++] = (int64_t)f.value;
        }
    }
    return rc;
}

/* How many numbers a field holds, and where; the single ones lie in the key's own bytes. */
static int fixed_run(struct ora_onnx_reader *r, const struct ora_pb_field *f, size_t bytes, size_t *n)
{
    enum ora_pb_wire single = bytes == 4 ? ORA_PB_FIXED32 : ORA_PB_FIXED64;
    *n = 1;
    if (f->wire != ORA_PB_BYTES)
        return ora_onnx_expect(r, f, single);
    if (f->len % bytes)
        return ora_onnx_fail(r, f->at, ORA_E_FORMAT, "%zu bytes of packed numbers of %zu bytes each", f->len,
                             bytes);
    *n = f->len / bytes;
    return 0;
}

int ora_onnx_fixeds(struct ora_onnx_reader *r, struct ora_pb_span m, uint32_t number, size_t bytes,
                    const void **out, size_t *count)
{
    struct ora_pb_field f;
    struct ora_pb_span walk = m;
    const unsigned char *only = NULL;
    size_t n, runs = 0;
    int rc;
    *count = 0;
    while ((rc = ora_onnx_next(r, &walk, &f)) > 0) {
        if (f.number != number)
            continue;
        if ((rc = fixed_run(r, &f, bytes, &n)) < 0)
            return rc;
        only = f.wire == ORA_PB_BYTES ? f.data : NULL;
        *count += n;
        runs++;
    }
    if (rc < 0)
        return rc;
    *out = only;
    if (runs == 1 && only)
        return 0;
    unsigned char *v = ora_onnx_alloc(r, m.p, *count, bytes, &rc);
    if (!v)
        return rc;
    *out = v;
    while ((rc = ora_onnx_next(r, &m, &f)) > 0) {
        if (f.number != number)
            continue;
        fixed_run(r, &f, bytes, &n);
        memcpy(v, f.wire == ORA_PB_BYTES ? f.data : (const unsigned char *)&f.value, n * bytes);
        v += n * bytes;
    }
    return rc;
}
