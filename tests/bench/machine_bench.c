/*
 * The machine, before anything of ours is measured on it: which kernel levels were built and which this
 * processor runs, the peak of each instruction on one core, bytes a second out of each cache and memory, and
 * what is left of a core's peak while the other processors work too. Siblings of one core share its units:
 * each of two keeps half. Cores that share nothing keep all of it.
 *
 *     machine_bench [--rounds N] [--json FILE]
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "nn/kernels/kernels.h"
#include "probe.h"
#include "rows.h"
#include "stats.h"

enum { ROUNDS_MAX = 31, CPUS_MAX = 256, LEVELS_MAX = 16, REPEATS = 10 };

/* ---- levels and peaks ------------------------------------------------------------------------ */

static void report_levels(void)
{
    printf("kernel levels:");
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        bool here = ora_kernels_find(k->name, NULL) != NULL;
        printf(" %s%s", k->name, here ? "" : " (not here)");
        rows_add(json_pack("{s:s, s:s, s:s, s:s?, s:b, s:b}", "group", "level", "level", k->name,
                           "arithmetic", k->arithmetic, "instruction", probe_instruction(k->name),
                           "available", here, "by_name", k->by_name));
    }
    printf("\n");
}

/* Levels of one instruction share a row. */
static bool is_new(size_t index)
{
    const char *own = probe_instruction(ora_kernels_at(index)->name);
    for (size_t i = 0; own && i < index; i++) {
        const char *other = probe_instruction(ora_kernels_at(i)->name);
        if (other && strcmp(own, other) == 0)
            return false;
    }
    return own != NULL;
}

static void report_peaks(int rounds)
{
    static double rates[LEVELS_MAX][ROUNDS_MAX];
    for (int r = 0; r < rounds; r++)
        for (size_t i = 0; i < LEVELS_MAX && ora_kernels_at(i); i++)
            if (is_new(i))
                rates[i][r] = probe_peak_gflops(ora_kernels_at(i)->name);
    for (size_t i = 0; i < LEVELS_MAX && ora_kernels_at(i); i++) {
        if (!is_new(i))
            continue;
        const char *level = ora_kernels_at(i)->name;
        double rate = stats_median(rates[i], rounds);
        if (rate > 0)
            printf("%-28s %8.1f GFLOP/s\n", probe_instruction(level), rate);
        else
            printf("%-28s %8s\n", probe_instruction(level), "not here");
        rows_add(json_pack("{s:s, s:s, s:s, s:o, s:s}", "group", "probe", "what", probe_instruction(level),
                           "level", level, "value", rate > 0 ? json_real(rate) : json_null(), "unit",
                           "GFLOP/s"));
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void report_reading(int rounds)
{
    static const struct {
        const char *what;
        size_t bytes;
        int repeats;
    } sizes[] = {{"read, 16 KiB", (size_t)16 << 10, 4000},
                 {"read, 512 KiB", (size_t)512 << 10, 100},
                 {"read, 8 MiB", (size_t)8 << 20, 4},
                 {"read, 256 MiB", (size_t)256 << 20, 1}};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    void *memory = ora_tryaligned(64, sizes[SIZES - 1].bytes);
    double rates[ROUNDS_MAX];
    if (!memory)
        return;
    memset(memory, 1, sizes[SIZES - 1].bytes);
    for (int s = 0; s < SIZES; s++) {
        for (int r = 0; r < rounds; r++)
            rates[r] = probe_read_gbps(memory, sizes[s].bytes, sizes[s].repeats);
        double rate = stats_median(rates, rounds);
        printf("%-28s %8.1f GB/s\n", sizes[s].what, rate);
        rows_add(json_pack("{s:s, s:s, s:f, s:s}", "group", "probe", "what", sizes[s].what, "value", rate,
                           "unit", "GB/s"));
    }
    free(memory);
}

/* ---- processors at once ---------------------------------------------------------------------- */

struct core {
    pthread_t thread;
    pthread_barrier_t *start;
    const char *level;
    int cpu;
    double rate;
};

static void *run_core(void *ctx)
{
    struct core *c = ctx;
    double inverse = 0;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)c->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    pthread_barrier_wait(c->start);
    for (int i = 0; i < REPEATS; i++)
        inverse += 1 / probe_peak_gflops(c->level);
    c->rate = REPEATS / inverse;
    return NULL;
}

/* GFLOP/s of a core, the mean over `count` of them at once. */
static double rate_of(const int *cpus, int count, const char *level)
{
    static struct core cores[CPUS_MAX];
    pthread_barrier_t start;
    double sum = 0;
    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (int i = 0; i < count; i++) {
        cores[i] = (struct core){.start = &start, .level = level, .cpu = cpus[i]};
        pthread_create(&cores[i].thread, NULL, run_core, &cores[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(cores[i].thread, NULL);
        sum += cores[i].rate;
    }
    pthread_barrier_destroy(&start);
    return sum / count;
}

/* "0-1" or "0" of the first processor that may be used, as the kernel tells it; "" where it does not. */
static void read_siblings(int cpu, char *out, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    FILE *f = fopen(path, "re");
    out[0] = 0;
    if (f && fgets(out, (int)size, f))
        out[strcspn(out, "\n")] = 0;
    if (f)
        fclose(f);
}

static void report_cores(int rounds)
{
    const char *level = ora_kernels_find(NULL, NULL)->name;
    int cpus[CPUS_MAX], count = 0;
    double keeps[ROUNDS_MAX];
    char siblings[64];
    cpu_set_t set;
    if (!probe_instruction(level) || sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (int i = 0; i < CPUS_MAX; i++)
        if (CPU_ISSET((size_t)i, &set))
            cpus[count++] = i;
    read_siblings(cpus[0], siblings, sizeof siblings);
    for (int r = 0; r < rounds; r++) {
        double alone = rate_of(cpus, 1, level);
        keeps[r] = rate_of(cpus, count, level) / alone;
    }
    double keep = stats_median(keeps, rounds);
    printf("%d processors at once: each keeps %.2f of its peak; siblings of processor %d: %s\n", count, keep,
           cpus[0], siblings[0] ? siblings : "unknown");
    rows_add(json_pack("{s:s, s:s, s:f, s:s, s:i, s:s}", "group", "probe", "what", "all processors at once",
                       "value", keep, "unit", "of one's peak", "processors", count, "siblings", siblings));
}

int main(int argc, char **argv)
{
    int rounds = 7;
    const char *json = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            json = argv[++i];
        else
            rounds = 0;
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: machine_bench [--rounds 1..%d] [--json FILE]\n", ROUNDS_MAX);
        return 2;
    }
    rows_open(json);
    report_levels();
    report_peaks(rounds);
    report_reading(rounds);
    report_cores(rounds);
    rows_close();
    return 0;
}
