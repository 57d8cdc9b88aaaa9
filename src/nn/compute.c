/* Small loops round the kernel table, and the taps. */
#include "nn/compute.h"

#include <stdarg.h>
#include <stdio.h>

enum { TAP_NAME_BYTES = 80 };

int ora_compute_init(struct ora_compute *c, const struct ora_kernels *k, struct ora_arena *arena,
                     struct ora_err *err)
{
    *c = (struct ora_compute){.k = k, .arena = arena};
    c->scratch = ora_arena_alloc(arena, k->scratch_bytes + 64);
    return c->scratch ? 0 : ora_no_room(err, "the kernels' scratch");
}

struct ora_b16 ora_buffer(const struct ora_compute *c, int channels, int rows, int halo, bool *ok)
{
    float *mem = ora_arena_floats(c->arena, ora_b16_floats(channels, (size_t)rows, (size_t)halo));
    *ok = *ok && mem;
    return ora_b16_place(mem, (size_t)rows, (size_t)halo);
}

/* Rows behind the last are read, and an odd number of rows keeps blocks off each other's cache sets. */
struct ora_operand ora_operand_buffer(const struct ora_compute *c, int channels, int rows,
                                      enum ora_operands form, bool *ok)
{
    enum { READ_BEHIND = 31 };
    struct ora_operand o = {.cbs = 2 * ORA_LANES * (((size_t)rows + READ_BEHIND) | 1)};
    size_t halves = o.cbs * (size_t)((ora_blocks(channels) + 1) / 2);
    if (form != ORA_OPERANDS_NONE)
        o.hi = (uint16_t *)ora_floats(c, halves / 2, ok);
    if (form == ORA_OPERANDS_HI_LO)
        o.lo = (uint16_t *)ora_floats(c, halves / 2, ok);
    return o;
}

float *ora_floats(const struct ora_compute *c, size_t n, bool *ok)
{
    float *mem = ora_arena_floats(c->arena, (n + ORA_LANES - 1) / ORA_LANES * ORA_LANES);
    *ok = *ok && mem;
    return mem;
}

int ora_no_room(struct ora_err *err, const char *what)
{
    return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for %s", what);
}

struct ora_arena ora_arena_of_counts(void)
{
    static unsigned char nothing[64]; /* an address to count from; never read or written */
    return (struct ora_arena){.base = nothing, .size_bytes = SIZE_MAX / 2};
}

void ora_apply(const struct ora_compute *c, const struct ora_conv *conv, struct ora_b16 x, int rows,
               struct ora_b16 y, struct ora_b16 res, enum ora_act fn)
{
    ora_apply_run(c, conv, (struct ora_conv_run){.x = x, .rows = rows, .y = y, .res = res, .fn = fn});
}

void ora_apply_run(const struct ora_compute *c, const struct ora_conv *conv, struct ora_conv_run run)
{
    ora_count(c, (double)run.rows * conv->real_in * conv->real_out * conv->taps);
    run.scratch = c->scratch;
    c->k->conv(conv, &run);
}

void ora_count(const struct ora_compute *c, double macs)
{
    if (c->count)
        *c->count += macs;
    ora_pulse_beat(c->pulse);
}

void ora_map(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 x, int rows, int channels,
             enum ora_act fn)
{
    for (int b = 0; b < ora_blocks(channels); b++)
        c->k->map(ora_b16_at(y, b, 0).p, ora_b16_at(x, b, 0).p, ORA_LANES * (size_t)rows, fn);
}

void ora_leaky(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 x, int rows, int channels,
               float slope)
{
    for (int b = 0; b < ora_blocks(channels); b++)
        c->k->leaky(ora_b16_at(y, b, 0).p, ora_b16_at(x, b, 0).p, ORA_LANES * (size_t)rows, slope);
}

void ora_sum(const struct ora_compute *c, struct ora_b16 y, struct ora_b16 a, struct ora_b16 b, int rows,
             int channels)
{
    for (int i = 0; i < ora_blocks(channels); i++)
        c->k->add(ora_b16_at(y, i, 0).p, ora_b16_at(a, i, 0).p, ora_b16_at(b, i, 0).p,
                  ORA_LANES * (size_t)rows);
}

void ora_copy(struct ora_b16 y, struct ora_b16 x, int rows, int channels)
{
    for (int b = 0; b < ora_blocks(channels); b++)
        memcpy(ora_b16_at(y, b, 0).p, ora_b16_at(x, b, 0).p, sizeof(float) * ORA_LANES * (size_t)rows);
}

void ora_show(const struct ora_compute *c, struct ora_b16 x, int rows, int channels, const char *fmt, ...)
{
    char name[TAP_NAME_BYTES];
    va_list ap;
    if (!c->tap)
        return;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    c->tap->show(c->tap->ctx, name, x, rows, channels);
}
