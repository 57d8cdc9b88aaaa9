/* Floats to bfloat16 by AVX512_BF16. Private to the levels' .c files. */
#ifndef ORA_NN_KERNELS_BF16_AVX512_H
#define ORA_NN_KERNELS_BF16_AVX512_H

#include <immintrin.h>
#include <stdint.h>

/* 32 floats to the nearest bfloat16, to even; lo, where given, takes what is left. */
static inline void bf16_row(uint16_t *hi, uint16_t *lo, __m512 a, __m512 b)
{
    __m512i h = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    _mm512_storeu_si512(hi, h);
    if (!lo)
        return;
    __m512i low = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(h)), 16);
    __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(h, 1)), 16);
    __m512 left_a = _mm512_sub_ps(a, _mm512_castsi512_ps(low));
    __m512 left_b = _mm512_sub_ps(b, _mm512_castsi512_ps(high));
    _mm512_storeu_si512(lo, (__m512i)_mm512_cvtne2ps_pbh(left_b, left_a));
}

/* 16 bfloat16 as floats. */
static inline __m512 bf16_widen(const uint16_t *halves)
{
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)halves));
    return _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
}

#endif
