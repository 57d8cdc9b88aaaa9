/* Upsampler: chunks of input rows outermost, so that a chunk stays in L2 for all phases. */
#include "nn/layers/upsample.h"

#include "nn/kernels/b16.h"

enum { CHUNK_ROWS = 256 };

static int ceil_div(int a, int b)
{
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

static struct ora_b16 moved(struct ora_b16 x, ptrdiff_t row)
{
    return x.p ? ora_b16_at(x, 0, row) : x;
}

void ora_upsample_forward(const struct ora_kernels *k, const struct ora_upsampler *u, struct ora_b16 x,
                          int from, int to, const struct ora_conv_run *run)
{
    int half = u->rate / 2, span = CHUNK_ROWS * u->rate;
    for (int r0 = from, r1; r0 < to; r0 = r1) {
        r1 = to - r0 < span ? to : r0 + span;
        for (int s = 0; s < u->rate; s++) {
            int q0 = ceil_div(r0 - s + half, u->rate), q1 = ceil_div(r1 - s + half, u->rate);
            ptrdiff_t at = (ptrdiff_t)q0 * u->rate + s - half;
            struct ora_conv_run part = *run;
            if (q1 <= q0)
                continue;
            part.x = ora_b16_at(x, 0, q0);
            part.rows = q1 - q0;
            part.row_step = u->rate;
            part.y = moved(run->y, at);
            part.res = moved(run->res, at);
            part.add = moved(run->add, at);
            part.leaky = moved(run->leaky, at);
            k->conv(&u->phase[s], &part);
        }
    }
}
