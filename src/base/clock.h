/* Clocks. Pure cores never call these: they are given `now`. */
#ifndef ORA_BASE_CLOCK_H
#define ORA_BASE_CLOCK_H

#include <stdint.h>

int64_t ora_clock_mono_ms(void);  /* since boot; never goes back */
double ora_clock_mono_s(void);
double ora_clock_thread_cpu_s(void);
int64_t ora_clock_wall_ms(void);  /* since 1970, UTC */
void ora_clock_rfc3339(int64_t wall_ms, char out[32]); /* "2026-01-31T12:00:00.123Z" */

#endif
