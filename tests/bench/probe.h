/*
 * What this core can do at this moment: multiply-adds in registers by the instruction of a kernel level, and
 * bytes read in a stream. Benchmarks run them between their rounds and report shares of them.
 */
#ifndef ORA_TESTS_BENCH_PROBE_H
#define ORA_TESTS_BENCH_PROBE_H

#include <stddef.h>

/* The instruction that a level's inner loop is made of, in the words of the table: "f32, 512 bits". NULL for
 * a level that has none of its own (scalar, blas). */
const char *probe_instruction(const char *level);
/* GFLOP/s of independent chains of it, in CPU time; 0 for a level without one or one that this processor
 * lacks. Split levels make three products of one, so theirs is a third. Some milliseconds. */
double probe_peak_gflops(const char *level);
/* GB/s of reading `bytes` (a multiple of 256) so many times, in CPU time. */
double probe_read_gbps(const void *data, size_t bytes, int times);

#endif
