/*
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A number is a pure function of (key, counter): no state, no order, so it does not depend on how work is cut.
 * Normal deviates are made from pairs of uniforms by Box-Muller in the caller's own arithmetic.
 */
#ifndef ORA_BASE_RNG_H
#define ORA_BASE_RNG_H

#include <stdint.h>

struct ora_rng_key {
    uint32_t word[2];
};

/* One block: four 32-bit words for one 128-bit counter. */
void ora_philox(struct ora_rng_key key, const uint32_t counter[4], uint32_t out[4]);

/* The key of an utterance: SHA-256 of "seed NUL id NUL segment", first 8 bytes little-endian. */
struct ora_rng_key ora_rng_key_of(uint64_t seed, const char *utterance_id, uint32_t segment);

#endif
