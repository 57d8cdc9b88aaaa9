#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_small(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, buf, size - 1);
    close(fd);
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

void ora_process_machine(char out[ORA_MACHINE_SIZE])
{
    char boot[40] = "", ns[40] = "";
    if (read_small("/proc/sys/kernel/random/boot_id", boot, sizeof boot) < 0)
        snprintf(boot, sizeof boot, "unknown");
    boot[strcspn(boot, "\n")] = '\0';
    ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof ns - 1);
    ns[n > 0 ? n : 0] = '\0';
    snprintf(out, ORA_MACHINE_SIZE, "%s:%s", boot, ns);
}

uint64_t ora_process_start_time(pid_t pid)
{
    enum { STATE = 3, START_TIME = 22 };
    char path[64], buf[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (pid <= 0 || read_small(path, buf, sizeof buf) <= 0)
        return 0;
    /* Field 2 is the program's name in parentheses and may hold anything: count from its end. */
    char *at = strrchr(buf, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
        return 0;
    at += 2;
    for (int field = STATE; at && field < START_TIME; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

uint64_t ora_process_memory_bytes(const char *field)
{
    char buf[4096], start[32];
    snprintf(start, sizeof start, "\n%s:", field);
    const char *at = read_small("/proc/self/status", buf, sizeof buf) > 0 ? strstr(buf, start) : NULL;
    return at ? strtoull(at + strlen(start), NULL, 10) * 1024 : 0;
}
