/* Rotation in place, two lanes at a time: y = x*cos + swap(x)*(-sin, +sin). */
#include "nn/layers/rope.h"

#include <math.h>

int ora_head_map(int *map, int heads, int d, enum ora_rope_layout layout, int first)
{
    int padded = ORA_LANES * ora_blocks(d);
    for (int h = 0; h < heads; h++)
        for (int c = 0; c < padded; c++) {
            int from = layout == ORA_ROPE_HALF ? c / 2 + (c % 2) * (d / 2) : c;
            map[h * padded + c] = c < d ? first + h * d + from : -1;
        }
    return heads * padded;
}

size_t ora_rope_floats(int d, size_t positions)
{
    size_t n;
    return ora_size_mul(2 * ORA_LANES * (size_t)ora_blocks(d), positions, &n) ? n : SIZE_MAX;
}

void ora_rope_fill(float *table, int d, double theta, int first, int positions)
{
    int padded = ORA_LANES * ora_blocks(d);
    memset(table, 0, sizeof(float) * ora_rope_floats(d, (size_t)positions));
    for (int p = 0; p < positions; p++, table += 2 * padded)
        for (int i = 0; i < d / 2; i++) {
            double angle = (first + p) * pow(theta, -2.0 * i / d);
            table[2 * i] = table[2 * i + 1] = (float)cos(angle);
            table[padded + 2 * i] = (float)-sin(angle);
            table[padded + 2 * i + 1] = (float)sin(angle);
        }
}

/* Vectors of the compiler's: every processor has them in some width. */
enum { LANES = 4 };
typedef float four __attribute__((vector_size(sizeof(float) * LANES)));

static void turn(float *x, const float *c, const float *s)
{
    for (int i = 0; i < ORA_LANES; i += LANES) {
        four v, cosine, sine;
        memcpy(&v, x + i, sizeof v);
        memcpy(&cosine, c + i, sizeof v);
        memcpy(&sine, s + i, sizeof v);
        v = v * cosine + __builtin_shufflevector(v, v, 1, 0, 3, 2) * sine;
        memcpy(x + i, &v, sizeof v);
    }
}

void ora_rope_turn(struct ora_b16 x, int rows, int heads, int d, const float *table, const int *positions)
{
    int blocks = ora_blocks(d);
    size_t row = ora_rope_floats(d, 1);
    for (int h = 0; h < heads; h++)
        for (int b = 0; b < blocks; b++)
            for (int t = 0; t < rows; t++) {
                const float *c = table + row * (size_t)(positions ? positions[t] : t) + ORA_LANES * b;
                turn(ora_b16_at(x, h * blocks + b, t).p, c, c + ORA_LANES * blocks);
            }
}
