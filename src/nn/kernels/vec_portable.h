/*
 * v16: sixteen floats, in plain C (GCC vector extensions). The reference that the other vec_*.h must equal
 * bit for bit. With VEC_UNFUSED, v_fma is a product and a sum: for the portable level on processors without a
 * fused instruction. Private to the level's .c file.
 */
#ifndef ORA_NN_KERNELS_VEC_PORTABLE_H
#define ORA_NN_KERNELS_VEC_PORTABLE_H

#include <string.h>

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));

/* Rows that an op may make side by side, two vectors of state each. */
enum { V_ROWS = 1 };

static inline v16 v_load(const float *p)
{
    v16 v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void v_store(float *p, v16 v)
{
    memcpy(p, &v, sizeof v);
}
static inline v16 v_set1(float f)
{
    return (v16){f, f, f, f, f, f, f, f, f, f, f, f, f, f, f, f};
}
static inline i16 i_set1(int32_t i)
{
    return (i16){i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i};
}
static inline v16 v_add(v16 a, v16 b)
{
    return a + b;
}
static inline v16 v_sub(v16 a, v16 b)
{
    return a - b;
}
static inline v16 v_mul(v16 a, v16 b)
{
    return a * b;
}
static inline v16 v_div(v16 a, v16 b)
{
    return a / b;
}
/* a*b + c, rounded once */
static inline v16 v_fma(v16 a, v16 b, v16 c)
{
#ifdef VEC_UNFUSED
    return a * b + c;
#else
    v16 v;
    for (int i = 0; i < ORA_LANES; i++)
        v[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return v;
#endif
}
static inline i16 v_bits(v16 a)
{
    return (i16)a;
}
static inline v16 v_of_bits(i16 a)
{
    return (v16)a;
}
/* a < b ? x : y */
static inline v16 v_select_lt(v16 a, v16 b, v16 x, v16 y)
{
    i16 m = a < b;
    return (v16)((m & (i16)x) | (~m & (i16)y));
}
/* a == b ? x : y */
static inline v16 v_select_eq(i16 a, i16 b, v16 x, v16 y)
{
    i16 m = a == b;
    return (v16)((m & (i16)x) | (~m & (i16)y));
}
static inline v16 v_max(v16 a, v16 b)
{
    return v_select_lt(b, a, a, b);
}
static inline v16 v_min(v16 a, v16 b)
{
    return v_select_lt(a, b, a, b);
}
static inline v16 v_sqrt(v16 a)
{
    v16 v;
    for (int i = 0; i < ORA_LANES; i++)
        v[i] = __builtin_sqrtf(a[i]);
    return v;
}
static inline i16 i_add(i16 a, i16 b)
{
    return a + b;
}
static inline i16 i_and(i16 a, i16 b)
{
    return a & b;
}
static inline i16 i_or(i16 a, i16 b)
{
    return a | b;
}
static inline i16 i_shl23(i16 a)
{
    return (i16)((__attribute__((vector_size(64))) uint32_t)a << 23);
}
static inline i16 i_sra23(i16 a)
{
    return a >> 23;
}
static inline i16 i_srl9(i16 a)
{
    return (i16)((__attribute__((vector_size(64))) uint32_t)a >> 9);
}
static inline v16 v_of_int(i16 a)
{
    v16 v;
    for (int i = 0; i < ORA_LANES; i++)
        v[i] = (float)a[i];
    return v;
}
static inline i16 i_load(const void *p)
{
    i16 v;
    memcpy(&v, p, sizeof v);
    return v;
}
/* The sum of the lanes: always (i, i+8), (i, i+4), (i, i+2), (i, i+1). */
static inline float v_hsum(v16 a)
{
    float s[8];
    for (int i = 0; i < 8; i++)
        s[i] = a[i] + a[i + 8];
    for (int i = 0; i < 4; i++)
        s[i] = s[i] + s[i + 4];
    for (int i = 0; i < 2; i++)
        s[i] = s[i] + s[i + 2];
    return s[0] + s[1];
}
static inline float v_hmax(v16 a)
{
    float m = a[0];
    for (int i = 1; i < ORA_LANES; i++)
        m = a[i] > m ? a[i] : m;
    return m;
}

#endif
