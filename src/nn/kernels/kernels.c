/* Dispatch: which levels exist, which of them this processor runs, and the floating-point mode they want. */
#include "nn/kernels/kernels.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "nn/kernels/level.h"

/* Best first: "auto" takes the first that is available and not by_name. */
static const struct ora_kernels *const levels[] = {
#if defined(__x86_64__)
    &ora_kernels_avx512,
    &ora_kernels_avx2,
    /* by name: other bits or other accuracy; amx and amx-split moreover have not run on hardware yet */
    &ora_kernels_amx_split,
    &ora_kernels_amx,
    &ora_kernels_avx512_bf16,
    &ora_kernels_avx512_wino,
    &ora_kernels_avx2_wino,
#endif
    &ora_kernels_blas,
    &ora_kernels_scalar,
};

const struct ora_kernels *ora_kernels_at(size_t index)
{
    return index < sizeof levels / sizeof *levels ? levels[index] : NULL;
}

static int unknown_level(const char *name, struct ora_err *err)
{
    char list[256] = "auto";
    size_t used = strlen(list);
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        int n = snprintf(list + used, sizeof list - used, ", %s%s", k->name,
                         k->available() ? "" : " (not on this processor)");
        if (n < 0 || (size_t)n >= sizeof list - used)
            break;
        used += (size_t)n;
    }
    return ora_err_set(err, ORA_E_BAD_USAGE, "no kernel level \"%s\"; there are: %s", name, list);
}

const struct ora_kernels *ora_kernels_find(const char *name, struct ora_err *err)
{
    bool automatic = !name || strcmp(name, "auto") == 0;
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        if (automatic ? k->by_name || !k->available() : strcmp(name, k->name) != 0)
            continue;
        if (!k->available()) {
            ora_err_set(err, ORA_E_UNSUPPORTED,
                        "kernel level \"%s\" needs instructions that this processor lacks", k->name);
            return NULL;
        }
        return k;
    }
    unknown_level(automatic ? "auto" : name, err);
    return NULL;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };

struct ora_fpu_state ora_fpu_enter(void)
{
    struct ora_fpu_state state = {_mm_getcsr()};
    _mm_setcsr((unsigned)state.saved | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return state;
}
void ora_fpu_leave(struct ora_fpu_state state)
{
    _mm_setcsr((unsigned)state.saved);
}

#elif defined(__aarch64__)

enum { FLUSH_TO_ZERO = 1 << 24 };

struct ora_fpu_state ora_fpu_enter(void)
{
    struct ora_fpu_state state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state.saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(state.saved | FLUSH_TO_ZERO));
    return state;
}
void ora_fpu_leave(struct ora_fpu_state state)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(state.saved));
}

#else

struct ora_fpu_state ora_fpu_enter(void)
{
    return (struct ora_fpu_state){0};
}
void ora_fpu_leave(struct ora_fpu_state state)
{
    (void)state;
}

#endif
