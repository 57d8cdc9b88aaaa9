/*
 * Toom-Cook schemes for convolutions in time: six output rows from fewer products than taps*6 (Winograd,
 * "Arithmetic complexity of computations", 1980; Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", 2016).
 *
 * F(6, r): with taps g[0..r-1], inputs d[0..r+4] and n = r+5 points (the last at infinity)
 *     y = A^T ((G g) * (B^T d)),     y[i] = sum_j g[j] d[i+j],  i < 6
 * A^T is Vandermonde in the points, B^T holds the coefficients of the products of all other (x - point), G
 * the quotients. Over the channels G g is folded into weights once; n products a tile take the place of 6r.
 *
 * Points come in pairs +p, -p, with or without 0, so that two rows of B^T share their even and odd sums
 * (struct ora_toom_form). All points are dyadic: A^T and B^T are exact in floats, only G is rounded, from
 * doubles. The points were searched for the least error over the multiples of 1/8 up to 3.
 */
#ifndef ORA_NN_KERNELS_TOOM_H
#define ORA_NN_KERNELS_TOOM_H

#include "nn/kernels/kernels.h"

enum {
    ORA_TOOM_ROWS = 6,
    ORA_TOOM_PAIRS = 5,
    ORA_TOOM_POINTS = 12,
    ORA_TOOM_TAPS = 7,
    ORA_TOOM_PARTS = 2,
    ORA_TOOM_IN_MOST = 1024 /* channels: the tiles of wider layers would not stay in the cache */
};

/* Consecutive taps of a layer that one F(6, taps) serves. */
struct ora_toom_part {
    int first, taps;             /* taps [first, first+taps) of the layer */
    bool zero;                   /* is 0 a point? */
    int pairs;                   /* of points +-p */
    int eighths[ORA_TOOM_PAIRS]; /* the p > 0, times 8 */
};

/* A layer's scheme: the sum of its parts. Products are numbered through all parts; in a part they are of the
 * points (0), +p, -p, +p', -p', ..., infinity. */
struct ora_toom {
    int taps, products, parts;
    int least_channels; /* in and out, from which the scheme pays */
    struct ora_toom_part part[ORA_TOOM_PARTS];
};

/* What the transforms of one part are made of, all exact:
 *     q[k]  the coefficients of the product of all other (x - p^2), lowest first; the highest is 1
 *     all   those of the product over all pairs
 *     p[k]  1, p, p^2, ... p^5 */
struct ora_toom_form {
    float q[ORA_TOOM_PAIRS][ORA_TOOM_PAIRS];
    float all[ORA_TOOM_PAIRS + 1];
    float p[ORA_TOOM_PAIRS][ORA_TOOM_ROWS];
};

struct ora_ratio {
    int64_t num, den; /* den > 0, no common factor */
};

/* The matrices of a part; rows and columns beyond its size are zero (den 1). */
struct ora_toom_matrices {
    int points;                                           /* taps + 5 */
    struct ora_ratio a[ORA_TOOM_ROWS][ORA_TOOM_POINTS];   /* A^T */
    struct ora_ratio b[ORA_TOOM_POINTS][ORA_TOOM_POINTS]; /* B^T */
    struct ora_ratio g[ORA_TOOM_POINTS][ORA_TOOM_TAPS];
};

/* The scheme for a layer of so many taps: 2, 3, 5, 7, and 11 as 5 + 6; NULL: there is none. */
const struct ora_toom *ora_toom_find(int taps);
/* The scheme a layer is packed for; NULL where it has not the channels to pay for the transforms, keeps its
 * weights as halves, or does not tell its place. The same at every level, and so are the bits. */
const struct ora_toom *ora_toom_of(const struct ora_conv_spec *spec);
void ora_toom_matrices(const struct ora_toom_part *part, struct ora_toom_matrices *m);

/* Packed: a form for each of ORA_TOOM_PARTS, then for each panel of `width` outputs its products, each a
 * panel of a one-tap convolution (level.h). The spec's maps and scales hold. */
size_t ora_toom_bytes(const struct ora_conv_spec *spec, const struct ora_toom *t);
void ora_toom_pack(void *dst, const struct ora_conv_spec *spec, const struct ora_toom *t, int width);

#endif
