/*
 * Rotary position embedding (Su et al., "RoFormer", 2021) in the interleaved layout: channels (2i, 2i+1) of a
 * head turn by the angle position * theta^(-2i/d). Models of the "half" layout (channels i and i + d/2 pair
 * up) are brought into it when packed: queries and keys get the same permutation of their outputs, which
 * leaves their products alone (ora_head_map).
 *
 *     int map[...], wide = ora_head_map(map, heads, d, ORA_ROPE_HALF, 0);      // out_map of q and k
 *     ora_rope_fill(table, 64, 1e4, 0, positions);
 *     ora_rope_turn(q, rows, heads, 64, table, NULL);                          // row t at position t
 *
 * Threads: pure.
 */
#ifndef ORA_NN_LAYERS_ROPE_H
#define ORA_NN_LAYERS_ROPE_H

#include "nn/kernels/b16.h"

enum ora_rope_layout { ORA_ROPE_NONE, ORA_ROPE_INTERLEAVED, ORA_ROPE_HALF };

/* Where each packed channel of `heads` heads of d channels comes from: every head begins a block of 16, gaps
 * are -1, half-layout pairs lie side by side. `first` is added (stacked projections). map has
 * heads*16*blocks(d) entries; returns that number. */
int ora_head_map(int *map, int heads, int d, enum ora_rope_layout layout, int first);

/* Floats of a table of `positions` rows: for each a row of cosines and one of signed sines, [16*blocks(d)].
 */
size_t ora_rope_floats(int d, size_t positions);
/* Rows for positions first .. first+positions-1, in double. */
void ora_rope_fill(float *table, int d, double theta, int first, int positions);

/* Turns `heads` heads of each row in place. Row t has position (positions ? positions[t] : t) of the table.
 */
void ora_rope_turn(struct ora_b16 x, int rows, int heads, int d, const float *table, const int *positions);

#endif
