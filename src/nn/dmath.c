/* Scalar functions in double: range reduction by exact powers of two, then a short series. */
#include "nn/dmath.h"

#include <stdint.h>
#include <string.h>

static double power_of_two(int n) /* -1022..1023 */
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

double ora_dexp(double x)
{
    /* ln 2 in two parts: the high one has 32 trailing zeros, so n * high is exact. */
    static const double high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33, per_ln2 = 0x1.71547652b82fep+0;
    if (!(x > -708))
        return 0;
    if (x > 709)
        x = 709;
    double t = x * per_ln2;
    int n = (int)(t < 0 ? t - 0.5 : t + 0.5);
    double r = (x - n * high) - n * low; /* |r| <= ln2/2 */
    double s = 1;
    for (int i = 13; i >= 1; i--)
        s = 1 + s * r / i;
    return n == 1024 ? s * power_of_two(1023) * 2 : s * power_of_two(n);
}

double ora_dlog(double x)
{
    static const double high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int n = (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFull) | (1023ull << 52);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        n++;
    }
    /* ln m = 2 artanh((m-1)/(m+1)), |argument| <= 0.1716 */
    double z = (m - 1) / (m + 1), zz = z * z, s = 0;
    for (int i = 23; i >= 3; i -= 2)
        s = s * zz + 1.0 / i;
    return n * high + (n * low + 2 * (z + z * zz * s));
}

void ora_dsincos_turns(double turns, double *sine, double *cosine)
{
    int quarter = (int)(turns * 4 + 0.5); /* the nearest quarter turn: |r| <= 1/8 turn, exact */
    double r = (turns - quarter * 0.25) * 6.283185307179586477, rr = r * r, s = 1, c = 1;
    for (int i = 16; i >= 2; i -= 2) {
        c = 1 - c * rr / ((i - 1) * i);
        s = 1 - s * rr / (i * (i + 1));
    }
    s *= r;
    switch (quarter & 3) {
    case 0:
        *sine = s, *cosine = c;
        break;
    case 1:
        *sine = c, *cosine = -s;
        break;
    case 2:
        *sine = -s, *cosine = -c;
        break;
    default:
        *sine = -c, *cosine = s;
    }
}
