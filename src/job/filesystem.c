/*
 * Where a job table may lie. SQLite's WAL needs a shared map and locks that every process of one host agrees
 * about: network filesystems promise neither, and what breaks there breaks silently. So they are refused by
 * name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/str.h"
#include "job/filesystem.h"
#include "job/run_priv.h"

const char *ora_network_filesystem(uint32_t magic, const char *type)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } magics[] = {
        {0x6969, "NFS"},        {0x517b, "SMB"},        {0xff534d42, "CIFS"},   {0xfe534d42, "SMB2"},
        {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},   {0x00c36400, "CephFS"}, {0x5346414f, "AFS"},
        {0x6b414653, "AFS"},    {0x19830326, "BeeGFS"}, {0xaad7aaea, "PanFS"},  {0x20030528, "OrangeFS"},
        {0x7461636f, "OCFS2"},  {0x01161970, "GFS2"},   {0x73757245, "Coda"},
    };
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (magics[i].magic == magic)
            return magics[i].name;
    static const char *const types[] = {"nfs",        "nfs4",           "cifs",         "smb3",
                                        "lustre",     "gpfs",           "ceph",         "beegfs",
                                        "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",    "fuse.ceph-fuse",
                                        "fuse.s3fs",  "fuse.rclone",    "fuse.gcsfuse", "fuse.juicefs"};
    for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0)
            return types[i];
    return NULL;
}

/* The type of the mount with this device, from /proc/self/mountinfo: statfs calls every FUSE the same. */
static char *mount_type(dev_t dev)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, *type = NULL;
    size_t cap = 0;
    unsigned major_, minor_;
    while (f && !type && getline(&line, &cap, f) > 0) {
        char *dash = strstr(line, " - ");
        if (dash && sscanf(line, "%*d %*d %u:%u", &major_, &minor_) == 2 && major_ == major(dev) &&
            minor_ == minor(dev))
            type = strndup(dash + 3, strcspn(dash + 3, " \n"));
    }
    free(line);
    if (f)
        fclose(f);
    return type;
}

int ora_run_check_filesystem(const char *dir, bool allowed, struct ora_err *err)
{
    const char *env = getenv("ORATORIO_ALLOW_NETWORK_FS");
    struct statfs fs;
    struct stat st;
    if (allowed || (env && strcmp(env, "1") == 0))
        return 0;
    if (statfs(dir, &fs) < 0 || stat(dir, &st) < 0)
        return ora_err_errno(err, errno, "%s", dir);
    char *type = mount_type(st.st_dev);
    const char *name = ora_network_filesystem((uint32_t)fs.f_type, type);
    int rc =
        name ? ora_err_set(err, ORA_E_UNSUPPORTED,
                           "%s lies on %s, where SQLite's locks are not to be trusted: name a folder on a "
                           "local disk in the job (database: /var/tmp/…), or with --out for the whole run; "
                           "at your own risk: allow_network_fs: true, or ORATORIO_ALLOW_NETWORK_FS=1",
                           dir, name)
             : 0;
    free(type);
    return rc;
}
