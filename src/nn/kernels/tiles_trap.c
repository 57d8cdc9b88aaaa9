/*
 * A SIGILL handler for eight instructions. All have a three-byte VEX prefix, map 0F38, W0, 128 bits; memory
 * operands of tiles are base + displacement with the index register as the stride (Intel SDM, chapter AMX).
 */
#include "nn/kernels/tiles_trap.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include "nn/kernels/kernels.h"
#include "nn/kernels/vec_portable.h"

#include "nn/kernels/tiles_model.h"

enum { VEX3 = 0xc4, MAP_0F38 = 2, PP_NONE = 0, PP_66 = 1, PP_F3 = 2, PP_F2 = 3 };
enum { CONFIG_ZERO = 0x49, MOVE = 0x4b, DPBF16 = 0x5c };

static volatile long met;
static struct sigaction before;

/* An instruction's fields, the inverted ones put right. */
struct decoded {
    int pp, opcode, reg, other; /* other: VEX.vvvv */
    int mod, rm;
    unsigned char *address; /* of the memory operand, its index left out */
    ptrdiff_t stride;
    int length;
};

static greg_t reg_of(const ucontext_t *u, int number)
{
    static const int names[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return u->uc_mcontext.gregs[names[number]];
}

static int32_t read32(const unsigned char *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The memory operand behind ModRM at p[0]; x, b: the prefix's bits. Sets length counted from p. */
static void decode_memory(struct decoded *d, const ucontext_t *u, const unsigned char *p, int x, int b)
{
    const unsigned char *at = p + 1;
    greg_t base = 0;
    int low = d->rm;
    if (d->rm == 4) {
        int index = (*at >> 3 & 7) | x << 3;
        low = *at & 7;
        d->stride = index == 4 ? 0 : reg_of(u, index) << (*at >> 6);
        at++;
    }
    bool bare = d->mod == 0 && low == 5; /* no base: relative to the next instruction, or absolute */
    if (!bare)
        base = reg_of(u, low | b << 3);
    if (d->mod == 1)
        base += (signed char)*at++;
    if (d->mod == 2 || bare) {
        base += read32(at);
        at += 4;
    }
    d->length = (int)(at - p);
    if (bare && d->rm == 5)
        base += (greg_t)(uintptr_t)at;
    d->address = (unsigned char *)(uintptr_t)base;
}

static bool decode(struct decoded *d, const ucontext_t *u, const unsigned char *p)
{
    if (p[0] != VEX3 || (p[1] & 0x1f) != MAP_0F38 || (p[2] & 0x84) != 0 || !(p[1] & 0x80))
        return false;
    *d = (struct decoded){.pp = p[2] & 3,
                          .other = ~p[2] >> 3 & 15,
                          .opcode = p[3],
                          .mod = p[4] >> 6,
                          .reg = p[4] >> 3 & 7,
                          .rm = p[4] & 7,
                          .length = 1};
    if (d->mod != 3)
        decode_memory(d, u, p + 4, !(p[1] & 0x40), !(p[1] & 0x20));
    d->length += 4;
    return true;
}

static bool run_config(const struct decoded *d)
{
    struct tiles_config c;
    if (d->pp == PP_F2 && d->mod == 3) {
        tile_zero(d->reg);
    } else if (d->pp == PP_NONE && d->mod == 3) {
        tiles_end();
    } else if (d->pp == PP_NONE) {
        memcpy(&c, d->address, sizeof c);
        tiles_begin(&c);
    } else {
        return false;
    }
    return true;
}

static bool run(const struct decoded *d)
{
    if (d->opcode == CONFIG_ZERO)
        return run_config(d);
    if (d->opcode == DPBF16 && d->pp == PP_F3 && d->mod == 3) {
        tile_dpbf16(d->reg, d->rm, d->other);
        return true;
    }
    if (d->opcode != MOVE || d->mod == 3 || d->pp == PP_NONE)
        return false;
    if (d->pp == PP_F3)
        tile_store(d->reg, d->address, d->stride);
    else
        tile_load(d->reg, d->address, d->stride);
    return true;
}

static void on_illegal(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    struct decoded d;
    const unsigned char *p = (const unsigned char *)(uintptr_t)u->uc_mcontext.gregs[REG_RIP];
    (void)signal_number, (void)info;
    if (!decode(&d, u, p) || !run(&d))
        abort();
    u->uc_mcontext.gregs[REG_RIP] += d.length;
    met++;
}

void tiles_trap_begin(void)
{
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    met = 0;
    sigaction(SIGILL, &action, &before);
}

long tiles_trap_end(void)
{
    sigaction(SIGILL, &before, NULL);
    return met;
}
