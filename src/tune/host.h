/*
 * Host: which machine this is and how much of it this process may use: what a measurement of speed is good
 * for, and where it ends.
 *
 *     struct ora_host host;
 *     ora_host_read("/", &host);      // tests give a folder that looks like / instead
 *
 * Threads: pure but for the files that are read (proc/cpuinfo, proc/self/cgroup, proc/meminfo, sys/fs/cgroup)
 * and sched_getaffinity(2).
 */
#ifndef ORA_TUNE_HOST_H
#define ORA_TUNE_HOST_H

#include <stdint.h>

struct ora_host {
    char name[128]; /* gethostname(2) */
    char cpu[128];  /* "AMD EPYC 9R14"; "" where the system does not tell */
    uint32_t
        cores;    /* logical ones that this process may run on: affinity, and the cgroups' quota rounded up */
    double quota; /* cores that the cgroups leave where that is less than it may run on: 1.5; 0: no quota */
    uint64_t free_bytes; /* memory that can be had now, of the machine and within the cgroups; 0: not known */
};

void ora_host_read(const char *root, struct ora_host *host);
/* Seconds of work since boot, by whomever, on the processors that this process may run on; 0: not known. */
double ora_host_busy_s(const char *root);
/* Programs that wanted a core, mean of the last minute; 0: not known. */
double ora_host_load(const char *root);

#endif
