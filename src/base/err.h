/*
 * Errors: what every function that can fail gives back.
 *
 * A function returns 0, or the negative number of an entry of err.def, and fills the caller's
 * struct ora_err with a message fit for an operator: what failed, on what file/line/field/tensor, and
 * what was expected. Libraries never print and never exit; main() does.
 *
 *     struct ora_err err = {0};
 *     if (ora_thing(x, &err) < 0)
 *         return ora_err_wrap(&err, "reading %s", path);     // "reading p: <inner message>"
 *
 * Threads: a struct ora_err belongs to one thread. `err` may be NULL everywhere.
 */
#ifndef ORA_BASE_ERR_H
#define ORA_BASE_ERR_H

#include <stdarg.h>

enum ora_err_class {
    ORA_CLASS_NONE,
    ORA_CLASS_BAD_INPUT,  /* reject the utterance, tell why */
    ORA_CLASS_RETRY,      /* another worker, later */
    ORA_CLASS_FATAL_HERE, /* this worker leaves */
    ORA_CLASS_STOP,       /* pause the run with one clear line, lose nothing */
};

enum ora_err_code {
#define ORA_ERR(name, number, class_, text) ORA_E_##name = -(number),
#include "base/err.def"
#undef ORA_ERR
};

struct ora_err {
    int code;          /* 0 or an ORA_E_… */
    char message[768]; /* UTF-8, one line */
};

/* Sets code and message; returns `code`, so that `return ora_err_set(…)` reads well. */
int ora_err_set(struct ora_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errnum)" appended and the code chosen from errnum (ENOSPC → DISK_FULL, ENOENT → NOT_FOUND, …). */
int ora_err_errno(struct ora_err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "<fmt>: " before the message already there; returns the code already there. */
int ora_err_wrap(struct ora_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ora_err_clear(struct ora_err *err);

const char *ora_err_text(int code);             /* the text of err.def */
const char *ora_err_name(int code);             /* "BAD_INPUT" */
enum ora_err_class ora_err_class_of(int code);  /* what the caller should do */

#endif
