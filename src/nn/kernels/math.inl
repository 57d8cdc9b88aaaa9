/*
 * exp, tanh, sigmoid, erfc, log and friends on v16: included by each level after its vec_*.h, so that every
 * level does the same operations in the same order. Polynomials are our own minimax fits (Lawson's algorithm
 * in 40 digits, then rounded to float). math_test.c states and checks the largest errors against libm in
 * double.
 */

/* 2^n for the integer n that the low bits of t hold, t = n + 1.5*2^23. -127 < n < 128. */
static inline v16 v_exp2_of_shifted(v16 t)
{
    return v_of_bits(i_shl23(i_add(v_bits(t), i_set1(127))));
}

#define SHIFTER 12582912.0f /* 1.5*2^23: adding it rounds a small float to an integer in the low bits */

/* e^x; 0 below -87.3, capped at e^88. */
static inline v16 v_exp(v16 x)
{
    v16 c = v_max(v_min(x, v_set1(88.0f)), v_set1(-87.3f));
    v16 t = v_fma(c, v_set1(0x1.715476p+0f), v_set1(SHIFTER));
    v16 n = v_sub(t, v_set1(SHIFTER));
    v16 r = v_fma(n, v_set1(-0x1.62e4p-1f), c);
    r = v_fma(n, v_set1(-0x1.7f7d1cp-20f), r);
    v16 p = v_set1(0x1.6a23ccp-10f);
    p = v_fma(p, r, v_set1(0x1.123a20p-7f));
    p = v_fma(p, r, v_set1(0x1.5558f2p-5f));
    p = v_fma(p, r, v_set1(0x1.555492p-3f));
    p = v_fma(p, r, v_set1(0x1.fffffcp-2f));
    p = v_fma(v_mul(r, r), p, r);
    p = v_add(p, v_set1(1.0f));
    p = v_mul(p, v_exp2_of_shifted(t));
    return v_select_lt(x, v_set1(-87.3f), v_set1(0.0f), p);
}

static inline v16 v_abs(v16 x)
{
    return v_of_bits(i_and(v_bits(x), i_set1(0x7fffffff)));
}

/* |m| with the sign of s; m >= 0 */
static inline v16 v_with_sign(v16 m, v16 s)
{
    return v_of_bits(i_or(v_bits(m), i_and(v_bits(s), i_set1(INT32_MIN))));
}

static inline v16 v_tanh(v16 x)
{
    v16 a = v_abs(x), one = v_set1(1.0f);
    v16 s = v_mul(x, x);
    v16 q = v_set1(-0x1.76abf6p-8f);
    q = v_fma(q, s, v_set1(0x1.5256cep-6f));
    q = v_fma(q, s, v_set1(-0x1.b84448p-5f));
    q = v_fma(q, s, v_set1(0x1.110768p-3f));
    q = v_fma(q, s, v_set1(-0x1.555534p-2f));
    v16 small = v_fma(v_mul(s, q), a, a);
    v16 e = v_exp(v_add(a, a));
    v16 large = v_sub(one, v_div(v_set1(2.0f), v_add(e, one)));
    return v_with_sign(v_select_lt(a, v_set1(0.625f), small, large), x);
}

static inline v16 v_sigmoid(v16 x)
{
    v16 one = v_set1(1.0f);
    return v_div(one, v_add(one, v_exp(v_sub(v_set1(0.0f), x))));
}

/* erfc(a) for a >= 0, with small relative error where it is not tiny. */
static inline v16 v_erfc_positive(v16 a)
{
    v16 s = v_mul(a, a), one = v_set1(1.0f);
    v16 p = v_set1(0x1.3532b4p-8f);
    p = v_fma(p, s, v_set1(-0x1.b663c2p-6f));
    p = v_fma(p, s, v_set1(0x1.ce24f8p-4f));
    p = v_fma(p, s, v_set1(-0x1.812732p-2f));
    p = v_fma(p, s, v_set1(0x1.20dd74p+0f));
    v16 small = v_sub(one, v_mul(a, p));

    v16 t = v_div(one, v_fma(v_set1(0.5f), a, one));
    v16 q = v_set1(-0x1.2dce44p-4f);
    q = v_fma(q, t, v_set1(0x1.648674p-2f));
    q = v_fma(q, t, v_set1(-0x1.35f5b4p-1f));
    q = v_fma(q, t, v_set1(0x1.9a4bbap-2f));
    q = v_fma(q, t, v_set1(-0x1.ac218cp-4f));
    q = v_fma(q, t, v_set1(0x1.df2ddcp-3f));
    q = v_fma(q, t, v_set1(0x1.e1adeep-3f));
    q = v_fma(q, t, v_set1(0x1.2263bep-2f));
    q = v_fma(q, t, v_set1(0x1.20c0d0p-2f));
    q = v_fma(q, t, v_set1(0x1.d586eep-19f));
    v16 large = v_mul(v_exp(v_sub(v_set1(0.0f), s)), q);
    return v_select_lt(a, v_set1(0.5f), small, large);
}

/* x*(1+erf(x/sqrt 2))/2, written with erfc of the magnitude so that the negative side does not cancel. */
static inline v16 v_gelu(v16 x)
{
    v16 half = v_mul(v_set1(0.5f), v_erfc_positive(v_mul(v_abs(x), v_set1(0x1.6a09e6p-1f))));
    v16 upper = v_sub(v_set1(1.0f), half);
    return v_mul(x, v_select_lt(x, v_set1(0.0f), half, upper));
}

/* ln x, x > 0 and normal */
static inline v16 v_log(v16 x)
{
    /* x = m * 2^e with m in [sqrt(1/2), sqrt(2)) */
    i16 shifted = i_add(v_bits(x), i_set1(0x3f800000 - 0x3f3504f3));
    v16 e = v_of_int(i_add(i_sra23(shifted), i_set1(-127)));
    i16 mant = i_add(i_and(shifted, i_set1(0x007fffff)), i_set1(0x3f3504f3));
    v16 f = v_sub(v_of_bits(mant), v_set1(1.0f));
    v16 p = v_set1(0x1.145724p-4f);
    p = v_fma(p, f, v_set1(-0x1.de3bf2p-4f));
    p = v_fma(p, f, v_set1(0x1.e6f094p-4f));
    p = v_fma(p, f, v_set1(-0x1.fc2210p-4f));
    p = v_fma(p, f, v_set1(0x1.233766p-3f));
    p = v_fma(p, f, v_set1(-0x1.555c4ep-3f));
    p = v_fma(p, f, v_set1(0x1.99a4b6p-3f));
    p = v_fma(p, f, v_set1(-0x1.000006p-2f));
    p = v_fma(p, f, v_set1(0x1.555548p-2f));
    v16 s = v_mul(f, f);
    v16 tail = v_fma(v_mul(s, f), p, v_mul(e, v_set1(0x1.7f7d1cp-20f)));
    tail = v_fma(v_set1(-0.5f), s, tail);
    return v_fma(e, v_set1(0x1.62e4p-1f), v_add(f, tail));
}

/* ln(1 + e^x) = max(x,0) + ln(1 + e^-|x|) */
static inline v16 v_softplus(v16 x)
{
    v16 e = v_exp(v_sub(v_set1(0.0f), v_abs(x)));
    v16 one = v_set1(1.0f);
    v16 u = v_add(one, e);
    /* what the addition lost, over u: keeps small e^-|x| */
    v16 lost = v_div(v_sub(e, v_sub(u, one)), u);
    return v_add(v_max(x, v_set1(0.0f)), v_add(v_log(u), lost));
}

/* sin of f quarter turns, -1/2 <= f <= 1/2; s = f*f */
static inline v16 v_sin_poly(v16 f, v16 s)
{
    v16 a = v_set1(0x1.4bc256p-13f);
    a = v_fma(a, s, v_set1(-0x1.32ca86p-8f));
    a = v_fma(a, s, v_set1(0x1.466bbap-4f));
    a = v_fma(a, s, v_set1(-0x1.4abbcep-1f));
    a = v_fma(a, s, v_set1(0x1.921fb6p+0f));
    return v_mul(a, f);
}

/* cos of f quarter turns */
static inline v16 v_cos_poly(v16 s)
{
    v16 c = v_set1(0x1.d99f52p-11f);
    c = v_fma(c, s, v_set1(-0x1.55c4eap-6f));
    c = v_fma(c, s, v_set1(0x1.03c1dap-2f));
    c = v_fma(c, s, v_set1(-0x1.3bd3ccp+0f));
    return v_fma(c, s, v_set1(1.0f));
}

/* sin and cos of 2*pi*u, 0 <= u < 1 */
static inline void v_sincos_turn(v16 u, v16 *sine, v16 *cosine)
{
    v16 t = v_fma(u, v_set1(4.0f), v_set1(SHIFTER));
    v16 f = v_sub(v_mul(u, v_set1(4.0f)), v_sub(t, v_set1(SHIFTER)));
    i16 quarter = i_and(v_bits(t), i_set1(3));
    v16 s = v_mul(f, f);
    v16 a = v_sin_poly(f, s), c = v_cos_poly(s);
    v16 zero = v_set1(0.0f);
    i16 odd = i_and(quarter, i_set1(1));
    v16 sin_part = v_select_eq(odd, i_set1(1), c, a);
    v16 cos_part = v_select_eq(odd, i_set1(1), a, c);
    i16 upper = i_and(quarter, i_set1(2));
    i16 outer = i_and(i_add(quarter, i_set1(1)), i_set1(2));
    *sine = v_select_eq(upper, i_set1(2), v_sub(zero, sin_part), sin_part);
    *cosine = v_select_eq(outer, i_set1(2), v_sub(zero, cos_part), cos_part);
}

/* sin x: x less the nearest multiple of pi/2 in three parts, then the quarter's polynomial. */
static inline v16 v_sin(v16 x)
{
    v16 t = v_fma(x, v_set1(0x1.45f306p-1f), v_set1(SHIFTER));
    v16 n = v_sub(t, v_set1(SHIFTER));
    v16 r = v_fma(n, v_set1(-0x1.921fb4p+0f), x);
    r = v_fma(n, v_set1(-0x1.4442d0p-24f), r);
    r = v_fma(n, v_set1(-0x1.846988p-48f), r);
    v16 f = v_mul(r, v_set1(0x1.45f306p-1f)), s = v_mul(f, f);
    i16 odd = i_and(v_bits(t), i_set1(1)), upper = i_and(v_bits(t), i_set1(2));
    v16 m = v_select_eq(odd, i_set1(1), v_cos_poly(s), v_sin_poly(f, s));
    return v_select_eq(upper, i_set1(2), v_sub(v_set1(0.0f), m), m);
}

static inline v16 v_act(v16 x, enum ora_act fn)
{
    switch (fn) {
    case ORA_ACT_RELU:
        return v_max(x, v_set1(0.0f));
    case ORA_ACT_GELU:
        return v_gelu(x);
    case ORA_ACT_TANH:
        return v_tanh(x);
    case ORA_ACT_SIGMOID:
        return v_sigmoid(x);
    case ORA_ACT_SILU:
        return v_mul(x, v_sigmoid(x));
    case ORA_ACT_EXP:
        return v_exp(x);
    case ORA_ACT_LOG:
        return v_log(x);
    case ORA_ACT_SOFTPLUS:
        return v_softplus(x);
    case ORA_ACT_ELU:
        return v_select_lt(v_set1(0.0f), x, x, v_sub(v_exp(x), v_set1(1.0f)));
    case ORA_ACT_SINE_SUM:
        return v_add(v_sin(x), x);
    case ORA_ACT_NONE:
    case ORA_ACT_COUNT:
        break;
    }
    return x;
}
