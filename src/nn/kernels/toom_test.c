/* The schemes' matrices: the identity of Toom-Cook in whole ratios, and that floats hold what must be exact.
 */
#include "nn/kernels/toom.h"

#include "base/test.h"

static const int kernels[] = {2, 3, 5, 7, 11};
enum { KERNELS = sizeof kernels / sizeof *kernels };

static double value(struct ora_ratio a)
{
    return (double)a.num / (double)a.den;
}

/* sum_e a[i][e] g[e][j] b[e][l] is 1 where l = i + j, else 0. Over the common denominator of e's products. */
static void check_identity(const struct ora_toom_matrices *m, int taps)
{
    for (int i = 0; i < ORA_TOOM_ROWS; i++)
        for (int j = 0; j < taps; j++)
            for (int l = 0; l < m->points; l++) {
                __int128 num = 0, den = 1;
                for (int e = 0; e < m->points; e++) {
                    struct ora_ratio f[3] = {m->a[i][e], m->g[e][j], m->b[e][l]};
                    __int128 n = (__int128)f[0].num * f[1].num * f[2].num;
                    __int128 d = (__int128)f[0].den * f[1].den * f[2].den;
                    num = num * d + n * den;
                    den *= d;
                    __int128 a = num < 0 ? -num : num, b = den;
                    while (b) {
                        __int128 rest = a % b;
                        a = b, b = rest;
                    }
                    num /= a, den /= a;
                }
                if (num != (l == i + j) || den != 1)
                    ORA_FAIL("%d taps: row %d, tap %d, input %d", taps, i, j, l);
            }
}

ORA_TEST(matrices_are_exact)
{
    for (int k = 0; k < KERNELS; k++) {
        const struct ora_toom *t = ora_toom_find(kernels[k]);
        int taps = 0, products = 0;
        ORA_CHECK(t != NULL && t->taps == kernels[k]);
        for (int i = 0; i < t->parts; i++) {
            struct ora_toom_matrices m;
            ora_toom_matrices(&t->part[i], &m);
            ORA_CHECK(m.points == t->part[i].taps + ORA_TOOM_ROWS - 1 && t->part[i].first == taps);
            check_identity(&m, t->part[i].taps);
            taps += t->part[i].taps;
            products += m.points;
        }
        ORA_CHECK(taps == t->taps && products == t->products);
    }
    ORA_CHECK(ora_toom_find(4) == NULL && ora_toom_find(1) == NULL);
}

ORA_TEST(transforms_are_exact_in_floats)
{
    for (int k = 0; k < KERNELS; k++) {
        const struct ora_toom *t = ora_toom_find(kernels[k]);
        for (int i = 0; i < t->parts; i++) {
            struct ora_toom_matrices m;
            ora_toom_matrices(&t->part[i], &m);
            for (int e = 0; e < m.points; e++) {
                for (int l = 0; l < m.points; l++)
                    ORA_CHECK((double)(float)value(m.b[e][l]) == value(m.b[e][l]));
                for (int r = 0; r < ORA_TOOM_ROWS; r++)
                    ORA_CHECK((double)(float)value(m.a[r][e]) == value(m.a[r][e]));
            }
        }
    }
}
