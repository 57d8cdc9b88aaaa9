/*
 * Goldens of MegaTTS 3: an index names tensors that the public reference computed (in double) with weights
 * made by a formula; we make the same weights, run the same inputs and compare every tensor within its
 * tolerance.
 *
 * An index is one JSON object: `seed`, `dims` (a set of sizes for each word of `size`), `files` (path beside
 * the index, model, size, tensors: shape, dtype, tol). Small files hold tensors whole; large ones hold
 * samples, "NAME#index" and "NAME#value", and the index has sum, min and max.
 *
 * A case is a file of the index. Its runner computes everything it knows and hands each tensor to
 * golden_check_…; names that the index lacks are passed over, names of the index that nobody checked are
 * failures.
 */
#ifndef ORA_TESTS_GOLDEN_MEGATTS3_H
#define ORA_TESTS_GOLDEN_MEGATTS3_H

#include <jansson.h>

#include "models/megatts3/dims.h"
#include "models/megatts3/formula.h"
#include "nn/compute.h"

enum { GOLDEN_NAME = 96 };

struct golden {
    const char *seed;
    const struct ora_kernels *kernels;
    struct mega_dims dims;       /* of the case's size */
    struct ora_weights *tensors; /* of the case's file */
    json_t *expected;            /* its rows of the index; checked ones are marked */
    struct ora_compute compute;
    struct ora_arena arena;
    void *packed;
    const struct ora_tensor_source *source; /* NULL: weights by the formula */
    const char *prefix;                     /* put before the names of taps */
    int passed, failed;
    double worst; /* largest error over tolerance */
    char worst_name[GOLDEN_NAME];
    bool verbose;
    struct golden_snr *snr; /* NULL: within tolerances; else nothing fails, and distances are collected */
};

/* An input of the case; ends the program with a message when it is missing. The caller frees it. */
float *golden_f32(const struct golden *g, size_t *count, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int32_t *golden_i32(const struct golden *g, size_t *count, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool golden_has(const struct golden *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void golden_check_f32(struct golden *g, const float *got, size_t count, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void golden_check_i32(struct golden *g, const int32_t *got, size_t count, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void golden_check_b16(struct golden *g, struct ora_b16 x, int rows, int channels, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* A tensor is compared once; from here on once more, for another form of the same computation. */
void golden_again(struct golden *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Binds and packs a model with the case's weights; the memory lives until the next one or the case's end. */
void golden_pack(struct golden *g, void (*bind)(struct ora_binder *b, void *model, const struct mega_dims *d),
                 void *model);
/* A tap that checks "<prefix><name>". */
struct ora_tap golden_tap(struct golden *g);

/* The runners. */
void golden_run_dit(struct golden *g);
void golden_run_dur(struct golden *g);
void golden_run_align(struct golden *g);
void golden_run_tables(struct golden *g);
void golden_run_vae(struct golden *g);
void golden_run_g2p(struct golden *g);

/* Weights that the importer makes of a folder of checkpoints with its dims.json, in place of the formula's.
 */
struct golden_imported {
    struct ora_weights *weights;
    struct ora_file_source file;
    struct ora_tensor_source source;
};
void golden_import(struct golden *g, const char *checkpoints, struct golden_imported *imported);
void golden_import_release(struct golden_imported *imported);

/* Distances from the reference, a row a stage (golden_snr.c). */
struct golden_snr *golden_snr_create(void); /* free() */
void golden_snr_floats(struct golden_snr *s, const char *name, double signal, double error);
void golden_snr_integers(struct golden_snr *s, const char *name, size_t count, size_t differ);
/* Prints the rows; how many of what reaches the sound have less than least_db. */
int golden_snr_report(struct golden_snr *s, double least_db);

/* Ends the program when rc is negative. */
void golden_must(int rc, const struct ora_err *err, const char *what);

#endif
