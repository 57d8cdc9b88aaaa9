#include "base/err.h"

#include <errno.h>

#include "base/test.h"

ORA_TEST(classes_follow_the_table)
{
    ORA_CHECK_INT(ora_err_class_of(ORA_E_BAD_INPUT), ORA_CLASS_BAD_INPUT);
    ORA_CHECK_INT(ora_err_class_of(ORA_E_DISK_FULL), ORA_CLASS_STOP);
    ORA_CHECK_INT(ora_err_class_of(-9999), ORA_CLASS_STOP);
    ORA_CHECK_STR(ora_err_name(ORA_E_LIMIT), "LIMIT");
}

ORA_TEST(wraps_from_the_outside_in)
{
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_err_errno(&err, ENOSPC, "write %s", "x"), ORA_E_DISK_FULL);
    ORA_CHECK_INT(ora_err_wrap(&err, "batch %d", 7), ORA_E_DISK_FULL);
    ORA_CHECK_STR(err.message, "batch 7: write x: No space left on device");
}

ORA_TEST(a_limit_of_open_files_is_told_with_what_to_do)
{
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_err_errno(&err, EMFILE, "x"), ORA_E_IO);
    ORA_CHECK(strstr(err.message, "x: the limit of open files is reached (") &&
              strstr(err.message, "ulimit -n"));
}

ORA_TEST(cuts_a_message_that_is_too_long)
{
    struct ora_err err = {0};
    ora_err_set(&err, ORA_E_IO, "%2000d", 1);
    ora_err_wrap(&err, "%600d", 2);
    ORA_CHECK_INT(strlen(err.message), sizeof err.message - 1);
}
