#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static double seconds_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int64_t millis_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t ora_clock_mono_ms(void)
{
    return millis_of(CLOCK_MONOTONIC);
}

double ora_clock_mono_s(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double ora_clock_thread_cpu_s(void)
{
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

int64_t ora_clock_wall_ms(void)
{
    return millis_of(CLOCK_REALTIME);
}

void ora_clock_rfc3339(int64_t wall_ms, char out[32])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    char head[24];
    strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", head, (int)(wall_ms % 1000));
}
