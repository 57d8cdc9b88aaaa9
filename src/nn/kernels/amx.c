/*
 * Levels "amx-split" and "amx": AMX tiles of bfloat16. amx-split multiplies both halves of every operand and
 * is float-grade; amx does so too, but for the layers that are marked tolerant, which it multiplies plainly.
 *
 * Neither has run on a processor with AMX yet. Packing, loops and epilogues are tested over the model of the
 * instructions (bf16_test.c); the instructions themselves, the permission and every speed are not. So "auto"
 * does not take them (by_name).
 */
#include <cpuid.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nn/kernels/level.h"
#include "nn/kernels/vec_avx512.h"
#include "nn/kernels/math.inl"
#include "nn/kernels/ops.inl"
#include "nn/kernels/tiles_amx.h"
#define DIRECT ora_kernels_avx512
#include "nn/kernels/amx.inl"

enum {
    REQUEST_PERMISSION = 0x1023, /* arch_prctl's ARCH_REQ_XCOMP_PERM */
    TILE_DATA = 18,              /* the state component of the tiles' contents */
    TILE_STATES = 3 << 17,       /* in XCR0: configuration and contents */
    VECTOR_STATES = 0xe6,        /* SSE, AVX, AVX-512 */
};
#define AMX_BF16    (1u << 22) /* leaf 7.0, EDX */
#define AMX_TILE    (1u << 24)
#define AVX512_BF16 (1u << 5) /* leaf 7.1, EAX */

static bool processor_has_tiles(void)
{
    unsigned a, b, c, d, low, high;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
        return false;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & AMX_BF16) || !(d & AMX_TILE))
        return false;
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & AVX512_BF16))
        return false;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); /* avx512f: the system has set OSXSAVE */
    return (low & TILE_STATES) == TILE_STATES && (low & VECTOR_STATES) == VECTOR_STATES;
}

/* Tiles need the kernel's permission, once a process; asking again does no harm. */
static bool available(void)
{
    return processor_has_tiles() && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
static const char *detail(void)
{
    return "";
}

const struct ora_kernels ora_kernels_amx_split = {.name = "amx-split",
                                                  .arithmetic = "split",
                                                  .needs = AMX_NEEDS,
                                                  .available = available,
                                                  .detail = detail,
                                                  SPLIT_LEVEL};
const struct ora_kernels ora_kernels_amx = {.name = "amx",
                                            .arithmetic = "plain",
                                            .needs = AMX_NEEDS,
                                            .available = available,
                                            .detail = detail,
                                            AMX_LEVEL};
