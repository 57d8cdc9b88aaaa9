/*
 * Crew: processes that speak a voice's sentences as workers do, to be timed: each opens the voice by itself
 * at one level, as an engine does, so that they share what engines share (packed weights, caches, memory
 * bandwidth, the siblings of a core) and nothing else.
 *
 *     ora_crew_create(&options, 8, &crew, &err);         // none runs yet
 *     ora_crew_grow(crew, 2, &start, &err);              // two have spoken their first sentence
 *     ora_crew_work(crew, 2, 0.5, &round, &err);         // for half a second, and a whole pass each
 *     ora_crew_destroy(&crew);                           // ends them at once
 *
 * They are forks: call from a program of one thread. They die with their parent, whatever kills it.
 */
#ifndef ORA_TUNE_CREW_H
#define ORA_TUNE_CREW_H

#include <stdint.h>

#include "base/err.h"

struct ora_crew_options {         /* borrowed while the crew lives */
    const char *voice;            /* name or path */
    const char *speaker;          /* or NULL */
    const char *settings_json;    /* or NULL */
    const char *level;            /* "avx512" */
    const char *cache_dir;        /* of packed weights; or NULL */
    const char *const *sentences; /* ends with NULL */
    double patience_s;            /* for each one's first sentence; TIMEOUT beyond it */
};

struct ora_crew_start {
    double start_s;     /* the last one's way to its first utterance */
    double first_s;     /* that utterance: seconds of a core */
    double audio_s;     /* its length */
    uint64_t own_bytes; /* peak memory of one, without what all share */
    char level[24];     /* in use; a family without kernels names none of those asked for */
};

struct ora_crew_round {
    double audio_s_per_wall_s;     /* all together, of whole passes while all were at work */
    double audio_s_per_core_s;     /* the same by CPU time: as if nobody else used the cores */
    double others_cores;           /* that other programs kept busy meanwhile */
    double cpu_s, audio_s, wall_s; /* of those passes, sums */
    uint64_t chars;
    uint64_t memory_bytes; /* peak of all; what they share counts once */
};

struct ora_crew;

int ora_crew_create(const struct ora_crew_options *options, uint32_t most, struct ora_crew **crew,
                    struct ora_err *err);
/* How many sentences make a pass, from the first on; the default is all. */
void ora_crew_pass(struct ora_crew *crew, uint32_t sentences);
int ora_crew_grow(struct ora_crew *crew, uint32_t count, struct ora_crew_start *start, struct ora_err *err);
/* TIMEOUT when a pass of all is not over after patience_s more than `seconds`. */
int ora_crew_work(struct ora_crew *crew, uint32_t count, double seconds, struct ora_crew_round *round,
                  struct ora_err *err);
void ora_crew_destroy(struct ora_crew **crew);

#endif
