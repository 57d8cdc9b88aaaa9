/* Medians, for every benchmark. */
#ifndef ORA_TESTS_BENCH_STATS_H
#define ORA_TESTS_BENCH_STATS_H

#include <stdlib.h>

static inline int stats_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts v; the upper one of two middles. */
static inline double stats_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, stats_by_value);
    return v[n / 2];
}

#endif
