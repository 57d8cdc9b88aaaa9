/*
 * .npy: magic, version, length of the header, the header: a Python dictionary of three entries, blanks, a
 * newline; then the elements. The dictionary is read by a scanner that knows these three keys and the forms
 * of their values.
 */
#include "weights/npy.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { MAGIC_BYTES = 6, HEADER_MAX = 1 << 16, KEY_MAX = 24 };

struct scanner {
    const char *at, *end, *name;
    struct ora_err *err;
};

static int bad(const struct scanner *s, const char *what)
{
    return ora_err_set(s->err, ORA_E_FORMAT, "%s: its header %s: not an array that NumPy saved", s->name,
                       what);
}

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n'))
        s->at++;
}

static bool take(struct scanner *s, char c)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* 'text' into out[KEY_MAX]. */
static bool take_quoted(struct scanner *s, char *out)
{
    size_t n = 0;
    if (!take(s, '\''))
        return false;
    while (s->at < s->end && *s->at != '\'' && n + 1 < KEY_MAX && isprint((unsigned char)*s->at))
        out[n++] = *s->at++;
    out[n] = 0;
    return s->at < s->end && *s->at++ == '\'';
}

static bool take_word(struct scanner *s, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* (), (3,), (1, 212, 32) */
static int take_shape(struct scanner *s, struct ora_shape *shape)
{
    if (!take(s, '('))
        return bad(s, "has no shape");
    while (!take(s, ')')) {
        size_t v = 0;
        skip_blanks(s);
        if (s->at == s->end || !isdigit((unsigned char)*s->at))
            return bad(s, "has a strange shape");
        for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++)
            if (!ora_size_mul(v, 10, &v) || !ora_size_add(v, (size_t)(*s->at - '0'), &v))
                return bad(s, "has a dimension beyond all bounds");
        if (shape->rank == ORA_RANK_MAX)
            return bad(s, "has too many dimensions");
        shape->dim[shape->rank++] = v;
        if (!take(s, ',') && (s->at == s->end || *s->at != ')'))
            return bad(s, "has a strange shape");
    }
    return 0;
}

static int take_entry(struct scanner *s, const char *key, struct ora_npy *a, unsigned *seen)
{
    char text[KEY_MAX];
    if (strcmp(key, "descr") == 0 && !(*seen & 1)) {
        *seen |= 1;
        if (!take_quoted(s, text))
            return ora_err_set(s->err, ORA_E_FORMAT, "%s: an array of records, wanted '<f4'", s->name);
        if (strcmp(text, "<f4") != 0)
            return ora_err_set(s->err, ORA_E_FORMAT, "%s: an array of '%s', wanted '<f4' (float32)", s->name,
                               text);
        return 0;
    }
    if (strcmp(key, "fortran_order") == 0 && !(*seen & 2)) {
        *seen |= 2;
        if (take_word(s, "True"))
            return ora_err_set(s->err, ORA_E_FORMAT,
                               "%s: an array in Fortran order, wanted C order (numpy.ascontiguousarray)",
                               s->name);
        return take_word(s, "False") ? 0 : bad(s, "has a strange order");
    }
    if (strcmp(key, "shape") == 0 && !(*seen & 4)) {
        *seen |= 4;
        return take_shape(s, &a->shape);
    }
    return bad(s, "has a strange entry");
}

static int read_header(struct scanner *s, struct ora_npy *a)
{
    char key[KEY_MAX];
    unsigned seen = 0;
    if (!take(s, '{'))
        return bad(s, "is no dictionary");
    while (!take(s, '}')) {
        if (!take_quoted(s, key) || !take(s, ':'))
            return bad(s, "is damaged");
        int rc = take_entry(s, key, a, &seen);
        if (rc < 0)
            return rc;
        if (!take(s, ',') && (s->at == s->end || *s->at != '}'))
            return bad(s, "is damaged");
    }
    skip_blanks(s);
    return seen == 7 && s->at == s->end ? 0 : bad(s, "is incomplete");
}

int ora_npy_parse(struct ora_npy *a, const void *bytes, size_t len, const char *name, struct ora_err *err)
{
    static const unsigned char magic[MAGIC_BYTES] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    const unsigned char *p = bytes;
    size_t at = MAGIC_BYTES + 2, header, want;
    *a = (struct ora_npy){0};
    if (len < at + 4 || memcmp(p, magic, MAGIC_BYTES) != 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s is no .npy file", name);
    if (p[MAGIC_BYTES] < 1 || p[MAGIC_BYTES] > 3 || p[MAGIC_BYTES + 1] != 0)
        return ora_err_set(err, ORA_E_FORMAT, "%s: .npy of version %d.%d, wanted 1.0 to 3.0", name,
                           p[MAGIC_BYTES], p[MAGIC_BYTES + 1]);
    header = p[at] | (size_t)p[at + 1] << 8;
    if (p[MAGIC_BYTES] > 1)
        header |= (size_t)p[at + 2] << 16 | (size_t)p[at + 3] << 24;
    at += p[MAGIC_BYTES] > 1 ? 4 : 2;
    if (header > HEADER_MAX || header > len - at)
        return ora_err_set(err, ORA_E_FORMAT, "%s: a header of %zu bytes in a file of %zu", name, header,
                           len);
    struct scanner s = {(const char *)p + at, (const char *)p + at + header, name, err};
    int rc = read_header(&s, a);
    if (rc < 0)
        return rc;
    at += header;
    if (!ora_shape_count(&a->shape, &a->count) || !ora_size_mul(a->count, sizeof(float), &want) ||
        want != len - at) {
        char text[ORA_SHAPE_TEXT];
        return ora_err_set(err, ORA_E_FORMAT, "%s: %zu bytes of elements do not make the shape %s of float32",
                           name, len - at, ora_shape_text(&a->shape, text));
    }
    a->data = p + at;
    return 0;
}
