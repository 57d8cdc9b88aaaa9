/*
 * Pickle: a bounded reader of the subset that files of tensors need. It builds a tree of plain values and
 * runs nothing: a class is a name that the caller must have allowed, a call is a node that remembers what it
 * would call with, and every other opcode is an error that names it.
 *
 *     static const struct ora_pickle_class classes[] = {{"collections", "OrderedDict",
 * ORA_PICKLE_MAKES_DICT}, …}; struct ora_pickle *p = NULL; ora_pickle_parse(bytes, len, "x.ckpt", classes,
 * count, &p, &err); const struct ora_pickle_value *state = ora_pickle_get(p, ora_pickle_root(p),
 * "state_dict"); ora_pickle_free(&p);
 *
 * Bounds: bytes, values, memo slots (the enum below). A value is made once and referenced from anywhere, so
 * that a pickle of shared lists costs no more than its opcodes; whoever walks the tree must bound the walk
 * himself, because values can be shared and can contain themselves. Source: Python's pickletools (protocols 2
 * to 5).
 *
 * Ownership: all values belong to the struct ora_pickle; strings are bytes of the caller's buffer.
 * Threads: read-only after parse.
 */
#ifndef ORA_WEIGHTS_PICKLE_H
#define ORA_WEIGHTS_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    ORA_PICKLE_BYTES_MAX = 16 << 20,
    ORA_PICKLE_VALUES_MAX = 1 << 20, /* a model of 500 tensors has about 10,000 */
    ORA_PICKLE_MEMO_MAX = ORA_PICKLE_VALUES_MAX,
};

enum ora_pickle_kind {
    ORA_PICKLE_NONE,
    ORA_PICKLE_BOOL,
    ORA_PICKLE_INT,
    ORA_PICKLE_BIG, /* an integer beyond 64 bits: text holds its little-endian bytes */
    ORA_PICKLE_FLOAT,
    ORA_PICKLE_TEXT,
    ORA_PICKLE_LIST,
    ORA_PICKLE_TUPLE,
    ORA_PICKLE_DICT,  /* items are key, value, key, value, … in the order of the file */
    ORA_PICKLE_CLASS, /* number is the index of an allowed class */
    ORA_PICKLE_CALL,  /* items are a class and the tuple of its arguments; nothing was called */
    ORA_PICKLE_REF,   /* a persistent id: item 0 is what it refers by */
};

struct ora_pickle_value {
    enum ora_pickle_kind kind;
    uint32_t count, room; /* of items */
    union {
        int64_t number;                 /* BOOL, INT, CLASS */
        double real;                    /* FLOAT */
        const char *text;               /* TEXT, BIG: `count` bytes, no NUL */
        struct ora_pickle_value **item; /* LIST, TUPLE, DICT, CALL, REF */
    };
};

enum ora_pickle_role {
    ORA_PICKLE_NAMED,      /* may be mentioned */
    ORA_PICKLE_CALLED,     /* may be called: becomes an ORA_PICKLE_CALL */
    ORA_PICKLE_MAKES_DICT, /* called without arguments it is an empty dict; state set on it is forgotten */
};

struct ora_pickle_class {
    const char *module, *name;
    enum ora_pickle_role role;
};

struct ora_pickle;

/* Reads the pickle that starts at `bytes`; *used (may be NULL) is where it stops: more may follow. FORMAT,
 * LIMIT, UNSUPPORTED (a class or opcode outside the subset): "x.ckpt: byte 206: class 'posix.system' …". The
 * list of classes must outlive *p. */
int ora_pickle_parse(const void *bytes, size_t len, const char *name, const struct ora_pickle_class *classes,
                     size_t class_count, struct ora_pickle **p, size_t *used, struct ora_err *err);
void ora_pickle_free(struct ora_pickle **p);

const struct ora_pickle_value *ora_pickle_root(const struct ora_pickle *p);
/* Every value, in the order of making: a walk that ends. NULL past the last. */
const struct ora_pickle_value *ora_pickle_at(const struct ora_pickle *p, size_t index);
/* The value of a key of a dict, or NULL (also when dict is NULL or no dict). */
const struct ora_pickle_value *ora_pickle_get(const struct ora_pickle_value *dict, const char *key);
bool ora_pickle_text_is(const struct ora_pickle_value *v, const char *text);
const char *ora_pickle_kind_name(const struct ora_pickle_value *v); /* "dict"; "nothing" for NULL */

#endif
