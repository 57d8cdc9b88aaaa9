/*
 * Pulse: work counts it up as it goes on, so that whoever watches it, from another thread or through shared
 * memory from another process, tells long work from work that is stuck.
 *
 * Threads: one beats, any may look.
 */
#ifndef ORA_BASE_PULSE_H
#define ORA_BASE_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

struct ora_pulse {
    _Atomic uint64_t beats;
};

/* NULL: nobody looks. */
static inline void ora_pulse_beat(struct ora_pulse *p)
{
    if (p)
        atomic_store_explicit(&p->beats, atomic_load_explicit(&p->beats, memory_order_relaxed) + 1,
                              memory_order_relaxed);
}

#endif
