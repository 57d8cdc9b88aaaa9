/* Inputs: see inputs.h. */
#include "job/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

int ora_input_stat(const char *file, struct ora_input_facts *f, struct ora_err *err)
{
    struct stat st;
    *f = (struct ora_input_facts){.file = file};
    if (stat(file, &st) < 0)
        return ora_err_errno(err, errno, "%s", file);
    f->bytes = (uint64_t)st.st_size;
    f->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return 0;
}

int ora_input_facts(const char *file, struct ora_input_facts *f, struct ora_err *err)
{
    int rc = ora_input_stat(file, f, err);
    return rc < 0 ? rc : ora_file_sha256(file, f->sha256, err);
}

static int copy_and_hash(int out, struct ora_input_facts *f, struct ora_err *err)
{
    enum { CHUNK = 1 << 16 };
    unsigned char *buffer = ora_xmalloc(CHUNK);
    struct ora_sha256 h;
    size_t got;
    int rc;
    ora_sha256_init(&h);
    do {
        rc = ora_fd_read_all(STDIN_FILENO, buffer, CHUNK, &got, err);
        if (rc == 0 && out >= 0)
            rc = ora_fd_write_all(out, buffer, got, err);
        ora_sha256_update(&h, buffer, got);
        f->bytes += got;
    } while (rc == 0 && got == CHUNK);
    ora_sha256_hex(&h, f->sha256);
    free(buffer);
    return rc < 0 ? ora_err_wrap(err, "stdin") : 0;
}

int ora_input_copy_stdin(const char *file, struct ora_input_facts *f, struct ora_err *err)
{
    *f = (struct ora_input_facts){.file = "-"};
    int out = -1;
    if (file) {
        out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (out < 0)
            return ora_err_errno(err, errno, "%s", file);
    }
    int rc = copy_and_hash(out, f, err);
    if (out >= 0 && close(out) < 0 && rc == 0)
        rc = ora_err_errno(err, errno, "%s", file);
    return rc;
}

struct ora_input ora_input_of(const struct ora_job_input *in, const char *file)
{
    return (struct ora_input){
        .path = file,
        .doc_id = in->doc_id                   ? in->doc_id
                  : strcmp(in->path, "-") == 0 ? "stdin"
                                               : NULL,
        .layout = in->layout,
        .format = in->format,
        .columns = (const char *const *)in->columns,
        .column_count = in->column_count,
    };
}
