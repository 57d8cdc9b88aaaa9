/*
 * Admission: which workers a run takes. All must be of this version and compute in the run's class of
 * arithmetic, or the audio would depend on who rendered it. Pure; remembers whom it turned away, for the
 * user.
 */
#ifndef COORDINATOR_ADMISSION_H
#define COORDINATOR_ADMISSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/wire.h"

enum { ORA_ADMISSION_REASONS = 64 }; /* kept; a cluster has fewer kinds of hosts that lack something */

struct ora_admission {
    char *arithmetic, *kernels, *machine;
    uint64_t turned_away, turned_away_local; /* HELLOs; those of `machine` */
    char *reason[ORA_ADMISSION_REASONS];     /* each once, in the order they came */
    size_t reason_count;
};

/* kernels: the one level of the class that is taken; NULL or "auto": any. machine: of the
 * coordinator, as in HELLO. All are copied. */
void ora_admission_init(struct ora_admission *a, const char *arithmetic, const char *kernels,
                        const char *machine);
void ora_admission_release(struct ora_admission *a);
/* The level at which this worker will render: the best that it has. NULL: it must not; *why says what is
 * needed and what its host has. */
const char *ora_admission_level(struct ora_admission *a, const struct ora_wire_hello *hello,
                                struct ora_err *why);

#endif
