/* Errors: a code with a class, and one line for the operator. No global state. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    const char *text;
    enum ora_err_class class_;
} table[] = {
#define ORA_ERR(name, number, class_, text) [number] = {#name, text, ORA_CLASS_##class_},
#include "base/err.def"
#undef ORA_ERR
};

static int known(int code)
{
    return code <= 0 && -code < (int)(sizeof table / sizeof table[0]) && table[-code].name;
}

const char *ora_err_text(int code)
{
    return known(code) ? table[-code].text : "unknown error";
}

const char *ora_err_name(int code)
{
    return known(code) ? table[-code].name : "UNKNOWN";
}

enum ora_err_class ora_err_class_of(int code)
{
    return known(code) ? table[-code].class_ : ORA_CLASS_STOP;
}

void ora_err_clear(struct ora_err *err)
{
    if (err) {
        err->code = 0;
        err->message[0] = '\0';
    }
}

int ora_err_set(struct ora_err *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->code = code;
        vsnprintf(err->message, sizeof err->message, fmt, ap);
        va_end(ap);
    }
    return code;
}

static int code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EFBIG: /* a limit on files: as little can be written as on a full disk */
    case EDQUOT:
        return ORA_E_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return ORA_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ORA_E_PERMISSION;
    case ENOMEM:
        return ORA_E_NO_MEMORY;
    default:
        return ORA_E_IO;
    }
}

/* What an errno means to the operator, where the C library's words do not tell what to do. */
static void add_reason(char *message, size_t size, size_t len, int errnum)
{
    struct rlimit files;
    if (errnum == EMFILE && getrlimit(RLIMIT_NOFILE, &files) == 0)
        snprintf(
            message + len, size - len,
            ": the limit of open files is reached (%llu for a process): raise it, as with 'ulimit -n 1024'",
            (unsigned long long)files.rlim_cur);
    else if (errnum == ENFILE)
        snprintf(message + len, size - len,
                 ": the limit of open files of this whole machine is reached (sysctl fs.file-max)");
    else
        snprintf(message + len, size - len, ": %s", strerror(errnum));
}

int ora_err_errno(struct ora_err *err, int errnum, const char *fmt, ...)
{
    int code = code_of_errno(errnum);
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->code = code;
        int n = vsnprintf(err->message, sizeof err->message, fmt, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n < sizeof err->message)
            add_reason(err->message, sizeof err->message, (size_t)n, errnum);
    }
    return code;
}

int ora_err_wrap(struct ora_err *err, const char *fmt, ...)
{
    if (!err)
        return ORA_E_INTERNAL;
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->message)
        snprintf(err->message + n, sizeof err->message - (size_t)n, ": %s", inner);
    return err->code;
}
