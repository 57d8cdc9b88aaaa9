/* v16 on AVX-512 (F, DQ). Operation by operation the same as vec_portable.h. Private to the level's .c file.
 */
#ifndef ORA_NN_KERNELS_VEC_AVX512_H
#define ORA_NN_KERNELS_VEC_AVX512_H

#include <immintrin.h>

typedef __m512 v16;
typedef __m512i i16;

/* Rows that an op may make side by side, two vectors of state each. */
enum { V_ROWS = 4 };

static inline v16 v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline void v_store(float *p, v16 v)
{
    _mm512_storeu_ps(p, v);
}
static inline v16 v_set1(float f)
{
    return _mm512_set1_ps(f);
}
static inline i16 i_set1(int32_t i)
{
    return _mm512_set1_epi32(i);
}
static inline v16 v_add(v16 a, v16 b)
{
    return _mm512_add_ps(a, b);
}
static inline v16 v_sub(v16 a, v16 b)
{
    return _mm512_sub_ps(a, b);
}
static inline v16 v_mul(v16 a, v16 b)
{
    return _mm512_mul_ps(a, b);
}
static inline v16 v_div(v16 a, v16 b)
{
    return _mm512_div_ps(a, b);
}
static inline v16 v_fma(v16 a, v16 b, v16 c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline i16 v_bits(v16 a)
{
    return _mm512_castps_si512(a);
}
static inline v16 v_of_bits(i16 a)
{
    return _mm512_castsi512_ps(a);
}
static inline v16 v_select_lt(v16 a, v16 b, v16 x, v16 y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
static inline v16 v_select_eq(i16 a, i16 b, v16 x, v16 y)
{
    return _mm512_mask_blend_ps(_mm512_cmpeq_epi32_mask(a, b), y, x);
}
static inline v16 v_max(v16 a, v16 b)
{
    return _mm512_max_ps(a, b);
}
static inline v16 v_min(v16 a, v16 b)
{
    return _mm512_min_ps(a, b);
}
static inline v16 v_sqrt(v16 a)
{
    return _mm512_sqrt_ps(a);
}
static inline i16 i_add(i16 a, i16 b)
{
    return _mm512_add_epi32(a, b);
}
static inline i16 i_and(i16 a, i16 b)
{
    return _mm512_and_si512(a, b);
}
static inline i16 i_or(i16 a, i16 b)
{
    return _mm512_or_si512(a, b);
}
static inline i16 i_shl23(i16 a)
{
    return _mm512_slli_epi32(a, 23);
}
static inline i16 i_sra23(i16 a)
{
    return _mm512_srai_epi32(a, 23);
}
static inline i16 i_srl9(i16 a)
{
    return _mm512_srli_epi32(a, 9);
}
static inline v16 v_of_int(i16 a)
{
    return _mm512_cvtepi32_ps(a);
}
static inline i16 i_load(const void *p)
{
    return _mm512_loadu_si512(p);
}
static inline float v_hsum(v16 a)
{
    __m256 e = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
static inline float v_hmax(v16 a)
{
    __m256 e = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

#endif
