/*
 * Host: small files of /proc and /sys, each of which may be missing: then it limits nothing. Quotas hold on
 * every level of the cgroup tree, so the way up to the root is walked. Both generations of cgroups are read,
 * since Slurm and older hosts still have the first.
 */
#include "tune/host.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

enum { SMALL_FILE_BYTES = 4 << 20 }; /* cpuinfo of a thousand cores */

/* A text file below root, NULL when it cannot be read; caller frees. /proc files have no size: read(2) tells.
 */
static char *slurp(const char *root, const char *path)
{
    char *full = ora_fmt("%s/%s", root, path);
    FILE *f = fopen(full, "re");
    struct ora_str s = ORA_STR_INIT;
    char part[4096];
    size_t n;
    free(full);
    if (!f)
        return NULL;
    while (s.len < SMALL_FILE_BYTES && (n = fread(part, 1, sizeof part, f)) > 0)
        ora_str_addn(&s, part, n);
    fclose(f);
    return ora_str_detach(&s);
}

/* The rest of the first line that begins with `key`, beyond blanks and a colon; false: there is none. */
static bool value_of(const char *text, const char *key, char *out, size_t size)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (strncmp(line, key, len) != 0)
            continue;
        const char *v = line + len;
        v += strspn(v, " \t:");
        snprintf(out, size, "%.*s", (int)strcspn(v, "\n"), v);
        return out[0] != '\0';
    }
    return false;
}

static void read_cpu(const char *root, struct ora_host *h)
{
    /* x86, POWER, and what little arm64 tells */
    static const char *const keys[] = {"model name", "cpu\t", "CPU part"};
    char *text = slurp(root, "proc/cpuinfo");
    for (size_t i = 0; text && !h->cpu[0] && i < sizeof keys / sizeof *keys; i++)
        value_of(text, keys[i], h->cpu, sizeof h->cpu);
    free(text);
}

/* ---- cgroups ---------------------------------------------------------------------------------------------
 */

/* This process's path in a hierarchy of proc/self/cgroup: lines "ID:CONTROLLERS:PATH", of version 2
 * "0::PATH".
 */
static char *cgroup_of(const char *text, const char *controller)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        char *names = ora_fmt(",%.*s,", (int)(path - list - 1), list + 1);
        char *wanted = ora_fmt(",%s,", controller);
        bool found = controller[0] ? strstr(names, wanted) != NULL : path == list + 1;
        free(names);
        free(wanted);
        if (found)
            return ora_fmt("%.*s", (int)strcspn(path + 1, "\n"), path + 1);
    }
    return NULL;
}

/* Calls visit with each folder of the group, from its own to the root of the mount. */
static void walk_up(const char *mount, char *path, void (*visit)(void *ctx, const char *dir), void *ctx)
{
    for (;;) {
        size_t len = strlen(path);
        while (len && path[len - 1] == '/')
            path[--len] = '\0';
        char *dir = ora_fmt("%s%s", mount, path);
        visit(ctx, dir);
        free(dir);
        char *slash = strrchr(path, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

struct limits {
    const char *root;
    double cores;   /* of quotas; 0: none */
    uint64_t bytes; /* that can still be had; UINT64_MAX: no limit */
};

static bool number_in(const struct limits *l, const char *dir, const char *file, uint64_t *out)
{
    char *path = ora_fmt("%s/%s", dir, file), *text = slurp(l->root, path), *end;
    free(path);
    unsigned long long v = text ? strtoull(text, &end, 10) : 0;
    bool ok = text && end != text && text[0] != '-';
    free(text);
    *out = v;
    return ok;
}

static void take_quota(struct limits *l, double quota, double period)
{
    double cores = quota > 0 && period > 0 ? quota / period : 0;
    if (cores > 0 && (l->cores == 0 || cores < l->cores))
        l->cores = cores;
}

static void take_memory(struct limits *l, uint64_t limit, uint64_t used)
{
    uint64_t left = limit > used ? limit - used : 0;
    if (limit < (uint64_t)1 << 60 && left < l->bytes) /* version 1 writes a number near 2^63 for "none" */
        l->bytes = left;
}

static void visit_v2(void *ctx, const char *dir)
{
    struct limits *l = ctx;
    char *path = ora_fmt("%s/cpu.max", dir), *text = slurp(l->root, path);
    double quota, period;
    if (text && sscanf(text, "%lf %lf", &quota, &period) == 2)
        take_quota(l, quota, period);
    free(text);
    free(path);
    uint64_t limit, used;
    if (number_in(l, dir, "memory.max", &limit) && number_in(l, dir, "memory.current", &used))
        take_memory(l, limit, used);
}

static void visit_cpu_v1(void *ctx, const char *dir)
{
    struct limits *l = ctx;
    uint64_t quota, period;
    if (number_in(l, dir, "cpu.cfs_quota_us", &quota) && number_in(l, dir, "cpu.cfs_period_us", &period))
        take_quota(l, (double)quota, (double)period);
}

static void visit_memory_v1(void *ctx, const char *dir)
{
    struct limits *l = ctx;
    uint64_t limit, used;
    if (number_in(l, dir, "memory.limit_in_bytes", &limit) &&
        number_in(l, dir, "memory.usage_in_bytes", &used))
        take_memory(l, limit, used);
}

static void read_cgroups(struct limits *l)
{
    static const struct {
        const char *controller, *mount;
        void (*visit)(void *ctx, const char *dir);
    } hierarchies[] = {{"", "sys/fs/cgroup", visit_v2},
                       {"cpu", "sys/fs/cgroup/cpu", visit_cpu_v1},
                       {"memory", "sys/fs/cgroup/memory", visit_memory_v1}};
    char *text = slurp(l->root, "proc/self/cgroup");
    for (size_t i = 0; text && i < sizeof hierarchies / sizeof *hierarchies; i++) {
        char *path = cgroup_of(text, hierarchies[i].controller);
        if (path)
            walk_up(hierarchies[i].mount, path, hierarchies[i].visit, l);
        free(path);
    }
    free(text);
}

/* ---- how busy it is --------------------------------------------------------------------------------------
 */

/* A line "cpuN user nice system idle iowait irq softirq steal …" of proc/stat, in ticks. */
static double busy_ticks(const char *line, const cpu_set_t *mine)
{
    unsigned cpu;
    double t[8];
    if (sscanf(line, "cpu%u %lf %lf %lf %lf %lf %lf %lf %lf", &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
               &t[6], &t[7]) != 9 ||
        cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, mine))
        return 0;
    return t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
}

double ora_host_busy_s(const char *root)
{
    cpu_set_t mine;
    double ticks = 0, hz = (double)sysconf(_SC_CLK_TCK);
    char *text = slurp(root, "proc/stat");
    if (!text || sched_getaffinity(0, sizeof mine, &mine) < 0 || hz <= 0) {
        free(text);
        return 0;
    }
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, "cpu", 3) == 0 && line[3] != ' ')
            ticks += busy_ticks(line, &mine);
    free(text);
    return ticks / hz;
}

double ora_host_load(const char *root)
{
    char *text = slurp(root, "proc/loadavg");
    double load = text ? strtod(text, NULL) : 0;
    free(text);
    return load > 0 ? load : 0;
}

/* ---- the whole -------------------------------------------------------------------------------------------
 */

static uint32_t affinity_cores(void)
{
    /* a mask for more processors than cpu_set_t has is refused with EINVAL: then those online count */
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

void ora_host_read(const char *root, struct ora_host *h)
{
    struct limits l = {.root = root, .bytes = UINT64_MAX};
    char available[64];
    *h = (struct ora_host){.cores = affinity_cores()};
    if (gethostname(h->name, sizeof h->name - 1) < 0)
        snprintf(h->name, sizeof h->name, "localhost");
    read_cpu(root, h);
    read_cgroups(&l);
    h->quota = l.cores < h->cores ? l.cores : 0;
    uint32_t quota = (uint32_t)l.cores + ((double)(uint32_t)l.cores < l.cores);
    if (quota && quota < h->cores)
        h->cores = quota;
    char *text = slurp(root, "proc/meminfo");
    if (text && value_of(text, "MemAvailable", available, sizeof available))
        h->free_bytes = strtoull(available, NULL, 10) * 1024;
    free(text);
    if (l.bytes < h->free_bytes)
        h->free_bytes = l.bytes;
}
