/*
 * Measure: in which order levels and numbers of workers are tried, within a bounded time, and what is left
 * out.
 *
 *     struct ora_tune_options o = {.voice = voice, .named = "en_US-joe-medium", .key = &key, .here = &levels,
 * …}; rc = ora_tune_measure(&o, &result, &notes, &err);       // lines for the user in notes
 *
 * Each level of the class is timed with one worker, in turns; those that are near the fastest with as many
 * workers as there are cores; the fastest then with the numbers between. Whether the siblings of a core or
 * the memory bear more workers is so seen, not assumed. Must be called from a program of one thread.
 */
#ifndef ORA_TUNE_MEASURE_H
#define ORA_TUNE_MEASURE_H

#include "models/family.h"
#include "nn/kernels/precision.h"
#include "tune/result.h"

struct ora_tune_options { /* borrowed */
    const struct ora_voice *voice;
    const char *named; /* as the user named it: what processes open */
    const struct ora_tune_key *key;
    const struct ora_levels *here;
    const char *kernels;   /* a level that is measured throughout, fast or not; NULL or "auto": none */
    const char *cache_dir; /* of packed weights; or NULL */
    double round_s;        /* of one measurement; several make a point */
    double budget_s;       /* after it no more workers are tried; what is in hand is ended, beyond it */
    double quota;          /* cores that they get at most together: 1.5; 0: no quota */
    uint64_t free_bytes;   /* memory that workers may fill; 0: not known */
    void (*progress)(void *ctx, const char *level, uint32_t workers); /* before each; may be NULL */
    void *ctx;
};

/* UNSUPPORTED: the host has no level of the class, or the voice is too slow for the budget (the message says
 * how slow, and what to do). */
int ora_tune_measure(const struct ora_tune_options *o, struct ora_tune_result *result, struct ora_str *notes,
                     struct ora_err *err);

/* How much of a core each of so many workers gets under a quota (0: none): at most 1. */
double ora_tune_share(double quota, uint32_t workers);
/* Numbers of workers between 1 and `most` worth a look, ascending, without these two; returns how many. */
size_t ora_tune_counts(uint32_t most, uint32_t *out, size_t room);

#endif
