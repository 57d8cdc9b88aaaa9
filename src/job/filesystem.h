/* Which filesystems are refused for run.sqlite. */
#ifndef ORA_JOB_FILESYSTEM_H
#define ORA_JOB_FILESYSTEM_H

#include <stdint.h>

/* Its name when statfs' f_type or the mount's type is a network filesystem's, else NULL. type may be NULL. */
const char *ora_network_filesystem(uint32_t magic, const char *type);

#endif
