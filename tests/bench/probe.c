/* Bare loops; nothing that they compute is used, so it is kept alive by an empty asm. */
#include "probe.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/clock.h"
#include "nn/kernels/kernels.h"

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

/* Two products a lane of 32 bits. */
__attribute__((target("avx512f,avx512bf16"), noinline)) static double probe_bf16(void)
{
    __m512 c[CHAINS];
    __m512bh m = (__m512bh)_mm512_set1_epi32(0x3f803f80), a = (__m512bh)_mm512_set1_epi32(0x3a833a83);
    _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = _mm512_set1_ps((float)i);
    for (int s = 0; s < STEPS; s++) {
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = _mm512_dpbf16_ps(c[i], m, a);
    }
    _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) __asm__ volatile("" : : "m"(c[i]));
    return 4.0 * CHAINS * STEPS * 16;
}

/* Four tiles of sums, two of each operand, as the kernels use them; all are zero. */
__attribute__((target("amx-tile,amx-bf16"), noinline)) static double probe_tiles(void)
{
    static const struct {
        unsigned char palette, start_row, reserved[14];
        unsigned short row_bytes[16];
        unsigned char rows[16];
    } config = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    enum { TILE_STEPS = STEPS / 8 };
    __asm__ volatile("" : : "r"(&config) : "memory"); /* gcc 12 names only 8 bytes of it as input */
    _tile_loadconfig(&config);
    for (int i = 0; i < TILE_STEPS; i++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return 4 * 2.0 * 16 * 16 * 32 * TILE_STEPS;
}
#endif

struct probe {
    const char *prefix; /* of the levels' names; the first that fits counts */
    const char *instruction;
    double (*flops)(void);
    double products; /* made for one that counts */
};

static const struct probe probes[] = {
#if defined(__x86_64__)
    {"avx512-bf16", "bf16, 512 bits (vdpbf16ps)", probe_bf16, 1},
    {"avx512", "f32, 512 bits", probe512, 1},
    {"avx2", "f32, 256 bits", probe256, 1},
    {"amx-split", "bf16 tiles, a third", probe_tiles, 3},
    {"amx", "bf16 tiles", probe_tiles, 1},
#endif
    {NULL, NULL, NULL, 0},
};

static const struct probe *probe_of(const char *level)
{
    const struct probe *p = probes;
    while (p->prefix && strncmp(level, p->prefix, strlen(p->prefix)) != 0)
        p++;
    return p;
}

const char *probe_instruction(const char *level)
{
    return probe_of(level)->instruction;
}

double probe_peak_gflops(const char *level)
{
    const struct probe *p = probe_of(level);
    if (!p->flops || !ora_kernels_find(level, NULL))
        return 0;
    double t0 = ora_clock_thread_cpu_s(), flops = p->flops();
    return 1e-9 * flops / p->products / (ora_clock_thread_cpu_s() - t0);
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

double probe_read_gbps(const void *data, size_t bytes, int times)
{
    void (*read)(const unsigned char *p, size_t bytes) = read_any;
    double t0 = ora_clock_thread_cpu_s();
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        read = read_avx2;
#endif
    for (int i = 0; i < times; i++)
        read(data, bytes);
    return 1e-9 * (double)bytes * times / (ora_clock_thread_cpu_s() - t0);
}
