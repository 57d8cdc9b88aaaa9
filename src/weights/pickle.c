/*
 * Pickle: a stack machine whose only effects are values in a pool.
 *
 * One function an opcode, found in a table of 256, so that what is not in the table is refused in one place.
 */
#include "weights/pickle_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { NAME_MAX_BYTES = 128 };

struct machine {
    struct ora_pickle *p;
    const unsigned char *base, *at, *end, *op; /* op: the opcode in work */
    const char *name;
    const struct ora_pickle_class *classes;
    size_t class_count;
    struct ora_pickle_value **stack; /* NULL entries are marks */
    size_t depth, stack_room;
    struct ora_pickle_value **memo;
    size_t memo_room, memo_next;
    bool done;
    struct ora_err *err;
};

/* ---- ground --------------------------------------------------------------------------------------- */

static int fail(struct machine *m, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct machine *m, int code, const char *fmt, ...)
{
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return ora_err_set(m->err, code, "%s: byte %zu of the pickle: %s", m->name, (size_t)(m->op - m->base),
                       what);
}

static int cut_short(struct machine *m)
{
    return fail(m, ORA_E_FORMAT, "the pickle ends in the middle (truncated?)");
}

static int out_of_memory(struct machine *m)
{
    return fail(m, ORA_E_NO_MEMORY, "no memory");
}

/* The next bytes, or NULL with an error. */
static const unsigned char *take(struct machine *m, size_t bytes)
{
    if ((size_t)(m->end - m->at) < bytes) {
        cut_short(m);
        return NULL;
    }
    m->at += bytes;
    return m->at - bytes;
}

/* A little-endian number of 1 to 8 bytes. */
static int take_number(struct machine *m, size_t bytes, uint64_t *out)
{
    const unsigned char *data = take(m, bytes);
    *out = 0;
    if (data)
        memcpy(out, data, bytes);
    return data ? 0 : ORA_E_FORMAT;
}

static int new_value(struct machine *m, enum ora_pickle_kind kind, struct ora_pickle_value **out)
{
    if (m->p->count == ORA_PICKLE_VALUES_MAX)
        return fail(m, ORA_E_LIMIT, "more than %d values", ORA_PICKLE_VALUES_MAX);
    *out = ora_pickle_new_value(m->p, kind);
    return *out ? 0 : out_of_memory(m);
}

static int push(struct machine *m, struct ora_pickle_value *v)
{
    if (m->depth == m->stack_room) {
        size_t room = m->stack_room ? m->stack_room * 2 : 64;
        if (room > ORA_PICKLE_VALUES_MAX)
            return fail(m, ORA_E_LIMIT, "more than %d values on the stack", ORA_PICKLE_VALUES_MAX);
        struct ora_pickle_value **stack = realloc(m->stack, room * sizeof *stack);
        if (!stack)
            return out_of_memory(m);
        m->stack = stack;
        m->stack_room = room;
    }
    m->stack[m->depth++] = v;
    return 0;
}

static int push_new(struct machine *m, enum ora_pickle_kind kind, struct ora_pickle_value **out)
{
    int rc = new_value(m, kind, out);
    return rc < 0 ? rc : push(m, *out);
}

/* The top of the stack, which stays; NULL with an error when there is none, or a mark. */
static struct ora_pickle_value *top(struct machine *m)
{
    struct ora_pickle_value *v = m->depth ? m->stack[m->depth - 1] : NULL;
    if (!v)
        fail(m, ORA_E_FORMAT, "opcode 0x%02x finds no value on the stack", *m->op);
    return v;
}

static struct ora_pickle_value *pop(struct machine *m)
{
    struct ora_pickle_value *v = top(m);
    if (v)
        m->depth--;
    return v;
}

/* The values above the last mark, which goes with them; they stay readable in the stack until the next push.
 */
static int pop_to_mark(struct machine *m, struct ora_pickle_value ***first, size_t *count)
{
    size_t i = m->depth;
    while (i > 0 && m->stack[i - 1])
        i--;
    if (i == 0)
        return fail(m, ORA_E_FORMAT, "opcode 0x%02x finds no mark on the stack", *m->op);
    *first = m->stack + i;
    *count = m->depth - i;
    m->depth = i - 1;
    return 0;
}

static int add_items(struct machine *m, struct ora_pickle_value *to, struct ora_pickle_value *const *items,
                     size_t count)
{
    return ora_pickle_add_items(to, items, count)
               ? 0
               : fail(m, ORA_E_LIMIT, "a list of too many values, or no memory");
}

/* ---- opcodes: stack and memo ---------------------------------------------------------------------- */

static int op_proto(struct machine *m)
{
    uint64_t version;
    int rc = take_number(m, 1, &version);
    return rc < 0 ? rc
           : version >= 2 && version <= 5
               ? 0
               : fail(m, ORA_E_UNSUPPORTED, "protocol %llu, wanted 2 to 5", (unsigned long long)version);
}

static int op_frame(struct machine *m)
{
    uint64_t bytes;
    int rc = take_number(m, 8, &bytes);
    return rc < 0 ? rc : bytes > (uint64_t)(m->end - m->at) ? cut_short(m) : 0;
}

static int op_stop(struct machine *m)
{
    m->p->root = pop(m);
    m->done = true;
    if (!m->p->root)
        return ORA_E_FORMAT;
    return m->depth ? fail(m, ORA_E_FORMAT, "%zu values are left on the stack", m->depth) : 0;
}

static int op_mark(struct machine *m)
{
    return push(m, NULL);
}

static int op_pop(struct machine *m)
{
    return pop(m) ? 0 : ORA_E_FORMAT;
}

static int op_pop_mark(struct machine *m)
{
    struct ora_pickle_value **first;
    size_t count;
    return pop_to_mark(m, &first, &count);
}

static int remember(struct machine *m, uint64_t slot)
{
    struct ora_pickle_value *v = top(m);
    if (!v)
        return ORA_E_FORMAT;
    if (slot >= ORA_PICKLE_MEMO_MAX)
        return fail(m, ORA_E_LIMIT, "memo slot %llu, at most %d", (unsigned long long)slot,
                    ORA_PICKLE_MEMO_MAX - 1);
    if (slot >= m->memo_room) {
        size_t room = slot < 512 ? 1024 : 2 * (size_t)slot;
        struct ora_pickle_value **memo = realloc(m->memo, room * sizeof *memo);
        if (!memo)
            return out_of_memory(m);
        memset(memo + m->memo_room, 0, (room - m->memo_room) * sizeof *memo);
        m->memo = memo;
        m->memo_room = room;
    }
    m->memo_next += !m->memo[slot];
    m->memo[slot] = v;
    return 0;
}

static int op_put(struct machine *m)
{
    uint64_t slot;
    int rc = take_number(m, *m->op == 'q' ? 1 : 4, &slot);
    return rc < 0 ? rc : remember(m, slot);
}

static int op_memoize(struct machine *m)
{
    return remember(m, m->memo_next);
}

static int op_get(struct machine *m)
{
    uint64_t slot;
    int rc = take_number(m, *m->op == 'h' ? 1 : 4, &slot);
    if (rc < 0)
        return rc;
    if (slot >= m->memo_room || !m->memo[slot])
        return fail(m, ORA_E_FORMAT, "memo slot %llu was never filled", (unsigned long long)slot);
    return push(m, m->memo[slot]);
}

/* ---- opcodes: scalars ----------------------------------------------------------------------------- */

static int push_number(struct machine *m, enum ora_pickle_kind kind, int64_t n)
{
    struct ora_pickle_value *v;
    int rc = push_new(m, kind, &v);
    if (rc == 0)
        v->number = n;
    return rc;
}

static int op_none(struct machine *m)
{
    return push_number(m, ORA_PICKLE_NONE, 0);
}

static int op_bool(struct machine *m)
{
    return push_number(m, ORA_PICKLE_BOOL, *m->op == 0x88);
}

static int op_int(struct machine *m)
{
    uint64_t n;
    size_t bytes = *m->op == 'K' ? 1 : *m->op == 'M' ? 2 : 4;
    int rc = take_number(m, bytes, &n);
    return rc < 0 ? rc
                  : push_number(m, ORA_PICKLE_INT, bytes == 4 ? (int64_t)(int32_t)(uint32_t)n : (int64_t)n);
}

/* Two's complement, little-endian, of any length; beyond 8 bytes it stays bytes. */
static int op_long(struct machine *m)
{
    const unsigned char *data;
    uint64_t bytes, n = 0;
    struct ora_pickle_value *v;
    int rc = take_number(m, *m->op == 0x8a ? 1 : 4, &bytes);
    if (rc < 0)
        return rc;
    if (!(data = take(m, bytes)))
        return ORA_E_FORMAT;
    if (bytes <= 8) {
        memcpy(&n, data, bytes);
        if (bytes && bytes < 8 && data[bytes - 1] & 0x80)
            n |= ~(uint64_t)0 << (8 * bytes);
        return push_number(m, ORA_PICKLE_INT, (int64_t)n);
    }
    if ((rc = push_new(m, ORA_PICKLE_BIG, &v)) == 0) {
        v->text = (const char *)data;
        v->count = (uint32_t)bytes;
    }
    return rc;
}

static int op_float(struct machine *m)
{
    uint64_t bits;
    struct ora_pickle_value *v;
    int rc = take_number(m, 8, &bits);
    if (rc < 0 || (rc = push_new(m, ORA_PICKLE_FLOAT, &v)) < 0)
        return rc;
    bits = __builtin_bswap64(bits);
    memcpy(&v->real, &bits, sizeof v->real);
    return 0;
}

static int op_text(struct machine *m)
{
    const unsigned char *data;
    uint64_t bytes;
    struct ora_pickle_value *v;
    int rc = take_number(m, *m->op == 'X' ? 4 : *m->op == 0x8c ? 1 : 8, &bytes);
    if (rc < 0)
        return rc;
    if (!(data = take(m, bytes)))
        return ORA_E_FORMAT;
    if (ora_utf8_valid_prefix((const char *)data, bytes) != bytes)
        return fail(m, ORA_E_FORMAT, "a string that is not UTF-8");
    if ((rc = push_new(m, ORA_PICKLE_TEXT, &v)) == 0) {
        v->text = (const char *)data;
        v->count = (uint32_t)bytes;
    }
    return rc;
}

/* ---- opcodes: collections ------------------------------------------------------------------------- */

static int op_empty(struct machine *m)
{
    struct ora_pickle_value *v;
    return push_new(m,
                    *m->op == '}'   ? ORA_PICKLE_DICT
                    : *m->op == ']' ? ORA_PICKLE_LIST
                                    : ORA_PICKLE_TUPLE,
                    &v);
}

static int push_items(struct machine *m, enum ora_pickle_kind kind, struct ora_pickle_value *const *items,
                      size_t count)
{
    struct ora_pickle_value *v;
    int rc = new_value(m, kind, &v);
    if (rc == 0)
        rc = add_items(m, v, items, count); /* before the push, which overwrites them */
    return rc < 0 ? rc : push(m, v);
}

static int op_tuple(struct machine *m)
{
    struct ora_pickle_value **first;
    size_t count;
    int rc = pop_to_mark(m, &first, &count);
    return rc < 0 ? rc : push_items(m, ORA_PICKLE_TUPLE, first, count);
}

static int op_short_tuple(struct machine *m)
{
    size_t count = *m->op - 0x84u;
    if (m->depth < count)
        return fail(m, ORA_E_FORMAT, "a tuple of %zu finds %zu values on the stack", count, m->depth);
    for (size_t i = 0; i < count; i++)
        if (!m->stack[m->depth - 1 - i])
            return fail(m, ORA_E_FORMAT, "a mark inside a tuple");
    m->depth -= count;
    return push_items(m, ORA_PICKLE_TUPLE, m->stack + m->depth, count);
}

/* Puts what was popped at the end of the list or dict that is now on top. */
static int extend(struct machine *m, enum ora_pickle_kind kind, struct ora_pickle_value *const *items,
                  size_t count)
{
    struct ora_pickle_value *to = top(m);
    if (!to)
        return ORA_E_FORMAT;
    if (to->kind != kind)
        return fail(m, ORA_E_FORMAT, "opcode 0x%02x wants a %s, finds a %s", *m->op,
                    kind == ORA_PICKLE_LIST ? "list" : "dict", ora_pickle_kind_name(to));
    if (kind == ORA_PICKLE_DICT && count % 2)
        return fail(m, ORA_E_FORMAT, "a key without a value");
    return add_items(m, to, items, count);
}

static int op_extend(struct machine *m)
{
    struct ora_pickle_value **first;
    size_t count;
    int rc = pop_to_mark(m, &first, &count);
    return rc < 0 ? rc : extend(m, *m->op == 'e' ? ORA_PICKLE_LIST : ORA_PICKLE_DICT, first, count);
}

static int op_append(struct machine *m)
{
    size_t count = *m->op == 'a' ? 1 : 2;
    struct ora_pickle_value *v[2];
    for (size_t i = count; i-- > 0;)
        if (!(v[i] = pop(m)))
            return ORA_E_FORMAT;
    return extend(m, *m->op == 'a' ? ORA_PICKLE_LIST : ORA_PICKLE_DICT, v, count);
}

/* ---- opcodes: classes and calls ------------------------------------------------------------------- */

static bool same(const char *a, const unsigned char *b, size_t len)
{
    return strlen(a) == len && memcmp(a, b, len) == 0;
}

/* A printable copy of bytes from outside. */
static const char *shown(const unsigned char *text, size_t len, char out[NAME_MAX_BYTES])
{
    size_t n = len < NAME_MAX_BYTES - 1 ? len : NAME_MAX_BYTES - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
    out[n] = 0;
    return out;
}

static int push_class(struct machine *m, const unsigned char *module, size_t module_len,
                      const unsigned char *name, size_t name_len)
{
    char a[NAME_MAX_BYTES], b[NAME_MAX_BYTES];
    for (size_t i = 0; i < m->class_count; i++)
        if (same(m->classes[i].module, module, module_len) && same(m->classes[i].name, name, name_len))
            return push_number(m, ORA_PICKLE_CLASS, (int64_t)i);
    return fail(m, ORA_E_UNSUPPORTED,
                "class '%s.%s' is not one that a file of tensors needs: refused, nothing of it was run",
                shown(module, module_len, a), shown(name, name_len, b));
}

static int op_global(struct machine *m)
{
    const unsigned char *line[2];
    size_t len[2];
    for (int i = 0; i < 2; i++) {
        const unsigned char *stop = memchr(m->at, '\n', (size_t)(m->end - m->at));
        if (!stop)
            return cut_short(m);
        line[i] = m->at;
        len[i] = (size_t)(stop - m->at);
        m->at = stop + 1;
    }
    return push_class(m, line[0], len[0], line[1], len[1]);
}

static int op_stack_global(struct machine *m)
{
    struct ora_pickle_value *name = pop(m), *module = name ? pop(m) : NULL;
    if (!module)
        return ORA_E_FORMAT;
    if (name->kind != ORA_PICKLE_TEXT || module->kind != ORA_PICKLE_TEXT)
        return fail(m, ORA_E_FORMAT, "a class whose name is no string");
    return push_class(m, (const unsigned char *)module->text, module->count,
                      (const unsigned char *)name->text, name->count);
}

static int op_reduce(struct machine *m)
{
    struct ora_pickle_value *args = pop(m), *callee = args ? pop(m) : NULL, *made;
    if (!callee)
        return ORA_E_FORMAT;
    if (callee->kind != ORA_PICKLE_CLASS || args->kind != ORA_PICKLE_TUPLE)
        return fail(m, ORA_E_FORMAT, "a call of a %s with a %s, wanted a class and a tuple",
                    ora_pickle_kind_name(callee), ora_pickle_kind_name(args));
    const struct ora_pickle_class *c = &m->classes[callee->number];
    if (c->role == ORA_PICKLE_CALLED)
        return push_items(m, ORA_PICKLE_CALL, (struct ora_pickle_value *[]){callee, args}, 2);
    if (c->role == ORA_PICKLE_MAKES_DICT && args->count == 0)
        return push_new(m, ORA_PICKLE_DICT, &made);
    return fail(m, ORA_E_UNSUPPORTED, "a call of '%s.%s' with %u arguments: refused, nothing of it was run",
                c->module, c->name, args->count);
}

/* Attributes of an OrderedDict (a state dict's _metadata): nothing that tensors need. */
static int op_build(struct machine *m)
{
    struct ora_pickle_value *state = pop(m), *of = state ? top(m) : NULL;
    if (!of)
        return ORA_E_FORMAT;
    if (of->kind == ORA_PICKLE_DICT && state->kind == ORA_PICKLE_DICT)
        return 0;
    return fail(m, ORA_E_UNSUPPORTED, "state (a %s) is set on a %s: refused", ora_pickle_kind_name(state),
                ora_pickle_kind_name(of));
}

static int op_ref(struct machine *m)
{
    struct ora_pickle_value *id = pop(m);
    return id ? push_items(m, ORA_PICKLE_REF, &id, 1) : ORA_E_FORMAT;
}

/* ---- the machine ---------------------------------------------------------------------------------- */

typedef int op_fn(struct machine *m);

static op_fn *const ops[256] = {
    [0x80] = op_proto,       [0x95] = op_frame,       ['.'] = op_stop,   ['('] = op_mark,
    ['0'] = op_pop,          ['1'] = op_pop_mark,     ['q'] = op_put,    ['r'] = op_put,
    [0x94] = op_memoize,     ['h'] = op_get,          ['j'] = op_get,    ['N'] = op_none,
    [0x88] = op_bool,        [0x89] = op_bool,        ['J'] = op_int,    ['K'] = op_int,
    ['M'] = op_int,          [0x8a] = op_long,        [0x8b] = op_long,  ['G'] = op_float,
    ['X'] = op_text,         [0x8c] = op_text,        [0x8d] = op_text,  ['}'] = op_empty,
    [']'] = op_empty,        [')'] = op_empty,        ['t'] = op_tuple,  [0x85] = op_short_tuple,
    [0x86] = op_short_tuple, [0x87] = op_short_tuple, ['e'] = op_extend, ['u'] = op_extend,
    ['a'] = op_append,       ['s'] = op_append,       ['c'] = op_global, [0x93] = op_stack_global,
    ['R'] = op_reduce,       ['b'] = op_build,        ['Q'] = op_ref,
};

/* What the refused opcodes are called, where a message can be the clearer for it. */
static const char *op_name(unsigned char op)
{
    static const struct {
        unsigned char op;
        const char *name;
    } known[] = {{'o', "OBJ"},         {'i', "INST"},        {0x81, "NEWOBJ"},
                 {0x92, "NEWOBJ_EX"},  {0x82, "EXT1"},       {0x83, "EXT2"},
                 {0x84, "EXT4"},       {'P', "PERSID"},      {'2', "DUP"},
                 {'I', "INT"},         {'L', "LONG"},        {'F', "FLOAT"},
                 {'S', "STRING"},      {'T', "BINSTRING"},   {'U', "SHORT_BINSTRING"},
                 {'V', "UNICODE"},     {'B', "BINBYTES"},    {'C', "SHORT_BINBYTES"},
                 {0x8e, "BINBYTES8"},  {0x96, "BYTEARRAY8"}, {'d', "DICT"},
                 {'l', "LIST"},        {'g', "GET"},         {'p', "PUT"},
                 {0x8f, "EMPTY_SET"},  {0x90, "ADDITEMS"},   {0x91, "FROZENSET"},
                 {0x97, "NEXT_BUFFER"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].op == op)
            return known[i].name;
    return "no pickle opcode";
}

static int run(struct machine *m)
{
    int rc = 0;
    while (rc == 0 && !m->done) {
        m->op = m->at;
        if (m->at == m->end)
            return cut_short(m);
        m->at++;
        op_fn *op = ops[*m->op];
        rc = op ? op(m)
                : fail(m, ORA_E_UNSUPPORTED,
                       "opcode 0x%02x (%s) is not one that a file of tensors needs: refused", *m->op,
                       op_name(*m->op));
    }
    return rc;
}

int ora_pickle_parse(const void *bytes, size_t len, const char *name, const struct ora_pickle_class *classes,
                     size_t class_count, struct ora_pickle **out, size_t *used, struct ora_err *err)
{
    struct machine m = {.base = bytes,
                        .at = bytes,
                        .end = (const unsigned char *)bytes +
                               (len < ORA_PICKLE_BYTES_MAX ? len : ORA_PICKLE_BYTES_MAX),
                        .op = bytes,
                        .name = name,
                        .classes = classes,
                        .class_count = class_count,
                        .err = err};
    m.p = ora_xcalloc(1, sizeof *m.p);
    int rc = run(&m);
    free(m.stack);
    free(m.memo);
    if (used)
        *used = (size_t)(m.at - m.base);
    if (rc < 0)
        ora_pickle_free(&m.p);
    *out = m.p;
    return rc;
}
