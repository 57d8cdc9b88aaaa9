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
    if (u->all.weights) {
        struct ora_conv_run whole = *run;
        whole.x = ora_b16_at(x, 0, (from + half) / u->rate);
        whole.rows = to - from;
        whole.row = run->row + from;
        whole.y = moved(run->y, from);
        whole.res = moved(run->res, from);
        whole.add = moved(run->add, from);
        whole.leaky = moved(run->leaky, from);
        k->conv(&u->all, &whole);
        return;
    }
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

struct ora_rows ora_upsample_reads(const struct ora_upsampler *u, struct ora_rows out, int total)
{
    int half = u->rate / 2;
    struct ora_rows q = {(out.lo + half) / u->rate, (out.hi - 1 + half) / u->rate + 1};
    if (u->all.weights)
        return ora_conv_reads(&u->all, q, total / u->rate + 1);
    return (struct ora_rows){q.lo - 1, q.hi};
}

int ora_upsample_group_end(const struct ora_upsampler *u, int end, int total)
{
    int group = u->all.grid * u->rate, half = u->rate / 2;
    if (group)
        end = (end + half + group - 1) / group * group - half;
    return end < total ? end : total;
}
