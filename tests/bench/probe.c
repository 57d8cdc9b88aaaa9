/* Bare loops; nothing that they compute is used, so it is kept alive by an empty asm. */
#include "probe.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/clock.h"

enum { CHAINS = 12, STEPS = 1 << 20 };

#if defined(__x86_64__)
#define PROBE(name, isa, type, set1, fma, lanes)                                                             \
    __attribute__((target(isa), noinline)) static double name(void)                                          \
    {                                                                                                        \
        type c[CHAINS], m = set1(0.999f), a = set1(0.001f);                                                  \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = set1((float)i);                     \
        for (int s = 0; s < STEPS; s++) {                                                                    \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = fma(c[i], m, a);                \
        }                                                                                                    \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) __asm__ volatile("" : : "m"(c[i]));        \
        return 2.0 * CHAINS * STEPS * lanes;                                                                 \
    }
PROBE(probe512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
PROBE(probe256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
#endif

double probe_peak_gflops(const char *level)
{
#if defined(__x86_64__)
    int wide = strncmp(level, "avx512", 6) == 0;
    if (wide || strncmp(level, "avx2", 4) == 0) {
        double t0 = ora_clock_thread_cpu_s(), flops = wide ? probe512() : probe256();
        return 1e-9 * flops / (ora_clock_thread_cpu_s() - t0);
    }
#endif
    (void)level;
    return 0;
}

typedef uint64_t line __attribute__((vector_size(32)));
enum { LINES = 8 };

#define READ(name, isa)                                                                                      \
    isa static void name(const unsigned char *p, size_t bytes)                                               \
    {                                                                                                        \
        line sum[LINES] = {{0}};                                                                             \
        for (size_t i = 0; i + sizeof sum <= bytes; i += sizeof sum) {                                       \
            _Pragma("GCC unroll 8") for (size_t j = 0; j < LINES; j++)                                       \
            {                                                                                                \
                line v;                                                                                      \
                memcpy(&v, p + i + sizeof v * j, sizeof v);                                                  \
                sum[j] ^= v;                                                                                 \
            }                                                                                                \
        }                                                                                                    \
        __asm__ volatile("" : : "m"(sum) : "memory");                                                        \
    }
READ(read_any, )
#if defined(__x86_64__)
READ(read_avx2, __attribute__((target("avx2"))))
#endif

double probe_read_gbps(const void *data, size_t bytes)
{
    double t0 = ora_clock_thread_cpu_s();
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        read_avx2(data, bytes);
    else
#endif
        read_any(data, bytes);
    return 1e-9 * (double)bytes / (ora_clock_thread_cpu_s() - t0);
}
