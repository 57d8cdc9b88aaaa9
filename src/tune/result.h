/*
 * Result: what `oratorio tune` measured for one voice on one host, what it holds good for, and what follows
 * from it: which level, how many workers, how fast.
 *
 *     struct ora_tune_result r = {.key = key};
 *     ora_tune_add_row(&r, &row);                        // once a point
 *     r.best = ora_tune_choose(&r, NULL);
 *     text = ora_tune_to_json(&r);                       // the file's bytes; caller frees
 *
 *     rc = ora_tune_parse(bytes, len, &r, &err);         // FORMAT tells what is wrong
 *     ora_tune_differs(&r.key, &key_now, &why)           // e.g. "the voice has changed since"
 *
 * The file is described in README.md. Bounded: 1 MiB, ORA_TUNE_ROWS_MAX rows. Threads: pure.
 */
#ifndef ORA_TUNE_RESULT_H
#define ORA_TUNE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { ORA_TUNE_FORMAT = 2, ORA_TUNE_ROWS_MAX = 128, ORA_TUNE_WORKERS_MAX = 4096 };

/* What a measurement holds good for: where any of these differs it is made anew. */
struct ora_tune_key {
    char host[128], cpu[128];
    uint32_t cores;        /* that could be used */
    char engine[32];       /* version */
    char voice[65];        /* name */
    char voice_sha256[65]; /* of its weights, and of its base's */
    char arithmetic[24];   /* class: "f32-direct" */
    char levels[128];      /* of the class that could be used: "avx512,avx2,scalar" */
};

/* More of the cores than this in others' work, and a measurement counts as disturbed. */
#define ORA_TUNE_DISTURBED 0.1

struct ora_tune_row { /* one level and number of workers */
    char level[24];
    uint32_t workers;
    double audio_s_per_wall_s; /* of all of them together */
    double core_s_per_audio_s; /* CPU time */
    uint64_t memory_bytes;     /* peak of all, shared weights counted once */
};

struct ora_tune_result {
    struct ora_tune_key key;
    int64_t measured_ms; /* since 1970 */
    double took_s;
    double start_s;          /* a worker's way to its first utterance, files in the page cache */
    double audio_s_per_char; /* of the sentences that were spoken */
    struct ora_tune_estimate {
        double audio_s_per_char, core_s_per_audio_s;
    } estimate; /* what the family foretold of the same: other settings cost in proportion to what it says of
                   them */
    double others_cores; /* that other programs kept busy meanwhile, at most */
    struct ora_tune_row row[ORA_TUNE_ROWS_MAX];
    size_t row_count;
    size_t best; /* row */
};

/* LIMIT when there is no room. */
int ora_tune_add_row(struct ora_tune_result *r, const struct ora_tune_row *row, struct ora_err *err);
/* The row to work with, of one level or (NULL) of all: the fastest, or one with fewer workers that is as good
 * but for ORA_TUNE_SLACK. row_count when the level has no row. */
#define ORA_TUNE_SLACK 0.03
size_t ora_tune_choose(const struct ora_tune_result *r, const char *level);
/* Audio seconds a wall second of `workers` at a level, between two rows in proportion, beyond the last one as
 * that; 0 when the level has no row. */
double ora_tune_rate(const struct ora_tune_result *r, const char *level, uint32_t workers);

char *ora_tune_to_json(const struct ora_tune_result *r);
int ora_tune_parse(const char *bytes, size_t len, struct ora_tune_result *r, struct ora_err *err);
/* Appends why a measurement under `was` does not hold under `now`; false (and nothing) when it does. */
bool ora_tune_differs(const struct ora_tune_key *was, const struct ora_tune_key *now, struct ora_str *why);

/* Wall seconds that one of `workers` at a level spends on what the family foretells so much audio and so many
 * core seconds of. 0 when the level has no row. */
double ora_tune_seconds(const struct ora_tune_result *r, const char *level, uint32_t workers, double audio_s,
                        double core_s);
/* When `workers` are through with batches of so many seconds each, taken in this order by whoever is free. */
double ora_tune_makespan(const double *batch_s, size_t count, uint32_t workers);

#endif
