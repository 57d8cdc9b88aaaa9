/*
 * Precision: in which arithmetic audio is made, and which kernel levels can make it.
 *
 * A class of arithmetic is a set of levels that give the same bits ("f32-wino": avx512-wino, avx2-wino), told
 * by ora_kernels.arithmetic. A run has one class, fixed when it is made; whoever has a level of it can join.
 * What a user says is a class, or "exact" or "fast": ordered lists of classes, of which the first that the
 * host has counts.
 *
 *     struct ora_levels here;
 *     ora_levels_here(&here, &err);                                       // once, at the start
 *     ora_precision_class("fast", NULL, &here, &arithmetic, &err);        // when a run is made
 *     level = ora_precision_level(arithmetic, NULL, &here, "", &err);     // wherever it is rendered
 *
 * Strings that are returned are constants. Threads: everything but ora_levels_here is pure; that one asks the
 * processor and reads the environment.
 */
#ifndef ORA_NN_KERNELS_PRECISION_H
#define ORA_NN_KERNELS_PRECISION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum { ORA_LEVELS_MAX = 16 };

/* Levels that a host has, best first. */
struct ora_levels {
    const char *name[ORA_LEVELS_MAX];
    size_t count;
};

/* What this processor runs; where ORATORIO_KERNELS is set and not empty (names with commas), only what it
 * names. BAD_USAGE: it names a level that does not exist, or none that this processor has. */
int ora_levels_here(struct ora_levels *here, struct ora_err *err);

/* "exact", "fast", then the classes; NULL past the last. */
const char *ora_precision_word(size_t index);
/* A class of arithmetic, or NULL: `name` as the constant that tables hold. */
const char *ora_arithmetic_find(const char *name);
/* The class of a level, or NULL: no such level. */
const char *ora_arithmetic_of_level(const char *level);

/*
 * The class that is meant by `precision` (NULL: not said) and `kernels` (NULL or "auto": not said, else a
 * level, which implies its class). "exact" and "fast" are the first class of their lists that `here` has;
 * with a level, that of the level, if it is on the list. A class that is named need not be had here.
 * BAD_USAGE: no such word or level (the message lists them), or the two contradict each other (it names both
 * fields).
 */
int ora_precision_class(const char *precision, const char *kernels, const struct ora_levels *here,
                        const char **arithmetic, struct ora_err *err);

/* The best of `here` that computes in that class (and, unless NULL or "auto", is the level `kernels`); NULL
 * with UNSUPPORTED and a message that says what is needed and what `whose` ("host n3", "this processor") has.
 */
const char *ora_precision_level(const char *arithmetic, const char *kernels, const struct ora_levels *here,
                                const char *whose, struct ora_err *err);
/* Appends which processors can join: "avx512-wino (AVX-512 F, BW, VL, DQ) or avx2-wino (AVX2, FMA)". */
void ora_precision_needs(const char *arithmetic, const char *kernels, struct ora_str *out);

#endif
