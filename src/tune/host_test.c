/* Hosts made of small files: what limits a process on each. */
#include "tune/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/test.h"

static void put(const char *root, const char *path, const char *text)
{
    char *full = ora_path_join(root, path), *dir = ora_path_dir(full);
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(ora_file_write_atomic(full, text, strlen(text), 0644, &err), err);
    free(full);
    free(dir);
}

static char *fresh_root(const char *name)
{
    return ora_path_join(ora_test_tmpdir(), name);
}

ORA_TEST(reads_the_processor)
{
    char *root = fresh_root("cpu");
    struct ora_host h;
    put(root, "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: AMD EPYC 9R14\n\nprocessor\t: 1\nmodel name\t: x\n");
    ora_host_read(root, &h);
    ORA_CHECK_STR(h.cpu, "AMD EPYC 9R14");
    ORA_CHECK(h.cores >= 1);
    ORA_CHECK(h.name[0] != '\0');
    free(root);
}

ORA_TEST(knows_little_of_an_empty_root)
{
    char *root = fresh_root("empty");
    struct ora_host h, real;
    ora_host_read(root, &h);
    ora_host_read("/", &real);
    ORA_CHECK_STR(h.cpu, "");
    ORA_CHECK_INT(h.free_bytes, 0);
    ORA_CHECK(h.cores >= real.cores);
    free(root);
}

ORA_TEST(a_quota_above_the_group_counts)
{
    char *root = fresh_root("v2");
    struct ora_host h;
    put(root, "proc/self/cgroup", "0::/a/b\n");
    put(root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put(root, "sys/fs/cgroup/a/cpu.max", "50000 100000\n"); /* half a core is one worker */
    put(root, "sys/fs/cgroup/a/memory.max", "1000000\n");
    put(root, "sys/fs/cgroup/a/memory.current", "400000\n");
    put(root, "sys/fs/cgroup/a/b/memory.max", "max\n");
    put(root, "sys/fs/cgroup/a/b/memory.current", "400000\n");
    put(root, "proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n");
    ora_host_read(root, &h);
    ORA_CHECK_INT(h.cores, 1);
    ORA_CHECK_NEAR(h.quota, 0.5, 0);
    ORA_CHECK_INT(h.free_bytes, 600000);
    free(root);
}

ORA_TEST(work_of_everybody_is_counted)
{
    char *root = fresh_root("stat");
    double hz = (double)sysconf(_SC_CLK_TCK);
    ORA_CHECK_NEAR(ora_host_busy_s(root), 0, 0);
    /* processor 9999 is not ours; idle and iowait are no work */
    put(root, "proc/stat",
        "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 10 20 5000 3000 1 2 7 0 0\ncpu9999 1 1 1 1 1 1 1 1 0 0\nintr "
        "5\n");
    ORA_CHECK_NEAR(ora_host_busy_s(root) * hz, 140, 1e-6);
    free(root);
}

ORA_TEST(cgroups_of_the_first_version)
{
    char *root = fresh_root("v1");
    struct ora_host h;
    put(root, "proc/self/cgroup", "5:cpuacct,cpu:/job\n4:memory:/job\n0::/\n");
    put(root, "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100000\n");
    put(root, "sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    put(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"); /* none */
    put(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    put(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "5\n");
    put(root, "proc/meminfo", "MemAvailable: 8000 kB\n");
    ora_host_read(root, &h);
    ORA_CHECK_INT(h.cores, 1);
    ORA_CHECK_INT(h.free_bytes, 8000 * 1024);
    free(root);
}
