#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test.h"

ORA_TEST(writes_reads_and_bounds)
{
    struct ora_err err = {0};
    char *dir = ora_path_join(ora_test_tmpdir(), "a/b/c");
    char *path = ora_path_join(dir, "f");
    char *data = NULL;
    size_t len = 0;
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(path, "hello", 5, 0644, &err), err);
    ORA_CHECK_INT(ora_file_read(path, 4, &data, &len, &err), ORA_E_LIMIT);
    ORA_CHECK_OK(ora_file_read(path, 5, &data, &len, &err), err);
    ORA_CHECK_INT(len, 5);
    ORA_CHECK_STR(data, "hello");
    free(data);
    char hex[65];
    ORA_CHECK_OK(ora_file_sha256(path, hex, &err), err);
    ORA_CHECK_STR(hex, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    ORA_CHECK_INT(ora_file_read(dir, 5, &data, &len, &err), ORA_E_BAD_USAGE);
    free(path);
    free(dir);
}

ORA_TEST(missing_file_is_named)
{
    struct ora_err err = {0};
    struct ora_map m;
    char *missing = ora_path_join(ora_test_tmpdir(), "none/x"),
         *want = ora_fmt("%s: No such file or directory", missing);
    ORA_CHECK_INT(ora_map_open(&m, missing, &err), ORA_E_NOT_FOUND);
    ORA_CHECK_STR(err.message, want);
    free(missing), free(want);
}

ORA_TEST(lock_is_exclusive)
{
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "lock");
    int a, b;
    ORA_CHECK_OK(ora_file_lock(path, false, &a, &err), err);
    ORA_CHECK_INT(ora_file_lock(path, false, &b, &err), ORA_E_BUSY);
    close(a);
    ORA_CHECK_OK(ora_file_lock(path, false, &b, &err), err);
    close(b);
    free(path);
}

ORA_TEST(lock_of_a_removed_file_guards_nothing)
{
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "lock-removed");
    int a, b, c;
    ORA_CHECK_OK(ora_file_lock(path, false, &a, &err), err);
    unlink(path);
    ORA_CHECK_OK(ora_file_lock(path, false, &b, &err), err);
    ORA_CHECK_INT(ora_file_lock(path, false, &c, &err), ORA_E_BUSY);
    close(a);
    close(b);
    free(path);
}

ORA_TEST(paths)
{
    char *a = ora_path_join("x/", "y"), *b = ora_path_join("x", "/y"), *c = ora_path_dir("/y"),
         *d = ora_path_dir("y");
    ORA_CHECK_STR(a, "x/y");
    ORA_CHECK_STR(b, "/y");
    ORA_CHECK_STR(c, "/");
    ORA_CHECK_STR(d, ".");
    ORA_CHECK_STR(ora_path_base("a/b"), "b");
    free(a), free(b), free(c), free(d);
}
