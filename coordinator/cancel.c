#include "coordinator/cancel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

int ora_cancel_ask(const char *run_dir, struct ora_err *err)
{
    char *path = ora_path_join(run_dir, "cancel");
    int rc = ora_file_write_atomic(path, "", 0, 0644, err);
    free(path);
    return rc;
}

bool ora_cancel_asked(const char *run_dir)
{
    char *path = ora_path_join(run_dir, "cancel");
    bool yes = ora_file_exists(path);
    free(path);
    return yes;
}

void ora_cancel_clear(const char *run_dir)
{
    char *path = ora_path_join(run_dir, "cancel");
    unlink(path);
    free(path);
}

bool ora_run_is_worked_on(const char *run_dir)
{
    char *path = ora_path_join(run_dir, "lock");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool yes = fd < 0 ? errno == EACCES : flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    free(path);
    return yes;
}
