/*
 * What this core can do at this moment: fused multiply-adds in registers at a kernel level's width, and bytes
 * read in a stream. Benchmarks run them between their rounds and report shares of them.
 */
#ifndef ORA_TESTS_BENCH_PROBE_H
#define ORA_TESTS_BENCH_PROBE_H

#include <stddef.h>

/* GFLOP/s of independent chains of FMA; 0 for a level that has no such instruction here. CPU time. */
double probe_peak_gflops(const char *level);
/* GB/s of reading `bytes` (a multiple of 64, far beyond the caches) once, in CPU time. */
double probe_read_gbps(const void *data, size_t bytes);

#endif
