/* Outfile: stdio with its errors kept. */
#include "views/outfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

int ora_outfile_open(struct ora_outfile *f, const char *dir, const char *name, struct ora_err *err)
{
    *f = (struct ora_outfile){.path = ora_path_join(dir, name)};
    f->file = fopen(f->path, "we");
    if (f->file)
        return 0;
    int rc = ora_err_errno(err, errno, "%s", f->path);
    free(f->path);
    f->path = NULL;
    return rc;
}

int ora_outfile_put(struct ora_outfile *f, struct ora_str *text, struct ora_err *err)
{
    if (text->len && fwrite(text->data, 1, text->len, f->file) != text->len && !f->errnum)
        f->errnum = errno ? errno : EIO;
    ora_str_clear(text);
    return f->errnum ? ora_err_errno(err, f->errnum, "%s", f->path) : 0;
}

static int close_file(struct ora_outfile *f, bool sync, struct ora_err *err)
{
    if (fflush(f->file) != 0 && !f->errnum)
        f->errnum = errno;
    if (sync && !f->errnum && fsync(fileno(f->file)) < 0)
        f->errnum = errno;
    if (fclose(f->file) != 0 && !f->errnum)
        f->errnum = errno;
    int rc = f->errnum ? ora_err_errno(err, f->errnum, "%s", f->path) : 0;
    free(f->path);
    *f = (struct ora_outfile){0};
    return rc;
}

int ora_outfile_write_close(struct ora_outfile *f, const void *data, size_t bytes, struct ora_err *err)
{
    if (fwrite(data, 1, bytes, f->file) != bytes)
        f->errnum = errno ? errno : EIO;
    return close_file(f, false, err);
}

int ora_outfile_close(struct ora_outfile *f, struct ora_err *err)
{
    return f->file ? close_file(f, true, err) : 0;
}
